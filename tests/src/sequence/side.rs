//! I am one of those that must agree: a kernel, a way to it, and two places of its own there.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use zfs_rs::backend::sim::Sim;
use zfs_rs::backend::{Cleanup, Core, DatasetKind, Device, Refusal, request};
use zfs_rs::nvlist::NvList;
use zfs_rs::{BookmarkName, DatasetName, Errno, SnapshotName};

/// One side.
#[derive(Debug)]
pub struct Side {
    /// What it is called in a complaint.
    pub name: &'static str,
    pub(super) core: Arc<dyn Core>,
    pub(super) device: Arc<dyn Device>,
    pub(super) hands: Arc<dyn Hands>,
    roots: [(char, String); 2],
    pub(super) handles: BTreeMap<u8, Box<dyn Cleanup>>,
}

/// Who writes into files, as somebody does who uses the datasets.
pub trait Hands: Send + Sync + Debug {
    /// Writes a file.
    ///
    /// # Errors
    /// It cannot be written.
    fn write(&self, dataset: &DatasetName, file: u8, bytes: &[u8]) -> Result<(), Errno>;

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// It cannot be removed.
    fn remove(&self, dataset: &DatasetName, file: u8) -> Result<(), Errno>;
}

impl Side {
    /// A side whose places are `a` and `b`, in two pools.
    pub fn new(name: &'static str, core: Arc<dyn Core>, device: Arc<dyn Device>, hands: Arc<dyn Hands>, a: &str, b: &str) -> Self {
        Self {
            name,
            core,
            device,
            hands,
            roots: [('A', a.to_owned()), ('B', b.to_owned())],
            handles: BTreeMap::new(),
        }
    }

    /// The model, new, with places of these names.
    pub fn model(seed: u64, a: &str, b: &str) -> Self {
        let sim = Sim::new(seed);
        for place in [a, b] {
            let pool = place.split('/').next().unwrap_or(place);
            sim.add_pool(pool).expect("a new machine takes pools");
        }
        let process = sim.start();
        Self::new("sim", Arc::new(process.clone()), Arc::new(process), Arc::new(sim), a, b)
    }

    /// Makes the two places, which must not be there.
    pub(super) fn make_places(&self) {
        for (_, root) in &self.roots {
            let order = request::Create {
                name: &root.parse().expect("a dataset"),
                kind: DatasetKind::Filesystem,
                properties: &NvList::new(),
                key: None,
            };
            self.core.create(&order).expect("a new place");
        }
    }

    /// The name on this side.
    pub(super) fn absolute(&self, name: &str) -> String {
        let root = self.roots.iter().find(|(letter, _)| name.starts_with(*letter));
        root.map_or_else(|| name.to_owned(), |(_, root)| format!("{root}{}", &name[1..]))
    }

    /// The name on every side.
    pub(super) fn relative(&self, name: &str) -> String {
        for (letter, root) in &self.roots {
            if let Some(rest) = name.strip_prefix(root.as_str())
                && (rest.is_empty() || rest.starts_with(['/', '@', '#']))
            {
                return format!("{letter}{rest}");
            }
        }
        name.to_owned()
    }

    pub(super) fn dataset(&self, name: &str) -> DatasetName {
        self.absolute(name).parse().expect("a dataset")
    }

    pub(super) fn snapshot(&self, name: &str) -> SnapshotName {
        self.absolute(name).parse().expect("a snapshot")
    }

    pub(super) fn bookmark(&self, name: &str) -> BookmarkName {
        self.absolute(name).parse().expect("a bookmark")
    }

    /// What was refused, with names that hold on every side. Order is no matter.
    pub(super) fn refused(&self, refusal: &Refusal) -> String {
        let mut items: Vec<String> = refusal
            .items
            .iter()
            .map(|(name, errno)| format!("{} {errno:?}", self.relative(name)))
            .collect();
        items.sort();
        format!("refused {:?} {items:?}", refusal.errno)
    }
}

impl Hands for Sim {
    fn write(&self, dataset: &DatasetName, file: u8, bytes: &[u8]) -> Result<(), Errno> {
        Self::write(self, dataset, object(file), 0, bytes)
    }

    fn remove(&self, dataset: &DatasetName, file: u8) -> Result<(), Errno> {
        Self::remove(self, dataset, object(file))
    }
}

/// Files of a real filesystem lie behind its own objects too.
fn object(file: u8) -> u64 {
    u64::from(file) + 128
}
