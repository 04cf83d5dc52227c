//! I am what one side has; I can do nothing.
//!
//! Plain data, read once at the beginning of a run. GUIDs say what is the same on two sides; `createtxg` says what came first on one side.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zfs_rs::identity::{Guid, Txg};
use zfs_rs::name::{BookmarkName, DatasetName, HoldTag, SnapshotName};

mod pool;
mod room;
pub(crate) mod text;

pub use self::pool::{Feature, Pool};
pub use self::room::{Quota, QuotaKind, Room};

/// What one side has at and below one dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The pool it lies in.
    pub pool: Pool,
    /// The dataset that was looked at.
    #[serde(with = "text")]
    pub root: DatasetName,
    /// The dataset right above the root, if there is one.
    pub above: Option<Above>,
    /// The root and what lies below, parents first. Empty when the root does not exist.
    pub datasets: Vec<Dataset>,
}

/// The dataset above the root: what a new root would inherit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Above {
    /// Its name.
    #[serde(with = "text")]
    pub name: DatasetName,
    /// How it is encrypted.
    pub encryption: Encryption,
    /// Bytes that can still be written below it.
    pub available: u64,
    /// Quotas of it and of what lies further up, where they were asked for and are set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quotas: Vec<Quota>,
}

/// A filesystem or volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dataset {
    /// Its full name.
    #[serde(with = "text")]
    pub name: DatasetName,
    /// Identity on this pool; a copy on another pool has another.
    #[serde(with = "text")]
    pub guid: Guid,
    /// What it is.
    pub kind: Kind,
    /// When it was born, in this pool's count.
    #[serde(with = "text")]
    pub createtxg: Txg,
    /// Whether a full receive into it was begun and never finished.
    pub inconsistent: bool,
    /// The snapshot it grew from, if it is a clone.
    pub origin: Option<Origin>,
    /// How it is encrypted.
    pub encryption: Encryption,
    /// Its snapshots, oldest first.
    pub versions: Vec<Version>,
    /// Its bookmarks, oldest first, whoever made them.
    pub marks: Vec<Mark>,
    /// An interrupted receive that was saved.
    pub partial: Option<Partial>,
    /// Bytes written since its newest snapshot; 0 where there is none.
    pub written: u64,
    /// Bytes it takes with everything below.
    pub used: u64,
    /// Bytes that can still be written.
    pub available: u64,
    /// What bounds that, and what is set aside for it.
    #[serde(default, skip_serializing_if = "Room::is_plain")]
    pub room: Room,
    /// Whether it was made by us as a placeholder, where something arrived below what is left out.
    #[serde(default)]
    pub placeholder: bool,
    /// Whether we began it by a stream without large blocks, as its pool could not take them.
    #[serde(default)]
    pub without_large_blocks: bool,
    /// User properties that were set on it or above; what came with a stream is nobody's wish here.
    pub properties: BTreeMap<String, String>,
    /// Whether its snapshots are remembered from an earlier listing, as the kernel says that they have not changed since.
    #[serde(skip)]
    pub remembered: bool,
}

/// What a dataset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A tree of files.
    Filesystem,
    /// A block device.
    Volume,
}

/// The snapshot a clone grew from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Its full name.
    #[serde(with = "text")]
    pub name: SnapshotName,
    /// Identity, where it was read.
    #[serde(with = "text")]
    pub guid: Option<Guid>,
}

/// How a dataset is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Encryption {
    /// Not at all.
    Off,
    /// With a key that is wrapped at `root`.
    On {
        /// The encryption root, which may be the dataset itself.
        #[serde(with = "text")]
        root: DatasetName,
        /// Whether the kernel can read it now.
        key: Key,
        /// Identity of the master key that blocks are encrypted with, whoever wraps it; nothing where it was not told, or is not made yet.
        #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
        guid: Option<Guid>,
    },
}

/// Whether the kernel has a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// It is loaded.
    Loaded,
    /// It is not.
    Missing,
}

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its full name.
    #[serde(with = "text")]
    pub name: SnapshotName,
    /// Identity, kept by send and receive.
    #[serde(with = "text")]
    pub guid: Guid,
    /// Order on this pool.
    #[serde(with = "text")]
    pub createtxg: Txg,
    /// When it was made, in seconds since 1970, where it was asked for. Nothing but a wish for ages reads it: order is told by [`createtxg`](Self::createtxg).
    pub creation: Option<u64>,
    /// Tags of its user holds, as far as they were read.
    #[serde(with = "text")]
    pub holds: Vec<HoldTag>,
    /// User properties that were set on it or above, where they were asked for; none that came with a stream.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
    /// How many clones grew from it, what an interrupted receive grows into among them, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clones: Option<u64>,
}

/// A bookmark: what is left of a snapshot, enough to send from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Its full name.
    #[serde(with = "text")]
    pub name: BookmarkName,
    /// Identity of the snapshot it was made of.
    #[serde(with = "text")]
    pub guid: Guid,
    /// When that snapshot was made, in this pool's count.
    #[serde(with = "text")]
    pub createtxg: Txg,
}

/// An interrupted receive that the target saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Partial {
    /// The token could be read.
    Saved(SavedReceive),
    /// The token could not be read: nothing can be resumed from it.
    Unreadable {
        /// What is wrong with it.
        fault: String,
        /// Whether the dataset itself is what the interrupted receive made.
        is_full: bool,
    },
}

