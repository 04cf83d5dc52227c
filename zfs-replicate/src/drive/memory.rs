//! I am what listings remember from one look to the next, shared by whoever looks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zfs_rs::ListingCache;

/// What is remembered of both sides; see [`Replicator::remember`](super::Replicator::remember). Clones share it.
///
/// ```no_run
/// use zfs_replicate::{Memory, Replicator};
///
/// # let zfs = zfs_rs::Zfs::open()?;
/// let memory = Memory::default();
/// let replicator = Replicator::local(zfs, "tank/data".parse()?, "backup/data".parse()?).remember(memory.clone());
/// let first = replicator.plan()?; // asks for every snapshot
/// let again = replicator.plan()?; // asks for those of datasets that have others since
/// let kept = serde_json::to_vec(&*memory.lock())?; // for another process to go on with
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<ListingCache>>);

impl Memory {
    /// Goes on with what is known already.
    pub fn new(known: ListingCache) -> Self {
        Self(Arc::new(Mutex::new(known)))
    }

    /// What is known. Nobody else can look while it is locked.
    pub fn lock(&self) -> MutexGuard<'_, ListingCache> {
        // A listing that panicked has told nothing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
