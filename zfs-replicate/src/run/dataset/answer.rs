//! I take the answers to what was asked for a dataset: the table of what follows from what.

use std::time::Duration;

use zfs_rs::identity::Guid;

use super::{Phase, State, Task, failed, failure};
use crate::event::Event;
use crate::plan::{DatasetPlan, Rename, SetAside, Step, Transfer};
use crate::reason::{Broken, Failure, FailureKind, Outcome, Part, Side};
use crate::run::order::{arrives, marking, stands_at, stays, transfer};
use crate::run::{Answer, Seen};
use crate::view::Point;

impl Task {
    /// Takes an answer: the transition table.
    pub(in crate::run) fn answer(
        &mut self,
        plan: &DatasetPlan,
        now: Duration,
        answer: Answer,
        cancelled: bool,
        events: &mut impl Extend<Event>,
    ) {
        let State::Asked(phase) = &self.state else {
            if !matches!(self.state, State::Finished(_)) {
                self.fail(None, out_of_turn(plan).into());
            }
            return;
        };
        self.closed = Some(now);
        match (phase.clone(), answer) {
            (Phase::Guard, Answer::Done(result)) => match result {
                Ok(()) => {
                    self.is_holding = true;
                    self.advance(plan, usize::from(marking(plan).is_some()), cancelled);
                }
                Err(failure) => self.fail(None, failure.into()),
            },
            (Phase::Step(index), Answer::Done(result)) => {
                self.is_holding &= stays(plan, index).is_none();
                match result {
                    Ok(()) => self.stepped(plan, index, cancelled, events),
                    Err(failure) => self.fail(None, failure.into()),
                }
            }
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
                    self.proved.insert(guid);
                    self.state = State::Due(Phase::Step(index));
                }
                Some(Err(failure)) => self.fail(None, failure.into()),
                None => self.fail(None, out_of_turn(plan).into()),
            },
            (Phase::Keep(index, mut broken), Answer::Done(result)) => {
                broken.echoes.extend(result.err());
                self.fail(transfer(plan, index), broken);
            }
            // What cannot be held can only be lost with its snapshot, and is then sent again.
            (Phase::KeepOld(_, why), Answer::Done(_)) => self.finish(Outcome::NotBegun { why }, events),
            (Phase::LetGo(outcome), Answer::Done(result)) => match result {
                Err(failure) if outcome.is_at_goal() => self.state = State::Ended(failed(None, failure.into())),
                _ => self.state = State::Ended(outcome),
            },
            // A plan that could be made is for the machine, which keeps it.
            (Phase::PlanAgain, Answer::Planned(Err(failure))) => {
                self.tries = self.tries.saturating_add(1);
                self.fail(None, failure.into());
            }
            _ => self.fail(None, out_of_turn(plan).into()),
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
        let found = seen.as_ref().ok().copied();
        let broken = match (result, check(&arrives(transfer), seen)) {
            (Ok(()), Ok(guid)) => {
                self.done += 1;
                self.proved.insert(guid);
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
            (Err(mut broken), _) => {
                if broken.cause.kind == FailureKind::Mismatch && found.is_some_and(|found| is_overtaken(transfer, found)) {
                    broken.cause.kind = FailureKind::Busy;
                }
                broken
            }
        };
        events.extend([Event::StepFailed {
            dataset: self.subject.clone(),
            to: transfer.to.name.clone(),
            bytes: self.step_bytes,
            why: broken.clone(),
        }]);
        let partial = found.and_then(|found| found.partial);
        if partial.is_some_and(|partial| partial.to_guid == transfer.to.guid) {
            self.state = State::Due(Phase::Keep(index, broken));
        } else {
            self.fail(Some(transfer), broken);
        }
    }

    fn stepped(&mut self, plan: &DatasetPlan, index: usize, cancelled: bool, events: &mut impl Extend<Event>) {
        let dataset = self.subject.clone();
        match plan.steps().get(index) {
            Some(Step::Rename(Rename { from, to, .. })) => events.extend([Event::Renamed {
                dataset,
                from: from.clone(),
                to: to.clone(),
            }]),
            Some(Step::SetAside(SetAside { from, to, .. })) => events.extend([Event::SetAside {
                dataset,
                from: from.clone(),
                to: to.clone(),
            }]),
            Some(Step::RollBack(back)) => events.extend([Event::RolledBack {
                dataset,
                to: back.to.name.clone(),
                lost: back.lost.len(),
            }]),
            _ => {}
        }
        if stands_at(plan) == Some(index) {
            self.stands = true;
        }
        self.advance(plan, index + 1, cancelled);
    }
}

/// Whether another receive got further since the transfer was planned, as that of a program that was killed does for a moment. Kernels say then that the
/// stream does not fit, as they do of one that never will; that one gets no further when it is tried again.
fn is_overtaken(transfer: &Transfer, found: Seen) -> bool {
    found.snapshot == Some(transfer.to.guid) || found.partial.map(|saved| saved.point) != transfer.resume
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

fn out_of_turn(plan: &DatasetPlan) -> Failure {
    failure(plan, FailureKind::OutOfTurn)
}
