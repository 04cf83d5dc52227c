//! I read the arguments of `zfs send` and `zfs receive` and say what they ask for; I touch nothing.

use zfs_rs::stream::token::ResumeToken;
use zfs_rs::{Base, BookmarkName, DatasetName, SendFlags, SnapshotName};

use crate::options::{self, Given, Options};

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(crate) enum Ask {
    Send(Send),
    Receive(Box<Receive>),
    /// Throws away what an interrupted receive has saved.
    Abort(DatasetName),
}

/// What is not to be done here, and why.
#[derive(Debug, PartialEq)]
pub(crate) enum Refused {
    /// It is for the real zfs.
    HandOn(String),
    /// It is for nobody.
    Wrong(String),
}

/// An order to send.
#[derive(Debug, PartialEq)]
pub(crate) struct Send {
    pub(crate) what: What,
    pub(crate) is_dry: bool,
    /// The estimate is told to people.
    pub(crate) is_verbose: bool,
    /// The estimate is told to programs.
    pub(crate) is_parsable: bool,
}

/// What is sent.
#[derive(Debug, PartialEq)]
pub(crate) enum What {
    Snapshot {
        snapshot: SnapshotName,
        base: Option<Base>,
        flags: SendFlags,
        /// A redaction bookmark of the snapshot's dataset, by its short name.
        redaction: Option<String>,
    },
    Rest(Box<ResumeToken>),
    Saved {
        dataset: DatasetName,
        flags: SendFlags,
    },
}

/// An order to receive.
#[derive(Debug, PartialEq)]
pub(crate) struct Receive {
    pub(crate) target: DatasetName,
    pub(crate) naming: Naming,
    pub(crate) origin: Option<SnapshotName>,
    pub(crate) local: Vec<(String, String)>,
    pub(crate) excluded: Vec<String>,
    pub(crate) force: bool,
    pub(crate) is_resumable: bool,
    pub(crate) stays_unmounted: bool,
    pub(crate) heals: bool,
    pub(crate) is_dry: bool,
    pub(crate) is_verbose: bool,
}

/// How the target and its snapshot are called.
#[derive(Debug, PartialEq)]
pub(crate) enum Naming {
    /// The dataset as given, the snapshot as in the stream.
    Dataset,
    /// Both as given.
    Snapshot(String),
    /// Below the dataset given, as the sender's without its pool (`-d`).
    WithoutPool,
    /// Below the dataset given, as the last part of the sender's (`-e`).
    LastPart,
}

impl Ask {
    /// Reads the arguments of `zfs`, its own name not counted.
    pub(crate) fn read(args: &[String]) -> Result<Self, Refused> {
        match args.split_first().map(|(command, rest)| (command.as_str(), rest)) {
            Some(("send", rest)) => send(rest),
            Some(("receive" | "recv", rest)) => receive(rest),
            Some((other, _)) => Err(Refused::HandOn(format!("subcommand {other}"))),
            None => Err(Refused::HandOn("no subcommand".to_owned())),
        }
    }
}

fn wrong(why: impl Into<String>) -> Refused {
    Refused::Wrong(why.into())
}

fn send(args: &[String]) -> Result<Ask, Refused> {
    let Given { options, operands } = options::read(&options::SEND, args)?;
    let order = |what| {
        Ask::Send(Send {
            what,
            is_dry: options.has('n'),
            is_verbose: options.has('v'),
            is_parsable: options.has('P'),
        })
    };
    let flags = flags(&options);
    if let Some(token) = options.only('t')? {
        if !operands.is_empty() || !flags.is_empty() || "idS".chars().any(|name| options.has(name)) {
            return Err(Refused::HandOn("a token beside other words".to_owned()));
        }
        let token = token.parse::<ResumeToken>().map_err(|fault| wrong(fault.to_string()))?;
        return Ok(order(What::Rest(Box::new(token))));
    }
    let [operand] = operands.as_slice() else {
        return Err(wrong(format!("one snapshot is sent, not {}", operands.len())));
    };
    if options.has('S') {
        if "id".chars().any(|name| options.has(name)) {
            return Err(wrong("what is saved has its own base and redaction"));
        }
        let dataset = name::<DatasetName>(operand)?;
        return Ok(order(What::Saved { dataset, flags }));
    }
    if !operand.contains('@') {
        return Err(Refused::HandOn("a dataset that is no snapshot".to_owned()));
    }
    let snapshot = name::<SnapshotName>(operand)?;
    let base = options.only('i')?.map(|text| base(text, snapshot.dataset())).transpose()?;
    let redaction = options.only('d')?.map(|text| redaction(text, snapshot.dataset())).transpose()?;
    Ok(order(What::Snapshot {
        snapshot,
        base,
        flags,
        redaction,
    }))
}

