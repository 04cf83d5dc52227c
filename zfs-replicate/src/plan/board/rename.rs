//! I bring what was renamed on the source to where it belongs.

use zfs_rs::name::{DatasetName, NameError};

use super::{Board, Seat};
use crate::plan::Rename;
use crate::plan::steps::unnameable;
use crate::reason::Blocked;
use crate::view::{Dataset, Encryption};

impl Board<'_> {
    /// The renaming that brings a counterpart home, if it is not there.
    pub(super) fn rename(&self, seat: &Seat<'_>, home: &DatasetName, occupant: Option<&Dataset>) -> Result<Option<Rename>, Blocked> {
        let Some(found) = seat.found else {
            return self.free(home).map(|()| None);
        };
        let Some((from, there)) = self.names.get(found.index).zip(self.target.datasets.get(found.index)) else {
            return Ok(None);
        };
        if from == home {
            return Ok(None);
        }
        // Below itself it cannot go: the name of what would be its parent is its own.
        let itself = home.below(from).map(|_| there);
        if let Some(occupant) = occupant.or(itself) {
            return Err(Blocked::NameOccupied {
                from: Some(from.clone()),
                to: home.clone(),
                occupant: occupant.guid,
            });
        }
        for name in self.names.iter().filter(|name| name.below(from).is_some()) {
            moved(name, from, home).map_err(unnameable)?;
        }
        Ok(Some(Rename {
            from: from.clone(),
            to: home.clone(),
            guid: there.guid,
            shares: found.shares,
        }))
    }

    /// Whether nobody else's counterpart lies where something new belongs.
    fn free(&self, home: &DatasetName) -> Result<(), Blocked> {
        let others = self.seats.iter().filter_map(|seat| seat.found);
        let mut in_the_way = others.filter(|found| self.names.get(found.index) == Some(home));
        let occupant = in_the_way.next().and_then(|found| self.target.datasets.get(found.index));
        occupant.map_or(Ok(()), |occupant| {
            Err(Blocked::NameOccupied {
                from: None,
                to: home.clone(),
                occupant: occupant.guid,
            })
        })
    }
}

/// Whether a dataset that has its key from another still has it where it is to go. The kernel moves none away from its key, not even when the key is loaded
/// (`dsl_dir_rename_crypt_check`); among raw copies it is clones that have it from elsewhere than above.
pub(super) fn keeps_its_key(rename: &Rename, found: &Dataset, above: &Encryption) -> Result<(), Blocked> {
    match &found.encryption {
        Encryption::On { root, .. } if *root != found.name && !matches!(above, Encryption::On { root: there, .. } if there == root) => {
            Err(Blocked::BoundToKey {
                from: rename.from.clone(),
                to: rename.to.clone(),
                root: root.clone(),
            })
        }
        _ => Ok(()),
    }
}

/// The name that something has after a renaming; an error when it would be none, the old one when it is not concerned.
pub(super) fn moved(name: &DatasetName, from: &DatasetName, to: &DatasetName) -> Result<DatasetName, NameError> {
    match name.below(from) {
        None => Ok(name.clone()),
        Some("") => Ok(to.clone()),
        Some(path) => to.child(path),
    }
}
