//! I am how far one dataset has come, and what may come next for it.
//!
//! ```text
//! waiting ─┬─ nothing to do, blocked, a need failed ───────────────────────────────▶ finished
//!          ├─ a need failed, and a partial receive waits ─▶ keep ──────────────────▶ finished
//!          └─▶ guard ─▶ step ─▶ … ─▶ step ─▶ let go ─▶ finished
//!                       │ transfer ─▶ confirm ─┬─ proved ─▶ next step
//!                       │                      └─ not ─▶ keep, if a partial receive is left ─▶ let go
//!                       │ unmark ─▶ (confirm what stays) ─▶ unmark and let go ─▶ finished
//!                       └─ any other failure ─▶ let go
//!
//! failed, and that passes ─▶ rest ─▶ plan again ─▶ guard ─▶ …
//! ```

use std::collections::BTreeSet;
use std::time::Duration;

use zfs_rs::identity::Guid;

use crate::event::{Event, Subject};
use crate::plan::{DatasetPlan, Step, Transfer, Work};
use crate::reason::{Broken, Failure, FailureKind, NotBegun, Outcome, Part, Selected, Side};
use crate::run::order::{action, stands_at, transfer, unkept};
use crate::run::speed::Speed;
use crate::run::{Action, retry};
use crate::view::Point;

mod answer;

/// One dataset's work.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) subject: Subject,
    pub(super) state: State,
    /// Whether others may come to lie below.
    pub(super) stands: bool,
    pub(super) done: usize,
    pub(super) bytes: u64,
    pub(super) bytes_saved: u64,
    pub(super) opened: Option<Duration>,
    pub(super) closed: Option<Duration>,
    /// Snapshots to transfer, those that are transferred already included.
    pub(super) planned: usize,
    /// How often it was begun.
    pub(super) tries: u32,
    step_opened: Duration,
    step_bytes: u64,
    speed: Speed,
    /// What was read back on the target.
    proved: BTreeSet<Guid>,
    is_holding: bool,
    /// What the plan that the run began with lists to be set aside or lost. No plan that is made on the way lists more.
    consented: Vec<Step>,
}

/// How a transfer comes along.
#[derive(Debug)]
pub(super) struct Pace {
    pub(super) estimate: Option<u64>,
    pub(super) bytes_per_second: Option<u64>,
    pub(super) left: Option<Duration>,
}

/// Where a dataset stands in its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Its turn has not come.
    Waiting,
    /// This is to be asked of the driver.
    Due(Phase),
    /// This was asked and is not answered.
    Asked(Phase),
    /// It came to an end, which may not be the last word.
    Ended(Outcome),
    /// It came to an end and is tried again at that time.
    Resting(Duration, Outcome),
    /// It is through.
    Finished(Outcome),
}

/// What is being done for a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its snapshots are being held and marked.
    Guard,
    /// A step of its plan is being done.
    Step(usize),
    /// A transfer ended like this and is being read back.
    Confirm(usize, Result<(), Broken>),
    /// What must stay is read back before marks are removed.
    ConfirmStays(usize),
    /// A transfer failed and left something worth keeping.
    Keep(usize, Broken),
    /// It is not begun, and what an earlier run left of it there is kept, which that run did not come to.
    KeepOld(usize, NotBegun),
    /// Its snapshots are let go; this is how it will end.
    LetGo(Outcome),
    /// It failed and is planned anew.
    PlanAgain,
}

