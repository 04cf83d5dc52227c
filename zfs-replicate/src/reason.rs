//! I am why.
//!
//! Every decision carries one of these values: evidence as fields, one sentence as `Display`, and a code that scripts may rely on. What to do
//! about it is said by the command line, which knows the reader.

use serde::{Deserialize, Serialize};
use zfs_rs::identity::{Guid, Txg};
use zfs_rs::name::{DatasetName, SnapshotName};

use crate::view::{Origin, Version, text};

/// One of the two sides of a replication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Where the data comes from.
    #[error("source")]
    Source,
    /// Where it goes.
    #[error("target")]
    Target,
}

/// A snapshot as evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{name} (guid {guid})")]
pub struct Evidence {
    /// Its full name on the side where it was seen.
    #[serde(with = "text")]
    pub name: SnapshotName,
    /// Identity.
    #[serde(with = "text")]
    pub guid: Guid,
    /// Order on the side where it was seen.
    #[serde(with = "text")]
    pub createtxg: Txg,
}

/// Why a dataset is replicated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "code")]
#[non_exhaustive]
pub enum Selected {
    /// It was named.
    #[error("it was named")]
    Named,
    /// It lies below the one that was named.
    #[error("it lies below the dataset that was named")]
    Below,
}

/// Why a dataset is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "code")]
#[non_exhaustive]
pub enum Skipped {
    /// Only the named dataset was asked for.
    #[error("only the dataset itself was asked for, not what lies below")]
    NotRecursive,
}

/// Why nothing can be done for a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "code")]
#[non_exhaustive]
pub enum Blocked {
    /// The source has nothing to send.
    #[error("the source has no snapshot")]
    NoSnapshots,
    /// The dataset above is not on the target and will not be after this run.
    #[error("its parent {parent} is not on the target")]
    ParentMissing {
        /// The parent's name on the target.
        parent: String,
    },
    /// The target has what the source has not: to go on, something there would have to be destroyed.
    #[error(
        "the target has {} of its own{}",
        count(beyond.len(), "snapshot"),
        common.as_ref().map_or_else(|| " and none in common with the source".to_owned(), |base| format!(" since {base}"))
    )]
    Diverged {
        /// The newest snapshot that both have, as the target names it.
        common: Option<Evidence>,
        /// What the target has beyond that, oldest first.
        beyond: Vec<Evidence>,
    },
    /// A snapshot of the target has the name of one that must be received, and is another.
    #[error("the target has another snapshot of the name {name}: guid {target}, the source's is {source_guid}")]
    SnapshotNameTaken {
        /// The name on the target.
        #[serde(with = "text")]
        name: SnapshotName,
        /// Identity of the one to receive.
        #[serde(with = "text")]
        source_guid: Guid,
        /// Identity of the one in the way.
        #[serde(with = "text")]
        target: Guid,
    },
    /// The target was written to; receiving would roll that back.
    #[error("the target was changed since {since}: {bytes} bytes were written")]
    TargetModified {
        /// How much.
        bytes: u64,
        /// The newest snapshot on the target.
        since: Evidence,
    },
    /// A receive was interrupted and left nothing that can be resumed or aborted by its token.
    #[error("an interrupted receive left {dataset} unfinished and without a resume token")]
    TargetUnfinished {
        /// The dataset on the target.
        #[serde(with = "text")]
        dataset: DatasetName,
    },
    /// The source's dataset has a new name, and the target uses that name for something else.
    #[error("{from} should be renamed to {to}, where another dataset lies (guid {occupant})")]
    NameOccupied {
        /// Where the lineage lies on the target.
        #[serde(with = "text")]
        from: DatasetName,
        /// Where it should lie.
        #[serde(with = "text")]
        to: DatasetName,
        /// Identity of the dataset in the way.
        #[serde(with = "text")]
        occupant: Guid,
    },
    /// A key is needed and not loaded.
    #[error("the key of {root} is not loaded on the {side}")]
    KeyNotLoaded {
        /// Where.
        side: Side,
        /// The encryption root.
        #[serde(with = "text")]
        root: DatasetName,
    },
    /// What is encrypted on the source would lie readable on the target.
    #[error("it is encrypted on the source and would be stored unencrypted below {at}")]
    WouldStoreDecrypted {
        /// The unencrypted place on the target.
        #[serde(with = "text")]
        at: DatasetName,
    },
    /// The target was received raw; a stream that is not raw would ruin it.
    #[error("{dataset} was received raw and can only go on raw")]
    RawLineage {
        /// The dataset on the target.
        #[serde(with = "text")]
        dataset: DatasetName,
    },
    /// The target was not received raw; a raw stream cannot go on from it.
    #[error("{dataset} was not received raw and cannot go on raw")]
    NotRawLineage {
        /// The dataset on the target.
        #[serde(with = "text")]
        dataset: DatasetName,
    },
    /// A name would break the kernel's rules.
    #[error("{name:?} cannot be a name: {rule}")]
    Unnameable {
        /// The name that would be needed.
        name: String,
        /// The rule it breaks.
        rule: String,
    },
}

