//! I read the model: listings, stats, properties.

use std::os::fd::{AsRawFd, BorrowedFd};

use super::fault::Call;
use super::pool::{Dataset, Pool, Snapshot, receiving};
use super::process::Process;
use super::property::{self, number, text};
use super::upkeep::not_modelled;
use super::world::{World, mix};
use super::{core, rules};
use crate::backend::request::NextSnapshot;
use crate::backend::{
    Cleanup, Cursor, DatasetKind, Detail, Device, EventRead, Listed, Object, ObjectStats, Outcome, Refusal, SendProgress, Stats, VdevOrder,
};
use crate::errno::Errno;
use crate::identity::{Guid, Txg};
use crate::name::{BookmarkName, DatasetName, PoolName, PropertyName, SnapshotName};
use crate::nvlist::{NvList, Value};

impl Device for Process {
    fn pools(&self) -> Outcome<NvList> {
        self.call(Call::Pools, |world| {
            let pools = world.pools.iter().map(|(name, pool)| {
                let config = NvList::new()
                    .with("name", name.as_str())
                    .with("pool_guid", pool.guid)
                    .with("txg", pool.synced.txg);
                (name.as_str(), config)
            });
            Ok(pools.collect())
        })
    }

    fn pool_properties(&self, of: &PoolName) -> Outcome<NvList> {
        self.call(Call::PoolProperties, |world| {
            let pool = world.pool(of.as_str())?;
            let (used, free) = (pool.state.used(of.as_str()), pool.free());
            let mut list = NvList::new();
            text(&mut list, "name", of.as_str());
            text(&mut list, "health", "ONLINE");
            number(&mut list, "guid", pool.guid);
            number(&mut list, "load_guid", pool.load);
            number(&mut list, "size", used.saturating_add(free));
            number(&mut list, "allocated", used);
            number(&mut list, "free", free);
            number(&mut list, "readonly", u64::from(pool.read_only));
            Ok(list)
        })
    }

    fn pool_status(&self, _of: &PoolName) -> Outcome<NvList> {
        not_modelled()
    }

    fn initialize(&self, _pool: &PoolName, _order: VdevOrder, _vdevs: &[Guid]) -> Outcome<()> {
        not_modelled()
    }

    fn stats(&self, of: Object<'_>) -> Outcome<Stats> {
        self.call(Call::Stats, |world| stats(world, of))
    }

    fn properties(&self, of: Object<'_>) -> Outcome<(Stats, NvList)> {
        self.call(Call::Properties, |world| {
            let stats = stats(world, of)?;
            let properties = match of {
                Object::Dataset(name) => dataset_properties(world, name, name.as_str())?,
                Object::PartialReceive(name) => dataset_properties(world, name, &receiving(name))?,
                Object::Snapshot(name) => {
                    let pool = world.pool(name.dataset().pool().as_str())?;
                    let (dataset, snapshot) = pool.state.snapshot(name)?;
                    property::of_snapshot(pool, name.dataset().as_str(), dataset, name.as_str(), snapshot)
                }
            };
            Ok((stats, properties))
        })
    }

    fn next_child(&self, of: &DatasetName, after: Cursor, detail: Detail) -> Outcome<Option<Listed>> {
        self.call(Call::NextChild, |world| {
            let Ok(pool) = world.pool(of.pool().as_str()) else {
                return Ok(None);
            };
            let visible = pool.state.children(of.as_str()).filter(|(name, _)| !name.contains('%'));
            let next = visible
                .map(|(name, dataset)| (place(name), name, dataset))
                .filter(|(place, ..)| *place > after.0)
                .min_by_key(|next| next.0);
            Ok(next.map(|(place, name, dataset)| Listed {
                name: name.to_owned(),
                stats: dataset_stats(pool, dataset),
                properties: (detail == Detail::Properties).then(|| property::of_dataset(pool, name, dataset)),
                cursor: Cursor(place),
            }))
        })
    }

