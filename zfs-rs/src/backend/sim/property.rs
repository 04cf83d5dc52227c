//! I am what a dataset answers when asked for its properties: name → `{value, source}`, as the kernel shapes it.
//!
//! Values come from `dsl_prop_get_all` (set here, received, inherited) and `dsl_dataset_stats` (computed, without a source). Defaults are
//! not told.

use super::content::{Content, length};
use super::core;
use super::pool::{Dataset, Pool, Property, RECEIVING, Resume, Snapshot, State, above};
use crate::backend::{DatasetKind, Refusal, request};
use crate::errno::Errno;
use crate::nvlist::{NvList, Value};
use crate::stream::token::ResumePoint;

/// The object of a volume that holds its size, as in the kernel; so streams carry it.
pub(super) const VOLUME_SIZE_OBJECT: u64 = 2;

/// The object that every filesystem has from its beginning (`MASTER_NODE_OBJ`); so no stream of all of it is empty.
pub(super) const MASTER_OBJECT: u64 = 1;

/// Properties of a filesystem or volume.
pub(super) fn of_dataset(pool: &Pool, name: &str, dataset: &Dataset) -> NvList {
    let mut list = given(&pool.state, name, dataset);
    identity(&mut list, dataset.guid, dataset.createtxg, dataset.creation, dataset.kind);
    number(&mut list, "used", pool.state.used(name));
    number(&mut list, "available", pool.available(name));
    number(&mut list, "referenced", dataset.live.born_after(0));
    number(&mut list, "written", dataset.written());
    unset(&mut list, &["quota", "reservation", "refquota", "refreservation"]);
    number(&mut list, "userrefs", 0);
    number(&mut list, "defer_destroy", 0);
    if dataset.snapshots_changed != 0 {
        number(&mut list, "snapshots_changed", dataset.snapshots_changed);
    }
    if let Some((origin, _)) = dataset.origin.and_then(|origin| pool.state.at(origin)) {
        text(&mut list, "origin", &origin);
    }
    // What is half received is not read (`zfs_ioc_objset_stats_impl`).
    if dataset.kind == DatasetKind::Volume && !dataset.inconsistent {
        volume_size(&mut list, &dataset.live);
    }
    encryption(&mut list, pool, name, dataset);
    // The state of an incremental receive lies in the hidden child and is told by its parent (`dsl_get_stats`).
    let hidden = pool.state.get(&format!("{name}/{RECEIVING}")).ok();
    let resume = dataset.resume.as_ref().or_else(|| hidden.and_then(|hidden| hidden.resume.as_ref()));
    if let Some(token) = resume.and_then(token) {
        text(&mut list, "receive_resume_token", &token);
    }
    list
}

/// Properties of a snapshot.
pub(super) fn of_snapshot(pool: &Pool, name: &str, dataset: &Dataset, full: &str, snapshot: &Snapshot) -> NvList {
    let mut list = NvList::new();
    for (property, given) in &snapshot.properties {
        insert(&mut list, property, given, full, true);
    }
    // What its dataset received is inherited from there like any other value.
    for (property, value) in &held(&pool.state, name, dataset, false) {
        let property = property.to_str_lossy();
        if !list.has(&property) && (is_user(&property) || ON_SNAPSHOTS.contains(&property.as_ref())) {
            list.insert(property.as_ref(), value.clone());
        }
    }
    identity(&mut list, snapshot.guid, snapshot.createtxg, snapshot.creation, dataset.kind);
    let earlier = dataset
        .snapshots
        .values()
        .map(|other| other.createtxg)
        .filter(|txg| *txg < snapshot.createtxg)
        .max();
    let earlier = earlier.or(dataset.origin.map(|origin| origin.txg)).unwrap_or(0);
    number(&mut list, "used", dataset.unique_bytes(snapshot));
    number(&mut list, "referenced", snapshot.content.born_after(0));
    number(&mut list, "written", snapshot.content.born_after(earlier));
    unset(&mut list, &["refquota", "refreservation"]);
    number(&mut list, "userrefs", length_of(snapshot.holds.len()));
    number(&mut list, "defer_destroy", u64::from(snapshot.deferred));
    let clones = pool
        .state
        .clones(dataset.point(snapshot))
        .into_iter()
        .map(|clone| (clone, Value::Boolean))
        .collect::<NvList>();
    list.insert("clones", NvList::new().with("value", clones));
    if dataset.kind == DatasetKind::Volume {
        volume_size(&mut list, &snapshot.content);
    }
    encryption(&mut list, pool, name, dataset);
    if snapshot.ivset != 0 {
        number(&mut list, "ivsetguid", snapshot.ivset);
    }
    list
}