/// Why an interrupted receive is given up instead of resumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "code")]
#[non_exhaustive]
pub enum GivenUp {
    /// Its token says nothing.
    #[error("its resume token cannot be read: {fault}")]
    Unreadable {
        /// What is wrong with it.
        fault: String,
    },
    /// The snapshot it was receiving is not on the source any more.
    #[error("the snapshot it was receiving (guid {to}) is not on the source")]
    SnapshotGone {
        /// Identity of that snapshot.
        #[serde(with = "text")]
        to: Guid,
    },
    /// What it was sent from is not the newest that both have.
    #[error("what it was sent from (guid {from}) is not the newest snapshot in common")]
    BaseGone {
        /// Identity of the old base.
        #[serde(with = "text")]
        from: Guid,
    },
    /// Finishing it would leave out snapshots that come before.
    #[error("it would leave out older snapshots, from guid {next} on")]
    LeavesOut {
        /// Identity of the snapshot that comes next.
        #[serde(with = "text")]
        next: Guid,
    },
    /// It was begun raw and is now wanted otherwise, or the reverse.
    #[error("it was begun {}raw and the stream is now to be {}raw", not(*.was_raw), not(!*.was_raw))]
    RawDiffers {
        /// How it was begun.
        was_raw: bool,
    },
}

/// What a reader should know although it stops nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "code")]
#[non_exhaustive]
pub enum Note {
    /// A clone travels without its origin and takes its whole size on the target.
    #[error("it is a clone of {} and is sent in full, without sharing blocks with it", origin.name)]
    SentAsFull {
        /// The snapshot it grew from.
        origin: Origin,
    },
    /// The target was written to; the next increment will be refused.
    #[error("the target was changed since its newest snapshot ({bytes} bytes): the next increment will be refused")]
    TargetModified {
        /// How much.
        bytes: u64,
    },
    /// The estimates exceed what is free.
    #[error("up to here {need} bytes are estimated and {available} are available")]
    MayNotFit {
        /// Estimated bytes of this dataset and those before it.
        need: u64,
        /// What the target has left.
        available: u64,
    },
}

/// Why a dataset was not begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "code")]
#[non_exhaustive]
pub enum NotBegun {
    /// Another dataset, which had to come first, did not make it.
    #[error("{dataset} had to come first and did not get far enough")]
    Needs {
        /// The other dataset's name on the source.
        #[serde(with = "text")]
        dataset: DatasetName,
    },
    /// The run was ended before its turn.
    #[error("the run was cancelled before its turn")]
    Cancelled,
}

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
    /// Somebody else uses it.
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

/// How a dataset ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Outcome {
    /// Everything was there before.
    AtGoal,
    /// Everything is there now, proved.
    Replicated,
    /// Nothing could be done.
    Blocked {
        /// Why.
        why: Blocked,
    },
    /// It was not begun.
    NotBegun {
        /// Why.
        why: NotBegun,
    },
    /// It was begun and not finished.
    Failed {
        /// The snapshot being sent, if one was.
        #[serde(with = "text")]
        to: Option<SnapshotName>,
        /// What it was sent from; nothing for a full stream.
        from: Option<String>,
        /// Why.
        why: Broken,
    },
}

impl Outcome {
    /// Whether the target has all that it should have.
    pub fn is_at_goal(&self) -> bool {
        matches!(self, Self::AtGoal | Self::Replicated)
    }
}

impl From<&Version> for Evidence {
    fn from(version: &Version) -> Self {
        Self {
            name: version.name.clone(),
            guid: version.guid,
            createtxg: version.createtxg,
        }
    }
}

impl From<Failure> for Broken {
    fn from(cause: Failure) -> Self {
        Self { cause, echoes: Vec::new() }
    }
}

macro_rules! codes {
    ($type:ident { $($variant:ident => $code:literal,)+ }) => {
        impl $type {
            /// A word for scripts that stays the same from release to release; the `code` of the JSON form.
            pub fn code(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $code,)+
                }
            }
        }
    };
}

codes!(Selected { Named => "named", Below => "below", });
codes!(Skipped { NotRecursive => "not_recursive", });
codes!(Blocked {
    NoSnapshots => "no_snapshots",
    ParentMissing => "parent_missing",
    Diverged => "diverged",
    SnapshotNameTaken => "snapshot_name_taken",
    TargetModified => "target_modified",
    TargetUnfinished => "target_unfinished",
    NameOccupied => "name_occupied",
    KeyNotLoaded => "key_not_loaded",
    WouldStoreDecrypted => "would_store_decrypted",
    RawLineage => "raw_lineage",
    NotRawLineage => "not_raw_lineage",
    Unnameable => "unnameable",
});
codes!(GivenUp {
    Unreadable => "unreadable",
    SnapshotGone => "snapshot_gone",
    BaseGone => "base_gone",
    LeavesOut => "leaves_out",
    RawDiffers => "raw_differs",
});
codes!(Note {
    SentAsFull => "sent_as_full",
    TargetModified => "target_modified",
    MayNotFit => "may_not_fit",
});
codes!(NotBegun { Needs => "needs", Cancelled => "cancelled", });
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
    Cancelled => "cancelled",
    Stale => "stale",
    NotProved => "not_proved",
    OutOfTurn => "out_of_turn",
    Unexpected => "unexpected",
});

fn count(number: usize, noun: &str) -> String {
    match number {
        0 => format!("no {noun}"),
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

fn not(is: bool) -> &'static str {
    if is { "" } else { "not " }
}
