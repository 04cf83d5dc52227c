//! I look at the world after every order, and say which invariant is broken.

use std::collections::{BTreeMap, BTreeSet};

use zfs_replicate::reason::Outcome;
use zfs_replicate::run::report::Report;
use zfs_rs::{DatasetName, Guid, OptionalExt as _, SnapshotName, Txg};

use super::operator::Operator;
use crate::{SOURCE, TARGET, World};

/// What was there when I looked last.
pub(super) struct Watch {
    /// The snapshots of the source when the run began, oldest first.
    begun: Vec<(Guid, SnapshotName)>,
    /// The newest base of each dataset of the source, by its identity.
    bases: BTreeMap<Guid, Option<Base>>,
    /// Every snapshot of the target's pool, with the dataset it is of: what is set aside takes its own along.
    there: BTreeSet<(Guid, Guid)>,
    /// The datasets there that were set aside, and the names they got.
    asides: BTreeMap<Guid, String>,
}

impl Watch {
    pub(super) fn new(operator: &mut Operator) -> Self {
        operator.took = false;
        operator.meddled = false;
        operator.renamed = false;
        operator.strays.clear();
        operator.listed.clear();
        operator.set_aside.clear();
        operator.born.clear();
        let all = tree(&operator.world, BACKUP);
        let there = there(&operator.world, &all);
        Self {
            begun: history(&operator.world),
            bases: bases(&operator.world),
            there,
            asides: asides(&all),
        }
    }

    /// I2: no base is lost, but of what is set aside. I4: no snapshot of the target goes that no plan lists. Unless somebody else has just taken one away.
    /// What was set aside is nobody's copy any more, and stays so, unless somebody else gives it a name like any other.
    pub(super) fn look(&mut self, operator: &mut Operator) -> Result<(), String> {
        let is_taken = std::mem::take(&mut operator.took);
        let all = tree(&operator.world, BACKUP);
        let there = there(&operator.world, &all);
        let bases = bases(&operator.world);
        if !is_taken {
            let mut gone = self.there.difference(&there).map(|(_, snapshot)| snapshot);
            if let Some(gone) = gone.find(|gone| !operator.listed.contains(gone)) {
                return Err(format!("I4: the target lost the snapshot {gone}"));
            }
            for (dataset, before) in &self.bases {
                // A dataset that is gone took its bases along.
                let now = bases.get(dataset).unwrap_or(before);
                let is_excused =
                    || before.is_some_and(|(_, base)| went_aside(operator, base)) || was_lied_about(operator, *dataset, *before);
                if now < before && !is_excused() {
                    return Err(format!("I2: the base of {dataset} went back from {before:?} to {now:?}"));
                }
            }
        }
        let asides = asides(&all);
        for (guid, name) in all.iter().filter(|(guid, _)| !operator.strays.contains(guid)) {
            if self.asides.get(guid).is_some_and(|aside| aside != name.last()) {
                return Err(format!("what was set aside is taken for a copy: {name} (guid {guid})"));
            }
        }
        (self.bases, self.there, self.asides) = (bases, there, asides);
        Ok(())
    }

    /// I1, I19: what is said to be there is there, of what the source had when the run began and still has, by the same name: what is
    /// renamed while it is listed may be listed twice or not at all, by kernels too. What was proved may be taken away before the run ends.
    pub(super) fn believes(&self, operator: &Operator, report: &Report) -> Result<(), String> {
        if operator.meddled {
            return Ok(());
        }
        let world = &operator.world;
        let at_goal = report.datasets.iter().filter(|dataset| dataset.outcome.is_at_goal());
        for dataset in at_goal.filter(|dataset| dataset.outcome != Outcome::StoodIn) {
            let target: DatasetName = dataset.target.parse().map_err(|_| "a target without a name".to_owned())?;
            let there = snapshots(world, &target);
            let here = world.snapshots(&dataset.source);
            let newest = self.begun.iter().rev().find(|snapshot| here.contains(snapshot));
            if let Some((guid, _)) = newest.filter(|(guid, _)| !there.contains(guid)) {
                return Err(format!(
                    "I1: {} is said to be at its goal, and its newest snapshot (guid {guid}) is not",
                    dataset.source
                ));
            }
        }
        Ok(())
    }
}

