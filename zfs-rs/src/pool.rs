//! I am what a program says to ZFS about whole pools.

use crate::backend::{Activity, PruneAge, Refusal, ScrubOrder};
use crate::errno::Errno;
use crate::error::{Cause, Error, Operation, Result};
use crate::identity::Guid;
use crate::name::{DatasetName, NameError, PoolName};
use crate::nvlist::NvList;
use crate::property::Properties;
use crate::zfs::Zfs;

/// An imported pool.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolInfo {
    /// Its name.
    pub name: PoolName,
    /// Its identity: unlike its name it never changes by export and import.
    pub guid: Guid,
}

/// What becomes of a scrub that runs while a pool's devices are opened anew.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunningScrub {
    /// It begins anew, where a device came back that needs it.
    Restart,
    /// It goes on.
    Continue,
}

/// Looking.
impl Zfs {
    /// The imported pools, by name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadAnswer`](crate::ErrorKind::BadAnswer) when the kernel's answer cannot be understood.
    pub fn pools(&self) -> Result<Vec<PoolInfo>> {
        let failed = |cause: Cause| Error::new(Operation::Read, "the list of pools", cause);
        let configs = self.device.pools().map_err(|refusal| failed(refusal.into()))?;
        let mut pools = Vec::new();
        for (name, _) in &configs {
            let name = name.to_str_lossy();
            let config: &NvList = configs.get(&name).map_err(|error| failed(error.into()))?;
            let guid = config.get("pool_guid").map_err(|error| failed(error.into()))?;
            pools.push(PoolInfo {
                name: name.parse().map_err(|error: NameError| failed(error.into()))?,
                guid: Guid(guid),
            });
        }
        pools.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(pools)
    }

    /// The properties of a pool, such as `readonly`, `guid` and `free`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when no such pool is imported.
    pub fn pool_properties(&self, of: &PoolName) -> Result<Properties> {
        let list = self
            .device
            .pool_properties(of)
            .map_err(|refusal| Error::new(Operation::Read, of.as_str(), refusal))?;
        Ok(Properties::new(list))
    }
}

/// Waiting.
impl Zfs {
    /// Blocks until what was changed in a pool before the call is on its devices. Does nothing else where nothing was changed.
    ///
    /// Since OpenZFS 0.8; needs no privilege.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when no such pool is imported,
    /// [`ErrorKind::TryAgain`](crate::ErrorKind::TryAgain) when it is suspended.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// std::fs::write("/tank/home/letter", "Dear Ada")?;
    /// zfs.sync(&"tank".parse()?)?; // it is on disk now
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_sync")]
    pub fn sync(&self, pool: &PoolName) -> Result<()> {
        self.on_pool(Operation::Sync, pool, self.core.sync(pool, false))
    }

    /// As [`sync`](Self::sync), but writes the pool's configuration and a new uberblock even where nothing was changed.
    ///
    /// # Errors
    ///
    /// As [`sync`](Self::sync).
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// zfs.sync_all(&"tank".parse()?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_sync")]
    pub fn sync_all(&self, pool: &PoolName) -> Result<()> {
        self.on_pool(Operation::Sync, pool, self.core.sync(pool, true))
    }

    /// Blocks until a pool is done with an activity, for as long as that takes, and says whether there was anything to wait for.
    ///
    /// Waiting ends early, without an error, when the pool is exported; a scrub that is paused is not waited for. Since OpenZFS 2.0; to wait
    /// for the expansion of a RAIDZ, since 2.3.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted) when a signal came,
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when no such pool is imported,
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for an activity the kernel does not know.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let tank = "tank".parse()?;
    /// zfs.scrub(&tank, zfs_rs::ScrubOrder::Start)?;
    /// zfs.wait(&tank, zfs_rs::Activity::Scrub)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_wait")]
    pub fn wait(&self, pool: &PoolName, activity: Activity) -> Result<bool> {
        let operation = match activity {
            Activity::RaidzExpand => Operation::WaitForExpansion,
            _ => Operation::Wait,
        };
        let waited = self.core.wait(pool, activity, None).map_err(|refusal| match refusal.errno {
            // A pool and nothing else is named, so it is the activity that makes no sense to the kernel.
            Errno::EINVAL => Refusal::from(Errno::ZFS_ERR_IOC_ARG_UNAVAIL),
            _ => refusal,
        });
        self.on_pool(operation, pool, waited)
    }

