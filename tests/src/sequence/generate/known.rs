//! I am what a sequence has named so far.

use crate::sequence::op::{Cut, Pass};

#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) datasets: Vec<String>,
    pub(super) snapshots: Vec<String>,
    pub(super) bookmarks: Vec<String>,
    pub(super) clones: Vec<String>,
    /// Encryption roots.
    pub(super) roots: Vec<String>,
    pub(super) holds: Vec<(String, String)>,
    passes: Vec<Pass>,
    /// Those that were cut.
    pub(super) broken: Vec<Pass>,
}

impl Known {
    pub(super) fn dataset(&mut self, name: &str) {
        if !self.datasets.iter().any(|known| known == name) {
            self.datasets.push(name.to_owned());
        }
    }

    pub(super) fn snapshot(&mut self, name: &str) {
        if !self.snapshots.iter().any(|known| known == name) {
            self.snapshots.push(name.to_owned());
        }
    }

    pub(super) fn forget(&mut self, snapshot: &str) {
        self.snapshots.retain(|known| known != snapshot);
    }

    /// What was named below the old name is looked for below the new one from now on.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        if from.len() == 1 {
            return;
        }
        let lists = [
            &mut self.datasets,
            &mut self.snapshots,
            &mut self.bookmarks,
            &mut self.clones,
            &mut self.roots,
        ];
        for name in lists.into_iter().flatten() {
            if let Some(rest) = name.strip_prefix(from)
                && (rest.is_empty() || rest.starts_with(['/', '@', '#']))
            {
                *name = format!("{to}{rest}");
            }
        }
    }

    pub(super) fn pass(&mut self, pass: &Pass) {
        self.dataset(dataset_of(&pass.to));
        self.passes.push(pass.clone());
        if pass.cut == Cut::Whole {
            self.snapshot(&pass.to);
        } else {
            self.broken.push(pass.clone());
        }
    }

    /// Where a dataset was sent last.
    pub(super) fn target_of(&self, dataset: &str) -> Option<String> {
        let pass = self.passes.iter().rev().find(|pass| dataset_of(&pass.of) == dataset)?;
        Some(dataset_of(&pass.to).to_owned())
    }

    /// What an increment of a snapshot may start from.
    pub(super) fn bases(&self, of: &str) -> Vec<String> {
        let same = |name: &&String| dataset_of(name) == dataset_of(of) && **name != of;
        self.snapshots.iter().chain(&self.bookmarks).filter(same).cloned().collect()
    }
}

/// The dataset of a snapshot or bookmark.
pub(super) fn dataset_of(name: &str) -> &str {
    name.split(['@', '#']).next().unwrap_or(name)
}
