//! I say which datasets are meant, and why each one is.

use crate::policy::Wish;
use crate::reason::{Selected, Skipped};
use crate::view::{Dataset, View};

/// Whether a dataset is replicated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// It is.
    Selected(Selected),
    /// It is left alone.
    Skipped(Skipped),
}

/// Decides about every dataset of the source, at its root and below.
pub fn select<'a>(source: &'a View, wish: &Wish) -> Vec<(&'a Dataset, Choice)> {
    source
        .datasets
        .iter()
        .filter(|dataset| source.path(dataset).is_some())
        .map(|dataset| (dataset, choose(dataset, source, *wish)))
        .collect()
}

fn choose(dataset: &Dataset, source: &View, wish: Wish) -> Choice {
    if dataset.name == source.root {
        Choice::Selected(Selected::Named)
    } else if wish.recursive {
        Choice::Selected(Selected::Below)
    } else {
        Choice::Skipped(Skipped::NotRecursive)
    }
}
