//! I find what a clone can grow from on the target.

use super::{Board, Seat};
use crate::plan::encrypt::Stem;
use crate::plan::steps::Growth;
use crate::policy::divergence::OnDivergence;
use crate::reason::Selected;
use crate::view::{Dataset, Point};

impl Board<'_> {
    /// Whether it is a clone, and the dataset that has its origin has no turn yet.
    pub(super) fn waits_for_origin(&self, seat: &Seat<'_>) -> bool {
        let origin = seat.source.origin.as_ref().filter(|_| seat.why != Selected::Above);
        let origin = origin.and_then(|origin| origin.guid);
        let has_origin = |other: &Seat<'_>| origin.is_some_and(|origin| other.source.version(origin).is_some());
        let is_there = seat.found.and_then(|found| self.target.datasets.get(found.index));
        let is_there = is_there.is_some_and(|there| !there.versions.is_empty());
        // It may have to be set aside, and then grows anew.
        let is_there = is_there && self.wish.on_divergence != OnDivergence::RenameAside;
        !is_there && self.seats.iter().any(|other| other.turn.is_none() && has_origin(other))
    }

    /// What a clone can grow from: the snapshot of the target that has its origin's GUID, or will by the plan so far.
    pub(super) fn growth(&self, seat: &Seat<'_>) -> Option<Growth> {
        let origin = seat.source.origin.as_ref()?;
        let from = Point {
            name: origin.name.clone(),
            guid: origin.guid?,
        };
        self.grown(&from).or_else(|| self.growing(&from))
    }

    fn grown(&self, from: &Point) -> Option<Growth> {
        let has_it = |(index, there): &(usize, &Dataset)| there.version(from.guid).map(|_| *index);
        // What is set aside is kept until somebody destroys it, which a clone would keep him from.
        let there = self.target.datasets.iter().enumerate();
        let mut having = there
            .filter(|(index, _)| !self.aside.contains(index))
            .filter_map(|there| has_it(&there));
        let index = having.next()?;
        let dataset = self.target.datasets.get(index)?;
        let there = self.names.get(index)?.snapshot(dataset.version(from.guid)?.name.short()).ok()?;
        Some(Growth {
            from: from.clone(),
            sent_by: None,
            stem: Stem {
                name: there.dataset().clone(),
                encryption: dataset.encryption.clone(),
            },
            there: Point {
                name: there,
                guid: from.guid,
            },
        })
    }

    fn growing(&self, from: &Point) -> Option<Growth> {
        let turns = self.seats.iter().filter_map(|seat| Some((seat, seat.turn.as_ref()?)));
        let mut found = turns.filter_map(|(seat, turn)| {
            let place = self.plans.iter().position(|plan| plan.source == seat.source.name)?;
            let mut transfers = self.plans.get(place)?.transfers();
            let there = transfers.find(|transfer| transfer.to.guid == from.guid)?;
            Some(Growth {
                from: from.clone(),
                there: Point {
                    name: there.target.clone(),
                    guid: from.guid,
                },
                sent_by: Some(place),
                stem: turn.stem.clone(),
            })
        });
        found.next()
    }
}
