//! I list trees of datasets with their snapshots, several datasets at a time.

mod cache;
mod companion;
mod crew;
mod look;
mod order;
#[cfg(feature = "sim")]
#[cfg(test)]
mod tests;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

pub use self::cache::ListingCache;
use self::cache::{Known, under};
use self::crew::Crew;
use self::look::{Found, Look};
use crate::dataset::DatasetInfo;
use crate::error::Result;
use crate::identity::{Guid, Txg};
use crate::name::{DatasetName, SnapshotName};
use crate::property::Properties;
use crate::zfs::Zfs;

/// One dataset of a listing, with what was asked of it.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DatasetEntry {
    /// Name, identity and kind.
    pub dataset: DatasetInfo,
    /// Its properties, where [`properties`](Listing::properties) were asked for.
    pub properties: Option<Properties>,
    /// Its snapshots, oldest first, where [`snapshots`](Listing::snapshots) were asked for.
    pub snapshots: Vec<SnapshotEntry>,
    /// Whether these were taken from a [cache](Listing::cached).
    pub is_remembered: bool,
}

/// One snapshot of a listing. None of it but the name ever changes.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SnapshotEntry {
    /// Its name at the time of asking.
    pub name: SnapshotName,
    /// Its identity, the same on every pool it was sent to.
    pub guid: Guid,
    /// When it came to this pool, in the pool's own time.
    pub createtxg: Txg,
    /// Its properties, where [`snapshot_properties`](Listing::snapshot_properties) were asked for.
    pub properties: Option<Properties>,
}

#[derive(Debug, Clone, Copy)]
struct Wants {
    recursive: bool,
    properties: bool,
    snapshots: bool,
    snapshot_properties: bool,
    /// The second in which the listing began.
    since: u64,
}

impl Wants {
    /// A cache, where it helps.
    fn of_use(self, cache: Option<&mut ListingCache>) -> Option<&mut ListingCache> {
        cache.filter(|_| self.snapshots && !self.snapshot_properties)
    }
}

impl Zfs {
    /// Begins an order to list a dataset: what is below it, its snapshots, its properties.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// for entry in zfs.list(&"tank".parse()?).recursive().snapshots().start() {
    ///     for snapshot in entry?.snapshots {
    ///         println!("{} {} {}", snapshot.name, snapshot.guid, snapshot.createtxg);
    ///     }
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn list(&self, root: &DatasetName) -> Listing<'_> {
        Listing {
            zfs: self,
            root: root.clone(),
            wants: Wants {
                recursive: false,
                properties: false,
                snapshots: false,
                snapshot_properties: false,
                since: 0,
            },
            threads: None,
            keep_open: None,
            cache: None,
        }
    }
}

/// An order to list; see [`Zfs::list`].
///
/// # What it costs
///
/// The kernel answers about one dataset or snapshot a call. A call on a dataset that is not mounted opens and closes it in the kernel, which costs
/// several times what the call itself does; backup targets are of that kind, and `zfs list` pays it for every snapshot. In millions of
/// instructions of an emulated processor (OpenZFS 2.3.9, not mounted):
///
/// | | alone | kept open by a companion, whose work is counted in |
/// |---|---|---|
/// | a snapshot | 5.2 | 1.7 |
/// | a dataset below another | 7.9 | |
/// | the same with its properties | 8.3 | |
/// | finding that there is none below, or no more | 4.5 | |
/// | a snapshot by `zfs list` | 5.8 | |
///
/// * By default a second thread keeps open what one lists. See [`keep_open`](Self::keep_open).
/// * Names alone cost the same as names, GUIDs and transaction groups (before 2.2 half of it), so there is no such choice.
/// * Properties of *datasets* come in the same call and cost little. Properties of *snapshots* open each snapshot: twice the time and more.
/// * A [cache](Self::cached) saves all calls for snapshots of datasets that did not change.
///
/// # What it promises
///
/// Datasets come parents first, siblings by name, each as soon as it and all before it are there. In memory are a few datasets with their snapshots,
/// and the datasets (without snapshots) beside those on the way to them.
///
/// A dataset that vanishes meanwhile is left out; only a root that is not there is an error. One that is there from beginning to end under
/// its name has all snapshots that were there all the time under their names. What is renamed meanwhile may be there by either name or be missing.
#[derive(Debug)]
#[must_use = "nothing is listed before `start`"]
pub struct Listing<'a> {
    zfs: &'a Zfs,
    root: DatasetName,
    wants: Wants,
    threads: Option<NonZeroUsize>,
    keep_open: Option<bool>,
    cache: Option<&'a mut ListingCache>,
}

