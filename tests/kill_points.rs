//! Killed after any call of the kernel, the next runs get there all the same.

use std::io::{Read as _, Write as _};

use ring_tests::{TARGET, World};
use zfs_rs::backend::sim::{Call, Fault, after, at_byte};
use zfs_rs::{Base, DatasetName};

/// A past with everything in it: increments, a new child, a rename, a cursor whose snapshot is gone, a transfer to resume and one to give up, a clone
/// to resume and a chain of new ones.
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
    let origin = |path: &str, short: &str| world.source(path).snapshot(short).expect("a proper name");
    for path in ["resumed", "stale"] {
        world.write(path, "much", 300_000);
        world.snapshot(path, "two");
        let process = world.sim.start();
        process.inject(at_byte(150_000).on(Call::Receive).kill());
        world.replicate(&process);
    }
    world.clone_snapshot(&origin("old", "one"), "cut");
    world.write("cut", "much", 300_000);
    world.snapshot("cut", "two");
    begin_clone(&world, "cut", "old");
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
    world.clone_snapshot(&origin("born", "two"), "clone");
    world.snapshot("clone", "three");
    world.clone_snapshot(&origin("clone", "three"), "again");
    world.snapshot("again", "four");
    world.snapshot("", "two");
    world
}

/// Half of a clone arrives.
fn begin_clone(world: &World, path: &str, of: &str) {
    let snapshot = |dataset: DatasetName, short: &str| dataset.snapshot(short).expect("a proper name");
    let order = world.zfs.send(&snapshot(world.source(path), "two"));
    let order = order.since(Base::Snapshot(snapshot(world.source(of), "one")));
    let mut stream = Vec::new();
    let mut sending = order.spawn().expect("a thread");
    sending.read_to_end(&mut stream).expect("a stream");
    let order = world.zfs.receive(&world.target(path)).resumable(true);
    let mut receiving = order.origin(snapshot(world.target(of), "one")).spawn().expect("a thread");
    receiving.write_all(&stream[..stream.len() / 2]).expect("it is taken");
    assert!(receiving.finish().is_err());
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
    for (clone, origin) in [("cut", "new@one"), ("clone", "born@two"), ("again", "clone@three")] {
        let origin = format!("{TARGET}/{origin}").parse().ok();
        assert_eq!(world.origin(&world.target(clone)), origin, "{what}: {clone} is no clone of it");
    }
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
