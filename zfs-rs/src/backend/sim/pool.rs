//! I am a pool as the model sees it: datasets by name, in the order of transaction groups.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::content::Content;
use super::world::EPOCH;
use crate::backend::DatasetKind;
use crate::errno::Errno;
use crate::name::{BookmarkName, DatasetName, SnapshotName};
use crate::nvlist::Value;

/// The name of the hidden child that an incremental receive writes to.
pub(super) const RECEIVING: &str = "%recv";

/// An imported pool.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) guid: u64,
    /// Another one each time it is imported.
    pub(super) load: u64,
    /// Bytes it can hold; nothing for more than any test writes.
    pub(super) capacity: Option<u64>,
    pub(super) read_only: bool,
    /// Snapshots that are being sent, and by which process.
    pub(super) sending: Vec<(u64, Point)>,
    pub(super) receiving: Vec<Receiving>,
    /// Encryption roots whose key is loaded, by dataset.
    pub(super) keys: BTreeSet<u64>,
    pub(super) state: State,
    /// What a power cut leaves.
    pub(super) synced: State,
}

/// A receive that runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Receiving {
    pub(super) process: u64,
    /// The dataset it writes to: the target if that is new, else its hidden child.
    pub(super) dataset: u64,
    /// Who it is to that dataset.
    pub(super) token: u64,
    /// Whether its state stays when it breaks off.
    pub(super) keeps: bool,
}

/// What is on disk, or will be.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) txg: u64,
    pub(super) datasets: BTreeMap<String, Arc<Dataset>>,
}

/// A filesystem or volume.
#[derive(Debug, Clone)]
pub(super) struct Dataset {
    /// Its number in the pool: stays when it is renamed.
    pub(super) id: u64,
    pub(super) guid: u64,
    pub(super) createtxg: u64,
    pub(super) creation: u64,
    pub(super) kind: DatasetKind,
    /// The snapshot it grew from.
    pub(super) origin: Option<Point>,
    pub(super) encryption: Option<Encryption>,
    pub(super) live: Content,
    pub(super) snapshots: BTreeMap<String, Snapshot>,
    /// The second in which there were others last; 0 where there never were any.
    pub(super) snapshots_changed: u64,
    pub(super) bookmarks: BTreeMap<String, Bookmark>,
    pub(super) properties: BTreeMap<String, Property>,
    /// Whether a stream ever brought properties.
    pub(super) has_received: bool,
    /// Set while a receive into it is not finished.
    pub(super) inconsistent: bool,
    pub(super) resume: Option<Resume>,
    /// The receive that runs into it.
    pub(super) owner: Option<u64>,
}

