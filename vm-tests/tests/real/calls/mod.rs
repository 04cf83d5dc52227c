//! Every call of zfs-rs says and does what the administrator's programs say and do.

mod change;
mod history;
mod hold;
mod key;
mod listing;
mod look;
mod refuse;

use zfs_rs::{BookmarkName, Errno, Error, SnapshotName};

fn snapshot(name: impl AsRef<str>) -> SnapshotName {
    name.as_ref().parse().unwrap()
}

fn bookmark(name: impl AsRef<str>) -> BookmarkName {
    name.as_ref().parse().unwrap()
}

/// The refused items, sorted.
pub(crate) fn items(error: &Error) -> Vec<(&str, Errno)> {
    let mut items: Vec<_> = error.items().iter().map(|(name, errno)| (name.as_str(), *errno)).collect();
    items.sort();
    items
}
