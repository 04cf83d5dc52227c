//! I am a world in which replication can be tried: two pools of the model, a tree with a past, and somebody who checks.

use std::collections::BTreeSet;

use zfs_replicate::policy::age::Ages;
use zfs_replicate::policy::divergence::OnDivergence;
use zfs_replicate::policy::{PropertyWish, Wish};
use zfs_replicate::run::report::Report;
use zfs_replicate::{Memory, Replicator};
use zfs_rs::backend::Object;
use zfs_rs::backend::sim::{Call, Process, Sim};
use zfs_rs::{DatasetName, Guid, OptionalExt as _, SnapshotName, Zfs};

/// The root that is replicated.
pub const SOURCE: &str = "tank/data";

/// Where it is replicated to.
pub const TARGET: &str = "backup/data";

/// What the clock says at first, in seconds since 1970.
pub const BEGINNING: u64 = 1_735_689_600;

/// In seconds.
pub const YEAR: u64 = 365 * 24 * 3600;

/// The user property that says of a dataset whether it is wanted.
const WANTED: &str = "org.example:wanted";

/// Two pools and a hand that writes to the source.
#[derive(Debug, Clone)]
pub struct World {
    /// The machine.
    pub sim: Sim,
    /// An administrator's way to it, to which nothing happens.
    pub zfs: Zfs,
    /// Whether the root of the source is encrypted, and travels raw.
    pub is_raw: bool,
    /// Whether only datasets that are [wanted](Self::want) are replicated.
    pub is_picky: bool,
    /// Whether snapshots are chosen by their age. All are young enough, whatever the clock said within ten years of [`BEGINNING`].
    pub is_dated: bool,
    /// What becomes of a copy that has something of its own.
    pub on_divergence: OnDivergence,
    /// What runs remember, as a file would keep it, if they do.
    pub memory: Option<Memory>,
}

impl World {
    /// A source root without anything in it.
    pub fn new(seed: u64) -> Self {
        let world = Self::without_root(seed);
        world.create("");
        world
    }

    /// A source root that is encrypted, without anything in it.
    pub fn encrypted(seed: u64) -> Self {
        let world = Self {
            is_raw: true,
            ..Self::without_root(seed)
        };
        let source = world.source("");
        let root = world.zfs.create_filesystem(&source).key([7; 32]);
        let root = root
            .property("encryption", "on")
            .property("keyformat", "raw")
            .property("keylocation", "prompt");
        root.create().expect("the dataset is new");
        world
    }

    fn without_root(seed: u64) -> Self {
        let sim = Sim::new(seed);
        for pool in ["tank", "backup"] {
            sim.add_pool(pool).expect("a new machine takes pools");
        }
        Self {
            zfs: sim.zfs(),
            sim,
            is_raw: false,
            is_picky: false,
            is_dated: false,
            on_divergence: OnDivergence::Error,
            memory: None,
        }
    }

    /// A dataset of the source, by its path below the root.
    pub fn source(&self, path: &str) -> DatasetName {
        name(SOURCE, path)
    }

    /// Its counterpart.
    pub fn target(&self, path: &str) -> DatasetName {
        name(TARGET, path)
    }

    /// Creates a dataset of the source.
    pub fn create(&self, path: &str) {
        self.zfs.create_filesystem(&self.source(path)).create().expect("the dataset is new");
    }

    /// Creates a dataset of the source that grows from a snapshot of another.
    pub fn clone_snapshot(&self, origin: &SnapshotName, path: &str) {
        let made = self.zfs.clone_snapshot(origin, &self.source(path)).create();
        made.expect("the dataset is new and its origin there");
    }

    /// Says whether a dataset of the source is wanted; what is below it takes that over.
    pub fn want(&self, path: &str, is_wanted: bool) {
        let value = if is_wanted { "yes" } else { "no" };
        let set = self.zfs.set_properties(&self.source(path), &[(WANTED, value)]);
        set.expect("the dataset is there");
    }

    /// What a dataset grew from; nothing if it is no clone, or is not there.
    pub fn origin(&self, of: &DatasetName) -> Option<SnapshotName> {
        self.zfs.dataset(of).optional().expect("readable")?.origin
    }

    /// Writes something new into a dataset of the source and snapshots it.
    pub fn snapshot(&self, path: &str, short: &str) {
        self.write(path, short, 3000);
        let snapshot = self.source(path).snapshot(short).expect("a proper name");
        self.zfs.create_snapshots(&[snapshot], &[]).expect("the snapshot is new");
    }

    /// Writes that many bytes, recognisable by `what`, into objects of a dataset of the source.
    pub fn write(&self, path: &str, what: &str, bytes: usize) {
        let text: Vec<u8> = what.bytes().cycle().take(bytes).collect();
        let object = 8 + what.bytes().map(u64::from).sum::<u64>() % 40;
        self.sim.write(&self.source(path), object, 0, &text).expect("the source takes it");
    }

    /// Destroys a snapshot of the source, as somebody's pruning does.
    pub fn prune(&self, path: &str, short: &str) {
        let snapshot = self.source(path).snapshot(short).expect("a proper name");
        self.zfs.destroy_snapshots(&[snapshot]).expect("nobody holds it");
    }

