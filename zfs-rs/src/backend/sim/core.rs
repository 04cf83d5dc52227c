//! I change things in the model: create, destroy, rename, snapshot, bookmark, hold, release.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::BorrowedFd;

use super::fault::Call;
use super::keys::digest;
use super::pool::{Dataset, Encryption, Pool, Property, Snapshot, State, above, receiving};
use super::process::Process;
use super::property::{self, MASTER_OBJECT, VOLUME_SIZE_OBJECT};
use super::upkeep::not_modelled;
use super::world::Chance;
use super::{hold, lineage, mark, receive, rules, send};
use crate::backend::request::{self, Create, DestroySnapshots};
use crate::backend::{Base, Cleanup, Core, DatasetKind, Object, Outcome, Received, Refusal};
use crate::errno::Errno;
use crate::name::{BookmarkName, DatasetName, HoldTag, SnapshotName};
use crate::nvlist::{NvList, Value};

impl Core for Process {
    fn create(&self, request: &Create<'_>) -> Outcome<()> {
        let pool = request.name.pool();
        self.call(Call::Create, |world| {
            world.change(pool.as_str(), |pool, chance| create(pool, chance, request))
        })
    }

    fn clone_snapshot(&self, request: &request::Clone<'_>) -> Outcome<()> {
        let clone = |pool: &mut Pool, chance: &mut Chance| lineage::clone(pool, chance, request);
        self.call(Call::CloneSnapshot, |world| world.change(request.name.pool().as_str(), clone))
    }

    fn promote(&self, clone: &DatasetName) -> Outcome<()> {
        self.call(Call::Promote, |world| lineage::promote(world, clone))
    }

    fn rename_snapshot(&self, from: &SnapshotName, to: &SnapshotName) -> Outcome<()> {
        let rename = |pool: &mut Pool, _: &mut Chance| lineage::rename_snapshot(pool, from, to);
        self.call(Call::RenameSnapshot, |world| world.change(from.dataset().pool().as_str(), rename))
    }

    fn rollback(&self, dataset: &DatasetName, to: Option<&SnapshotName>) -> Outcome<SnapshotName> {
        let back = |pool: &mut Pool, _: &mut Chance| lineage::rollback(pool, dataset, to);
        self.call(Call::Rollback, |world| world.change(dataset.pool().as_str(), back))
    }

    fn snapshot_range_space(&self, first: &SnapshotName, last: &SnapshotName) -> Outcome<u64> {
        self.call(Call::RangeSpace, |world| {
            lineage::range_space(world.pool(last.dataset().pool().as_str())?, first, last)
        })
    }

    fn send_saved(&self, _request: &request::SendSaved<'_>, _to: BorrowedFd<'_>) -> Outcome<()> {
        not_modelled()
    }

    fn redact(&self, _request: &request::Redact<'_>) -> Outcome<()> {
        not_modelled()
    }

    fn destroy(&self, object: Object<'_>) -> Outcome<()> {
        let pool = match object {
            Object::Dataset(name) | Object::PartialReceive(name) => name.pool(),
            Object::Snapshot(name) => name.dataset().pool(),
        };
        self.call(Call::Destroy, |world| world.change(pool.as_str(), |pool, _| destroy(pool, object)))
    }

    fn rename(&self, from: &DatasetName, to: &DatasetName) -> Outcome<()> {
        let rename = |pool: &mut Pool, _: &mut Chance| {
            rules::rename(pool, from, to)?;
            pool.state.rename(from.as_str(), to.as_str());
            Ok(())
        };
        self.call(Call::Rename, |world| world.change(from.pool().as_str(), rename))
    }

    fn snapshot(&self, request: &request::Snapshot<'_>) -> Outcome<()> {
        self.call(Call::Snapshot, |world| match request.names.first() {
            None => Ok(()),
            Some(first) => world.change(first.dataset().pool().as_str(), |pool, chance| snapshot(pool, chance, request)),
        })
    }

