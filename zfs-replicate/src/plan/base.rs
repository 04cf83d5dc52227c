//! I know what both sides have.

use zfs_rs::identity::Txg;

use crate::view::{Base, Dataset, Version};

/// The newest snapshot that both have or, on the source, had.
#[derive(Debug, Clone)]
pub(super) struct Common<'a> {
    /// The snapshot on the source or, failing that, a bookmark of it.
    pub(super) base: Base,
    /// When it was made, in the source's count.
    pub(super) createtxg: Txg,
    /// The snapshot on the target.
    pub(super) there: &'a Version,
}

/// Finds the newest, by the source's order. Names are not looked at.
pub(super) fn newest<'a>(source: &Dataset, target: &'a Dataset) -> Option<Common<'a>> {
    let snapshots = source.versions.iter().map(|version| (version.createtxg, version.guid));
    let bookmarks = source.marks.iter().map(|mark| (mark.createtxg, mark.guid));
    snapshots
        .chain(bookmarks)
        .filter_map(|(createtxg, guid)| {
            Some(Common {
                base: source.base(guid)?,
                createtxg,
                there: target.version(guid)?,
            })
        })
        .max_by_key(|common| common.createtxg)
}
