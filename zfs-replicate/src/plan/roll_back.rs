//! I say what going back to the newest snapshot in common costs, and where kernels would refuse it.

use zfs_rs::name::DatasetName;

use crate::plan::RollBack;
use crate::plan::base;
use crate::plan::steps::unnameable;
use crate::reason::{Evidence, Unresolved};
use crate::view::{Dataset, Partial, Point, Version, View};

/// What a dataset of the target is once it was rolled back, and the step that does it; `home` is what it is called then.
pub(super) fn plan(source: &Dataset, target: &Dataset, view: &View, home: &DatasetName) -> Result<(Dataset, RollBack), Unresolved> {
    let to = base::newest(source, target).ok_or(Unresolved::NothingInCommon)?.there;
    let (stays, lost): (Vec<Version>, Vec<Version>) = target
        .versions
        .iter()
        .cloned()
        .partition(|version| version.createtxg <= to.createtxg);
    lost.iter().try_for_each(|version| check_free(version, target, view))?;
    check_marks(target, to)?;
    let at_home = |version: &Version| {
        let name = home.snapshot(version.name.short()).map_err(|error| Unresolved::InVain {
            why: Box::new(unnameable(error)),
        })?;
        Ok(Point { name, guid: version.guid })
    };
    let back = RollBack {
        dataset: home.clone(),
        guid: target.guid,
        to: at_home(to)?,
        lost: lost.iter().map(at_home).collect::<Result<_, _>>()?,
        written: target.written,
    };
    let rolled = Dataset {
        versions: stays,
        written: 0,
        ..target.clone()
    };
    Ok((rolled, back))
}

/// Whether a snapshot can be destroyed (`dsl_destroy_snapshot_check_impl` in the kernel's dsl_destroy.c).
fn check_free(version: &Version, target: &Dataset, view: &View) -> Result<(), Unresolved> {
    if !version.holds.is_empty() {
        return Err(Unresolved::Held {
            snapshot: Evidence::from(version),
            holds: version.holds.clone(),
        });
    }
    // What an interrupted receive grows into counts as a clone; where it grew from what is lost, it is given up first.
    let is_received_into = match &target.partial {
        Some(Partial::Saved(saved)) => saved.from_guid == Some(version.guid),
        Some(Partial::Unreadable { is_full, .. }) => !is_full,
        None => false,
    };
    if version.clones.unwrap_or(0) <= u64::from(is_received_into) {
        return Ok(());
    }
    let grew = |dataset: &&Dataset| dataset.origin.as_ref().is_some_and(|origin| origin.guid == Some(version.guid));
    Err(Unresolved::Cloned {
        snapshot: Evidence::from(version),
        clone: view.datasets.iter().find(grew).map(|clone| clone.name.clone()),
    })
}

/// Whether no bookmark is newer than what is rolled back to (`dsl_dataset_rollback_check` in the kernel's dsl_dataset.c).
fn check_marks(target: &Dataset, to: &Version) -> Result<(), Unresolved> {
    match target.marks.iter().find(|mark| mark.createtxg > to.createtxg) {
        None => Ok(()),
        Some(mark) => Err(Unresolved::Marked {
            bookmark: mark.name.clone(),
            guid: mark.guid,
            to: to.into(),
        }),
    }
}
