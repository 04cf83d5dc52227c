//! I am a plan, a run and a view with one of everything, for tests of what people see.

use std::time::Duration;

use zfs_rs::identity::Guid;

use crate::event::{Event, Subject};
use crate::plan::explain::{Explained, Explanation, Standing};
use crate::plan::{
    AbortPartial, Cursor, DatasetPlan, Left, Marked, Marking, Orphan, Placeholder, Plan, Rename, RollBack, SetAside, Step, Transfer,
    Unmark, Work,
};
use crate::policy::Wish;
use crate::reason::{
    Blocked, Broken, Evidence, Failure, FailureKind, Fate, GivenUp, NotBegun, Note, Outcome, Part, Selected, Side, Skipped, Unresolved,
    Unwanted,
};
use crate::run::report::{DatasetReport, Report};
use crate::view::{Base, Origin, Point, Quota, QuotaKind, ResumeAt, StreamFlags, View};

const MIB: u64 = 1 << 20;

fn point(name: &str, guid: u64) -> Point {
    Point {
        name: name.parse().unwrap(),
        guid: Guid(guid),
    }
}

fn transfer(dataset: &str, from: Option<(&str, u64)>, to: (&str, u64), mib: Option<u64>) -> Step {
    Step::Transfer(Transfer {
        from: from.map(|(short, guid)| Base::Snapshot(point(&format!("tank/{dataset}@{short}"), guid))),
        origin: None,
        to: point(&format!("tank/{dataset}@{}", to.0), to.1),
        target: format!("backup/{dataset}@{}", to.0).parse().unwrap(),
        flags: StreamFlags::default(),
        resume: None,
        keep: "zfs-replicate_1".parse().unwrap(),
        estimate: mib.map(|mib| mib * MIB),
    })
}

fn mark(dataset: &str, points: &[(&str, u64)]) -> Step {
    let cursor = |(short, guid): &(&str, u64)| Cursor {
        name: format!("tank/{dataset}#zfs-replicate_1_{guid}").parse().unwrap(),
        of: Base::Snapshot(point(&format!("tank/{dataset}@{short}"), *guid)),
    };
    Step::Mark(Marking {
        cursors: points.iter().map(cursor).collect(),
    })
}

fn dataset(name: &str, work: Work) -> DatasetPlan {
    DatasetPlan {
        source: format!("tank/{name}").parse().unwrap(),
        guid: Guid(1),
        target: format!("backup/{name}"),
        why: if name == "data" { Selected::Named } else { Selected::Below },
        needs: Vec::new(),
        notes: Vec::new(),
        work,
    }
}

fn steps(name: &str, steps: Vec<Step>) -> DatasetPlan {
    dataset(name, Work::Steps { steps })
}

fn diverged() -> Blocked {
    let evidence = |short: &str, guid: u64| Evidence {
        name: format!("backup/data/www@{short}").parse().unwrap(),
        guid: guid.into(),
        createtxg: guid.into(),
    };
    Blocked::Diverged {
        common: Some(evidence("mon", 41)),
        beyond: vec![evidence("own-1", 42), evidence("own-2", 43)],
    }
}

fn clone() -> Note {
    Note::SentAsFull {
        origin: Origin {
            name: "tank/data/home@mon".parse().unwrap(),
            guid: Some(Guid(21)),
        },
    }
}

fn root() -> DatasetPlan {
    steps(
        "data",
        vec![
            mark("data", &[("mon", 11), ("tue", 12), ("wed", 13)]),
            transfer("data", None, ("mon", 11), Some(1000)),
            transfer("data", Some(("mon", 11)), ("tue", 12), Some(20)),
            transfer("data", Some(("tue", 12)), ("wed", 13), Some(4)),
            Step::Unmark(Unmark {
                cursors: vec![Marked {
                    name: "tank/data#zfs-replicate_1_11".parse().unwrap(),
                    guid: Guid(11),
                }],
                stays: point("backup/data@wed", 13),
            }),
        ],
    )
}

fn excluded() -> Skipped {
    Skipped::Excluded {
        pattern: "tank/*/out".to_owned(),
    }
}

fn fork() -> DatasetPlan {
    let mut first = transfer("data/fork", None, ("tue", 61), Some(2));
    if let Step::Transfer(transfer) = &mut first {
        transfer.from = Some(Base::Snapshot(point("tank/data@tue", 12)));
        transfer.origin = Some(point("backup/data@tue", 12));
    }
    let second = transfer("data/fork", Some(("tue", 61)), ("wed", 62), Some(1));
    steps("data/fork", vec![first, second])
}

