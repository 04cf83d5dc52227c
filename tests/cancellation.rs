//! A run that is told to end keeps what has arrived, and the next one goes on from there.

use std::num::NonZeroU64;

use ring_tests::World;
use zfs_replicate::event::Event;
use zfs_replicate::reason::{FailureKind, NotBegun, Outcome};
use zfs_replicate::run::report::Report;
use zfs_replicate::{Replicator, Run};
use zfs_rs::backend::sim::{Call, Gate, at_byte};

/// A root with something long to send, and a child behind it.
fn long(seed: u64) -> World {
    let world = World::new(seed);
    world.create("child");
    world.write("", "much", LONG);
    world.snapshot("", "one");
    world.snapshot("child", "one");
    world
}

fn replicator(world: &World) -> Replicator {
    Replicator::local(world.sim.start().zfs(), world.source(""), world.target("")).recursive(true)
}

/// Awaits the run, cancels it at the event that `when` says, and says how it ended.
fn cancelled(mut run: Run, mut when: impl FnMut(&Event) -> bool) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut told = 0;
        while let Some(event) = run.next_event().await {
            told += usize::from(event == Event::Cancelled);
            if when(&event) {
                run.cancel();
                run.cancel();
            }
        }
        assert_eq!(told, 1, "it is told once");
        run.finish().await
    })
}

/// The cut is the cause, what arrived is saved and held, and one more run is enough.
fn goes_on(world: &World, report: &Report) {
    assert!(!report.complete);
    let root = &report.datasets[0];
    let Outcome::Failed { to: Some(_), why, .. } = &root.outcome else {
        panic!("{report:#?}")
    };
    assert_eq!(why.cause.kind, FailureKind::Cancelled, "{report:#?}");
    assert!(!why.echoes.is_empty(), "{report:#?}");
    assert_eq!(report.datasets[1].outcome, Outcome::NotBegun { why: NotBegun::Cancelled });
    let one = world.source("").snapshot("one").expect("a proper name");
    assert_eq!(world.zfs.holds(&one).expect("it is there").len(), 1, "what is saved waits for it");
    let token = world.zfs.receive_resume_token(&world.target("")).expect("it is there");
    assert!(token.is_some(), "nothing is saved");

    let (report, _) = world.replicate_well();
    assert!(report.complete, "{report:#?}");
    assert!(report.datasets[0].bytes_saved > 0, "{report:#?}");
    assert_eq!(world.differences(), [""; 0]);
    let (_, changes) = world.replicate_well();
    assert_eq!(changes, [], "a run at the goal changes nothing");
}

#[test]
fn a_transfer_with_a_limit_is_cut_off_between_the_two_pipes() {
    // I2 I7 I8 I16
    let world = long(1);
    let run = replicator(&world).limit(NonZeroU64::new(100_000)).run(plan(&world));
    let report = cancelled(run, |event| matches!(event, Event::Progress { bytes, .. } if *bytes > 0));
    goes_on(&world, &report);
}

#[test]
fn a_transfer_without_one_is_cut_off_in_the_pipe_that_both_calls_share() {
    // I2 I7 I8 I16
    let world = long(2);
    let process = world.sim.start();
    let gate = Gate::new().expect("descriptors");
    process.inject(at_byte(400_000).on(Call::Receive).wait_at(&gate));
    let replicator = Replicator::local(process.zfs(), world.source(""), world.target("")).recursive(true);
    let run = replicator.run(replicator.plan().expect("a plan"));
    let mut heard = 0;
    let report = cancelled(run, |event| {
        heard += usize::from(matches!(event, Event::Progress { .. }));
        // Between two that come after the cancelling both calls were told.
        if heard == 4 {
            gate.open();
        }
        heard == 1
    });
    goes_on(&world, &report);
}

#[test]
fn a_run_that_is_dropped_leaves_nothing_running_and_the_next_one_gets_there() {
    // I7 I8
    let world = long(3);
    let mut run = replicator(&world).limit(NonZeroU64::new(100_000)).run(plan(&world));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    runtime.block_on(async { while !matches!(run.next_event().await, Some(Event::Progress { .. }) | None) {} });
    drop(run);
    for _ in 0..100 {
        // The receive that was cut off is in the way until it has ended.
        if world.replicate(&world.sim.start()).is_some_and(|report| report.complete) {
            break;
        }
        std::thread::yield_now();
    }
    world.replicate_well();
    assert_eq!(world.differences(), [""; 0]);
}

fn plan(world: &World) -> zfs_replicate::plan::Plan {
    replicator(world).plan().expect("a plan")
}

/// More than a pipe holds.
const LONG: usize = 3 << 20;
