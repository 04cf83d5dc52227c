//! I judge what a run said of itself, and what it left behind.

use zfs_replicate::reason::{Broken, Failure, FailureKind, NotBegun, Outcome, Part};
use zfs_replicate::run::report::{DatasetReport, Report};
use zfs_rs::stream::token::ResumeToken;
use zfs_rs::{DatasetName, OptionalExt as _};

use super::name;
use super::operator::Operator;
use crate::{SOURCE, TARGET, World};

/// I19: complete is what has every dataset at its goal. And what failed is told by its first cause, not by an echo of it.
pub(super) fn says_so(report: &Report) -> Result<(), String> {
    let all = report.datasets.iter().all(|dataset| dataset.outcome.is_at_goal());
    if report.complete != all {
        return Err(format!("I19: complete is {}: {report:#?}", report.complete));
    }
    for dataset in &report.datasets {
        if let Outcome::Failed {
            why: Broken { cause, echoes },
            ..
        } = &dataset.outcome
            && is_echo(cause) == Some(true)
            && echoes.iter().any(|echo| is_echo(echo) == Some(false))
        {
            return Err(format!("an echo hides the first cause of {}: {cause:?} {echoes:?}", dataset.source));
        }
    }
    Ok(())
}

/// I7: where nobody meddles with the copy every stream fits, and one that another program's receive came before is tried again.
pub(super) fn fits(report: &Report) -> Result<(), String> {
    let is_unfit =
        |dataset: &&DatasetReport| matches!(&dataset.outcome, Outcome::Failed { why, .. } if why.cause.kind == FailureKind::Mismatch);
    match report.datasets.iter().find(is_unfit) {
        Some(unfit) => Err(format!("I7: a stream is said not to fit where nobody meddled: {unfit:#?}")),
        None => Ok(()),
    }
}

/// Whether this is what one end of a stream says because the other went away; nothing where it is about no stream.
fn is_echo(failure: &Failure) -> Option<bool> {
    match failure.part {
        Part::Send | Part::Link => Some(failure.kind == FailureKind::Interrupted),
        Part::Receive => Some(failure.kind == FailureKind::Truncated),
        _ => None,
    }
}

/// I7: what is begun in a run without faults does not fail, and is not tried twice.
pub(super) fn goes_well(report: &Report) -> Result<(), String> {
    let is_failed = |dataset: &&DatasetReport| dataset.attempts > 1 || matches!(dataset.outcome, Outcome::Failed { .. });
    match report.datasets.iter().find(is_failed) {
        Some(failed) => Err(format!("I7: fails in a run without faults: {failed:#?}")),
        None => Ok(()),
    }
}

/// What a saved receive on the target waits for is held on the source, if it is there, nothing is in the way of its dataset, and its turn came before
/// the run was cancelled.
pub(super) fn keeps(world: &World, report: &Report) -> Result<(), String> {
    let idle = |dataset: &&DatasetReport| match &dataset.outcome {
        Outcome::Blocked { .. } | Outcome::NotBegun { why: NotBegun::Cancelled } => true,
        Outcome::Failed { to: None, why, .. } => why.cause.kind == FailureKind::Cancelled,
        _ => false,
    };
    let idle: Vec<_> = report.datasets.iter().filter(idle).map(|dataset| &dataset.source).collect();
    let source = world.zfs.tree(&name(SOURCE)).expect("the source is there");
    let source = source.iter().filter(|dataset| !idle.contains(&&dataset.name));
    let snapshots: Vec<_> = source.flat_map(|dataset| world.snapshots(&dataset.name)).collect();
    for dataset in world.zfs.tree(&name(TARGET)).optional().expect("readable").unwrap_or_default() {
        let token = world.zfs.receive_resume_token(&dataset.name).expect("the dataset is there");
        let Some(token) = token.and_then(|token| token.parse::<ResumeToken>().ok()) else {
            continue;
        };
        let awaited = snapshots.iter().find(|(guid, _)| guid.0 == token.point().to_guid);
        if let Some((_, snapshot)) = awaited
            && world.zfs.holds(snapshot).expect("readable").is_empty()
        {
            return Err(format!("nobody holds {snapshot}, which {} waits for", dataset.name));
        }
    }
    Ok(())
}

/// What must be so of a dataset at its goal, and of its copy.
pub(super) fn rests(operator: &Operator, source: &DatasetName) -> Result<(), String> {
    let world = &operator.world;
    let target = world.target(source.below(&name(SOURCE)).unwrap_or_default());
    let marks = world.zfs.bookmarks(source).expect("the source is there");
    let snapshots = world.zfs.snapshots(source).map(|snapshot| snapshot.expect("readable"));
    let here = snapshots.map(|snapshot| (snapshot.createtxg, snapshot.guid));
    let mut here: Vec<_> = here.chain(marks.iter().map(|mark| (mark.createtxg, mark.guid))).collect();
    let there = world.snapshots(&target);
    here.retain(|(_, guid)| there.iter().any(|(other, _)| other == guid));
    here.sort_unstable();
    here.dedup();
    for (_, guid) in here.iter().rev().take(2) {
        let is_ours = |mark: &&zfs_rs::BookmarkInfo| mark.guid == *guid && mark.name.short().starts_with("zfs-replicate");
        if marks.iter().find(is_ours).is_none() {
            return Err(format!("I3: {guid} of {source}, one of the two newest bases, is not marked"));
        }
    }
    let properties = world.zfs.properties(&target).expect("the target is there");
    if !operator.is_meddler && properties.number("readonly") != Some(1) {
        return Err(format!("I12: {target} can be written to"));
    }
    if world.is_raw && world.zfs.encryption(&target).expect("readable").is_none() {
        return Err(format!("I13: {target} is not encrypted"));
    }
    Ok(())
}

impl Operator {
    /// I10: when a stream begins, what it is made of is held.
    pub(super) fn look_for_holds(&mut self) {
        let source = self.world.zfs.tree(&name(SOURCE)).expect("the source is there");
        let mut snapshots = source.iter().flat_map(|dataset| self.world.snapshots(&dataset.name));
        if !snapshots.any(|(_, snapshot)| self.world.zfs.holds(&snapshot).is_ok_and(|holds| !holds.is_empty())) {
            self.broken = Some("I10: a stream begins and nothing on the source is held".to_owned());
        }
    }
}
