//! I am how far one dataset has come, and what may come next for it.
//!
//! ```text
//! waiting ─┬─ nothing to do, blocked, a need failed ───────────────────────────────▶ finished
//!          └─▶ hold ─▶ step ─▶ … ─▶ step ─▶ let go ─▶ finished
//!                       │ transfer ─▶ confirm ─┬─ proved ─▶ next step
//!                       │                      └─ not ─▶ keep, if a partial receive is left ─▶ let go
//!                       │ unmark ─▶ (confirm what stays) ─▶ unmark ─▶ next step
//!                       └─ any other failure ─▶ let go
//! ```

use std::time::Duration;

use zfs_rs::identity::Guid;

use crate::event::{Event, Subject};
use crate::plan::{DatasetPlan, Step, Transfer, Work};
use crate::reason::{Broken, Failure, FailureKind, NotBegun, Outcome, Part, Side};
use crate::run::order::{action, stands_at, stays, transfer};
use crate::run::{Action, Answer, Seen};
use crate::view::Point;

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
    step_opened: Duration,
    step_bytes: u64,
    proved: Option<Guid>,
    is_holding: bool,
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
    /// It is through.
    Finished(Outcome),
}

/// What is being done for a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its snapshots are being held.
    Hold,
    /// A step of its plan is being done.
    Step(usize),
    /// A transfer ended like this and is being read back.
    Confirm(usize, Result<(), Broken>),
    /// What must stay is read back before marks are removed.
    ConfirmStays(usize),
    /// A transfer failed and left something worth keeping.
    Keep(usize, Broken),
    /// Its snapshots are let go; this is how it will end.
    LetGo(Outcome),
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
            step_opened: Duration::ZERO,
            step_bytes: 0,
            proved: None,
            is_holding: false,
        }
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.state, State::Due(_) | State::Asked(_))
    }

    /// How it ended, if it has.
    pub(super) fn outcome(&self) -> Option<&Outcome> {
        match &self.state {
            State::Finished(outcome) => Some(outcome),
            State::Waiting | State::Due(_) | State::Asked(_) => None,
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
        events.extend([Event::DatasetStarted {
            dataset: self.subject.clone(),
        }]);
        if plan.transfers().next().is_some() {
            self.state = State::Due(Phase::Hold);
        } else {
            self.advance(plan, 0, false, events);
        }
    }

    /// Ends before it began.
    pub(super) fn skip(&mut self, why: NotBegun, events: &mut impl Extend<Event>) {
        self.finish(Outcome::NotBegun { why }, events);
    }

    /// Gives out what is due.
    pub(super) fn ask(&mut self, plan: &DatasetPlan, now: Duration, events: &mut impl Extend<Event>) -> Option<Action> {
        let State::Due(phase) = &self.state else { return None };
        let phase = phase.clone();
        let action = action(&phase, plan)?;
        match &action {
            Action::Transfer(transfer) => {
                self.step_opened = now;
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

    /// Takes an answer: the transition table.
    pub(super) fn answer(&mut self, plan: &DatasetPlan, now: Duration, answer: Answer, cancelled: bool, events: &mut impl Extend<Event>) {
        let State::Asked(phase) = &self.state else {
            if !matches!(self.state, State::Finished(_)) {
                self.fail(None, out_of_turn(plan).into(), events);
            }
            return;
        };
        self.closed = Some(now);
        match (phase.clone(), answer) {
            (Phase::Hold, Answer::Done(result)) => match result {
                Ok(()) => {
                    self.is_holding = true;
                    self.advance(plan, 0, cancelled, events);
                }
                Err(failure) => self.fail(None, failure.into(), events),
            },
            (Phase::Step(index), Answer::Done(result)) => match result {
                Ok(()) => self.stepped(plan, index, cancelled, events),
                Err(failure) => self.fail(None, failure.into(), events),
            },
            (Phase::Step(index), Answer::Transferred { bytes, result }) if transfer(plan, index).is_some() => {
                self.step_bytes = bytes;
                self.bytes = self.bytes.saturating_add(bytes);
                self.state = State::Due(Phase::Confirm(index, result));
            }
            (Phase::Confirm(index, result), Answer::Confirmed(seen)) => {
                if let Some(transfer) = transfer(plan, index) {
                    self.confirmed(plan, (index, transfer), now, (result, seen), cancelled, events);
                }
            }
            (Phase::ConfirmStays(index), Answer::Confirmed(seen)) => match stays(plan, index).map(|stays| check(stays, seen)) {
                Some(Ok(guid)) => {
                    self.proved = Some(guid);
                    self.state = State::Due(Phase::Step(index));
                }
                Some(Err(failure)) => self.fail(None, failure.into(), events),
                None => self.fail(None, out_of_turn(plan).into(), events),
            },
            (Phase::Keep(index, mut broken), Answer::Done(result)) => {
                broken.echoes.extend(result.err());
                self.fail(transfer(plan, index), broken, events);
            }
            (Phase::LetGo(outcome), Answer::Done(result)) => match result {
                Err(failure) if outcome.is_at_goal() => self.finish(failed(None, failure.into()), events),
                _ => self.finish(outcome, events),
            },
            _ => self.fail(None, out_of_turn(plan).into(), events),
        }
    }

    /// A transfer was read back: it is proved, or it failed, whatever it said itself.
    fn confirmed(
        &mut self,
        plan: &DatasetPlan,
        (index, transfer): (usize, &Transfer),
        now: Duration,
        (result, seen): (Result<(), Broken>, Result<Seen, Failure>),
        cancelled: bool,
        events: &mut impl Extend<Event>,
    ) {
        let partial = seen.as_ref().ok().and_then(|seen| seen.partial);
        let wanted = Point {
            name: transfer.target.clone(),
            guid: transfer.to.guid,
        };
        let broken = match (result, check(&wanted, seen)) {
            (Ok(()), Ok(guid)) => {
                self.done += 1;
                self.proved = Some(guid);
                self.bytes_saved = self.bytes_saved.saturating_add(transfer.resume.map_or(0, |resume| resume.bytes));
                events.extend([Event::StepProved {
                    dataset: self.subject.clone(),
                    to: transfer.to.name.clone(),
                    guid,
                    bytes: self.step_bytes,
                    took: now.saturating_sub(self.step_opened),
                }]);
                return self.stepped(plan, index, cancelled, events);
            }
            (Ok(()), Err(failure)) => failure.into(),
            (Err(broken), _) => broken,
        };
        events.extend([Event::StepFailed {
            dataset: self.subject.clone(),
            to: transfer.to.name.clone(),
            bytes: self.step_bytes,
            why: broken.clone(),
        }]);
        if partial == Some(transfer.to.guid) {
            self.state = State::Due(Phase::Keep(index, broken));
        } else {
            self.fail(Some(transfer), broken, events);
        }
    }

    fn stepped(&mut self, plan: &DatasetPlan, index: usize, cancelled: bool, events: &mut impl Extend<Event>) {
        if let Some(Step::Rename(rename)) = plan.steps().get(index) {
            events.extend([Event::Renamed {
                dataset: self.subject.clone(),
                from: rename.from.clone(),
                to: rename.to.clone(),
            }]);
        }
        if stands_at(plan) == Some(index) {
            self.stands = true;
        }
        self.advance(plan, index + 1, cancelled, events);
    }

    fn advance(&mut self, plan: &DatasetPlan, index: usize, cancelled: bool, events: &mut impl Extend<Event>) {
        match plan.steps().get(index) {
            None => {
                let outcome = if plan.transfers().next().is_some() {
                    Outcome::Replicated
                } else {
                    Outcome::AtGoal
                };
                self.close(outcome, events);
            }
            Some(_) if cancelled => self.fail(None, failure(plan, FailureKind::Cancelled).into(), events),
            Some(Step::Unmark(unmark)) if self.proved != Some(unmark.stays.guid) => {
                self.state = State::Due(Phase::ConfirmStays(index));
            }
            Some(_) => self.state = State::Due(Phase::Step(index)),
        }
    }

    fn fail(&mut self, transfer: Option<&Transfer>, why: Broken, events: &mut impl Extend<Event>) {
        self.close(failed(transfer, why), events);
    }

    fn close(&mut self, outcome: Outcome, events: &mut impl Extend<Event>) {
        if std::mem::take(&mut self.is_holding) {
            self.state = State::Due(Phase::LetGo(outcome));
        } else {
            self.finish(outcome, events);
        }
    }

    fn finish(&mut self, outcome: Outcome, events: &mut impl Extend<Event>) {
        events.extend([Event::DatasetFinished {
            dataset: self.subject.clone(),
            outcome: outcome.clone(),
        }]);
        self.state = State::Finished(outcome);
    }
}

/// Whether a snapshot was read back as it should be.
fn check(wanted: &Point, seen: Result<Seen, Failure>) -> Result<Guid, Failure> {
    let found = seen?.snapshot;
    if found == Some(wanted.guid) {
        return Ok(wanted.guid);
    }
    Err(Failure {
        side: Side::Target,
        part: Part::Confirm,
        object: wanted.name.to_string(),
        kind: FailureKind::NotProved {
            expected: wanted.guid,
            found,
        },
        errno: None,
        detail: String::new(),
    })
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

fn out_of_turn(plan: &DatasetPlan) -> Failure {
    failure(plan, FailureKind::OutOfTurn)
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
