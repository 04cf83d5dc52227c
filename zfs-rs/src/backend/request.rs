//! I am an order to the kernel, in names and flags.

use super::{Base, BeginRecord, DatasetKind, ResumeAt, SendFlags};
use crate::name::{DatasetName, SnapshotName};
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
    pub key: Option<&'a [u8; 32]>,
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
}