    fn destroy_snapshots(&self, request: &DestroySnapshots<'_>) -> Outcome<()> {
        self.call(Call::DestroySnapshots, |world| match request.names.first() {
            None => Ok(()),
            Some(first) => world.change(first.dataset().pool().as_str(), |pool, _| destroy_snapshots(pool, request)),
        })
    }

    fn bookmark(&self, bookmarks: &[(BookmarkName, Base)]) -> Outcome<()> {
        self.call(Call::Bookmark, |world| match bookmarks.first() {
            None => Ok(()),
            Some((first, _)) => world.change(first.dataset().pool().as_str(), |pool, _| mark::create(pool, bookmarks)),
        })
    }

    fn destroy_bookmarks(&self, bookmarks: &[BookmarkName]) -> Outcome<()> {
        self.call(Call::DestroyBookmarks, |world| match bookmarks.first() {
            None => Ok(()),
            Some(first) => world.change(first.dataset().pool().as_str(), |pool, _| mark::destroy(pool, bookmarks)),
        })
    }

    fn hold(&self, holds: &[(SnapshotName, HoldTag)], until: Option<&dyn Cleanup>) -> Outcome<()> {
        self.call(Call::Hold, |world| hold::hold(world, holds, until.map(Cleanup::descriptor)))
    }

    fn release(&self, holds: &[(SnapshotName, HoldTag)]) -> Outcome<()> {
        self.call(Call::Release, |world| hold::release(world, holds))
    }

    fn send(&self, request: &request::Send<'_>, to: BorrowedFd<'_>) -> Outcome<()> {
        send::send(self, request, to)
    }

    fn send_space(&self, request: &request::Send<'_>) -> Outcome<u64> {
        self.call(Call::SendSpace, |world| send::space(world, request))
    }

    fn receive(&self, request: &request::Receive<'_>, from: BorrowedFd<'_>) -> Outcome<Received> {
        receive::receive(self, request, from)
    }
}

fn create(pool: &mut Pool, chance: &mut Chance, request: &Create<'_>) -> Outcome<()> {
    let name = request.name.as_str();
    let cipher = request.properties.find::<u64>("encryption").map_err(|_mistyped| Errno::EINVAL)?;
    rules::refuse(
        !matches!(request.kind, DatasetKind::Filesystem | DatasetKind::Volume),
        Errno::EINVAL,
    )?;
    rules::create(pool, request.name, request.kind, cipher == Some(OFF) || request.key.is_some())?;
    let size = request.properties.get::<u64>("volsize").unwrap_or(0);
    rules::refuse(request.kind == DatasetKind::Volume && size == 0, Errno::EINVAL)?;
    let mut dataset = Dataset::new(chance.id(), chance.guid(name), request.kind, pool.state.txg, chance.now());
    dataset.encryption = encrypt(pool, chance, request, cipher, dataset.id)?;
    let plain = request.properties.iter().map(|(name, value)| (name.to_str_lossy(), value));
    let plain = plain.filter(|(name, _)| !AT_CREATION.contains(&name.as_ref()));
    let plain: NvList = plain.map(|(name, value)| (name.into_owned(), value.clone())).collect();
    set(&mut dataset, &plain, |property, value| {
        property::check(request.kind, property, value)
    })?;
    if request.kind == DatasetKind::Filesystem {
        dataset.live.set_size(pool.state.txg, MASTER_OBJECT, 0);
    } else {
        dataset.live.write(pool.state.txg, VOLUME_SIZE_OBJECT, 0, &size.to_le_bytes());
    }
    if request.key.is_some() {
        pool.keys.insert(dataset.id);
    }
    pool.state.insert(name, dataset);
    Ok(())
}

