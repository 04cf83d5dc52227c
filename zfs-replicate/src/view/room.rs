//! I am the room that a dataset has, and what bounds it.

use serde::{Deserialize, Serialize};
use zfs_rs::name::DatasetName;

use super::text;

/// What administrators settled about the room of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Room {
    /// Its own quotas, as far as they are set.
    pub quotas: Vec<Quota>,
    /// Bytes of its `reservation` that neither it nor anything below has taken.
    pub reserved: u64,
    /// Bytes of its `refreservation` that its data has not taken; they are among those that it says are available.
    pub refreserved: u64,
}

/// A bound for what a dataset may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// The dataset on which it is set.
    #[serde(with = "text")]
    pub dataset: DatasetName,
    /// What counts.
    pub kind: QuotaKind,
    /// How many bytes it allows.
    pub limit: u64,
    /// How many of them are taken.
    pub used: u64,
}

/// What counts for a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuotaKind {
    /// The dataset with its snapshots and everything below.
    Quota,
    /// The data of the dataset itself.
    Refquota,
}

impl Room {
    /// Whether nobody settled anything.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

impl Quota {
    /// How many bytes it still allows.
    pub fn left(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

impl QuotaKind {
    /// The property that is it.
    pub fn property(self) -> &'static str {
        match self {
            Self::Quota => "quota",
            Self::Refquota => "refquota",
        }
    }
}
