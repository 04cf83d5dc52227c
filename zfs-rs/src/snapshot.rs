//! I am what a program says to ZFS about snapshots.

use crate::backend::request::NextSnapshot;
use crate::backend::{Cursor, Detail, Listed, Object, Refusal, Stats, request};
use crate::delegation::{self, each};
use crate::error::{Error, Operation, Result};
use crate::identity::{Guid, Txg};
use crate::name::{DatasetName, SnapshotName};
use crate::property;
use crate::zfs::Zfs;

/// A snapshot, as cheap as the kernel tells it.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotInfo {
    /// Its name at the time of asking.
    pub name: SnapshotName,
    /// Its identity, the same on every pool it was sent to.
    pub guid: Guid,
    /// When it came to this pool, in the pool's own time.
    pub createtxg: Txg,
    /// Number of clones grown from it.
    pub clones: u64,
}

impl SnapshotInfo {
    fn of(name: SnapshotName, stats: &Stats) -> Self {
        Self {
            name,
            guid: stats.guid,
            createtxg: stats.createtxg,
            clones: stats.clones,
        }
    }

    fn listed(entry: &Listed) -> Result<Self> {
        let failed = |error: crate::name::NameError| Error::new(Operation::Read, entry.name.as_str(), error);
        Ok(Self::of(entry.name.parse().map_err(failed)?, &entry.stats))
    }
}

impl Zfs {
    /// Identity of one snapshot.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when it does not exist.
    pub fn snapshot(&self, name: &SnapshotName) -> Result<SnapshotInfo> {
        self.stats(Object::Snapshot(name))
            .map(|stats| SnapshotInfo::of(name.clone(), &stats))
    }

    /// The snapshots of one dataset, in no particular order: sort by [`createtxg`](SnapshotInfo::createtxg), never by name.
    ///
    /// Entries are fetched one by one as the iterator is advanced. A dataset that does not exist has none.
    pub fn snapshots(&self, of: &DatasetName) -> Snapshots<'_> {
        Snapshots {
            zfs: self,
            dataset: of.clone(),
            cursor: Some(Cursor::default()),
            after: None,
        }
    }

    /// Creates snapshots of one pool in one transaction group: all or none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Exists`](crate::ErrorKind::Exists), [`ErrorKind::NotFound`](crate::ErrorKind::NotFound): [`Error::items`] names each
    /// snapshot that is in the way of the others. [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) when they are of several pools.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let names = ["tank/a@now".parse()?, "tank/b@now".parse()?];
    /// zfs.create_snapshots(&names, &[("org.example:by", "hand")])?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_snapshot")]
    pub fn create_snapshots(&self, names: &[SnapshotName], user_properties: &[(&str, &str)]) -> Result<()> {
        let failed = |refusal: Refusal| Error::new(Operation::Snapshot, first(names), refusal);
        let properties = property::encode(user_properties).map_err(failed)?;
        self.core
            .snapshot(&request::Snapshot {
                names,
                properties: &properties,
            })
            .map_err(|refusal| {
                let more = if user_properties.is_empty() { &[][..] } else { &["userprop"] };
                failed(refusal).needing(|_| each(Operation::Snapshot, more, names.iter().map(SnapshotName::dataset)))
            })
    }

    /// Destroys snapshots of one pool: all or none. Those that are not there are passed over.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) for those held, [`ErrorKind::Exists`](crate::ErrorKind::Exists) for those cloned:
    /// [`Error::items`] has each.
    #[doc(alias = "lzc_destroy_snaps")]
    pub fn destroy_snapshots(&self, names: &[SnapshotName]) -> Result<()> {
        self.destroy_order(names, false)
    }

    /// Destroys snapshots of one pool, those held or cloned as soon as their last hold or clone goes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoPermission`](crate::ErrorKind::NoPermission) without the delegations `destroy` and `mount`.
    #[doc(alias = "lzc_destroy_snaps")]
    pub fn destroy_snapshots_when_unused(&self, names: &[SnapshotName]) -> Result<()> {
        self.destroy_order(names, true)
    }

    /// Gives a snapshot another name in its dataset; its GUID stays.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound), [`ErrorKind::Exists`](crate::ErrorKind::Exists) when the name is taken,
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) when the new name is of another dataset.
    #[doc(alias = "lzc_rename")]
    pub fn rename_snapshot(&self, from: &SnapshotName, to: &SnapshotName) -> Result<()> {
        self.core.rename_snapshot(from, to).map_err(|refusal| {
            let needed = || delegation::renaming(from.dataset(), Some(to.dataset().clone()));
            Error::new(Operation::Rename, from.as_str(), refusal).needing(|_| needed())
        })
    }

    /// Takes a filesystem or volume back to its newest snapshot, and says which that was. **What was written since is lost.**
    ///
    /// A mounted filesystem stays mounted; open files of what is gone fail.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when it is not there or has no snapshot, [`ErrorKind::Busy`](crate::ErrorKind::Busy)
    /// while it is received into.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// println!("back to {}", zfs.rollback(&"tank/home".parse()?)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_rollback")]
    pub fn rollback(&self, dataset: &DatasetName) -> Result<SnapshotName> {
        self.core
            .rollback(dataset, None)
            .map_err(|refusal| Error::new(Operation::Rollback, dataset.as_str(), refusal))
    }

    /// Takes a filesystem or volume back to a snapshot, which must be its newest. **What was written since is lost.**
    ///
    /// Unlike [`rollback`](Self::rollback) it cannot be surprised by a snapshot made meanwhile.
    ///
    /// # Errors
    ///
    /// As [`rollback`](Self::rollback), and [`ErrorKind::Exists`](crate::ErrorKind::Exists) when there are newer snapshots.
    #[doc(alias = "lzc_rollback_to")]
    pub fn rollback_to(&self, snapshot: &SnapshotName) -> Result<()> {
        let went = self.core.rollback(snapshot.dataset(), Some(snapshot));
        went.map(drop)
            .map_err(|refusal| Error::new(Operation::Rollback, snapshot.as_str(), refusal))
    }

    /// Bytes that destroying all snapshots of a dataset from `first` to `last` would free.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound), [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) when they are not in that order
    /// or not of one dataset.
    #[doc(alias = "lzc_snaprange_space")]
    pub fn snapshot_range_space(&self, first: &SnapshotName, last: &SnapshotName) -> Result<u64> {
        self.core
            .snapshot_range_space(first, last)
            .map_err(|refusal| Error::new(Operation::Read, last.as_str(), refusal))
    }

    fn destroy_order(&self, names: &[SnapshotName], defer: bool) -> Result<()> {
        self.core
            .destroy_snapshots(&request::DestroySnapshots { names, defer })
            .map_err(|refusal| Error::new(Operation::Destroy, first(names), refusal).on_each(names.iter().map(SnapshotName::dataset)))
    }
}

