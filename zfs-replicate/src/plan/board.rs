//! I put the datasets of a tree in an order in which each one finds its parent, its name and its past in place.

use std::collections::BTreeSet;

use zfs_rs::name::{DatasetName, NameError};

use crate::plan::lineage::{self, Match};
use crate::plan::mark::TargetKey;
use crate::plan::steps::{Case, Done, unnameable};
use crate::plan::{DatasetPlan, Left, PlanError, Rename, Step, Work};
use crate::policy::Wish;
use crate::policy::selection::{Choice, select};
use crate::reason::{Blocked, Selected};
use crate::view::{Dataset, Encryption, View};

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
    encryption: Encryption,
}

/// The tree while its order is being found. `names` are those of the target's datasets after the renames planned so far.
pub(super) struct Board<'a> {
    target: &'a View,
    wish: Wish,
    key: TargetKey,
    pub(super) seats: Vec<Seat<'a>>,
    names: Vec<DatasetName>,
    renames: Vec<(usize, DatasetName, DatasetName)>,
    pub(super) plans: Vec<DatasetPlan>,
    pub(super) skipped: Vec<Left>,
    is_last: bool,
}

impl<'a> Board<'a> {
    pub(super) fn new(source: &'a View, target: &'a View, wish: Wish) -> Result<Self, PlanError> {
        let mut chosen = Vec::new();
        let mut skipped = Vec::new();
        for (dataset, choice) in select(source, &wish) {
            match choice {
                Choice::Selected(why) => chosen.push((dataset, why)),
                Choice::Skipped(why) => skipped.push(Left {
                    name: dataset.name.clone(),
                    why,
                }),
            }
        }
        chosen.sort_by(|(a, _), (b, _)| a.name.as_str().split('/').cmp(b.name.as_str().split('/')));
        if chosen.is_empty() {
            return Err(PlanError::NothingSelected { root: source.root.clone() });
        }
        Ok(Self {
            target,
            wish,
            key: TargetKey::new(target),
            seats: seats(&chosen, source, target),
            names: target.datasets.iter().map(|dataset| dataset.name.clone()).collect(),
            renames: Vec::new(),
            plans: Vec::new(),
            skipped,
            is_last: false,
        })
    }

    /// Plans what can be planned now. A dataset waits while its home is occupied by another that is still to be renamed; when nothing moves
    /// any more, those that wait for each other are planned as they stand.
    pub(super) fn round(&mut self) -> bool {
        let before = self.plans.len();
        for index in 0..self.seats.len() {
            self.seat(index);
        }
        if self.plans.len() > before {
            return true;
        }
        let was_last = std::mem::replace(&mut self.is_last, true);
        !was_last
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
        if !self.is_last && self.is_waiting(seat) {
            return;
        }
        let planned = self.plan_seat(seat, parent.as_ref());
        self.take(index, planned);
        self.is_last = false;
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
        let occupant = self.occupant(home).and_then(|index| self.target.datasets.get(index));
        let rename = self.rename(seat, home, occupant).map_err(never)?;
        let found = match seat.found {
            Some(found) => self.target.datasets.get(found.index),
            None => occupant,
        };
        let case = Case {
            source: seat.source,
            found,
            home,
            above: &above,
            raw: self.wish.raw,
            key: self.key,
        };
        let done = case.plan().map_err(|blocked| Refused {
            blocked,
            stands_after: (rename.is_none() && found.is_some_and(|found| !found.inconsistent)).then(|| above_stands.clone()),
        })?;
        let needs = self.needs(home, rename.as_ref(), above_stands);
        Ok(Planned {
            stands_after: if done.is_born || rename.is_some() {
                vec![self.plans.len()]
            } else {
                needs.clone()
            },
            rename,
            done,
            needs,
        })
    }

