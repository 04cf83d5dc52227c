//! I am the pasts that a run can find: each has something of its own to do.

use zfs_replicate::policy::divergence::OnDivergence;
use zfs_rs::backend::sim::{Call, Process, at_byte};
use zfs_rs::{Base, DatasetName, SnapshotName};

use super::name;
use crate::{SOURCE, World};

/// A past, by what is special in it.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// What a run finds.
    pub name: &'static str,
    /// Whether the root is encrypted and travels raw.
    pub is_raw: bool,
    on_divergence: OnDivergence,
    past: fn(&World),
}

impl Scenario {
    /// A world with that past.
    pub(super) fn world(&self) -> World {
        let mut world = if self.is_raw { World::encrypted(SEED) } else { World::new(SEED) };
        world.on_divergence = self.on_divergence;
        (self.past)(&world);
        world
    }
}

/// All of them.
pub const SCENARIOS: [Scenario; 29] = [
    plain("one dataset, never sent", |world| world.snapshot("", "one")),
    plain("a tree, never sent", |world| {
        tree(world);
    }),
    plain("a tree with nothing to do", |world| {
        tree(world);
        replicate(world, &world.sim.start_in_turn());
    }),
    plain("increments", |world| {
        tree(world);
        replicate(world, &world.sim.start_in_turn());
        for path in ["", "a", "a/b"] {
            world.snapshot(path, "two");
            world.snapshot(path, "three");
        }
    }),
    plain("many snapshots", |world| {
        (0..8).for_each(|number| world.snapshot("", &format!("s{number}")));
    }),
    plain("the base lives in a cursor only", |world| {
        world.snapshot("", "one");
        replicate(world, &world.sim.start_in_turn());
        world.snapshot("", "two");
        world.prune("", "one");
    }),
    plain("two bases live in cursors only", |world| {
        world.snapshot("", "one");
        replicate(world, &world.sim.start_in_turn());
        world.snapshot("", "two");
        replicate(world, &world.sim.start_in_turn());
        world.snapshot("", "three");
        world.prune("", "one");
        world.prune("", "two");
    }),
    plain("the base lives in somebody else's bookmark only", |world| {
        world.snapshot("", "one");
        replicate(world, &world.sim.start_in_turn());
        let source = world.source("");
        let marks: Vec<_> = world
            .zfs
            .bookmarks(&source)
            .expect("readable")
            .into_iter()
            .map(|mark| mark.name)
            .collect();
        let theirs = source.bookmark("theirs").expect("a proper name");
        let made = world.zfs.create_bookmarks(&[(theirs, Base::Snapshot(snapshot(world, "", "one")))]);
        made.and_then(|()| world.zfs.destroy_bookmarks(&marks)).expect("nobody minds");
        world.snapshot("", "two");
        world.prune("", "one");
    }),
    plain("a new child", |world| {
        tree(world);
        replicate(world, &world.sim.start_in_turn());
        world.create("a/new");
        world.snapshot("a/new", "one");
    }),
    plain("a renamed dataset", |world| {
        tree(world);
        replicate(world, &world.sim.start_in_turn());
        rename(world, "a/b", "c");
        world.snapshot("c", "two");
    }),
    plain("a renamed dataset with what lies below", |world| {
        tree(world);
        replicate(world, &world.sim.start_in_turn());
        rename(world, "a", "z");
        world.snapshot("z/b", "two");
    }),
    plain("a new dataset where a renamed one was", |world| {
        tree(world);
        replicate(world, &world.sim.start_in_turn());
        rename(world, "a", "z");
        world.create("a");
        world.snapshot("a", "two");
    }),
    plain("a full stream to resume", |world| {
        half_sent(world, "", "one");
    }),
    plain("an increment to resume", |world| {
        world.snapshot("", "one");
        replicate(world, &world.sim.start_in_turn());
        half_sent(world, "", "two");
        world.snapshot("", "three");
    }),
    plain("a full stream whose snapshot is gone", |world| {
        half_sent(world, "", "one");
        world.snapshot("", "two");
        prune_held(world, "", "one");
    }),
    plain("an increment whose snapshot is gone", |world| {
        world.snapshot("", "one");
        replicate(world, &world.sim.start_in_turn());
        half_sent(world, "", "two");
        world.snapshot("", "three");
        prune_held(world, "", "two");
    }),
    plain("an increment to resume whose base lives in a cursor only", |world| {
        world.snapshot("", "one");
        replicate(world, &world.sim.start_in_turn());
        half_sent(world, "", "two");
        prune_held(world, "", "one");
    }),
    plain("a stream to resume into a dataset that is to be renamed", |world| {
        tree(world);
        replicate(world, &world.sim.start_in_turn());
        half_sent(world, "a", "two");
        rename(world, "a", "z");
    }),
    plain("a snapshot renamed since", |world| {
        world.snapshot("", "one");
        replicate(world, &world.sim.start_in_turn());
        world
            .sim
            .rename_snapshot(&snapshot(world, "", "one"), "uno")
            .expect("the name is free");
        world.snapshot("", "two");
    }),
    plain("a dataset gone from the source", |world| {
        tree(world);
        replicate(world, &world.sim.start_in_turn());
        world.prune("a/b", "one");
        world.zfs.destroy_dataset(&world.source("a/b")).expect("nobody holds it");
        world.snapshot("a", "two");
    }),
    plain("the newest snapshot is gone from the target", |world| {
        world.snapshot("", "one");
        world.snapshot("", "two");
        replicate(world, &world.sim.start_in_turn());
        let two = world.target("").snapshot("two").expect("a proper name");
        world.zfs.destroy_snapshots(&[two]).expect("nobody holds it");
        world.zfs.rollback(&world.target("")).expect("nothing is younger");
    }),
    plain("a volume", |world| {
        let volume = world.source("v");
        world.zfs.create_volume(&volume, 1 << 20).create().expect("the name is new");
        world.snapshot("", "one");
        world.snapshot("v", "one");
    }),
    plain("a clone", |world| {
        tree(world);
        let (origin, clone) = (snapshot(world, "a", "one"), world.source("clone"));
        world.sim.clone_snapshot(&origin, &clone).expect("the name is new");
        world.snapshot("clone", "two");
    }),
    raw("an encrypted tree, never sent", |world| {
        tree(world);
    }),
    raw("encrypted increments without a key", |world| {
        tree(world);
        replicate(world, &world.sim.start_in_turn());
        world.snapshot("", "two");
        world.snapshot("a", "two");
        world
            .sim
            .set_key_loaded(&name(SOURCE), false)
            .expect("it is the root of encryption");
    }),
    raw("an encrypted stream to resume", |world| {
        half_sent(world, "", "one");
    }),
    diverged(
        "a copy with snapshots of its own, to be set aside",
        OnDivergence::RenameAside,
        |world| {
            own(world, "a");
        },
    ),
    diverged("a copy with snapshots of its own, to go back", OnDivergence::Rollback, |world| {
        own(world, "a");
    }),
    diverged("a copy that was written to, to go back", OnDivergence::Rollback, |world| {
        tree(world);
        replicate(world, &world.sim.start_in_turn());
        write_to_copy(world, "a");
        world.snapshot("a", "two");
    }),
];