impl<'a> Listing<'a> {
    /// Lists everything below as well.
    pub fn recursive(mut self) -> Self {
        self.wants.recursive = true;
        self
    }

    /// Lists the snapshots of each dataset.
    pub fn snapshots(mut self) -> Self {
        self.wants.snapshots = true;
        self
    }

    /// Reads the properties of each dataset.
    pub fn properties(mut self) -> Self {
        self.wants.properties = true;
        self
    }

    /// Lists the snapshots of each dataset with their properties. They change without a trace, so a cache does not help then.
    pub fn snapshot_properties(mut self) -> Self {
        self.wants.snapshots = true;
        self.wants.snapshot_properties = true;
        self
    }

    /// How many datasets are listed at once; by default as many as there are processors, or one where the caller gave the backend.
    ///
    /// With one, and nothing [kept open](Self::keep_open), all is done by whoever asks for the next entry, and nothing ahead of that.
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Whether each thread that lists has a companion, which keeps open in the kernel what it lists the snapshots of; by default it has, unless the
    /// caller gave the backend.
    ///
    /// The companion makes calls that overlap the other's and bring nothing. That helps where datasets are not mounted, even on one processor (a third
    /// of the instructions, all counted), and is in the way where they are: what is mounted is open.
    pub fn keep_open(mut self, yes: bool) -> Self {
        self.keep_open = Some(yes);
        self
    }

    /// Skips the snapshots of datasets that have not changed since they were listed with that cache; [`ListingCache`] says when that is believed.
    ///
    /// What a warm listing still costs is two calls a dataset: to see whether it is there and has changed, and whether there is any below it. Who does not need
    /// to know of new ones does with one; see [`recall`](Self::recall).
    /// Holds, clones and properties of snapshots are not remembered.
    pub fn cached(mut self, cache: &'a mut ListingCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Asks only about the datasets that a [cache](Self::cached) knows at and below the root: one call for each, without a search for others. Nothing comes back
    /// if the cache does not know the root, or does not help, or if one of them is not there by its name any more.
    ///
    /// What came to be there since is not among them, nor what has no snapshots, which no cache remembers.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// # let mut cache = zfs_rs::ListingCache::new();
    /// let tank = "tank".parse()?;
    /// let known = zfs.list(&tank).recursive().snapshots().cached(&mut cache).recall()?;
    /// let entries = match known {
    ///     Some(known) => known,
    ///     None => zfs.list(&tank).recursive().snapshots().cached(&mut cache).start().collect::<Result<_, _>>()?,
    /// };
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of looking at a dataset.
    pub fn recall(self) -> Result<Option<Vec<DatasetEntry>>> {
        let mut wants = self.wants;
        let Some(cache) = wants.of_use(self.cache) else { return Ok(None) };
        wants.since = cache.begin();
        let Some((pool, load)) = import_of(self.zfs, &self.root)? else {
            return Ok(None);
        };
        let known = cache.known(pool, load);
        let Some(mut these) = under(&known, &self.root) else {
            return Ok(None);
        };
        if !wants.recursive {
            these.truncate(1);
        }
        let look = Look {
            device: Arc::clone(&self.zfs.device),
            wants,
            known: Some(Arc::clone(&known)),
        };
        let mut entries = Vec::with_capacity(these.len());
        let mut seen = Vec::with_capacity(these.len());
        for (guid, name) in these {
            let Some(Found { entry, known }) = look.recall(name, guid)? else {
                return Ok(None);
            };
            entries.push(entry);
            seen.push((guid, known));
        }
        cache.learn(pool, seen);
        Ok(Some(entries))
    }

    /// Starts it. Nothing is asked of the kernel before the first entry is.
    pub fn start(self) -> Entries<'a> {
        let mut wants = self.wants;
        let mut cache = wants.of_use(self.cache);
        if let Some(cache) = &mut cache {
            wants.since = cache.begin();
        }
        let is_given = self.zfs.is_given();
        let threads = match self.threads {
            Some(threads) => threads,
            None if is_given => NonZeroUsize::MIN,
            None => thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        };
        Entries {
            zfs: self.zfs,
            root: self.root,
            wants,
            // Without snapshots nothing is asked of one dataset twice.
            keep_open: self.keep_open.unwrap_or(!is_given) && wants.snapshots,
            threads,
            stage: Stage::Begin,
            memory: cache.map(|cache| Memory {
                cache,
                pool: Guid(0),
                seen: Vec::new(),
                is_whole: false,
            }),
        }
    }
}

