//! I remember what was listed, and know when that may still be believed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};

use super::{DatasetEntry, SnapshotEntry};
use crate::dataset::DatasetInfo;
use crate::error::{Error, Operation, Result};
use crate::identity::{Guid, Txg};
use crate::name::{DatasetName, NameError, SnapshotName};
use crate::property::Properties;

/// The snapshots of datasets as they were listed, to skip those that have not changed; see [`Listing::cached`](super::Listing::cached).
///
/// A dataset's snapshots are taken from here only if **all** of this holds, else they are listed anew:
///
/// * The dataset has the same GUID, in a pool with the same GUID that was **not imported anew** since. (Another machine or an older module may
///   have changed it meanwhile without leaving a trace; the pool's `load_guid` tells.)
/// * Its property `snapshots_changed` (since OpenZFS 2.2) is the same. The kernel sets it when a snapshot is made, destroyed, renamed or received,
///   and when a promotion takes it away.
/// * Its origin is the same. A promotion gives snapshots to a clone without touching the clone's `snapshots_changed`, but always changes its
///   origin.
/// * What was listed had been unchanged for two seconds by then. The property counts whole seconds, so a second change within one second cannot be
///   seen in it.
/// * The clock was not set back meanwhile: a change could be stamped with the same second once more. This is noticed unless the clock is put right
///   again before the next listing.
///
/// Where there is no such property (before 2.2, or a dataset whose snapshots never changed) nothing is skipped.
///
/// It grows with what it has seen, about a hundred bytes a snapshot; datasets that are gone are dropped by the next recursive listing.
///
/// With the feature `serde` it can be kept for another process to go on with. All of the above holds there too: another boot imports pools anew. Whoever can write
/// to where it is kept decides what is believed.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Default)]
pub struct ListingCache {
    pools: HashMap<Guid, Pool>,
    /// How far the wall clock was ahead of the time since the machine was booted, at most: less means that it was set back.
    ahead: Duration,
}

#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Default)]
struct Pool {
    load: u64,
    known: Arc<HashMap<Guid, Arc<Known>>>,
}

/// What was known of one dataset.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug)]
pub(super) struct Known {
    name: DatasetName,
    changed: u64,
    origin: Option<SnapshotName>,
    snapshots: Arc<[(Box<str>, Guid, Txg)]>,
}

/// What tells whether a dataset's snapshots have changed.
#[derive(Debug)]
pub(super) struct Facts {
    changed: u64,
    origin: Option<SnapshotName>,
    /// The second in which the listing began, before these were read.
    since: u64,
}

impl Facts {
    /// The facts of a dataset from its properties, if they have them.
    pub(super) fn read(info: &DatasetInfo, properties: &Properties, since: u64) -> Option<Self> {
        let changed = properties.number("snapshots_changed").filter(|changed| *changed != 0)?;
        Some(Self {
            changed,
            origin: info.origin.clone(),
            since,
        })
    }

    /// What to remember of a listing made after these facts were read; nothing if a later change could look like none.
    pub(super) fn learn(self, entry: &DatasetEntry) -> Option<Known> {
        let is_settled = self.changed.checked_add(SETTLED).is_some_and(|settled| self.since >= settled);
        let short = |snapshot: &SnapshotEntry| (Box::from(snapshot.name.short()), snapshot.guid, snapshot.createtxg);
        is_settled.then(|| Known {
            name: entry.dataset.name.clone(),
            changed: self.changed,
            origin: self.origin,
            snapshots: entry.snapshots.iter().map(short).collect(),
        })
    }
}

impl Known {
    /// Whether a dataset with these facts has the same snapshots still.
    pub(super) fn is_of(&self, facts: &Facts) -> bool {
        self.changed == facts.changed && self.origin == facts.origin
    }

    /// The snapshots, by the name the dataset has now.
    pub(super) fn snapshots(&self, of: &DatasetName) -> Result<Vec<SnapshotEntry>> {
        let named = |short: &str| format!("{of}@{short}").parse();
        let entry = |(short, guid, createtxg): &(Box<str>, Guid, Txg)| {
            let name = named(short).map_err(|error: NameError| Error::new(Operation::Read, of.as_str(), error))?;
            Ok(SnapshotEntry {
                name,
                guid: *guid,
                createtxg: *createtxg,
                properties: None,
            })
        };
        self.snapshots.iter().map(entry).collect()
    }

