//! I am how a dataset's run ended.

use serde::{Deserialize, Serialize};
use zfs_rs::name::{DatasetName, SnapshotName};

use super::{Blocked, Broken, FailureKind};
use crate::view::text;

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

codes!(NotBegun { Needs => "needs", Cancelled => "cancelled", });
