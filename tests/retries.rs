//! What passes by itself is tried again within the run.

use std::sync::Arc;

use ring_tests::World;
use zfs_replicate::Replicator;
use zfs_replicate::event::Event;
use zfs_replicate::reason::{FailureKind, Outcome};
use zfs_rs::Errno;
use zfs_rs::backend::sim::{Call, Process, after, at_byte};

fn world(seed: u64) -> World {
    let world = World::new(seed);
    world.create("child");
    world.write("", "much", 400_000);
    world.snapshot("", "one");
    world.snapshot("child", "one");
    world
}

fn replicator(world: &World, process: &Process) -> Replicator {
    Replicator::local(process.zfs(), world.source(""), world.target("")).recursive(true)
}

#[test]
fn a_stream_that_was_cut_off_goes_on_where_it_stopped() {
    // I7 I8 I9: time is the run's own, so nobody waits.
    let world = world(1);
    let process = world.sim.start_in_turn();
    process.inject(at_byte(200_000).on(Call::Receive).cut());
    process.inject(after(2).on(Call::Receive).errno(Errno::EBUSY));
    let replicator = replicator(&world, &process);
    let report = replicator.run_in_turn(replicator.plan().expect("a plan"), |_| Some(0));
    assert!(report.complete, "{report:#?}");
    let [root, child] = &report.datasets[..] else {
        panic!("{report:#?}")
    };
    assert_eq!((root.attempts, child.attempts), (2, 2), "{report:#?}");
    assert!(root.bytes_saved > 100_000, "{root:#?}");
    assert_eq!((root.steps_done, root.steps_planned), (1, 1));
    assert_eq!(world.differences(), [""; 0]);
    let (_, changes) = world.replicate_well();
    assert_eq!(changes, [], "a run at the goal changes nothing");
}

#[test]
fn a_receive_that_outlives_its_program_is_waited_for() {
    // I7 I9: what the killed program left when it was read is not yet all that it leaves.
    let world = Arc::new(world(5));
    let begin = |world: &World, bytes: u64| {
        let process = world.sim.start_in_turn();
        process.inject(at_byte(bytes).on(Call::Receive).kill());
        let replicator = replicator(world, &process);
        replicator.run_in_turn(replicator.plan().expect("a plan"), |_| Some(0));
    };
    begin(&world, 200_000);
    let theirs = Arc::clone(&world);
    let process = world.sim.start_in_turn();
    process.inject(after(0).on(Call::Receive).meanwhile(move || begin(&theirs, 100_000)));
    let replicator = replicator(&world, &process);
    let report = replicator.run_in_turn(replicator.plan().expect("a plan"), |_| Some(0));
    assert!(report.complete, "{report:#?}");
    assert_eq!(report.datasets[0].attempts, 2, "{report:#?}");
    assert!(report.datasets[0].bytes_saved > 200_000, "{report:#?}");
    assert_eq!(world.differences(), [""; 0]);
}

#[test]
fn what_stays_busy_is_said_after_the_last_attempt() {
    let world = world(2);
    let process = world.sim.start_in_turn();
    for _ in 0..10 {
        process.inject(after(0).on(Call::Receive).errno(Errno::EBUSY));
    }
    let replicator = replicator(&world, &process);
    let report = replicator.run_in_turn(replicator.plan().expect("a plan"), |_| Some(0));
    let Outcome::Failed { why, .. } = &report.datasets[0].outcome else {
        panic!("{report:#?}")
    };
    assert_eq!((why.cause.kind, report.datasets[0].attempts), (FailureKind::Busy, 4), "{report:#?}");
}

#[test]
fn a_run_that_waits_for_its_next_attempt_can_be_cancelled() {
    let world = world(3);
    let process = world.sim.start();
    process.inject(after(0).on(Call::Receive).errno(Errno::EBUSY));
    let replicator = replicator(&world, &process);
    let mut run = replicator.run(replicator.plan().expect("a plan"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let report = runtime.block_on(async {
        while let Some(event) = run.next_event().await {
            if matches!(event, Event::Retrying { .. }) {
                run.cancel();
            }
        }
        run.finish().await
    });
    let Outcome::Failed { why, .. } = &report.datasets[0].outcome else {
        panic!("{report:#?}")
    };
    assert_eq!((why.cause.kind, report.datasets[0].attempts), (FailureKind::Busy, 1), "{report:#?}");
    assert!(world.replicate_well().0.complete);
}

#[test]
fn a_run_waits_by_the_clock_and_gets_there() {
    let world = world(4);
    let process = world.sim.start();
    process.inject(after(0).on(Call::Receive).errno(Errno::EBUSY));
    let report = world.replicate(&process).expect("a plan");
    assert!(report.complete, "{report:#?}");
    assert!(report.took.as_secs() >= 2, "{report:#?}");
}
