//! I know what should happen; give me two lists and check me on paper.
//!
//! A plan is data: it can be shown, kept as JSON and compared. It names everything with the GUID it must have when its turn comes, so that a
//! world that changed meanwhile is noticed and not acted upon.

use serde::{Deserialize, Serialize};
use zfs_rs::identity::Guid;
use zfs_rs::name::DatasetName;

use crate::policy::Wish;
use crate::reason::{Note, Selected, Side, Skipped, codes};
use crate::view::{Point, View, text};

mod ability;
mod aside;
mod base;
mod board;
mod diverge;
mod encrypt;
pub mod explain;
mod lineage;
pub mod mark;
pub mod moved;
mod replicate;
mod resume;
mod roll_back;
mod space;
mod steps;
#[cfg(test)]
pub(crate) mod tests;
mod work;

pub use work::{AbortPartial, Cursor, Kept, Marked, Marking, Placeholder, Rename, RollBack, SetAside, Step, Transfer, Unmark, Work};

/// Everything one run should do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The version of this form.
    pub format: Format,
    /// The root on the source.
    #[serde(with = "text")]
    pub source: DatasetName,
    /// The root on the target.
    #[serde(with = "text")]
    pub target: DatasetName,
    /// What was wanted.
    pub wish: Wish,
    /// Bytes the target has left.
    pub available: u64,
    /// What is to be done, in an order in which it can be done; placeholders among it.
    pub datasets: Vec<DatasetPlan>,
    /// What is left alone on the source.
    pub skipped: Vec<Left>,
    /// What the target has and the source has not: reported, never destroyed.
    pub orphans: Vec<Orphan>,
}

/// The version of a plan's JSON form. Another one is refused when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Format;

/// What is to be done for one dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetPlan {
    /// Its name on the source.
    #[serde(with = "text")]
    pub source: DatasetName,
    /// Its identity on the source.
    #[serde(with = "text")]
    pub guid: Guid,
    /// Its name on the target, for people: it may be one that cannot exist. The steps carry names that were proved.
    pub target: String,
    /// Why it is in the plan.
    pub why: Selected,
    /// Places in the plan that must have got to where their dataset lies on the target, before this one may begin; and one that sends the
    /// [origin](Self::origin) of this one as far as that.
    pub needs: Vec<usize>,
    /// What a reader should know.
    pub notes: Vec<Note>,
    /// What to do.
    pub work: Work,
}

/// A dataset of the source that is left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Its name.
    #[serde(with = "text")]
    pub name: DatasetName,
    /// Why.
    pub why: Skipped,
}

/// A dataset of the target whose counterpart is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orphan {
    /// Its name.
    #[serde(with = "text")]
    pub name: DatasetName,
    /// Its identity on the target.
    #[serde(with = "text")]
    pub guid: Guid,
    /// How many snapshots it has.
    pub snapshots: usize,
}

/// Why there is no plan at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// No dataset is meant: the root is not there.
    #[error("nothing is selected: {root} is not there")]
    NothingSelected {
        /// The root on the source.
        root: DatasetName,
    },
    /// No dataset is meant: patterns or a property leave out all that there are.
    #[error("nothing is selected: of {root} and what lies below, all is left alone: {why}")]
    AllSkipped {
        /// The root on the source.
        root: DatasetName,
        /// Why the first of them is.
        why: Skipped,
    },
    /// One root lies inside the other.
    #[error("{target} and {source_root} lie one inside the other")]
    Overlap {
        /// The root on the source.
        source_root: DatasetName,
        /// The root on the target.
        target: DatasetName,
    },
    /// The dataset that should hold the target root is not there.
    #[error("{target} cannot be made: the dataset above it is not there")]
    TargetParentMissing {
        /// The root on the target.
        target: DatasetName,
    },
    /// Nothing can be written.
    #[error("the pool of {root} on the {side} is read-only")]
    ReadOnlyPool {
        /// Which.
        side: Side,
        /// The root there.
        root: DatasetName,
    },
}

codes!(PlanError {
    NothingSelected => "nothing_selected",
    AllSkipped => "all_skipped",
    Overlap => "overlap",
    TargetParentMissing => "target_parent_missing",
    ReadOnlyPool => "read_only_pool",
});

/// Says what has to be done so that the target has every snapshot the source has.
///
/// # Errors
///
/// [`PlanError`] when there is nothing to plan for; what stops only one dataset is a [`Work::Blocked`] in the plan.
pub fn plan(source: &View, target: &View, wish: &Wish) -> Result<Plan, PlanError> {
    replicate::plan(source, target, wish)
}

impl From<Format> for u32 {
    fn from(_: Format) -> Self {
        FORMAT
    }
}

impl TryFrom<u32> for Format {
    type Error = String;

    fn try_from(number: u32) -> Result<Self, String> {
        if number == FORMAT {
            Ok(Self)
        } else {
            Err(format!("a plan of format {number}; this program knows {FORMAT}"))
        }
    }
}

impl Plan {
    /// Every transfer of the plan, to be estimated.
    pub fn transfers_mut(&mut self) -> impl Iterator<Item = &mut Transfer> {
        self.datasets
            .iter_mut()
            .flat_map(|dataset| match &mut dataset.work {
                Work::Steps { steps } => steps.as_mut_slice(),
                Work::Blocked { .. } => &mut [],
            })
            .filter_map(|step| match step {
                Step::Transfer(transfer) => Some(transfer),
                _ => None,
            })
    }

    /// The snapshots of the target that rolling back would destroy.
    pub fn lost(&self) -> impl Iterator<Item = &Point> {
        let steps = self.datasets.iter().flat_map(DatasetPlan::steps);
        steps.flat_map(|step| match step {
            Step::RollBack(back) => back.lost.as_slice(),
            _ => &[],
        })
    }
}

impl DatasetPlan {
    /// The snapshot of the target that its dataset grows from, if it is to arrive as a clone.
    pub fn origin(&self) -> Option<&Point> {
        self.transfers().find_map(|transfer| transfer.origin.as_ref())
    }

    /// What there is to do; nothing when it is blocked.
    pub fn steps(&self) -> &[Step] {
        match &self.work {
            Work::Steps { steps } => steps,
            Work::Blocked { .. } => &[],
        }
    }

    /// Whether nothing is to be done, and nothing is in the way.
    pub(crate) fn is_at_rest(&self) -> bool {
        matches!(&self.work, Work::Steps { steps } if steps.is_empty())
    }

    /// The datasets of the target that its work is about, by the names they have before it and after.
    pub(crate) fn on_target(&self) -> impl Iterator<Item = &str> {
        let others = self.steps().iter().filter_map(|step| match step {
            Step::Rename(rename) => Some(&rename.from),
            Step::SetAside(aside) => Some(&aside.from),
            Step::Transfer(transfer) => transfer.origin.as_ref().map(|origin| origin.name.dataset()),
            _ => None,
        });
        std::iter::once(self.target.as_str()).chain(others.map(DatasetName::as_str))
    }

    /// The transfers among its steps.
    pub fn transfers(&self) -> impl Iterator<Item = &Transfer> {
        self.steps().iter().filter_map(|step| match step {
            Step::Transfer(transfer) => Some(transfer),
            _ => None,
        })
    }
}

/// The version that this program writes and reads.
const FORMAT: u32 = 1;