impl Task {
    pub(super) fn new(index: usize, plan: &DatasetPlan) -> Self {
        Self {
            subject: Subject {
                index,
                source: plan.source.clone(),
            },
            state: match &plan.work {
                Work::Blocked { why } => State::Finished(Outcome::Blocked { why: why.clone() }),
                Work::Steps { .. } => State::Waiting,
            },
            stands: false,
            done: 0,
            bytes: 0,
            bytes_saved: 0,
            opened: None,
            closed: None,
            planned: plan.transfers().count(),
            tries: 0,
            step_opened: Duration::ZERO,
            step_bytes: 0,
            speed: Speed::default(),
            proved: BTreeSet::new(),
            is_holding: false,
            consented: plan.steps().iter().filter(|step| step.wants_consent()).cloned().collect(),
        }
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.state, State::Due(_) | State::Asked(_))
    }

    /// Whether what has to come after it may begin: its dataset lies where it belongs, and what is to grow from a snapshot that it sends finds
    /// that one there.
    pub(super) fn is_ready(&self, plan: &DatasetPlan, origin: Option<&Point>) -> bool {
        let sends = |origin: &Point| plan.transfers().any(|transfer| transfer.to.guid == origin.guid);
        self.stands && origin.is_none_or(|origin| !sends(origin) || self.proved.contains(&origin.guid))
    }

    /// How it ended, if it has.
    pub(super) fn outcome(&self) -> Option<&Outcome> {
        match &self.state {
            State::Finished(outcome) => Some(outcome),
            State::Waiting | State::Due(_) | State::Asked(_) | State::Ended(_) | State::Resting(..) => None,
        }
    }

    /// When it is tried again, if it rests.
    pub(super) fn rests_until(&self) -> Option<Duration> {
        match &self.state {
            State::Resting(until, _) => Some(*until),
            _ => None,
        }
    }

    /// Makes an end the last word, or a rest of it, or a rest an end.
    pub(super) fn settle(&mut self, now: Duration, cancelled: bool, has_room: bool, events: &mut impl Extend<Event>) {
        match &self.state {
            State::Ended(outcome) => match (retry::after(outcome, self.tries), outcome) {
                (Some(after), Outcome::Failed { why, .. }) if !cancelled => {
                    events.extend([Event::Retrying {
                        dataset: self.subject.clone(),
                        why: why.clone(),
                        after,
                    }]);
                    self.state = State::Resting(now.saturating_add(after), outcome.clone());
                }
                _ => self.finish(outcome.clone(), events),
            },
            State::Resting(_, outcome) if cancelled => self.finish(outcome.clone(), events),
            State::Resting(until, _) if *until <= now && has_room => self.state = State::Due(Phase::PlanAgain),
            _ => {}
        }
    }

    /// Begins.
    pub(super) fn start(&mut self, plan: &DatasetPlan, now: Duration, events: &mut impl Extend<Event>) {
        self.stands = stands_at(plan).is_none();
        if plan.steps().is_empty() {
            return self.finish(Outcome::AtGoal, events);
        }
        self.opened = Some(now);
        self.closed = Some(now);
        self.tries = 1;
        events.extend([Event::DatasetStarted {
            dataset: self.subject.clone(),
        }]);
        self.first(plan, false);
    }

    /// Begins again with a new plan.
    pub(super) fn begin_again(&mut self, plan: &DatasetPlan, now: Duration, cancelled: bool) {
        self.closed = Some(now);
        self.tries = self.tries.saturating_add(1);
        self.planned = self.done.saturating_add(plan.transfers().count());
        self.proved.clear();
        match &plan.work {
            Work::Blocked { why } => self.state = State::Ended(Outcome::Blocked { why: why.clone() }),
            Work::Steps { steps } if steps.iter().any(|step| step.wants_consent() && !self.consented.contains(step)) => {
                self.fail(None, moved(plan).into());
            }
            Work::Steps { .. } => {
                self.stands |= stands_at(plan).is_none();
                self.first(plan, cancelled);
            }
        }
    }

    fn first(&mut self, plan: &DatasetPlan, cancelled: bool) {
        if plan.transfers().next().is_some() && !cancelled {
            self.state = State::Due(Phase::Guard);
        } else {
            self.advance(plan, 0, cancelled);
        }
    }

    /// Ends before it began.
    pub(super) fn skip(&mut self, plan: &DatasetPlan, why: NotBegun, events: &mut impl Extend<Event>) {
        match unkept(plan) {
            Some(index) if why != NotBegun::Cancelled => self.state = State::Due(Phase::KeepOld(index, why)),
            _ => self.finish(Outcome::NotBegun { why }, events),
        }
    }

    /// Gives out what is due.
    pub(super) fn ask(&mut self, plan: &DatasetPlan, now: Duration, events: &mut impl Extend<Event>) -> Option<Action> {
        let State::Due(phase) = &self.state else { return None };
        let phase = phase.clone();
        let action = action(&phase, plan)?;
        match &action {
            Action::Transfer(transfer) => {
                self.step_opened = now;
                self.step_bytes = 0;
                self.speed = Speed::default();
                self.speed.hear(now, 0);
                events.extend([Event::StepStarted {
                    dataset: self.subject.clone(),
                    from: transfer.from.as_ref().map(|base| base.as_str().to_owned()),
                    to: transfer.to.name.clone(),
                    estimate: transfer.estimate,
                    resumed: transfer.resume.map_or(0, |resume| resume.bytes),
                }]);
            }
            Action::AbortPartial(abort) => events.extend([Event::PartialAborted {
                dataset: self.subject.clone(),
                why: abort.why.clone(),
            }]),
            _ => {}
        }
        self.state = State::Asked(phase);
        Some(action)
    }

    /// The transfer that comes after the one in hand.
    pub(super) fn ahead<'a>(&self, plan: &'a DatasetPlan) -> Option<&'a Transfer> {
        match &self.state {
            State::Asked(Phase::Step(index)) => transfer(plan, *index).and_then(|_| transfer(plan, index + 1)),
            _ => None,
        }
    }

    /// Hears of a transfer in hand.
    pub(super) fn moved(&mut self, plan: &DatasetPlan, now: Duration, bytes: u64) -> Option<Pace> {
        let State::Asked(Phase::Step(index)) = &self.state else {
            return None;
        };
        let estimate = transfer(plan, *index)?.estimate;
        self.step_bytes = bytes;
        self.speed.hear(now, bytes);
        Some(Pace {
            estimate,
            bytes_per_second: self.speed.bytes_per_second(),
            left: estimate.and_then(|estimate| self.speed.time_for(estimate.saturating_sub(bytes))),
        })
    }

    /// Bytes moved, those of a transfer in hand included.
    pub(super) fn bytes_so_far(&self) -> u64 {
        match &self.state {
            State::Asked(Phase::Step(_)) => self.bytes.saturating_add(self.step_bytes),
            _ => self.bytes,
        }
    }

    fn advance(&mut self, plan: &DatasetPlan, index: usize, cancelled: bool) {
        match plan.steps().get(index) {
            None => {
                let is_rolled_back = plan.steps().iter().any(|step| matches!(step, Step::RollBack(_)));
                let outcome = if self.planned > 0 || is_rolled_back {
                    Outcome::Replicated
                } else if plan.why == Selected::Above {
                    Outcome::StoodIn
                } else {
                    Outcome::AtGoal
                };
                self.close(outcome);
            }
            Some(_) if cancelled => self.fail(None, failure(plan, FailureKind::Cancelled).into()),
            Some(Step::Unmark(unmark)) if !self.proved.contains(&unmark.stays.guid) => {
                self.state = State::Due(Phase::ConfirmStays(index));
            }
            Some(_) => self.state = State::Due(Phase::Step(index)),
        }
    }

    fn fail(&mut self, transfer: Option<&Transfer>, why: Broken) {
        self.close(failed(transfer, why));
    }

    fn close(&mut self, outcome: Outcome) {
        self.state = if std::mem::take(&mut self.is_holding) {
            State::Due(Phase::LetGo(outcome))
        } else {
            State::Ended(outcome)
        };
    }

    fn finish(&mut self, outcome: Outcome, events: &mut impl Extend<Event>) {
        events.extend([Event::DatasetFinished {
            dataset: self.subject.clone(),
            outcome: outcome.clone(),
        }]);
        self.state = State::Finished(outcome);
    }
}

fn failed(transfer: Option<&Transfer>, why: Broken) -> Outcome {
    Outcome::Failed {
        to: transfer.map(|transfer| transfer.to.name.clone()),
        from: transfer
            .and_then(|transfer| transfer.from.as_ref())
            .map(|base| base.as_str().to_owned()),
        why,
    }
}

/// The target diverged in another way than the plan that was shown says.
fn moved(plan: &DatasetPlan) -> Failure {
    Failure {
        side: Side::Target,
        object: plan.target.clone(),
        detail: "it diverged in another way than the plan lists".to_owned(),
        ..failure(plan, FailureKind::Moved)
    }
}

fn failure(plan: &DatasetPlan, kind: FailureKind) -> Failure {
    Failure {
        side: Side::Source,
        part: Part::Run,
        object: plan.source.to_string(),
        kind,
        errno: None,
        detail: String::new(),
    }
}
