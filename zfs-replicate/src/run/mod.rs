//! I know what comes next, and have never seen a clock or a descriptor.
//!
//! The driver asks [`Machine::poll`] what to do, does it, and brings the result to [`Machine::handle`]. It may have as many orders in hand as
//! the machine gives out; each dataset has at most one.

use std::collections::VecDeque;
use std::time::Duration;

use zfs_rs::identity::Guid;
use zfs_rs::name::DatasetName;

use crate::event::Event;
use crate::plan::{AbortPartial, Cursor, DatasetPlan, Kept, Marked, Placeholder, Plan, Rename, RollBack, SetAside, Transfer};
use crate::reason::{Broken, Failure, NotBegun, Outcome};
use crate::run::dataset::{Phase, State, Task};
use crate::run::report::Report;
use crate::run::room::Room;
use crate::view::{Point, SavedReceive};

mod dataset;
#[cfg(test)]
mod kill_points;
mod order;
#[cfg(test)]
mod random;
pub mod report;
mod retry;
mod room;
mod speed;
#[cfg(test)]
mod tests;

pub use room::Limits;

/// What the driver should do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// This, in the background: more may follow at once.
    Do(Box<Order>),
    /// Wait for an answer to one of the orders in hand.
    Wait,
    /// Wait until that time, and for an answer if an order is in hand, whatever comes first.
    WaitUntil(Duration),
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
    /// What is transferred next if this goes well. Its stream may be begun at once.
    pub ahead: Option<Box<Transfer>>,
}

/// Something to do. In every action, what it relies on is re-read by GUID right before; another GUID is a
/// [`Stale`](crate::reason::FailureKind::Stale) failure and nothing is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Hold snapshots of the source until [`Unmark`](Self::Unmark) or [`DropHold`](Self::DropHold), in a way that ends with the process; and make cursor
    /// bookmarks there, all or none. Answer: `Done`; that a cursor is there with its GUID is success.
    Guard {
        /// What is held.
        snapshots: Vec<Point>,
        /// What is made.
        cursors: Vec<Cursor>,
    },
    /// Rename on the target. Answer: `Done`.
    Rename(Rename),
    /// Rename on the target what diverged. Answer: `Done`.
    SetAside(SetAside),
    /// Take a dataset of the target back to an older snapshot, if it has exactly those newer ones that are listed. Answer: `Done`.
    RollBack(RollBack),
    /// Make a placeholder on the target. Answer: `Done`; that there is one is success.
    StandIn(Placeholder),
    /// Give up a partial receive. Answer: `Done`; that there is none any more is success.
    AbortPartial(AbortPartial),
    /// Send and receive, resumably, never with force. Answer: `Transferred`.
    Transfer(Transfer),
    /// Read a snapshot on the target afresh; and where it is not this one, the partial receive of its dataset. Answer: `Confirmed`.
    Confirm(Point),
    /// Hold a snapshot of the source for good: a partial receive waits for it. Answer: `Done`; that it is held by this tag is success.
    KeepPartial(Kept),
    /// Release that hold. Answer: `Done`; that there is no such hold is success.
    ReleaseKept(Kept),
    /// Remove cursor bookmarks from the source, and let go what [`Guard`](Self::Guard) holds. Answer: `Done`; those that are gone are passed over.
    Unmark(Vec<Marked>),
    /// Let go what [`Guard`](Self::Guard) holds. Answer: `Done`.
    DropHold,
    /// Look at both sides anew and plan this dataset of the source again. Answer: `Planned`.
    PlanAgain(DatasetName),
}

/// What came of an [`Order`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To all but those below.
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
    /// To [`Action::PlanAgain`].
    Planned(Result<Box<DatasetPlan>, Failure>),
}

/// What was read back on the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Identity of the snapshot of that name, if there is one.
    pub snapshot: Option<Guid>,
    /// What a partial receive of its dataset has saved, if that was asked for and there is one.
    pub partial: Option<SavedReceive>,
}

