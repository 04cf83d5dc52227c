//! I carry orders for datasets, snapshots, bookmarks and holds through libzfs_core.

#![expect(unsafe_code, reason = "calls into C")]

use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::ptr;

use zfs_sys::{lzc_dataset_type, symbol};

use super::argument::{NO_DESCRIPTOR, Room, text, truth, wrapping_key};
use super::list::verdict;
use super::{Lzc, found};
use crate::backend::payload::{self, whole};
use crate::backend::request::{Clone, Create, DestroySnapshots, Receive, Redact, Send, SendSaved, Snapshot};
use crate::backend::{Base, Cleanup, Core, Object, Outcome, Received, Refusal};
use crate::errno::Errno;
use crate::name::{BookmarkName, DatasetName, HoldTag, SnapshotName};

// What is true of every call below, and of those in the files beside this. The library is initialised, since `self` has its count. Pointers to names are those of `CString`s that live to the
// end of the method, so they are NUL-terminated; or null, where the function's declaration in libzfs_core.h allows it. Lists are those of `List`s that
// live as long, lent exclusively. The library copies what it keeps beyond the call: nothing. What it puts into the slot for its answer is null or a list
// that is the caller's to free, and the slot's owner frees it. Descriptors are borrowed, so open for the whole call.
impl Core for Lzc {
    fn create(&self, request: &Create<'_>) -> Outcome<()> {
        let create = found(symbol!(self.library, lzc_create))?;
        let name = text(request.name.as_str())?;
        let kind = lzc_dataset_type(request.kind.number());
        let mut properties = self.carrier.import_filled(request.properties)?;
        let mut key = request.key.copied();
        let (start, length) = wrapping_key(&mut key);
        // SAFETY: as above; `start` is null, or points to `length` bytes of `key`, which lives to the end of this method.
        verdict(unsafe { create(name.as_ptr(), kind, properties.raw(), start, length) })
    }

    fn clone_snapshot(&self, request: &Clone<'_>) -> Outcome<()> {
        let clone = found(symbol!(self.library, lzc_clone))?;
        let (name, origin) = (text(request.name.as_str())?, text(request.origin.as_str())?);
        let mut properties = self.carrier.import_filled(request.properties)?;
        // SAFETY: as above.
        verdict(unsafe { clone(name.as_ptr(), origin.as_ptr(), properties.raw()) })
    }

    fn promote(&self, clone: &DatasetName) -> Outcome<()> {
        let promote = found(symbol!(self.library, lzc_promote))?;
        let name = text(clone.as_str())?;
        let mut conflict = Room::new();
        // SAFETY: as above; the room has the length that is said beside it, and lives to the end of this method.
        let errno = unsafe { promote(name.as_ptr(), conflict.start(), Room::LENGTH) };
        verdict(errno).map_err(|refusal| Refusal {
            items: payload::conflict(clone, &conflict.text(), refusal.errno),
            ..refusal
        })
    }

    fn destroy(&self, object: Object<'_>) -> Outcome<()> {
        let destroy = found(symbol!(self.library, lzc_destroy))?;
        let name = text(&object.path())?;
        // SAFETY: as above.
        verdict(unsafe { destroy(name.as_ptr()) })
    }

    fn rename(&self, from: &DatasetName, to: &DatasetName) -> Outcome<()> {
        let rename = found(symbol!(self.library, lzc_rename))?;
        let (from, to) = (text(from.as_str())?, text(to.as_str())?);
        // SAFETY: as above.
        verdict(unsafe { rename(from.as_ptr(), to.as_ptr()) })
    }

    fn rename_snapshot(&self, from: &SnapshotName, to: &SnapshotName) -> Outcome<()> {
        let rename = found(symbol!(self.library, lzc_rename))?;
        let (from, to) = (text(from.as_str())?, text(to.as_str())?);
        // SAFETY: as above.
        verdict(unsafe { rename(from.as_ptr(), to.as_ptr()) })
    }

    fn rollback(&self, dataset: &DatasetName, to: Option<&SnapshotName>) -> Outcome<SnapshotName> {
        let name = text(dataset.as_str())?;
        if let Some(to) = to {
            let rollback = found(symbol!(self.library, lzc_rollback_to))?;
            let target = text(to.as_str())?;
            // SAFETY: as above.
            verdict(unsafe { rollback(name.as_ptr(), target.as_ptr()) })?;
            return Ok(to.clone());
        }
        let rollback = found(symbol!(self.library, lzc_rollback))?;
        let mut target = Room::new();
        // SAFETY: as above; the room has the length that is said beside it, and lives to the end of this method.
        verdict(unsafe { rollback(name.as_ptr(), target.start(), Room::LENGTH) })?;
        target.text().parse().map_err(|_not_a_name| Errno::EFAULT.into())
    }

