//! I am everybody else: I write, make snapshots, prune them, make datasets and clones, wanted or not, and move them, lock keys; and in some worlds I meddle with the copy.
//!
//! What I try may be refused, as when something is in use; then I have tried.

use std::collections::BTreeSet;
use std::fmt::{Debug, Write as _};

use zfs_replicate::plan::{DatasetPlan, Plan, Step, Transfer};
use zfs_rs::backend::sim::{Call, at_byte};
use zfs_rs::{Base, DatasetName, Guid, OptionalExt as _, PoolName, SnapshotName};

use super::fault::MOST_BYTES;
use super::name;
use super::watch::is_aside;
use crate::chance::Chance;
use crate::{BEGINNING, SOURCE, TARGET, World, YEAR};

/// Everybody else in a world.
#[derive(Debug)]
pub(super) struct Operator {
    pub(super) world: World,
    pub(super) chance: Chance,
    /// Whether the copy is meddled with.
    pub(super) is_meddler: bool,
    /// Whether something was taken away since that was last asked.
    pub(super) took: bool,
    /// Whether the copy was meddled with since a run began.
    pub(super) meddled: bool,
    /// Whether a snapshot got another name since a run began.
    pub(super) renamed: bool,
    /// Datasets that were set aside, and that somebody else gave a name like any other since a run began.
    pub(super) strays: BTreeSet<Guid>,
    /// Snapshots of the target that plans since a run began list to be lost.
    pub(super) listed: BTreeSet<Guid>,
    /// Datasets of the target that plans since a run began set aside.
    pub(super) set_aside: BTreeSet<Guid>,
    /// Datasets of the source that come anew by plans since a run began.
    pub(super) born: BTreeSet<Guid>,
    /// Whether the kernel says in this run what is not so.
    pub(super) is_lied_to: bool,
    /// An invariant that was seen to be broken in the middle of a call.
    pub(super) broken: Option<String>,
    /// Names given so far.
    pub(super) names: u64,
    /// What was done, line by line.
    pub(super) log: String,
}

impl Operator {
    pub(super) fn new(world: World, chance: Chance, is_meddler: bool) -> Self {
        Self {
            world,
            chance,
            is_meddler,
            took: false,
            meddled: false,
            renamed: false,
            strays: BTreeSet::new(),
            listed: BTreeSet::new(),
            set_aside: BTreeSet::new(),
            born: BTreeSet::new(),
            is_lied_to: false,
            broken: None,
            names: 0,
            log: String::new(),
        }
    }

    /// What there is before anything was replicated.
    pub(super) fn past(&mut self) {
        self.world.want("", true);
        for _ in 0..self.chance.below(4) {
            self.create();
        }
        for path in self.paths() {
            self.snapshot(&path);
        }
    }

    /// What happens between two runs.
    pub(super) fn meanwhile(&mut self) {
        for _ in 0..self.chance.below(7) {
            self.act();
        }
    }

    /// One thing.
    pub(super) fn act(&mut self) {
        if self.is_meddler && self.chance.percent(25) {
            return self.meddle();
        }
        let path = self.path();
        match self.chance.below(23) {
            0..8 => self.snapshot(&path),
            8..12 => self.prune(&path),
            12 => self.create(),
            13 => self.rename(&path),
            14 => self.bookmark(&path),
            15 => self.rename_snapshot(&path),
            16 => self.destroy(&path),
            17 => self.roll_back(&path),
            18 => self.fill(),
            19..21 => self.clone(&path),
            21 => self.set_clock(),
            _ if self.world.is_raw => {
                let unloaded = self.world.sim.set_key_loaded(&name(SOURCE), false);
                self.tell("unload the key", unloaded);
            }
            _ => self.snapshot(&path),
        }
    }

    /// A second program replicates the same, to its end or until it is killed in the middle of a stream.
    pub(super) fn replicate(&mut self) {
        let process = self.world.sim.start_in_turn();
        if self.chance.percent(50) {
            let bytes = u64::try_from(self.chance.below(MOST_BYTES)).unwrap_or(0);
            process.inject(at_byte(bytes).on(Call::Receive).kill());
        }
        let replicator = self.world.replicator(process.zfs());
        let plan = replicator.plan().inspect(|plan| self.consent(plan));
        let chance = &mut self.chance;
        let complete = plan.map(|plan| replicator.run_in_turn(plan, |count| Some(chance.below(count))).complete);
        self.tell("another program replicates", complete.map_err(|why| why.to_string()));
    }

    /// Lets go what a plan lists to be lost, and the bases of what it sets aside.
    pub(super) fn consent(&mut self, plan: &Plan) {
        self.listed.extend(plan.lost().map(|lost| lost.guid));
        let born = plan.datasets.iter().filter(|dataset| dataset.transfers().any(Transfer::is_birth));
        self.born.extend(born.map(|dataset| dataset.guid));
        let steps = plan.datasets.iter().flat_map(DatasetPlan::steps);
        self.set_aside.extend(steps.filter_map(|step| match step {
            Step::SetAside(aside) => Some(aside.guid),
            _ => None,
        }));
    }

