//! I am what a program says to ZFS about filesystems and volumes.

use crate::backend::request::{Clone as CloneOrder, Create};
use crate::backend::{Cursor, DatasetKind, Detail, Listed, Object, Stats};
use crate::delegation::{self, Delegation};
use crate::error::{Error, Operation, OptionalExt as _, Result};
use crate::identity::{Guid, Txg};
use crate::name::{DatasetName, SnapshotName};
use crate::property::{self, Properties};
use crate::zfs::Zfs;

/// A filesystem or volume, as cheap as the kernel tells it.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatasetInfo {
    /// Its name at the time of asking.
    pub name: DatasetName,
    /// The identity of its live head; not carried over by send and receive.
    pub guid: Guid,
    /// When it was created, in its pool's own time.
    pub createtxg: Txg,
    /// Filesystem or volume.
    pub kind: DatasetKind,
    /// Whether a receive into it was begun and not finished.
    pub inconsistent: bool,
    /// The snapshot it grew from, if it is a clone.
    pub origin: Option<SnapshotName>,
}

impl Zfs {
    /// Identity and kind of a filesystem or volume.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when it does not exist.
    pub fn dataset(&self, name: &DatasetName) -> Result<DatasetInfo> {
        let stats = self.stats(Object::Dataset(name))?;
        DatasetInfo::of(name.clone(), stats)
    }

    /// The filesystems and volumes directly below `parent`, in no particular order.
    ///
    /// Entries are fetched one by one as the iterator is advanced; the call costs nothing by itself. A dataset that appears or vanishes
    /// meanwhile may be there or not.
    pub fn children(&self, parent: &DatasetName) -> Children<'_> {
        Children {
            zfs: self,
            parent: parent.clone(),
            cursor: Some(Cursor::default()),
        }
    }

    /// `root` and everything below it, parents before children, siblings by name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when `root` does not exist. A dataset below it that vanishes meanwhile is left out.
    pub fn tree(&self, root: &DatasetName) -> Result<Vec<DatasetInfo>> {
        let entries = self.list(root).recursive().start();
        entries.map(|entry| entry.map(|entry| entry.dataset)).collect()
    }

    /// Whether there is such a filesystem, volume or snapshot.
    ///
    /// # Errors
    ///
    /// Any kind but [`ErrorKind::NotFound`](crate::ErrorKind::NotFound), which is the answer no.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let home: zfs_rs::DatasetName = "tank/home".parse()?;
    /// if !zfs.exists(&home)? {
    ///     zfs.create_filesystem(&home).create()?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_exists")]
    pub fn exists<'a>(&self, object: impl Into<Object<'a>>) -> Result<bool> {
        self.stats(object.into()).optional().map(|found| found.is_some())
    }

    /// Begins an order to create a filesystem or volume that grows from a snapshot of the same pool and shares its blocks.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// zfs.clone_snapshot(&"tank/home@now".parse()?, &"tank/trial".parse()?).property("readonly", "off").create()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_clone")]
    pub fn clone_snapshot(&self, origin: &SnapshotName, name: &DatasetName) -> CloneRequest<'_> {
        CloneRequest {
            zfs: self,
            origin: origin.clone(),
            name: name.clone(),
            properties: Vec::new(),
        }
    }

    /// Makes a clone the owner of the snapshots it grew from: what was its origin becomes the clone.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) when it is no clone, [`ErrorKind::Exists`](crate::ErrorKind::Exists) when a snapshot
    /// that would become its own has the name of one it has: [`Error::items`] names that one.
    #[doc(alias = "lzc_promote")]
    pub fn promote(&self, clone: &DatasetName) -> Result<()> {
        self.core
            .promote(clone)
            .map_err(|refusal| Error::new(Operation::Promote, clone.as_str(), refusal).needing(|_| self.promoting(clone)))
    }

    /// What promoting needs; where the origin lies is in no argument.
    fn promoting(&self, clone: &DatasetName) -> Vec<Delegation> {
        let origin = self.dataset(clone).ok().and_then(|info| info.origin);
        delegation::promoting(clone, origin.as_ref().map(SnapshotName::dataset))
    }

    /// Begins an order to create a filesystem.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// zfs.create_filesystem(&"tank/home".parse()?).property("compression", "zstd").property("org.example:owner", "ada").create()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create_filesystem(&self, name: &DatasetName) -> CreateRequest<'_> {
        CreateRequest {
            zfs: self,
            name: name.clone(),
            kind: DatasetKind::Filesystem,
            properties: Vec::new(),
            key: None,
        }
    }

    /// Begins an order to create a volume of `size` bytes, a multiple of its block size.
    pub fn create_volume(&self, name: &DatasetName, size: u64) -> CreateRequest<'_> {
        let properties = vec![("volsize".to_owned(), size.to_string())];
        CreateRequest {
            zfs: self,
            name: name.clone(),
            kind: DatasetKind::Volume,
            properties,
            key: None,
        }
    }

    /// Destroys a filesystem or volume that has neither snapshots nor children and is not mounted.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) when it is mounted or has snapshots, [`ErrorKind::Exists`](crate::ErrorKind::Exists) when
    /// it has children, [`ErrorKind::NotFound`](crate::ErrorKind::NotFound).
    #[doc(alias = "lzc_destroy")]
    pub fn destroy_dataset(&self, name: &DatasetName) -> Result<()> {
        self.core
            .destroy(Object::Dataset(name))
            .map_err(|refusal| Error::new(Operation::Destroy, name.as_str(), refusal))
    }

    /// Renames a filesystem or volume inside its pool, with all below it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Exists`](crate::ErrorKind::Exists) when the new name is taken, [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when the
    /// dataset or the new parent is not there.
    #[doc(alias = "lzc_rename")]
    pub fn rename_dataset(&self, from: &DatasetName, to: &DatasetName) -> Result<()> {
        self.core
            .rename(from, to)
            .map_err(|refusal| Error::new(Operation::Rename, from.as_str(), refusal).needing(|_| delegation::renaming(from, to.parent())))
    }

    pub(crate) fn stats(&self, of: Object<'_>) -> Result<Stats> {
        self.device
            .stats(of)
            .map_err(|refusal| Error::new(Operation::Read, of.path(), refusal))
    }
}