    /// The same, of a dataset that is called so now.
    pub(super) fn at(self: &Arc<Self>, name: &DatasetName) -> Arc<Self> {
        if self.name == *name {
            return Arc::clone(self);
        }
        Arc::new(Self {
            name: name.clone(),
            changed: self.changed,
            origin: self.origin.clone(),
            snapshots: Arc::clone(&self.snapshots),
        })
    }
}

impl ListingCache {
    /// One that knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The second it is. Forgets everything if the clock was set back.
    #[expect(clippy::disallowed_methods, reason = "the kernel stamps changes with this clock")]
    pub(super) fn begin(&mut self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        match clock_gettime(ClockId::CLOCK_BOOTTIME) {
            Ok(since_boot) => self.at(now, since_boot.into()),
            // No Linux that has ZFS lacks it. Where it is not known whether the clock was set back, nothing is believed.
            Err(_) => self.pools.clear(),
        }
        now.as_secs()
    }

    fn at(&mut self, now: Duration, since_boot: Duration) {
        let ahead = now.saturating_sub(since_boot);
        if ahead.saturating_add(SET_BACK) < self.ahead {
            self.pools.clear();
            self.ahead = ahead;
        }
        self.ahead = self.ahead.max(ahead);
    }

    /// What is known of a pool that was imported with that `load_guid`.
    pub(super) fn known(&mut self, pool: Guid, load: u64) -> Arc<HashMap<Guid, Arc<Known>>> {
        let part = self.pools.entry(pool).or_default();
        if part.load != load {
            *part = Pool {
                load,
                known: Arc::default(),
            };
        }
        Arc::clone(&part.known)
    }

    /// Takes note of what was seen: of each dataset what may be believed, or nothing.
    pub(super) fn learn(&mut self, pool: Guid, seen: Vec<(Guid, Option<Arc<Known>>)>) {
        let Some(part) = self.pools.get_mut(&pool) else { return };
        let known = Arc::make_mut(&mut part.known);
        for (guid, now) in seen {
            match now {
                Some(now) => known.insert(guid, now),
                None => known.remove(&guid),
            };
        }
    }

    /// Forgets what lay at or below `root` and was not seen by a listing of all that is there.
    pub(super) fn forget_unseen(&mut self, pool: Guid, root: &DatasetName, seen: &[(Guid, Option<Arc<Known>>)]) {
        let Some(part) = self.pools.get_mut(&pool) else { return };
        let seen: std::collections::HashSet<Guid> = seen.iter().map(|(guid, _)| *guid).collect();
        Arc::make_mut(&mut part.known).retain(|guid, known| seen.contains(guid) || !is_within(&known.name, root));
    }

    /// How many datasets it remembers.
    pub fn len(&self) -> usize {
        self.pools.values().map(|pool| pool.known.len()).sum()
    }

    /// Whether it remembers none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What is known at and below a root, parents first; nothing if the root itself is not.
pub(super) fn under<'a>(known: &'a HashMap<Guid, Arc<Known>>, root: &DatasetName) -> Option<Vec<(Guid, &'a DatasetName)>> {
    let named = known.iter().map(|(guid, known)| (*guid, &known.name));
    let mut found: Vec<_> = named.filter(|(_, name)| is_within(name, root)).collect();
    found.sort_by(|(_, a), (_, b)| a.as_str().split('/').cmp(b.as_str().split('/')));
    found.first().is_some_and(|(_, first)| *first == root).then_some(found)
}