fn first(names: &[SnapshotName]) -> &str {
    names.first().map_or("no snapshot", SnapshotName::as_str)
}

/// The snapshots of a dataset; see [`Zfs::snapshots`].
#[derive(Debug)]
#[must_use = "nothing is listed before it is advanced"]
pub struct Snapshots<'a> {
    zfs: &'a Zfs,
    dataset: DatasetName,
    cursor: Option<Cursor>,
    after: Option<Txg>,
}

impl Snapshots<'_> {
    /// Only those that came to their pool in a later transaction group than that. The kernel passes over the others by itself, so they cost no call.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let base = zfs.snapshot(&"tank/a@monday".parse()?)?;
    /// for newer in zfs.snapshots(&"tank/a".parse()?).after(base.createtxg) {
    ///     println!("{}", newer?.name);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn after(mut self, txg: Txg) -> Self {
        self.after = Some(txg);
        self
    }
}

impl Iterator for Snapshots<'_> {
    type Item = Result<SnapshotInfo>;

    fn next(&mut self) -> Option<Self::Item> {
        // After an error there is no place to go on from.
        let cursor = self.cursor.take()?;
        let entry = self.zfs.device.next_snapshot(&NextSnapshot {
            min_txg: self.after.map(|txg| Txg(txg.0.saturating_add(1))),
            ..NextSnapshot::any(&self.dataset, cursor, Detail::Stats)
        });
        match entry.map_err(|refusal| Error::new(Operation::Read, self.dataset.as_str(), refusal)) {
            Ok(None) => None,
            Ok(Some(entry)) => {
                self.cursor = Some(entry.cursor);
                Some(SnapshotInfo::listed(&entry))
            }
            Err(error) => Some(Err(error)),
        }
    }
}