/// How a new dataset is encrypted: with a key of its own, as its parent, or not (`dmu_objset_create_crypt_check`).
fn encrypt(pool: &Pool, chance: &mut Chance, request: &Create<'_>, cipher: Option<u64>, id: u64) -> Outcome<Option<Encryption>> {
    let parent = above(request.name.as_str()).and_then(|parent| pool.state.get(parent).ok());
    let parent = parent.and_then(|parent| parent.encryption.as_ref());
    let keyformat = request.properties.get::<u64>("keyformat").ok();
    let is_root = request.key.is_some();
    let wrapping = request.key.map_or(0, digest);
    if cipher == Some(OFF) {
        rules::refuse(is_root || keyformat.is_some(), Errno::EINVAL)?;
        return Ok(None);
    }
    rules::refuse(is_root != keyformat.is_some(), Errno::EINVAL)?;
    let key = chance.guid(&format!("{} key", request.name));
    let cipher = cipher.map(|cipher| if cipher == ON { DEFAULT_CIPHER } else { cipher });
    match (is_root, parent) {
        (true, _) => {
            let cipher = cipher.or(parent.map(|parent| parent.cipher)).ok_or(Errno::EINVAL)?;
            Ok(Some(Encryption {
                cipher,
                keyformat: keyformat.unwrap_or(0),
                root: id,
                key,
                wrapping,
            }))
        }
        (false, Some(parent)) => Ok(Some(Encryption {
            cipher: cipher.unwrap_or(parent.cipher),
            ..parent.shared(key)
        })),
        (false, None) if cipher.is_some() => Err(Errno::EINVAL.into()),
        (false, None) => Ok(None),
    }
}

/// Sets local values; those refused are named and the others set.
pub(super) fn set(dataset: &mut Dataset, list: &NvList, check: impl Fn(&str, &Value) -> Result<(), Errno>) -> Outcome<()> {
    let mut items = Vec::new();
    for (name, value) in list {
        let name = name.to_str_lossy();
        match check(&name, value) {
            Ok(()) => {
                let property = dataset.properties.entry(name.into_owned()).or_default();
                property.local = Some(value.clone());
                property.inherits = false;
            }
            Err(errno) => items.push((name.into_owned(), errno)),
        }
    }
    all_or(items)
}

fn destroy(pool: &mut Pool, object: Object<'_>) -> Outcome<()> {
    match object {
        Object::Snapshot(name) => {
            let (dataset, snapshot) = pool.state.snapshot(name)?;
            rules::destroy_snapshot(pool, dataset, snapshot, false)?;
            pool.state.get_mut(name.dataset().as_str())?.snapshots.remove(name.short());
            Ok(())
        }
        Object::PartialReceive(name) => destroy_head(pool, &receiving(name)),
        Object::Dataset(name) => match destroy_head(pool, name.as_str()) {
            // A hidden child, left by an interrupted receive, goes first (`zfs_ioc_destroy`).
            Err(refusal) if refusal.errno == Errno::EEXIST => match destroy_head(pool, &receiving(name)) {
                Ok(()) => destroy_head(pool, name.as_str()),
                Err(hidden) if hidden.errno == Errno::ENOENT => Err(refusal),
                Err(hidden) => Err(hidden),
            },
            other => other,
        },
    }
}

pub(super) fn destroy_head(pool: &mut Pool, name: &str) -> Outcome<()> {
    rules::destroy_head(&pool.state, name)?;
    let gone = pool.state.datasets.remove(name);
    let origin = gone.as_ref().and_then(|dataset| dataset.origin);
    pool.keys.retain(|id| gone.as_ref().is_none_or(|dataset| dataset.id != *id));
    let origin = origin
        .and_then(|origin| pool.state.at(origin))
        .and_then(|(name, _)| name.parse().ok());
    if let Some(origin) = origin {
        pool.state.destroy_deferred(&origin);
    }
    Ok(())
}

impl State {
    fn rename(&mut self, from: &str, to: &str) {
        let below = format!("{from}/");
        let moved = |name: &String| name == from || name.starts_with(&below);
        let names: Vec<String> = self.datasets.keys().filter(|name| moved(name)).cloned().collect();
        for name in names {
            if let Some(dataset) = self.datasets.remove(&name) {
                let path = name.strip_prefix(from).unwrap_or_default();
                self.datasets.insert(format!("{to}{path}"), dataset);
            }
        }
    }
}

