//! I change things: create, destroy, snapshot, bookmark, hold, send, receive.

use std::os::fd::BorrowedFd;

use super::Ioctl;
use super::command::Command;
use super::request::Request;
use crate::backend::payload::{self, items, whole};
use crate::backend::request::{ChangeKey, Clone, Create, DestroySnapshots, Receive, Redact, Send, SendSaved, Snapshot};
use crate::backend::{Base, Cleanup, Core, Keys, Object, Outcome, Received, Refusal, WrappingKey};
use crate::errno::Errno;
use crate::name::{BookmarkName, DatasetName, HoldTag, SnapshotName};
use crate::nvlist::NvList;
use crate::stream::{Begin, BeginFlags};

impl Core for Ioctl {
    fn create(&self, request: &Create<'_>) -> Outcome<()> {
        self.ask(Request::Create, request.name.as_str(), Some(&payload::create(request)))
            .map(drop)
    }

    fn clone_snapshot(&self, request: &Clone<'_>) -> Outcome<()> {
        self.ask(Request::Clone, request.name.as_str(), Some(&payload::clone(request)))
            .map(drop)
    }

    fn promote(&self, clone: &DatasetName) -> Outcome<()> {
        let mut command = Command::on(clone.as_str())?;
        self.order(Request::Promote, &mut command).map_err(|refusal| Refusal {
            items: payload::conflict(clone, &command.string(), refusal.errno),
            ..refusal
        })
    }

    fn destroy(&self, object: Object<'_>) -> Outcome<()> {
        // Of the older kind; the list without anything in it is libzfs_core's.
        self.ask(Request::Destroy, &object.path(), Some(&NvList::new())).map(drop)
    }

    fn rename(&self, from: &DatasetName, to: &DatasetName) -> Outcome<()> {
        let mut command = Command::on(from.as_str())?;
        command.set_value(to.as_str())?;
        self.order(Request::Rename, &mut command)
    }

    fn rename_snapshot(&self, from: &SnapshotName, to: &SnapshotName) -> Outcome<()> {
        let mut command = Command::on(from.as_str())?;
        command.set_value(to.as_str())?;
        self.order(Request::Rename, &mut command)
    }

    fn rollback(&self, dataset: &DatasetName, to: Option<&SnapshotName>) -> Outcome<SnapshotName> {
        let answer = self.ask(Request::Rollback, dataset.as_str(), Some(&payload::rollback(to)))?;
        payload::rolled_back(&answer)
    }

    fn snapshot(&self, request: &Snapshot<'_>) -> Outcome<()> {
        let Some(first) = request.names.first() else { return Ok(()) };
        self.ask(
            Request::Snapshot,
            first.dataset().pool().as_str(),
            Some(&payload::snapshot(request)),
        )
        .map(drop)
    }

    fn destroy_snapshots(&self, request: &DestroySnapshots<'_>) -> Outcome<()> {
        let Some(first) = request.names.first() else { return Ok(()) };
        self.ask(
            Request::DestroySnaps,
            first.dataset().pool().as_str(),
            Some(&payload::destroy_snapshots(request)),
        )
        .map(drop)
    }

    fn snapshot_range_space(&self, first: &SnapshotName, last: &SnapshotName) -> Outcome<u64> {
        let input = NvList::new().with("firstsnap", first.as_str());
        let answer = self.ask(Request::SpaceSnaps, last.as_str(), Some(&input))?;
        answer.get("used").map_err(|_absent| Refusal::from(Errno::EFAULT))
    }

    fn bookmark(&self, bookmarks: &[(BookmarkName, Base)]) -> Outcome<()> {
        let Some((first, _)) = bookmarks.first() else { return Ok(()) };
        self.ask(
            Request::Bookmark,
            first.dataset().pool().as_str(),
            Some(&payload::bookmarks(bookmarks)),
        )
        .map(drop)
    }

    fn destroy_bookmarks(&self, bookmarks: &[BookmarkName]) -> Outcome<()> {
        let Some(first) = bookmarks.first() else { return Ok(()) };
        self.ask(
            Request::DestroyBookmarks,
            first.dataset().pool().as_str(),
            Some(&payload::names(bookmarks)),
        )
        .map(drop)
    }

