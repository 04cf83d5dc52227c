//! I am the kernel, as far as anyone above me can tell.
//!
//! A simulated machine with pools, for tests without ZFS: the real [`Zfs`](crate::Zfs) runs over it. Datasets, snapshots, bookmarks, holds,
//! properties, keys, clones, quotas, partial receives and resume tokens behave as in OpenZFS 2.3, down to the error number; the kernel and the
//! model are held against each other with random sequences of operations.
//!
//! | modelled | not modelled |
//! |---|---|
//! | create, clone, promote, rename, roll back, destroy (deferred too) | redaction, channel programs |
//! | snapshots and their ranges, bookmarks, holds for good and for a handle's life | checkpoints, scrub, trim, devices, deduplication |
//! | properties: local, inherited, received, computed; quotas | properties that only say how blocks lie |
//! | encryption roots, keys loaded and not, right and wrong, changed | what encryption does to bytes |
//! | streams: full, incremental, clones, raw, resumed, cut; forced and with properties | saved sends, healing, events, differences of files |
//!
//! What is not modelled is refused as by a kernel that is too old for it. Bytes are counted by blocks of 4 KiB, without metadata and
//! compression, so figures of space are the model's own. Streams are real ones and go through real pipes. The same seed and the same calls
//! give the same GUIDs. What goes wrong or waits is told in advance, as [`Fault`]s; a [`Process`] can be killed, the power can be cut.
//!
//! ```
//! use std::io::copy;
//!
//! use zfs_rs::backend::sim::Sim;
//!
//! let machine = Sim::new(42);
//! machine.add_pool("tank")?;
//! machine.add_pool("backup")?;
//! let zfs = machine.zfs();
//! let (home, copy_of_home) = ("tank/home".parse()?, "backup/home".parse()?);
//! zfs.create_filesystem(&home).create()?;
//! machine.write(&home, 7, 0, b"what is in a file")?;
//! zfs.create_snapshots(&[home.snapshot("now")?], &[])?;
//!
//! let mut stream = zfs.send(&home.snapshot("now")?).spawn()?;
//! let mut target = zfs.receive(&copy_of_home).resumable(true).spawn()?;
//! copy(&mut stream, &mut target)?;
//! stream.finish()?;
//! target.finish()?;
//! assert_eq!(machine.contents(&copy_of_home.snapshot("now")?)?[&7], b"what is in a file");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod begin;
mod bytes;
mod content;
mod core;
mod deed;
mod device;
mod fault;
mod gate;
mod hold;
mod keys;
mod lineage;
mod mark;
mod pool;
mod process;
mod property;
mod receive;
mod rules;
mod send;
mod stream;
mod turn;
mod upkeep;
mod world;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

pub use self::fault::{AfterCalls, AtByte, Call, Fault, after, at_byte};
pub use self::gate::Gate;
use self::pool::{Dataset, Pool, State, receiving};
pub use self::process::Process;
use self::world::World;
use crate::backend::{DatasetKind, Object};
use crate::errno::Errno;
use crate::name::{DatasetName, PoolName, SnapshotName};

/// A simulated machine with its pools: cheap to clone, usable from many threads.
///
/// What its methods do is done by somebody else than the program under test: they cost no call of any [`Process`] and meet no fault. They
/// fail with the numbers of the kernel.
#[derive(Debug, Clone)]
pub struct Sim {
    world: Arc<Mutex<World>>,
}

/// Every object of a dataset: number → bytes.
pub type Contents = BTreeMap<u64, Vec<u8>>;

#[expect(clippy::missing_errors_doc, reason = "said once for all, at the type")]
impl Sim {
    /// A machine without pools. Machines of the same seed draw the same GUIDs for the same names, so give each machine its own.
    pub fn new(seed: u64) -> Self {
        Self {
            world: Arc::new(Mutex::new(World::new(seed))),
        }
    }

    /// A program starts.
    pub fn start(&self) -> Process {
        Process::start(&self.world, false)
    }

    /// A program starts whose streams pass in turn: whatever happens to a send at a byte, or ends it, happens once the receive that takes the stream has
    /// done what it can with all that was sent before. The same calls and faults then have the same results, whatever the threads do.
    ///
    /// For programs that do one thing at a time, both ends of each pipe being theirs: a send waits for its receive.
    pub fn start_in_turn(&self) -> Process {
        Process::start(&self.world, true)
    }

