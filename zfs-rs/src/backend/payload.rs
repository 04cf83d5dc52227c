//! I am the lists that go down to the kernel and come up from it, built and read once for both ways.
//!
//! Keys and types are those of the kernel's argument tables (`zfs_ioctl.c`, the same from OpenZFS 2.0 to 2.4). A key the kernel does not know
//! makes it refuse the whole call, so nothing optional is written unless it was asked for. Their order is that of libzfs_core, so that both ways send
//! the same bytes.

use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::request::{ChangeKey, Clone, Create, DestroySnapshots, KeyChange, Program, Receive, Redact, Send, SendSaved, Snapshot, Trim};
use super::{Activity, Base, Outcome, PruneAge, Ran, Refusal, ResumeAt, ScrubOrder, SendFlags, VdevOrder, WrappingKey};
use crate::errno::Errno;
use crate::identity::Guid;
use crate::name::{BookmarkName, DatasetName, HoldTag, SnapshotName};
use crate::nvlist::{NvList, Value};

/// Names without values.
pub(crate) fn names<T: AsRef<str>>(names: &[T]) -> NvList {
    let mut list = NvList::new();
    for name in names {
        list.insert(name.as_ref(), Value::Boolean);
    }
    list
}

/// New bookmark → what it is made of.
pub(crate) fn bookmarks(bookmarks: &[(BookmarkName, Base)]) -> NvList {
    let mut list = NvList::new();
    for (bookmark, source) in bookmarks {
        list.insert(bookmark.as_str(), source.as_str());
    }
    list
}

/// Snapshot → tag.
pub(crate) fn holds(holds: &[(SnapshotName, HoldTag)]) -> NvList {
    let mut list = NvList::new();
    for (snapshot, tag) in holds {
        list.insert(snapshot.as_str(), tag.as_str());
    }
    list
}

/// Snapshot → its tags.
pub(crate) fn releases(holds: &[(SnapshotName, HoldTag)]) -> NvList {
    let mut by_snapshot: BTreeMap<&SnapshotName, Vec<&HoldTag>> = BTreeMap::new();
    for (snapshot, tag) in holds {
        by_snapshot.entry(snapshot).or_default().push(tag);
    }
    let mut list = NvList::new();
    for (snapshot, tags) in by_snapshot {
        list.insert(snapshot.as_str(), names(&tags));
    }
    list
}

/// A wrapping key, where the kernel keeps it out of the pool's history.
pub(crate) fn hidden(key: &WrappingKey) -> NvList {
    NvList::new().with("wkeydata", key.to_vec())
}

pub(crate) fn create(request: &Create<'_>) -> NvList {
    let mut list = NvList::new().with("type", request.kind.number().cast_signed());
    insert_filled(&mut list, "props", request.properties);
    if let Some(key) = request.key {
        list.insert("hidden_args", hidden(key));
    }
    list
}

pub(crate) fn clone(request: &Clone<'_>) -> NvList {
    let mut list = NvList::new().with("origin", request.origin.as_str());
    insert_filled(&mut list, "props", request.properties);
    list
}

pub(crate) fn rollback(to: Option<&SnapshotName>) -> NvList {
    to.map_or_else(NvList::new, |to| NvList::new().with("target", to.as_str()))
}

pub(crate) fn redact(request: &Redact<'_>) -> NvList {
    NvList::new()
        .with("bookname", request.bookmark.short())
        .with("snapnv", names(request.clones))
}

pub(crate) fn load_key(key: &WrappingKey, check_only: bool) -> NvList {
    let mut list = NvList::new().with("hidden_args", hidden(key));
    insert_flag(&mut list, "noop", check_only);
    list
}

/// The kernel's number of a change of key (`dcp_cmd_t`).
pub(crate) fn key_command(to: &KeyChange<'_>) -> u64 {
    match to {
        KeyChange::New { .. } => 2,
        KeyChange::Inherit => 3,
        KeyChange::ForceInherit => 5,
    }
}

pub(crate) fn change_key(request: &ChangeKey<'_>) -> NvList {
    let mut list = NvList::new().with("crypt_cmd", key_command(&request.to));
    if let KeyChange::New { properties, key } = request.to {
        list.insert("hidden_args", hidden(key));
        insert_filled(&mut list, "props", properties);
    }
    list
}

pub(crate) fn program(request: &Program<'_>) -> NvList {
    NvList::new()
        .with("program", request.program)
        .with("arg", request.argument.clone())
        .with("sync", request.sync)
        .with("instrlimit", request.instructions_max)
        .with("memlimit", request.memory_max)
}