/// Whether a value can be given to a property of a dataset of that kind (`zfs_check_settable`, `zfs_prop_set_special`).
pub(super) fn check(kind: DatasetKind, name: &str, value: &Value) -> Result<(), Errno> {
    match (name, value) {
        (name, Value::String(value)) if is_user(name) => {
            if length(value.as_bytes()) < VALUE_MAX {
                Ok(())
            } else {
                Err(Errno::E2BIG)
            }
        }
        ("volsize" | "volblocksize", _) if kind != DatasetKind::Volume => Err(Errno::EINVAL),
        (name, Value::UInt64(_)) if NUMBERS.contains(&name) || COMPUTED.contains(&name) => Ok(()),
        (name, Value::String(_)) if TEXTS.contains(&name) => Ok(()),
        _ => Err(Errno::EINVAL),
    }
}

/// Properties that come with an order to receive; what cannot be set does not undo the receive (`zfs_ioc_recv_impl`).
pub(super) fn receive(dataset: &mut Dataset, request: &request::Receive<'_>, is_new: bool) -> Vec<(String, Errno)> {
    let kind = dataset.kind;
    let mut errors = Vec::new();
    if !request.received.is_empty() {
        for (name, given) in &mut dataset.properties {
            if !dataset.has_received && !is_new && name != "keylocation" {
                // What was set before a stream first brings properties counts as received, and goes.
                (given.local, given.inherits) = (None, false);
            }
            given.received = given.received.take().filter(|_| request.received.has(name));
        }
        dataset.has_received = true;
    }
    for (name, value) in request.received {
        let name = name.to_str_lossy().into_owned();
        match check(kind, &name, value) {
            Ok(()) => dataset.properties.entry(name).or_default().received = Some(value.clone()),
            Err(errno) => errors.push((name, errno)),
        }
    }
    errors.extend(set_by_hand(dataset, request.local));
    errors
}

/// Properties that a receive sets beside those that came with the stream; those that are refused.
fn set_by_hand(dataset: &mut Dataset, local: &NvList) -> Vec<(String, Errno)> {
    let kind = dataset.kind;
    // A name without a value asks for what is inherited.
    let (dropped, set): (Vec<_>, Vec<_>) = local.iter().partition(|(_, value)| **value == Value::Boolean);
    for (name, _) in dropped.into_iter().filter(|(name, _)| is_inheritable(&name.to_str_lossy())) {
        let given = dataset.properties.entry(name.to_str_lossy().into_owned()).or_default();
        (given.local, given.inherits) = (None, true);
    }
    let set: NvList = set.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    if let Err(Refusal { items, .. }) = core::set(dataset, &set, |name, value| check(kind, name, value)) {
        return items;
    }
    Vec::new()
}

/// After a receive that failed: what it would have set by hand and was not set or received before is explicitly inherited since.
pub(super) fn restore(dataset: &mut Dataset, request: &request::Receive<'_>) {
    if !dataset.has_received && !request.received.is_empty() {
        // Where no stream had brought properties before, only what was set by hand before is put back (`first_recvd_props`).
        let is_new = |name: &str| dataset.properties.get(name).is_none_or(|given| given.local.is_none());
        let stays = request.local.iter().filter(|(name, _)| is_new(&name.to_str_lossy()));
        let stays: NvList = stays.map(|(name, value)| (name.clone(), value.clone())).collect();
        set_by_hand(dataset, &stays);
        return;
    }
    for (name, _) in request.local {
        let given = dataset.properties.entry(name.to_str_lossy().into_owned()).or_default();
        if given.value().is_none() {
            given.inherits = true;
        }
    }
}

/// Whether a property goes down the tree.
pub(super) fn is_inheritable(name: &str) -> bool {
    is_user(name) || ((NUMBERS.contains(&name) || TEXTS.contains(&name)) && !OWN.contains(&name))
}

/// Whether the files of a dataset may not be written.
pub(super) fn is_read_only(state: &State, name: &str, dataset: &Dataset) -> bool {
    let property = given(state, name, dataset);
    let property = property.find::<&NvList>("readonly").ok().flatten();
    property.is_some_and(|property| property.get("value") == Ok(1u64))
}

/// Whether somebody else than OpenZFS gives it its meaning.
pub(super) fn is_user(name: &str) -> bool {
    name.contains(':')
}

/// A volume's size in bytes, from the object that holds it.
fn volume_size(list: &mut NvList, content: &Content) {
    let bytes = content.read(VOLUME_SIZE_OBJECT).unwrap_or_default();
    let size = bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    if size > 0 {
        number(list, "volsize", size);
    }
}

/// The token of an interrupted receive.
pub(super) fn token(resume: &Resume) -> Option<String> {
    let point = ResumePoint {
        object: resume.object,
        offset: resume.offset,
        bytes: resume.bytes,
        to_guid: resume.to_guid,
        to_name: resume.to_name.clone(),
        from_guid: Some(resume.from_guid),
        large_block_ok: resume.large_block,
        embed_ok: resume.embed,
        compress_ok: resume.compress,
        raw_ok: resume.raw,
        ..ResumePoint::default()
    };
    point.encode().ok().map(|token| token.text().to_owned())
}

