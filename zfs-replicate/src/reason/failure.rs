//! I am what went wrong while something was done: where, at what, of which kind.

use serde::{Deserialize, Serialize};
use zfs_rs::identity::Guid;

use crate::reason::Side;
use crate::view::text;

/// Which part of the work went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Part {
    /// Reading what a side has.
    #[error("look")]
    Look,
    /// Protecting snapshots for the time of the run.
    #[error("hold")]
    Hold,
    /// Making a placeholder.
    #[error("placeholder")]
    StandIn,
    /// Setting aside on the target.
    #[error("set aside")]
    SetAside,
    /// Rolling back on the target.
    #[error("roll back")]
    RollBack,
    /// Renaming on the target.
    #[error("rename")]
    Rename,
    /// Giving up a partial receive.
    #[error("abort")]
    Abort,
    /// Making or removing a cursor bookmark.
    #[error("mark")]
    Mark,
    /// The sending kernel.
    #[error("send")]
    Send,
    /// What carries bytes between the two.
    #[error("link")]
    Link,
    /// The receiving kernel.
    #[error("receive")]
    Receive,
    /// Reading back what was received.
    #[error("confirm")]
    Confirm,
    /// Releasing what was kept for a partial receive.
    #[error("release")]
    Release,
    /// Putting the parts in order.
    #[error("run")]
    Run,
}

/// What kind of failure it was, the same for every operating system and release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "code")]
#[non_exhaustive]
pub enum FailureKind {
    /// The pool is full.
    #[error("no space left")]
    NoSpace,
    /// A quota is used up.
    #[error("quota exceeded")]
    QuotaExceeded,
    /// The user may not.
    #[error("permission denied")]
    PermissionDenied,
    /// Somebody else uses it, or did until now.
    #[error("busy")]
    Busy,
    /// It is not there.
    #[error("not found")]
    NotFound,
    /// It is there already.
    #[error("exists already")]
    Exists,
    /// The pool is read-only.
    #[error("read-only")]
    ReadOnly,
    /// A key is needed.
    #[error("key not loaded")]
    KeyNotLoaded,
    /// The target head was written to.
    #[error("target was changed")]
    TargetModified,
    /// The stream does not fit what the target has.
    #[error("stream does not fit the target")]
    Mismatch,
    /// The stream ended early.
    #[error("stream ended early")]
    Truncated,
    /// The other end went away, or a signal came: the kernel has one number for both.
    #[error("the other end went away")]
    Interrupted,
    /// The stream was damaged.
    #[error("stream is damaged")]
    Damaged,
    /// The kernel or pool cannot.
    #[error("not supported")]
    Unsupported,
    /// The pool or a device does not answer.
    #[error("input or output error")]
    Io,
    /// The pool is suspended, or what was asked for would have had to wait.
    #[error("not possible now")]
    TryAgain,
    /// The run was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The world changed between planning and doing.
    #[error("guid {expected} was expected and {} found", found.map_or_else(|| "nothing was".to_owned(), |guid| guid.to_string()))]
    Stale {
        /// What the plan relied on.
        #[serde(with = "text")]
        expected: Guid,
        /// What was there.
        #[serde(with = "text")]
        found: Option<Guid>,
    },
    /// The target has something else than the plan lists, and what the plan lists is all that may be lost; the detail tells the difference.
    #[error("the target is not as the plan lists it")]
    Moved,
    /// The transfer reported success and the snapshot is not there.
    #[error("not proved: guid {expected} was expected and {} found", found.map_or_else(|| "nothing was".to_owned(), |guid| guid.to_string()))]
    NotProved {
        /// What should be there.
        #[serde(with = "text")]
        expected: Guid,
        /// What is there.
        #[serde(with = "text")]
        found: Option<Guid>,
    },
    /// An answer came that does not belong to what was asked.
    #[error("the answer does not belong to what was asked")]
    OutOfTurn,
    /// A number without a meaning of ours; the errno tells.
    #[error("unexpected refusal")]
    Unexpected,
}

/// Something that went wrong, with everything that is known about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{object} on the {side}: {part}: {kind}{}", if detail.is_empty() { String::new() } else { format!(" ({detail})") })]
pub struct Failure {
    /// Where.
    pub side: Side,
    /// At what.
    pub part: Part,
    /// The name of what it concerns.
    pub object: String,
    /// What it means.
    pub kind: FailureKind,
    /// The kernel's number, where there was one.
    pub errno: Option<i32>,
    /// What the layer below said, word for word; may be empty.
    pub detail: String,
}

/// A failed transfer: the first cause, and what only followed from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{cause}")]
pub struct Broken {
    /// The first cause.
    pub cause: Failure,
    /// What the other parts said because of it.
    pub echoes: Vec<Failure>,
}

impl From<Failure> for Broken {
    fn from(cause: Failure) -> Self {
        Self { cause, echoes: Vec::new() }
    }
}

codes!(FailureKind {
    NoSpace => "no_space",
    QuotaExceeded => "quota_exceeded",
    PermissionDenied => "permission_denied",
    Busy => "busy",
    NotFound => "not_found",
    Exists => "exists",
    ReadOnly => "read_only",
    KeyNotLoaded => "key_not_loaded",
    TargetModified => "target_modified",
    Mismatch => "mismatch",
    Truncated => "truncated",
    Interrupted => "interrupted",
    Damaged => "damaged",
    Unsupported => "unsupported",
    Io => "io",
    TryAgain => "try_again",
    Cancelled => "cancelled",
    Stale => "stale",
    Moved => "moved",
    NotProved => "not_proved",
    OutOfTurn => "out_of_turn",
    Unexpected => "unexpected",
});