pub(crate) fn wait(activity: Activity, device: Option<Guid>) -> NvList {
    let mut list = NvList::new().with("wait_activity", activity.number());
    if let Some(device) = device {
        list.insert("wait_tag", device.0);
    }
    list
}

pub(crate) fn sync(force: bool) -> NvList {
    NvList::new().with("force", force)
}

pub(crate) fn reopen(restart_scrub: bool) -> NvList {
    NvList::new().with("scrub_restart", restart_scrub)
}

/// Devices by their numbers, which serve as the names the list wants too.
pub(crate) fn devices(guids: &[Guid]) -> NvList {
    guids.iter().map(|guid| (guid.0.to_string(), guid.0)).collect()
}

pub(crate) fn initialize(order: VdevOrder, guids: &[Guid]) -> NvList {
    NvList::new()
        .with("initialize_command", u64::from(order.number()))
        .with("initialize_vdevs", devices(guids))
}

pub(crate) fn trim(request: &Trim<'_>) -> NvList {
    NvList::new()
        .with("trim_command", u64::from(request.order.number()))
        .with("trim_vdevs", devices(request.devices))
        .with("trim_rate", request.rate.unwrap_or(0))
        .with("trim_secure", request.secure)
}

pub(crate) fn scrub(order: ScrubOrder) -> NvList {
    let (kind, command) = order.numbers();
    NvList::new().with("scan_type", kind).with("scan_command", command)
}

pub(crate) fn device_properties(device: Guid, wanted: &[&str]) -> NvList {
    let mut list = NvList::new().with("vdevprops_get_vdev", device.0);
    if !wanted.is_empty() {
        list.insert("vdevprops_get_props", names(wanted));
    }
    list
}

pub(crate) fn set_device_properties(device: Guid, to: &NvList) -> NvList {
    NvList::new()
        .with("vdevprops_set_vdev", device.0)
        .with("vdevprops_set_props", to.clone())
}

/// The deduplication table is all that can be prefetched (`zpool_prefetch_type_t`).
pub(crate) const PREFETCH_DEDUP: i32 = 1;

pub(crate) fn prefetch() -> NvList {
    NvList::new().with("prefetch_type", PREFETCH_DEDUP)
}

pub(crate) fn prune_dedup(age: PruneAge) -> NvList {
    let (unit, amount) = age.numbers();
    NvList::new().with("ddt_prune_unit", unit).with("ddt_prune_amount", amount)
}

/// The devices that refused, by number, where a list for devices came back.
pub(crate) fn refused_devices(answer: &NvList) -> Vec<(String, Errno)> {
    let lists = ["initialize_vdevs", "trim_vdevs"]
        .into_iter()
        .filter_map(|key| answer.get::<&NvList>(key).ok());
    let numbers = lists.flat_map(NvList::iter).filter_map(|(device, value)| match value {
        Value::Int64(number) => i32::try_from(*number).ok().map(|number| (device.to_string(), Errno(number))),
        _ => None,
    });
    numbers.collect()
}

pub(crate) fn snapshot(request: &Snapshot<'_>) -> NvList {
    let mut list = NvList::new().with("snaps", names(request.names));
    insert_filled(&mut list, "props", request.properties);
    list
}

pub(crate) fn destroy_snapshots(request: &DestroySnapshots<'_>) -> NvList {
    let mut list = NvList::new().with("snaps", names(request.names));
    insert_flag(&mut list, "defer", request.defer);
    list
}

pub(crate) fn hold(wanted: &[(SnapshotName, HoldTag)], until: Option<BorrowedFd<'_>>) -> NvList {
    let mut list = NvList::new().with("holds", holds(wanted));
    if let Some(descriptor) = until {
        list.insert("cleanup_fd", descriptor.as_raw_fd());
    }
    list
}

pub(crate) fn send(request: &Send<'_>, to: BorrowedFd<'_>) -> NvList {
    let mut list = stream(request.from, to);
    insert_how(&mut list, request);
    list
}

pub(crate) fn send_saved(request: &SendSaved<'_>, to: BorrowedFd<'_>) -> NvList {
    let mut list = stream(request.from, to);
    insert_flags(&mut list, request.flags);
    insert_flag(&mut list, "savedok", true);
    insert_start(&mut list, request.resume);
    list
}

/// What the order for any stream begins with.
fn stream(from: Option<&Base>, to: BorrowedFd<'_>) -> NvList {
    let mut list = NvList::new().with("fd", to.as_raw_fd());
    if let Some(base) = from {
        list.insert("fromsnap", base.as_str());
    }
    list
}

