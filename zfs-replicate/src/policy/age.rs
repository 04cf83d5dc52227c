//! I know how old a snapshot may be, at an instant that is given to me.

use serde::{Deserialize, Serialize};

use crate::reason::Unwanted;

/// How old snapshots may be.
///
/// The instant is part of the wish: a plan that is kept, and everything that is planned anew within a run, decides by the one at which it was first asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ages {
    /// The instant at which ages are taken, in seconds since 1970 by the source's clock.
    pub now: u64,
    /// Only snapshots that were made less than so many seconds before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer_than: Option<u64>,
    /// Only snapshots that were made more than so many seconds before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older_than: Option<u64>,
}

impl Ages {
    /// Why a snapshot that was made at that time, in seconds since 1970, is not wanted; nothing if it is.
    ///
    /// What was made after the instant has no age yet, as where a clock was put back.
    pub(super) fn refuse(&self, creation: Option<u64>) -> Option<Unwanted> {
        let Some(made) = creation else { return Some(Unwanted::AgeUnknown) };
        let age = self.now.saturating_sub(made);
        let too_old = self.newer_than.filter(|limit| age >= *limit);
        let too_young = self.older_than.filter(|limit| age <= *limit);
        let too_old = too_old.map(|newer_than| Unwanted::TooOld { age, newer_than });
        too_old.or(too_young.map(|older_than| Unwanted::TooYoung { age, older_than }))
    }
}