impl DatasetInfo {
    pub(crate) fn of(name: DatasetName, stats: Stats) -> Result<Self> {
        let origin = stats.origin.map(|origin| origin.parse::<SnapshotName>()).transpose();
        let origin = origin.map_err(|error| Error::new(Operation::Read, name.as_str(), error))?;
        let Stats {
            guid,
            createtxg,
            kind,
            inconsistent,
            ..
        } = stats;
        Ok(Self {
            name,
            guid,
            createtxg,
            kind,
            inconsistent,
            origin,
        })
    }

    fn listed(entry: Listed) -> Result<Self> {
        let name = entry
            .name
            .parse()
            .map_err(|error: crate::name::NameError| Error::new(Operation::Read, entry.name.as_str(), error))?;
        Self::of(name, entry.stats)
    }
}

/// The datasets directly below another; see [`Zfs::children`].
#[derive(Debug)]
#[must_use = "nothing is listed before it is advanced"]
pub struct Children<'a> {
    zfs: &'a Zfs,
    parent: DatasetName,
    cursor: Option<Cursor>,
}

impl Iterator for Children<'_> {
    type Item = Result<DatasetInfo>;

    fn next(&mut self) -> Option<Self::Item> {
        // After an error there is no place to go on from.
        let cursor = self.cursor.take()?;
        let entry = self.zfs.device.next_child(&self.parent, cursor, Detail::Stats);
        match entry.map_err(|refusal| Error::new(Operation::Read, self.parent.as_str(), refusal)) {
            Ok(None) => None,
            Ok(Some(entry)) => {
                self.cursor = Some(entry.cursor);
                Some(DatasetInfo::listed(entry))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

/// An order to create a clone; see [`Zfs::clone_snapshot`].
#[derive(Debug)]
#[must_use = "nothing is created before `create` is called"]
pub struct CloneRequest<'a> {
    zfs: &'a Zfs,
    origin: SnapshotName,
    name: DatasetName,
    properties: Vec<(String, String)>,
}

impl CloneRequest<'_> {
    /// Sets a property, as [`CreateRequest::property`] does.
    pub fn property(mut self, name: &str, value: &str) -> Self {
        self.properties.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Creates it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Exists`](crate::ErrorKind::Exists), [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when the snapshot or the new parent
    /// is not there, [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for another pool or a property value that cannot be.
    pub fn create(self) -> Result<()> {
        let failed = |refusal| Error::new(Operation::Clone, self.name.as_str(), refusal);
        let properties = property::encode(&self.properties).map_err(failed)?;
        let order = CloneOrder {
            name: &self.name,
            origin: &self.origin,
            properties: &properties,
        };
        let properties = self.properties.iter().map(|(name, _)| name.as_str());
        self.zfs
            .core
            .clone_snapshot(&order)
            .map_err(|refusal| failed(refusal).needing(|_| delegation::cloning(&self.name, &self.origin, properties)))
    }
}

/// An order to create a filesystem or volume.
#[derive(Debug)]
#[must_use = "nothing is created before `create` is called"]
pub struct CreateRequest<'a> {
    zfs: &'a Zfs,
    name: DatasetName,
    kind: DatasetKind,
    properties: Vec<(String, String)>,
    key: Option<[u8; 32]>,
}

impl CreateRequest<'_> {
    /// Sets a property: a native one by its usual words (`compression`, `lz4`), sizes in bytes, or a user property.
    pub fn property(mut self, name: &str, value: &str) -> Self {
        self.properties.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes it an encryption root with that wrapping key; wants the properties `encryption`, `keyformat` and `keylocation` too.
    pub fn key(mut self, key: [u8; 32]) -> Self {
        self.key = Some(key);
        self
    }

    /// Creates it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Exists`](crate::ErrorKind::Exists), [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when the parent is not there,
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for a property value that cannot be.
    #[doc(alias = "lzc_create")]
    pub fn create(self) -> Result<()> {
        let properties = property::encode(&self.properties).map_err(|error| Error::new(Operation::Create, self.name.as_str(), error))?;
        let request = Create {
            name: &self.name,
            kind: self.kind,
            properties: &properties,
            key: self.key.as_ref(),
        };
        self.zfs.core.create(&request).map_err(|refusal| {
            let properties = self.properties.iter().map(|(name, _)| name.as_str());
            Error::new(Operation::Create, self.name.as_str(), refusal).needing(|_| delegation::creating(&self.name, properties))
        })
    }
}

impl Zfs {
    /// All properties of a filesystem, volume or snapshot that are set, inherited or computed.
    ///
    /// Properties at their default are not among them: the kernel does not tell those.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when the object does not exist.
    pub fn properties<'a>(&self, of: impl Into<Object<'a>>) -> Result<Properties> {
        let of = of.into();
        match self.device.properties(of) {
            Ok((_, list)) => Ok(Properties::new(list)),
            Err(refusal) => Err(Error::new(Operation::Read, of.path(), refusal)),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A filesystem of that name.
    pub(crate) fn info(name: &str) -> DatasetInfo {
        DatasetInfo {
            name: name.parse().unwrap(),
            guid: Guid(1),
            createtxg: Txg(1),
            kind: DatasetKind::Filesystem,
            inconsistent: false,
            origin: None,
        }
    }
}