pub(crate) fn send_space(request: &Send<'_>) -> NvList {
    let mut list = NvList::new();
    if let Some(base) = request.from {
        list.insert("from", base.as_str());
    }
    insert_how(&mut list, request);
    if let Some(point) = request.resume {
        list.insert("bytes", point.bytes);
    }
    list
}

pub(crate) fn receive(request: &Receive<'_>, from: BorrowedFd<'_>) -> NvList {
    let mut list = NvList::new().with("snapname", request.snapshot.as_str());
    insert_filled(&mut list, "props", request.received);
    insert_filled(&mut list, "localprops", request.local);
    if let Some(key) = request.key {
        list.insert("hidden_args", hidden(key));
    }
    if let Some(origin) = request.origin {
        list.insert("origin", origin.as_str());
    }
    list.insert("begin_record", Value::ByteArray(request.begin.to_vec()));
    list.insert("input_fd", from.as_raw_fd());
    insert_flag(&mut list, "force", request.roll_back);
    insert_flag(&mut list, "resumable", request.resumable);
    insert_flag(&mut list, "heal", request.heal);
    list
}

fn insert_flags(list: &mut NvList, flags: SendFlags) {
    insert_flag(list, "largeblockok", flags.contains(SendFlags::LARGE_BLOCK));
    insert_flag(list, "embedok", flags.contains(SendFlags::EMBED));
    insert_flag(list, "compressok", flags.contains(SendFlags::COMPRESS));
    insert_flag(list, "rawok", flags.contains(SendFlags::RAW));
}

fn insert_how(list: &mut NvList, request: &Send<'_>) {
    insert_flags(list, request.flags);
    insert_start(list, request.resume);
    if let Some(bookmark) = request.redaction {
        list.insert("redactbook", bookmark.short());
    }
}

fn insert_start(list: &mut NvList, resume: Option<ResumeAt>) {
    if let Some(point) = resume {
        list.insert("resume_object", point.object);
        list.insert("resume_offset", point.offset);
    }
}

fn insert_flag(list: &mut NvList, key: &str, set: bool) {
    if set {
        list.insert(key, Value::Boolean);
    }
}

fn insert_filled(list: &mut NvList, key: &str, filled: &NvList) {
    if !filled.is_empty() {
        list.insert(key, filled.clone());
    }
}

/// What a channel program left: one that failed says why, and that is its answer; a kernel that did not run it says nothing.
pub(crate) fn ran(errno: Option<Errno>, output: NvList) -> Outcome<Ran> {
    match errno {
        Some(errno) if !output.has("error") => Err(errno.into()),
        errno => Ok(Ran { errno, output }),
    }
}

/// The snapshot in whose way another of its name is, as an item.
pub(crate) fn conflict(clone: &DatasetName, short: &str, errno: Errno) -> Vec<(String, Errno)> {
    if errno == Errno::EEXIST && !short.is_empty() {
        vec![(format!("{clone}@{short}"), errno)]
    } else {
        Vec::new()
    }
}

/// The snapshot that a rollback says it went back to.
pub(crate) fn rolled_back(answer: &NvList) -> Outcome<SnapshotName> {
    let name = answer.get::<&str>("target").ok().and_then(|name| name.parse().ok());
    name.ok_or_else(|| Errno::EFAULT.into())
}

/// The refused items of a list call: pairs of name and number.
pub(crate) fn items(list: &NvList) -> Vec<(String, Errno)> {
    let numbered = list.iter().filter_map(|(name, value)| match value {
        // "N_MORE_ERRORS" counts those that found no room; it is no item.
        Value::Int32(number) if *number != 0 && name != "N_MORE_ERRORS" => Some((name.to_string(), Errno(*number))),
        _ => None,
    });
    numbered.collect()
}

/// What a call has done that went well: all of it, or all but the items its answer names.
pub(crate) fn whole(answer: &NvList) -> Outcome<()> {
    let items = items(answer);
    match items.first() {
        None => Ok(()),
        Some((_, errno)) => Err(Refusal { errno: *errno, items }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_went_well_but_for_some_items_is_a_refusal_of_those() {
        let answer = NvList::new().with("t@a", 0i32).with("t@b", 2i32).with("N_MORE_ERRORS", 7i32);
        let refusal = whole(&answer).unwrap_err();
        assert_eq!(
            (refusal.errno, refusal.items),
            (Errno::ENOENT, vec![("t@b".to_owned(), Errno::ENOENT)])
        );
        assert_eq!(whole(&NvList::new().with("N_MORE_ERRORS", 7i32)), Ok(()));
    }
}
