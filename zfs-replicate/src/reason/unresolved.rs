//! I am why a target that diverged stays as it is although it was to be set aside or rolled back.

use serde::{Deserialize, Serialize};
use zfs_rs::identity::Guid;
use zfs_rs::name::{BookmarkName, DatasetName, HoldTag};

use crate::reason::{Blocked, Evidence};
use crate::view::text;

/// Why what was asked for where the target diverged cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "code")]
#[non_exhaustive]
pub enum Unresolved {
    /// There is nothing beside it.
    #[error("{root} is the root of its pool and cannot be set aside")]
    PoolRoot {
        /// The dataset.
        #[serde(with = "text")]
        root: DatasetName,
    },
    /// The name it would get is taken.
    #[error("the name for setting it aside, {aside}, is taken")]
    AsideTaken {
        /// That name.
        #[serde(with = "text")]
        aside: DatasetName,
    },
    /// The name it would get breaks the kernel's rules, or that of something that would go along.
    #[error("it cannot be set aside, as {name:?} cannot be a name: {rule}")]
    AsideUnnameable {
        /// That name.
        name: String,
        /// The rule it breaks.
        rule: String,
    },
    /// It would be set aside or rolled back, and still could not be replicated.
    #[error("that would be in vain, as {why}")]
    InVain {
        /// What would stop it then.
        why: Box<Blocked>,
    },
    /// The source has none of its snapshots.
    #[error("there is nothing to roll back to")]
    NothingInCommon,
    /// A snapshot that would be lost is held.
    #[error("{snapshot} is held by {} and cannot be destroyed", tags(holds))]
    Held {
        /// The snapshot on the target.
        snapshot: Evidence,
        /// Who holds it.
        #[serde(with = "text")]
        holds: Vec<HoldTag>,
    },
    /// Something grew from a snapshot that would be lost.
    #[error("{snapshot} is the origin of {} and cannot be destroyed", clone.as_ref().map_or("a clone", |clone| clone.as_str()))]
    Cloned {
        /// The snapshot on the target.
        snapshot: Evidence,
        /// What grew from it, if that lies below the target's root.
        #[serde(with = "text")]
        clone: Option<DatasetName>,
    },
    /// A bookmark is newer than what would be rolled back to, and kernels roll nothing back behind one.
    #[error("its bookmark {bookmark} (guid {guid}) is newer than {to} and kernels roll nothing back behind a bookmark")]
    Marked {
        /// The bookmark on the target.
        #[serde(with = "text")]
        bookmark: BookmarkName,
        /// Its identity.
        #[serde(with = "text")]
        guid: Guid,
        /// What would be rolled back to.
        to: Evidence,
    },
}

fn tags(holds: &[HoldTag]) -> String {
    holds.iter().map(HoldTag::as_str).collect::<Vec<_>>().join(", ")
}

codes!(Unresolved {
    PoolRoot => "pool_root",
    AsideTaken => "aside_taken",
    AsideUnnameable => "aside_unnameable",
    InVain => "in_vain",
    NothingInCommon => "nothing_in_common",
    Held => "held",
    Cloned => "cloned",
    Marked => "marked",
});
