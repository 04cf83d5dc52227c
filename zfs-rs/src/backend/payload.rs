//! I am the lists that go down to the kernel and come up from it, built and read once for both ways.
//!
//! Keys and types are those of the kernel's argument tables (`zfs_ioctl.c`, the same from OpenZFS 2.0 to 2.4). A key the kernel does not know
//! makes it refuse the whole call, so nothing optional is written unless it was asked for.

use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::request::{Create, DestroySnapshots, Receive, Send, Snapshot};
use super::{Base, Outcome, Refusal, SendFlags};
use crate::errno::Errno;
use crate::name::{BookmarkName, HoldTag, SnapshotName};
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
pub(crate) fn hidden(key: &[u8; 32]) -> NvList {
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
    let mut list = NvList::new().with("fd", to.as_raw_fd());
    if let Some(base) = request.from {
        list.insert("fromsnap", base.as_str());
    }
    insert_how(&mut list, request);
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
    let mut list = NvList::new()
        .with("snapname", request.snapshot.as_str())
        .with("begin_record", Value::ByteArray(request.begin.to_vec()))
        .with("input_fd", from.as_raw_fd());
    insert_filled(&mut list, "props", request.received);
    insert_filled(&mut list, "localprops", request.local);
    if let Some(origin) = request.origin {
        list.insert("origin", origin.as_str());
    }
    insert_flag(&mut list, "resumable", request.resumable);
    list
}

fn insert_how(list: &mut NvList, request: &Send<'_>) {
    insert_flag(list, "largeblockok", request.flags.contains(SendFlags::LARGE_BLOCK));
    insert_flag(list, "embedok", request.flags.contains(SendFlags::EMBED));
    insert_flag(list, "compressok", request.flags.contains(SendFlags::COMPRESS));
    insert_flag(list, "rawok", request.flags.contains(SendFlags::RAW));
    if let Some(point) = request.resume {
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
