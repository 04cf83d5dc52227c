//! I am two sides written in one line, and a kernel for them: what tests of the pure rooms stand on.
//!
//! `"src: @1 @2 #1 | dst: @1"` is a source with two snapshots and a bookmark and a target with one snapshot. Words: `@n` snapshot, `@n!` another
//! snapshot of that name, `@n=m` snapshot m under the name n, `#n` a stranger's bookmark, `*n` our cursor, `+n` bytes written, `~n` partial
//! full receive of n, `~m>n` partial increment, `~a@m>n` partial clone, `~?` unreadable, `raw` (the partial is), `unfinished`, `placeholder`, `held:n` our hold, `clone:a@n`, `enc`
//! encrypted from above, `encroot` from itself and, on the target, as it came raw, `nokey`. `src/b=a` is the dataset b with the past of a. `right: …` is what lies above the
//! target's root.

use std::collections::BTreeMap;

use zfs_rs::identity::{Guid, Txg};
use zfs_rs::name::DatasetName;

use crate::plan::mark::TargetKey;
use crate::policy::Wish;
use crate::policy::divergence::OnDivergence;
use crate::policy::pattern::Patterns;
use crate::view::{
    Above, Dataset, Encryption, Key, Kind, Mark, Origin, Partial, Pool, ResumeAt, Room, SavedReceive, StreamFlags, Version, View,
};

mod kernel;

pub(crate) use kernel::{End, World};

/// A whole tree.
pub(crate) static ALL: Wish = wish(false);
/// A whole tree, and what is encrypted stays so.
pub(crate) static RAW: Wish = wish(true);

const fn wish(raw: bool) -> Wish {
    Wish {
        recursive: true,
        raw,
        datasets: Patterns::NONE,
        property: None,
        snapshots: Patterns::NONE,
        ages: None,
        snapshot_property: None,
        on_divergence: OnDivergence::Error,
    }
}

/// Two sides, as written.
pub(crate) fn world(text: &str) -> World {
    let key = TargetKey::new(&view("right/dst", Encryption::Off, Vec::new()));
    let mut sides: BTreeMap<&str, Vec<Dataset>> = BTreeMap::from([("src", Vec::new()), ("dst", Vec::new())]);
    let mut above = Encryption::Off;
    for segment in text.split(['|', '\n']).map(str::trim).filter(|segment| !segment.is_empty()) {
        let (place, words) = segment.split_once(':').unwrap_or((segment, ""));
        let (place, past) = place.trim().split_once('=').unwrap_or((place.trim(), ""));
        if place == "right" {
            above = encryption(words, &name("right"), &name("right"), guid("right", "key"));
            continue;
        }
        let side = &place[..3];
        let past = if past.is_empty() {
            place[3..].to_owned()
        } else {
            format!("/{past}")
        };
        let dataset = dataset(side, &place[3..], &past, words, key);
        sides.get_mut(side).expect("src or dst").push(dataset);
    }
    let source = view("left/src", Encryption::Off, sides.remove("src").unwrap());
    let target = view("right/dst", above, sides.remove("dst").unwrap());
    World::new(source, target)
}

/// The GUID of a snapshot, by the past of its dataset and its number.
pub(crate) fn guid(past: &str, number: &str) -> Guid {
    let text = format!("{past}@{number}");
    Guid(text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }))
}

/// The number of a snapshot, by its GUID: the reverse of [`guid`] for the pasts that tests use.
pub(crate) fn number(wanted: Guid) -> String {
    let pasts = ["", "/a", "/b", "/c", "/a/b", "/a/c", "/new"];
    let numbers = (1..=9).map(|number: u8| number.to_string());
    let found = numbers
        .into_iter()
        .find(|number| pasts.iter().any(|past| guid(past, number) == wanted));
    found.unwrap_or_else(|| wanted.to_string())
}

pub(crate) fn name(text: &str) -> DatasetName {
    text.parse().unwrap()
}

fn view(root: &str, above: Encryption, datasets: Vec<Dataset>) -> View {
    let root = name(root);
    let pool = Pool {
        guid: guid("pool", root.pool().as_str()),
        readonly: false,
        features: None,
    };
    let above = Above {
        name: root.parent().unwrap(),
        encryption: above,
        available: 1 << 40,
        quotas: Vec::new(),
    };
    View::new(pool, root, Some(above), datasets)
}

fn dataset(side: &str, path: &str, past: &str, words: &str, key: TargetKey) -> Dataset {
    let root = if side == "src" { "left/src" } else { "right/dst" };
    let full = name(&format!("{root}{path}"));
    let mut dataset = Dataset {
        guid: guid(side, past),
        kind: Kind::Filesystem,
        createtxg: Txg(1),
        inconsistent: false,
        origin: None,
        encryption: encryption(words, &name(root.split('/').next().unwrap()), &full, master_key(side, past, words)),
        versions: Vec::new(),
        marks: Vec::new(),
        partial: None,
        written: 0,
        used: 0,
        available: 1 << 40,
        room: Room::default(),
        placeholder: false,
        without_large_blocks: false,
        properties: BTreeMap::new(),
        remembered: false,
        name: full,
    };
    for (place, word) in words.split_whitespace().enumerate() {
        self::word(&mut dataset, side, past, place, word, key);
    }
    dataset
}