    /// All that can go is pruned: of each dataset of the source, every snapshot but the newest.
    pub(super) fn prune_all(&mut self) {
        for dataset in self.tree(SOURCE) {
            let newest = self.newest(&dataset);
            for (_, snapshot) in self.world.snapshots(&dataset) {
                if Some(&snapshot) != newest.as_ref() {
                    let pruned = self.world.zfs.destroy_snapshots(std::slice::from_ref(&snapshot));
                    self.tell(&format!("prune {snapshot}"), pruned);
                }
            }
        }
    }

    /// Every snapshot of the source gets another name.
    pub(super) fn rename_all(&mut self) {
        for dataset in self.tree(SOURCE) {
            for (_, snapshot) in self.world.snapshots(&dataset) {
                self.call_anew(&snapshot);
            }
        }
    }

    /// The target's pool has room again.
    pub(super) fn make_room(&mut self) {
        let made = self.world.sim.set_capacity(&backup(), u64::MAX / 4);
        self.tell("room on the target", made);
    }

    /// Something on the target that is nobody's but the copy's.
    fn meddle(&mut self) {
        let there: Vec<DatasetName> = self.tree(TARGET);
        if there.is_empty() {
            return;
        }
        self.meddled = true;
        let dataset = self.chance.of(&there);
        let newest = self.newest(&dataset);
        let short = self.new_name();
        match (self.chance.below(5), newest) {
            (0, _) => {
                let snapshot = dataset.snapshot(&short).expect("a proper name");
                let made = self.world.zfs.create_snapshots(std::slice::from_ref(&snapshot), &[]);
                self.tell(&format!("meddle: snapshot {snapshot}"), made);
            }
            (1, Some(newest)) => {
                self.took = true;
                let gone = self.world.zfs.destroy_snapshots(std::slice::from_ref(&newest));
                self.tell(&format!("meddle: destroy {newest}"), gone);
            }
            (2, _) => {
                let to = name(TARGET).child(&short).expect("a proper name");
                let moved = self.world.zfs.rename_dataset(&dataset, &to);
                let stray = self.world.zfs.dataset(&to).ok().filter(|_| is_aside(&dataset));
                self.strays.extend(stray.map(|stray| stray.guid));
                self.tell(&format!("meddle: rename {dataset} to {to}"), moved);
            }
            (3, _) => {
                let written = self.world.zfs.set_properties(&dataset, &[("readonly", "off")]);
                let written = written.map(|()| self.world.sim.write(&dataset, 9, 0, b"something of its own"));
                self.tell(&format!("meddle: write to {dataset}"), written);
            }
            _ => {
                let aborted = self.world.zfs.abort_receive(&dataset).optional();
                self.tell(&format!("meddle: give up what {dataset} receives"), aborted);
            }
        }
    }

    fn tree(&self, root: &str) -> Vec<DatasetName> {
        let tree = self.world.zfs.tree(&name(root)).optional().expect("readable").unwrap_or_default();
        tree.into_iter().map(|dataset| dataset.name).collect()
    }

    fn path(&mut self) -> String {
        let paths = self.paths();
        self.chance.of(&paths)
    }

    /// Datasets of the source by their paths below the root, in order.
    fn paths(&self) -> Vec<String> {
        let root: DatasetName = name(SOURCE);
        let tree = self.tree(SOURCE);
        let mut paths: Vec<String> = tree
            .iter()
            .map(|dataset| dataset.below(&root).unwrap_or_default().to_owned())
            .collect();
        paths.sort();
        paths
    }

    /// A name that was never given before, so that nothing on the target is in the way.
    fn new_name(&mut self) -> String {
        self.names += 1;
        format!("n{}", self.names)
    }

    fn snapshot(&mut self, path: &str) {
        let short = self.new_name();
        let bytes = self.chance.of(&[0, 700, 9000, 60_000]);
        self.unlock();
        self.world.write(path, &short, bytes);
        self.world.snapshot(path, &short);
        self.tell(&format!("snapshot {path}@{short} with {bytes} bytes"), "done");
    }

    /// One that is there; not the last, without which there is nothing to replicate, and none that is held.
    fn prune(&mut self, path: &str) {
        let there = self.world.snapshots(&self.world.source(path));
        if there.len() < 2 {
            return;
        }
        let (_, snapshot) = self.chance.of(&there);
        let pruned = self.world.zfs.destroy_snapshots(std::slice::from_ref(&snapshot));
        self.tell(&format!("prune {snapshot}"), pruned);
    }

    fn create(&mut self) {
        let (above, short) = (self.path(), self.new_name());
        let path = if above.is_empty() { short } else { format!("{above}/{short}") };
        self.unlock();
        self.world.create(&path);
        self.tell(&format!("create {path}"), "done");
        self.want(&path);
        self.snapshot(&path);
    }

