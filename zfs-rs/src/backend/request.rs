//! I am an order to the kernel, in names and flags.

use super::{Base, BeginRecord, Cursor, DatasetKind, Detail, ResumeAt, SendFlags, VdevOrder, WrappingKey};
use crate::identity::{Guid, Txg};
use crate::name::{BookmarkName, DatasetName, PoolName, SnapshotName};
use crate::nvlist::NvList;

/// An order to create a filesystem or volume.
#[derive(Debug, Clone, Copy)]
pub struct Create<'a> {
    /// Its name; the parent must exist.
    pub name: &'a DatasetName,
    /// Filesystem or volume.
    pub kind: DatasetKind,
    /// Properties to set; a volume needs `volsize`.
    pub properties: &'a NvList,
    /// The wrapping key for a dataset that becomes an encryption root.
    pub key: Option<&'a WrappingKey>,
}

/// An order to create a filesystem or volume that grows from a snapshot.
#[derive(Debug, Clone, Copy)]
pub struct Clone<'a> {
    /// Its name; the parent must exist, in the snapshot's pool.
    pub name: &'a DatasetName,
    /// What it grows from.
    pub origin: &'a SnapshotName,
    /// Properties to set.
    pub properties: &'a NvList,
}

/// An order to create snapshots.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'a> {
    /// All of one pool, at most one for each dataset.
    pub names: &'a [SnapshotName],
    /// User properties for all of them.
    pub properties: &'a NvList,
}

/// An order to destroy snapshots.
#[derive(Debug, Clone, Copy)]
pub struct DestroySnapshots<'a> {
    /// All of one pool.
    pub names: &'a [SnapshotName],
    /// Whether held or cloned ones go when their last hold or clone goes, instead of being refused.
    pub defer: bool,
}

/// An order to send.
#[derive(Debug, Clone, Copy)]
pub struct Send<'a> {
    /// What to send.
    pub snapshot: &'a SnapshotName,
    /// Where the stream starts; the beginning of time if nothing.
    pub from: Option<&'a Base>,
    /// How blocks are written.
    pub flags: SendFlags,
    /// Where an interrupted stream goes on.
    pub resume: Option<ResumeAt>,
    /// What the stream leaves out.
    pub redaction: Option<&'a BookmarkName>,
}

/// An order to send what an interrupted receive has saved.
#[derive(Debug, Clone, Copy)]
pub struct SendSaved<'a> {
    /// Where it was received.
    pub dataset: &'a DatasetName,
    /// What the receive had as its base, by its name there; nothing for what was sent in full.
    pub from: Option<&'a Base>,
    /// How blocks are written.
    pub flags: SendFlags,
    /// Where an interrupted stream of the same goes on.
    pub resume: Option<ResumeAt>,
}

/// An order to receive.
#[derive(Debug, Clone, Copy)]
pub struct Receive<'a> {
    /// The snapshot that will exist afterwards; its dataset is the target.
    pub snapshot: &'a SnapshotName,
    /// The stream's first record, exactly as it was read.
    pub begin: &'a BeginRecord,
    /// For a stream that is a clone: the snapshot it grows from.
    pub origin: Option<&'a SnapshotName>,
    /// Properties set as if received.
    pub received: &'a NvList,
    /// Properties set locally.
    pub local: &'a NvList,
    /// Whether an interruption leaves a partial state that can be resumed. A resumed receive without it loses the state at the next
    /// interruption.
    pub resumable: bool,
    /// Whether the target is rolled back to the base first, and what is newer there destroyed.
    pub roll_back: bool,
    /// Whether the stream is of a snapshot that is there, whose damaged blocks it is to mend. Since OpenZFS 2.2.
    pub heal: bool,
    /// The wrapping key, where a stream that is not encrypted is to become an encryption root.
    pub key: Option<&'a WrappingKey>,
}

/// An order to make a redaction bookmark.
#[derive(Debug, Clone, Copy)]
pub struct Redact<'a> {
    /// What will be sent without what was changed since.
    pub snapshot: &'a SnapshotName,
    /// The bookmark to make, of the same dataset.
    pub bookmark: &'a BookmarkName,
    /// Snapshots of clones of it: what they changed is left out.
    pub clones: &'a [SnapshotName],
}

/// An order to wrap a master key anew.
#[derive(Debug, Clone, Copy)]
pub struct ChangeKey<'a> {
    /// Whose.
    pub dataset: &'a DatasetName,
    /// By what.
    pub to: KeyChange<'a>,
}

/// What wraps a master key from now on.
#[derive(Debug, Clone, Copy)]
pub enum KeyChange<'a> {
    /// A key of its own: it becomes or stays an encryption root.
    New {
        /// `keyformat`, `keylocation`, `pbkdf2iters` and `pbkdf2salt`, as far as they change.
        properties: &'a NvList,
        /// The key.
        key: &'a WrappingKey,
    },
    /// The key of its parent.
    Inherit,
    /// The key of its parent, without the keys being loaded: after raw receives, when the master key is wrapped so already.
    ForceInherit,
}

/// An order to trim.
#[derive(Debug, Clone, Copy)]
pub struct Trim<'a> {
    /// The pool.
    pub pool: &'a PoolName,
    /// Begin or end.
    pub order: VdevOrder,
    /// Which of its devices.
    pub devices: &'a [Guid],
    /// Bytes a second at the most; nothing for no limit.
    pub rate: Option<u64>,
    /// Whether the device must make the data unreadable.
    pub secure: bool,
}

/// An order to run a channel program.
#[derive(Debug, Clone, Copy)]
pub struct Program<'a> {
    /// The pool it works on.
    pub pool: &'a PoolName,
    /// Its text, in Lua.
    pub program: &'a str,
    /// What it is given.
    pub argument: &'a NvList,
    /// Lua instructions after which it is ended.
    pub instructions_max: u64,
    /// Bytes of memory beyond which it is ended.
    pub memory_max: u64,
    /// Whether it may change anything; it then runs in a transaction group, all of it or nothing.
    pub sync: bool,
}

/// A question for the next snapshot of a dataset.
#[derive(Debug, Clone, Copy)]
pub struct NextSnapshot<'a> {
    /// Whose snapshots.
    pub of: &'a DatasetName,
    /// Where the listing goes on.
    pub after: Cursor,
    /// How much of it is fetched.
    pub detail: Detail,
    /// None that is older: the kernel passes them over inside the call.
    pub min_txg: Option<Txg>,
    /// None that is younger, likewise.
    pub max_txg: Option<Txg>,
}

impl<'a> NextSnapshot<'a> {
    /// Whatever comes next.
    pub fn any(of: &'a DatasetName, after: Cursor, detail: Detail) -> Self {
        Self {
            of,
            after,
            detail,
            min_txg: None,
            max_txg: None,
        }
    }
}