fn word(dataset: &mut Dataset, side: &str, past: &str, place: usize, word: &str, key: TargetKey) {
    // The source counts by the number in a name, so that a bookmark finds its place; the target by the order of words, so that nobody can
    // compare the two.
    let txg = |number: &str| match (side, number.parse::<u64>()) {
        ("src", Ok(number)) => Txg(number * 10),
        _ => Txg(u64::try_from(place).unwrap() * 100 + 7),
    };
    let (sign, rest) = word.split_at(1);
    match (sign, rest) {
        ("@", rest) => {
            let (short, number) = rest.split_once('=').unwrap_or((rest, rest));
            let short = short.trim_end_matches('!');
            dataset.versions.push(Version {
                name: dataset.name.snapshot(short).unwrap(),
                guid: guid(past, number),
                createtxg: txg(number.trim_end_matches('!')),
                creation: None,
                holds: Vec::new(),
                properties: BTreeMap::new(),
                clones: None,
            });
        }
        ("#", number) => dataset.marks.push(Mark {
            name: dataset.name.bookmark(number).unwrap(),
            guid: guid(past, number),
            createtxg: txg(number),
        }),
        ("*", number) => {
            let of = crate::view::Base::Bookmark {
                name: dataset.name.bookmark("x").unwrap(),
                guid: guid(past, number),
            };
            dataset.marks.push(Mark {
                name: key.cursor(&dataset.name, of).unwrap().name,
                guid: guid(past, number),
                createtxg: txg(number),
            });
        }
        ("+", bytes) => dataset.written = bytes.parse().unwrap(),
        ("~", "?") => {
            dataset.inconsistent = dataset.versions.is_empty();
            dataset.partial = Some(Partial::Unreadable {
                fault: "it is cut short".to_owned(),
                is_full: dataset.versions.is_empty(),
            });
        }
        ("~", ends) => {
            let (from, to) = ends.split_once('>').map_or((None, ends), |(from, to)| (Some(from), to));
            dataset.inconsistent = dataset.versions.is_empty();
            dataset.partial = Some(Partial::Saved(SavedReceive {
                to_guid: guid(past, to),
                from_guid: from.map(|from| from.split_once('@').map_or_else(|| guid(past, from), |_| origin(from).1)),
                point: ResumeAt {
                    object: 7,
                    offset: 131_072,
                    bytes: 500,
                },
                flags: flags(false),
            }));
        }
        _ => long_word(dataset, past, word, key),
    }
}

fn long_word(dataset: &mut Dataset, past: &str, word: &str, key: TargetKey) {
    match word.split_once(':').unwrap_or((word, "")) {
        ("raw", _) => {
            if let Some(Partial::Saved(saved)) = &mut dataset.partial {
                saved.flags = flags(true);
            }
        }
        ("placeholder", _) => dataset.placeholder = true,
        ("unfinished", _) => dataset.inconsistent = true,
        ("held", number) => {
            let held = guid(past, number);
            let version = dataset.versions.iter_mut().find(|version| version.guid == held).unwrap();
            version.holds.push(key.hold_tag().unwrap());
        }
        ("clone", of) => {
            let root = if dataset.name.pool().as_str() == "left" {
                "left/src"
            } else {
                "right/dst"
            };
            let (path, guid) = origin(of);
            dataset.origin = Some(Origin {
                name: format!("{root}{path}").parse().unwrap(),
                guid: Some(guid),
            });
        }
        ("enc" | "encroot" | "nokey", _) => {}
        _ => panic!("{word:?} is no word of a world"),
    }
}

/// Where `a@1` lies below a root, and its GUID.
fn origin(text: &str) -> (String, Guid) {
    let (path, number) = text.split_once('@').unwrap_or(("", text));
    let past = if path.is_empty() { String::new() } else { format!("/{path}") };
    (format!("{past}@{number}"), guid(&past, number))
}

fn encryption(words: &str, above: &DatasetName, own: &DatasetName, guid: Guid) -> Encryption {
    let key = if has(words, "nokey") { Key::Missing } else { Key::Loaded };
    let root = match (has(words, "enc"), has(words, "encroot")) {
        (true, _) => above.clone(),
        (_, true) => own.clone(),
        _ => return Encryption::Off,
    };
    let guid = Some(guid);
    Encryption::On { root, key, guid }
}

/// What is encrypted has a master key of its own, or that of what it was cloned from; but on the target that of the source, if it came with it.
fn master_key(side: &str, past: &str, words: &str) -> Guid {
    let clone = words.split_whitespace().find_map(|word| word.strip_prefix("clone:"));
    let past = clone.map_or_else(|| past.to_owned(), |of| origin(of).0.split('@').next().unwrap().to_owned());
    let is_own = side == "dst" && has(words, "enc");
    guid(&past, if is_own { "own key" } else { "key" })
}

fn has(words: &str, wanted: &str) -> bool {
    words.split_whitespace().any(|word| word == wanted)
}

fn flags(raw: bool) -> StreamFlags {
    StreamFlags {
        raw,
        large_block: true,
        embed: false,
        compress: false,
    }
}
