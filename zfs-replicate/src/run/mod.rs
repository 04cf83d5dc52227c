//! I know what comes next, and have never seen a clock or a descriptor.
//!
//! The driver asks [`Machine::poll`] what to do, does it, and brings the result to [`Machine::handle`]. It may have as many orders in hand as
//! the machine gives out; each dataset has at most one.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::time::Duration;

use zfs_rs::identity::Guid;
use zfs_rs::name::SnapshotName;

use crate::event::Event;
use crate::plan::{AbortPartial, Cursor, Kept, Marked, Plan, Rename, Transfer};
use crate::reason::{Broken, Failure};
use crate::run::report::Report;
use crate::view::Point;

mod dataset;
pub mod report;

/// How much may go on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Datasets worked on at the same time.
    pub jobs: NonZeroUsize,
}

/// What the driver should do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// This, in the background: more may follow at once.
    Do(Box<Order>),
    /// Wait for an answer to one of the orders in hand.
    Wait,
    /// The run is over.
    Done,
}

/// Something to do for one dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The dataset's place in the plan.
    pub dataset: usize,
    /// What to do.
    pub action: Action,
}

/// Something to do. In every action, what it relies on is re-read by GUID right before; another GUID is a
/// [`Stale`](crate::reason::FailureKind::Stale) failure and nothing is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Hold snapshots of the source until [`DropHold`](Self::DropHold), in a way that ends with the process. Answer: `Done`.
    Hold {
        /// Which.
        snapshots: Vec<Point>,
    },
    /// Rename on the target. Answer: `Done`.
    Rename(Rename),
    /// Give up a partial receive. Answer: `Done`; that there is none any more is success.
    AbortPartial(AbortPartial),
    /// Make a cursor bookmark on the source. Answer: `Done`; that it is there with this GUID is success.
    Mark(Cursor),
    /// Send and receive, resumably, never with force. Answer: `Transferred`.
    Transfer(Transfer),
    /// Read a snapshot and its dataset's partial receive on the target afresh. Answer: `Confirmed`.
    Confirm {
        /// The snapshot on the target.
        snapshot: SnapshotName,
    },
    /// Hold a snapshot of the source for good: a partial receive waits for it. Answer: `Done`; that it is held by this tag is success.
    KeepPartial(Kept),
    /// Release that hold. Answer: `Done`; that there is no such hold is success.
    ReleaseKept(Kept),
    /// Remove cursor bookmarks from the source. Answer: `Done`; those that are gone are passed over.
    Unmark(Vec<Marked>),
    /// Let go what [`Hold`](Self::Hold) took. Answer: `Done`.
    DropHold,
}

/// What came of an [`Order`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To all but the two below.
    Done(Result<(), Failure>),
    /// To [`Action::Transfer`].
    Transferred {
        /// Bytes that were moved.
        bytes: u64,
        /// Whether send, link and receive all came to their end.
        result: Result<(), Broken>,
    },
    /// To [`Action::Confirm`].
    Confirmed(Result<Seen, Failure>),
}

/// What was read back on the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Identity of the snapshot of that name, if there is one.
    pub snapshot: Option<Guid>,
    /// Identity of the snapshot that a partial receive of its dataset waits for, if there is one.
    pub partial: Option<Guid>,
}

/// A run: a plan, how far it got, and what may be done next.
#[derive(Debug)]
pub struct Machine {
    plan: Plan,
    limits: Limits,
    events: VecDeque<Event>,
}

impl Machine {
    /// A run that has not begun.
    pub fn new(plan: Plan, limits: Limits) -> Self {
        Self {
            plan,
            limits,
            events: VecDeque::new(),
        }
    }

    /// What to do next. `now` is any clock that does not go back.
    pub fn poll(&mut self, now: Duration) -> Next {
        let _ = now;
        Next::Done
    }

    /// Takes the answer to an order that [`poll`](Self::poll) gave out.
    pub fn handle(&mut self, now: Duration, dataset: usize, answer: Answer) {
        drop((now, dataset, answer));
    }

    /// Begins nothing new. What is in hand must still be answered; transfers that the driver cuts short are answered as failed.
    pub fn cancel(&mut self) {}

    /// What happened since the last call.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// How the run stands; final after [`Next::Done`].
    pub fn report(&self, now: Duration) -> Report {
        let _ = self.limits;
        Report {
            complete: self.plan.datasets.is_empty(),
            datasets: Vec::new(),
            skipped: self.plan.skipped.clone(),
            orphans: self.plan.orphans.clone(),
            bytes: 0,
            took: now,
        }
    }
}