fn too_small_quota() -> Note {
    let dataset = || "backup/data/vm".parse().unwrap();
    Note::MayNotFit {
        dataset: dataset(),
        quota: Some(Quota {
            dataset: dataset(),
            kind: QuotaKind::Quota,
            limit: 400 * MIB,
            used: 320 * MIB,
        }),
        need: 206 * MIB,
        available: 80 * MIB,
    }
}

fn set_aside() -> DatasetPlan {
    let aside = SetAside {
        from: "backup/data/mail".parse().unwrap(),
        to: "backup/data/mail.aside-0000000000000047".parse().unwrap(),
        guid: Guid(71),
        below: vec!["backup/data/mail/a".parse().unwrap(), "backup/data/mail/b".parse().unwrap()],
        why: diverged(),
    };
    steps(
        "data/mail",
        vec![Step::SetAside(aside), transfer("data/mail", None, ("mon", 72), Some(6))],
    )
}

fn rolled_back() -> DatasetPlan {
    let back = RollBack {
        dataset: "backup/data/db".parse().unwrap(),
        guid: Guid(81),
        to: point("backup/data/db@mon", 82),
        lost: vec![point("backup/data/db@own-1", 83), point("backup/data/db@own-2", 84)],
        written: 3 * MIB,
    };
    let step = transfer("data/db", Some(("mon", 82)), ("tue", 85), Some(6));
    steps("data/db", vec![Step::RollBack(back), step])
}

fn unresolved() -> Blocked {
    Blocked::Unresolved {
        diverged: Box::new(diverged()),
        why: Box::new(Unresolved::Held {
            snapshot: Evidence {
                name: "backup/data/www@own-1".parse().unwrap(),
                guid: Guid(42),
                createtxg: 42.into(),
            },
            holds: vec!["legal".parse().unwrap()],
        }),
    }
}

/// What is said of a pool that lacks features.
fn lacking() -> [Note; 2] {
    let pool = || "backup".parse().unwrap();
    let feature = "longname".to_owned();
    [Note::WithoutLargeBlocks { pool: pool() }, Note::MayNeed { pool: pool(), feature }]
}

fn placeholder() -> DatasetPlan {
    let placeholder = Placeholder {
        dataset: "backup/data/out".parse().unwrap(),
    };
    DatasetPlan {
        why: Selected::Above,
        ..steps("data/out", vec![Step::Placeholder(placeholder)])
    }
}

/// A dataset in the plan with a snapshot of every fate, two that are left alone, and one of these with a placeholder.
pub(super) fn explanations() -> Vec<Explanation> {
    let base = Evidence {
        name: "backup/data@tue".parse().unwrap(),
        guid: Guid(12),
        createtxg: 7.into(),
    };
    let fates = [
        Fate::There {
            name: "backup/data@mon".parse().unwrap(),
        },
        Fate::Older { base },
        Fate::LeftOut {
            why: Unwanted::TooOld {
                age: 31 * 86_400 + 7,
                newer_than: 30 * 86_400,
            },
        },
        Fate::Planned {
            from: Some("tank/data@tue".to_owned()),
            is_resumed: true,
        },
        Fate::Stopped,
    ];
    let snapshots = (10..).zip(fates).map(|(guid, fate)| Explained {
        snapshot: point(&format!("tank/data@{guid}"), guid),
        fate,
    });
    let named = Explanation {
        source: "tank/data".parse().unwrap(),
        guid: Guid(1),
        standing: Standing::Planned { plan: Box::new(root()) },
        snapshots: snapshots.collect(),
    };
    let skipped = |name: &str, why| Explanation {
        source: name.parse().unwrap(),
        guid: Guid(2),
        standing: Standing::Skipped { why, placeholder: None },
        snapshots: Vec::new(),
    };
    let pattern = "tank/**/cache".to_owned();
    let property = Skipped::Property {
        name: "org.example:backup".to_owned(),
        wanted: "yes".to_owned(),
        found: None,
    };
    vec![
        named,
        skipped("tank/data/cache", Skipped::Excluded { pattern }),
        skipped("tank/data/tmp", property),
        Explanation {
            standing: Standing::Skipped {
                why: excluded(),
                placeholder: Some(Box::new(placeholder())),
            },
            ..skipped("tank/data/out", excluded())
        },
    ]
}

