//! I am what is done for a dataset, one thing after the other.

use serde::{Deserialize, Serialize};
use zfs_rs::identity::Guid;
use zfs_rs::name::{BookmarkName, DatasetName, HoldTag, SnapshotName};

use crate::reason::{Blocked, GivenUp};
use crate::view::{Base, Point, ResumeAt, StreamFlags, text};

/// What to do for a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Work {
    /// Nothing can be done.
    Blocked {
        /// Why.
        why: Blocked,
    },
    /// These steps, one after the other; none when all is well.
    Steps {
        /// In order.
        steps: Vec<Step>,
    },
}

/// One step of a dataset's work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum Step {
    /// The target's dataset gets the name the source's has now.
    Rename(Rename),
    /// The target's dataset diverged and is set aside, so that it can be sent anew.
    SetAside(SetAside),
    /// The target's dataset diverged and goes back to what both sides have.
    RollBack(RollBack),
    /// An empty filesystem is made on the target, for what is to lie below.
    Placeholder(Placeholder),
    /// A partial receive is given up.
    AbortPartial(AbortPartial),
    /// Cursor bookmarks are made on the source.
    Mark(Marking),
    /// A snapshot is sent, received and read back.
    Transfer(Transfer),
    /// The hold that kept a partial receive's snapshot is released.
    Release(Kept),
    /// Cursor bookmarks that are not needed any more are removed from the source.
    Unmark(Unmark),
}

/// A new name for a dataset of the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rename {
    /// What it is called.
    #[serde(with = "text")]
    pub from: DatasetName,
    /// What it will be called.
    #[serde(with = "text")]
    pub to: DatasetName,
    /// Its identity on the target.
    #[serde(with = "text")]
    pub guid: Guid,
    /// How it was recognised: the newest snapshot that it shares with the source's dataset.
    #[serde(with = "text")]
    pub shares: Guid,
}

/// A dataset of the target that diverged and gets another name beside its own, with all that lies below it. Nothing is lost by that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// What it is called.
    #[serde(with = "text")]
    pub from: DatasetName,
    /// What it will be called. The name tells its identity, so that nobody takes it for the copy of something again.
    #[serde(with = "text")]
    pub to: DatasetName,
    /// Its identity on the target.
    #[serde(with = "text")]
    pub guid: Guid,
    /// What lies below it and goes along. What of that is replicated is sent anew too.
    #[serde(with = "text")]
    pub below: Vec<DatasetName>,
    /// How it diverged.
    pub why: Blocked,
}

/// A dataset of the target that diverged and goes back to the newest snapshot that both sides have. What it lists is lost for good, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollBack {
    /// The dataset.
    #[serde(with = "text")]
    pub dataset: DatasetName,
    /// Its identity on the target.
    #[serde(with = "text")]
    pub guid: Guid,
    /// The snapshot it goes back to.
    pub to: Point,
    /// Its snapshots that are newer, oldest first: they are destroyed.
    pub lost: Vec<Point>,
    /// Bytes written since its newest snapshot, as far as the kernel counts them: they are lost too.
    pub written: u64,
}

/// An empty filesystem of the target in the place of a dataset that is left alone. It is encrypted as what lies above it: what is received below it
/// later would inherit that it is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placeholder {
    /// Its name.
    #[serde(with = "text")]
    pub dataset: DatasetName,
}

/// A partial receive to be given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbortPartial {
    /// The dataset on the target.
    #[serde(with = "text")]
    pub dataset: DatasetName,
    /// Its identity there.
    #[serde(with = "text")]
    pub guid: Guid,
    /// Whether the dataset itself is what the receive made, so that it goes altogether.
    pub is_full: bool,
    /// Why it is not resumed.
    pub why: GivenUp,
}

/// Cursors to make, all at once: a change of the source waits for a transaction group of its pool, however much it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marking {
    /// Oldest first. None is there yet.
    pub cursors: Vec<Cursor>,
}

/// A cursor bookmark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The bookmark.
    #[serde(with = "text")]
    pub name: BookmarkName,
    /// What it marks.
    pub of: Base,
}

/// One snapshot to send and receive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Where the stream starts; nothing for a full one.
    pub from: Option<Base>,
    /// The snapshot of the target that a new dataset grows from, for a clone: what `from` is on the source, by the same GUID.
    pub origin: Option<Point>,
    /// What is sent.
    pub to: Point,
    /// What will be there afterwards, with the same GUID.
    #[serde(with = "text")]
    pub target: SnapshotName,
    /// How blocks are put into the stream.
    pub flags: StreamFlags,
    /// Where an interrupted stream goes on.
    pub resume: Option<ResumeAt>,
    /// The hold that keeps `to` when this fails and leaves a partial receive.
    #[serde(with = "text")]
    pub keep: HoldTag,
    /// Bytes still to come, filled in by whoever can ask the kernel.
    pub estimate: Option<u64>,
}

/// A snapshot of the source kept for a partial receive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The snapshot.
    pub snapshot: Point,
    /// The tag of the hold.
    #[serde(with = "text")]
    pub tag: HoldTag,
}

/// Cursors to remove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmark {
    /// The bookmarks, with the GUIDs they must have.
    pub cursors: Vec<Marked>,
    /// The newest base that stays, as it lies on the target: read back before anything is removed.
    pub stays: Point,
}

/// A bookmark of the source and the identity it must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marked {
    /// The bookmark.
    #[serde(with = "text")]
    pub name: BookmarkName,
    /// Its identity.
    #[serde(with = "text")]
    pub guid: Guid,
}

impl Step {
    /// Whether it is only done as the plan that was shown lists it, and not when a dataset is planned anew in the middle of a run.
    pub(crate) fn wants_consent(&self) -> bool {
        matches!(self, Self::SetAside(_) | Self::RollBack(_))
    }
}

impl Transfer {
    /// Whether the target's dataset only comes to be by it.
    pub fn is_birth(&self) -> bool {
        self.from.is_none() || self.origin.is_some()
    }
}