fn flags(options: &Options) -> SendFlags {
    let all = [
        ('L', SendFlags::LARGE_BLOCK),
        ('e', SendFlags::EMBED),
        ('c', SendFlags::COMPRESS),
        // Raw blocks are as they lie on disk in every other respect too.
        (
            'w',
            SendFlags::RAW | SendFlags::LARGE_BLOCK | SendFlags::EMBED | SendFlags::COMPRESS,
        ),
    ];
    let given = all.into_iter().filter(|(name, _)| options.has(*name));
    given.fold(SendFlags::empty(), |sum, (_, flag)| sum | flag)
}

/// `@short`, `#short`, a full name, or a snapshot's short name alone.
fn base(text: &str, of: &DatasetName) -> Result<Base, Refused> {
    let full = match text.chars().next() {
        Some('@' | '#') => format!("{of}{text}"),
        _ if text.contains(['@', '#']) => text.to_owned(),
        _ => format!("{of}@{text}"),
    };
    if full.contains('#') {
        name(&full).map(Base::Bookmark)
    } else {
        name(&full).map(Base::Snapshot)
    }
}

/// A bookmark's full or short name.
fn redaction(text: &str, of: &DatasetName) -> Result<String, Refused> {
    if !text.contains('#') {
        return Ok(text.to_owned());
    }
    let bookmark: BookmarkName = name(text)?;
    if bookmark.dataset() != of {
        return Err(wrong(format!("{bookmark} is no bookmark of {of}")));
    }
    Ok(bookmark.short().to_owned())
}

fn receive(args: &[String]) -> Result<Ask, Refused> {
    let Given { options, operands } = options::read(&options::RECEIVE, args)?;
    let [operand] = operands.as_slice() else {
        return Err(wrong(format!("one target is received into, not {}", operands.len())));
    };
    if options.has('A') {
        if options.names().any(|name| name != 'A') {
            return Err(wrong("throwing away goes with no other option"));
        }
        return Ok(Ask::Abort(name(operand)?));
    }
    let naming = match (options.has('d'), options.has('e'), operand.split_once('@')) {
        (true, true, _) => return Err(wrong("-d and -e name the target both")),
        (true, ..) => Naming::WithoutPool,
        (_, true, _) => Naming::LastPart,
        (.., Some((_, short))) => Naming::Snapshot(short.to_owned()),
        (.., None) => Naming::Dataset,
    };
    let target = match naming {
        Naming::Snapshot(_) => name::<SnapshotName>(operand)?.dataset().clone(),
        _ => name::<DatasetName>(operand)?,
    };
    let mut order = Receive {
        target,
        naming,
        origin: None,
        local: Vec::new(),
        excluded: options.values('x').map(str::to_owned).collect(),
        force: options.has('F'),
        is_resumable: options.has('s'),
        stays_unmounted: options.has('u'),
        heals: options.has('c'),
        is_dry: options.has('n'),
        is_verbose: options.has('v'),
    };
    for set in options.values('o') {
        match set.split_once('=') {
            Some(("origin", snapshot)) => order.origin = Some(name(snapshot)?),
            Some((property, value)) => order.local.push((property.to_owned(), value.to_owned())),
            None => return Err(wrong(format!("-o wants a property and its value, not {set}"))),
        }
    }
    Ok(Ask::Receive(Box::new(order)))
}

