//! I am what a dataset answers when asked for its properties: name → `{value, source}`, as the kernel shapes it.
//!
//! Values come from `dsl_prop_get_all` (set here, received, inherited) and `dsl_dataset_stats` (computed, without a source). Defaults are
//! not told.

use super::content::{Content, length};
use super::pool::{Dataset, Pool, Property, RECEIVING, Resume, Snapshot, State, above};
use crate::backend::DatasetKind;
use crate::errno::Errno;
use crate::nvlist::{NvList, Value};
use crate::stream::token::ResumePoint;

/// The object of a volume that holds its size, as in the kernel; so streams carry it.
pub(super) const VOLUME_SIZE_OBJECT: u64 = 2;

/// Properties of a filesystem or volume.
pub(super) fn of_dataset(pool: &Pool, name: &str, dataset: &Dataset) -> NvList {
    let mut list = given(&pool.state, name, dataset);
    identity(&mut list, dataset.guid, dataset.createtxg, dataset.creation, dataset.kind);
    number(&mut list, "used", pool.state.used(name));
    number(&mut list, "available", pool.available(name));
    number(&mut list, "referenced", dataset.live.born_after(0));
    number(&mut list, "written", dataset.written());
    for unset in ["quota", "reservation", "refquota", "refreservation"] {
        if !list.has(unset) {
            number(&mut list, unset, 0);
        }
    }
    if let Some((origin, _)) = dataset.origin.and_then(|origin| pool.state.at(origin)) {
        text(&mut list, "origin", &origin);
    }
    if dataset.kind == DatasetKind::Volume {
        number(&mut list, "volsize", volume_size(&dataset.live));
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
    for (property, value) in &given(&pool.state, name, dataset) {
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
        number(&mut list, "volsize", volume_size(&snapshot.content));
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
        (name, Value::UInt64(_)) if NUMBERS.contains(&name) => Ok(()),
        (name, Value::String(_)) if TEXTS.contains(&name) => Ok(()),
        _ => Err(Errno::EINVAL),
    }
}

/// Whether a property goes down the tree.
pub(super) fn is_inheritable(name: &str) -> bool {
    is_user(name) || ((NUMBERS.contains(&name) || TEXTS.contains(&name)) && !OWN.contains(&name))
}

/// Whether somebody else than OpenZFS gives it its meaning.
pub(super) fn is_user(name: &str) -> bool {
    name.contains(':')
}

/// A volume's size in bytes, from the object that holds it.
pub(super) fn volume_size(content: &Content) -> u64 {
    let bytes = content.read(VOLUME_SIZE_OBJECT).unwrap_or_default();
    bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
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

/// A computed value: it has no source.
pub(super) fn number(list: &mut NvList, name: &str, value: u64) {
    list.insert(name, NvList::new().with("value", value));
}

/// A computed text.
pub(super) fn text(list: &mut NvList, name: &str, value: &str) {
    list.insert(name, NvList::new().with("value", value));
}

/// What was set or received here or above.
fn given(state: &State, name: &str, dataset: &Dataset) -> NvList {
    let mut list = NvList::new();
    for (property, given) in &dataset.properties {
        insert(&mut list, property, given, name, true);
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
    let (Some(encryption), Some((root, _))) = (&dataset.encryption, pool.state.root_of(name)) else {
        return;
    };
    number(list, "encryption", encryption.cipher);
    number(list, "keyformat", encryption.keyformat);
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
