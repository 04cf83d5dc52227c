//! I happened.
//!
//! Whoever wants to know what a run does listens to these: progress bars, logs, figures, tests. A dataset is named by its place in the plan and
//! by its name on the source.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use zfs_rs::identity::Guid;
use zfs_rs::name::{DatasetName, SnapshotName};

use crate::reason::{Broken, GivenUp, Outcome};
use crate::view::text;

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
#[non_exhaustive]
pub enum Event {
    /// The plan is made and the run begins.
    Planned {
        /// Datasets in the plan.
        datasets: usize,
        /// Snapshots to transfer.
        transfers: usize,
        /// Estimated bytes of them all, where every one is estimated.
        bytes: Option<u64>,
    },
    /// Work on a dataset begins.
    DatasetStarted {
        /// Which.
        dataset: Subject,
    },
    /// The target's dataset has its new name.
    Renamed {
        /// Which.
        dataset: Subject,
        /// What it was called.
        #[serde(with = "text")]
        from: DatasetName,
        /// What it is called.
        #[serde(with = "text")]
        to: DatasetName,
    },
    /// The target's dataset, which diverged, is set aside.
    SetAside {
        /// Which.
        dataset: Subject,
        /// What it was called.
        #[serde(with = "text")]
        from: DatasetName,
        /// What it is called.
        #[serde(with = "text")]
        to: DatasetName,
    },
    /// The target's dataset, which diverged, is back at a snapshot that both sides have.
    RolledBack {
        /// Which.
        dataset: Subject,
        /// That snapshot.
        #[serde(with = "text")]
        to: SnapshotName,
        /// How many newer ones are lost.
        lost: usize,
    },
    /// A partial receive is given up.
    PartialAborted {
        /// Which.
        dataset: Subject,
        /// Why it was not resumed.
        why: GivenUp,
    },
    /// A transfer begins.
    StepStarted {
        /// Which dataset.
        dataset: Subject,
        /// Where the stream starts; nothing for a full one.
        from: Option<String>,
        /// What is sent.
        #[serde(with = "text")]
        to: SnapshotName,
        /// Estimated bytes still to come.
        estimate: Option<u64>,
        /// Bytes the target has already from an interrupted attempt.
        resumed: u64,
    },
    /// Bytes moved.
    Progress {
        /// Which dataset.
        dataset: Subject,
        /// Bytes of the present transfer so far, without those of an earlier attempt.
        bytes: u64,
        /// Estimated bytes of the present transfer, counted the same way.
        estimate: Option<u64>,
        /// How fast it has been in the last seconds, once that can be said.
        bytes_per_second: Option<u64>,
        /// How long the rest will take at that speed, by the estimate.
        left: Option<Duration>,
        /// Bytes that the whole run has moved so far.
        run_bytes: u64,
        /// Estimated bytes of the whole run, where every transfer is estimated.
        run_estimate: Option<u64>,
    },
    /// A transfer is done and its snapshot was read back on the target.
    StepProved {
        /// Which dataset.
        dataset: Subject,
        /// What was sent.
        #[serde(with = "text")]
        to: SnapshotName,
        /// Identity, as read back.
        #[serde(with = "text")]
        guid: Guid,
        /// Bytes that were moved.
        bytes: u64,
        /// How long it took.
        took: Duration,
    },
    /// A transfer did not come to its end, or its end could not be proved.
    StepFailed {
        /// Which dataset.
        dataset: Subject,
        /// What was sent.
        #[serde(with = "text")]
        to: SnapshotName,
        /// Bytes that were moved.
        bytes: u64,
        /// Why.
        why: Broken,
    },
    /// A dataset failed in a way that passes by itself: both sides are looked at again, it is planned anew, and what has arrived is resumed.
    Retrying {
        /// Which.
        dataset: Subject,
        /// What went wrong.
        why: Broken,
        /// How long that is given time.
        after: Duration,
    },
    /// A dataset is through, one way or another.
    DatasetFinished {
        /// Which.
        dataset: Subject,
        /// How.
        outcome: Outcome,
    },
    /// The run was told to end: nothing new begins, and what is on its way is cut off.
    Cancelled,
    /// The run is over.
    Finished {
        /// Whether every selected dataset is at its goal.
        complete: bool,
    },
}

/// The dataset an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// Its place in the plan.
    pub index: usize,
    /// Its name on the source.
    #[serde(with = "text")]
    pub source: DatasetName,
}
