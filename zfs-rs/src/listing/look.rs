//! I look at one dataset: what is below it, and its snapshots.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, Weak};

use super::cache::{Facts, Known};
use super::companion::Companion;
use super::{DatasetEntry, SnapshotEntry, Wants};
use crate::backend::request::NextSnapshot;
use crate::backend::{Cursor, Detail, Device, Object};
use crate::dataset::DatasetInfo;
use crate::error::{Error, Operation, OptionalExt as _, Result};
use crate::identity::{Guid, Txg};
use crate::name::{DatasetName, NameError};
use crate::nvlist::NvList;
use crate::property::Properties;

/// A dataset that is to be looked at, and what is known of it already.
#[derive(Debug)]
pub(super) struct Place {
    info: DatasetInfo,
    properties: Option<Properties>,
    facts: Option<Facts>,
    /// Whether there is anything below it, where somebody had time to look before its turn came.
    has_below: Arc<OnceLock<bool>>,
}

/// A place that will have its turn, of which can be said before whether there is anything below it.
#[derive(Debug)]
pub(super) struct Early {
    name: DatasetName,
    has_below: Weak<OnceLock<bool>>,
}

impl Place {
    pub(super) fn name(&self) -> &DatasetName {
        &self.info.name
    }
}

/// What there was.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) entry: DatasetEntry,
    /// What may be believed of it the next time.
    pub(super) known: Option<Arc<Known>>,
}

/// How to look.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) device: Arc<dyn Device>,
    pub(super) wants: Wants,
    /// What was known before; nothing without a cache.
    pub(super) known: Option<Arc<HashMap<Guid, Arc<Known>>>>,
}

impl Look {
    /// The place where a listing begins.
    pub(super) fn begin(&self, root: &DatasetName) -> Result<Place> {
        let failed = |refusal| Error::new(Operation::Read, root.as_str(), refusal);
        let (stats, properties) = match self.detail() {
            Detail::Stats => (self.device.stats(Object::Dataset(root)).map_err(failed)?, None),
            Detail::Properties => {
                let (stats, properties) = self.device.properties(Object::Dataset(root)).map_err(failed)?;
                (stats, Some(properties))
            }
        };
        Ok(self.place(DatasetInfo::of(root.clone(), stats)?, properties))
    }

    /// What is at a place that is known by that name, and nothing of what is below it; nothing where it is not, or another is.
    pub(super) fn recall(&self, name: &DatasetName, guid: Guid) -> Result<Option<Found>> {
        match self.begin(name).optional()? {
            Some(place) if place.info.guid == guid => self.entry(place, None).optional().map(Option::flatten),
            _ => Ok(None),
        }
    }

    /// What is at a place and below it; no entry when the dataset has vanished.
    ///
    /// Each dataset that is found below is told at once, for others to look ahead.
    pub(super) fn at(&self, place: Place, companion: Option<&Companion>, tell: impl FnMut(Early)) -> (Vec<Place>, Option<Result<Found>>) {
        let below = if self.wants.recursive && place.has_below.get() != Some(&false) {
            self.children(&place.info.name, tell)
        } else {
            Ok(Vec::new())
        };
        let below = match below {
            Ok(below) => below,
            Err(error) => return (Vec::new(), Err(error).optional().transpose()),
        };
        let entry = self.entry(place, companion).optional().map(Option::flatten);
        (below, entry.transpose())
    }

    /// Looks whether there is anything below a place whose turn has not come yet.
    pub(super) fn ahead(&self, early: &Early) {
        // One that had its turn, or whose listing is over, is gone.
        if let Some(has_below) = early.has_below.upgrade()
            && let Ok(below) = self.device.next_child(&early.name, Cursor::default(), Detail::Stats)
        {
            has_below.set(below.is_some()).ok();
        }
    }

    fn children(&self, of: &DatasetName, mut tell: impl FnMut(Early)) -> Result<Vec<Place>> {
        let mut found = Vec::new();
        let mut cursor = Cursor::default();
        let failed = |refusal| Error::new(Operation::Read, of.as_str(), refusal);
        while let Some(listed) = self.device.next_child(of, cursor, self.detail()).map_err(failed)? {
            cursor = listed.cursor;
            let name = listed.name.parse();
            let name: DatasetName = name.map_err(|error: NameError| Error::new(Operation::Read, listed.name.as_str(), error))?;
            let place = self.place(DatasetInfo::of(name.clone(), listed.stats)?, listed.properties);
            tell(Early {
                name,
                has_below: Arc::downgrade(&place.has_below),
            });
            found.push(place);
        }
        found.sort_by(|a, b| a.info.name.cmp(&b.info.name));
        Ok(found)
    }

