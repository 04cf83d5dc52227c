//! I compare what is estimated to come with the room there is for it, and name the bound that is too small.

use std::collections::BTreeMap;

use zfs_rs::name::DatasetName;

use crate::plan::{DatasetPlan, Plan, Rename, Step};
use crate::reason::Note;
use crate::view::{Quota, QuotaKind, View};

impl Plan {
    /// Notes, where estimates are known, from which dataset on they exceed what the target has left: its room, or a quota of the dataset or of one above
    /// it. Of several bounds that are too small, the one is named that lacks most.
    ///
    /// A note and no refusal: estimates of compressed blocks are hints, and a transfer that does not fit can be resumed.
    pub fn note_space(&mut self, target: &View) {
        let renames: Vec<_> = self
            .datasets
            .iter()
            .flat_map(DatasetPlan::steps)
            .filter_map(rename)
            .cloned()
            .collect();
        let mut taken = BTreeMap::new();
        for dataset in &mut self.datasets {
            let Some(home) = dataset.transfers().next().map(|transfer| transfer.target.dataset().clone()) else {
                continue;
            };
            let here = dataset
                .transfers()
                .filter_map(|transfer| transfer.estimate)
                .fold(0, u64::saturating_add);
            if here > 0 {
                dataset.notes.extend(exceeded(levels(target, &home, &renames), here, &mut taken));
            }
        }
    }
}

fn rename(step: &Step) -> Option<&Rename> {
    match step {
        Step::Rename(rename) => Some(rename),
        _ => None,
    }
}

/// A dataset of the target that bounds what comes to lie in it or below.
struct Level<'a> {
    dataset: DatasetName,
    available: u64,
    /// Bytes that only it can use: what takes them costs those above nothing.
    reserved: u64,
    quotas: &'a [Quota],
    /// Whether it is the dataset itself, which its refquota bounds.
    is_itself: bool,
}

/// What bounds a dataset, from itself up, as far as it is there before the run.
fn levels<'a>(target: &'a View, home: &DatasetName, renames: &[Rename]) -> Vec<Level<'a>> {
    let mut levels = Vec::new();
    let mut next = Some(home.clone());
    while let Some(name) = next.filter(|name| name.below(&target.root).is_some()) {
        if let Some(there) = target.dataset(&before(&name, renames)) {
            levels.push(Level {
                dataset: name.clone(),
                // What is set aside for its own data is told as available, and is not for what is being received: that lies beside it until it is there.
                available: there.available.saturating_sub(there.room.refreserved),
                reserved: there.room.reserved,
                quotas: &there.room.quotas,
                is_itself: name == *home,
            });
        }
        next = name.parent();
    }
    if let Some(above) = &target.above {
        levels.push(Level {
            dataset: above.name.clone(),
            available: above.available,
            reserved: 0,
            quotas: &above.quotas,
            is_itself: false,
        });
    }
    levels
}

/// What is called so after the renames, as it is called before them.
fn before(name: &DatasetName, renames: &[Rename]) -> DatasetName {
    let mut name = name.clone();
    for rename in renames.iter().rev() {
        let old = match name.below(&rename.to) {
            None => continue,
            Some("") => Ok(rename.from.clone()),
            Some(path) => rename.from.child(path),
        };
        // A name that cannot have been one is nobody's.
        name = old.unwrap_or(name);
    }
    name
}

