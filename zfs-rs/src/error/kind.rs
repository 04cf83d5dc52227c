//! I am the one table from what was asked and the number that came back to what that means.

use std::fmt;

use super::{Operation, Release};
use crate::delegation;
use crate::errno::Errno;
use crate::word::write_word;

/// What kind of no it was: stable, to decide upon.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The object, or for a receive its parent or the base's dataset, is not there.
    NotFound,
    /// Something of that name is there already.
    Exists,
    /// In use: held, cloned, mounted, or a receive is running or was interrupted.
    Busy,
    /// Neither root nor delegated (`zfs allow`); see [`Error::missing`](crate::Error::missing).
    NoPermission,
    /// The pool is imported read-only.
    ReadOnly,
    /// The pool is full.
    NoSpace,
    /// A quota is reached.
    QuotaExceeded,
    /// The encryption key is not loaded, or is another.
    KeyUnavailable,
    /// The kernel module, the pool or the target lacks what is needed.
    Unsupported {
        /// The first release whose module has it; nothing where it is not the release that matters.
        needs: Option<Release>,
    },
    /// The base of an incremental stream is not on the target.
    BaseMissing,
    /// The base of an incremental send is no earlier point of the snapshot's history.
    NotAncestor,
    /// The target was written since the base, or has newer snapshots.
    TargetModified,
    /// A checksum in the stream is wrong.
    Corrupt,
    /// The stream ended before its end.
    Truncated,
    /// The other end of the pipe went away, or a signal came; what the kernel gives as one number.
    Interrupted,
    /// A block could not be read from or written to the pool's devices.
    Io,
    /// The pool is suspended, or a descriptor does not block.
    TryAgain,
    /// Encryption does not fit: IV sets of base and stream differ, or raw and not raw are mixed.
    EncryptionMismatch,
    /// Not allowed in this combination; for a receive, the stream does not fit its target.
    Invalid,
    /// The name that would result is too long.
    NameTooLong,
    /// `/dev/zfs` is not there or does not answer as one: the kernel module is not loaded.
    NoModule,
    /// libzfs_core cannot be used.
    NoLibrary,
    /// The key is not the one it was encrypted with.
    WrongKey,
    /// A channel program failed.
    ProgramFailed,
    /// What came back makes no sense to this crate.
    BadAnswer,
    /// Any other number; see [`Error::errno`](crate::Error::errno).
    #[cfg_attr(feature = "serde", serde(other))]
    Unknown,
}

fn is_busy(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::EBUSY
            | Errno::EALREADY
            | Errno::ZFS_ERR_DISCARDING_CHECKPOINT
            | Errno::ZFS_ERR_DEVRM_IN_PROGRESS
            | Errno::ZFS_ERR_EXPORT_IN_PROGRESS
            | Errno::ZFS_ERR_RESILVER_IN_PROGRESS
            | Errno::ZFS_ERR_REBUILD_IN_PROGRESS
    )
}

fn is_unsupported(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::ENOTSUP
            | Errno::ZFS_ERR_UNKNOWN_SEND_STREAM_FEATURE
            | Errno::ZFS_ERR_STREAM_LARGE_BLOCK_MISMATCH
            | Errno::ZFS_ERR_STREAM_LARGE_MICROZAP
            | Errno::ZFS_ERR_SPILL_BLOCK_FLAG_MISSING
            | Errno::ZFS_ERR_CRYPTO_NOTSUP
    )
}