    fn next_snapshot(&self, request: &NextSnapshot<'_>) -> Outcome<Option<Listed>> {
        let NextSnapshot { of, after, detail, .. } = *request;
        self.call(Call::NextSnapshot, |world| {
            let Ok(pool) = world.pool(of.pool().as_str()) else {
                return Ok(None);
            };
            let Ok(dataset) = pool.state.get(of.as_str()) else {
                return Ok(None);
            };
            let is_wanted = |snapshot: &Snapshot| {
                let txg = Txg(snapshot.createtxg);
                request.min_txg.is_none_or(|min| txg >= min) && request.max_txg.is_none_or(|max| txg <= max)
            };
            let all = dataset.snapshots.iter().filter(|(_, snapshot)| is_wanted(snapshot));
            let all = all.map(|(short, snapshot)| (place(short), short, snapshot));
            let next = all.filter(|(place, ..)| *place > after.0).min_by_key(|next| next.0);
            Ok(next.map(|(place, short, snapshot)| {
                let name = format!("{of}@{short}");
                Listed {
                    stats: snapshot_stats(pool, dataset, snapshot),
                    properties: (detail == Detail::Properties).then(|| property::of_snapshot(pool, of.as_str(), dataset, &name, snapshot)),
                    name,
                    cursor: Cursor(place),
                }
            }))
        })
    }

    fn bookmarks(&self, of: &DatasetName) -> Outcome<NvList> {
        self.call(Call::Bookmarks, |world| {
            let dataset = world.pool(of.pool().as_str())?.state.get(of.as_str())?;
            let bookmarks = dataset.bookmarks.iter().map(|(short, bookmark)| {
                let mut list = NvList::new();
                number(&mut list, "guid", bookmark.guid);
                number(&mut list, "createtxg", bookmark.createtxg);
                number(&mut list, "creation", bookmark.creation);
                (short.as_str(), list)
            });
            Ok(bookmarks.collect())
        })
    }

    fn bookmark_properties(&self, of: &BookmarkName) -> Outcome<NvList> {
        let all = self.bookmarks(of.dataset())?;
        let found: Option<&NvList> = all.find(of.short()).unwrap_or_default();
        found.cloned().ok_or_else(|| Errno::ESRCH.into())
    }

    fn holds(&self, of: &SnapshotName) -> Outcome<NvList> {
        self.call(Call::Holds, |world| {
            let (_, snapshot) = world.pool(of.dataset().pool().as_str())?.state.snapshot(of)?;
            Ok(snapshot.holds.iter().map(|(tag, hold)| (tag.as_str(), hold.since)).collect())
        })
    }

    fn set_properties(&self, of: &DatasetName, to: &NvList) -> Outcome<()> {
        self.call(Call::SetProperties, |world| {
            // Those that can be set stay set although others are refused, so the change itself always comes about.
            world.change(of.pool().as_str(), |pool, _| Ok(set(pool, of, to)))?
        })
    }

    fn received_properties(&self, of: &DatasetName) -> Outcome<NvList> {
        self.call(Call::ReceivedProperties, |world| {
            let dataset = world.pool(of.pool().as_str())?.state.get(of.as_str())?;
            let received = dataset
                .properties
                .iter()
                .filter_map(|(name, given)| Some((name, given.received.clone()?)));
            let received = received.map(|(name, value)| {
                let property = NvList::new().with("value", value).with("source", "$recvd");
                (name.as_str(), property)
            });
            Ok(received.collect())
        })
    }

    fn changed_objects(&self, _from: &SnapshotName, _to: Object<'_>, _into: BorrowedFd<'_>) -> Outcome<()> {
        not_modelled()
    }

    fn object(&self, _of: Object<'_>, _number: u64) -> Outcome<ObjectStats> {
        not_modelled()
    }

    fn next_object(&self, _of: Object<'_>, _after: u64) -> Outcome<Option<u64>> {
        not_modelled()
    }

    fn next_event(&self, _through: &dyn Cleanup, _wait: bool) -> Outcome<Option<EventRead>> {
        not_modelled()
    }

