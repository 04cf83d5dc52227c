//! I am one side, wherever it lives.
//!
//! Today a side lives on this machine; one on another machine will answer the same questions. Before anything is changed, what the change
//! relies on is read again by GUID: a side never acts on a world that is not the planned one.

use std::os::fd::OwnedFd;

use zfs_rs::stream::ObjsetType;
use zfs_rs::{Backend, DatasetName, Error, ErrorKind, Guid, Incoming, OptionalExt as _, Receiving, SendFlags, Sending, Zfs};

use crate::plan::{AbortPartial, Kept, Placeholder, Rename, Transfer};
use crate::reason::{Failure, FailureKind, Part, Side};
use crate::view::{Base, Point, SavedReceive, StreamFlags};

mod around;
mod divergence;
pub(crate) mod guard;
mod look;
mod own;

pub(crate) use self::look::Again;
pub use self::look::Detail;

/// A side on this machine.
#[derive(Debug, Clone)]
pub struct Local {
    zfs: Zfs,
    side: Side,
}

/// What is on the target where a snapshot should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Identity of the snapshot of that name, if there is one.
    pub snapshot: Option<Guid>,
    /// What an interrupted receive of its dataset has saved, if that was asked for and there is one.
    pub partial: Option<SavedReceive>,
}

impl Local {
    /// A side that is reached by `zfs`.
    pub fn new(zfs: Zfs, side: Side) -> Self {
        Self { zfs, side }
    }

    /// The way to its kernel.
    pub(crate) fn backend(&self) -> &Backend {
        self.zfs.backend()
    }

    /// Renames a dataset.
    pub(crate) fn rename(&self, rename: &Rename) -> Result<(), Failure> {
        self.expect_dataset(Part::Rename, &rename.from, rename.guid)?;
        self.zfs
            .rename_dataset(&rename.from, &rename.to)
            .map_err(|error| self.failure(Part::Rename, &error))
    }

    /// Makes a placeholder; that there is one is success.
    ///
    /// It is never mounted and nobody writes to it. Its mount point is left as it is inherited, because what lies below inherits it too, for the day
    /// on which that is wanted.
    pub(crate) fn stand_in(&self, placeholder: &Placeholder) -> Result<(), Failure> {
        let failed = |error: Error| self.failure(Part::StandIn, &error);
        let order = self.zfs.create_filesystem(&placeholder.dataset).property("readonly", "on");
        let order = order.property("canmount", "off").property(PLACEHOLDER, "on");
        match order.create() {
            Err(error) if error.kind() == ErrorKind::Exists => {
                let there = self.zfs.properties(&placeholder.dataset).map_err(failed)?;
                if look::is_placeholder(&there, &placeholder.dataset) {
                    Ok(())
                } else {
                    Err(failed(error))
                }
            }
            made => made.map_err(failed),
        }
    }

    /// Gives up an interrupted receive; that there is none any more is success.
    pub(crate) fn abort_partial(&self, partial: &AbortPartial) -> Result<(), Failure> {
        let failed = |error: Error| self.failure(Part::Abort, &error);
        let Some(dataset) = self.zfs.dataset(&partial.dataset).optional().map_err(failed)? else {
            return Ok(());
        };
        if dataset.guid != partial.guid {
            return Err(self.stale(Part::Abort, partial.dataset.as_str(), partial.guid, Some(dataset.guid)));
        }
        self.zfs.abort_receive(&partial.dataset).optional().map(drop).map_err(failed)
    }

    /// Holds a snapshot for good; that it is held by that tag is success.
    pub(crate) fn keep(&self, kept: &Kept) -> Result<(), Failure> {
        self.expect_snapshot(Part::Hold, &kept.snapshot)?;
        match self.zfs.hold(&[(kept.snapshot.name.clone(), kept.tag.clone())]) {
            Err(error) if error.kind() != ErrorKind::Exists => Err(self.failure(Part::Hold, &error)),
            _ => Ok(()),
        }
    }

    /// Releases such a hold; that there is none is success.
    pub(crate) fn release(&self, kept: &Kept) -> Result<(), Failure> {
        let released = self.zfs.release(&[(kept.snapshot.name.clone(), kept.tag.clone())]).optional();
        released.map(drop).map_err(|error| self.failure(Part::Release, &error))
    }

    /// Reads afresh what is where a snapshot should be; and where it is not that one, what an interrupted receive has left. Kernels take longer for that.
    pub(crate) fn find(&self, wanted: &Point) -> Result<Found, Failure> {
        let failed = |error: Error| self.failure(Part::Confirm, &error);
        let snapshot = self.zfs.snapshot(&wanted.name).optional().map_err(failed)?.map(|info| info.guid);
        let token = if snapshot == Some(wanted.guid) {
            None
        } else {
            let read = self.zfs.receive_resume_token(wanted.name.dataset()).optional();
            read.map_err(failed)?.flatten()
        };
        let partial = token.and_then(|token| look::saved(&token).ok());
        Ok(Found { snapshot, partial })
    }

    /// Bytes a transfer will move, as far as the kernel can tell.
    pub(crate) fn estimate(&self, transfer: &Transfer) -> Option<u64> {
        self.order(transfer).estimate().ok()
    }

    /// Starts to send into a pipe.
    pub(crate) fn send(&self, transfer: &Transfer, to: OwnedFd) -> Result<Sending, Failure> {
        self.order(transfer).spawn_to(to).map_err(|error| self.failure(Part::Send, &error))
    }