    fn hold(&self, holds: &[(SnapshotName, HoldTag)], until: Option<&dyn Cleanup>) -> Outcome<()> {
        let Some((first, _)) = holds.first() else { return Ok(()) };
        let input = payload::hold(holds, until.map(Cleanup::descriptor));
        let answer = self.ask(Request::Hold, first.dataset().pool().as_str(), Some(&input))?;
        whole(&answer)
    }

    fn release(&self, holds: &[(SnapshotName, HoldTag)]) -> Outcome<()> {
        let Some((first, _)) = holds.first() else { return Ok(()) };
        let answer = self.ask(Request::Release, first.dataset().pool().as_str(), Some(&payload::releases(holds)))?;
        whole(&answer)
    }

    fn send(&self, request: &Send<'_>, to: BorrowedFd<'_>) -> Outcome<()> {
        self.ask(Request::SendNew, request.snapshot.as_str(), Some(&payload::send(request, to)))
            .map(drop)
    }

    fn send_saved(&self, request: &SendSaved<'_>, to: BorrowedFd<'_>) -> Outcome<()> {
        self.ask(Request::SendNew, request.dataset.as_str(), Some(&payload::send_saved(request, to)))
            .map(drop)
    }

    fn send_space(&self, request: &Send<'_>) -> Outcome<u64> {
        let answer = self.ask(Request::SendSpace, request.snapshot.as_str(), Some(&payload::send_space(request)))?;
        answer.get("space").map_err(|_absent| Refusal::from(Errno::EFAULT))
    }

    fn receive(&self, request: &Receive<'_>, from: BorrowedFd<'_>) -> Outcome<Received> {
        let place = self.receive_place(request)?;
        let answer = self.ask(Request::RecvNew, place.as_str(), Some(&payload::receive(request, from)))?;
        Ok(received(&answer))
    }

    fn redact(&self, request: &Redact<'_>) -> Outcome<()> {
        self.ask(Request::Redact, request.snapshot.as_str(), Some(&payload::redact(request)))
            .map(drop)
    }
}

impl Keys for Ioctl {
    fn load_key(&self, root: &DatasetName, key: &WrappingKey, check_only: bool) -> Outcome<()> {
        self.ask(Request::LoadKey, root.as_str(), Some(&payload::load_key(key, check_only)))
            .map(drop)
    }

    fn unload_key(&self, root: &DatasetName) -> Outcome<()> {
        self.ask(Request::UnloadKey, root.as_str(), None).map(drop)
    }

    fn change_key(&self, request: &ChangeKey<'_>) -> Outcome<()> {
        self.ask(Request::ChangeKey, request.dataset.as_str(), Some(&payload::change_key(request)))
            .map(drop)
    }
}

impl Ioctl {
    /// The dataset whose delegation allows the receive: the target if it is there, else its parent.
    ///
    /// What an increment goes to is there, or the kernel refuses it. Asking would take longer the less of the dataset is in memory.
    fn receive_place(&self, request: &Receive<'_>) -> Outcome<DatasetName> {
        let target = request.snapshot.dataset();
        if is_increment(request) {
            return Ok(target.clone());
        }
        match self.order(Request::ObjsetStats, &mut *Command::on(target.as_str())?) {
            Err(refusal) if refusal.errno == Errno::ENOENT => Ok(target.parent().unwrap_or_else(|| target.clone())),
            _ => Ok(target.clone()),
        }
    }
}

/// Whether it changes a dataset: a clone makes one, though it has a base too.
fn is_increment(request: &Receive<'_>) -> bool {
    request.origin.is_none()
        && Begin::read(request.begin).is_ok_and(|begin| begin.from_guid.is_some() && !begin.flags.contains(BeginFlags::CLONE))
}

fn received(answer: &NvList) -> Received {
    let refused = answer.get::<&NvList>("errors").map(items).unwrap_or_default();
    Received {
        bytes: answer.get("read_bytes").unwrap_or(0),
        property_errors: refused,
    }
}
