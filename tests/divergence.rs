//! A copy that diverged is set aside or taken back, wherever the run that does it is killed, and nothing is lost but what was listed.

use ring_tests::World;
use zfs_replicate::plan::{Plan, Step};
use zfs_replicate::policy::divergence::OnDivergence;
use zfs_replicate::reason::{Blocked, FailureKind, Outcome, Part, Unresolved};
use zfs_replicate::run::report::Report;
use zfs_rs::backend::sim::{Call, Fault, after};
use zfs_rs::{DatasetName, Errno, Guid, SnapshotName};

/// A tree whose copy has a snapshot of its own in the middle, and was written to above.
fn past(seed: u64, on_divergence: OnDivergence) -> World {
    let mut world = World::new(seed);
    world.on_divergence = on_divergence;
    for path in ["a", "a/b"] {
        world.create(path);
    }
    for path in ["", "a", "a/b"] {
        world.snapshot(path, "one");
    }
    let (report, _) = world.replicate_well();
    assert!(report.complete, "{report:#?}");
    write(&world, "a", "own");
    snapshot(&world, "a", "own");
    write(&world, "", "own");
    for path in ["", "a", "a/b"] {
        world.snapshot(path, "two");
    }
    world
}

/// Somebody writes to the copy.
fn write(world: &World, path: &str, what: &str) {
    let copy = world.target(path);
    world.zfs.set_properties(&copy, &[("readonly", "off")]).expect("it is there");
    world.sim.write(&copy, 9, 0, what.as_bytes()).expect("it is taken");
}

/// Somebody makes a snapshot of the copy.
fn snapshot(world: &World, path: &str, short: &str) -> SnapshotName {
    let name = world.target(path).snapshot(short).expect("a proper name");
    let made = world.zfs.create_snapshots(std::slice::from_ref(&name), &[]);
    made.expect("the snapshot is new");
    name
}

/// Every snapshot of the target's pool, by its dataset and its own identity.
fn everything(world: &World) -> Vec<(Guid, Guid)> {
    let pool: DatasetName = "backup".parse().expect("a proper name");
    let tree = world.zfs.tree(&pool).expect("readable");
    let of = |dataset: zfs_rs::DatasetInfo| {
        world
            .snapshots(&dataset.name)
            .into_iter()
            .map(move |(guid, _)| (dataset.guid, guid))
    };
    tree.into_iter().flat_map(of).collect()
}

fn plan(world: &World) -> Plan {
    world.replicator(world.zfs.clone()).plan().expect("a plan")
}

fn run(world: &World, plan: Plan) -> Report {
    world.replicator(world.zfs.clone()).run_in_turn(plan, |_| Some(0))
}

/// Whether the fault struck.
fn survives(seed: u64, on_divergence: OnDivergence, fault: Fault) -> bool {
    let world = past(seed, on_divergence);
    let before = everything(&world);
    let own = world.target("a").snapshot("own").expect("a proper name");
    let own = world.zfs.snapshot(&own).expect("it is there").guid;
    let process = world.sim.start();
    process.inject(fault);
    world.replicate(&process);
    let struck = !process.is_alive();
    process.kill();
    // I7
    let (first, _) = world.replicate_well();
    let (second, _) = world.replicate_well();
    assert!(second.complete, "{first:#?}\n{second:#?}");
    assert_eq!(world.differences(), [""; 0]);
    assert_eq!(world.replicate_well().1, [], "a run at the goal changes nothing");
    // I4 I5
    let after = everything(&world);
    for lost in before.iter().filter(|before| !after.contains(before)) {
        assert_eq!((lost.1, on_divergence), (own, OnDivergence::Rollback), "seed {seed}");
    }
    struck
}

fn everywhere(on_divergence: OnDivergence) {
    let mut points = 0;
    while survives(points, on_divergence, after(points).kill()) {
        assert!(survives(points, on_divergence, after(points).done_but_killed()));
        points += 1;
    }
    println!("{points} kill points before and after a call");
    assert!(points > 60, "only {points}");
}

#[test]
fn killed_anywhere_what_diverged_is_set_aside_and_sent_anew() {
    // I2 I4 I7
    everywhere(OnDivergence::RenameAside);
}

#[test]
fn killed_anywhere_what_diverged_goes_back_and_on() {
    // I2 I4 I5 I7
    everywhere(OnDivergence::Rollback);
}

