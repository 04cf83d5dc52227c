//! I take a command line apart as getopt does: options together or apart, before or behind the rest.

use crate::args::Refused;

/// What a command knows.
pub(crate) struct Known {
    /// Options that stand alone.
    flags: &'static str,
    /// Options that take a value.
    valued: &'static str,
    /// Options only the real zfs serves.
    handed_on: &'static str,
    /// The options' other names.
    words: &'static [(&'static str, char)],
}

/// `zfs send`. Deduplication (`-D`) and the process title (`-V`) change nothing about the stream.
pub(crate) const SEND: Known = Known {
    flags: "DVvnPLecwS",
    valued: "itd",
    handed_on: "RIpbhsX",
    words: &[
        ("replicate", 'R'),
        ("skip-missing", 's'),
        ("redact", 'd'),
        ("props", 'p'),
        ("parsable", 'P'),
        ("dedup", 'D'),
        ("proctitle", 'V'),
        ("verbose", 'v'),
        ("dryrun", 'n'),
        ("large-block", 'L'),
        ("embed", 'e'),
        ("resume", 't'),
        ("compressed", 'c'),
        ("raw", 'w'),
        ("backup", 'b'),
        ("holds", 'h'),
        ("saved", 'S'),
        ("exclude", 'X'),
    ],
};

/// `zfs receive`.
pub(crate) const RECEIVE: Known = Known {
    flags: "denuvFsAc",
    valued: "ox",
    handed_on: "hM",
    words: &[],
};

/// A command line taken apart.
#[derive(Debug, PartialEq)]
pub(crate) struct Given {
    pub(crate) options: Options,
    pub(crate) operands: Vec<String>,
}

/// Options in their order, each with the value it took.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Options(Vec<(char, Option<String>)>);

impl Options {
    pub(crate) fn has(&self, name: char) -> bool {
        self.names().any(|given| given == name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = char> {
        self.0.iter().map(|(name, _)| *name)
    }

    pub(crate) fn values(&self, name: char) -> impl Iterator<Item = &str> {
        let ours = self.0.iter().filter(move |(given, _)| *given == name);
        ours.filter_map(|(_, value)| value.as_deref())
    }

    /// The value of an option that may be given once.
    pub(crate) fn only(&self, name: char) -> Result<Option<&str>, Refused> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (first, None) => Ok(first),
            _ => Err(Refused::Wrong(format!("-{name} is given twice"))),
        }
    }
}

pub(crate) fn read(known: &Known, args: &[String]) -> Result<Given, Refused> {
    let mut options = Options::default();
    let mut operands = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "--" {
            operands.extend(args.by_ref().cloned());
        } else if let Some(word) = arg.strip_prefix("--") {
            let (word, value) = word.split_once('=').map_or((word, None), |(word, value)| (word, Some(value)));
            let name = known.words.iter().find(|(known, _)| *known == word).map(|(_, name)| *name);
            let name = name.ok_or_else(|| Refused::HandOn(format!("option --{word}")))?;
            let mut value = value.map(str::to_owned);
            if value.is_none() && known.valued.contains(name) {
                value = args.next().cloned();
            }
            options.0.push(known.check(name, value)?);
        } else if let Some(letters) = arg.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            let mut letters = letters.chars();
            while let Some(name) = letters.next() {
                let mut value = None;
                if known.valued.contains(name) {
                    let rest: String = letters.by_ref().collect();
                    value = Some(rest).filter(|rest| !rest.is_empty()).or_else(|| args.next().cloned());
                }
                options.0.push(known.check(name, value)?);
            }
        } else {
            operands.push(arg.clone());
        }
    }
    Ok(Given { options, operands })
}

impl Known {
    fn check(&self, name: char, value: Option<String>) -> Result<(char, Option<String>), Refused> {
        match value {
            _ if self.handed_on.contains(name) => Err(Refused::HandOn(format!("option -{name}"))),
            None if self.valued.contains(name) => Err(Refused::Wrong(format!("-{name} wants a value"))),
            Some(_) if self.flags.contains(name) => Err(Refused::Wrong(format!("-{name} takes no value"))),
            value if self.flags.contains(name) || self.valued.contains(name) => Ok((name, value)),
            _ => Err(Refused::Wrong(format!("there is no option -{name}"))),
        }
    }
}