/// A place in a dataset's history: no two snapshots of one dataset are of one transaction group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Point {
    pub(super) dataset: u64,
    pub(super) txg: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    pub(super) guid: u64,
    pub(super) createtxg: u64,
    pub(super) creation: u64,
    pub(super) content: Content,
    pub(super) holds: BTreeMap<String, Hold>,
    /// To be destroyed with its last hold or clone.
    pub(super) deferred: bool,
    pub(super) properties: BTreeMap<String, Property>,
    /// What a raw increment on it must name; 0 where nothing is encrypted.
    pub(super) ivset: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Hold {
    pub(super) since: u64,
    /// Goes with a handle, and at import.
    pub(super) temporary: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Bookmark {
    pub(super) guid: u64,
    pub(super) createtxg: u64,
    pub(super) creation: u64,
    pub(super) ivset: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Encryption {
    /// The cipher, as the number of the property `encryption`.
    pub(super) cipher: u64,
    /// Of a root: how its wrapping key is given.
    pub(super) keyformat: u64,
    /// The dataset whose wrapping key it needs: itself, one further up, or whose snapshot it grew from.
    pub(super) root: u64,
    /// Identity of the master key: what raw increments must agree on.
    pub(super) key: u64,
    /// Of a root: what tells its wrapping key from others.
    pub(super) wrapping: u64,
}

/// The values of one property that were given to one dataset.
#[derive(Debug, Clone, Default)]
pub(super) struct Property {
    pub(super) local: Option<Value>,
    /// What a stream brought; hidden by `local`.
    pub(super) received: Option<Value>,
    /// Whether what was received is hidden by an order to inherit.
    pub(super) inherits: bool,
}

/// How far an interrupted receive came.
#[derive(Debug, Clone)]
pub(super) struct Resume {
    pub(super) object: u64,
    pub(super) offset: u64,
    pub(super) bytes: u64,
    pub(super) to_guid: u64,
    pub(super) to_name: String,
    pub(super) from_guid: u64,
    pub(super) large_block: bool,
    pub(super) embed: bool,
    pub(super) compress: bool,
    pub(super) raw: bool,
}

impl Pool {
    /// Ends a transaction group and writes everything to disk, as each administrative change does before it returns.
    pub(super) fn sync(&mut self) {
        self.note_changed_snapshots();
        self.state.txg += 1;
        self.synced = self.state.clone();
    }

    /// Stamps each dataset whose snapshots are not those that are on disk. Each transaction group takes a second of its own, so no two changes have
    /// the same.
    fn note_changed_snapshots(&mut self) {
        let now = EPOCH.saturating_add(self.state.txg);
        for (name, dataset) in &mut self.state.datasets {
            let on_disk = self.synced.datasets.get(name).filter(|before| before.id == dataset.id);
            let before = on_disk.or_else(|| self.synced.datasets.values().find(|before| before.id == dataset.id));
            let has_changed = before.map_or(!dataset.snapshots.is_empty(), |before| {
                !Arc::ptr_eq(before, dataset) && dataset.has_other_snapshots(before)
            });
            if has_changed {
                Arc::make_mut(dataset).snapshots_changed = now;
            }
        }
    }

    /// Where the dataset of a running receive is by now. After its end or a power cut it is nobody's.
    pub(super) fn target(&self, receiving: Receiving) -> Option<&str> {
        let mine = self
            .state
            .by_id(receiving.dataset)
            .filter(|(_, dataset)| dataset.owner == Some(receiving.token));
        mine.map(|(name, _)| name)
    }

    /// Whether a dataset's blocks can be read: it is not encrypted, or the key of its root is loaded.
    pub(super) fn has_key(&self, name: &str) -> bool {
        self.state.root_of(name).is_none_or(|(_, root)| self.keys.contains(&root.id))
    }

    /// Bytes that are free.
    pub(super) fn free(&self) -> u64 {
        let used: u64 = self.state.datasets.values().map(|dataset| dataset.own_bytes()).sum();
        self.capacity.unwrap_or(BOUNDLESS).saturating_sub(used)
    }

    /// Whether so many bytes are too many. Counted only where it can be: counting walks over every block.
    pub(super) fn is_full_for(&self, bytes: u64) -> bool {
        self.capacity.is_some() && self.free() < bytes
    }

    /// Bytes that can still be written to a dataset: what pool and quotas leave.
    pub(super) fn available(&self, name: &str) -> u64 {
        let mut left = self.free();
        let mut next = Some(name);
        while let Some(at) = next {
            if let Some(quota) = self.state.number(at, "quota").filter(|quota| *quota > 0) {
                left = left.min(quota.saturating_sub(self.state.used(at)));
            }
            next = above(at);
        }
        left
    }
}

impl State {
    pub(super) fn get(&self, name: &str) -> Result<&Dataset, Errno> {
        self.datasets.get(name).map(Arc::as_ref).ok_or(Errno::ENOENT)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Result<&mut Dataset, Errno> {
        self.datasets.get_mut(name).map(Arc::make_mut).ok_or(Errno::ENOENT)
    }

    pub(super) fn insert(&mut self, name: impl Into<String>, dataset: Dataset) {
        self.datasets.insert(name.into(), Arc::new(dataset));
    }

    pub(super) fn by_id(&self, id: u64) -> Option<(&str, &Dataset)> {
        let found = self.datasets.iter().find(|(_, dataset)| dataset.id == id);
        found.map(|(name, dataset)| (name.as_str(), dataset.as_ref()))
    }

    pub(super) fn snapshot(&self, name: &SnapshotName) -> Result<(&Dataset, &Snapshot), Errno> {
        let dataset = self.get(name.dataset().as_str())?;
        dataset
            .snapshots
            .get(name.short())
            .map(|snapshot| (dataset, snapshot))
            .ok_or(Errno::ENOENT)
    }

    pub(super) fn snapshot_mut(&mut self, name: &SnapshotName) -> Result<&mut Snapshot, Errno> {
        let dataset = self.get_mut(name.dataset().as_str())?;
        dataset.snapshots.get_mut(name.short()).ok_or(Errno::ENOENT)
    }

    /// A bookmark that is not there is ESRCH, its dataset ENOENT (`dsl_bookmark_lookup`).
    pub(super) fn bookmark(&self, name: &BookmarkName) -> Result<(&Dataset, Bookmark), Errno> {
        let dataset = self.get(name.dataset().as_str())?;
        dataset
            .bookmarks
            .get(name.short())
            .map(|bookmark| (dataset, *bookmark))
            .ok_or(Errno::ESRCH)
    }

    /// A snapshot by its place in history, with its full name.
    pub(super) fn at(&self, point: Point) -> Option<(String, &Snapshot)> {
        let (name, dataset) = self.by_id(point.dataset)?;
        let (short, snapshot) = dataset.snapshots.iter().find(|(_, snapshot)| snapshot.createtxg == point.txg)?;
        Some((format!("{name}@{short}"), snapshot))
    }

    /// Direct children by full name, the hidden one among them.
    pub(super) fn children<'a>(&'a self, of: &'a str) -> impl Iterator<Item = (&'a str, &'a Dataset)> {
        let below = self.datasets.range(format!("{of}/")..format!("{of}0"));
        let direct = below.filter(move |(name, _)| above(name) == Some(of));
        direct.map(|(name, dataset)| (name.as_str(), dataset.as_ref()))
    }

    /// Names of the datasets that grew from a snapshot; the hidden one of a running or interrupted receive is such a clone.
    pub(super) fn clones(&self, of: Point) -> Vec<&str> {
        let clones = self.datasets.iter().filter(|(_, dataset)| dataset.origin == Some(of));
        clones.map(|(name, _)| name.as_str()).collect()
    }

    /// Whether `earlier` is a point of the history that leads to `later`; a head is later than all its snapshots
    /// (`dsl_dataset_is_before` in dsl_dataset.c).
    pub(super) fn is_before(&self, later: &Dataset, at: Option<u64>, earlier: Point) -> bool {
        let (mut later, mut at) = (later, at);
        loop {
            if at.is_some_and(|txg| earlier.txg >= txg) {
                return false;
            }
            if later.id == earlier.dataset {
                return true;
            }
            let Some(origin) = later.origin else { return false };
            if origin == earlier {
                return true;
            }
            let Some((_, next)) = self.by_id(origin.dataset) else {
                return false;
            };
            (later, at) = (next, Some(origin.txg));
        }
    }

    /// The encryption root of a dataset, nothing where it is not encrypted.
    pub(super) fn root_of(&self, name: &str) -> Option<(&str, &Dataset)> {
        self.by_id(self.datasets.get(name)?.encryption.as_ref()?.root)
    }

    /// Bytes that a dataset and all below it take.
    pub(super) fn used(&self, name: &str) -> u64 {
        let below = self.datasets.range(format!("{name}/")..format!("{name}0"));
        let all = self.datasets.get(name).into_iter().chain(below.map(|(_, dataset)| dataset));
        all.map(|dataset| dataset.own_bytes()).sum()
    }

    /// A number set locally or received here.
    pub(super) fn number(&self, name: &str, property: &str) -> Option<u64> {
        match self.datasets.get(name)?.properties.get(property)?.value()? {
            Value::UInt64(number) => Some(*number),
            _ => None,
        }
    }
}

impl Dataset {
    /// An empty one.
    pub(super) fn new(id: u64, guid: u64, kind: DatasetKind, txg: u64, creation: u64) -> Self {
        Self {
            id,
            guid,
            createtxg: txg,
            creation,
            kind,
            origin: None,
            encryption: None,
            live: Content::default(),
            snapshots: BTreeMap::new(),
            snapshots_changed: 0,
            bookmarks: BTreeMap::new(),
            properties: BTreeMap::new(),
            has_received: false,
            inconsistent: false,
            resume: None,
            owner: None,
        }
    }

    /// Whether the kernel counts its snapshots as changed: not where a promotion only gave it some, which shows on its origin
    /// (`dsl_dataset_promote_sync`).
    fn has_other_snapshots(&self, before: &Self) -> bool {
        let names = |dataset: &Self| {
            let names = dataset.snapshots.iter().map(|(name, snapshot)| (name.clone(), snapshot.guid));
            names.collect::<BTreeSet<_>>()
        };
        let (now, then) = (names(self), names(before));
        let was_given_some = self.origin != before.origin && now.is_superset(&then);
        now != then && !was_given_some
    }

    /// The newest snapshot.
    pub(super) fn newest(&self) -> Option<&Snapshot> {
        self.snapshots.values().max_by_key(|snapshot| snapshot.createtxg)
    }

    /// The place of one of its snapshots.
    pub(super) fn point(&self, snapshot: &Snapshot) -> Point {
        Point {
            dataset: self.id,
            txg: snapshot.createtxg,
        }
    }

    /// Bytes written since the newest snapshot, or since the origin.
    pub(super) fn written(&self) -> u64 {
        let since = self
            .newest()
            .map(|snapshot| snapshot.createtxg)
            .or(self.origin.map(|origin| origin.txg));
        self.live.born_after(since.unwrap_or(0))
    }

    /// Bytes of the blocks that only this snapshot has: what its destruction would free.
    pub(super) fn unique_bytes(&self, snapshot: &Snapshot) -> u64 {
        let others = self.snapshots.values().filter(|other| other.createtxg != snapshot.createtxg);
        let others = others.map(|other| &other.content).chain([&self.live]);
        let shared: BTreeSet<_> = others.flat_map(Content::blocks).map(|(place, birth, _)| (place, birth)).collect();
        let own = snapshot
            .content
            .blocks()
            .filter(|(place, birth, _)| !shared.contains(&(*place, *birth)));
        own.map(|(_, _, bytes)| bytes).sum()
    }

    /// Bytes of the blocks that only it and its snapshots have. A block is known by its place and birth.
    fn own_bytes(&self) -> u64 {
        let contents = self.snapshots.values().map(|snapshot| &snapshot.content).chain([&self.live]);
        let since = self.origin.map_or(0, |origin| origin.txg);
        let blocks: BTreeMap<_, _> = contents
            .flat_map(Content::blocks)
            .map(|(place, birth, bytes)| ((place, birth), bytes))
            .collect();
        blocks
            .iter()
            .filter(|((_, birth), _)| *birth > since)
            .map(|(_, bytes)| *bytes)
            .sum()
    }
}

impl Property {
    /// A value set by hand.
    pub(super) fn local(value: Value) -> Self {
        Self {
            local: Some(value),
            ..Self::default()
        }
    }

    /// The value that holds here, if one was given here.
    pub(super) fn value(&self) -> Option<&Value> {
        self.local.as_ref().or(self.received.as_ref().filter(|_| !self.inherits))
    }
}

/// The dataset above a path; nothing for a pool's root.
pub(super) fn above(name: &str) -> Option<&str> {
    name.rsplit_once('/').map(|(parent, _)| parent)
}

/// The path of the hidden child of a dataset.
pub(super) fn receiving(name: &DatasetName) -> String {
    format!("{name}/{RECEIVING}")
}

/// What a pool without a given size has room for.
const BOUNDLESS: u64 = 1 << 40;
