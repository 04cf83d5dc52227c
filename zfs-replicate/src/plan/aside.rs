//! I name what is set aside, and know it again by that name.
//!
//! The name ends with the dataset's own identity. So it needs no record besides, which a crash could leave behind alone; no clock; and no second dataset
//! has it. What was set aside shares snapshots with the source and is nobody's copy any more: it is neither renamed back nor grown from.

use std::collections::BTreeSet;

use zfs_rs::identity::Guid;
use zfs_rs::name::{DatasetName, NAME_MAX, NameError};

use crate::reason::{Blocked, Unresolved};
use crate::view::{Dataset, View};

/// The places of what was set aside, and of what lies below that.
pub(super) fn places(view: &View) -> BTreeSet<usize> {
    let is_marked = |dataset: &&Dataset| dataset.name.last().ends_with(&mark(dataset.guid));
    let marked: Vec<_> = view.datasets.iter().filter(is_marked).collect();
    let is_aside = |dataset: &Dataset| marked.iter().any(|above| dataset.name.below(&above.name).is_some());
    let all = view.datasets.iter().enumerate();
    all.filter(|(_, dataset)| is_aside(dataset)).map(|(place, _)| place).collect()
}

/// The name for setting aside what is called `from`.
pub(super) fn name(from: &DatasetName, guid: Guid) -> Result<DatasetName, Unresolved> {
    let parent = from.parent().ok_or_else(|| Unresolved::PoolRoot { root: from.clone() })?;
    parent.child(&format!("{}{}", from.last(), mark(guid))).map_err(unnameable)
}

/// Whether what a dataset is called, its snapshots included, fits where it goes along to.
pub(super) fn check(dataset: &Dataset, to: &DatasetName) -> Result<(), Unresolved> {
    let longest = dataset.versions.iter().max_by_key(|version| version.name.short().len());
    let name = longest.map(|version| format!("{to}@{}", version.name.short()));
    match name.filter(|name| name.len() > NAME_MAX) {
        None => Ok(()),
        Some(name) => Err(Unresolved::AsideUnnameable {
            name,
            rule: format!("it is longer than {NAME_MAX} bytes"),
        }),
    }
}

/// A name that cannot be given.
pub(super) fn unnameable(error: NameError) -> Unresolved {
    Unresolved::AsideUnnameable {
        name: error.text,
        rule: error.reason.to_string(),
    }
}

/// Why something stays as it is although it was to be otherwise.
pub(super) fn unresolved(diverged: Blocked) -> impl FnOnce(Unresolved) -> Blocked {
    move |why| Blocked::Unresolved {
        diverged: Box::new(diverged),
        why: Box::new(why),
    }
}

fn mark(guid: Guid) -> String {
    format!(".aside-{:016x}", guid.0)
}
