//! I look at what one side has and write it down.

use std::collections::{BTreeMap, BTreeSet};

use zfs_rs::stream::token::{ResumeToken, TokenError};
use zfs_rs::{
    DatasetEntry, DatasetKind, DatasetName, Error, Guid, Listing, ListingCache, OptionalExt as _, Properties, SnapshotName, Source, Txg,
};

use super::own::Own;
use super::{Local, PLACEHOLDER, WITHOUT_LARGE_BLOCKS};
use crate::reason::{Failure, Part, Side};
use crate::view::{
    Dataset, Encryption, Key, Kind, Mark, Origin, Partial, Quota, QuotaKind, ResumeAt, Room, SavedReceive, StreamFlags, Version, View,
};

/// How much is read of each snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What it is called, and which it is.
    Identity,
    /// When it was made too, and its user properties. That takes the kernel longer, so it is left to those who need it.
    Properties,
}

/// What a second look at datasets brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// There was nothing to look at.
    NotNeeded,
    /// They have the snapshots that they had.
    AsBefore,
    /// One has others.
    Otherwise,
}

impl Local {
    /// Reads what this side has at `root` and, if asked, below.
    ///
    /// A root that does not exist gives a view without datasets. A dataset that vanishes while it is read is left out.
    ///
    /// # Errors
    ///
    /// A [`Failure`] that names what could not be read: the pool when it is not imported.
    pub fn view(&self, root: &DatasetName, recursive: bool, detail: Detail) -> Result<View, Failure> {
        self.view_with(root, recursive, detail, None)
    }

    /// The same, but where the kernel says that a dataset's snapshots are those that are remembered, these are not asked for again. Of their holds only those
    /// are read that could be ours, as what we hold is marked.
    pub(crate) fn view_with(
        &self,
        root: &DatasetName,
        recursive: bool,
        detail: Detail,
        memory: Option<&mut ListingCache>,
    ) -> Result<View, Failure> {
        let failed = |error: Error| self.failure(Part::Look, &error);
        let (pool, above) = self.around(root)?;
        let mut listing = self.listing(root, detail);
        if recursive {
            listing = listing.recursive();
        }
        if let Some(memory) = memory {
            listing = listing.cached(memory);
        }
        let mut own = Own::new(&self.zfs);
        let mut datasets = Vec::new();
        for entry in listing {
            // The listing leaves out what vanishes, so only the root can be missing.
            if let Some(entry) = entry.optional().map_err(failed)? {
                datasets.extend(self.seen(entry, &mut own)?);
            }
        }
        Ok(View::new(pool, root.clone(), above, datasets))
    }

    /// Looks at nothing but the datasets that are remembered at `root` and below: nothing if that is not all there, and without what is there besides.
    pub(crate) fn recall(&self, root: &DatasetName, memory: &mut ListingCache) -> Result<Option<View>, Failure> {
        let failed = |error: Error| self.failure(Part::Look, &error);
        let (pool, above) = self.around(root)?;
        let listing = self.zfs.list(root).properties().snapshots().recursive().cached(memory);
        let Some(entries) = listing.recall().map_err(failed)? else {
            return Ok(None);
        };
        let mut own = Own::new(&self.zfs);
        let mut datasets = Vec::with_capacity(entries.len());
        for entry in entries {
            datasets.extend(self.seen(entry, &mut own)?);
        }
        Ok(Some(View::new(pool, root.clone(), above, datasets)))
    }

    /// Reads these datasets anew, or only those that were remembered.
    pub(crate) fn look_again(
        &self,
        view: &mut View,
        these: &BTreeSet<String>,
        only_remembered: bool,
        detail: Detail,
    ) -> Result<Again, Failure> {
        let failed = |error: Error| self.failure(Part::Look, &error);
        let is_due = |dataset: &Dataset| these.contains(dataset.name.as_str()) && (dataset.remembered || !only_remembered);
        if !view.datasets.iter().any(is_due) {
            return Ok(Again::NotNeeded);
        }
        let (due, mut known): (Vec<_>, Vec<_>) = std::mem::take(&mut view.datasets).into_iter().partition(is_due);
        let mut own = Own::new(&self.zfs);
        let mut again = Again::AsBefore;
        for dataset in &due {
            // One that has vanished is left out, as by a listing of all.
            let entry = self.listing(&dataset.name, detail).start().next().transpose().optional();
            let now = match entry.map_err(failed)?.flatten() {
                Some(entry) => self.seen(entry, &mut own)?,
                None => None,
            };
            if now.as_ref().is_none_or(|now| !has_same_versions(now, dataset)) {
                again = Again::Otherwise;
            }
            known.extend(now);
        }
        *view = View::new(view.pool.clone(), view.root.clone(), view.above.take(), known);
        Ok(again)
    }