    /// As [`wait`](Self::wait), but only for one device of a pool: for [`Activity::Initialize`] and [`Activity::Trim`].
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait), and [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for other activities,
    /// or when the pool has no such device.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let tank = "tank".parse()?;
    /// for disk in zfs.pool_devices(&tank)?.iter().flat_map(|device| device.leaves()) {
    ///     zfs.wait_for_device(&tank, zfs_rs::Activity::Trim, disk.guid)?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_wait_tag")]
    pub fn wait_for_device(&self, pool: &PoolName, activity: Activity, device: Guid) -> Result<bool> {
        self.on_pool(Operation::Wait, pool, self.core.wait(pool, activity, Some(device)))
    }

    /// Blocks until a filesystem has freed the files that were deleted, and says whether there was anything to wait for.
    ///
    /// The kernel deletes large files in the background while the filesystem is mounted; one that is not has nothing to wait for. Since
    /// OpenZFS 2.0.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted) when a signal came,
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when there is no such filesystem.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// std::fs::remove_file("/tank/home/huge")?;
    /// zfs.wait_for_deletes(&"tank/home".parse()?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_wait_fs")]
    pub fn wait_for_deletes(&self, filesystem: &DatasetName) -> Result<bool> {
        self.core
            .wait_for_deletes(filesystem)
            .map_err(|refusal| Error::new(Operation::Wait, filesystem.as_str(), refusal))
    }
}

