//! I put the datasets of a tree in an order in which each one finds its parent, its name and its past in place.

use std::collections::BTreeSet;

use zfs_rs::name::{DatasetName, NameError};

use crate::plan::ability::Pools;
use crate::plan::aside;
use crate::plan::encrypt::Stem;
use crate::plan::lineage::{self, Match};
use crate::plan::mark::TargetKey;
use crate::plan::steps::{Case, Done, Growth, unnameable};
use crate::plan::{DatasetPlan, Left, PlanError, Rename, SetAside, Step, Work};
use crate::policy::Wish;
use crate::policy::selection::{Choice, select};
use crate::reason::{Blocked, Note, Selected};
use crate::view::{Dataset, Encryption, View};

mod growth;
mod rename;
mod stand_in;
mod way_out;

use rename::{keeps_its_key, moved};

/// A dataset of the source and what is known of its counterpart.
pub(super) struct Seat<'a> {
    source: &'a Dataset,
    why: Selected,
    pub(super) home: Result<DatasetName, NameError>,
    pub(super) found: Option<Match>,
    parent: Option<usize>,
    turn: Option<Turn>,
}

/// How a dataset came out.
#[derive(Clone)]
struct Turn {
    /// The places in the plan after which it lies where it belongs, so that others can come to lie below; nothing if it never will.
    stands_after: Option<Vec<usize>>,
    stem: Stem,
}

/// How long a dataset waits for others whose turn is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// Until the place where it belongs is free, and its origin has its turn.
    ForAll,
    /// Until its origin has its turn: who is blocked today can be helped in the next run, but a clone sent in full shares nothing for good.
    ForOrigins,
    /// Not at all.
    Spent,
}

/// The tree while its order is being found. `names` are those of the target's datasets after the renames planned so far.
pub(super) struct Board<'a> {
    target: &'a View,
    wish: &'a Wish,
    pools: Pools<'a>,
    key: TargetKey,
    pub(super) seats: Vec<Seat<'a>>,
    names: Vec<DatasetName>,
    /// Places, in the target's view, of what was set aside or is by the plan so far.
    aside: BTreeSet<usize>,
    renames: Vec<(usize, DatasetName, DatasetName)>,
    /// Places of clones, and the datasets from which they grow, as these are called then.
    growths: Vec<(usize, DatasetName)>,
    pub(super) plans: Vec<DatasetPlan>,
    pub(super) skipped: Vec<Left>,
    patience: Patience,
}

impl<'a> Board<'a> {
    pub(super) fn new(source: &'a View, target: &'a View, wish: &'a Wish) -> Result<Self, PlanError> {
        let mut chosen = Vec::new();
        let mut skipped = Vec::new();
        for (dataset, choice) in select(source, wish) {
            match choice {
                Choice::Selected(why) => chosen.push((dataset, why)),
                Choice::Skipped(why) => skipped.push(Left {
                    name: dataset.name.clone(),
                    why,
                }),
            }
        }
        if let (true, Some(first)) = (chosen.is_empty(), skipped.first()) {
            return Err(PlanError::AllSkipped {
                root: source.root.clone(),
                why: first.why.clone(),
            });
        }
        chosen.extend(stand_in::above(&chosen, &skipped, source));
        chosen.sort_by(|(a, _), (b, _)| a.name.as_str().split('/').cmp(b.name.as_str().split('/')));
        Ok(Self {
            target,
            wish,
            pools: Pools {
                source: &source.pool,
                target: &target.pool,
                name: target.root.pool(),
            },
            key: TargetKey::new(target),
            seats: seats(&chosen, source, target),
            names: target.datasets.iter().map(|dataset| dataset.name.clone()).collect(),
            aside: aside::places(target),
            renames: Vec::new(),
            growths: Vec::new(),
            plans: Vec::new(),
            skipped,
            patience: Patience::ForAll,
        })
    }

    /// Plans what can be planned now. A dataset waits while its home is occupied by another that is still to be renamed, and a clone while its
    /// origin's dataset waits; when nothing moves any more, those that wait for each other are planned as they stand.
    pub(super) fn round(&mut self) -> bool {
        let before = self.plans.len();
        for index in 0..self.seats.len() {
            self.seat(index);
        }
        if self.plans.len() > before {
            return true;
        }
        let next = match self.patience {
            Patience::ForAll => Patience::ForOrigins,
            Patience::ForOrigins => Patience::Spent,
            Patience::Spent => return false,
        };
        self.patience = next;
        true
    }

