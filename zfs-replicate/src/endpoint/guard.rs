//! I keep what is sent: I hold it and mark it, and let it go again.
//!
//! A change of a pool waits until a transaction group is written, which takes longer than the change. What is done at the same time waits for the same one.

use std::thread;

use zfs_rs::{BookmarkInfo, BookmarkName, DatasetName, Error, ErrorKind, HoldTag, TemporaryHold};

use super::Local;
use crate::plan::{Cursor, Marked};
use crate::reason::{Failure, FailureKind, Part};
use crate::view::{Base, Point};

/// Whether two things can be done at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// They are.
    Together,
    /// One comes after the other, always in the same order.
    InTurn,
}

impl Local {
    /// Holds snapshots for as long as the result lives, and makes cursor bookmarks of one dataset; that one is there already is success.
    ///
    /// Where only one of both can be done the hold does not stay. A mark that does is removed by the next run.
    pub(crate) fn guard(&self, snapshots: &[Point], cursors: &[Cursor], tag: &str, pace: Pace) -> Result<Option<TemporaryHold>, Failure> {
        let tag: HoldTag = tag.parse().map_err(|error: zfs_rs::NameError| self.unnameable(&error))?;
        let holds: Vec<_> = snapshots.iter().map(|point| (point.name.clone(), tag.clone())).collect();
        for cursor in cursors {
            if let Base::Snapshot(point) = &cursor.of {
                self.expect_snapshot(Part::Mark, point)?;
            }
        }
        let hold = || self.zfs.hold_while_open(&holds).map(Some);
        let mark = || self.mark(cursors);
        let (held, marked) = match (&*holds, cursors) {
            ([], _) => (Ok(None), mark()),
            (_, []) => (hold(), Ok(())),
            _ => pace.both(hold, mark),
        };
        let held = held.map_err(|error| self.failure(Part::Hold, &error))?;
        marked?;
        // Read after the hold: from now on nobody can put another snapshot in the place of one of these.
        let there = snapshots.iter().try_for_each(|point| self.expect_snapshot(Part::Hold, point));
        if there.is_err() {
            self.take_back(cursors)?;
        }
        there.map(|()| held)
    }

    /// Removes cursor bookmarks, each only if it has the identity it should have, and lets go what was held.
    pub(crate) fn unguard(&self, cursors: &[Marked], held: Option<TemporaryHold>, pace: Pace) -> Result<(), Failure> {
        let Some(first) = cursors.first() else { return Ok(()) };
        let is_doomed = |mark: &BookmarkInfo| cursors.iter().any(|cursor| cursor.name == mark.name && cursor.guid == mark.guid);
        let doomed = self.meant(first.name.dataset(), is_doomed)?;
        let ((), removed) = pace.both(|| drop(held), || self.zfs.destroy_bookmarks(&doomed));
        removed.map_err(|error| self.failure(Part::Mark, &error))
    }

    fn mark(&self, cursors: &[Cursor]) -> Result<(), Failure> {
        match self.make(cursors) {
            Err(error) if error.kind() == ErrorKind::Exists => {
                let missing = self.missing(cursors)?;
                self.make(&missing).map_err(|error| self.failure(Part::Mark, &error))
            }
            made => made.map_err(|error| self.failure(Part::Mark, &error)),
        }
    }

    fn make(&self, cursors: &[Cursor]) -> Result<(), Error> {
        let of = |base: &Base| match base {
            Base::Snapshot(point) => zfs_rs::Base::Snapshot(point.name.clone()),
            Base::Bookmark { name, .. } => zfs_rs::Base::Bookmark(name.clone()),
        };
        let pairs: Vec<_> = cursors.iter().map(|cursor| (cursor.name.clone(), of(&cursor.of))).collect();
        self.zfs.create_bookmarks(&pairs)
    }

    /// Removes those that mark what had taken a snapshot's name just then: nobody would know them for ours.
    fn take_back(&self, cursors: &[Cursor]) -> Result<(), Failure> {
        let Some(first) = cursors.first() else { return Ok(()) };
        let is_wrong = |mark: &BookmarkInfo| {
            cursors
                .iter()
                .any(|cursor| cursor.name == mark.name && cursor.of.guid() != mark.guid)
        };
        let wrong = self.meant(first.name.dataset(), is_wrong)?;
        self.zfs.destroy_bookmarks(&wrong).map_err(|error| self.failure(Part::Mark, &error))
    }

    /// The bookmarks of a dataset that are meant.
    fn meant(&self, of: &DatasetName, is_meant: impl Fn(&BookmarkInfo) -> bool) -> Result<Vec<BookmarkName>, Failure> {
        let there = self.zfs.bookmarks(of).map_err(|error| self.failure(Part::Mark, &error))?;
        Ok(there.into_iter().filter(is_meant).map(|mark| mark.name).collect())
    }

    /// Those of them that are not there.
    fn missing(&self, cursors: &[Cursor]) -> Result<Vec<Cursor>, Failure> {
        let Some(first) = cursors.first() else { return Ok(Vec::new()) };
        let there = self.zfs.bookmarks(first.name.dataset());
        let there = there.map_err(|error| self.failure(Part::Mark, &error))?;
        let mut missing = Vec::new();
        for cursor in cursors {
            match there.iter().find(|bookmark| bookmark.name == cursor.name) {
                None => missing.push(cursor.clone()),
                Some(found) => self.expect(Part::Mark, cursor.name.as_str(), cursor.of.guid(), Some(found.guid))?,
            }
        }
        Ok(missing)
    }

    fn unnameable(&self, error: &zfs_rs::NameError) -> Failure {
        Failure {
            side: self.side,
            part: Part::Hold,
            object: error.text.clone(),
            kind: FailureKind::Unexpected,
            errno: None,
            detail: error.to_string(),
        }
    }
}

impl Pace {
    fn both<A, B: Send>(self, this: impl FnOnce() -> A, other: impl Fn() -> B + Sync) -> (A, B) {
        if self == Self::InTurn {
            let this = this();
            return (this, other());
        }
        thread::scope(|scope| {
            let beside = thread::Builder::new().name("beside".to_owned()).spawn_scoped(scope, &other);
            let this = this();
            // Where there was no thread for it, it comes after.
            let other = beside.ok().and_then(|beside| beside.join().ok()).unwrap_or_else(&other);
            (this, other)
        })
    }
}