impl ErrorKind {
    /// The one mapping from number to meaning.
    pub(super) fn of(operation: Operation, errno: Errno) -> Self {
        use Operation::{Diff, Estimate, Heal, LoadKey, Receive, Send};
        match (operation, errno) {
            (LoadKey, Errno::EACCES) => Self::WrongKey,
            (_, Errno::ZFS_ERR_NO_CHECKPOINT) => Self::NotFound,
            (_, Errno::ZFS_ERR_CHECKPOINT_EXISTS) => Self::Exists,
            (_, number) if is_busy(number) => Self::Busy,
            (_, Errno::ZFS_ERR_BOOKMARK_SOURCE_NOT_ANCESTOR) => Self::NotAncestor,
            (Send | Estimate | Diff, Errno::EXDEV) => Self::NotAncestor,
            // A bookmark that is gone is ESRCH to a send, a snapshot ENOENT (`dmu_send` in dmu_send.c).
            (_, Errno::ENOENT | Errno::ESRCH) => Self::NotFound,
            (Receive | Heal, Errno::ENODEV) => Self::BaseMissing,
            (Receive | Heal, Errno::ETXTBSY) => Self::TargetModified,
            (Receive | Heal, Errno::ZFS_ERR_FROM_IVSET_GUID_MISSING | Errno::ZFS_ERR_FROM_IVSET_GUID_MISMATCH) => Self::EncryptionMismatch,
            (_, Errno::EEXIST | Errno::ZFS_ERR_RESUME_EXISTS) => Self::Exists,
            (_, Errno::EPERM) => Self::NoPermission,
            // What root's pool does not let anybody be delegated (`dsl_deleg_access_impl` in dsl_deleg.c).
            (operation, Errno::ECANCELED) if delegation::is_delegable(operation) => Self::NoPermission,
            (_, Errno::EROFS) => Self::ReadOnly,
            (_, Errno::ENOSPC) => Self::NoSpace,
            (_, Errno::EDQUOT) => Self::QuotaExceeded,
            (_, Errno::EACCES) => Self::KeyUnavailable,
            (_, Errno::ECKSUM) => Self::Corrupt,
            (_, Errno::ZFS_ERR_STREAM_TRUNCATED) => Self::Truncated,
            // A send whose reader went away says EPIPE on the first record only and EINTR after (`dump_bytes` in zfs_file_os.c, 2.1 and 2.3).
            (_, Errno::EINTR | Errno::EPIPE) => Self::Interrupted,
            (_, Errno::EIO) => Self::Io,
            (_, Errno::EAGAIN) => Self::TryAgain,
            (_, Errno::ENAMETOOLONG) => Self::NameTooLong,
            (
                _,
                Errno::EINVAL
                | Errno::ZFS_ERR_WRONG_PARENT
                | Errno::EXDEV
                | Errno::ZFS_ERR_IOC_ARG_REQUIRED
                | Errno::ZFS_ERR_IOC_ARG_BADTYPE,
            ) => Self::Invalid,
            (_, Errno::EFAULT) => Self::BadAnswer,
            (_, Errno::ENOTTY) => Self::NoModule,
            (_, Errno::ZFS_ERR_IOC_CMD_UNAVAIL | Errno::ZFS_ERR_IOC_ARG_UNAVAIL) => Self::Unsupported {
                needs: Some(operation.since()).filter(|since| *since > Release::V2_0),
            },
            (_, number) if is_unsupported(number) => Self::Unsupported { needs: None },
            _ => Self::Unknown,
        }
    }

    /// The meaning where the number alone would mislead.
    pub(super) fn meaning(self, operation: Operation) -> Option<&'static str> {
        Some(match (self, operation) {
            (Self::NotFound, Operation::Receive) => "its parent, or the dataset to receive the increment into, does not exist",
            (Self::NotFound, Operation::Send | Operation::Estimate) => "the snapshot or the base does not exist",
            (Self::Busy, Operation::Receive) => "another receive is running or was interrupted there",
            (Self::Busy, Operation::Destroy) => "it is mounted, held, cloned or has snapshots",
            (Self::Exists, Operation::Rollback) => "there are newer snapshots",
            (Self::Exists, Operation::Promote) => "a snapshot of its origin has the name of one of its own",
            (Self::Exists, Operation::LoadKey) => "its key is loaded already",
            (Self::WrongKey, _) => "that is not its key",
            (Self::BaseMissing, _) => "the base of the increment is not on the target",
            (Self::TargetModified, _) => "the target was modified after the base of the increment",
            (Self::NotAncestor, _) => "the base is no earlier point of its history",
            (Self::Interrupted, Operation::Send) => "the reader of the stream went away",
            (Self::KeyUnavailable, _) => "its encryption key is not loaded",
            (Self::NoPermission, _) => "permission denied",
            (Self::ReadOnly, _) => "the pool is imported read-only",
            (Self::NoSpace, _) => "the pool is out of space",
            (Self::Unsupported { needs: None }, Operation::Receive) => "the target pool or kernel lacks a feature of the stream",
            (Self::Io, Operation::Receive) => "a block could not be written, or not be decompressed",
            (Self::EncryptionMismatch, _) => "the encryption of stream and target do not fit",
            (Self::Invalid, Operation::Receive) => "the stream does not fit the target",
            _ => return None,
        })
    }
}

/// One word: `not_found`.
impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_word(f, self)
    }
}
