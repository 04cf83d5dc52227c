//! I am the table of all codes, `CODES.md`: what each stands for, as it is said, and the way out. I fail while the table is not that of the code.

use std::fmt::{Display, Write};
use std::path::Path;
use std::{env, fs};

use serde::Serialize;
use zfs_rs::identity::Guid;
use zfs_rs::name::{DatasetName, PoolName, SnapshotName};

use super::hint::{self, Pair, Roots};
use crate::plan::PlanError;
use crate::reason::{
    Blocked, Evidence, Failure, FailureKind, Fate, GivenUp, NotBegun, Note, Part, Selected, Side, Skipped, Unresolved, Unwanted,
};
use crate::view::{Origin, Quota, QuotaKind};

#[test]
fn the_table_is_that_of_the_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("CODES.md");
    let table = table();
    if env::var_os(WRITE).is_some() {
        fs::write(&file, &table).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap();
    assert!(
        kept == table,
        "zfs-replicate/CODES.md is not that of the code; write it anew: {WRITE}=1 cargo test -p zfs-replicate codes"
    );
}

/// One occurrence of a code.
struct Row {
    code: &'static str,
    said: String,
    way_out: Option<String>,
}

fn table() -> String {
    let mut text = INTRODUCTION.to_owned();
    let mut add = |title: &str, about: &str, codes: &[&str], rows: Vec<Row>| {
        let shown: Vec<_> = rows.iter().map(|row| row.code).collect();
        assert_eq!(shown, codes, "{title}: one row for each code, in the order of the code");
        let has_way_out = rows.iter().any(|row| row.way_out.is_some());
        write!(text, "\n## {title}\n\n{about}\n\n").unwrap();
        text += if has_way_out {
            "| Code | What it says, for instance | The way out |\n|---|---|---|\n"
        } else {
            "| Code | What it says, for instance |\n|---|---|\n"
        };
        for row in rows {
            write!(text, "| `{}` | {} |", row.code, cell(&row.said)).unwrap();
            if has_way_out {
                write!(text, " {} |", row.way_out.as_deref().map_or_else(String::new, cell)).unwrap();
            }
            text += "\n";
        }
    };
    add(
        "No plan",
        "Why nothing at all is done. The command ends with status 3.",
        PlanError::CODES,
        unplannable(),
    );
    add(
        "Blocked",
        "Why nothing is done for a dataset. The others go on.",
        Blocked::CODES,
        blocked(),
    );
    add(
        "Unresolved",
        "Why a target that diverged is not set aside or rolled back although `--on-divergence` asks for it: the `why` of `unresolved`.",
        Unresolved::CODES,
        unresolved(),
    );
    add(
        "Failed",
        "What kind of failure ended a dataset: the `kind` of a `cause` and of each of its `echoes`.",
        FailureKind::CODES,
        failures(),
    );
    add("Not begun", "Why a dataset did not have its turn.", NotBegun::CODES, not_begun());
    add(
        "Notes",
        "What a reader should know although it stops nothing.",
        Note::CODES,
        notes(),
    );
    add(
        "Given up",
        "Why an interrupted receive is thrown away instead of resumed.",
        GivenUp::CODES,
        given_up(),
    );
    add("Selected", "Why a dataset is replicated.", Selected::CODES, selected());
    add("Left alone", "Why a dataset is not.", Skipped::CODES, skipped());
    add(
        "Unwanted",
        "Why a snapshot is left out: the `why` of `left_out`.",
        Unwanted::CODES,
        unwanted(),
    );
    add("Snapshots", "What becomes of a snapshot, told by `explain`.", Fate::CODES, fates());
    text
}

/// A row of what has no way out of its own; its JSON must bear the same code.
fn plain<T: Display + Serialize>(codes: impl Fn(&T) -> &'static str, samples: impl IntoIterator<Item = T>) -> Vec<Row> {
    let row = |sample: T| {
        assert_eq!(serde_json::to_value(&sample).unwrap()["code"], codes(&sample));
        Row {
            code: codes(&sample),
            said: sample.to_string(),
            way_out: None,
        }
    };
    samples.into_iter().map(row).collect()
}

/// The same with its way out.
fn with_way_out<T: Display + Serialize>(
    codes: impl Fn(&T) -> &'static str,
    way_out: impl Fn(&T) -> Option<String>,
    samples: impl IntoIterator<Item = T>,
) -> Vec<Row> {
    let samples: Vec<T> = samples.into_iter().collect();
    let ways_out: Vec<_> = samples.iter().map(way_out).collect();
    let rows = plain(codes, samples).into_iter().zip(ways_out);
    rows.map(|(row, way_out)| Row { way_out, ..row }).collect()
}

