//! What is wanted below something that is left out arrives, wherever the run that brings it is killed.

use ring_tests::{SOURCE, World};
use zfs_replicate::Replicator;
use zfs_replicate::policy::Wish;
use zfs_replicate::policy::pattern::{Pattern, Verb};
use zfs_replicate::reason::{Blocked, Outcome};
use zfs_replicate::run::report::Report;
use zfs_rs::backend::sim::{Fault, Process, after};

/// All but the dataset `out` itself.
fn wish() -> Wish {
    let mut wish = Wish {
        recursive: true,
        ..Wish::default()
    };
    for (verb, path) in [(Verb::Exclude, "out"), (Verb::Include, "out/*")] {
        let pattern = Pattern::new(verb, &format!("{SOURCE}/{path}"));
        wish.datasets.push(pattern.expect("a proper pattern"));
    }
    wish
}

fn past(seed: u64) -> World {
    let world = World::new(seed);
    for path in ["out", "out/one", "out/two"] {
        world.create(path);
        world.snapshot(path, "first");
    }
    world.snapshot("", "first");
    world
}

fn replicate(world: &World, process: &Process) -> Option<Report> {
    let replicator = Replicator::local(process.zfs(), world.source(""), world.target("")).wish(wish());
    let plan = replicator.plan().ok()?;
    Some(replicator.run_in_turn(plan, |_| Some(0)))
}

fn well(world: &World) -> (Report, usize) {
    let process = world.sim.start();
    let report = replicate(world, &process).expect("a plan");
    let changes = process.calls().into_iter().filter(|call| call.is_change()).count();
    (report, changes)
}

/// Whether the fault struck.
fn survives(seed: u64, fault: Fault) -> bool {
    let world = past(seed);
    let process = world.sim.start();
    process.inject(fault);
    replicate(&world, &process);
    let struck = !process.is_alive();
    process.kill();
    // I7
    let (first, _) = well(&world);
    let (second, _) = well(&world);
    assert!(second.complete, "{first:#?}\n{second:#?}");
    assert!(second.orphans.is_empty(), "{second:#?}");
    assert_eq!(well(&world).1, 0, "a run at the goal changes nothing");
    for path in ["out/one", "out/two"] {
        assert_eq!(world.snapshots(&world.target(path)).len(), 1);
    }
    assert_eq!(world.snapshots(&world.target("out")), []);
    struck
}

#[test]
fn killed_anywhere_what_is_below_arrives() {
    // I2 I7
    let mut points = 0;
    while survives(points, after(points).kill()) {
        assert!(survives(points, after(points).done_but_killed()));
        points += 1;
    }
    println!("{points} kill points before and after a call");
    assert!(points > 40, "only {points}");
}

#[test]
fn what_was_left_out_arrives_when_its_placeholder_is_set_aside() {
    // I4 I6
    let world = past(1);
    assert!(well(&world).0.complete);
    let (report, changes) = world.replicate_well();
    let out = report.datasets.iter().find(|dataset| dataset.source == world.source("out"));
    let why = &out.expect("it is wanted now").outcome;
    assert!(
        matches!(
            why,
            Outcome::Blocked {
                why: Blocked::PlaceholderInTheWay { .. }
            }
        ),
        "{why:?}"
    );
    assert_eq!(changes, []);
    // What the hint says.
    let aside = world.target("aside");
    world.zfs.rename_dataset(&world.target("out"), &aside).expect("nobody uses it");
    let (report, _) = world.replicate_well();
    assert!(report.complete, "{report:#?}");
    assert_eq!(world.differences(), [""; 0]);
    let sent: u64 = report
        .datasets
        .iter()
        .filter(|dataset| dataset.source != world.source("out"))
        .map(|dataset| dataset.bytes)
        .sum();
    assert_eq!(sent, 0, "what lay below was moved and not sent again: {report:#?}");
    world.zfs.destroy_dataset(&aside).expect("nothing is left there");
}