/// Care. All of these need root and return at once unless said otherwise.
impl Zfs {
    /// Starts, pauses or ends a scrub: the reading and mending of every block of a pool. Since OpenZFS 2.2.
    ///
    /// Returns when the order is carried out, not when the scrub is done: [`wait`](Self::wait) does that. Starting one that was paused goes on
    /// where it was.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) when one is to start and another scrub or a resilver runs,
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when there is none to pause or to end, or no such pool,
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) before OpenZFS 2.2.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// zfs.scrub(&"tank".parse()?, zfs_rs::ScrubOrder::Start)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_scrub")]
    pub fn scrub(&self, pool: &PoolName, order: ScrubOrder) -> Result<()> {
        match self.core.scrub(pool, order) {
            // How the kernel says that it did not begin a scrub but went on with one (`dsl_scan` in dsl_scan.c).
            Err(refusal) if order == ScrubOrder::Start && refusal.errno == Errno::ECANCELED => Ok(()),
            result => self.on_pool(Operation::Scrub, pool, result),
        }
    }

    /// Remembers the state of a whole pool, to which it can be taken back when it is imported. There is at most one.
    ///
    /// Until it is discarded, nothing that is freed becomes free space. Blocks until it is on disk. Since OpenZFS 0.8.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Exists`](crate::ErrorKind::Exists) when there is one, [`ErrorKind::Busy`](crate::ErrorKind::Busy) while one is being
    /// discarded or a device is removed.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// zfs.checkpoint(&"tank".parse()?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_pool_checkpoint")]
    pub fn checkpoint(&self, pool: &PoolName) -> Result<()> {
        self.on_pool(Operation::Checkpoint, pool, self.core.checkpoint(pool))
    }

    /// Gives the remembered state up. Its space is freed in the background: [`wait`](Self::wait) for [`Activity::DiscardCheckpoint`]. Since
    /// OpenZFS 0.8.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when there is none,
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) while one is being discarded.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let tank = "tank".parse()?;
    /// zfs.discard_checkpoint(&tank)?;
    /// zfs.wait(&tank, zfs_rs::Activity::DiscardCheckpoint)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_pool_checkpoint_discard")]
    pub fn discard_checkpoint(&self, pool: &PoolName) -> Result<()> {
        self.on_pool(Operation::DiscardCheckpoint, pool, self.core.discard_checkpoint(pool))
    }

    /// Opens the devices of a pool anew, to find those that came back or went away. Blocks until all are open. Since OpenZFS 0.8.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when no such pool is imported.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// zfs.reopen(&"tank".parse()?, zfs_rs::RunningScrub::Continue)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_reopen")]
    pub fn reopen(&self, pool: &PoolName, scrub: RunningScrub) -> Result<()> {
        self.on_pool(Operation::Reopen, pool, self.core.reopen(pool, scrub == RunningScrub::Restart))
    }

    /// What the labels of a pool's devices keep for boot loaders. Since OpenZFS 2.0.
    ///
    /// A list with a number named `version`: 1 where the rest is any values, 0 where it is one text named `grub:envmap`, as GRUB writes it and as
    /// it is on a new pool.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when no such pool is imported.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// println!("{}", zfs.boot_environment(&"tank".parse()?)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_get_bootenv")]
    pub fn boot_environment(&self, pool: &PoolName) -> Result<NvList> {
        self.on_pool(Operation::Read, pool, self.core.boot_environment(pool))
    }

    /// Writes what the labels keep for boot loaders, in place of what was there; see [`boot_environment`](Self::boot_environment).
    ///
    /// Without a `version` it is 1. There is room for some 100 KiB. Blocks until it is written. Since OpenZFS 2.0.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when no such pool is imported. By [`Error::errno`] ENXIO where no device could be
    /// written, which is also what the kernel says of a version it does not know, and E2BIG for too much.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let next = zfs_rs::nvlist::NvList::new().with("command", "boot tank/root");
    /// zfs.set_boot_environment(&"tank".parse()?, &next)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_set_bootenv")]
    pub fn set_boot_environment(&self, pool: &PoolName, to: &NvList) -> Result<()> {
        let result = if to.has("version") {
            self.core.set_boot_environment(pool, to)
        } else {
            self.core.set_boot_environment(pool, &to.clone().with("version", ANY_VALUES))
        };
        self.on_pool(Operation::SetBootEnvironment, pool, result)
    }

    /// Reads the deduplication table of a pool into memory. Blocks until it is there. Since OpenZFS 2.3.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) before OpenZFS 2.3, [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when
    /// no such pool is imported.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// zfs.prefetch_dedup(&"tank".parse()?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_pool_prefetch")]
    pub fn prefetch_dedup(&self, pool: &PoolName) -> Result<()> {
        self.on_pool(Operation::PrefetchDedup, pool, self.core.prefetch_dedup(pool))
    }

    /// Drops entries of the deduplication table whose blocks nothing shares yet; what is written later is not compared with those blocks.
    ///
    /// Blocks until the table has been walked. Since OpenZFS 2.3.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) before OpenZFS 2.3, or where the pool has not the feature `fast_dedup`,
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) when it is being pruned already.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let quarter = std::time::Duration::from_secs(90 * 24 * 60 * 60);
    /// zfs.prune_dedup(&"tank".parse()?, zfs_rs::PruneAge::OlderThan(quarter))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_ddt_prune")]
    pub fn prune_dedup(&self, pool: &PoolName, age: PruneAge) -> Result<()> {
        self.on_pool(Operation::PruneDedup, pool, self.core.prune_dedup(pool, age))
    }

    fn on_pool<T>(&self, operation: Operation, pool: &PoolName, result: Result<T, Refusal>) -> Result<T> {
        result.map_err(|refusal| Error::new(operation, pool.as_str(), refusal))
    }
}

/// What is kept for boot loaders is a list (`VB_NVLIST`).
const ANY_VALUES: u64 = 1;
