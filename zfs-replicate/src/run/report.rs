//! I am what a run says at its end.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use zfs_rs::name::DatasetName;

use crate::plan::{Left, Orphan};
use crate::reason::{Note, Outcome};
use crate::view::text;

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Whether every selected dataset is at its goal.
    pub complete: bool,
    /// Every selected dataset, in the plan's order.
    pub datasets: Vec<DatasetReport>,
    /// What was left alone on the source.
    pub skipped: Vec<Left>,
    /// What the target has and the source has not.
    pub orphans: Vec<Orphan>,
    /// Bytes moved.
    pub bytes: u64,
    /// From the first order to the last answer.
    pub took: Duration,
}

/// What a run did for one dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetReport {
    /// Its name on the source.
    #[serde(with = "text")]
    pub source: DatasetName,
    /// Its name on the target.
    pub target: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Snapshots transferred and proved.
    pub steps_done: usize,
    /// Snapshots that were to be transferred.
    pub steps_planned: usize,
    /// Bytes moved.
    pub bytes: u64,
    /// Bytes that did not have to be moved again because an interrupted transfer was resumed.
    pub bytes_saved: u64,
    /// From its first order to its last answer.
    pub took: Duration,
    /// What a reader should know.
    pub notes: Vec<Note>,
}
