//! I am why nothing can be done for a dataset.

use serde::{Deserialize, Serialize};
use zfs_rs::identity::Guid;
use zfs_rs::name::{DatasetName, PoolName, SnapshotName};

use super::{Evidence, Side, Unresolved};
use crate::view::text;

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

fn count(number: usize, noun: &str) -> String {
    match number {
        0 => format!("no {noun}"),
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}
