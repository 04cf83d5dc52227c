//! I am what a program says to ZFS about holds: what keeps a snapshot from being destroyed.

use std::collections::BTreeSet;

use crate::apart::OnlyHere;
use crate::backend::Refusal;
use crate::errno::Errno;
use crate::error::{Cause, Error, Operation, Result};
use crate::name::{HoldTag, SnapshotName};
use crate::zfs::Zfs;

/// A user hold on a snapshot.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HoldInfo {
    /// Whose it is.
    pub tag: HoldTag,
    /// Since when, in seconds since 1970.
    pub since: u64,
}

impl Zfs {
    /// The holds of a snapshot, by tag. Holds tied to an open handle are among them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when the snapshot does not exist.
    #[doc(alias = "lzc_get_holds")]
    pub fn holds(&self, of: &SnapshotName) -> Result<Vec<HoldInfo>> {
        let failed = |cause: Cause| Error::new(Operation::Read, of.as_str(), cause);
        let list = self.device.holds(of).map_err(|refusal| failed(refusal.into()))?;
        let mut holds = Vec::with_capacity(list.len());
        for (tag, _) in &list {
            let tag = tag.to_str_lossy();
            let since = list.get(&tag).map_err(|error| failed(error.into()))?;
            holds.push(HoldInfo {
                tag: tag.parse().map_err(|error: crate::name::NameError| failed(error.into()))?,
                since,
            });
        }
        holds.sort_by(|a, b| a.tag.cmp(&b.tag));
        Ok(holds)
    }

    /// Holds snapshots of one pool until they are released.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Exists`](crate::ErrorKind::Exists) when a snapshot has a hold of that tag, or is named twice: nothing is held then.
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when some snapshots are not there: the others are held, [`Error::items`] names
    /// the missing.
    #[doc(alias = "lzc_hold")]
    pub fn hold(&self, holds: &[(SnapshotName, HoldTag)]) -> Result<()> {
        self.core
            .hold(holds, None)
            .map_err(|refusal| refused(Operation::Hold, holds, refusal))
    }

    /// Holds snapshots of one pool for as long as the result lives, at most as long as this process, however it ends.
    ///
    /// # Errors
    ///
    /// As [`hold`](Self::hold), but nothing stays held.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let snapshot: zfs_rs::SnapshotName = "tank/a@now".parse()?;
    /// let held = zfs.hold_while_open(&[(snapshot, "copying".parse()?)])?;
    /// // … nobody destroys tank/a@now here …
    /// held.release();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hold_while_open(&self, holds: &[(SnapshotName, HoldTag)]) -> Result<TemporaryHold> {
        let failed = |refusal| refused(Operation::Hold, holds, refusal);
        distinct(holds).map_err(failed)?;
        let cleanup = OnlyHere::new(self.device.cleanup().map_err(failed)?);
        self.core.hold(holds, Some(cleanup.handle())).map_err(failed)?;
        Ok(TemporaryHold { _cleanup: cleanup })
    }

    /// Releases holds of one pool. Snapshots whose destruction was deferred to this go.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when some are not held by that tag; the others are released.
    #[doc(alias = "lzc_release")]
    pub fn release(&self, holds: &[(SnapshotName, HoldTag)]) -> Result<()> {
        self.core
            .release(holds)
            .map_err(|refusal| refused(Operation::Release, holds, refusal))
    }
}

fn refused(operation: Operation, holds: &[(SnapshotName, HoldTag)], refusal: Refusal) -> Error {
    let first = holds.first().map_or("no snapshot", |(snapshot, _)| snapshot.as_str());
    Error::new(operation, first, refusal).on_each(holds.iter().map(|(snapshot, _)| snapshot.dataset()))
}

/// The kernel takes one tag for each snapshot and call; of two it would take the last without a word.
fn distinct(holds: &[(SnapshotName, HoldTag)]) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    match holds.iter().find(|(snapshot, _)| !seen.insert(snapshot)) {
        None => Ok(()),
        Some((twice, _)) => Err(Refusal {
            errno: Errno::EEXIST,
            items: vec![(twice.to_string(), Errno::EEXIST)],
        }),
    }
}

/// Holds that end with this value or its process; see [`Zfs::hold_while_open`].
#[derive(Debug)]
#[must_use = "dropping it releases the holds"]
pub struct TemporaryHold {
    _cleanup: OnlyHere,
}

impl TemporaryHold {
    /// Ends the holds; the same as dropping, said aloud.
    pub fn release(self) {
        drop(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_named_twice_is_refused_by_name() {
        let hold = |snapshot: &str, tag: &str| (snapshot.parse().unwrap(), tag.parse().unwrap());
        assert_eq!(distinct(&[hold("tank/a@1", "x"), hold("tank/a@2", "x")]), Ok(()));
        let refusal = distinct(&[hold("tank/a@1", "x"), hold("tank/a@1", "y")]).unwrap_err();
        assert_eq!(refusal.items, [("tank/a@1".to_owned(), Errno::EEXIST)]);
    }
}