    /// After which places what lies above a home stands, and how that is encrypted; nothing when it never will.
    fn above(&self, home: &DatasetName, parent: Option<&Turn>) -> Option<(Vec<usize>, Encryption)> {
        if let Some(parent) = parent {
            return Some((parent.stands_after.clone()?, parent.encryption.clone()));
        }
        let encryption = if *home == self.target.root {
            let above = self.target.above.as_ref();
            above.map_or(Encryption::Off, |above| above.encryption.clone())
        } else {
            let occupant = self.occupant(&home.parent()?)?;
            let belongs_elsewhere = |seat: &Seat<'_>| {
                let is_found = seat.found.is_some_and(|found| found.index == occupant);
                is_found && seat.home.as_ref().is_ok_and(|there| Some(there) != home.parent().as_ref())
            };
            if self.seats.iter().any(belongs_elsewhere) {
                return None;
            }
            self.target.datasets.get(occupant)?.encryption.clone()
        };
        Some((Vec::new(), encryption))
    }

    /// The renaming that brings a counterpart home, if it is not there.
    fn rename(&self, seat: &Seat<'_>, home: &DatasetName, occupant: Option<&Dataset>) -> Result<Option<Rename>, Blocked> {
        let Some(found) = seat.found else {
            return self.free(home).map(|()| None);
        };
        let Some((from, there)) = self.names.get(found.index).zip(self.target.datasets.get(found.index)) else {
            return Ok(None);
        };
        if from == home {
            return Ok(None);
        }
        // Below itself it cannot go: the name of what would be its parent is its own.
        let itself = home.below(from).map(|_| there);
        if let Some(occupant) = occupant.or(itself) {
            return Err(Blocked::NameOccupied {
                from: Some(from.clone()),
                to: home.clone(),
                occupant: occupant.guid,
            });
        }
        for name in self.names.iter().filter(|name| name.below(from).is_some()) {
            moved(name, from, home).map_err(unnameable)?;
        }
        Ok(Some(Rename {
            from: from.clone(),
            to: home.clone(),
            guid: there.guid,
            shares: found.shares,
        }))
    }

    /// Whether nobody else's counterpart lies where something new belongs.
    fn free(&self, home: &DatasetName) -> Result<(), Blocked> {
        let others = self.seats.iter().filter_map(|seat| seat.found);
        let mut in_the_way = others.filter(|found| self.names.get(found.index) == Some(home));
        let occupant = in_the_way.next().and_then(|found| self.target.datasets.get(found.index));
        occupant.map_or(Ok(()), |occupant| {
            Err(Blocked::NameOccupied {
                from: None,
                to: home.clone(),
                occupant: occupant.guid,
            })
        })
    }

    /// What must have happened before: that the parent came to stand, and every renaming that touches the same names.
    fn needs(&self, home: &DatasetName, rename: Option<&Rename>, above_stands: Vec<usize>) -> Vec<usize> {
        let touches = |a: &DatasetName, b: &DatasetName| a.below(b).is_some() || b.below(a).is_some();
        let mine = || std::iter::once(home).chain(rename.map(|rename| &rename.from));
        let renames = self
            .renames
            .iter()
            .filter(|(_, from, to)| mine().any(|name| touches(name, from) || (rename.is_some() && touches(name, to))))
            .map(|(place, ..)| *place);
        let needs: BTreeSet<_> = renames.chain(above_stands).collect();
        needs.into_iter().collect()
    }

    /// Writes down how a dataset came out, and moves names as its renaming will.
    fn take(&mut self, index: usize, planned: Result<Planned, Refused>) {
        let place = self.plans.len();
        let (work, notes, needs, turn) = match planned {
            Err(Refused { blocked, stands_after }) => {
                let encryption = self.encryption_at(index);
                let turn = Turn { stands_after, encryption };
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
                let turn = Turn {
                    stands_after: Some(planned.stands_after),
                    encryption: planned.done.encryption,
                };
                (Work::Steps { steps }, planned.done.notes, planned.needs, turn)
            }
        };
        if let Some(seat) = self.seats.get_mut(index) {
            seat.turn = Some(turn);
            self.plans.push(DatasetPlan {
                source: seat.source.name.clone(),
                guid: seat.source.guid,
                target: match &seat.home {
                    Ok(home) => home.to_string(),
                    Err(error) => error.text.clone(),
                },
                why: seat.why,
                needs,
                notes,
                work,
            });
        }
    }

    /// How what lies at a dataset's home is encrypted.
    fn encryption_at(&self, index: usize) -> Encryption {
        let home = self.seats.get(index).and_then(|seat| seat.home.as_ref().ok());
        home.and_then(|home| self.occupant(home))
            .and_then(|index| self.target.datasets.get(index))
            .map_or(Encryption::Off, |dataset| dataset.encryption.clone())
    }
}

/// What a dataset's turn brought.
struct Planned {
    stands_after: Vec<usize>,
    rename: Option<Rename>,
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
        .map(|((dataset, _), home)| (*dataset, home.as_ref().unwrap_or(&target.root)))
        .collect();
    let found = lineage::matches(&wanted, target);
    chosen
        .iter()
        .zip(homes)
        .zip(found)
        .map(|(((dataset, why), home), found)| Seat {
            source: dataset,
            why: *why,
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

/// The name that something has after a renaming; an error when it would be none, the old one when it is not concerned.
fn moved(name: &DatasetName, from: &DatasetName, to: &DatasetName) -> Result<DatasetName, NameError> {
    match name.below(from) {
        None => Ok(name.clone()),
        Some("") => Ok(to.clone()),
        Some(path) => to.child(path),
    }
}
