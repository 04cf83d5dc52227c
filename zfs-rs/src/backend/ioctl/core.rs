//! I change things: create, destroy, snapshot, bookmark, hold, send, receive.

use std::os::fd::BorrowedFd;

use super::Ioctl;
use super::command::Command;
use super::request::Request;
use crate::backend::payload::{self, items, whole};
use crate::backend::request::{Create, DestroySnapshots, Receive, Send, Snapshot};
use crate::backend::{Base, Cleanup, Core, Object, Outcome, Received, Refusal};
use crate::errno::Errno;
use crate::name::{BookmarkName, DatasetName, HoldTag, SnapshotName};
use crate::nvlist::NvList;

impl Core for Ioctl {
    fn create(&self, request: &Create<'_>) -> Outcome<()> {
        self.ask(Request::Create, request.name.as_str(), Some(&payload::create(request)))
            .map(drop)
    }

    fn destroy(&self, object: Object<'_>) -> Outcome<()> {
        self.order(Request::Destroy, &mut *Command::on(&object.path())?)
    }

    fn rename(&self, from: &DatasetName, to: &DatasetName) -> Outcome<()> {
        let mut command = Command::on(from.as_str())?;
        command.set_value(to.as_str())?;
        self.order(Request::Rename, &mut command)
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

    fn send_space(&self, request: &Send<'_>) -> Outcome<u64> {
        let answer = self.ask(Request::SendSpace, request.snapshot.as_str(), Some(&payload::send_space(request)))?;
        answer.get("space").map_err(|_absent| Refusal::from(Errno::EFAULT))
    }

    fn receive(&self, request: &Receive<'_>, from: BorrowedFd<'_>) -> Outcome<Received> {
        let target = request.snapshot.dataset();
        let place = self.receive_place(target)?;
        let answer = self.ask(Request::RecvNew, place.as_str(), Some(&payload::receive(request, from)))?;
        Ok(received(&answer))
    }
}

impl Ioctl {
    /// The dataset whose delegation allows the receive: the target if it is there, else its parent.
    fn receive_place(&self, target: &DatasetName) -> Outcome<DatasetName> {
        match self.order(Request::ObjsetStats, &mut *Command::on(target.as_str())?) {
            Err(refusal) if refusal.errno == Errno::ENOENT => Ok(target.parent().unwrap_or_else(|| target.clone())),
            _ => Ok(target.clone()),
        }
    }
}

fn received(answer: &NvList) -> Received {
    let refused = answer.get::<&NvList>("errors").map(items).unwrap_or_default();
    Received {
        bytes: answer.get("read_bytes").unwrap_or(0),
        property_errors: refused,
    }
}