const fn plain(name: &'static str, past: fn(&World)) -> Scenario {
    diverged(name, OnDivergence::Error, past)
}

const fn raw(name: &'static str, past: fn(&World)) -> Scenario {
    Scenario {
        is_raw: true,
        ..plain(name, past)
    }
}

const fn diverged(name: &'static str, on_divergence: OnDivergence, past: fn(&World)) -> Scenario {
    Scenario {
        name,
        is_raw: false,
        on_divergence,
        past,
    }
}

fn tree(world: &World) {
    world.snapshot("", "one");
    for path in ["a", "a/b"] {
        world.create(path);
        world.snapshot(path, "one");
    }
}

/// A tree whose copy has two snapshots of its own in one place, and was written to between and after.
fn own(world: &World, path: &str) {
    tree(world);
    replicate(world, &world.sim.start_in_turn());
    for short in ["own", "more"] {
        write_to_copy(world, path);
        let snapshot = world.target(path).snapshot(short).expect("a proper name");
        world.zfs.create_snapshots(&[snapshot], &[]).expect("the snapshot is new");
    }
    write_to_copy(world, path);
    world.snapshot(path, "two");
    world.snapshot("", "two");
}

fn write_to_copy(world: &World, path: &str) {
    let copy = world.target(path);
    world.zfs.set_properties(&copy, &[("readonly", "off")]).expect("it is there");
    world.sim.write(&copy, 9, 0, b"something of its own").expect("the target takes it");
    world.zfs.set_properties(&copy, &[("readonly", "on")]).expect("it is there");
}

fn replicate(world: &World, process: &Process) {
    let replicator = world.replicator(process.zfs());
    if let Ok(plan) = replicator.plan() {
        replicator.run_in_turn(plan, |_| Some(0));
    }
}

fn snapshot(world: &World, path: &str, short: &str) -> SnapshotName {
    world.source(path).snapshot(short).expect("a proper name")
}

fn rename(world: &World, from: &str, to: &str) {
    let (from, to): (DatasetName, DatasetName) = (world.source(from), world.source(to));
    world.zfs.rename_dataset(&from, &to).expect("the name is free");
}

/// A snapshot of much is made, and the run that sends it dies in the middle.
fn half_sent(world: &World, path: &str, short: &str) {
    world.write(path, "much", MUCH);
    world.snapshot(path, short);
    let process = world.sim.start_in_turn();
    process.inject(at_byte(u64::try_from(MUCH / 2).unwrap_or(0)).on(Call::Receive).kill());
    replicate(world, &process);
}

/// Somebody destroys a snapshot, held or not.
fn prune_held(world: &World, path: &str, short: &str) {
    let snapshot = snapshot(world, path, short);
    for hold in world.zfs.holds(&snapshot).expect("readable") {
        world.zfs.release(&[(snapshot.clone(), hold.tag)]).expect("it is held by that");
    }
    world.prune(path, short);
}

const SEED: u64 = 7;
const MUCH: usize = 150_000;
