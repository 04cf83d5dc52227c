//! I read where a Debian machine gets its packages from.

/// One place packages come from, whichever way the administrator wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The mirrors.
    pub uris: Vec<String>,
    /// Suites, such as `bookworm-backports`.
    pub suites: Vec<String>,
    /// Components, such as `main`.
    pub components: Vec<String>,
    /// The key it is signed with, when it is named and a file.
    pub signed_by: Option<String>,
}

/// Reads a `.list` file: one source a line.
#[must_use]
pub fn parse_list(text: &str) -> Vec<Source> {
    text.lines().filter_map(parse_line).collect()
}

/// Reads a `.sources` file: one source a paragraph.
#[must_use]
pub fn parse_deb822(text: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut paragraph = Vec::new();
    for line in text.lines().chain([""]) {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            sources.extend(parse_paragraph(&paragraph));
            paragraph.clear();
        } else {
            paragraph.push(line);
        }
    }
    sources
}

/// The source of Debian's own `main` for this release. Strangers use the same suite names, so one that also carries `-updates` goes first.
#[must_use]
pub fn debian<'a>(sources: &'a [Source], codename: &str) -> Option<&'a Source> {
    let of = |suite: &str, source: &Source| source.suites.iter().any(|name| name == suite);
    let updates = format!("{codename}-updates");
    let candidates = || {
        sources
            .iter()
            .filter(|source| of(codename, source) && source.components.iter().any(|name| name == "main"))
    };
    let whole = |source: &&Source| sources.iter().any(|other| of(&updates, other) && other.uris == source.uris);
    candidates().find(whole).or_else(|| candidates().next())
}

/// Whether some source offers this component of this suite.
#[must_use]
pub fn offers(sources: &[Source], suite: &str, component: &str) -> bool {
    sources
        .iter()
        .any(|source| source.suites.iter().any(|name| name == suite) && source.components.iter().any(|name| name == component))
}

impl Source {
    /// A line for a `.list` file: the same mirror and key, another suite and component.
    #[must_use]
    pub fn line(&self, suite: &str, components: &str) -> Option<String> {
        let uri = self.uris.first()?;
        let key = self.signed_by.as_ref().map(|key| format!("[signed-by={key}] ")).unwrap_or_default();
        Some(format!("deb {key}{uri} {suite} {components}"))
    }
}

fn parse_line(line: &str) -> Option<Source> {
    let line = line.split('#').next()?.trim();
    let mut rest = line.strip_prefix("deb")?.strip_prefix([' ', '\t'])?.trim_start();
    let mut signed_by = None;
    if let Some((options, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        signed_by = options
            .split_whitespace()
            .find_map(|option| option.strip_prefix("signed-by="))
            .map(str::to_owned);
        rest = after;
    }
    let mut words = rest.split_whitespace().map(str::to_owned);
    Some(Source {
        uris: vec![words.next()?],
        suites: vec![words.next()?],
        components: words.collect(),
        signed_by,
    })
}

fn parse_paragraph(lines: &[&str]) -> Option<Source> {
    let mut source = Source::default();
    let mut field = String::new();
    let mut is_deb = false;
    for line in lines {
        // A line that begins with a blank goes on with the field before it.
        let value = match line.split_once(':').filter(|_| !line.starts_with([' ', '\t'])) {
            Some((name, value)) => {
                field = name.trim().to_ascii_lowercase();
                value
            }
            None => *line,
        };
        let words = value.split_whitespace().map(str::to_owned);
        match field.as_str() {
            "types" => is_deb |= words.into_iter().any(|word| word == "deb"),
            "uris" => source.uris.extend(words),
            "suites" => source.suites.extend(words),
            "components" => source.components.extend(words),
            "signed-by" if source.signed_by.is_none() => source.signed_by = words.into_iter().next().filter(|key| key.starts_with('/')),
            "enabled" if words.into_iter().any(|word| word == "no" || word == "false") => return None,
            _ => {}
        }
    }
    (is_deb && !source.uris.is_empty()).then_some(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEB822: &str = "\
# the machine's own
Types: deb
# a snapshot
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /keys/debian.gpg

Types: deb
URIs: http://mirror.test/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----

Types: deb
Enabled: no
URIs: http://off.test/debian
Suites: bookworm
Components: main
";

    #[test]
    fn a_deb822_file_is_read_by_paragraph() {
        let sources = parse_deb822(DEB822);
        assert_eq!(sources.len(), 2);
        assert_eq!(sources[0].suites, ["bookworm", "bookworm-updates"]);
        assert_eq!(sources[0].signed_by.as_deref(), Some("/keys/debian.gpg"));
        assert_eq!(sources[1].signed_by, None);
    }

    #[test]
    fn a_list_file_is_read_by_line() {
        let sources = parse_list(
            "# off\n#deb http://off.test/debian bookworm main\ndeb-src http://src.test/debian bookworm main\n\
             deb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian bookworm main contrib # why\n",
        );
        assert_eq!(sources.len(), 1);
        assert_eq!(sources[0].components, ["main", "contrib"]);
        assert_eq!(sources[0].signed_by.as_deref(), Some("/k.gpg"));
    }

    #[test]
    fn a_stranger_with_the_same_suite_is_not_debian() {
        let mut sources = parse_list("deb http://stranger.test/apt bookworm main\n");
        sources.extend(parse_deb822(DEB822));
        let debian = debian(&sources, "bookworm").unwrap();
        assert_eq!(
            debian.line("bookworm-backports", "main contrib").unwrap(),
            "deb [signed-by=/keys/debian.gpg] http://mirror.test/debian bookworm-backports main contrib"
        );
        assert!(!offers(&sources, "bookworm", "contrib"));
        assert!(offers(&sources, "bookworm-updates", "main"));
    }
}