/// A plan with every kind of step, a blocked dataset, notes, something left alone and an orphan.
pub(super) fn plan() -> Plan {
    let mut resumed = transfer("data/vm", Some(("mon", 31)), ("tue", 32), Some(190));
    if let Step::Transfer(transfer) = &mut resumed {
        transfer.resume = Some(ResumeAt {
            object: 7,
            offset: 131_072,
            bytes: 310 * MIB,
        });
    }
    let second = transfer("data/vm", Some(("tue", 32)), ("wed", 33), Some(16));
    let mut vm = steps("data/vm", vec![resumed, second]);
    vm.notes.push(too_small_quota());
    let mut clone_of_home = steps("data/copy", vec![transfer("data/copy", None, ("mon", 51), None)]);
    clone_of_home.notes.push(clone());
    clone_of_home.notes.extend(lacking());
    Plan {
        format: crate::plan::Format,
        source: "tank/data".parse().unwrap(),
        target: "backup/data".parse().unwrap(),
        wish: Wish {
            recursive: true,
            raw: true,
            ..Wish::default()
        },
        available: 20 << 30,
        datasets: vec![
            root(),
            steps(
                "data/home",
                vec![
                    Step::Rename(Rename {
                        from: "backup/data/house".parse().unwrap(),
                        to: "backup/data/home".parse().unwrap(),
                        guid: Guid(20),
                        shares: Guid(21),
                    }),
                    Step::AbortPartial(AbortPartial {
                        dataset: "backup/data/home".parse().unwrap(),
                        guid: Guid(20),
                        is_full: false,
                        why: GivenUp::SnapshotGone { to: Guid(29) },
                    }),
                    transfer("data/home", Some(("mon", 21)), ("tue", 22), Some(8)),
                ],
            ),
            vm,
            dataset("data/www", Work::Blocked { why: diverged() }),
            clone_of_home,
            fork(),
            steps("data/old", Vec::new()),
            placeholder(),
            set_aside(),
            rolled_back(),
            dataset("data/log", Work::Blocked { why: unresolved() }),
        ],
        skipped: vec![
            Left {
                name: "tank/data/scratch".parse().unwrap(),
                why: Skipped::NotRecursive,
            },
            Left {
                name: "tank/data/out".parse().unwrap(),
                why: excluded(),
            },
        ],
        orphans: vec![Orphan {
            name: "backup/data/gone".parse().unwrap(),
            guid: Guid(99),
            snapshots: 3,
        }],
    }
}

fn failure(side: Side, part: Part, object: &str, kind: FailureKind, errno: i32, detail: &str) -> Failure {
    Failure {
        side,
        part,
        object: object.to_owned(),
        kind,
        errno: Some(errno),
        detail: detail.to_owned(),
    }
}

fn full_pool() -> Broken {
    Broken {
        cause: failure(
            Side::Target,
            Part::Receive,
            "backup/data/home@tue",
            FailureKind::NoSpace,
            28,
            "backup/data/home@tue cannot be received: the pool is out of space (ENOSPC)",
        ),
        echoes: vec![failure(
            Side::Source,
            Part::Send,
            "tank/data/home@tue",
            FailureKind::Interrupted,
            32,
            "tank/data/home@tue cannot be sent: the reader\x1b[2J of the stream went away (EPIPE)",
        )],
    }
}

fn reported(name: &str, outcome: Outcome, done: usize, planned: usize, mib: u64) -> DatasetReport {
    DatasetReport {
        source: format!("tank/{name}").parse().unwrap(),
        target: format!("backup/{name}"),
        outcome,
        steps_done: done,
        steps_planned: planned,
        attempts: u32::from(planned > 0),
        bytes: mib * MIB,
        bytes_saved: 0,
        took: Duration::from_millis(mib * 8),
        notes: Vec::new(),
    }
}

/// What became of the plan, with every kind of outcome.
pub(super) fn report() -> Report {
    let failed = Outcome::Failed {
        to: Some("tank/data/home@tue".parse().unwrap()),
        from: Some("tank/data/home@mon".to_owned()),
        why: full_pool(),
    };
    let waiting = Outcome::NotBegun {
        why: NotBegun::Needs {
            dataset: "tank/data/home".parse().unwrap(),
        },
    };
    let mut vm = reported("data/vm", Outcome::Replicated, 2, 2, 206);
    vm.bytes_saved = 310 * MIB;
    vm.attempts = 2;
    let mut copy = reported("data/copy", waiting, 0, 1, 0);
    copy.notes.push(clone());
    Report {
        complete: false,
        datasets: vec![
            reported("data", Outcome::Replicated, 3, 3, 1030),
            reported("data/home", failed, 0, 1, 3),
            vm,
            reported("data/www", Outcome::Blocked { why: diverged() }, 0, 0, 0),
            copy,
            reported("data/old", Outcome::AtGoal, 0, 0, 0),
            reported("data/out", Outcome::StoodIn, 0, 0, 0),
        ],
        skipped: plan().skipped,
        orphans: plan().orphans,
        bytes: 1239 * MIB,
        took: Duration::from_secs(67),
    }
}