    fn snapshot(&self, request: &Snapshot<'_>) -> Outcome<()> {
        let snapshot = found(symbol!(self.library, lzc_snapshot))?;
        let mut names = self.carrier.import(&payload::names(request.names))?;
        let mut properties = self.carrier.import_filled(request.properties)?;
        let mut refused = self.carrier.none();
        // SAFETY: as above.
        let errno = unsafe { snapshot(names.raw(), properties.raw(), refused.slot()) };
        refused.answer(errno).map(drop)
    }

    fn destroy_snapshots(&self, request: &DestroySnapshots<'_>) -> Outcome<()> {
        let destroy = found(symbol!(self.library, lzc_destroy_snaps))?;
        let mut names = self.carrier.import(&payload::names(request.names))?;
        let mut refused = self.carrier.none();
        // SAFETY: as above.
        let errno = unsafe { destroy(names.raw(), truth(request.defer), refused.slot()) };
        refused.answer(errno).map(drop)
    }

    fn snapshot_range_space(&self, first: &SnapshotName, last: &SnapshotName) -> Outcome<u64> {
        let space = found(symbol!(self.library, lzc_snaprange_space))?;
        let (first, last) = (text(first.as_str())?, text(last.as_str())?);
        let mut used = 0;
        // SAFETY: as above; `used` is a live u64 for one to be written to.
        verdict(unsafe { space(first.as_ptr(), last.as_ptr(), ptr::from_mut(&mut used)) })?;
        Ok(used)
    }

    fn bookmark(&self, bookmarks: &[(BookmarkName, Base)]) -> Outcome<()> {
        let bookmark = found(symbol!(self.library, lzc_bookmark))?;
        let mut wanted = self.carrier.import(&payload::bookmarks(bookmarks))?;
        let mut refused = self.carrier.none();
        // SAFETY: as above.
        let errno = unsafe { bookmark(wanted.raw(), refused.slot()) };
        refused.answer(errno).map(drop)
    }

    fn destroy_bookmarks(&self, bookmarks: &[BookmarkName]) -> Outcome<()> {
        let destroy = found(symbol!(self.library, lzc_destroy_bookmarks))?;
        let mut names = self.carrier.import(&payload::names(bookmarks))?;
        let mut refused = self.carrier.none();
        // SAFETY: as above.
        let errno = unsafe { destroy(names.raw(), refused.slot()) };
        refused.answer(errno).map(drop)
    }

    fn hold(&self, holds: &[(SnapshotName, HoldTag)], until: Option<&dyn Cleanup>) -> Outcome<()> {
        let hold = found(symbol!(self.library, lzc_hold))?;
        let mut wanted = self.carrier.import(&payload::holds(holds))?;
        let cleanup = until.map_or(NO_DESCRIPTOR, |until| until.descriptor().as_raw_fd());
        let mut refused = self.carrier.none();
        // SAFETY: as above.
        let errno = unsafe { hold(wanted.raw(), cleanup, refused.slot()) };
        whole(&refused.answer(errno)?)
    }

    fn release(&self, holds: &[(SnapshotName, HoldTag)]) -> Outcome<()> {
        let release = found(symbol!(self.library, lzc_release))?;
        let mut wanted = self.carrier.import(&payload::releases(holds))?;
        let mut refused = self.carrier.none();
        // SAFETY: as above.
        let errno = unsafe { release(wanted.raw(), refused.slot()) };
        whole(&refused.answer(errno)?)
    }

    fn redact(&self, request: &Redact<'_>) -> Outcome<()> {
        let redact = found(symbol!(self.library, lzc_redact))?;
        let (snapshot, bookmark) = (text(request.snapshot.as_str())?, text(request.bookmark.short())?);
        let mut clones = self.carrier.import(&payload::names(request.clones))?;
        // SAFETY: as above.
        verdict(unsafe { redact(snapshot.as_ptr(), bookmark.as_ptr(), clones.raw()) })
    }

    fn send(&self, request: &Send<'_>, to: BorrowedFd<'_>) -> Outcome<()> {
        self.write_stream(request, to)
    }

    fn send_saved(&self, request: &SendSaved<'_>, to: BorrowedFd<'_>) -> Outcome<()> {
        self.write_saved(request, to)
    }

    fn send_space(&self, request: &Send<'_>) -> Outcome<u64> {
        self.estimate_stream(request)
    }

    fn receive(&self, request: &Receive<'_>, from: BorrowedFd<'_>) -> Outcome<Received> {
        self.read_stream(request, from)
    }
}
