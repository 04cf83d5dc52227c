//! A replication gets there, and then leaves everything alone.

use ring_tests::World;
use zfs_rs::backend::sim::{Call, after, at_byte};

#[test]
fn a_tree_is_copied_snapshot_by_snapshot_and_then_left_alone() {
    // I1 I7 I8
    let world = World::new(1);
    for path in ["a", "a/deep", "b"] {
        world.create(path);
    }
    for path in ["", "a", "a/deep", "b"] {
        world.snapshot(path, "one");
        world.snapshot(path, "two");
    }
    let (report, _) = world.replicate_well();
    assert!(report.complete, "{report:#?}");
    assert_eq!(world.differences(), [""; 0]);
    let (report, changes) = world.replicate_well();
    assert!(report.complete);
    assert_eq!(changes, [], "a run at the goal changes nothing");
}

#[test]
fn a_pruned_source_goes_on_from_its_cursor() {
    // I2
    let world = World::new(2);
    world.snapshot("", "one");
    world.replicate_well();
    world.prune("", "one");
    world.snapshot("", "two");
    let (report, _) = world.replicate_well();
    assert!(report.complete, "{report:#?}");
    assert_eq!(world.snapshots(&world.target("")).len(), 2);
}

#[test]
fn an_interrupted_transfer_goes_on_where_it_stopped() {
    let world = World::new(3);
    world.write("", "much", 400_000);
    world.snapshot("", "one");
    let process = world.sim.start();
    process.inject(at_byte(200_000).on(Call::Receive).kill());
    let report = world.replicate(&process);
    assert!(report.is_none_or(|report| !report.complete));
    let (report, _) = world.replicate_well();
    assert!(report.complete, "{report:#?}");
    let dataset = &report.datasets[0];
    assert!(dataset.bytes_saved > 100_000, "{dataset:#?}");
    assert!(dataset.bytes < 260_000, "{dataset:#?}");
    assert_eq!(world.differences(), [""; 0]);
}

#[test]
fn a_saved_receive_whose_snapshot_is_gone_is_given_up_in_the_same_run() {
    let world = World::new(4);
    world.snapshot("", "one");
    world.replicate_well();
    world.write("", "much", 400_000);
    world.snapshot("", "two");
    let process = world.sim.start();
    process.inject(at_byte(200_000).on(Call::Receive).kill());
    world.replicate(&process);
    world.prune("", "two");
    world.snapshot("", "three");
    let (report, changes) = world.replicate_well();
    assert!(report.complete, "{report:#?}");
    assert!(changes.contains(&Call::Destroy), "{changes:?}");
    assert_eq!(world.differences(), [""; 0]);
}

#[test]
fn a_renamed_dataset_is_followed_by_its_snapshots_not_by_its_name() {
    // I6
    let world = World::new(5);
    world.create("old");
    world.snapshot("", "one");
    world.snapshot("old", "one");
    world.replicate_well();
    world.zfs.rename_dataset(&world.source("old"), &world.source("new")).unwrap();
    world.snapshot("new", "two");
    let (report, changes) = world.replicate_well();
    assert!(report.complete, "{report:#?}");
    assert!(changes.contains(&Call::Rename));
    assert!(!world.exists(&world.target("old")));
    assert_eq!(world.snapshots(&world.target("new")).len(), 2);
}

#[test]
fn what_is_renamed_while_it_is_listed_is_sent_in_its_place() {
    // I1 I8
    for (moment, name) in (0..10).flat_map(|moment| ["p", "q", "r", "s"].map(|name| (moment, name))) {
        for is_dated in [false, true] {
            let mut world = World::new(8);
            world.is_dated = is_dated;
            world.snapshot("", "one");
            world.replicate_well();
            for short in ["two", "three", "four"] {
                world.snapshot("", short);
            }
            let process = world.sim.start();
            let (sim, three) = (world.sim.clone(), world.source("").snapshot("three").expect("a proper name"));
            process.inject(
                after(moment)
                    .on(Call::NextSnapshot)
                    .meanwhile(move || sim.rename_snapshot(&three, name).expect("nothing is in the way")),
            );
            let report = world.replicate(&process).expect("a plan");
            assert!(report.complete, "renamed to {name} at {moment}: {report:#?}");
            assert_eq!(world.differences(), [""; 0], "renamed to {name} at {moment}");
        }
    }
}

#[test]
fn a_mark_of_what_has_just_taken_a_name_is_taken_back() {
    // I6 I8 I10
    let world = World::new(7);
    for short in ["one", "two"] {
        world.write("", short, 700);
        world.snapshot("", short);
    }
    let process = world.sim.start_in_turn();
    let sim = world.sim.clone();
    let source = world.source("");
    process.inject(after(0).on(Call::Bookmark).meanwhile(move || {
        for (from, to) in [("one", "aside"), ("two", "one"), ("aside", "two")] {
            let from = source.snapshot(from).expect("a proper name");
            sim.rename_snapshot(&from, to).expect("nothing is in the way");
        }
    }));
    let replicator = world.replicator(process.zfs());
    let plan = replicator.plan().expect("a plan");
    let report = replicator.run_in_turn(plan, |_| Some(0));
    assert!(report.complete, "{report:#?}");
    assert_eq!(report.datasets[0].attempts, 2, "what it had planned was not there any more");
    let marks = world.zfs.bookmarks(&world.source("")).expect("it is there");
    assert!(
        marks
            .iter()
            .all(|mark| mark.name.short().ends_with(&format!("{:016x}", mark.guid.0))),
        "{marks:#?}"
    );
    assert_eq!(marks.len(), 2);
}
