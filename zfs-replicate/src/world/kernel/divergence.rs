//! I set aside and roll back as the kernel would.

use super::{World, no};
use crate::plan::{RollBack, SetAside};
use crate::reason::{Failure, FailureKind};
use crate::view::{Point, Version};

impl World {
    pub(super) fn set_aside(&mut self, aside: &SetAside) -> Result<(), Failure> {
        let from = self.there(&aside.from);
        let from = from.ok_or_else(|| no(FailureKind::NotFound, aside.from.as_str()))?;
        assert_eq!(from.guid, aside.guid, "the plan names the dataset it means");
        if self.target.dataset(&aside.to).is_some() {
            return Err(no(FailureKind::Exists, aside.to.as_str()));
        }
        self.move_tree(&aside.from, &aside.to);
        // What lies beside the root is nothing that is looked at again.
        let root = self.target.root.clone();
        let datasets = std::mem::take(&mut self.target.datasets);
        let (inside, outside) = datasets.into_iter().partition(|dataset| dataset.name.below(&root).is_some());
        self.target.datasets = inside;
        self.beside.extend::<Vec<_>>(outside);
        Ok(())
    }

    pub(super) fn roll_back(&mut self, back: &RollBack) -> Result<(), Failure> {
        let dataset = self.there(&back.dataset);
        let dataset = dataset.ok_or_else(|| no(FailureKind::NotFound, back.dataset.as_str()))?;
        assert_eq!(dataset.guid, back.guid, "the plan names the dataset it means");
        let to = dataset.version(back.to.guid).map(|to| to.createtxg);
        let to = to.ok_or_else(|| no(FailureKind::Moved, back.to.name.as_str()))?;
        let newer = dataset.versions.iter().filter(|version| version.createtxg > to);
        let newer: Vec<Point> = newer.map(Version::point).collect();
        if newer != back.lost || dataset.written > back.written {
            return Err(no(FailureKind::Moved, back.dataset.as_str()));
        }
        dataset.versions.retain(|version| version.createtxg <= to);
        dataset.written = 0;
        Ok(())
    }

    /// Dies between the two calls that rolling back is made of: what was listed is gone, and its data not yet.
    pub(super) fn half_roll_back(&mut self, back: &RollBack) {
        if self.roll_back(back).is_ok()
            && let Some(dataset) = self.there(&back.dataset)
        {
            dataset.written = 4096;
        }
    }
}