fn is_within(name: &DatasetName, root: &DatasetName) -> bool {
    let rest = name.as_str().strip_prefix(root.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Seconds for which nothing may have changed before a listing began. One would do if both clocks agreed; the kernel's may be a tick behind ours.
const SETTLED: u64 = 2;

/// Setting the clock back by less is covered by the margin above.
const SET_BACK: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> DatasetEntry {
        let snapshot = |name: &str| SnapshotEntry {
            name: name.parse().unwrap(),
            guid: Guid(7),
            createtxg: Txg(9),
            properties: None,
        };
        DatasetEntry {
            dataset: crate::dataset::tests::info("p/a"),
            properties: None,
            snapshots: vec![snapshot("p/a@one")],
            is_remembered: false,
        }
    }

    fn facts(changed: u64, origin: Option<&str>) -> Facts {
        Facts {
            changed,
            origin: origin.map(|origin| origin.parse().unwrap()),
            since: 100,
        }
    }

    #[test]
    fn a_change_in_this_second_or_the_last_is_not_remembered() {
        assert!(facts(98, None).learn(&entry()).is_some());
        assert!(facts(99, None).learn(&entry()).is_none());
        assert!(facts(100, None).learn(&entry()).is_none());
        assert!(facts(u64::MAX, None).learn(&entry()).is_none());
    }

    #[test]
    fn another_stamp_or_another_origin_is_another_list() {
        let known = facts(50, Some("p/o@s")).learn(&entry()).unwrap();
        assert!(known.is_of(&facts(50, Some("p/o@s"))));
        assert!(
            !known.is_of(&facts(49, Some("p/o@s"))),
            "a clock that was set back is a change as well"
        );
        assert!(!known.is_of(&facts(50, None)));
    }

    #[test]
    fn a_renamed_dataset_has_its_snapshots_under_its_new_name() {
        let known = Arc::new(facts(50, None).learn(&entry()).unwrap()).at(&"p/b".parse().unwrap());
        assert_eq!(known.snapshots(&"p/b".parse().unwrap()).unwrap()[0].name.as_str(), "p/b@one");
    }

    #[test]
    fn a_pool_that_was_imported_anew_is_unknown() {
        let mut cache = ListingCache::new();
        cache.known(Guid(1), 5);
        cache.learn(Guid(1), vec![(Guid(2), facts(50, None).learn(&entry()).map(Arc::new))]);
        assert_eq!(cache.known(Guid(1), 5).len(), 1);
        assert_eq!(cache.known(Guid(1), 6).len(), 0);
        assert!(cache.is_empty());
    }

    #[test]
    fn a_clock_set_back_wipes_everything_and_one_set_forward_nothing() {
        let seconds = Duration::from_secs;
        let mut cache = ListingCache::new();
        cache.at(seconds(1000), seconds(0));
        cache.known(Guid(1), 5);
        cache.learn(Guid(1), vec![(Guid(2), facts(50, None).learn(&entry()).map(Arc::new))]);
        cache.at(seconds(5000), seconds(10));
        assert_eq!(cache.len(), 1);
        cache.at(seconds(5000), seconds(20));
        assert!(cache.is_empty());
    }

    #[cfg(feature = "serde")]
    #[test]
    fn what_is_kept_is_what_was_known() {
        let mut cache = ListingCache::new();
        cache.at(Duration::from_secs(1000), Duration::from_secs(1));
        cache.known(Guid(u64::MAX), 5);
        let known = facts(50, Some("p/o@s")).learn(&entry()).map(Arc::new);
        cache.learn(Guid(u64::MAX), vec![(Guid(2), known)]);
        let text = serde_json::to_string(&cache).unwrap();
        let mut again: ListingCache = serde_json::from_str(&text).unwrap();
        assert_eq!(format!("{again:?}"), format!("{cache:?}"));
        assert!(again.known(Guid(u64::MAX), 5)[&Guid(2)].is_of(&facts(50, Some("p/o@s"))));
        let bytes = postcard::to_stdvec(&cache).unwrap();
        assert_eq!(
            format!("{:?}", postcard::from_bytes::<ListingCache>(&bytes).unwrap()),
            format!("{again:?}")
        );
        assert!(serde_json::from_str::<ListingCache>("{}").is_err());
        // A process that goes on with it notices a clock that was set back before it was there.
        again.at(Duration::from_secs(900), Duration::from_secs(2));
        assert!(again.is_empty());
    }

    #[test]
    fn what_is_gone_is_forgotten_and_what_lies_elsewhere_is_not() {
        let mut cache = ListingCache::new();
        cache.known(Guid(1), 5);
        let known = facts(50, None).learn(&entry()).map(Arc::new);
        cache.learn(Guid(1), vec![(Guid(2), known.clone()), (Guid(3), known)]);
        cache.forget_unseen(Guid(1), &"p/aa".parse().unwrap(), &[]);
        assert_eq!(cache.len(), 2);
        cache.forget_unseen(Guid(1), &"p/a".parse().unwrap(), &[(Guid(3), None)]);
        assert_eq!(cache.len(), 1);
    }
}