#[test]
fn nothing_is_lost_that_came_after_the_plan() {
    // I4 I10
    let world = past(1, OnDivergence::Rollback);
    let planned = plan(&world);
    let before = everything(&world).len();
    let unlisted = snapshot(&world, "a", "unlisted");
    let report = run(&world, planned.clone());
    let Outcome::Failed { why, .. } = &report.datasets[1].outcome else {
        panic!("{report:#?}")
    };
    assert_eq!((why.cause.part, why.cause.kind), (Part::RollBack, FailureKind::Moved));
    assert!(why.cause.detail.contains(unlisted.as_str()), "{why}");
    assert_eq!(report.datasets[1].attempts, 1, "nobody has seen what would be lost now");
    // The two others have got their second snapshot.
    assert_eq!(everything(&world).len(), before + 1 + 2);
    assert!(!planned.moved(&plan(&world)).is_empty(), "who applies the plan is told");
    // Listed now.
    assert!(run(&world, plan(&world)).complete);
    assert_eq!(world.differences(), [""; 0]);
}

#[test]
fn nothing_is_lost_where_a_name_changed_its_owner_or_more_was_written() {
    // I5 I6
    let world = past(2, OnDivergence::Rollback);
    let planned = plan(&world);
    let own = world.target("a").snapshot("own").expect("a proper name");
    world.zfs.destroy_snapshots(std::slice::from_ref(&own)).expect("nobody holds it");
    snapshot(&world, "a", "own");
    write(&world, "", &"more".repeat(90_000));
    world.sim.sync(&"backup".parse().expect("a proper name")).expect("it is there");
    let before = everything(&world);
    let report = run(&world, planned);
    for dataset in &report.datasets[..2] {
        let Outcome::Failed { why, .. } = &dataset.outcome else {
            panic!("{report:#?}")
        };
        assert_eq!(why.cause.kind, FailureKind::Moved, "{why}");
    }
    let after = everything(&world);
    assert!(before.iter().all(|there| after.contains(there)));
}

#[test]
fn what_is_held_or_cloned_or_marked_is_not_lost() {
    // I4
    let world = past(3, OnDivergence::Rollback);
    let own = world.target("a").snapshot("own").expect("a proper name");
    let why = |world: &World| {
        let (report, _) = world.replicate_well();
        match report.datasets[1].outcome.clone() {
            Outcome::Blocked {
                why: Blocked::Unresolved { why, .. },
            } => why,
            outcome => panic!("{outcome:?}"),
        }
    };
    let tag: zfs_rs::HoldTag = "legal".parse().expect("a proper tag");
    world.zfs.hold(&[(own.clone(), tag.clone())]).expect("it is there");
    assert!(matches!(*why(&world), Unresolved::Held { holds, .. } if holds == [tag.clone()]));
    world.zfs.release(&[(own.clone(), tag)]).expect("it is held");
    let clone: DatasetName = "backup/clone".parse().expect("a proper name");
    world.sim.clone_snapshot(&own, &clone).expect("the name is new");
    assert!(matches!(*why(&world), Unresolved::Cloned { clone: None, .. }));
    world.zfs.destroy_dataset(&clone).expect("nothing uses it");
    let mark = world.target("a").bookmark("mark").expect("a proper name");
    world.zfs.create_bookmark(&mark, &own).expect("the name is new");
    assert!(matches!(*why(&world), Unresolved::Marked { bookmark, .. } if bookmark == mark));
    world.zfs.destroy_bookmarks(&[mark]).expect("it is there");
    assert!(world.replicate_well().0.complete);
}

#[test]
fn the_root_is_set_aside_with_everything_even_if_it_alone_is_wanted() {
    // I4
    let mut world = past(4, OnDivergence::RenameAside);
    world.on_divergence = OnDivergence::RenameAside;
    let before = everything(&world);
    let wish = zfs_replicate::policy::Wish {
        on_divergence: OnDivergence::RenameAside,
        ..Default::default()
    };
    let replicator = world.replicator(world.zfs.clone()).wish(wish);
    let plan = replicator.plan().expect("a plan");
    let [Step::Mark(_), Step::SetAside(aside), ..] = plan.datasets[0].steps() else {
        panic!("{plan:#?}")
    };
    let below: Vec<_> = aside.below.iter().map(ToString::to_string).collect();
    assert_eq!(below, ["backup/data/a", "backup/data/a/b"]);
    let aside = aside.to.clone();
    assert!(replicator.run_in_turn(plan, |_| Some(0)).complete);
    let after = everything(&world);
    assert!(before.iter().all(|there| after.contains(there)));
    assert_eq!(world.snapshots(&aside.child("a").expect("a proper name")).len(), 2);
    assert!(!world.exists(&world.target("a")));
}

#[test]
fn what_is_busy_for_a_while_is_rolled_back_all_the_same() {
    let world = past(5, OnDivergence::Rollback);
    let process = world.sim.start_in_turn();
    process.inject(after(0).on(Call::DestroySnapshots).errno(Errno::EBUSY));
    let replicator = world.replicator(process.zfs());
    let report = replicator.run_in_turn(replicator.plan().expect("a plan"), |_| Some(0));
    assert!(report.complete, "{report:#?}");
    assert_eq!(world.differences(), [""; 0]);
}