    fn seat(&mut self, index: usize) {
        let Some(seat) = self.seats.get(index).filter(|seat| seat.turn.is_none()) else {
            return;
        };
        let parent = match seat.parent {
            None => None,
            Some(parent) => match self.seats.get(parent).and_then(|parent| parent.turn.clone()) {
                Some(turn) => Some(turn),
                None => return,
            },
        };
        let is_waiting = match self.patience {
            Patience::ForAll => self.is_waiting(seat) || self.waits_for_origin(seat),
            Patience::ForOrigins => self.waits_for_origin(seat),
            Patience::Spent => false,
        };
        if is_waiting {
            return;
        }
        if seat.why == Selected::Above {
            self.stand_in(index, parent.as_ref());
        } else {
            let planned = self.plan_seat(seat, parent.as_ref());
            self.take(index, planned);
        }
        self.patience = Patience::ForAll;
    }

    /// Whether another dataset, whose turn is still to come, lies where this one belongs.
    fn is_waiting(&self, seat: &Seat<'_>) -> bool {
        let Some(occupant) = seat.home.as_ref().ok().and_then(|home| self.occupant(home)) else {
            return false;
        };
        let is_other = seat.found.is_none_or(|found| found.index != occupant);
        is_other
            && self
                .seats
                .iter()
                .any(|other| other.turn.is_none() && other.found.is_some_and(|found| found.index == occupant))
    }

    fn occupant(&self, home: &DatasetName) -> Option<usize> {
        self.names.iter().position(|name| name == home)
    }

    fn plan_seat(&self, seat: &Seat<'a>, parent: Option<&Turn>) -> Result<Planned, Refused> {
        let never = |blocked| Refused {
            blocked,
            stands_after: None,
        };
        let home = seat.home.as_ref().map_err(|error| never(unnameable(error.clone())))?;
        let (above_stands, above) = self.above(home, parent).ok_or_else(|| {
            let parent = home.parent().map(|parent| parent.to_string()).unwrap_or_default();
            never(Blocked::ParentMissing { parent })
        })?;
        let occupant = self.occupant(home);
        let rename = self
            .rename(seat, home, occupant.and_then(|index| self.target.datasets.get(index)))
            .map_err(never)?;
        let place = seat.found.map(|found| found.index).or(occupant);
        let found = place.and_then(|place| self.target.datasets.get(place));
        rename
            .as_ref()
            .zip(found)
            .map_or(Ok(()), |(rename, found)| keeps_its_key(rename, found, &above))
            .map_err(never)?;
        let growth = self.growth(seat);
        let case = Case {
            source: seat.source,
            found,
            growth: growth.as_ref(),
            target: self.target,
            home,
            above: &above,
            raw: self.wish.raw,
            wish: self.wish,
            pools: &self.pools,
            key: self.key,
        };
        let (done, aside) = self.solve(case, place).map_err(|blocked| Refused {
            blocked,
            stands_after: (rename.is_none() && found.is_some_and(|found| !found.inconsistent)).then(|| above_stands.clone()),
        })?;
        let rename = rename.filter(|_| aside.is_none());
        let growth = growth.filter(|_| done.is_clone);
        let moving = rename.as_ref().map(|rename| (&rename.from, &rename.to));
        let moving = moving.or(aside.as_ref().map(|aside| (&aside.from, &aside.to)));
        let needs = self.needs(home, moving, growth.as_ref(), above_stands);
        Ok(Planned {
            stands_after: if done.is_born || rename.is_some() {
                vec![self.plans.len()]
            } else {
                needs.clone()
            },
            aside,
            rename,
            growth,
            done,
            needs,
        })
    }

    /// After which places what lies above a home stands, and how that is encrypted; nothing when it never will. Only the root has nothing above it
    /// in the tree, or what came to be on the source while it was read.
    fn above(&self, home: &DatasetName, parent: Option<&Turn>) -> Option<(Vec<usize>, Encryption)> {
        match parent {
            Some(parent) => Some((parent.stands_after.clone()?, parent.stem.encryption.clone())),
            None if *home == self.target.root => {
                let above = self.target.above.as_ref();
                Some((Vec::new(), above.map_or(Encryption::Off, |above| above.encryption.clone())))
            }
            None => None,
        }
    }

    /// What must have happened before: that the parent came to stand, every renaming that touches the same names, and that the origin of a
    /// clone is there under its name. What is renamed or set aside, from one name to another, waits for the clones that grow from it under its old one.
    fn needs(
        &self,
        home: &DatasetName,
        moving: Option<(&DatasetName, &DatasetName)>,
        growth: Option<&Growth>,
        above_stands: Vec<usize>,
    ) -> Vec<usize> {
        let touches = |a: &DatasetName, b: &DatasetName| a.below(b).is_some() || b.below(a).is_some();
        let mine = || std::iter::once(home).chain(moving.map(|(from, _)| from));
        let renames = self
            .renames
            .iter()
            .filter(|(_, from, to)| {
                let brings_origin = growth.is_some_and(|growth| growth.there.name.dataset().below(to).is_some());
                brings_origin || mine().any(|name| touches(name, from) || (moving.is_some() && touches(name, to)))
            })
            .map(|(place, ..)| *place);
        let sent_by = growth.and_then(|growth| growth.sent_by);
        let growths = self
            .growths
            .iter()
            .filter(|(_, grown)| moving.is_some_and(|(from, _)| grown.below(from).is_some()))
            .map(|(place, _)| *place);
        let needs: BTreeSet<_> = renames.chain(growths).chain(sent_by).chain(above_stands).collect();
        needs.into_iter().collect()
    }

