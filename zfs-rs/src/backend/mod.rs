//! I carry an order to the kernel and bring back its number.
//!
//! This is the seam between meaning and transport. Down go typed names and small requests; up comes what the kernel said: a number, and for
//! calls on lists a number for each item. No sentence, no kind and no kernel structure crosses it.
//!
//! The kernel has two faces. [`Core`] is what libzfs_core offers too and OpenZFS keeps stable, with [`Keys`] and [`Upkeep`] as its parts for
//! encryption and for whole pools; [`Device`] is what only `/dev/zfs` answers. One value may serve as all.
//!
//! What a kernel or library is too old for it answers with a number of its own: [`Errno::ZFS_ERR_IOC_CMD_UNAVAIL`] for a call,
//! [`Errno::ZFS_ERR_IOC_ARG_UNAVAIL`] for an argument.

#![expect(
    clippy::missing_errors_doc,
    reason = "any call of the seam may be refused with any number; kinds are given above it"
)]

use std::borrow::Cow;
use std::fmt::Debug;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;

use crate::errno::Errno;
use crate::identity::{Guid, Txg};
use crate::name::{BookmarkName, DatasetName, HoldTag, PoolName, PropertyName, SnapshotName};
use crate::nvlist::NvList;

#[cfg(feature = "ioctl")]
pub mod ioctl;
#[cfg(feature = "lzc")]
pub mod lzc;

#[cfg(feature = "ioctl")]
mod hear;
#[cfg(feature = "ioctl")]
pub(crate) mod payload;
pub mod request;
#[cfg(feature = "sim")]
pub mod sim;
mod text;
mod upkeep;

pub use upkeep::{Activity, PruneAge, ScrubOrder, Upkeep, VdevOrder};

/// A kernel's no: the number, and for calls on lists the number of each item.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The number of the whole call.
    pub errno: Errno,
    /// Those items of a list that were refused, by the name the kernel gives them. Empty where it named none.
    pub items: Vec<(String, Errno)>,
}

/// What a call brings back.
pub type Outcome<T> = Result<T, Refusal>;

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        Self { errno, items: Vec::new() }
    }
}