    /// The machine loses its power: every program ends, the administrator's too, who comes back.
    pub fn power_cut(&mut self) {
        self.sim.power_cut();
        self.zfs = self.sim.zfs();
    }

    /// What every program here wants.
    pub fn replicator(&self, zfs: Zfs) -> Replicator {
        let replicator = Replicator::local(zfs, self.source(""), self.target("")).wish(Wish {
            recursive: true,
            raw: self.is_raw,
            property: self.is_picky.then(|| PropertyWish {
                name: WANTED.to_owned(),
                value: "yes".to_owned(),
            }),
            ages: self.is_dated.then_some(Ages {
                now: BEGINNING,
                newer_than: Some(20 * YEAR),
                older_than: None,
            }),
            on_divergence: self.on_divergence,
            ..Wish::default()
        });
        match &self.memory {
            Some(memory) => replicator.remember(memory.clone()),
            None => replicator,
        }
    }

    /// Replicates the tree with a program of its own; nothing if not even a plan came about.
    pub fn replicate(&self, process: &Process) -> Option<Report> {
        let replicator = self.replicator(process.zfs());
        let plan = replicator.plan().ok()?;
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        Some(runtime.block_on(replicator.run(plan).finish()))
    }

    /// Replicates without faults and says what it changed.
    pub fn replicate_well(&self) -> (Report, Vec<Call>) {
        let process = self.sim.start();
        let report = self.replicate(&process).expect("a plan");
        let changes = process.calls().into_iter().filter(|call| call.is_change()).collect();
        (report, changes)
    }

    /// What is wrong with the target when everything should be there; nothing if all is well.
    pub fn differences(&self) -> Vec<String> {
        let tree = self.zfs.tree(&self.source("")).expect("the source is there");
        tree.iter().flat_map(|dataset| self.differences_of(&dataset.name)).collect()
    }

    /// What is wrong with the copy of one dataset of the source.
    pub fn differences_of(&self, source: &DatasetName) -> Vec<String> {
        let mut wrong = Vec::new();
        let path = source.below(&self.source("")).unwrap_or_default();
        let target = self.target(path);
        let there = self.snapshots(&target);
        for (guid, snapshot) in &self.snapshots(source) {
            match there.iter().find(|(other, _)| other == guid) {
                None => wrong.push(format!("{snapshot} is not on the target")),
                Some((_, copy)) if self.sim.contents(snapshot) != self.sim.contents(copy) => {
                    wrong.push(format!("{copy} holds something else than {snapshot}"));
                }
                Some(_) => {}
            }
        }
        wrong.extend(self.leftovers(source, &target));
        wrong
    }

    /// What a finished replication must not leave behind.  // I8
    fn leftovers(&self, source: &DatasetName, target: &DatasetName) -> Vec<String> {
        let mut left = Vec::new();
        let marks = self.zfs.bookmarks(source).expect("the source is there");
        let own = marks.iter().filter(|mark| mark.name.short().starts_with("zfs-replicate"));
        let own = own.count();
        if own > 3 {
            left.push(format!("{source} has {own} bookmarks of ours"));
        }
        for (_, snapshot) in self.snapshots(source) {
            for hold in self.zfs.holds(&snapshot).expect("the snapshot is there") {
                left.push(format!("{snapshot} is held by {}", hold.tag));
            }
        }
        if self
            .zfs
            .receive_resume_token(target)
            .optional()
            .expect("readable")
            .flatten()
            .is_some()
        {
            left.push(format!("{target} has a partial receive"));
        }
        left
    }

    /// Identities that source and target have in common, by snapshot or bookmark, for one dataset.
    pub fn bases(&self, source: &DatasetName, target: &DatasetName) -> BTreeSet<Guid> {
        let marks = self.zfs.bookmarks(source).optional().expect("readable").unwrap_or_default();
        let here: BTreeSet<Guid> = self
            .snapshots(source)
            .into_iter()
            .map(|(guid, _)| guid)
            .chain(marks.into_iter().map(|mark| mark.guid))
            .collect();
        self.snapshots(target)
            .into_iter()
            .map(|(guid, _)| guid)
            .filter(|guid| here.contains(guid))
            .collect()
    }

    /// The snapshots of a dataset, by identity; none if it is not there.
    pub fn snapshots(&self, of: &DatasetName) -> Vec<(Guid, SnapshotName)> {
        self.zfs
            .snapshots(of)
            .map(|snapshot| snapshot.expect("readable"))
            .map(|snapshot| (snapshot.guid, snapshot.name))
            .collect()
    }

    /// Whether something is there.
    pub fn exists<'a>(&self, object: impl Into<Object<'a>>) -> bool {
        self.zfs.properties(object).optional().expect("readable").is_some()
    }
}

fn name(root: &str, path: &str) -> DatasetName {
    let full = if path.is_empty() {
        root.to_owned()
    } else {
        format!("{root}/{path}")
    };
    full.parse().expect("a proper name")
}