/// What a resume token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedReceive {
    /// The snapshot that was being received.
    #[serde(with = "text")]
    pub to_guid: Guid,
    /// The snapshot it was sent from; nothing for a full stream.
    #[serde(with = "text")]
    pub from_guid: Option<Guid>,
    /// Where in the stream it goes on.
    pub point: ResumeAt,
    /// How the stream was made; its rest must be made alike.
    pub flags: StreamFlags,
}

/// The place in a stream from which an interrupted one goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumeAt {
    /// Object number of the first block still to come.
    #[serde(with = "text")]
    pub object: u64,
    /// Byte offset in that object.
    #[serde(with = "text")]
    pub offset: u64,
    /// Bytes of the stream that the target has.
    pub bytes: u64,
}

/// How blocks are put into a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StreamFlags {
    /// Encrypted blocks travel encrypted; without effect on what is not encrypted.
    pub raw: bool,
    /// Blocks above 128 KiB travel whole.
    pub large_block: bool,
    /// Small blocks travel inside their record.
    pub embed: bool,
    /// Compressed blocks travel as they lie on disk.
    pub compress: bool,
}

/// A snapshot, with the identity that it must still have when something is done to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Point {
    /// Its full name.
    #[serde(with = "text")]
    pub name: SnapshotName,
    /// Its identity.
    #[serde(with = "text")]
    pub guid: Guid,
}

/// Something an incremental stream can start from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Base {
    /// A snapshot that is still there.
    Snapshot(Point),
    /// What is left of a snapshot.
    Bookmark {
        /// Its full name.
        #[serde(with = "text")]
        name: BookmarkName,
        /// Its identity.
        #[serde(with = "text")]
        guid: Guid,
    },
}

impl View {
    /// A view with its datasets in order, whatever order they came in.
    pub fn new(pool: Pool, root: DatasetName, above: Option<Above>, mut datasets: Vec<Dataset>) -> Self {
        datasets.sort_by(|a, b| a.name.as_str().split('/').cmp(b.name.as_str().split('/')));
        for dataset in &mut datasets {
            dataset.versions.sort_by_key(|version| version.createtxg);
            dataset.marks.sort_by_key(|mark| mark.createtxg);
        }
        Self {
            pool,
            root,
            above,
            datasets,
        }
    }

    /// The dataset of that name.
    pub fn dataset(&self, name: &DatasetName) -> Option<&Dataset> {
        self.datasets.iter().find(|dataset| dataset.name == *name)
    }

    /// The path from the root down to a dataset: empty for the root, nothing for what lies elsewhere.
    pub fn path<'a>(&self, dataset: &'a Dataset) -> Option<&'a str> {
        dataset.name.below(&self.root)
    }
}

impl Dataset {
    /// The snapshot with that identity.
    pub fn version(&self, guid: Guid) -> Option<&Version> {
        self.versions.iter().find(|version| version.guid == guid)
    }

    /// The newest snapshot.
    pub fn newest(&self) -> Option<&Version> {
        self.versions.iter().max_by_key(|version| version.createtxg)
    }

    /// When the snapshot with that identity came to the pool, if that or a bookmark of it is there.
    pub fn createtxg_of(&self, guid: Guid) -> Option<Txg> {
        let mark = || self.marks.iter().find(|mark| mark.guid == guid).map(|mark| mark.createtxg);
        self.version(guid).map(|version| version.createtxg).or_else(mark)
    }

    /// The snapshot with that identity or, failing that, a bookmark of it.
    pub fn base(&self, guid: Guid) -> Option<Base> {
        let mark = || self.marks.iter().find(|mark| mark.guid == guid).map(Mark::base);
        self.version(guid).map(|version| Base::Snapshot(version.point())).or_else(mark)
    }
}

impl Encryption {
    /// Whether blocks lie encrypted on disk.
    pub fn is_on(&self) -> bool {
        matches!(self, Self::On { .. })
    }

    /// The encryption root whose key would be needed and is not there.
    pub fn missing_key(&self) -> Option<&DatasetName> {
        match self {
            Self::On {
                root, key: Key::Missing, ..
            } => Some(root),
            Self::On { key: Key::Loaded, .. } | Self::Off => None,
        }
    }

    /// Whether blocks of both are encrypted with one master key. Only raw streams bring a key along, so what shares one arrived raw, whatever it has been
    /// wrapped by since.
    pub fn shares_key(&self, other: &Self) -> bool {
        self.guid().is_some() && self.guid() == other.guid()
    }

    /// Identity of the master key.
    pub fn guid(&self) -> Option<Guid> {
        match self {
            Self::On { guid, .. } => *guid,
            Self::Off => None,
        }
    }
}

impl Version {
    /// Name and identity.
    pub fn point(&self) -> Point {
        Point {
            name: self.name.clone(),
            guid: self.guid,
        }
    }
}

impl Mark {
    /// The bookmark as something to send from.
    pub fn base(&self) -> Base {
        Base::Bookmark {
            name: self.name.clone(),
            guid: self.guid,
        }
    }
}

impl Partial {
    /// Whether it was of a full stream, so that the dataset itself is what it made and aborting takes that away. So it is with a clone, whose
    /// stream is an increment; there only the dataset tells, which is inconsistent.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Saved(saved) => saved.from_guid.is_none(),
            Self::Unreadable { is_full, .. } => *is_full,
        }
    }
}

impl Base {
    /// The identity of the snapshot it is or was.
    pub fn guid(&self) -> Guid {
        match self {
            Self::Snapshot(point) => point.guid,
            Self::Bookmark { guid, .. } => *guid,
        }
    }

    /// The full name as text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Snapshot(point) => point.name.as_str(),
            Self::Bookmark { name, .. } => name.as_str(),
        }
    }
}
