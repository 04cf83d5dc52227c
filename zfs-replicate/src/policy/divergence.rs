//! I say what becomes of a target that has something of its own.

use serde::{Deserialize, Serialize};

/// What is done where the target diverged: it has snapshots that the source has not, or was written to, and nothing can be received over that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDivergence {
    /// Nothing but that it is told.
    #[default]
    Error,
    /// The target's dataset gets another name, with all that lies below it, and is sent anew, in full. Nothing is lost.
    RenameAside,
    /// The target's dataset goes back to the newest snapshot that both have. What came later is lost: the plan lists it, and no more than that goes.
    Rollback,
}

impl OnDivergence {
    /// Whether it is told and no more.
    pub(crate) fn is_error(&self) -> bool {
        *self == Self::Error
    }
}