    /// A clone of any snapshot, below any dataset.
    fn clone(&mut self, of: &str) {
        let there = self.world.snapshots(&self.world.source(of));
        let (above, short) = (self.path(), self.new_name());
        let path = if above.is_empty() { short } else { format!("{above}/{short}") };
        let (_, origin) = self.chance.of(&there);
        self.unlock();
        self.world.clone_snapshot(&origin, &path);
        self.tell(&format!("clone {origin} as {path}"), "done");
        self.want(&path);
        self.snapshot(&path);
    }

    /// Most are wanted. What is not stays so, since nothing can be received over its placeholder.
    fn want(&mut self, path: &str) {
        if self.world.is_picky {
            let is_wanted = self.chance.percent(75);
            self.world.want(path, is_wanted);
            self.tell(&format!("{path} is {}wanted", if is_wanted { "" } else { "not " }), "done");
        }
    }

    fn rename(&mut self, path: &str) {
        let (above, short) = (self.path(), self.new_name());
        let is_below_itself = above == path || above.starts_with(&format!("{path}/"));
        if path.is_empty() || is_below_itself {
            return;
        }
        let to = if above.is_empty() { short } else { format!("{above}/{short}") };
        let (from, to) = (self.world.source(path), self.world.source(&to));
        let renamed = self.world.zfs.rename_dataset(&from, &to);
        self.tell(&format!("rename {from} to {to}"), renamed);
    }

    fn bookmark(&mut self, path: &str) {
        let short = self.new_name();
        if let Some(snapshot) = self.newest(&self.world.source(path)) {
            let bookmark = snapshot.dataset().bookmark(&short).expect("a proper name");
            let made = self.world.zfs.create_bookmarks(&[(bookmark, Base::Snapshot(snapshot.clone()))]);
            self.tell(&format!("bookmark {snapshot} as {short}"), made);
        }
    }

    fn rename_snapshot(&mut self, path: &str) {
        let there = self.world.snapshots(&self.world.source(path));
        if there.is_empty() {
            return;
        }
        let (_, snapshot) = self.chance.of(&there);
        self.call_anew(&snapshot);
    }

    fn call_anew(&mut self, snapshot: &SnapshotName) {
        let short = self.new_name();
        let renamed = self.world.sim.rename_snapshot(snapshot, &short);
        self.renamed = true;
        self.tell(&format!("rename {snapshot} to {short}"), renamed);
    }

    /// A dataset of the source with all that is in it, if nothing is below and nobody holds anything of it.
    fn destroy(&mut self, path: &str) {
        let dataset = self.world.source(path);
        let paths = self.paths();
        let has_children = paths.iter().any(|other| other.starts_with(&format!("{path}/")));
        if path.is_empty() || has_children || self.chance.percent(50) {
            return;
        }
        let snapshots: Vec<SnapshotName> = self.world.snapshots(&dataset).into_iter().map(|(_, name)| name).collect();
        let gone = self
            .world
            .zfs
            .destroy_snapshots(&snapshots)
            .and_then(|()| self.world.zfs.destroy_dataset(&dataset));
        if gone.is_err() {
            // It must not stay without a snapshot: nothing could be replicated then.
            self.snapshot(path);
        }
        self.tell(&format!("destroy {dataset}"), gone);
    }

    fn roll_back(&mut self, path: &str) {
        let dataset = self.world.source(path);
        self.unlock();
        self.world.write(path, "in vain", 700);
        let back = self.world.zfs.rollback(&dataset);
        self.tell(&format!("roll {dataset} back"), back);
    }

    /// The target's pool gets full, or has room again.
    fn fill(&mut self) {
        if self.chance.percent(50) {
            return self.make_room();
        }
        let full = self.world.sim.set_capacity(&backup(), 40_000);
        self.tell("the target's pool is nearly full", full);
    }

    /// I18: the clock is put wrong, by up to ten years. What remembers looks at the clock of the machine that simulates.
    fn set_clock(&mut self) {
        if self.world.memory.is_none() {
            let to = BEGINNING - 10 * YEAR + self.chance.next() % (20 * YEAR);
            self.world.sim.set_clock(to);
            self.tell(&format!("set the clock to {to}"), "done");
        }
    }

    fn newest(&self, dataset: &DatasetName) -> Option<SnapshotName> {
        let all = self.world.zfs.snapshots(dataset).map(|snapshot| snapshot.expect("readable"));
        all.max_by_key(|snapshot| snapshot.createtxg).map(|snapshot| snapshot.name)
    }

    /// Whoever writes has the key.
    fn unlock(&mut self) {
        if self.world.is_raw {
            self.world
                .sim
                .set_key_loaded(&name(SOURCE), true)
                .expect("it is the root of encryption");
        }
    }

    pub(super) fn tell(&mut self, deed: &str, result: impl Debug) {
        let _infallible = writeln!(self.log, "{deed}: {result:?}");
    }
}

fn backup() -> PoolName {
    "backup".parse().expect("a proper name")
}