/// A computed value: it has no source, but that of what was set under its name, which has no other effect (`dsl_prop_nvlist_add_uint64`).
pub(super) fn number(list: &mut NvList, name: &str, value: u64) {
    let mut property = list.find::<&NvList>(name).ok().flatten().cloned().unwrap_or_default();
    property.insert("value", value);
    list.insert(name, property);
}

/// Limits that were not set: zero, from nowhere.
fn unset(list: &mut NvList, names: &[&str]) {
    for name in names.iter().filter(|name| !list.has(name)).copied().collect::<Vec<_>>() {
        list.insert(name, NvList::new().with("value", 0u64).with("source", ""));
    }
}

/// A computed text.
pub(super) fn text(list: &mut NvList, name: &str, value: &str) {
    list.insert(name, NvList::new().with("value", value));
}

/// What was set or received here or above.
fn given(state: &State, name: &str, dataset: &Dataset) -> NvList {
    held(state, name, dataset, true)
}

fn held(state: &State, name: &str, dataset: &Dataset, here: bool) -> NvList {
    let mut list = NvList::new();
    for (property, given) in &dataset.properties {
        insert(&mut list, property, given, name, here);
    }
    let mut next = above(name);
    while let Some((at, dataset)) = next.and_then(|at| Some((at, state.datasets.get(at)?))) {
        for (property, given) in &dataset.properties {
            if is_inheritable(property) && !list.has(property) {
                insert(&mut list, property, given, at, false);
            }
        }
        next = above(at);
    }
    list
}

fn insert(list: &mut NvList, property: &str, given: &Property, at: &str, here: bool) {
    let Some(value) = given.value() else { return };
    // A value received further up is inherited like any other: only here it says where it came from.
    let source = if given.local.is_none() && here { "$recvd" } else { at };
    list.insert(property, NvList::new().with("value", value.clone()).with("source", source));
}

fn identity(list: &mut NvList, guid: u64, createtxg: u64, creation: u64, kind: DatasetKind) {
    number(list, "guid", guid);
    number(list, "createtxg", createtxg);
    number(list, "creation", creation);
    number(list, "type", kind.number().into());
}

/// Facts about encryption; the kernel tells nothing where there is none (`dsl_dataset_crypt_stats`).
fn encryption(list: &mut NvList, pool: &Pool, name: &str, dataset: &Dataset) {
    let (Some(encryption), Some((root, keeper))) = (&dataset.encryption, pool.state.root_of(name)) else {
        return;
    };
    let keyformat = keeper.encryption.as_ref().map_or(0, |encryption| encryption.keyformat);
    number(list, "encryption", encryption.cipher);
    number(list, "keyformat", keyformat);
    number(list, "keystatus", if pool.has_key(name) { 2 } else { 1 });
    number(list, "keyguid", encryption.key);
    text(list, "encryptionroot", root);
}

fn length_of(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// A user property's value is shorter than this (`ZAP_MAXVALUELEN`).
const VALUE_MAX: u64 = 8192;

/// Native properties that take a number or a word.
const NUMBERS: &[&str] = &[
    "aclinherit",
    "aclmode",
    "acltype",
    "atime",
    "canmount",
    "checksum",
    "compression",
    "copies",
    "dedup",
    "devices",
    "dnodesize",
    "exec",
    "filesystem_limit",
    "logbias",
    "nbmand",
    "overlay",
    "primarycache",
    "quota",
    "readonly",
    "recordsize",
    "redundant_metadata",
    "refquota",
    "refreservation",
    "relatime",
    "reservation",
    "secondarycache",
    "setuid",
    "snapdev",
    "snapdir",
    "snapshot_limit",
    "special_small_blocks",
    "sync",
    "volblocksize",
    "volmode",
    "volsize",
    "xattr",
    "zoned",
];

/// Native properties that the kernel lets anybody set who asks it and not libzfs, and computes all the same.
const COMPUTED: &[&str] = &[
    "available",
    "createtxg",
    "creation",
    "guid",
    "referenced",
    "used",
    "userrefs",
    "written",
];

/// Native properties that take a text.
const TEXTS: &[&str] = &["keylocation", "mlslabel", "mountpoint", "sharenfs", "sharesmb"];

/// Those that hold for one dataset only.
const OWN: &[&str] = &[
    "canmount",
    "filesystem_limit",
    "keylocation",
    "quota",
    "refquota",
    "refreservation",
    "reservation",
    "snapshot_limit",
    "volblocksize",
    "volsize",
];

/// Native properties that hold for snapshots too.
const ON_SNAPSHOTS: &[&str] = &["devices", "exec", "nbmand", "primarycache", "secondarycache", "setuid", "xattr"];
