//! I am what a program says to ZFS about bookmarks.

use crate::backend::Base;
use crate::backend::request::Redact;
use crate::error::{Cause, Error, Operation, Result};
use crate::identity::{Guid, Txg};
use crate::name::{BookmarkName, DatasetName, SnapshotName};
use crate::nvlist::{LookupError, NvList};
use crate::zfs::Zfs;

/// A bookmark: what is left of a snapshot, enough to be the base of an incremental send.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BookmarkInfo {
    /// Its name at the time of asking.
    pub name: BookmarkName,
    /// The identity of the snapshot it was made of.
    pub guid: Guid,
    /// When that snapshot came to this pool, in the pool's own time.
    pub createtxg: Txg,
    /// When that snapshot was created, in seconds since 1970.
    pub creation: u64,
}

impl Zfs {
    /// All bookmarks of a dataset, in one call, oldest first.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when the dataset does not exist.
    #[doc(alias = "lzc_get_bookmarks")]
    pub fn bookmarks(&self, of: &DatasetName) -> Result<Vec<BookmarkInfo>> {
        let failed = |cause: Cause| Error::new(Operation::Read, of.as_str(), cause);
        let list = self.device.bookmarks(of).map_err(|refusal| failed(refusal.into()))?;
        let mut bookmarks = Vec::with_capacity(list.len());
        for (short, _) in &list {
            let short = short.to_str_lossy();
            let entry: &NvList = list.get(&short).map_err(|error| failed(error.into()))?;
            let name = of.bookmark(&short).map_err(|error| failed(error.into()))?;
            bookmarks.push(info(name, entry).map_err(|error| failed(error.into()))?);
        }
        bookmarks.sort_by(|a, b| (a.createtxg, &a.name).cmp(&(b.createtxg, &b.name)));
        Ok(bookmarks)
    }

    /// One bookmark.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when it or its dataset does not exist.
    #[doc(alias = "lzc_get_bookmark_props")]
    pub fn bookmark(&self, name: &BookmarkName) -> Result<BookmarkInfo> {
        let failed = |cause: Cause| Error::new(Operation::Read, name.as_str(), cause);
        let list = self.device.bookmark_properties(name).map_err(|refusal| failed(refusal.into()))?;
        info(name.clone(), &list).map_err(|error| failed(error.into()))
    }

    /// Bookmarks a snapshot.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Exists`](crate::ErrorKind::Exists), [`ErrorKind::NotFound`](crate::ErrorKind::NotFound).
    #[doc(alias = "lzc_bookmark")]
    pub fn create_bookmark(&self, name: &BookmarkName, of: &SnapshotName) -> Result<()> {
        self.create_bookmarks(&[(name.clone(), Base::Snapshot(of.clone()))])
    }

    /// Makes bookmarks of one pool, all or none: of snapshots or, since OpenZFS 2.0, of bookmarks of the same dataset.
    ///
    /// # Errors
    ///
    /// As [`create_bookmark`](Self::create_bookmark); [`Error::items`] has each.
    pub fn create_bookmarks(&self, bookmarks: &[(BookmarkName, Base)]) -> Result<()> {
        let object = bookmarks.first().map_or("no bookmark", |(name, _)| name.as_str());
        self.core
            .bookmark(bookmarks)
            .map_err(|refusal| Error::new(Operation::Bookmark, object, refusal).on_each(bookmarks.iter().map(|(name, _)| name.dataset())))
    }

    /// Makes a bookmark that says what of a snapshot a redacted send leaves out: whatever the given snapshots of its clones changed.
    ///
    /// The feature `redaction_bookmarks` must be enabled on the pool; it takes as long as reading the metadata of what was changed. Root only.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound), [`ErrorKind::Exists`](crate::ErrorKind::Exists) when there is such a bookmark,
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) when a snapshot is not of a clone of the first.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// // tank/clean is a clone of tank/all@now from which the secrets were removed.
    /// zfs.redact(&"tank/all@now".parse()?, "clean", &["tank/clean@done".parse()?])?;
    /// let stream = zfs.send(&"tank/all@now".parse()?).redacted("clean")?.spawn()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_redact")]
    pub fn redact(&self, snapshot: &SnapshotName, bookmark: &str, clones: &[SnapshotName]) -> Result<BookmarkName> {
        let bookmark = snapshot.dataset().bookmark(bookmark);
        let bookmark = bookmark.map_err(|error| Error::new(Operation::Redact, snapshot.as_str(), error))?;
        let order = Redact {
            snapshot,
            bookmark: &bookmark,
            clones,
        };
        match self.core.redact(&order) {
            Ok(()) => Ok(bookmark),
            Err(refusal) => Err(Error::new(Operation::Redact, snapshot.as_str(), refusal)),
        }
    }

    /// Destroys bookmarks of one pool. Those that are not there are passed over.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoPermission`](crate::ErrorKind::NoPermission) without the delegation `destroy`.
    #[doc(alias = "lzc_destroy_bookmarks")]
    pub fn destroy_bookmarks(&self, names: &[BookmarkName]) -> Result<()> {
        let object = names.first().map_or("no bookmark", BookmarkName::as_str);
        self.core
            .destroy_bookmarks(names)
            .map_err(|refusal| Error::new(Operation::DestroyBookmark, object, refusal).on_each(names.iter().map(BookmarkName::dataset)))
    }
}

fn info(name: BookmarkName, entry: &NvList) -> Result<BookmarkInfo, LookupError> {
    let number = |key| entry.get::<&NvList>(key).and_then(|property| property.get::<u64>("value"));
    Ok(BookmarkInfo {
        name,
        guid: Guid(number("guid")?),
        createtxg: Txg(number("createtxg")?),
        creation: number("creation")?,
    })
}
