//! Killed after any call of the kernel, the next runs get there all the same.

use ring_tests::World;
use zfs_rs::backend::sim::{Call, Fault, after, at_byte};

/// A past with everything in it: increments, a new child, a rename, a cursor whose snapshot is gone, a transfer to resume and one to give up.
fn past(seed: u64) -> World {
    let world = World::new(seed);
    for path in ["pruned", "old", "resumed", "stale"] {
        world.create(path);
    }
    for path in ["", "pruned", "old", "resumed", "stale"] {
        world.snapshot(path, "one");
    }
    let (report, _) = world.replicate_well();
    assert!(report.complete, "{report:#?}");
    for path in ["resumed", "stale"] {
        world.write(path, "much", 300_000);
        world.snapshot(path, "two");
        let process = world.sim.start();
        process.inject(at_byte(150_000).on(Call::Receive).kill());
        world.replicate(&process);
    }
    world.prune("stale", "two");
    world.snapshot("stale", "three");
    world.snapshot("pruned", "two");
    world.prune("pruned", "one");
    world
        .zfs
        .rename_dataset(&world.source("old"), &world.source("new"))
        .expect("the name is free");
    world.snapshot("new", "two");
    world.create("born");
    world.snapshot("born", "two");
    world.snapshot("", "two");
    world
}

/// Lets one run die by `fault` and checks what two more make of it; says whether the fault struck.
fn survives(seed: u64, fault: Fault, what: &str) -> bool {
    let world = past(seed);
    let bases = |world: &World| world.bases(&world.source("pruned"), &world.target("pruned"));
    let before = bases(&world);
    assert!(!before.is_empty());
    let process = world.sim.start();
    process.inject(fault);
    world.replicate(&process);
    let struck = !process.is_alive();
    process.kill();
    // I2: whatever happened, both sides still have something in common.
    assert!(!bases(&world).is_empty(), "{what}: the base is lost");
    let (first, _) = world.replicate_well();
    let (second, _) = world.replicate_well();
    // I7 P4
    assert!(second.complete, "{what}: {first:#?}\n{second:#?}");
    assert_eq!(world.differences(), [""; 0], "{what}");
    let (_, changes) = world.replicate_well();
    assert_eq!(changes, [], "{what}: a run at the goal changes nothing");
    struck
}

#[test]
fn killed_before_any_call() {
    // I2 I3 I7 I8
    let mut points = 0;
    while survives(points, after(points).kill(), &format!("killed before call {points}")) {
        points += 1;
    }
    println!("{points} kill points before a call");
    assert!(points > 100, "only {points}");
}

#[test]
fn killed_after_any_change() {
    let mut points = 0;
    while survives(points, after(points).done_but_killed(), &format!("killed after call {points}")) {
        points += 1;
    }
    println!("{points} kill points after a call");
    assert!(points > 100, "only {points}");
}