/// A run: a plan, how far it got, and what may be done next.
#[derive(Debug)]
pub struct Machine {
    plan: Plan,
    limits: Limits,
    tasks: Vec<Task>,
    events: VecDeque<Event>,
    stage: Stage,
    opened: Duration,
    closed: Duration,
    /// Of all transfers, where every one is estimated.
    estimate: Option<u64>,
    is_cancelled: bool,
}

/// What the listeners were told about the whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Unannounced,
    Running,
    Over,
}

impl Machine {
    /// A run that has not begun.
    pub fn new(plan: Plan, limits: Limits) -> Self {
        let tasks = plan
            .datasets
            .iter()
            .enumerate()
            .map(|(index, plan)| Task::new(index, plan))
            .collect();
        Self {
            estimate: estimate(&plan),
            plan,
            limits,
            tasks,
            events: VecDeque::new(),
            stage: Stage::Unannounced,
            opened: Duration::ZERO,
            closed: Duration::ZERO,
            is_cancelled: false,
        }
    }

    /// What to do next. `now` is any clock that does not go back.
    pub fn poll(&mut self, now: Duration) -> Next {
        if self.stage == Stage::Unannounced {
            self.announce(now);
        }
        self.settle(now);
        if let Some(order) = self.due(now) {
            return Next::Do(Box::new(order));
        }
        self.start(now);
        if let Some(order) = self.due(now) {
            return Next::Do(Box::new(order));
        }
        // Where no more may go at once, an answer comes before anything can be tried again.
        let room = self.room();
        let tasks = self.tasks.iter().zip(&self.plan.datasets);
        let resting = tasks.filter(|(_, plan)| room.has(plan)).filter_map(|(task, _)| task.rests_until());
        if let Some(until) = resting.min() {
            return Next::WaitUntil(until);
        }
        if self.tasks.iter().any(Task::is_running) {
            return Next::Wait;
        }
        if self.stage != Stage::Over {
            self.stage = Stage::Over;
            self.closed = now;
            let complete = self.is_complete();
            self.events.push_back(Event::Finished { complete });
        }
        Next::Done
    }

    /// Takes the answer to an order that [`poll`](Self::poll) gave out. An answer to anything else ends its dataset as
    /// [`OutOfTurn`](crate::reason::FailureKind::OutOfTurn).
    pub fn handle(&mut self, now: Duration, dataset: usize, answer: Answer) {
        let Some((task, plan)) = self.tasks.get_mut(dataset).zip(self.plan.datasets.get_mut(dataset)) else {
            return;
        };
        match (answer, &task.state) {
            (Answer::Planned(Ok(new)), State::Asked(Phase::PlanAgain)) => {
                // What had to come first has, or this one would not have begun.
                let needs = std::mem::take(&mut plan.needs);
                *plan = DatasetPlan { needs, ..*new };
                task.begin_again(plan, now, self.is_cancelled);
            }
            (answer, _) => task.answer(plan, now, answer, self.is_cancelled, &mut self.events),
        }
    }

    /// Hears how many bytes the transfer in hand of a dataset has moved so far, and makes an event of it.
    pub fn moved(&mut self, now: Duration, dataset: usize, bytes: u64) {
        let Some((task, plan)) = self.tasks.get_mut(dataset).zip(self.plan.datasets.get(dataset)) else {
            return;
        };
        let Some(pace) = task.moved(plan, now, bytes) else { return };
        let dataset = task.subject.clone();
        let run_bytes = self.tasks.iter().map(Task::bytes_so_far).fold(0, u64::saturating_add);
        self.events.push_back(Event::Progress {
            dataset,
            bytes,
            estimate: pace.estimate,
            bytes_per_second: pace.bytes_per_second,
            left: pace.left,
            run_bytes,
            run_estimate: self.estimate,
        });
    }

    /// Begins nothing new. What is in hand must still be answered; transfers that the driver cuts short are answered as
    /// [`Cancelled`](crate::reason::FailureKind::Cancelled), and what arrived of them is kept.
    pub fn cancel(&mut self) {
        if !self.is_cancelled && self.stage != Stage::Over {
            self.is_cancelled = true;
            self.events.push_back(Event::Cancelled);
        }
    }

