//! I know which failures pass by themselves, and how long to give them.

use std::time::Duration;

use crate::reason::{Failure, FailureKind, Outcome, Part};

/// How long to wait before a dataset that ended like this is looked at and planned anew, if it is worth it; `tries` is how often it was tried.
pub(super) fn after(outcome: &Outcome, tries: u32) -> Option<Duration> {
    let Outcome::Failed { why, .. } = outcome else { return None };
    let before = tries.checked_sub(1)?;
    (before < RETRIES && is_passing(&why.cause)).then(|| FIRST.saturating_mul(GROWTH.saturating_pow(before)))
}

/// Whether the same may go well a little later, without anybody doing anything about it.
fn is_passing(failure: &Failure) -> bool {
    match failure.kind {
        // Another program's receive, hold, rename or mount ends.
        FailureKind::Busy => true,
        // What carries the stream broke: a link comes back, and what has arrived is resumed.
        FailureKind::Interrupted | FailureKind::Truncated => true,
        // The kernel's own words: a pool that is suspended goes on once its devices are back.
        FailureKind::TryAgain => true,
        // The plan is too old, not the wish wrong: a new plan is made of what is there now.
        FailureKind::Stale { .. } => true,
        // Of ours, a descriptor or thread that could not be had. Of a pool's, what its devices could not do when ZFS itself had tried again.
        FailureKind::Io => failure.part == Part::Link,
        // Somebody has to do something first: make room, allow, load, look.
        FailureKind::NoSpace
        | FailureKind::QuotaExceeded
        | FailureKind::PermissionDenied
        | FailureKind::NotFound
        | FailureKind::Exists
        | FailureKind::ReadOnly
        | FailureKind::KeyNotLoaded
        | FailureKind::TargetModified
        | FailureKind::Mismatch
        | FailureKind::Damaged
        | FailureKind::Unsupported
        // A new plan would list other things to lose, which nobody has seen.
        | FailureKind::Moved
        | FailureKind::NotProved { .. }
        | FailureKind::Unexpected => false,
        // Nobody wants it, or it is a fault of this program.
        FailureKind::Cancelled | FailureKind::OutOfTurn => false,
    }
}

/// Three more tries, 2, 8 and 32 seconds apart: longer than snapshot tools and rollbacks of receives are at work, and short enough that a run which cannot
/// help itself says so within a minute.
const RETRIES: u32 = 3;
const FIRST: Duration = Duration::from_secs(2);
const GROWTH: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Side;

    fn failed(part: Part, kind: FailureKind) -> Outcome {
        let cause = Failure {
            side: Side::Target,
            part,
            object: "backup/a@b".to_owned(),
            kind,
            errno: None,
            detail: String::new(),
        };
        Outcome::Failed {
            to: None,
            from: None,
            why: cause.into(),
        }
    }

    #[test]
    fn what_passes_is_tried_again_three_times_and_longer_each_time() {
        let busy = failed(Part::Receive, FailureKind::Busy);
        let waits = (0..=5).map(|tries| after(&busy, tries).map(|time| time.as_secs()));
        assert_eq!(waits.collect::<Vec<_>>(), [None, Some(2), Some(8), Some(32), None, None]);
    }

    #[test]
    fn what_somebody_must_see_to_is_said_at_once() {
        for kind in [
            FailureKind::NoSpace,
            FailureKind::PermissionDenied,
            FailureKind::Mismatch,
            FailureKind::Cancelled,
        ] {
            assert_eq!(after(&failed(Part::Receive, kind), 1), None, "{kind}");
        }
        assert_eq!(after(&failed(Part::Send, FailureKind::Io), 1), None);
        assert!(after(&failed(Part::Link, FailureKind::Io), 1).is_some());
        assert_eq!(after(&Outcome::Replicated, 1), None);
    }
}
