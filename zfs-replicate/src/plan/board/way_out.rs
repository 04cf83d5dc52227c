//! I find a way on for what diverged, where one is wanted.

use super::{Board, moved};
use crate::plan::aside::{self, unresolved};
use crate::plan::steps::{Case, Done};
use crate::plan::{SetAside, Step, diverge, roll_back};
use crate::policy::divergence::OnDivergence;
use crate::reason::{Blocked, Unresolved};

impl Board<'_> {
    /// The steps of a dataset, and how it is set aside first if it has to be.
    pub(super) fn solve(&self, case: Case<'_>, found: Option<usize>) -> Result<(Done, Option<SetAside>), Blocked> {
        let why = match case.plan() {
            Ok(done) => return Ok((done, None)),
            Err(why) => why,
        };
        let Some(found) = found.filter(|_| diverge::is_divergence(&why)) else {
            return Err(why);
        };
        match self.wish.on_divergence {
            OnDivergence::Error => Err(why),
            OnDivergence::RenameAside => {
                let aside = self.set_aside(found, &why).map_err(unresolved(why.clone()))?;
                // What goes along cannot be grown from under the name it had.
                let growth = case
                    .growth
                    .filter(|growth| growth.there.name.dataset().below(&aside.from).is_none());
                let anew = Case {
                    found: None,
                    growth,
                    ..case
                };
                let done = anew.plan().map_err(in_vain).map_err(unresolved(why))?;
                Ok((done, Some(aside)))
            }
            OnDivergence::Rollback => {
                let target = case.found.ok_or_else(|| why.clone())?;
                let back = roll_back::plan(case.source, target, self.target, case.home);
                let (rolled, back) = back.map_err(unresolved(why.clone()))?;
                let on = Case {
                    found: Some(&rolled),
                    ..case
                };
                let mut done = on.plan().map_err(in_vain).map_err(unresolved(why))?;
                // A snapshot from which an interrupted receive grew cannot be destroyed before that is given up.
                let is_abort = |step: &&Step| matches!(step, Step::AbortPartial(_));
                let first = done.steps.iter().take_while(is_abort).count();
                done.steps.insert(first, Step::RollBack(back));
                Ok((done, None))
            }
        }
    }

    fn set_aside(&self, index: usize, why: &Blocked) -> Result<SetAside, Unresolved> {
        let (Some(from), Some(dataset)) = (self.names.get(index), self.target.datasets.get(index)) else {
            return Err(in_vain(why.clone()));
        };
        let to = aside::name(from, dataset.guid)?;
        if self.occupant(&to).is_some() {
            return Err(Unresolved::AsideTaken { aside: to });
        }
        let mut below = Vec::new();
        let along = self.names.iter().zip(&self.target.datasets);
        for (name, dataset) in along.filter(|(name, _)| name.below(from).is_some()) {
            aside::check(dataset, &moved(name, from, &to).map_err(aside::unnameable)?)?;
            if name != from {
                below.push(name.clone());
            }
        }
        Ok(SetAside {
            from: from.clone(),
            to,
            guid: dataset.guid,
            below,
            why: why.clone(),
        })
    }

    /// Moves names as setting aside will, for the dataset of one seat. What goes along is nobody's counterpart any more.
    pub(super) fn move_aside(&mut self, index: usize, place: usize, aside: &SetAside) {
        for (there, name) in self.names.iter_mut().enumerate() {
            if name.below(&aside.from).is_none() {
                continue;
            }
            if let Ok(new) = moved(name, &aside.from, &aside.to) {
                *name = new;
            }
            self.aside.insert(there);
        }
        for (_, seat) in self.seats.iter_mut().enumerate().filter(|(other, _)| *other != index) {
            seat.found = seat.found.filter(|found| !self.aside.contains(&found.index));
        }
        self.renames.push((place, aside.from.clone(), aside.to.clone()));
    }
}

fn in_vain(why: Blocked) -> Unresolved {
    Unresolved::InVain { why: Box::new(why) }
}
