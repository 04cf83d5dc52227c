//! What is remembered from an earlier look saves calls, and decides nothing but that nothing is to be done.

use ring_tests::World;
use serde_json::{Value, json};
use zfs_replicate::Memory;
use zfs_replicate::policy::divergence::OnDivergence;
use zfs_replicate::reason::Outcome;
use zfs_rs::DatasetName;
use zfs_rs::backend::sim::{Call, after};

/// Three datasets with ten snapshots each, which were replicated and are remembered.
fn past(seed: u64) -> World {
    let mut world = World::new(seed);
    world.memory = Some(Memory::default());
    for path in ["a", "a/b"] {
        world.create(path);
    }
    for number in 0..10 {
        for path in ["", "a", "a/b"] {
            world.snapshot(path, &format!("s{number}"));
        }
    }
    // The first look is at the source alone.
    for _ in 0..2 {
        assert!(world.replicate_well().0.complete);
    }
    world
}

/// Calls of one kind in a run.
fn calls(world: &World, kind: Call) -> usize {
    let process = world.sim.start();
    let report = world.replicate(&process).expect("a plan");
    assert!(report.complete, "{report:#?}");
    process.calls().into_iter().filter(|call| *call == kind).count()
}

/// What becomes of a list of snapshots.
type Forgery<'a> = &'a dyn Fn(&mut Vec<Value>);

/// Changes what is remembered of the snapshots of one dataset.
fn forge(world: &World, dataset: &DatasetName, change: impl Fn(&mut Vec<Value>)) {
    let memory = world.memory.as_ref().expect("runs remember");
    let mut known = serde_json::to_value(&*memory.lock()).expect("plain data");
    let mut forged = 0;
    for pool in known["pools"].as_object_mut().expect("pools").values_mut() {
        for of in pool["known"].as_object_mut().expect("datasets").values_mut() {
            if of["name"] == dataset.as_str() {
                change(of["snapshots"].as_array_mut().expect("snapshots"));
                forged += 1;
            }
        }
    }
    assert_eq!(forged, 1, "{known:#}");
    *memory.lock() = serde_json::from_value(known).expect("still what it was");
}

#[test]
fn what_did_not_change_is_not_asked_for_again() {
    let world = past(1);
    assert_eq!(calls(&world, Call::NextSnapshot), 0);
    // Those with a mark could be held by us.
    assert_eq!(calls(&world, Call::Holds), 6);
    world.snapshot("a", "new");
    // On both sides of the one that has something new, and on the source what is new once more, as it is sent.
    assert_eq!(calls(&world, Call::NextSnapshot), 12 + 2 + 11);
    assert_eq!(world.differences(), [""; 0]);
    calls(&world, Call::NextSnapshot);
    assert_eq!(calls(&world, Call::NextSnapshot), 0);
}

#[test]
fn a_memory_that_is_wrong_sends_nothing_and_destroys_nothing() {
    // P3 I4
    for (seed, on_divergence) in [
        (2, OnDivergence::Error),
        (3, OnDivergence::RenameAside),
        (4, OnDivergence::Rollback),
    ] {
        let mut world = past(seed);
        world.on_divergence = on_divergence;
        let before = world.snapshots(&world.target("a"));
        let own = json!(["own", "77", "999"]);
        let forgeries: [(DatasetName, Forgery<'_>); 4] = [
            (world.target("a"), &|snapshots| drop(snapshots.pop())),
            (world.target("a"), &|snapshots| snapshots.push(own.clone())),
            (world.target("a"), &|snapshots| snapshots.clear()),
            (world.source("a"), &|snapshots| snapshots.push(own.clone())),
        ];
        for (dataset, forgery) in forgeries {
            forge(&world, &dataset, forgery);
            let (report, changes) = world.replicate_well();
            assert!(report.complete && changes.is_empty(), "{report:#?} {changes:?}");
            assert_eq!(world.snapshots(&world.target("a")), before);
            assert_eq!(world.differences(), [""; 0]);
            assert!(report.datasets.iter().all(|dataset| dataset.outcome == Outcome::AtGoal));
            // What was read anew is not remembered at once: forget the forgery.
            world.memory = Some(Memory::default());
            world.replicate_well();
        }
    }
}

#[test]
fn killed_anywhere_a_run_that_remembers_leaves_nothing_behind() {
    // I7 I8
    for points in 0.. {
        let world = past(5);
        for path in ["", "a/b"] {
            world.snapshot(path, "new");
        }
        let process = world.sim.start();
        process.inject(after(points).kill());
        world.replicate(&process);
        let struck = !process.is_alive();
        process.kill();
        for _ in 0..2 {
            world.replicate_well();
        }
        assert_eq!(world.differences(), [""; 0], "killed at call {points}");
        assert_eq!(world.replicate_well().1, [], "killed at call {points}");
        if !struck {
            println!("{points} kill points");
            assert!(points > 40, "only {points}");
            break;
        }
    }
}