/// Books what comes at each level, and says which bound lacks most, if one does.
fn exceeded(levels: Vec<Level<'_>>, here: u64, taken: &mut BTreeMap<DatasetName, u64>) -> Option<Note> {
    let mut cost = here;
    let mut worst: Option<(u64, Note)> = None;
    let mut judge = |dataset: &DatasetName, quota: Option<&Quota>, need: u64, available: u64| {
        let lack = need.saturating_sub(available);
        // Quotas come after the room they are part of, and tell more.
        if lack > 0 && worst.as_ref().is_none_or(|(most, _)| lack >= *most) {
            let note = Note::MayNotFit {
                dataset: dataset.clone(),
                quota: quota.cloned(),
                need,
                available,
            };
            worst = Some((lack, note));
        }
    };
    for level in levels {
        let booked = taken.entry(level.dataset.clone()).or_insert(0);
        let earlier = *booked;
        *booked = booked.saturating_add(cost);
        let need = *booked;
        judge(&level.dataset, None, need, level.available);
        for quota in level.quotas {
            match quota.kind {
                QuotaKind::Quota => judge(&quota.dataset, Some(quota), need, quota.left()),
                QuotaKind::Refquota if level.is_itself => judge(&quota.dataset, Some(quota), here, quota.left()),
                QuotaKind::Refquota => {}
            }
        }
        let free = level.reserved.saturating_sub(earlier);
        cost = cost.saturating_sub(free);
    }
    worst.map(|(_, note)| note)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Room;
    use crate::world::{ALL, World, name, world};

    fn set(world: &mut World, dataset: &str, set: impl FnOnce(&mut crate::view::Dataset)) {
        let datasets = &mut world.target.datasets;
        set(datasets.iter_mut().find(|there| there.name.as_str() == dataset).unwrap());
    }

    fn quota(dataset: &str, kind: QuotaKind, limit: u64, used: u64) -> Quota {
        Quota {
            dataset: name(dataset),
            kind,
            limit,
            used,
        }
    }

    fn with_quota(world: &mut World, dataset: &str, kind: QuotaKind, limit: u64, used: u64) {
        let quota = quota(dataset, kind, limit, used);
        set(world, dataset, |there| there.room.quotas.push(quota));
    }

    /// The notes on space, where every transfer is estimated to be of 100 bytes: dataset, bound, need and what there is.
    fn noted(world: &World) -> Vec<String> {
        let mut plan = world.plan(&ALL);
        for transfer in plan.transfers_mut() {
            transfer.estimate = Some(100);
        }
        plan.note_space(&world.target);
        let told = plan
            .datasets
            .iter()
            .flat_map(|dataset| dataset.notes.iter().map(move |note| (dataset, note)));
        let told = told.filter_map(|(planned, note)| match note {
            Note::MayNotFit {
                dataset,
                quota,
                need,
                available,
            } => {
                let bound = quota.as_ref().map_or("room", |quota| quota.kind.property());
                Some(format!("{}: {bound} of {dataset}, {need} of {available}", planned.source))
            }
            _ => None,
        });
        told.collect()
    }

    #[test]
    fn too_little_space_is_noted_where_it_ends() {
        let mut world = world("src: @1 | src/a: @1 @2");
        world.target.above.as_mut().unwrap().available = 250;
        assert_eq!(noted(&world), ["left/src/a: room of right, 300 of 250"]);
    }

    #[test]
    fn the_quota_that_is_too_small_is_named_wherever_it_lies() {
        let text = "src: @1 *1 | src/a: @1 *1 @2 | src/a/b: @1 | dst: @1 | dst/a: @1";
        assert_eq!(noted(&world(text)), [""; 0]);
        // It bounds what is new below too; what comes elsewhere does not count.
        let mut small = world(text);
        with_quota(&mut small, "right/dst/a", QuotaKind::Quota, 1150, 1000);
        assert_eq!(noted(&small), ["left/src/a/b: quota of right/dst/a, 200 of 150"]);
        // Kernels tell the same as what is available: the quota is the better word for it.
        set(&mut small, "right/dst/a", |there| there.available = 150);
        assert_eq!(noted(&small), ["left/src/a/b: quota of right/dst/a, 200 of 150"]);
        // What bounds data does not bound what lies below.
        let mut small = world(text);
        with_quota(&mut small, "right/dst/a", QuotaKind::Refquota, 1050, 1000);
        assert_eq!(noted(&small), ["left/src/a: refquota of right/dst/a, 100 of 50"]);
        // Above the target's root, and of two that are too small the one that lacks more.
        with_quota(&mut small, "right/dst", QuotaKind::Quota, 10, 10);
        let above = quota("right", QuotaKind::Quota, 60, 0);
        small.target.above.as_mut().unwrap().quotas.push(above);
        assert_eq!(
            noted(&small),
            [
                "left/src/a: quota of right/dst, 100 of 0",
                "left/src/a/b: quota of right/dst, 200 of 0"
            ]
        );
    }

    #[test]
    fn estimates_beyond_all_measure_are_noted_and_decide_nothing() {
        let world = world("src: @1 @2 | src/a: @1");
        let sound = world.plan(&ALL);
        let mut plan = sound.clone();
        plan.transfers_mut().for_each(|transfer| transfer.estimate = Some(u64::MAX));
        plan.note_space(&world.target);
        for (dataset, sound) in plan.datasets.iter().zip(&sound.datasets) {
            let [Note::MayNotFit { need: u64::MAX, .. }] = dataset.notes[..] else {
                panic!("{dataset:?}")
            };
            assert_eq!(dataset.transfers().count(), sound.transfers().count());
        }
    }

    #[test]
    fn a_renamed_dataset_takes_its_quota_along() {
        let mut renamed = world("src: @1 *1 | src/b=a: @1 *1 @2 | src/b/c=a/c: @1 *1 @2 | dst: @1 | dst/a: @1 | dst/a/c: @1");
        with_quota(&mut renamed, "right/dst/a", QuotaKind::Refquota, 50, 0);
        with_quota(&mut renamed, "right/dst/a/c", QuotaKind::Refquota, 50, 10);
        assert_eq!(
            noted(&renamed),
            [
                "left/src/b: refquota of right/dst/a, 100 of 50",
                "left/src/b/c: refquota of right/dst/a/c, 100 of 40"
            ]
        );
    }

    #[test]
    fn what_is_reserved_is_used_first_and_what_is_set_aside_for_data_is_not_for_streams() {
        let text = "src: @1 *1 @2 | src/a: @1 *1 @2 | dst: @1 | dst/a: @1";
        let mut reserved = world(text);
        set(&mut reserved, "right/dst", |there| there.available = 150);
        assert_eq!(noted(&reserved), ["left/src/a: room of right/dst, 200 of 150"]);
        let room = |reserved, refreserved| Room {
            quotas: Vec::new(),
            reserved,
            refreserved,
        };
        set(&mut reserved, "right/dst/a", |there| there.room = room(60, 0));
        assert_eq!(noted(&reserved), [""; 0]);
        set(&mut reserved, "right/dst", |there| there.room = room(0, 60));
        assert_eq!(
            noted(&reserved),
            ["left/src: room of right/dst, 100 of 90", "left/src/a: room of right/dst, 140 of 90"]
        );
    }
}