    /// Writes down how a dataset came out, and moves names as its renaming will.
    fn take(&mut self, index: usize, planned: Result<Planned, Refused>) {
        let place = self.plans.len();
        let (work, notes, needs, turn) = match planned {
            Err(Refused { blocked, stands_after }) => {
                let stem = self.stem_at(index);
                let turn = Turn { stands_after, stem };
                (Work::Blocked { why: blocked }, Vec::new(), Vec::new(), turn)
            }
            Ok(planned) => {
                let mut steps = planned.done.steps;
                if let Some(rename) = planned.rename {
                    for name in &mut self.names {
                        if let Ok(new) = moved(name, &rename.from, &rename.to) {
                            *name = new;
                        }
                    }
                    self.renames.push((place, rename.from.clone(), rename.to.clone()));
                    steps.insert(0, Step::Rename(rename));
                }
                if let Some(aside) = planned.aside {
                    self.move_aside(index, place, &aside);
                    steps.insert(0, Step::SetAside(aside));
                }
                let turn = Turn {
                    stands_after: Some(planned.stands_after),
                    stem: planned.done.stem,
                };
                if let Some(growth) = planned.growth {
                    self.growths.push((place, growth.there.name.dataset().clone()));
                }
                // What the source has is safe before anything is done with the target.
                steps.sort_by_key(|step| !matches!(step, Step::Mark(_)));
                (Work::Steps { steps }, planned.done.notes, planned.needs, turn)
            }
        };
        self.push(index, needs, notes, work);
        if let Some(seat) = self.seats.get_mut(index) {
            seat.turn = Some(turn);
        }
    }

    fn push(&mut self, index: usize, needs: Vec<usize>, notes: Vec<Note>, work: Work) {
        if let Some(seat) = self.seats.get(index) {
            self.plans.push(DatasetPlan {
                source: seat.source.name.clone(),
                guid: seat.source.guid,
                target: match &seat.home {
                    Ok(home) => home.to_string(),
                    Err(error) => error.text.clone(),
                },
                why: seat.why.clone(),
                needs,
                notes,
                work,
            });
        }
    }

    /// How what lies at a dataset's home is encrypted.
    fn stem_at(&self, index: usize) -> Stem {
        let home = self.seats.get(index).and_then(|seat| seat.home.as_ref().ok());
        let occupant = home.and_then(|home| self.occupant(home));
        let occupant = occupant.and_then(|index| self.target.datasets.get(index));
        Stem {
            name: occupant.map_or(&self.target.root, |dataset| &dataset.name).clone(),
            encryption: occupant.map_or(Encryption::Off, |dataset| dataset.encryption.clone()),
        }
    }
}

/// What a dataset's turn brought.
struct Planned {
    stands_after: Vec<usize>,
    aside: Option<SetAside>,
    rename: Option<Rename>,
    growth: Option<Growth>,
    done: Done,
    needs: Vec<usize>,
}

/// Why a dataset's turn brought nothing, and whether the target has something at its home all the same.
struct Refused {
    blocked: Blocked,
    stands_after: Option<Vec<usize>>,
}

fn seats<'a>(chosen: &[(&'a Dataset, Selected)], source: &View, target: &View) -> Vec<Seat<'a>> {
    let homes: Vec<_> = chosen
        .iter()
        .map(|(dataset, _)| match source.path(dataset) {
            None | Some("") => Ok(target.root.clone()),
            Some(path) => target.root.child(path),
        })
        .collect();
    let wanted: Vec<_> = chosen
        .iter()
        .zip(&homes)
        .filter(|((_, why), _)| *why != Selected::Above)
        .map(|((dataset, _), home)| (*dataset, home.as_ref().unwrap_or(&target.root)))
        .collect();
    let mut found = lineage::matches(&wanted, target).into_iter();
    chosen
        .iter()
        .zip(homes)
        .map(|((dataset, why), home)| {
            (
                dataset,
                why,
                home,
                if *why == Selected::Above { None } else { found.next().flatten() },
            )
        })
        .map(|(dataset, why, home, found)| Seat {
            source: dataset,
            why: why.clone(),
            parent: dataset
                .name
                .parent()
                .and_then(|parent| chosen.iter().position(|(other, _)| other.name == parent)),
            found: found.filter(|_| home.is_ok()),
            home,
            turn: None,
        })
        .collect()
}