    fn inherit(&self, of: &DatasetName, property: &PropertyName, to_received: bool) -> Outcome<()> {
        self.call(Call::Inherit, |world| {
            world.change(of.pool().as_str(), |pool, _| {
                // Back to what was received goes everything, down from the parent only what is inherited (`zfs_ioc_inherit_prop`).
                rules::refuse(!to_received && !property::is_inheritable(property.as_str()), Errno::EINVAL)?;
                let dataset = pool.state.get_mut(of.as_str())?;
                let given = dataset.properties.entry(property.as_str().to_owned()).or_default();
                given.local = None;
                given.inherits = !to_received;
                Ok(())
            })
        })
    }

    fn send_progress(&self, of: &SnapshotName, to: BorrowedFd<'_>) -> Outcome<SendProgress> {
        self.call(Call::SendProgress, |world| {
            let sending = world.sends.get(&to.as_raw_fd());
            let sending = sending.filter(|sending| sending.process == self.id() && sending.snapshot == *of);
            Ok(sending.ok_or(Errno::ENOENT)?.progress)
        })
    }

    fn cleanup(&self) -> Outcome<Box<dyn Cleanup>> {
        self.call(Call::Cleanup, |_| Ok(()))?;
        self.open_handle()
    }
}

fn set(pool: &mut Pool, of: &DatasetName, to: &NvList) -> Outcome<()> {
    let before = pool.state.clone();
    let txg = before.txg;
    let Ok(dataset) = pool.state.get_mut(of.as_str()) else {
        // Each is refused for itself (`zfs_set_prop_nvlist`).
        let items = to.iter().map(|(name, _)| (name.to_str_lossy().into_owned(), Errno::ENOENT));
        return Err(Refusal {
            errno: Errno::ENOENT,
            items: items.collect(),
        });
    };
    let kind = dataset.kind;
    let mut to = to.clone();
    let size = to.remove("volsize").filter(|_| kind == DatasetKind::Volume);
    if let Some(Value::UInt64(size)) = size {
        dataset.live.write(txg, property::VOLUME_SIZE_OBJECT, 0, &size.to_le_bytes());
    }
    core::set(dataset, &to, |name, value| match value {
        Value::UInt64(value) if name == "quota" => rules::quota(&before, of.as_str(), *value),
        value => property::check(kind, name, value),
    })
}

fn stats(world: &World, of: Object<'_>) -> Outcome<Stats> {
    match of {
        Object::Dataset(name) => {
            let pool = world.pool(name.pool().as_str())?;
            Ok(dataset_stats(pool, pool.state.get(name.as_str())?))
        }
        Object::PartialReceive(name) => {
            let pool = world.pool(name.pool().as_str())?;
            Ok(dataset_stats(pool, pool.state.get(&receiving(name))?))
        }
        Object::Snapshot(name) => {
            let pool = world.pool(name.dataset().pool().as_str())?;
            let (dataset, snapshot) = pool.state.snapshot(name)?;
            Ok(snapshot_stats(pool, dataset, snapshot))
        }
    }
}

fn dataset_properties(world: &World, name: &DatasetName, path: &str) -> Outcome<NvList> {
    let pool = world.pool(name.pool().as_str())?;
    Ok(property::of_dataset(pool, path, pool.state.get(path)?))
}

fn dataset_stats(pool: &Pool, dataset: &Dataset) -> Stats {
    Stats {
        guid: Guid(dataset.guid),
        createtxg: Txg(dataset.createtxg),
        kind: dataset.kind,
        inconsistent: dataset.inconsistent,
        clones: 0,
        origin: dataset.origin.and_then(|origin| pool.state.at(origin)).map(|(name, _)| name),
    }
}

fn snapshot_stats(pool: &Pool, dataset: &Dataset, snapshot: &Snapshot) -> Stats {
    let clones = pool.state.clones(dataset.point(snapshot)).len();
    Stats {
        guid: Guid(snapshot.guid),
        createtxg: Txg(snapshot.createtxg),
        kind: dataset.kind,
        inconsistent: false,
        clones: u64::try_from(clones).unwrap_or(u64::MAX),
        origin: None,
    }
}

/// Where a name stands in a listing: by hash, as in the kernel, so that nobody relies on an order. Never 0, which is the start.
fn place(name: &str) -> u64 {
    name.bytes().fold(1, |sum, byte| mix(sum ^ u64::from(byte))).max(1)
}
