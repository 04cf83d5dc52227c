//! I turn what is due for a dataset into an order.

use crate::plan::{DatasetPlan, Kept, Marking, Step, Transfer};
use crate::run::Action;
use crate::run::dataset::Phase;
use crate::view::{Base, Point};

/// What a phase asks of the driver.
pub(super) fn action(phase: &Phase, plan: &DatasetPlan) -> Option<Action> {
    Some(match phase {
        Phase::Guard => Action::Guard {
            snapshots: held(plan),
            cursors: marking(plan).map_or_else(Vec::new, |marking| marking.cursors.clone()),
        },
        Phase::Step(index) => match plan.steps().get(*index)?.clone() {
            Step::Rename(rename) => Action::Rename(rename),
            Step::SetAside(aside) => Action::SetAside(aside),
            Step::RollBack(back) => Action::RollBack(back),
            Step::Placeholder(placeholder) => Action::StandIn(placeholder),
            Step::AbortPartial(abort) => Action::AbortPartial(abort),
            Step::Mark(marking) => Action::Guard {
                snapshots: Vec::new(),
                cursors: marking.cursors,
            },
            Step::Transfer(transfer) => Action::Transfer(transfer),
            Step::Release(kept) => Action::ReleaseKept(kept),
            Step::Unmark(unmark) => Action::Unmark(unmark.cursors),
        },
        Phase::Confirm(index, _) => Action::Confirm(arrives(transfer(plan, *index)?)),
        Phase::ConfirmStays(index) => Action::Confirm(stays(plan, *index)?.clone()),
        Phase::Keep(index, _) | Phase::KeepOld(index, _) => {
            let transfer = transfer(plan, *index)?;
            Action::KeepPartial(Kept {
                snapshot: transfer.to.clone(),
                tag: transfer.keep.clone(),
            })
        }
        Phase::LetGo(_) => Action::DropHold,
        Phase::PlanAgain => Action::PlanAgain(plan.source.clone()),
    })
}

/// The snapshots that must not go while the dataset is worked on. An origin cannot: kernels destroy none that has a clone. And its own dataset may
/// be holding it by the tag that this one would use.
fn held(plan: &DatasetPlan) -> Vec<Point> {
    let mut held: Vec<Point> = Vec::new();
    for transfer in plan.transfers() {
        let from = match &transfer.from {
            Some(Base::Snapshot(point)) if transfer.origin.is_none() => Some(point),
            Some(Base::Snapshot(_) | Base::Bookmark { .. }) | None => None,
        };
        for point in from.into_iter().chain([&transfer.to]) {
            if held.last() != Some(point) {
                held.push(point.clone());
            }
        }
    }
    held
}

/// The marks that are made while its snapshots are being held: both wait for a transaction group of the source, and so they wait for the same one.
pub(super) fn marking(plan: &DatasetPlan) -> Option<&Marking> {
    match plan.steps().first() {
        Some(Step::Mark(marking)) => Some(marking),
        _ => None,
    }
}

/// The step after which the target's dataset lies where it belongs; nothing if it does so from the beginning.
pub(super) fn stands_at(plan: &DatasetPlan) -> Option<usize> {
    let is_birth = |step: &Step| match step {
        Step::Transfer(transfer) => transfer.is_birth(),
        Step::Placeholder(_) => true,
        _ => false,
    };
    let is_rename = |step: &Step| matches!(step, Step::Rename(_));
    let steps = plan.steps();
    steps.iter().position(is_birth).or_else(|| steps.iter().position(is_rename))
}

/// The step that resumes a partial receive whose snapshot nobody holds yet: whoever left it died before.
pub(super) fn unkept(plan: &DatasetPlan) -> Option<usize> {
    let index = plan
        .steps()
        .iter()
        .position(|step| matches!(step, Step::Transfer(transfer) if transfer.resume.is_some()))?;
    let resumed = transfer(plan, index)?;
    let is_kept = |step: &Step| matches!(step, Step::Release(kept) if kept.snapshot.guid == resumed.to.guid);
    (!plan.steps().iter().any(is_kept)).then_some(index)
}

pub(super) fn transfer(plan: &DatasetPlan, index: usize) -> Option<&Transfer> {
    match plan.steps().get(index) {
        Some(Step::Transfer(transfer)) => Some(transfer),
        _ => None,
    }
}

/// What is on the target after a transfer.
pub(super) fn arrives(transfer: &Transfer) -> Point {
    Point {
        name: transfer.target.clone(),
        guid: transfer.to.guid,
    }
}

pub(super) fn stays(plan: &DatasetPlan, index: usize) -> Option<&Point> {
    match plan.steps().get(index) {
        Some(Step::Unmark(unmark)) => Some(&unmark.stays),
        _ => None,
    }
}
