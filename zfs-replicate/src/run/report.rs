//! I am what a run says at its end.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use zfs_rs::name::DatasetName;

use crate::plan::{DatasetPlan, Left, Orphan, Plan};
use crate::reason::{Note, Outcome};
use crate::run::dataset::Task;
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
    /// How often it was begun: once, unless it failed in a way that passes.
    pub attempts: u32,
    /// Bytes moved.
    pub bytes: u64,
    /// Bytes that did not have to be moved again because an interrupted transfer was resumed.
    pub bytes_saved: u64,
    /// From its first order to its last answer.
    pub took: Duration,
    /// What a reader should know.
    pub notes: Vec<Note>,
}

impl Report {
    pub(super) fn new(plan: &Plan, tasks: &[Task], took: Duration) -> Self {
        let datasets: Vec<_> = plan
            .datasets
            .iter()
            .zip(tasks)
            .filter_map(|(plan, task)| DatasetReport::new(plan, task))
            .collect();
        Self {
            // A dataset without an outcome is missing here, and that is no completeness either.
            complete: datasets.len() == plan.datasets.len() && datasets.iter().all(|dataset| dataset.outcome.is_at_goal()),
            bytes: datasets.iter().map(|dataset| dataset.bytes).fold(0, u64::saturating_add),
            datasets,
            skipped: plan.skipped.clone(),
            orphans: plan.orphans.clone(),
            took,
        }
    }
}

impl DatasetReport {
    fn new(plan: &DatasetPlan, task: &Task) -> Option<Self> {
        Some(Self {
            source: plan.source.clone(),
            target: plan.target.clone(),
            outcome: task.outcome()?.clone(),
            steps_done: task.done,
            steps_planned: task.planned,
            attempts: task.tries,
            bytes: task.bytes,
            bytes_saved: task.bytes_saved,
            took: task
                .closed
                .zip(task.opened)
                .map_or(Duration::ZERO, |(closed, opened)| closed.saturating_sub(opened)),
            notes: plan.notes.clone(),
        })
    }
}