/// A run as it happens, with the seconds since its beginning.
pub(super) fn events() -> Vec<(u64, Event)> {
    let (data, home) = (subject(0, "data"), subject(1, "data/home"));
    let planned = Event::Planned {
        datasets: 2,
        transfers: 2,
        bytes: None,
    };
    let proved = Event::StepProved {
        dataset: data.clone(),
        to: "tank/data@tue".parse().unwrap(),
        guid: Guid(12),
        bytes: 510 * MIB,
        took: Duration::from_secs(51),
    };
    let replicated = Event::DatasetFinished {
        dataset: data.clone(),
        outcome: Outcome::Replicated,
    };
    let [renamed, aborted, failed, finished] = misfortune(&home);
    vec![
        (0, planned),
        (0, Event::DatasetStarted { dataset: data.clone() }),
        (0, started(&data, Some("tank/data@mon"), Some(500), 310)),
        (4, progress(&data, 40)),
        (11, progress(&data, 110)),
        (12, renamed),
        (12, aside(&home)),
        (12, back(&home)),
        (12, aborted),
        (12, started(&home, None, None, 0)),
        (20, progress(&data, 200)),
        (21, progress(&data, 210)),
        (22, progress(&data, 900)),
        (31, failed),
        (31, finished),
        (32, retrying(&home)),
        (33, Event::Cancelled),
        (52, proved),
        (52, replicated),
        (52, Event::Finished { complete: false }),
    ]
}

fn aside(home: &Subject) -> Event {
    Event::SetAside {
        dataset: home.clone(),
        from: "backup/data/home".parse().unwrap(),
        to: "backup/data/home.aside-0000000000000014".parse().unwrap(),
    }
}

fn back(home: &Subject) -> Event {
    Event::RolledBack {
        dataset: home.clone(),
        to: "backup/data/home@mon".parse().unwrap(),
        lost: 1,
    }
}

fn retrying(home: &Subject) -> Event {
    let detail = "backup/data/home@tue cannot be received: another receive is running or was interrupted there (EBUSY)";
    Event::Retrying {
        dataset: home.clone(),
        why: failure(Side::Target, Part::Receive, "backup/data/home@tue", FailureKind::Busy, 16, detail).into(),
        after: Duration::from_secs(2),
    }
}

fn subject(index: usize, name: &str) -> Subject {
    Subject {
        index,
        source: format!("tank/{name}").parse().unwrap(),
    }
}

fn started(dataset: &Subject, from: Option<&str>, mib: Option<u64>, resumed: u64) -> Event {
    Event::StepStarted {
        dataset: dataset.clone(),
        from: from.map(str::to_owned),
        to: dataset.source.snapshot("tue").unwrap(),
        estimate: mib.map(|mib| mib * MIB),
        resumed: resumed * MIB,
    }
}

fn progress(dataset: &Subject, mib: u64) -> Event {
    Event::Progress {
        dataset: dataset.clone(),
        bytes: mib * MIB,
        estimate: Some(500 * MIB),
        bytes_per_second: Some(10 * MIB),
        left: Some(Duration::from_secs(500_u64.saturating_sub(mib) / 10)),
        run_bytes: mib * MIB,
        run_estimate: None,
    }
}

fn misfortune(home: &Subject) -> [Event; 4] {
    let to = home.source.snapshot("tue").unwrap();
    [
        Event::Renamed {
            dataset: home.clone(),
            from: "backup/data/house".parse().unwrap(),
            to: "backup/data/home".parse().unwrap(),
        },
        Event::PartialAborted {
            dataset: home.clone(),
            why: GivenUp::LeavesOut { next: Guid(22) },
        },
        Event::StepFailed {
            dataset: home.clone(),
            to: to.clone(),
            bytes: 3 * MIB,
            why: full_pool(),
        },
        Event::DatasetFinished {
            dataset: home.clone(),
            outcome: Outcome::Failed {
                to: Some(to),
                from: None,
                why: full_pool(),
            },
        },
    ]
}

/// What a side has, with an encrypted dataset, a clone, holds, bookmarks and interrupted receives.
pub(super) fn view() -> View {
    serde_json::from_str(include_str!("sample_view.json")).unwrap()
}