fn name<T: std::str::FromStr<Err = zfs_rs::NameError>>(text: &str) -> Result<T, Refused> {
    text.parse().map_err(|error: zfs_rs::NameError| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Ask, Refused> {
        Ask::read(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    fn sent(line: &str) -> (String, Option<String>, SendFlags, Option<String>) {
        match read(line) {
            Ok(Ask::Send(Send {
                what:
                    What::Snapshot {
                        snapshot,
                        base,
                        flags,
                        redaction,
                    },
                ..
            })) => (snapshot.to_string(), base.map(|base| base.to_string()), flags, redaction),
            other => panic!("{line}: {other:?}"),
        }
    }

    fn received(line: &str) -> Receive {
        match read(line) {
            Ok(Ask::Receive(order)) => *order,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_base_is_named_in_four_ways() {
        for (given, meant) in [
            ("tank/a@1", "tank/a@1"),
            ("@1", "tank/a@1"),
            ("1", "tank/a@1"),
            ("#1", "tank/a#1"),
            ("tank/b@1", "tank/b@1"),
            ("tank/a#1", "tank/a#1"),
        ] {
            assert_eq!(sent(&format!("send -i {given} tank/a@2")).1.as_deref(), Some(meant));
        }
        assert_eq!(sent("send tank/a@2").1, None);
    }

    #[test]
    fn options_stand_together_apart_behind_and_in_words() {
        let all = SendFlags::LARGE_BLOCK | SendFlags::EMBED | SendFlags::COMPRESS;
        assert_eq!(sent("send -Lec tank/a@1").2, all);
        assert_eq!(sent("send tank/a@1 -c -e --large-block").2, all);
        assert_eq!(sent("send -ci@0 tank/a@1").1.as_deref(), Some("tank/a@0"));
        assert!(sent("send --raw tank/a@1").2.contains(SendFlags::RAW));
        assert_eq!(sent("send --redact=book tank/a@1").3.as_deref(), Some("book"));
        assert_eq!(sent("send --redact tank/a#book tank/a@1").3.as_deref(), Some("book"));
    }

    #[test]
    fn a_dry_run_tells_people_or_programs() {
        let Ok(Ask::Send(order)) = read("send -nvP tank/a@1") else {
            panic!("it is not read")
        };
        assert!(order.is_dry && order.is_verbose && order.is_parsable);
    }

    #[test]
    fn what_is_saved_is_sent_alone() {
        assert!(matches!(
            read("send -S tank/a"),
            Ok(Ask::Send(Send {
                what: What::Saved { .. },
                ..
            }))
        ));
        for line in [
            "send --saved -i @1 tank/a",
            "send --saved --redact b tank/a",
            "send --saved tank/a@1",
        ] {
            assert!(matches!(read(line), Err(Refused::Wrong(_))), "{line}");
        }
    }

    #[test]
    fn compound_streams_are_handed_on() {
        for line in ["send -R tank/a@1", "send -I @1 tank/a@3", "send -p tank/a@1", "send -wp tank/a@1"] {
            assert!(matches!(read(line), Err(Refused::HandOn(_))), "{line}");
        }
        for line in ["send -h tank/a@1", "send -b tank/a@1", "send -X tank/b -R tank/a@1", "send tank/a"] {
            assert!(matches!(read(line), Err(Refused::HandOn(_))), "{line}");
        }
        assert_eq!(read("list -H"), Err(Refused::HandOn("subcommand list".to_owned())));
        assert_eq!(read(""), Err(Refused::HandOn("no subcommand".to_owned())));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "send",
            "send -i",
            "send tank/a@1 tank/a@2",
            "send -i @1 -i @1 tank/a@2",
            "send -i @@1 tank/a@2",
            "send -ii @1 tank/a@2",
            "send tank/a@1/b",
            "send -t nonsense",
            "send -i tank/a@1/b tank/a@2",
            "send -d tank/b#book tank/a@1",
            "receive",
            "receive tank/a tank/b",
            "receive tank/a@",
            "receive tank/a@@b",
            "receive -de tank/a",
            "receive -A -s tank/a",
            "receive -o compression tank/a",
        ] {
            assert!(matches!(read(line), Err(Refused::Wrong(_))), "{line}: {:?}", read(line));
        }
    }

    #[test]
    fn a_target_is_named_in_four_ways() {
        assert_eq!(received("recv tank/a").naming, Naming::Dataset);
        assert_eq!(received("recv tank/a@1").naming, Naming::Snapshot("1".to_owned()));
        assert_eq!(received("recv -d tank").naming, Naming::WithoutPool);
        assert_eq!(received("recv -e tank").naming, Naming::LastPart);
        assert_eq!(received("recv tank/a@1").target.as_str(), "tank/a");
    }

    #[test]
    fn a_receive_has_its_options() {
        let order = received("receive -suvFn -o origin=tank/b@1 -o org.x:y=a=b -x quota tank/a");
        assert!(order.is_resumable && order.stays_unmounted && order.is_verbose && order.force && order.is_dry);
        assert!(!order.heals && received("receive -c tank/a@1").heals);
        assert_eq!(order.origin.unwrap().as_str(), "tank/b@1");
        assert_eq!(order.local, [("org.x:y".to_owned(), "a=b".to_owned())]);
        assert_eq!(order.excluded, ["quota"]);
        assert_eq!(read("recv -A tank/a"), Ok(Ask::Abort("tank/a".parse().unwrap())));
    }
}
