//! I find what is known by its GUID alone.

use zfs_rs::{Base, BookmarkName, DatasetName, Guid, OptionalExt, SnapshotName, Zfs};

use crate::Failure;

/// The snapshot with that GUID: in the dataset if it is there, else the first in its pool.
pub(crate) fn snapshot(zfs: &Zfs, near: &DatasetName, guid: u64) -> Result<Option<SnapshotName>, Failure> {
    if zfs.dataset(near).optional()?.is_some()
        && let Some(found) = snapshot_of(zfs, near, guid)?
    {
        return Ok(Some(found));
    }
    for dataset in zfs.tree(&near.pool().root())? {
        if let Some(found) = snapshot_of(zfs, &dataset.name, guid)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The snapshot or, where that is gone, a bookmark with that GUID.
pub(crate) fn base(zfs: &Zfs, near: &DatasetName, guid: u64) -> Result<Option<Base>, Failure> {
    if let Some(found) = snapshot(zfs, near, guid)? {
        return Ok(Some(Base::Snapshot(found)));
    }
    Ok(bookmarks(zfs, near, guid)?.into_iter().next().map(Base::Bookmark))
}

/// The bookmarks of the dataset with that GUID.
pub(crate) fn bookmarks(zfs: &Zfs, of: &DatasetName, guid: u64) -> Result<Vec<BookmarkName>, Failure> {
    let all = zfs.bookmarks(of)?;
    let ours = all.into_iter().filter(|bookmark| bookmark.guid == Guid(guid));
    Ok(ours.map(|bookmark| bookmark.name).collect())
}

fn snapshot_of(zfs: &Zfs, dataset: &DatasetName, guid: u64) -> Result<Option<SnapshotName>, Failure> {
    for snapshot in zfs.snapshots(dataset) {
        let snapshot = snapshot?;
        if snapshot.guid == Guid(guid) {
            return Ok(Some(snapshot.name));
        }
    }
    Ok(None)
}
