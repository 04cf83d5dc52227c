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
fn what_is_renamed_while_it_is_listed_is_sent_once_and_in_its_place() {
    // I1 I8
    for is_dated in [false, true] {
        let mut world = World::new(8);
        world.is_dated = is_dated;
        world.snapshot("", "one");
        world.replicate_well();
        for short in ["two", "three", "four"] {
            world.snapshot("", short);
        }
        let mut two = world.source("").snapshot("two").expect("a proper name");
        let guid = |short| world.zfs.snapshot(&world.source("").snapshot(short).expect("a proper name"));
        let guids = ["two", "three", "four"].map(|short| guid(short).expect("it is there").guid);
        for (moment, number) in (0..9).flat_map(|moment| (0..20).map(move |number| (moment, number))) {
            // Where a list has it depends on its name.
            let short = format!("two_{moment}_{number}");
            let (sim, from, to) = (world.sim.clone(), two.clone(), short.clone());
            two = world.source("").snapshot(&short).expect("a proper name");
            let process = world.sim.start();
            let rename = move || sim.rename_snapshot(&from, &to).expect("nothing is in the way");
            process.inject(after(moment).on(Call::NextSnapshot).meanwhile(rename));
            let plan = world.replicator(process.zfs()).plan().expect("a plan");
            let planned: Vec<_> = plan.datasets[0].transfers().map(|transfer| transfer.to.guid).collect();
            assert_eq!(planned, guids, "renamed at {moment}");
        }
        world.replicate_well();
        assert_eq!(world.differences(), [""; 0]);
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
