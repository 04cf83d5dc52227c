//! I am why.
//!
//! Every decision carries one of these values: evidence as fields, one sentence as `Display`, and a code that scripts may rely on. What to do
//! about it is said by the command line, which knows the reader.

use serde::{Deserialize, Serialize};
use zfs_rs::identity::{Guid, Txg};
use zfs_rs::name::{DatasetName, PoolName, SnapshotName};

use self::span::Span;
use crate::view::{Origin, Quota, Version, text};

macro_rules! codes {
    ($type:ident { $($variant:ident => $code:literal,)+ }) => {
        impl $type {
            /// A word for scripts that stays the same from release to release; the `code` of the JSON form.
            pub fn code(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $code,)+
                }
            }

            /// All of them, for the table of codes.
            #[cfg(test)]
            pub(crate) const CODES: &[&str] = &[$($code),+];
        }
    };
}
pub(crate) use codes;

mod failure;
mod span;
mod unresolved;

pub use failure::{Broken, Failure, FailureKind, Part};
pub use unresolved::Unresolved;

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "code")]
#[non_exhaustive]
pub enum Selected {
    /// It was named.
    #[error("it was named")]
    Named,
    /// It lies below the one that was named.
    #[error("it lies below the dataset that was named")]
    Below,
    /// A pattern includes it, or what lies above.
    #[error("the pattern {pattern} includes it")]
    Included {
        /// The pattern.
        pattern: String,
    },
    /// It is left alone, but something below it is replicated, and the target has no place for that.
    #[error("it is left alone, and what lies below it needs a place")]
    Above,
}

/// Why a dataset is left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "code")]
#[non_exhaustive]
pub enum Skipped {
    /// Only the named dataset was asked for.
    #[error("only the dataset itself was asked for, not what lies below")]
    NotRecursive,
    /// A pattern excludes it, or what lies above.
    #[error("the pattern {pattern} excludes it")]
    Excluded {
        /// The pattern.
        pattern: String,
    },
    /// Patterns say what to include, and none includes it.
    #[error("no pattern includes it")]
    NotIncluded,
    /// A user property does not have the value that is asked for.
    #[error("{name} is {}, not {wanted}", found.as_deref().unwrap_or("not set"))]
    Property {
        /// The property.
        name: String,
        /// The value that is asked for.
        wanted: String,
        /// The value it has, if it has one.
        found: Option<String>,
    },
}

/// Why a snapshot is not wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "code")]
#[non_exhaustive]
pub enum Unwanted {
    /// A pattern excludes it.
    #[error("the pattern {pattern} excludes it")]
    Excluded {
        /// The pattern.
        pattern: String,
    },
    /// Patterns say what to include, and none includes it.
    #[error("no pattern includes it")]
    NotIncluded,
    /// It was made too long ago.
    #[error("it is {} old, and only what is newer than {} is wanted", Span(*.age), Span(*.newer_than))]
    TooOld {
        /// How old it is, in seconds.
        age: u64,
        /// How old it may not yet be, in seconds.
        newer_than: u64,
    },
    /// It was made too short a time ago.
    #[error("it is {} old, and only what is older than {} is wanted", Span(*.age), Span(*.older_than))]
    TooYoung {
        /// How old it is, in seconds.
        age: u64,
        /// How old it must be more than, in seconds.
        older_than: u64,
    },
    /// Ages are asked for, and it was gone when it was looked at.
    #[error("when it was made could not be read")]
    AgeUnknown,
    /// A user property does not have the value that is asked for.
    #[error("{name} is {}, not {wanted}", found.as_deref().unwrap_or("not set"))]
    Property {
        /// The property.
        name: String,
        /// The value that is asked for.
        wanted: String,
        /// The value it has, if it has one.
        found: Option<String>,
    },
}