    /// Creates a pool with nothing but its root.
    pub fn add_pool(&self, name: &str) -> Result<(), Errno> {
        let name: PoolName = name.parse().map_err(|_not_a_name| Errno::EINVAL)?;
        let mut world = self.lock();
        if world.pools.contains_key(name.as_str()) {
            return Err(Errno::EEXIST);
        }
        let chance = &mut world.chance;
        let guid = chance.guid(&format!("{name} pool"));
        let mut root = Dataset::new(
            chance.id(),
            chance.guid(name.as_str()),
            DatasetKind::Filesystem,
            FIRST_TXG,
            chance.now(),
        );
        root.live.set_size(FIRST_TXG, property::MASTER_OBJECT, 0);
        let mut state = State {
            txg: FIRST_TXG + 1,
            datasets: BTreeMap::new(),
        };
        state.insert(name.as_str(), root);
        let synced = state.clone();
        let pool = Pool {
            guid,
            load: 1,
            capacity: None,
            read_only: false,
            sending: Vec::new(),
            receiving: Vec::new(),
            keys: BTreeSet::new(),
            state,
            synced,
        };
        world.pools.insert(name.as_str().to_owned(), pool);
        Ok(())
    }

    /// Limits a pool to that many bytes of blocks.
    pub fn set_capacity(&self, pool: &PoolName, bytes: u64) -> Result<(), Errno> {
        self.lock().pool_mut(pool.as_str()).map(|pool| pool.capacity = Some(bytes))
    }

    /// Imports a pool anew, read-only or not.
    pub fn set_read_only(&self, pool: &PoolName, yes: bool) -> Result<(), Errno> {
        self.lock().pool_mut(pool.as_str()).map(|pool| {
            pool.read_only = yes;
            pool.load += 1;
        })
    }

    /// Writes bytes into an object of a filesystem or volume, as a file that is written does. They are on disk at the next [`sync`](Self::sync)
    /// or administrative change of the pool. A filesystem with `readonly` set takes none. Objects are numbered from 1; those of a test may start anywhere above 2.
    pub fn write(&self, dataset: &DatasetName, object: u64, offset: u64, bytes: &[u8]) -> Result<(), Errno> {
        self.modify(dataset, |pool| {
            let length = content::length(bytes);
            rules::refuse(object == 0, Errno::EINVAL)?;
            rules::refuse(pool.is_full_for(length), Errno::ENOSPC)?;
            rules::refuse(pool.available(dataset.as_str()) < length, Errno::EDQUOT)?;
            let txg = pool.state.txg;
            pool.state.get_mut(dataset.as_str())?.live.write(txg, object, offset, bytes);
            Ok(())
        })
    }

    /// Removes an object, as a file that is deleted does.
    pub fn remove(&self, dataset: &DatasetName, object: u64) -> Result<(), Errno> {
        self.modify(dataset, |pool| {
            let txg = pool.state.txg;
            pool.state.get_mut(dataset.as_str())?.live.free(txg, object);
            Ok(())
        })
    }