    /// Starts to receive from a pipe what has been looked at already.
    pub(crate) fn receive(&self, transfer: &Transfer, stream: Incoming) -> Result<Receiving, Failure> {
        let mut order = self
            .zfs
            .receive(transfer.target.dataset())
            .named(transfer.target.short())
            .resumable(true);
        if transfer.is_birth() {
            for (property, value) in own_properties(&stream) {
                order = order.property(property, value);
            }
            // What goes on was marked when it was begun, if it was to be: of a stream in which no block is large, the token says that none may be.
            if transfer.resume.is_none() && !transfer.flags.large_block {
                order = order.property(WITHOUT_LARGE_BLOCKS, "on");
            }
        }
        // Kernels compare the origin's GUID with the stream's in the transaction that makes the clone (`dmu_recv_begin_check`), which no reading
        // before it could do better. One that was begun has grown from it already.
        if let (Some(origin), None) = (&transfer.origin, transfer.resume) {
            order = order.origin(origin.name.clone());
        }
        order.spawn_from(stream).map_err(|error| self.failure(Part::Receive, &error))
    }

    /// What a refusal means for a run.
    pub(crate) fn failure(&self, part: Part, error: &Error) -> Failure {
        Failure {
            side: self.side,
            part,
            object: error.object().to_owned(),
            kind: meaning(error.kind()),
            errno: error.errno().map(|errno| errno.0),
            detail: error.to_string(),
        }
    }

    fn order(&self, transfer: &Transfer) -> zfs_rs::SendRequest {
        let mut order = self.zfs.send(&transfer.to.name).flags(send_flags(transfer.flags));
        order = match &transfer.from {
            Some(Base::Snapshot(point)) => order.since(zfs_rs::Base::Snapshot(point.name.clone())),
            Some(Base::Bookmark { name, .. }) => order.since(zfs_rs::Base::Bookmark(name.clone())),
            None => order,
        };
        match transfer.resume {
            Some(at) => order.resume(zfs_rs::ResumeAt {
                object: at.object,
                offset: at.offset,
                bytes: at.bytes,
            }),
            None => order,
        }
    }

    fn expect_snapshot(&self, part: Part, point: &Point) -> Result<(), Failure> {
        let found = self
            .zfs
            .snapshot(&point.name)
            .optional()
            .map_err(|error| self.failure(part, &error))?;
        self.expect(part, point.name.as_str(), point.guid, found.map(|info| info.guid))
    }

    fn expect_dataset(&self, part: Part, name: &DatasetName, guid: Guid) -> Result<(), Failure> {
        let found = self.zfs.dataset(name).optional().map_err(|error| self.failure(part, &error))?;
        self.expect(part, name.as_str(), guid, found.map(|info| info.guid))
    }

    fn expect(&self, part: Part, object: &str, expected: Guid, found: Option<Guid>) -> Result<(), Failure> {
        if found == Some(expected) {
            Ok(())
        } else {
            Err(self.stale(part, object, expected, found))
        }
    }

    fn stale(&self, part: Part, object: &str, expected: Guid, found: Option<Guid>) -> Failure {
        Failure {
            side: self.side,
            part,
            object: object.to_owned(),
            kind: FailureKind::Stale { expected, found },
            errno: None,
            detail: String::new(),
        }
    }
}

/// What every dataset we make gets locally: it is a copy, never mounted and never written by this machine.
fn own_properties(stream: &Incoming) -> &'static [(&'static str, &'static str)] {
    if stream.begin().objset == ObjsetType::Volume {
        &[("readonly", "on"), ("volmode", "none")]
    } else {
        &[("readonly", "on"), ("canmount", "noauto")]
    }
}

fn send_flags(flags: StreamFlags) -> SendFlags {
    let mut set = SendFlags::empty();
    set.set(SendFlags::RAW, flags.raw);
    set.set(SendFlags::LARGE_BLOCK, flags.large_block);
    set.set(SendFlags::EMBED, flags.embed);
    set.set(SendFlags::COMPRESS, flags.compress);
    set
}

fn meaning(kind: ErrorKind) -> FailureKind {
    match kind {
        ErrorKind::NotFound | ErrorKind::NoModule | ErrorKind::NoLibrary => FailureKind::NotFound,
        ErrorKind::Exists => FailureKind::Exists,
        ErrorKind::Busy => FailureKind::Busy,
        ErrorKind::NoPermission => FailureKind::PermissionDenied,
        ErrorKind::ReadOnly => FailureKind::ReadOnly,
        ErrorKind::NoSpace => FailureKind::NoSpace,
        ErrorKind::QuotaExceeded => FailureKind::QuotaExceeded,
        ErrorKind::KeyUnavailable => FailureKind::KeyNotLoaded,
        ErrorKind::Unsupported { .. } => FailureKind::Unsupported,
        ErrorKind::TargetModified => FailureKind::TargetModified,
        ErrorKind::BaseMissing | ErrorKind::NotAncestor | ErrorKind::EncryptionMismatch | ErrorKind::Invalid | ErrorKind::NameTooLong => {
            FailureKind::Mismatch
        }
        ErrorKind::Corrupt => FailureKind::Damaged,
        ErrorKind::Truncated => FailureKind::Truncated,
        ErrorKind::Interrupted => FailureKind::Interrupted,
        ErrorKind::Io => FailureKind::Io,
        ErrorKind::TryAgain => FailureKind::TryAgain,
        _ => FailureKind::Unexpected,
    }
}

/// The user property that tells a placeholder from what was received.
const PLACEHOLDER: &str = "org.zfs-replicate:placeholder";
/// The user property of what was begun by a stream without large blocks: it goes on without.
const WITHOUT_LARGE_BLOCKS: &str = "org.zfs-replicate:without-large-blocks";