/// What libzfs_core also offers, and OpenZFS keeps stable.
///
/// Every call blocks until the kernel has answered; [`send`](Core::send) and [`receive`](Core::receive) for as long as the stream lasts.
pub trait Core: Keys + Upkeep + Send + Sync + Debug {
    /// Creates a filesystem or volume.
    fn create(&self, request: &request::Create<'_>) -> Outcome<()>;
    /// Creates a filesystem or volume that grows from a snapshot.
    fn clone_snapshot(&self, request: &request::Clone<'_>) -> Outcome<()>;
    /// Makes a clone the owner of the snapshots it grew from. A snapshot whose name is taken is the item of the refusal.
    fn promote(&self, clone: &DatasetName) -> Outcome<()>;
    /// Destroys one filesystem, volume, snapshot or partial receive.
    fn destroy(&self, object: Object<'_>) -> Outcome<()>;
    /// Renames a filesystem or volume inside its pool.
    fn rename(&self, from: &DatasetName, to: &DatasetName) -> Outcome<()>;
    /// Gives a snapshot another name in its dataset.
    fn rename_snapshot(&self, from: &SnapshotName, to: &SnapshotName) -> Outcome<()>;
    /// Takes a dataset back to its newest snapshot, which must be the one named if one is, and says which that was.
    fn rollback(&self, dataset: &DatasetName, to: Option<&SnapshotName>) -> Outcome<SnapshotName>;
    /// Creates snapshots of one pool, all in one transaction group or none.
    fn snapshot(&self, request: &request::Snapshot<'_>) -> Outcome<()>;
    /// Destroys snapshots of one pool; those that are not there are passed over.
    fn destroy_snapshots(&self, request: &request::DestroySnapshots<'_>) -> Outcome<()>;
    /// Bytes that destroying all snapshots from the first to the last would free.
    fn snapshot_range_space(&self, first: &SnapshotName, last: &SnapshotName) -> Outcome<u64>;
    /// Creates bookmarks of one pool, each of a snapshot or, since OpenZFS 2.0, of a bookmark.
    fn bookmark(&self, bookmarks: &[(BookmarkName, Base)]) -> Outcome<()>;
    /// Destroys bookmarks of one pool; those that are not there are passed over.
    fn destroy_bookmarks(&self, bookmarks: &[BookmarkName]) -> Outcome<()>;
    /// Holds snapshots of one pool, for good or for as long as `until` is open. Missing snapshots are refused with ENOENT, the rest is held.
    fn hold(&self, holds: &[(SnapshotName, HoldTag)], until: Option<&dyn Cleanup>) -> Outcome<()>;
    /// Releases holds of one pool.
    fn release(&self, holds: &[(SnapshotName, HoldTag)]) -> Outcome<()>;
    /// Writes a snapshot's stream to a descriptor.
    fn send(&self, request: &request::Send<'_>, to: BorrowedFd<'_>) -> Outcome<()>;
    /// Writes what an interrupted receive into a dataset has saved, as a stream.
    fn send_saved(&self, request: &request::SendSaved<'_>, to: BorrowedFd<'_>) -> Outcome<()>;
    /// Estimates the bytes such a send would write.
    fn send_space(&self, request: &request::Send<'_>) -> Outcome<u64>;
    /// Reads a stream, whose first record the caller has read already, from a descriptor.
    fn receive(&self, request: &request::Receive<'_>, from: BorrowedFd<'_>) -> Outcome<Received>;
    /// Makes a bookmark that tells what of a snapshot a redacted send leaves out.
    fn redact(&self, request: &request::Redact<'_>) -> Outcome<()>;
}

/// What libzfs_core offers for encryption.
pub trait Keys {
    /// Loads the wrapping key of an encryption root, or only checks whether it is the right one.
    fn load_key(&self, root: &DatasetName, key: &WrappingKey, check_only: bool) -> Outcome<()>;
    /// Forgets the wrapping key of an encryption root.
    fn unload_key(&self, root: &DatasetName) -> Outcome<()>;
    /// Wraps the master key of a dataset anew.
    fn change_key(&self, request: &request::ChangeKey<'_>) -> Outcome<()>;
}

/// What only `/dev/zfs` answers.
pub trait Device: Send + Sync + Debug {
    /// The imported pools: name → configuration.
    fn pools(&self) -> Outcome<NvList>;
    /// The properties of a pool: name → `{value, source}`.
    fn pool_properties(&self, of: &PoolName) -> Outcome<NvList>;
    /// Identity and kind of one object.
    fn stats(&self, of: Object<'_>) -> Outcome<Stats>;
    /// The same, and all properties that are set, inherited or computed: name → `{value, source}`.
    fn properties(&self, of: Object<'_>) -> Outcome<(Stats, NvList)>;
    /// The configuration and state of a pool, the features it uses among it.
    fn pool_status(&self, of: &PoolName) -> Outcome<NvList>;
    /// Starts, stops or suspends writing a pattern to the free space of devices. By ioctl alone: the library's function of that name gained
    /// arguments without the library gaining a new version.
    fn initialize(&self, pool: &PoolName, order: VdevOrder, vdevs: &[Guid]) -> Outcome<()>;
    /// The dataset below `of` that follows the cursor; nothing at the end.
    fn next_child(&self, of: &DatasetName, after: Cursor, detail: Detail) -> Outcome<Option<Listed>>;
    /// The snapshot that follows a place in a dataset's list, which is in no particular order; nothing at the end.
    fn next_snapshot(&self, request: &request::NextSnapshot<'_>) -> Outcome<Option<Listed>>;
    /// All bookmarks of a dataset: short name → properties.
    fn bookmarks(&self, of: &DatasetName) -> Outcome<NvList>;
    /// The properties of one bookmark: name → `{value}`.
    fn bookmark_properties(&self, of: &BookmarkName) -> Outcome<NvList>;
    /// All holds of a snapshot: tag → seconds since 1970.
    fn holds(&self, of: &SnapshotName) -> Outcome<NvList>;
    /// Sets properties to values; those refused are named.
    fn set_properties(&self, of: &DatasetName, to: &NvList) -> Outcome<()>;
    /// Takes a property's local value away, so that the inherited one holds again or, if wished, one that came with a stream.
    fn inherit(&self, of: &DatasetName, property: &PropertyName, to_received: bool) -> Outcome<()>;
    /// The values that came with streams, also where others hide them: name → `{value, source}`.
    fn received_properties(&self, of: &DatasetName) -> Outcome<NvList>;
    /// Writes 24 bytes for each range of objects that differ between two points of one history to a pipe: kind, first and last object.
    fn changed_objects(&self, from: &SnapshotName, to: Object<'_>, into: BorrowedFd<'_>) -> Outcome<()>;
    /// What a filesystem or snapshot knows of one of its objects: ENOENT where there is none, ENOTSUP where it is nothing with a mode.
    fn object(&self, of: Object<'_>, number: u64) -> Outcome<ObjectStats>;
    /// The first object of a filesystem or snapshot whose number is above `after`; nothing at the end.
    fn next_object(&self, of: Object<'_>, after: u64) -> Outcome<Option<u64>>;
    /// The next event of the module, as seen through that handle; nothing where there is none yet and `wait` was not asked for.
    fn next_event(&self, through: &dyn Cleanup, wait: bool) -> Outcome<Option<EventRead>>;
    /// How far a running send of this process has come; `to` is the descriptor it writes to.
    fn send_progress(&self, of: &SnapshotName, to: BorrowedFd<'_>) -> Outcome<SendProgress>;
    /// A handle whose closing, however it happens, releases the holds tied to it.
    fn cleanup(&self) -> Outcome<Box<dyn Cleanup>>;
}

/// A handle of the kernel; holds tied to it go when it is dropped or its process dies.
pub trait Cleanup: Send + Sync + Debug {
    /// The descriptor to hand to the kernel.
    fn descriptor(&self) -> BorrowedFd<'_>;
}

/// Something that has properties and can be destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Object<'a> {
    /// A filesystem or volume.
    Dataset(&'a DatasetName),
    /// The hidden state of an interrupted incremental receive into that dataset.
    PartialReceive(&'a DatasetName),
    /// A snapshot.
    Snapshot(&'a SnapshotName),
}

impl Object<'_> {
    /// The name as the kernel wants it.
    pub fn path(&self) -> Cow<'_, str> {
        match self {
            Self::Dataset(name) => Cow::Borrowed(name.as_str()),
            // `recv_clone_name` in the kernel's dmu_recv.c, the same in every release.
            Self::PartialReceive(name) => Cow::Owned(format!("{name}/%recv")),
            Self::Snapshot(name) => Cow::Borrowed(name.as_str()),
        }
    }
}

impl<'a> From<&'a DatasetName> for Object<'a> {
    fn from(name: &'a DatasetName) -> Self {
        Self::Dataset(name)
    }
}

impl<'a> From<&'a SnapshotName> for Object<'a> {
    fn from(name: &'a SnapshotName) -> Self {
        Self::Snapshot(name)
    }
}

/// What a dataset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DatasetKind {
    /// A tree of files.
    Filesystem,
    /// A block device.
    Volume,
    /// Something of a kind this crate does not know, by the kernel's number (`dmu_objset_type_t`).
    Unknown(u32),
}

impl DatasetKind {
    /// The kind behind the kernel's number.
    pub fn from_number(number: u32) -> Self {
        match number {
            2 => Self::Filesystem,
            3 => Self::Volume,
            other => Self::Unknown(other),
        }
    }

    /// The kernel's number of the kind.
    pub fn number(self) -> u32 {
        match self {
            Self::Filesystem => 2,
            Self::Volume => 3,
            Self::Unknown(number) => number,
        }
    }
}

/// Where an incremental stream starts: both ends must have it, but the sender needs only its bookmark.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Base {
    /// A snapshot that is still there.
    Snapshot(SnapshotName),
    /// What is left of a snapshot.
    Bookmark(BookmarkName),
}

impl Base {
    /// The full name as text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Snapshot(name) => name.as_str(),
            Self::Bookmark(name) => name.as_str(),
        }
    }
}

bitflags::bitflags! {
    /// How blocks are put into a stream.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct SendFlags: u32 {
        /// Small blocks travel inside their record. Not for encrypted targets. OpenZFS 2.3 and 2.4 lose extended attributes by it: a spill block that
        /// is so small is sent to a place where no receiver finds it, and nobody is told.
        const EMBED = 1;
        /// Blocks above 128 KiB travel whole; once used for a dataset, needed for ever.
        const LARGE_BLOCK = 2;
        /// Compressed blocks travel as they lie on disk. Has no effect on blocks above 128 KiB without [`LARGE_BLOCK`](Self::LARGE_BLOCK).
        const COMPRESS = 4;
        /// Encrypted blocks travel encrypted; the key is not needed on either side.
        const RAW = 8;
    }
}

/// The point inside a stream from which an interrupted one goes on.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResumeAt {
    /// Object number of the first block to send.
    pub object: u64,
    /// Byte offset in that object.
    pub offset: u64,
    /// Bytes of the stream that the target has already: for estimates only.
    pub bytes: u64,
}

/// The key that wraps a dataset's master key.
pub type WrappingKey = [u8; 32];

/// The bytes of a stream's first record.
pub type BeginRecord = [u8; 312];

/// What a receive brought.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Bytes read from the descriptor.
    pub bytes: u64,
    /// Properties that could not be set, although the data was received.
    pub property_errors: Vec<(String, Errno)>,
}

/// Identity and kind of a dataset or snapshot, as cheap as the kernel gives it.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// Identity.
    pub guid: Guid,
    /// Order inside the pool.
    pub createtxg: Txg,
    /// Filesystem or volume.
    pub kind: DatasetKind,
    /// Whether a receive into it was begun and not finished.
    pub inconsistent: bool,
    /// Number of clones grown from it.
    pub clones: u64,
    /// The snapshot it grew from, if it is a clone.
    pub origin: Option<String>,
}

/// One entry of a listing.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Full name as the kernel gave it.
    pub name: String,
    /// Identity and kind.
    pub stats: Stats,
    /// Properties, where they were asked for.
    pub properties: Option<NvList>,
    /// Where the listing goes on.
    pub cursor: Cursor,
}

/// A place in a listing.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor(pub u64);

/// How much of each entry is fetched.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Name and [`Stats`]: cheap.
    Stats,
    /// All properties as well: several times the cost.
    Properties,
}

/// How far a send has come.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendProgress {
    /// Bytes written to the descriptor.
    pub bytes: u64,
    /// Blocks looked at.
    pub blocks: u64,
}

/// What a filesystem knows of one of its objects.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectStats {
    /// Where it lies, as the kernel writes it: `/` is the filesystem's root. Not told for what is unlinked, and not for what has several names of
    /// which the one that the kernel remembers is gone.
    pub path: Option<PathBuf>,
    /// Kind and permissions, as of stat(2).
    pub mode: u64,
    /// Number of names.
    pub links: u64,
    /// The transaction group it was made in: an object number that was used again has another.
    pub generation: u64,
    /// When it was last changed, in seconds and nanoseconds since 1970.
    pub changed: (u64, u64),
}

/// An event of the module.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq)]
pub struct EventRead {
    /// What happened.
    pub list: NvList,
    /// Events that were lost before it, because the module keeps only so many.
    pub lost: u64,
}

/// What a channel program left behind.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// How it failed, if it did.
    pub errno: Option<Errno>,
    /// Its `return`, or its `error` as text.
    pub output: NvList,
}