/// Why nothing can be done for a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "code")]
#[non_exhaustive]
pub enum Blocked {
    /// The source has nothing to send.
    #[error("the source has no snapshot")]
    NoSnapshots,
    /// What the source has is left out, all of it.
    #[error("what is wanted of snapshots leaves out {}", if *.snapshots == 1 { "the only one".to_owned() } else { format!("all {snapshots}") })]
    NoneChosen {
        /// How many there are.
        snapshots: usize,
    },
    /// The dataset above is not on the target and will not be after this run.
    #[error("its parent {parent} is not on the target")]
    ParentMissing {
        /// The parent's name on the target.
        parent: String,
    },
    /// What lies there was made by us, empty, when the dataset was left alone. Nothing can be received over it but by force.
    #[error("{dataset} is an empty placeholder, made when this dataset was left alone")]
    PlaceholderInTheWay {
        /// The placeholder on the target.
        #[serde(with = "text")]
        dataset: DatasetName,
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
    /// It diverged, and what was asked for then cannot be done.
    #[error("{diverged}; {why}")]
    Unresolved {
        /// How it diverged.
        diverged: Box<Self>,
        /// What stands in the way.
        why: Box<Unresolved>,
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
    /// It would have to move away from the dataset that it has its key from.
    #[error("{from} should be renamed to {to}, and has its key from {root}, which does not lie above that")]
    BoundToKey {
        /// Where it lies on the target.
        #[serde(with = "text")]
        from: DatasetName,
        /// Where it should lie.
        #[serde(with = "text")]
        to: DatasetName,
        /// Its encryption root.
        #[serde(with = "text")]
        root: DatasetName,
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
    /// The target's pool cannot take what would be sent.
    #[error("pool {pool} lacks {feature}, without which nothing of it can be received there")]
    PoolLacks {
        /// The target's pool.
        #[serde(with = "text")]
        pool: PoolName,
        /// The feature, by the name that `zpool get` has behind `feature@`.
        feature: String,
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
    /// The snapshot it was receiving is not wanted any more.
    #[error("what is wanted of snapshots leaves out the one it was receiving (guid {to})")]
    NotChosen {
        /// Identity of that snapshot.
        #[serde(with = "text")]
        to: Guid,
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
    /// The estimates exceed what is free, or what a quota leaves.
    #[error(
        "up to here {need} bytes are estimated to come to {dataset}, {}",
        quota.as_ref().map_or_else(
            || format!("where {available} are available"),
            |quota| format!("whose {} of {} bytes leaves {available}", quota.kind.property(), quota.limit)
        )
    )]
    MayNotFit {
        /// The dataset of the target in which, or below which, there is too little room.
        #[serde(with = "text")]
        dataset: DatasetName,
        /// The quota that leaves so little; nothing where it is what lies above, or the pool.
        quota: Option<Quota>,
        /// Estimated bytes that come there, of this dataset and those before it.
        need: u64,
        /// What there is.
        available: u64,
    },
    /// Blocks above 128 KiB travel in pieces, as the target's pool cannot take them whole.
    #[error("sent without large blocks because pool {pool} lacks large_blocks")]
    WithoutLargeBlocks {
        /// The target's pool.
        #[serde(with = "text")]
        pool: PoolName,
    },
    /// The same, as the copy was begun when its pool could not take them: within one copy that never changes.
    #[error("sent without large blocks because {dataset} was begun so")]
    BegunWithoutLargeBlocks {
        /// The dataset on the target that the streams go on from.
        #[serde(with = "text")]
        dataset: DatasetName,
    },
    /// Blocks travel decompressed.
    #[error("sent uncompressed because pool {pool} lacks {feature}")]
    Uncompressed {
        /// The target's pool.
        #[serde(with = "text")]
        pool: PoolName,
        /// What its blocks may be compressed by, by the name that `zpool get` has behind `feature@`.
        feature: String,
    },
    /// The source's pool uses a feature that the target's lacks; whether this dataset does, only the kernel knows that sends it.
    #[error("if it uses {feature}, as something in its pool does, it will be refused: pool {pool} lacks that")]
    MayNeed {
        /// The target's pool.
        #[serde(with = "text")]
        pool: PoolName,
        /// The feature, by the name that `zpool get` has behind `feature@`.
        feature: String,
    },
}

/// What becomes of a snapshot of the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "code")]
#[non_exhaustive]
pub enum Fate {
    /// The target has it.
    #[error("the target has it as {name}")]
    There {
        /// Its name there.
        #[serde(with = "text")]
        name: SnapshotName,
    },
    /// It is to be sent.
    #[error(
        "to be sent{}{}",
        from.as_ref().map_or_else(|| " in full".to_owned(), |from| format!(" as an increment from {from}")),
        if *is_resumed { ", from where it was interrupted" } else { "" }
    )]
    Planned {
        /// What from; nothing for a full stream.
        from: Option<String>,
        /// Whether an interrupted transfer goes on.
        is_resumed: bool,
    },
    /// It is not wanted.
    #[error("left out: {why}")]
    LeftOut {
        /// Why.
        why: Unwanted,
    },
    /// The target is past it.
    #[error("it is older than {base}, the newest that both have: no stream can bring it any more")]
    Older {
        /// The newest that both have, as the target names it.
        base: Evidence,
    },
    /// Nothing is done for its dataset.
    #[error("nothing is done for its dataset")]
    Stopped,
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
    /// It is left alone, and an empty placeholder was made for what lies below.
    StoodIn,
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
        matches!(self, Self::AtGoal | Self::Replicated | Self::StoodIn)
    }