fn unplannable() -> Vec<Row> {
    let samples = [
        PlanError::NothingSelected { root: source() },
        PlanError::AllSkipped {
            root: source(),
            why: Skipped::NotIncluded,
        },
        PlanError::Overlap {
            source_root: source(),
            target: "tank/data/copy".parse().unwrap(),
        },
        PlanError::TargetParentMissing { target: target() },
        PlanError::ReadOnlyPool {
            side: Side::Target,
            root: target(),
        },
    ];
    let row = |error: PlanError| Row {
        code: error.code(),
        said: error.to_string(),
        way_out: hint::unplannable(&error),
    };
    samples.into_iter().map(row).collect()
}

fn blocked() -> Vec<Row> {
    let samples = [
        Blocked::NoSnapshots,
        Blocked::NoneChosen { snapshots: 3 },
        Blocked::ParentMissing {
            parent: target().to_string(),
        },
        Blocked::PlaceholderInTheWay { dataset: target() },
        diverged(),
        Blocked::Unresolved {
            diverged: Box::new(diverged()),
            why: Box::new(Unresolved::NothingInCommon),
        },
        Blocked::SnapshotNameTaken {
            name: snapshot("tue"),
            source_guid: Guid(3),
            target: Guid(4),
        },
        Blocked::TargetModified {
            bytes: 4096,
            since: evidence("mon", 1),
        },
        Blocked::TargetUnfinished { dataset: target() },
        Blocked::NameOccupied {
            from: Some("backup/old".parse().unwrap()),
            to: target(),
            occupant: Guid(5),
        },
        Blocked::BoundToKey {
            from: "backup/keys/data".parse().unwrap(),
            to: target(),
            root: "backup/keys".parse().unwrap(),
        },
        Blocked::KeyNotLoaded {
            side: Side::Source,
            root: source(),
        },
        Blocked::WouldStoreDecrypted {
            at: "backup".parse().unwrap(),
        },
        Blocked::RawLineage { dataset: target() },
        Blocked::NotRawLineage { dataset: target() },
        Blocked::PoolLacks {
            pool: pool(),
            feature: "encryption".to_owned(),
        },
        Blocked::Unnameable {
            name: "backup/data/…".to_owned(),
            rule: "longer than 255 bytes".to_owned(),
        },
    ];
    with_way_out(Blocked::code, |why| hint::blocked(why, PAIR), samples)
}

fn diverged() -> Blocked {
    Blocked::Diverged {
        common: Some(evidence("mon", 1)),
        beyond: vec![evidence("own", 2)],
    }
}

/// Why what `--on-divergence` asks for is not done.
fn unresolved() -> Vec<Row> {
    let samples = [
        Unresolved::PoolRoot {
            root: "backup".parse().unwrap(),
        },
        Unresolved::AsideTaken {
            aside: "backup/data.aside-0000000000000001".parse().unwrap(),
        },
        Unresolved::AsideUnnameable {
            name: "backup/data.aside-…".to_owned(),
            rule: "longer than 255 bytes".to_owned(),
        },
        Unresolved::InVain {
            why: Box::new(Blocked::NoSnapshots),
        },
        Unresolved::NothingInCommon,
        Unresolved::Held {
            snapshot: evidence("own", 2),
            holds: vec!["legal".parse().unwrap()],
        },
        Unresolved::Cloned {
            snapshot: evidence("own", 2),
            clone: Some("backup/clone".parse().unwrap()),
        },
        Unresolved::Marked {
            bookmark: target().bookmark("own").unwrap(),
            guid: Guid(2),
            to: evidence("mon", 1),
        },
    ];
    let way_out = |why: &Unresolved| {
        let blocked = Blocked::Unresolved {
            diverged: Box::new(diverged()),
            why: Box::new(why.clone()),
        };
        hint::blocked(&blocked, PAIR)
    };
    with_way_out(Unresolved::code, way_out, samples)
}

fn failures() -> Vec<Row> {
    let samples = [
        FailureKind::NoSpace,
        FailureKind::QuotaExceeded,
        FailureKind::PermissionDenied,
        FailureKind::Busy,
        FailureKind::NotFound,
        FailureKind::Exists,
        FailureKind::ReadOnly,
        FailureKind::KeyNotLoaded,
        FailureKind::TargetModified,
        FailureKind::Mismatch,
        FailureKind::Truncated,
        FailureKind::Interrupted,
        FailureKind::Damaged,
        FailureKind::Unsupported,
        FailureKind::Io,
        FailureKind::TryAgain,
        FailureKind::Cancelled,
        FailureKind::Stale {
            expected: Guid(1),
            found: None,
        },
        FailureKind::Moved,
        FailureKind::NotProved {
            expected: Guid(1),
            found: None,
        },
        FailureKind::OutOfTurn,
        FailureKind::Unexpected,
    ];
    let way_out = |kind: &FailureKind| {
        let failure = Failure {
            side: Side::Target,
            part: Part::Receive,
            object: snapshot("tue").to_string(),
            kind: *kind,
            errno: None,
            detail: String::new(),
        };
        let (source, target) = (source(), target());
        let roots = Roots {
            source: &source,
            target: &target,
        };
        hint::failure(&failure, roots)
    };
    with_way_out(FailureKind::code, way_out, samples)
}

