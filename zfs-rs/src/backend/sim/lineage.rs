//! I let datasets grow from snapshots, take them back to them, and know what hangs on whom.

use std::collections::{BTreeMap, BTreeSet};

use super::content::Content;
use super::pool::{Dataset, Encryption, Point, Pool, Snapshot, State};
use super::world::{Chance, World};
use super::{core, property, rules};
use crate::backend::request;
use crate::backend::{Outcome, Refusal};
use crate::errno::Errno;
use crate::name::{DatasetName, SnapshotName};

/// `dmu_objset_clone_sync`. Properties come after, and a clone whose properties cannot be set goes again (`zfs_ioc_clone`).
pub(super) fn clone(pool: &mut Pool, chance: &mut Chance, request: &request::Clone<'_>) -> Outcome<()> {
    let name = request.name.as_str();
    rules::clone(pool, request.name, request.origin)?;
    let (origin, snapshot) = pool.state.snapshot(request.origin)?;
    let kind = origin.kind;
    let mut dataset = Dataset::new(chance.id(), chance.guid(name), kind, pool.state.txg, chance.now());
    dataset.origin = Some(origin.point(snapshot));
    dataset.live = snapshot.content.clone();
    // Whose key it shares is its root, wherever it lies.
    dataset.encryption.clone_from(&origin.encryption);
    core::set(&mut dataset, request.properties, |name, value| property::check(kind, name, value))?;
    pool.state.insert(name, dataset);
    Ok(())
}

/// `dsl_dataset_promote_sync`. Temporary holds go along with their snapshots.
pub(super) fn promote(world: &mut World, name: &DatasetName) -> Outcome<()> {
    let (guid, origin, clone) = world.change(name.pool().as_str(), |pool, _| {
        let (origin, clone) = rules::promote(pool, name)?;
        let (names, marks) = shared(&pool.state, origin)?;
        let taken = pool.state.get(name.as_str())?;
        let taken = |short: &&String| taken.snapshots.contains_key(*short) || taken.bookmarks.contains_key(*short);
        // The kernel gathers them all and names the first of its list.
        if let Some(short) = names.iter().chain(&marks).find(taken) {
            return Err(Refusal {
                errno: Errno::EEXIST,
                items: vec![(format!("{name}@{short}"), Errno::EEXIST)],
            });
        }
        hand_over(pool, origin, clone, &names, &marks)?;
        Ok((pool.guid, origin, clone))
    })?;
    let kept = world.cleanups.values_mut().flat_map(|cleanups| &mut cleanups.holds);
    for kept in kept.filter(|kept| kept.pool == guid) {
        moved(&mut kept.snapshot, origin, clone);
    }
    Ok(())
}

/// The snapshots and bookmarks that a clone of that origin has in common with its parent.
fn shared(state: &State, origin: Point) -> Result<(Vec<String>, Vec<String>), Errno> {
    let (_, parent) = state.by_id(origin.dataset).ok_or(Errno::ENOENT)?;
    let snapshots = parent.snapshots.iter().filter(|(_, snapshot)| snapshot.createtxg <= origin.txg);
    let bookmarks = parent.bookmarks.iter().filter(|(_, bookmark)| bookmark.createtxg <= origin.txg);
    Ok((
        snapshots.map(|(short, _)| short.clone()).collect(),
        bookmarks.map(|(short, _)| short.clone()).collect(),
    ))
}

fn hand_over(pool: &mut Pool, origin: Point, clone: u64, snapshots: &[String], bookmarks: &[String]) -> Result<(), Errno> {
    let state = &mut pool.state;
    let parent_name = state.by_id(origin.dataset).ok_or(Errno::ENOENT)?.0.to_owned();
    let clone_name = state.by_id(clone).ok_or(Errno::ENOENT)?.0.to_owned();
    let parent = state.get_mut(&parent_name)?;
    let snapshots: BTreeMap<_, _> = snapshots.iter().filter_map(|short| parent.snapshots.remove_entry(short)).collect();
    let bookmarks: BTreeMap<_, _> = bookmarks.iter().filter_map(|short| parent.bookmarks.remove_entry(short)).collect();
    let before = parent.origin;
    let key = parent.encryption.clone();
    let is_root = key.as_ref().is_some_and(|key| key.root == origin.dataset);
    let location = parent.properties.get("keylocation").filter(|_| is_root).cloned();
    if location.is_some() {
        parent.properties.remove("keylocation");
    }
    let taken = state.get_mut(&clone_name)?;
    taken.snapshots.extend(snapshots);
    taken.bookmarks.extend(bookmarks);
    if is_root {
        taken.encryption = key;
        taken
            .properties
            .extend(location.map(|location| ("keylocation".to_owned(), location)));
    }
    for name in state.datasets.keys().cloned().collect::<Vec<_>>() {
        let dataset = state.get_mut(&name)?;
        if dataset.id == clone {
            dataset.origin = before;
        } else if dataset.id == origin.dataset {
            dataset.origin = Some(Point {
                dataset: clone,
                txg: origin.txg,
            });
        } else if let Some(point) = &mut dataset.origin {
            moved(point, origin, clone);
        }
        // The one that is not a clone any more becomes the root. A key that was loaded stays with the old one, where it serves nobody until
        // it is loaded again (`dsl_dataset_promote_crypt_sync`).
        if let Some(encryption) = dataset.encryption.as_mut().filter(|encryption| encryption.root == origin.dataset) {
            encryption.root = clone;
        }
    }
    Ok(())
}

