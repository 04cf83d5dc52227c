//! What cannot be done is said with its first cause, and nothing is lost by it.

use ring_tests::World;
use zfs_replicate::reason::{Blocked, FailureKind, Outcome, Part, Side};
use zfs_rs::backend::sim::{Call, after, at_byte};
use zfs_rs::{DatasetName, Errno};

fn outcome(world: &World, path: &str) -> Outcome {
    let (report, _) = world.replicate_well();
    assert!(!report.complete, "{report:#?}");
    let name = world.source(path);
    report
        .datasets
        .into_iter()
        .find(|dataset| dataset.source == name)
        .expect("it is in the report")
        .outcome
}

#[test]
fn a_full_target_is_the_cause_and_the_broken_pipe_its_echo() {
    // I19
    let world = World::new(10);
    // More than the pipe holds: the sender is still writing when the receiver gives up.
    world.write("", "much", 3_000_000);
    world.snapshot("", "one");
    world.sim.set_capacity(&"backup".parse().unwrap(), 100_000).unwrap();
    let Outcome::Failed { why, .. } = outcome(&world, "") else {
        panic!("it cannot fit")
    };
    assert_eq!(
        (why.cause.side, why.cause.part, why.cause.kind),
        (Side::Target, Part::Receive, FailureKind::NoSpace),
        "{why:#?}"
    );
    assert_eq!(why.echoes.first().map(|echo| echo.part), Some(Part::Send), "{why:#?}");
    world.sim.set_capacity(&"backup".parse().unwrap(), 10_000_000).unwrap();
    let (report, _) = world.replicate_well();
    assert!(report.complete, "{report:#?}");
    assert_eq!(world.differences(), [""; 0]);
}

#[test]
fn a_sender_that_fails_is_the_cause_and_the_short_stream_its_echo() {
    let world = World::new(11);
    world.write("", "much", 400_000);
    world.snapshot("", "one");
    let process = world.sim.start();
    process.inject(at_byte(100_000).on(Call::Send).errno(Errno::EIO));
    let report = world.replicate(&process).unwrap();
    let Outcome::Failed { why, .. } = &report.datasets[0].outcome else {
        panic!("{report:#?}")
    };
    assert_eq!(
        (why.cause.side, why.cause.part, why.cause.kind),
        (Side::Source, Part::Send, FailureKind::Io),
        "{why:#?}"
    );
}

#[test]
fn a_success_that_was_none_is_found_out() {
    // I1
    let world = World::new(12);
    world.snapshot("", "one");
    let process = world.sim.start();
    process.inject(after(0).on(Call::Receive).done_but_errno(Errno::EIO));
    let report = world.replicate(&process).unwrap();
    assert!(!report.complete, "a refused call is no success, whatever it did: {report:#?}");
    let (report, _) = world.replicate_well();
    assert!(report.complete);
    assert_eq!(world.differences(), [""; 0]);
}

#[test]
fn a_foreign_snapshot_of_the_same_name_is_another_snapshot() {
    // I4 I6
    let world = World::new(13);
    world.snapshot("", "one");
    let foreign: DatasetName = world.target("");
    world.zfs.create_filesystem(&foreign).create().unwrap();
    world.zfs.create_snapshots(&[foreign.snapshot("one").unwrap()], &[]).unwrap();
    let before = world.snapshots(&foreign);
    let outcome = outcome(&world, "");
    assert!(
        matches!(
            outcome,
            Outcome::Blocked {
                why: Blocked::Diverged { .. } | Blocked::SnapshotNameTaken { .. }
            }
        ),
        "{outcome:?}"
    );
    assert_eq!(world.snapshots(&foreign), before);
}

#[test]
fn a_child_nobody_snapshotted_is_loud() {
    let world = World::new(14);
    world.create("forgotten");
    world.snapshot("", "one");
    assert!(matches!(
        outcome(&world, "forgotten"),
        Outcome::Blocked { why: Blocked::NoSnapshots }
    ));
    assert_eq!(world.snapshots(&world.target("")).len(), 1, "the others are not stopped by it");
}
