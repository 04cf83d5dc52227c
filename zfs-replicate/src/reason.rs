//! I am why.
//!
//! Every decision carries one of these values: evidence as fields, one sentence as `Display`, and a code that scripts may rely on. What to do
//! about it is said by the command line, which knows the reader.

use serde::{Deserialize, Serialize};
use zfs_rs::identity::{Guid, Txg};
use zfs_rs::name::{DatasetName, SnapshotName};

use crate::view::{Origin, Version, text};

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

mod failure;

pub use failure::{Broken, Failure, FailureKind, Part};

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
    /// The target uses the name for a dataset that belongs elsewhere and cannot be moved there.
    #[error(
        "{} {to}, where another dataset lies (guid {occupant})",
        from.as_ref().map_or_else(|| "it belongs at".to_owned(), |from| format!("{from} should be renamed to"))
    )]
    NameOccupied {
        /// Where its past lies on the target; nothing if it is new there.
        #[serde(with = "text")]
        from: Option<DatasetName>,
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
    #[error("{} is not the newest snapshot in common", from.map_or_else(|| "the nothing it was sent from".to_owned(), |guid| format!("what it was sent from (guid {guid})")))]
    BaseGone {
        /// Identity of the old base; nothing if it was a full stream.
        #[serde(with = "text")]
        from: Option<Guid>,
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