/// Which pool a dataset lies in, and which import of it this is. Without both there is no telling whether it is the same as before, and nothing is believed.
fn import_of(zfs: &Zfs, dataset: &DatasetName) -> Result<Option<(Guid, u64)>> {
    let properties = zfs.pool_properties(&dataset.pool())?;
    Ok(properties.number("guid").map(Guid).zip(properties.number("load_guid")))
}

/// The datasets of a listing, in the order of the tree; see [`Zfs::list`].
pub struct Entries<'a> {
    zfs: &'a Zfs,
    root: DatasetName,
    wants: Wants,
    keep_open: bool,
    threads: NonZeroUsize,
    stage: Stage,
    memory: Option<Memory<'a>>,
}

enum Stage {
    Begin,
    Under(Crew),
    Over,
}

/// The caller's cache, and what it is to learn when the listing is over.
#[derive(Debug)]
struct Memory<'a> {
    cache: &'a mut ListingCache,
    pool: Guid,
    seen: Vec<(Guid, Option<Arc<Known>>)>,
    is_whole: bool,
}

impl Entries<'_> {
    fn begin(&mut self) -> Result<Crew> {
        let mut look = Look {
            device: Arc::clone(&self.zfs.device),
            wants: self.wants,
            known: None,
        };
        if let Some(memory) = &mut self.memory
            && let Some((pool, load)) = import_of(self.zfs, &self.root)?
        {
            memory.pool = pool;
            look.known = Some(memory.cache.known(pool, load));
        }
        let root = look.begin(&self.root)?;
        let listers = match self.threads.get() {
            1 if !self.keep_open => 0,
            // There is one dataset, so one can list.
            _ if !self.wants.recursive => usize::from(self.keep_open),
            threads => threads,
        };
        Ok(Crew::start(look, root, listers, self.keep_open))
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<DatasetEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        if matches!(self.stage, Stage::Begin) {
            match self.begin() {
                Ok(crew) => self.stage = Stage::Under(crew),
                Err(error) => {
                    self.stage = Stage::Over;
                    return Some(Err(error));
                }
            }
        }
        let Stage::Under(crew) = &self.stage else { return None };
        match crew.next() {
            Some(Ok(Found { entry, known })) => {
                if let Some(memory) = &mut self.memory {
                    memory.seen.push((entry.dataset.guid, known));
                }
                Some(Ok(entry))
            }
            Some(Err(error)) => Some(Err(error)),
            None => {
                self.stage = Stage::Over;
                if let Some(memory) = &mut self.memory {
                    memory.is_whole = self.wants.recursive;
                }
                None
            }
        }
    }
}

impl Drop for Entries<'_> {
    /// What was seen is remembered, also by a listing that was not read to its end.
    fn drop(&mut self) {
        self.stage = Stage::Over;
        if let Some(memory) = self.memory.take() {
            if memory.is_whole {
                memory.cache.forget_unseen(memory.pool, &self.root, &memory.seen);
            }
            memory.cache.learn(memory.pool, memory.seen);
        }
    }
}

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries").field("root", &self.root).finish_non_exhaustive()
    }
}

/// A listing can be walked as it is.
impl<'a> IntoIterator for Listing<'a> {
    type Item = Result<DatasetEntry>;
    type IntoIter = Entries<'a>;

    fn into_iter(self) -> Entries<'a> {
        self.start()
    }
}