    /// Lists the snapshots of a dataset that came after a transaction group once more, and says whether they are others, or have other names, than were seen.
    pub(crate) fn is_otherwise(&self, dataset: &Dataset, after: Option<Txg>) -> Result<bool, Failure> {
        let listed = self.zfs.snapshots(&dataset.name);
        let listed = match after {
            Some(after) => listed.after(after),
            None => listed,
        };
        let now: Result<BTreeSet<_>, _> = listed.map(|one| one.map(|one| (one.guid, one.name))).collect();
        let now = now.map_err(|error| self.failure(Part::Look, &error))?;
        let seen = dataset
            .versions
            .iter()
            .filter(|version| after.is_none_or(|after| version.createtxg > after));
        Ok(now != seen.map(|version| (version.guid, version.name.clone())).collect())
    }

    fn listing(&self, of: &DatasetName, detail: Detail) -> Listing<'_> {
        let listing = self.zfs.list(of).properties().snapshots();
        match detail {
            Detail::Identity => listing,
            Detail::Properties => listing.snapshot_properties(),
        }
    }

    /// One dataset, or nothing where it has vanished by now.
    fn seen(&self, entry: DatasetEntry, own: &mut Own<'_>) -> Result<Option<Dataset>, Failure> {
        let read = self.dataset(entry, own).optional();
        Ok(read.map_err(|error| self.failure(Part::Look, &error))?.flatten())
    }

    /// One dataset; nothing for what is neither filesystem nor volume.
    fn dataset(&self, entry: DatasetEntry, own: &mut Own<'_>) -> Result<Option<Dataset>, Error> {
        let DatasetEntry {
            dataset: info,
            properties,
            snapshots,
            is_remembered,
            ..
        } = entry;
        let kind = match info.kind {
            DatasetKind::Filesystem => Kind::Filesystem,
            DatasetKind::Volume => Kind::Volume,
            _ => return Ok(None),
        };
        let properties = match properties {
            Some(properties) => properties,
            None => self.zfs.properties(&info.name)?,
        };
        let marks = self.marks(&info.name, is_remembered)?;
        let mut versions = Vec::with_capacity(snapshots.len());
        for snapshot in snapshots {
            let (creation, properties) = match &snapshot.properties {
                Some(read) => (read.number("creation"), own.of(read, snapshot.name.as_str())?),
                None => (None, BTreeMap::new()),
            };
            let is_asked = !is_remembered || marks.iter().any(|mark| mark.guid == snapshot.guid);
            versions.push(Version {
                holds: if is_asked { self.holds(&snapshot.name)? } else { Vec::new() },
                name: snapshot.name,
                guid: snapshot.guid,
                createtxg: snapshot.createtxg,
                creation,
                properties,
                clones: None,
            });
        }
        Ok(Some(Dataset {
            guid: info.guid,
            kind,
            createtxg: info.createtxg,
            inconsistent: info.inconsistent,
            origin: self.origin(info.origin)?,
            encryption: encryption(&properties, &info.name),
            // A dataset without snapshots has been written since the beginning, which is no change of anything received.
            written: if versions.is_empty() {
                0
            } else {
                properties.number("written").unwrap_or(0)
            },
            versions,
            marks,
            partial: partial(&properties, info.inconsistent),
            used: properties.number("used").unwrap_or(0),
            available: properties.number("available").unwrap_or(0),
            room: room(&properties, &info.name),
            placeholder: is_placeholder(&properties, &info.name),
            without_large_blocks: is_set_on(&properties, &info.name, WITHOUT_LARGE_BLOCKS),
            properties: own.of(&properties, info.name.as_str())?,
            remembered: is_remembered,
            name: info.name,
        }))
    }

    /// The bookmarks of a dataset. Where it is to stay as it is, those of the target say nothing.
    fn marks(&self, of: &DatasetName, is_remembered: bool) -> Result<Vec<Mark>, Error> {
        if is_remembered && self.side == Side::Target {
            return Ok(Vec::new());
        }
        let read = self.zfs.bookmarks(of)?.into_iter();
        let marks = read.map(|mark| Mark {
            name: mark.name,
            guid: mark.guid,
            createtxg: mark.createtxg,
        });
        Ok(marks.collect())
    }

    /// The tags on a snapshot. Ours lie on the source only, and each costs a call, so the target's are not asked for.
    fn holds(&self, snapshot: &SnapshotName) -> Result<Vec<zfs_rs::HoldTag>, Error> {
        match self.side {
            Side::Source => Ok(self
                .zfs
                .holds(snapshot)
                .optional()?
                .into_iter()
                .flatten()
                .map(|hold| hold.tag)
                .collect()),
            Side::Target => Ok(Vec::new()),
        }
    }

    fn origin(&self, origin: Option<SnapshotName>) -> Result<Option<Origin>, Error> {
        let Some(name) = origin else { return Ok(None) };
        let guid = self.zfs.snapshot(&name).optional()?.map(|snapshot| snapshot.guid);
        Ok(Some(Origin { name, guid }))
    }
}