/// What pointed to a snapshot that was handed over points to its new owner.
fn moved(point: &mut Point, origin: Point, clone: u64) {
    if point.dataset == origin.dataset && point.txg <= origin.txg {
        point.dataset = clone;
    }
}

/// `dsl_dataset_rollback_sync`.
pub(super) fn rollback(pool: &mut Pool, name: &DatasetName, to: Option<&SnapshotName>) -> Outcome<SnapshotName> {
    let point = rules::rollback(pool, name, to)?;
    let (found, snapshot) = pool.state.at(point).ok_or(Errno::ESRCH)?;
    let content = snapshot.content.clone();
    pool.state.get_mut(name.as_str())?.live = content;
    found.parse().map_err(|_no_name| Errno::EINVAL.into())
}

/// `dsl_dataset_rename_snapshot_sync`.
pub(super) fn rename_snapshot(pool: &mut Pool, from: &SnapshotName, to: &SnapshotName) -> Outcome<()> {
    rules::rename_snapshot(&pool.state, from, to)?;
    let dataset = pool.state.get_mut(from.dataset().as_str())?;
    if let Some(snapshot) = dataset.snapshots.remove(from.short()) {
        dataset.snapshots.insert(to.short().to_owned(), snapshot);
    }
    Ok(())
}

/// `dsl_dataset_space_wouldfree`: bytes of the blocks that only snapshots of that range have.
pub(super) fn range_space(pool: &Pool, first: &SnapshotName, last: &SnapshotName) -> Outcome<u64> {
    let (dataset, newest) = pool.state.snapshot(last)?;
    rules::refuse(first.dataset().pool() != last.dataset().pool(), Errno::EXDEV)?;
    let (other, oldest) = pool.state.snapshot(first)?;
    rules::refuse(other.id != dataset.id || oldest.createtxg > newest.createtxg, Errno::EINVAL)?;
    let within = |snapshot: &&Snapshot| (oldest.createtxg..=newest.createtxg).contains(&snapshot.createtxg);
    let (inside, outside): (Vec<&Snapshot>, Vec<&Snapshot>) = dataset.snapshots.values().partition(within);
    let outside = outside.into_iter().map(|snapshot| &snapshot.content).chain([&dataset.live]);
    let kept: BTreeSet<_> = outside.flat_map(Content::blocks).map(|(place, birth, _)| (place, birth)).collect();
    let blocks = inside.into_iter().flat_map(|snapshot| snapshot.content.blocks());
    let freed: BTreeMap<_, _> = blocks
        .filter(|(place, birth, _)| !kept.contains(&(*place, *birth)))
        .map(|(place, birth, bytes)| ((place, birth), bytes))
        .collect();
    Ok(freed.values().sum())
}

/// The dataset's key is its own from now on, and that of all that had the same root below it or grown from it.
pub(super) fn take_root(state: &mut State, name: &str, old: u64, new: u64) -> Result<(), Errno> {
    let below = format!("{name}/");
    let ids: Vec<String> = state
        .datasets
        .keys()
        .filter(|path| *path == name || path.starts_with(&below))
        .cloned()
        .collect();
    let mut mine: BTreeSet<u64> = ids
        .iter()
        .filter_map(|path| state.get(path).ok())
        .map(|dataset| dataset.id)
        .collect();
    loop {
        let grown = state
            .datasets
            .values()
            .filter(|dataset| dataset.origin.is_some_and(|origin| mine.contains(&origin.dataset)) && !mine.contains(&dataset.id));
        let grown: Vec<u64> = grown.map(|dataset| dataset.id).collect();
        if grown.is_empty() {
            break;
        }
        mine.extend(grown);
    }
    for path in state.datasets.keys().cloned().collect::<Vec<_>>() {
        let dataset = state.get_mut(&path)?;
        let is_mine = mine.contains(&dataset.id);
        if let Some(encryption) = dataset.encryption.as_mut().filter(|encryption| is_mine && encryption.root == old) {
            encryption.root = new;
        }
    }
    Ok(())
}

impl Encryption {
    /// As a dataset has it that lives under the same root.
    pub(super) fn shared(&self, key: u64) -> Self {
        Self { key, ..self.clone() }
    }
}