    /// What a dataset, snapshot or partial receive holds. Keys are no matter here.
    pub fn contents<'a>(&self, of: impl Into<Object<'a>>) -> Result<Contents, Errno> {
        let world = self.lock();
        let mut all = match of.into() {
            Object::Dataset(name) => world.pool(name.pool().as_str())?.state.get(name.as_str())?.live.all(),
            Object::PartialReceive(name) => world.pool(name.pool().as_str())?.state.get(&receiving(name))?.live.all(),
            Object::Snapshot(name) => world.pool(name.dataset().pool().as_str())?.state.snapshot(name)?.1.content.all(),
        };
        all.retain(|object, bytes| *object != property::MASTER_OBJECT || !bytes.is_empty());
        Ok(all)
    }

    /// Creates a clone of a snapshot.
    pub fn clone_snapshot(&self, of: &SnapshotName, to: &DatasetName) -> Result<(), Errno> {
        let clone = |pool: &mut Pool, chance: &mut world::Chance| {
            rules::create(pool, to, DatasetKind::Filesystem, true)?;
            let (origin, snapshot) = pool.state.snapshot(of)?;
            let mut dataset = Dataset::new(chance.id(), chance.guid(to.as_str()), origin.kind, pool.state.txg, chance.now());
            dataset.origin = Some(origin.point(snapshot));
            dataset.live = snapshot.content.clone();
            dataset.encryption.clone_from(&origin.encryption);
            pool.state.insert(to.as_str(), dataset);
            Ok(())
        };
        self.lock().change(to.pool().as_str(), clone).map_err(|refusal| refusal.errno)
    }

    /// Gives a snapshot another short name.
    pub fn rename_snapshot(&self, from: &SnapshotName, short: &str) -> Result<(), Errno> {
        let rename = |pool: &mut Pool, _: &mut world::Chance| {
            let dataset = pool.state.get_mut(from.dataset().as_str())?;
            rules::refuse(dataset.snapshots.contains_key(short), Errno::EEXIST)?;
            let snapshot = dataset.snapshots.remove(from.short()).ok_or(Errno::ENOENT)?;
            dataset.snapshots.insert(short.to_owned(), snapshot);
            Ok(())
        };
        self.lock()
            .change(from.dataset().pool().as_str(), rename)
            .map_err(|refusal| refusal.errno)
    }

    /// Sets the machine's clock, in seconds since 1970, forward or back. It stands still but for changes of a pool, each of which takes a second.
    ///
    /// ```
    /// use zfs_rs::backend::sim::Sim;
    ///
    /// let machine = Sim::new(1);
    /// machine.add_pool("tank")?;
    /// let (early, late): (zfs_rs::SnapshotName, zfs_rs::SnapshotName) = ("tank@early".parse()?, "tank@late".parse()?);
    /// let zfs = machine.zfs();
    /// zfs.create_snapshots(&[early.clone()], &[])?;
    /// machine.set_clock(0);
    /// zfs.create_snapshots(&[late.clone()], &[])?;
    /// let creation = |of| Ok::<_, zfs_rs::Error>(zfs.properties(of)?.number("creation"));
    /// assert!(creation(&late)? < creation(&early)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_clock(&self, seconds: u64) {
        self.lock().chance.set_clock(seconds);
    }

    /// Loads the key of an encryption root, or unloads it, whatever key it is.
    pub fn set_key_loaded(&self, root: &DatasetName, loaded: bool) -> Result<(), Errno> {
        let mut world = self.lock();
        let pool = world.pool_mut(root.pool().as_str())?;
        let dataset = pool.state.get(root.as_str())?;
        let id = dataset.id;
        let is_root = dataset.encryption.as_ref().is_some_and(|encryption| encryption.root == id);
        rules::refuse(!is_root, Errno::EINVAL)?;
        if loaded {
            pool.keys.insert(id);
        } else {
            pool.keys.remove(&id);
        }
        Ok(())
    }

    /// Writes all of a pool to disk.
    pub fn sync(&self, pool: &PoolName) -> Result<(), Errno> {
        self.lock().pool_mut(pool.as_str()).map(Pool::sync)
    }

    /// Cuts the power and boots again: all processes are dead, each pool is what its disks had, no key is loaded, no temporary hold is left.
    ///
    /// Administrative changes are on disk when their call returns. Of what a receive got, up to 64 KiB of blocks may be lost.
    pub fn power_cut(&self) {
        let mut world = self.lock();
        let processes: Vec<u64> = world.processes.keys().copied().collect();
        for pool in world.pools.values_mut() {
            pool.state = pool.synced.clone();
            pool.load += 1;
            pool.sending.clear();
            pool.receiving.clear();
            pool.keys.clear();
            for dataset in pool.state.datasets.values_mut().map(Arc::make_mut) {
                dataset.owner = None;
                for snapshot in dataset.snapshots.values_mut() {
                    snapshot.holds.retain(|_, hold| !hold.temporary);
                }
            }
            half_made(pool);
            pool.sync();
        }
        for process in processes {
            world.kill(process);
        }
    }

    fn modify(&self, dataset: &DatasetName, change: impl FnOnce(&mut Pool) -> Result<(), Errno>) -> Result<(), Errno> {
        let mut world = self.lock();
        let pool = world.pool_mut(dataset.pool().as_str())?;
        rules::refuse(pool.read_only, Errno::EROFS)?;
        let there = pool.state.get(dataset.as_str())?;
        rules::refuse(there.inconsistent, Errno::EBUSY)?;
        rules::refuse(property::is_read_only(&pool.state, dataset.as_str(), there), Errno::EROFS)?;
        rules::refuse(!pool.has_key(dataset.as_str()), Errno::EACCES)?;
        change(pool)?;
        pool.state.txg += 1;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        process::lock(&self.world)
    }
}

/// Destroys what receives left that cannot be resumed, as import does (`dsl_destroy_inconsistent`).
fn half_made(pool: &mut Pool) {
    let lost = pool
        .state
        .datasets
        .iter()
        .filter(|(_, dataset)| dataset.inconsistent && dataset.resume.is_none());
    let lost: Vec<String> = lost.map(|(name, _)| name.clone()).collect();
    for name in lost {
        drop(core::destroy_head(pool, &name));
    }
}

/// A pool's first root is of its fourth transaction group or later.
const FIRST_TXG: u64 = 4;