    /// Whether it would have gone on if the run had not been cancelled.
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::NotBegun { why } => *why == NotBegun::Cancelled,
            Self::Failed { why, .. } => why.cause.kind == FailureKind::Cancelled,
            Self::AtGoal | Self::Replicated | Self::StoodIn | Self::Blocked { .. } => false,
        }
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

codes!(Selected { Named => "named", Below => "below", Included => "included", Above => "above", });
codes!(Skipped {
    NotRecursive => "not_recursive",
    Excluded => "excluded",
    NotIncluded => "not_included",
    Property => "property",
});
codes!(Unwanted {
    Excluded => "excluded",
    NotIncluded => "not_included",
    TooOld => "too_old",
    TooYoung => "too_young",
    AgeUnknown => "age_unknown",
    Property => "property",
});
codes!(Blocked {
    NoSnapshots => "no_snapshots",
    NoneChosen => "none_chosen",
    ParentMissing => "parent_missing",
    PlaceholderInTheWay => "placeholder_in_the_way",
    Diverged => "diverged",
    Unresolved => "unresolved",
    SnapshotNameTaken => "snapshot_name_taken",
    TargetModified => "target_modified",
    TargetUnfinished => "target_unfinished",
    NameOccupied => "name_occupied",
    BoundToKey => "bound_to_key",
    KeyNotLoaded => "key_not_loaded",
    WouldStoreDecrypted => "would_store_decrypted",
    RawLineage => "raw_lineage",
    NotRawLineage => "not_raw_lineage",
    PoolLacks => "pool_lacks",
    Unnameable => "unnameable",
});
codes!(GivenUp {
    Unreadable => "unreadable",
    SnapshotGone => "snapshot_gone",
    BaseGone => "base_gone",
    NotChosen => "not_chosen",
    LeavesOut => "leaves_out",
    RawDiffers => "raw_differs",
});
codes!(Note {
    SentAsFull => "sent_as_full",
    TargetModified => "target_modified",
    MayNotFit => "may_not_fit",
    WithoutLargeBlocks => "without_large_blocks",
    BegunWithoutLargeBlocks => "begun_without_large_blocks",
    Uncompressed => "uncompressed",
    MayNeed => "may_need",
});
codes!(Fate {
    There => "there",
    Planned => "planned",
    LeftOut => "left_out",
    Older => "older",
    Stopped => "stopped",
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
