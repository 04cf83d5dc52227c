//! I set aside and roll back what diverged, and destroy nothing that is not listed.

use std::collections::BTreeSet;

use zfs_rs::{Error, Guid, OptionalExt as _, SnapshotInfo, SnapshotName};

use super::Local;
use crate::plan::{RollBack, SetAside};
use crate::reason::{Failure, FailureKind, Part};
use crate::view::{Point, View};

impl Local {
    /// Gives a dataset the name that sets it aside.
    pub(crate) fn set_aside(&self, aside: &SetAside) -> Result<(), Failure> {
        self.expect_dataset(Part::SetAside, &aside.from, aside.guid)?;
        let renamed = self.zfs.rename_dataset(&aside.from, &aside.to);
        renamed.map_err(|error| self.failure(Part::SetAside, &error))
    }

    /// Takes a dataset back to a snapshot, if what that would cost is exactly what is listed.
    ///
    /// The snapshots go all or none, and the kernel refuses to go back to one that is not the newest: what comes while this is done stays.
    pub(crate) fn roll_back(&self, back: &RollBack) -> Result<(), Failure> {
        let failed = |error: Error| self.failure(Part::RollBack, &error);
        self.expect_dataset(Part::RollBack, &back.dataset, back.guid)?;
        let there = self.zfs.snapshots(&back.dataset).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let base = there.iter().find(|found| is(found, &back.to));
        let base = base.ok_or_else(|| self.moved(back, format!("{} is not there", told(&back.to))))?;
        let newer: Vec<_> = there.iter().filter(|found| found.createtxg > base.createtxg).collect();
        let come = newer.iter().find(|found| !back.lost.iter().any(|lost| is(found, lost)));
        if let Some(come) = come {
            let come = Point {
                name: come.name.clone(),
                guid: come.guid,
            };
            return Err(self.moved(back, format!("{} is there and not listed", told(&come))));
        }
        if let Some(gone) = back.lost.iter().find(|lost| !newer.iter().any(|found| is(found, lost))) {
            return Err(self.moved(back, format!("{} is listed and not there", told(gone))));
        }
        let properties = self.zfs.properties(&back.dataset).map_err(failed)?;
        let written = properties.number("written").unwrap_or(0);
        if written > back.written {
            let more = format!("{written} bytes were written, and {} are listed", back.written);
            return Err(self.moved(back, more));
        }
        let doomed: Vec<SnapshotName> = back.lost.iter().map(|lost| lost.name.clone()).collect();
        if !doomed.is_empty() {
            self.zfs.destroy_snapshots(&doomed).map_err(failed)?;
        }
        self.zfs.rollback_to(&back.to.name).map_err(failed)
    }

    /// Reads who holds these snapshots and whether clones grew from them, which costs calls of its own. Says whether there is anything of that.
    pub(crate) fn look_closer(&self, view: &mut View, at: &BTreeSet<Guid>) -> Result<bool, Failure> {
        let failed = |error: Error| self.failure(Part::Look, &error);
        let mut is_used = false;
        let versions = view.datasets.iter_mut().flat_map(|dataset| &mut dataset.versions);
        for version in versions.filter(|version| at.contains(&version.guid)) {
            let holds = self.zfs.holds(&version.name).optional().map_err(failed)?;
            version.holds = holds.into_iter().flatten().map(|hold| hold.tag).collect();
            let found = self.zfs.snapshot(&version.name).optional().map_err(failed)?;
            version.clones = found.map(|found| found.clones);
            is_used |= !version.holds.is_empty() || version.clones > Some(0);
        }
        Ok(is_used)
    }

    fn moved(&self, back: &RollBack, detail: String) -> Failure {
        Failure {
            side: self.side,
            part: Part::RollBack,
            object: back.dataset.to_string(),
            kind: FailureKind::Moved,
            errno: None,
            detail,
        }
    }
}

fn is(found: &SnapshotInfo, point: &Point) -> bool {
    found.name == point.name && found.guid == point.guid
}

fn told(point: &Point) -> String {
    format!("{} (guid {})", point.name, point.guid)
}