fn snapshots(world: &World, of: &DatasetName) -> BTreeSet<Guid> {
    world.snapshots(of).into_iter().map(|(guid, _)| guid).collect()
}

fn tree(world: &World, root: &str) -> Vec<(Guid, DatasetName)> {
    let tree = world.zfs.tree(&super::name(root)).optional().expect("readable").unwrap_or_default();
    tree.into_iter().map(|dataset| (dataset.guid, dataset.name)).collect()
}

fn history(world: &World) -> Vec<(Guid, SnapshotName)> {
    let of = |(_, name): (Guid, DatasetName)| {
        world
            .zfs
            .snapshots(&name)
            .map(|snapshot| snapshot.expect("readable"))
            .collect::<Vec<_>>()
    };
    let mut all: Vec<_> = tree(world, SOURCE).into_iter().flat_map(of).collect();
    all.sort_by_key(|snapshot| snapshot.createtxg);
    all.into_iter().map(|snapshot| (snapshot.guid, snapshot.name)).collect()
}

fn there(world: &World, all: &[(Guid, DatasetName)]) -> BTreeSet<(Guid, Guid)> {
    let of = |(dataset, name): &(Guid, DatasetName)| {
        let dataset = *dataset;
        snapshots(world, name).into_iter().map(move |snapshot| (dataset, snapshot))
    };
    all.iter().flat_map(of).collect()
}

fn asides(all: &[(Guid, DatasetName)]) -> BTreeMap<Guid, String> {
    let itself = all.iter().filter(|(_, name)| name.last().contains(ASIDE));
    itself.map(|(guid, name)| (*guid, name.last().to_owned())).collect()
}

fn bases(world: &World) -> BTreeMap<Guid, Option<Base>> {
    // What was set aside is no copy any more.
    let copies = tree(world, TARGET).into_iter().filter(|(_, name)| !is_aside(name));
    let there: BTreeSet<Guid> = copies.flat_map(|(_, name)| snapshots(world, &name)).collect();
    let newest = |name: &DatasetName| {
        let marks = world.zfs.bookmarks(name).optional().expect("readable").unwrap_or_default();
        let marks = marks.into_iter().map(|mark| (mark.createtxg, mark.guid));
        let listed = world.zfs.snapshots(name).map(|snapshot| snapshot.expect("readable"));
        let here = listed.map(|snapshot| (snapshot.createtxg, snapshot.guid)).chain(marks);
        here.filter(|(_, guid)| there.contains(guid)).max()
    };
    tree(world, SOURCE).into_iter().map(|(guid, name)| (guid, newest(&name))).collect()
}

/// Whether a base lies in what a plan said it would set aside, whatever that was called when it went.
fn went_aside(operator: &Operator, base: Guid) -> bool {
    let all = tree(&operator.world, BACKUP);
    let planned = all
        .iter()
        .filter(|(guid, name)| operator.set_aside.contains(guid) && is_aside(name));
    let along = planned.flat_map(|(_, aside)| all.iter().filter(|(_, name)| name.below(aside).is_some()));
    along.into_iter().any(|(_, name)| snapshots(&operator.world, name).contains(&base))
}

/// Whether a base is given up because the kernel said that the copy has no snapshots, or the source not this one. Whoever is told so may believe it.
fn was_lied_about(operator: &Operator, dataset: Guid, base: Option<Base>) -> bool {
    let is_listed = base.is_some_and(|(_, base)| operator.listed.contains(&base));
    operator.is_lied_to && (is_listed || operator.born.contains(&dataset))
}

pub(super) fn is_aside(name: &DatasetName) -> bool {
    name.as_str().contains(ASIDE)
}

/// When on the source, and what.
type Base = (Txg, Guid);

/// What names of what was set aside have.
const ASIDE: &str = ".aside-";

/// The pool of the target.
const BACKUP: &str = "backup";