pub(super) fn encryption(properties: &Properties, of: &DatasetName) -> Encryption {
    match properties.word("encryption") {
        // The kernel tells nothing about encryption where there is none.
        None | Some("off") => Encryption::Off,
        Some(_) => Encryption::On {
            root: properties
                .text("encryptionroot")
                .and_then(|root| root.parse().ok())
                .unwrap_or_else(|| of.clone()),
            key: if properties.word("keystatus") == Some("available") {
                Key::Loaded
            } else {
                Key::Missing
            },
            guid: properties.number("keyguid").map(Guid),
        },
    }
}

fn partial(properties: &Properties, inconsistent: bool) -> Option<Partial> {
    let token = properties.text("receive_resume_token")?;
    Some(match saved(&token) {
        Ok(saved) => Partial::Saved(saved),
        Err(fault) => Partial::Unreadable {
            fault: fault.to_string(),
            is_full: inconsistent,
        },
    })
}

/// What a resume token says.
pub(super) fn saved(token: &str) -> Result<SavedReceive, TokenError> {
    let point = token.parse::<ResumeToken>()?.into_point();
    Ok(SavedReceive {
        to_guid: Guid(point.to_guid),
        from_guid: point.from_guid.map(Guid),
        point: ResumeAt {
            object: point.object,
            offset: point.offset,
            bytes: point.bytes,
        },
        flags: StreamFlags {
            raw: point.raw_ok,
            large_block: point.large_block_ok,
            embed: point.embed_ok,
            compress: point.compress_ok,
        },
    })
}

fn room(properties: &Properties, of: &DatasetName) -> Room {
    let number = |name| properties.number(name).unwrap_or(0);
    Room {
        quotas: [QuotaKind::Quota, QuotaKind::Refquota]
            .into_iter()
            .filter_map(|kind| quota(properties, of, kind))
            .collect(),
        reserved: number("reservation").saturating_sub(number("used")),
        refreserved: number("usedbyrefreservation"),
    }
}

fn has_same_versions(a: &Dataset, b: &Dataset) -> bool {
    let guids = |dataset: &Dataset| dataset.versions.iter().map(|version| version.guid).collect::<Vec<_>>();
    guids(a) == guids(b)
}

/// A quota, if it is set; 0 is none.
pub(super) fn quota(properties: &Properties, of: &DatasetName, kind: QuotaKind) -> Option<Quota> {
    let counted = match kind {
        QuotaKind::Quota => "used",
        QuotaKind::Refquota => "referenced",
    };
    let limit = properties.number(kind.property()).filter(|limit| *limit > 0)?;
    Some(Quota {
        dataset: of.clone(),
        kind,
        limit,
        used: properties.number(counted).unwrap_or(0),
    })
}

/// Whether the mark of a placeholder was set here: what lies below inherits it and is none.
pub(super) fn is_placeholder(properties: &Properties, of: &DatasetName) -> bool {
    is_set_on(properties, of, PLACEHOLDER)
}

fn is_set_on(properties: &Properties, of: &DatasetName, mark: &str) -> bool {
    properties.source(mark, of.as_str()) == Some(Source::Local)
}