    /// What happened since the last call, oldest first.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// What is being run.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How the run ended. Before [`Next::Done`], datasets that are not through are missing, and the run is not complete.
    pub fn report(&self) -> Report {
        Report::new(&self.plan, &self.tasks, self.closed.saturating_sub(self.opened))
    }

    fn is_complete(&self) -> bool {
        self.tasks.iter().all(|task| task.outcome().is_some_and(Outcome::is_at_goal))
    }

    fn announce(&mut self, now: Duration) {
        self.stage = Stage::Running;
        self.opened = now;
        let transfers = self.plan.datasets.iter().flat_map(DatasetPlan::transfers);
        self.events.push_back(Event::Planned {
            datasets: self.plan.datasets.len(),
            transfers: transfers.count(),
            bytes: self.estimate,
        });
        for task in &self.tasks {
            if let Some(outcome) = task.outcome() {
                self.events.push_back(Event::DatasetFinished {
                    dataset: task.subject.clone(),
                    outcome: outcome.clone(),
                });
            }
        }
    }

    fn room(&self) -> Room {
        let tasks = self.tasks.iter().zip(&self.plan.datasets);
        self.limits
            .beside(tasks.filter(|(task, _)| task.is_running()).map(|(_, plan)| plan))
    }

    /// Ends what came to an end, or lets it rest until it is tried again; and begins again with what has rested.
    fn settle(&mut self, now: Duration) {
        let mut room = self.room();
        for (task, plan) in self.tasks.iter_mut().zip(&self.plan.datasets) {
            let was_running = task.is_running();
            task.settle(now, self.is_cancelled, room.has(plan), &mut self.events);
            if task.is_running() && !was_running {
                room.take(plan);
            }
        }
    }

    /// The first order that is due. A dataset that was begun goes on before another begins.
    fn due(&mut self, now: Duration) -> Option<Order> {
        for (index, (task, plan)) in self.tasks.iter_mut().zip(&self.plan.datasets).enumerate() {
            if let Some(action) = task.ask(plan, now, &mut self.events) {
                let ahead = task.ahead(plan).cloned().map(Box::new);
                return Some(Order {
                    dataset: index,
                    action,
                    ahead,
                });
            }
        }
        None
    }

    /// Begins datasets whose needs are met, as many as may go at once, and ends those whose needs never will be. The plan's order makes one
    /// pass enough: what is needed comes before what needs it.
    fn start(&mut self, now: Duration) {
        let mut room = self.room();
        for index in 0..self.tasks.len() {
            let is_waiting = self.tasks.get(index).is_some_and(|task| task.state == State::Waiting);
            let Some(plan) = self.plan.datasets.get(index).filter(|_| is_waiting) else {
                continue;
            };
            let verdict = if self.is_cancelled {
                Verdict::Never(NotBegun::Cancelled)
            } else {
                self.verdict(plan)
            };
            let Some(task) = self.tasks.get_mut(index) else { continue };
            match verdict {
                Verdict::Never(why) => task.skip(plan, why, &mut self.events),
                Verdict::Now if room.has(plan) || plan.steps().is_empty() => task.start(plan, now, &mut self.events),
                Verdict::Now | Verdict::Later => {}
            }
            if task.is_running() {
                room.take(plan);
            }
        }
    }

    fn verdict(&self, plan: &DatasetPlan) -> Verdict {
        let mut verdict = Verdict::Now;
        let needed = plan
            .needs
            .iter()
            .filter_map(|needed| self.tasks.get(*needed).zip(self.plan.datasets.get(*needed)));
        for (needed, its_plan) in needed {
            if needed.is_ready(its_plan, plan.origin()) {
                continue;
            }
            if needed.outcome().is_some() {
                return Verdict::Never(NotBegun::Needs {
                    dataset: needed.subject.source.clone(),
                });
            }
            verdict = Verdict::Later;
        }
        verdict
    }
}

fn estimate(plan: &Plan) -> Option<u64> {
    let mut transfers = plan.datasets.iter().flat_map(DatasetPlan::transfers);
    transfers.try_fold(0_u64, |sum, transfer| Some(sum.saturating_add(transfer.estimate?)))
}

/// Whether a dataset may begin.
#[derive(Debug)]
enum Verdict {
    Now,
    Later,
    Never(NotBegun),
}
