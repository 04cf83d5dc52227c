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

mod blocked;
mod failure;
mod outcome;
mod span;
mod unresolved;

pub use blocked::Blocked;
pub use failure::{Broken, Failure, FailureKind, Part};
pub use outcome::{NotBegun, Outcome};
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

fn not(is: bool) -> &'static str {
    if is { "" } else { "not " }
}