    fn entry(&self, place: Place, companion: Option<&Companion>) -> Result<Option<Found>> {
        let Place {
            info, properties, facts, ..
        } = place;
        let mut entry = DatasetEntry {
            snapshots: Vec::new(),
            is_remembered: false,
            dataset: info,
            properties,
        };
        if !self.wants.snapshots {
            return Ok(Some(Found { entry, known: None }));
        }
        let before = self.known.as_ref().and_then(|known| known.get(&entry.dataset.guid));
        if let (Some(facts), Some(known)) = (&facts, before)
            && known.is_of(facts)
        {
            entry.snapshots = known.snapshots(&entry.dataset.name)?;
            entry.is_remembered = true;
            let known = known.at(&entry.dataset.name);
            return Ok(Some(Found { entry, known: Some(known) }));
        }
        let guid = entry.dataset.guid;
        entry.snapshots = self.snapshots(&entry.dataset.name, companion)?;
        // To the kernel a dataset that is not there and one without further snapshots are the same. Only one that is still there, and is no other
        // of that name, was listed to its end.
        let object = Object::Dataset(&entry.dataset.name);
        let stats = self.device.stats(object);
        let stats = stats.map_err(|refusal| Error::new(Operation::Read, object.path(), refusal))?;
        if stats.guid != guid {
            return Ok(None);
        }
        let known = facts.and_then(|facts| facts.learn(&entry)).map(Arc::new);
        Ok(Some(Found { entry, known }))
    }

    fn snapshots(&self, of: &DatasetName, companion: Option<&Companion>) -> Result<Vec<SnapshotEntry>> {
        let mut found: Vec<SnapshotEntry> = Vec::new();
        let mut cursor = Cursor::default();
        let _beside = companion.map(Resting);
        let detail = if self.wants.snapshot_properties {
            Detail::Properties
        } else {
            Detail::Stats
        };
        loop {
            let next = self.device.next_snapshot(&NextSnapshot::any(of, cursor, detail));
            let next = next.map_err(|refusal| Error::new(Operation::Read, of.as_str(), refusal))?;
            let Some(listed) = next else { break };
            cursor = listed.cursor;
            let name = listed.name.parse();
            found.push(SnapshotEntry {
                name: name.map_err(|error: NameError| Error::new(Operation::Read, listed.name.as_str(), error))?,
                guid: listed.stats.guid,
                createtxg: listed.stats.createtxg,
                properties: listed.properties.map(Properties::new),
            });
            if let Some(companion) = companion {
                accompany(companion, of, &found);
            }
        }
        found.sort_by(|a, b| (a.createtxg, &a.name).cmp(&(b.createtxg, &b.name)));
        Ok(found)
    }

    fn place(&self, info: DatasetInfo, properties: Option<NvList>) -> Place {
        let properties = properties.map(Properties::new);
        let facts = properties.as_ref().filter(|_| self.known.is_some());
        Place {
            facts: facts.and_then(|properties| Facts::read(&info, properties, self.wants.since)),
            properties: properties.filter(|_| self.wants.properties),
            info,
            has_below: Arc::default(),
        }
    }

    fn detail(&self) -> Detail {
        if self.wants.properties || self.known.is_some() {
            Detail::Properties
        } else {
            Detail::Stats
        }
    }
}

/// A companion that rests again when this ends.
struct Resting<'a>(&'a Companion);

impl Drop for Resting<'_> {
    fn drop(&mut self) {
        self.0.rest();
    }
}

/// Calls the companion once that is worth it, and keeps its calls short where there are many snapshots.
fn accompany(companion: &Companion, of: &DatasetName, found: &[SnapshotEntry]) {
    if found.len() == WORTH_IT {
        companion.join(of);
    }
    if found.len().is_multiple_of(LONG_ENOUGH)
        && let Some(last) = found.len().checked_sub(LONG_ENOUGH).and_then(|from| found.get(from..))
        && let Some(newest) = last.iter().map(|snapshot| snapshot.createtxg).max()
    {
        // Snapshots are listed in no order, so about one of the next so many is as new as that.
        companion.end_calls_from(Txg(newest.0));
    }
}

/// Snapshots that a dataset must have before it is kept open.
const WORTH_IT: usize = 2;

/// Snapshots that the companion passes over in one call, roughly.
const LONG_ENOUGH: usize = 64;
