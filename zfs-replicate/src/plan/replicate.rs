//! I make the plan of a whole tree, or say why there can be none.

use crate::plan::board::{Board, Seat};
use crate::plan::{Format, Orphan, Plan, PlanError};
use crate::policy::Wish;
use crate::reason::Side;
use crate::view::{Dataset, View};

pub(super) fn plan(source: &View, target: &View, wish: &Wish) -> Result<Plan, PlanError> {
    check(source, target)?;
    let mut board = Board::new(source, target, wish)?;
    while board.round() {}
    Ok(Plan {
        format: Format,
        source: source.root.clone(),
        target: target.root.clone(),
        wish: wish.clone(),
        available: target
            .dataset(&target.root)
            .map(|root| root.available)
            .or(target.above.as_ref().map(|above| above.available))
            .unwrap_or(u64::MAX),
        skipped: board.skipped,
        orphans: orphans(source, target, &board.seats, wish),
        datasets: board.plans,
    })
}

fn check(source: &View, target: &View) -> Result<(), PlanError> {
    if source.dataset(&source.root).is_none() {
        return Err(PlanError::NothingSelected { root: source.root.clone() });
    }
    let is_nested = source.root.below(&target.root).is_some() || target.root.below(&source.root).is_some();
    if source.pool.guid == target.pool.guid && is_nested {
        return Err(PlanError::Overlap {
            source_root: source.root.clone(),
            target: target.root.clone(),
        });
    }
    for (side, view) in [(Side::Source, source), (Side::Target, target)] {
        if view.pool.readonly {
            return Err(PlanError::ReadOnlyPool {
                side,
                root: view.root.clone(),
            });
        }
    }
    if target.dataset(&target.root).is_none() && target.above.is_none() {
        return Err(PlanError::TargetParentMissing {
            target: target.root.clone(),
        });
    }
    Ok(())
}

/// What the target has below its root that is nobody's counterpart and lies at nobody's home, not even that of one that is left alone.
fn orphans(source: &View, target: &View, seats: &[Seat<'_>], wish: &Wish) -> Vec<Orphan> {
    let is_orphan = |(index, dataset): &(usize, &Dataset)| {
        let is_counterpart = seats.iter().any(|seat| {
            let is_found = seat.found.is_some_and(|found| found.index == *index);
            is_found || (seat.home.as_ref().is_ok_and(|home| *home == dataset.name))
        });
        let path = target.path(dataset);
        let is_left_alone = source.datasets.iter().any(|other| source.path(other) == path);
        dataset.name != target.root && !is_counterpart && !is_left_alone
    };
    if !wish.recursive {
        return Vec::new();
    }
    target
        .datasets
        .iter()
        .enumerate()
        .filter(is_orphan)
        .map(|(_, dataset)| Orphan {
            name: dataset.name.clone(),
            guid: dataset.guid,
            snapshots: dataset.versions.len(),
        })
        .collect()
}