fn snapshot(pool: &mut Pool, chance: &mut Chance, request: &request::Snapshot<'_>) -> Outcome<()> {
    // One pool, and one snapshot of each dataset (`zfs_ioc_snapshot`).
    let mut datasets = BTreeSet::new();
    let root = request.names.first().map(|first| first.dataset().pool());
    let twice = request
        .names
        .iter()
        .any(|name| Some(name.dataset().pool()) != root || !datasets.insert(name.dataset()));
    rules::refuse(twice, Errno::EXDEV)?;
    let mut properties = BTreeMap::new();
    for (name, value) in request.properties {
        let name = name.to_str_lossy();
        rules::refuse(!property::is_user(&name), Errno::EINVAL)?;
        property::check(DatasetKind::Filesystem, &name, value)?;
        properties.insert(name.into_owned(), Property::local(value.clone()));
    }
    // A dataset that is not there ends the call before anything else is looked at, which happens when the group is written
    // (`dsl_dataset_snapshot_check`).
    refused(request.names, |name| pool.state.get(name.dataset().as_str()).map(drop))?;
    refused(request.names, |name| rules::snapshot(pool, name))?;
    for name in request.names {
        take(pool, chance, name, &properties)?;
    }
    Ok(())
}

fn take(pool: &mut Pool, chance: &mut Chance, name: &SnapshotName, properties: &BTreeMap<String, Property>) -> Outcome<()> {
    let txg = pool.state.txg;
    let dataset = pool.state.get_mut(name.dataset().as_str())?;
    let snapshot = Snapshot {
        guid: chance.guid(name.as_str()),
        createtxg: txg,
        creation: chance.now(),
        content: dataset.live.clone(),
        holds: BTreeMap::new(),
        deferred: false,
        properties: properties.clone(),
        ivset: if dataset.encryption.is_some() {
            chance.guid(&format!("{name} ivset"))
        } else {
            0
        },
    };
    dataset.snapshots.insert(name.short().to_owned(), snapshot);
    Ok(())
}

fn destroy_snapshots(pool: &mut Pool, request: &DestroySnapshots<'_>) -> Outcome<()> {
    let root = request.names.first().map(|first| first.dataset().pool());
    rules::refuse(request.names.iter().any(|name| Some(name.dataset().pool()) != root), Errno::EXDEV)?;
    let there = |name: &&SnapshotName| pool.state.snapshot(name).is_ok();
    let there: Vec<SnapshotName> = request.names.iter().filter(there).cloned().collect();
    refused(&there, |name| {
        let (dataset, snapshot) = pool.state.snapshot(name)?;
        rules::destroy_snapshot(pool, dataset, snapshot, request.defer)
    })?;
    for name in &there {
        if request.defer {
            pool.state.snapshot_mut(name)?.deferred = true;
            pool.state.destroy_deferred(name);
        } else {
            pool.state.get_mut(name.dataset().as_str())?.snapshots.remove(name.short());
        }
    }
    Ok(())
}

/// Checks each item; if any is refused all are, with the number of the last.
fn refused<T: ToString>(items: &[T], check: impl Fn(&T) -> Result<(), Errno>) -> Outcome<()> {
    let refused = items
        .iter()
        .filter_map(|item| check(item).err().map(|errno| (item.to_string(), errno)));
    all_or(refused.collect())
}

pub(super) fn all_or(items: Vec<(String, Errno)>) -> Outcome<()> {
    match items.last() {
        None => Ok(()),
        Some((_, errno)) => Err(Refusal { errno: *errno, items }),
    }
}

/// The words of the property `encryption`, as numbers.
const ON: u64 = 1;
const OFF: u64 = 2;
const DEFAULT_CIPHER: u64 = 8;

/// Properties that are said at creation and kept elsewhere.
const AT_CREATION: [&str; 5] = ["encryption", "keyformat", "pbkdf2iters", "pbkdf2salt", "volsize"];