fn not_begun() -> Vec<Row> {
    let samples = [NotBegun::Needs { dataset: source() }, NotBegun::Cancelled];
    with_way_out(NotBegun::code, hint::not_begun, samples)
}

fn notes() -> Vec<Row> {
    let samples = [
        Note::SentAsFull {
            origin: Origin {
                name: "tank/base@mon".parse().unwrap(),
                guid: Some(Guid(6)),
            },
        },
        Note::TargetModified { bytes: 4096 },
        Note::MayNotFit {
            dataset: target(),
            quota: Some(Quota {
                dataset: target(),
                kind: QuotaKind::Quota,
                limit: 3 << 30,
                used: 2 << 30,
            }),
            need: 2 << 30,
            available: 1 << 30,
        },
        Note::WithoutLargeBlocks { pool: pool() },
        Note::BegunWithoutLargeBlocks { dataset: target() },
        Note::Uncompressed {
            pool: pool(),
            feature: "zstd_compress".to_owned(),
        },
        Note::MayNeed {
            pool: pool(),
            feature: "large_dnode".to_owned(),
        },
    ];
    with_way_out(Note::code, |note| hint::note(note, PAIR), samples)
}

fn given_up() -> Vec<Row> {
    let samples = [
        GivenUp::Unreadable {
            fault: "it is no resume token".to_owned(),
        },
        GivenUp::SnapshotGone { to: Guid(7) },
        GivenUp::BaseGone { from: Some(Guid(1)) },
        GivenUp::NotChosen { to: Guid(7) },
        GivenUp::LeavesOut { next: Guid(7) },
        GivenUp::RawDiffers { was_raw: true },
    ];
    plain(GivenUp::code, samples)
}

fn selected() -> Vec<Row> {
    let samples = [
        Selected::Named,
        Selected::Below,
        Selected::Included {
            pattern: "tank/data/**".to_owned(),
        },
        Selected::Above,
    ];
    plain(Selected::code, samples)
}

fn skipped() -> Vec<Row> {
    let samples = [
        Skipped::NotRecursive,
        Skipped::Excluded {
            pattern: "tank/data/tmp".to_owned(),
        },
        Skipped::NotIncluded,
        Skipped::Property {
            name: "org.example:backup".to_owned(),
            wanted: "yes".to_owned(),
            found: None,
        },
    ];
    plain(Skipped::code, samples)
}

fn unwanted() -> Vec<Row> {
    let samples = [
        Unwanted::Excluded {
            pattern: "hourly_*".to_owned(),
        },
        Unwanted::NotIncluded,
        Unwanted::TooOld {
            age: 31 * 86_400,
            newer_than: 30 * 86_400,
        },
        Unwanted::TooYoung { age: 60, older_than: 3600 },
        Unwanted::AgeUnknown,
        Unwanted::Property {
            name: "org.example:keep".to_owned(),
            wanted: "yes".to_owned(),
            found: None,
        },
    ];
    plain(Unwanted::code, samples)
}

fn fates() -> Vec<Row> {
    let samples = [
        Fate::There { name: snapshot("mon") },
        Fate::Planned {
            from: Some("tank/data@mon".to_owned()),
            is_resumed: false,
        },
        Fate::LeftOut {
            why: Unwanted::NotIncluded,
        },
        Fate::Older { base: evidence("mon", 1) },
        Fate::Stopped,
    ];
    plain(Fate::code, samples)
}

fn source() -> DatasetName {
    PAIR.source.parse().unwrap()
}

fn target() -> DatasetName {
    PAIR.target.parse().unwrap()
}

fn pool() -> PoolName {
    target().pool()
}

fn snapshot(short: &str) -> SnapshotName {
    target().snapshot(short).unwrap()
}

fn evidence(short: &str, guid: u64) -> Evidence {
    Evidence {
        name: snapshot(short),
        guid: Guid(guid),
        createtxg: guid.into(),
    }
}

/// A bar would end the cell, and a star begins something in Markdown, but in code.
fn cell(text: &str) -> String {
    let text = text.replace('|', "\\|").replace('\n', " ");
    let parts = text.split('`').enumerate();
    let parts: Vec<_> = parts
        .map(|(place, part)| {
            if place % 2 == 0 {
                part.replace('*', "\\*")
            } else {
                part.to_owned()
            }
        })
        .collect();
    parts.join("`")
}

const PAIR: Pair<'_> = Pair {
    source: "tank/data",
    target: "backup/data",
};

const WRITE: &str = "WRITE_CODES";

const INTRODUCTION: &str = "# Codes

What `zfs-replicate` decides and what stops it has a code: a word that scripts may rely on, the `code` of the JSON form. Beside it stand the
facts as fields, and what is said and advised here as an example, for `tank/data` replicated to `backup/data`.

This file is written by the tests of the program from what it says: `WRITE_CODES=1 cargo test -p zfs-replicate codes`.
";
