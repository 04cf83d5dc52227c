//! I read and write what libzfs_core has no call for.

use std::os::fd::{AsRawFd, BorrowedFd};

use super::command::Command;
use super::device::Control;
use super::request::Request;
use super::{Ioctl, pack};
use crate::backend::payload::items;
use crate::backend::request::NextSnapshot;
use crate::backend::{
    Cleanup, Cursor, Detail, Device, EventRead, Listed, Object, ObjectStats, Outcome, Refusal, SendProgress, Stats, VdevOrder,
};
use crate::errno::Errno;
use crate::identity::Guid;
use crate::name::{BookmarkName, DatasetName, PoolName, PropertyName, SnapshotName};
use crate::nvlist::NvList;

impl Device for Ioctl {
    fn pools(&self) -> Outcome<NvList> {
        self.read_pools()
    }

    fn pool_properties(&self, of: &PoolName) -> Outcome<NvList> {
        match self.ask(Request::PoolGetProps, of.as_str(), None) {
            // Before 2.3 every pool that does not open is EFAULT to this request (`zfs_ioc_pool_get_props` in 2.0.3 and 2.1.11), one that is not there too.
            Err(refusal) if refusal.errno == Errno::EFAULT => Err(self.pool_status(of).err().unwrap_or(refusal)),
            answer => answer,
        }
    }

    fn pool_status(&self, of: &PoolName) -> Outcome<NvList> {
        self.ask(Request::PoolStats, of.as_str(), None)
    }

    fn initialize(&self, pool: &PoolName, order: VdevOrder, vdevs: &[Guid]) -> Outcome<()> {
        self.initialize_devices(pool, order, vdevs)
    }

    fn stats(&self, of: Object<'_>) -> Outcome<Stats> {
        self.read_stats(of)
    }

    fn properties(&self, of: Object<'_>) -> Outcome<(Stats, NvList)> {
        let mut command = Command::on(&of.path())?;
        let (answered, properties) = self.exchange(Request::ObjsetStats, &mut command, &[])?;
        answered?;
        Ok((command.stats.read(), properties.unwrap_or_default()))
    }

    fn next_child(&self, of: &DatasetName, after: Cursor, detail: Detail) -> Outcome<Option<Listed>> {
        self.step_child(of, after, detail)
    }

    fn next_snapshot(&self, request: &NextSnapshot<'_>) -> Outcome<Option<Listed>> {
        self.step_snapshot(request)
    }

    fn bookmarks(&self, of: &DatasetName) -> Outcome<NvList> {
        // Named one by one: "no list at all" would mean all properties, but only since 2.0.
        let wanted = crate::backend::payload::names(&["guid", "createtxg", "creation"]);
        self.ask(Request::GetBookmarks, of.as_str(), Some(&wanted))
    }

    fn bookmark_properties(&self, of: &BookmarkName) -> Outcome<NvList> {
        self.ask(Request::GetBookmarkProps, of.as_str(), None)
    }

    fn holds(&self, of: &SnapshotName) -> Outcome<NvList> {
        self.ask(Request::GetHolds, of.as_str(), None)
    }

    fn set_properties(&self, of: &DatasetName, to: &NvList) -> Outcome<()> {
        let source = pack(to)?;
        let (result, answer) = self.exchange(Request::SetProp, &mut *Command::on(of.as_str())?, &source)?;
        result.map_err(|errno| Refusal {
            errno,
            items: answer.map(|list| items(&list)).unwrap_or_default(),
        })
    }

    fn inherit(&self, of: &DatasetName, property: &PropertyName, to_received: bool) -> Outcome<()> {
        let mut command = Command::on(of.as_str())?;
        command.set_value(property.as_str())?;
        command.cookie = u64::from(to_received);
        self.order(Request::InheritProp, &mut command)
    }

    fn received_properties(&self, of: &DatasetName) -> Outcome<NvList> {
        self.ask(Request::ObjsetRecvdProps, of.as_str(), None)
    }

    fn changed_objects(&self, from: &SnapshotName, to: Object<'_>, into: BorrowedFd<'_>) -> Outcome<()> {
        self.write_changed_objects(from, to, into)
    }

    fn object(&self, of: Object<'_>, number: u64) -> Outcome<ObjectStats> {
        self.read_object(of, number)
    }

    fn next_object(&self, of: Object<'_>, after: u64) -> Outcome<Option<u64>> {
        self.find_object(of, after)
    }

    fn next_event(&self, through: &dyn Cleanup, wait: bool) -> Outcome<Option<EventRead>> {
        self.read_event(through, wait)
    }

    fn send_progress(&self, of: &SnapshotName, to: BorrowedFd<'_>) -> Outcome<SendProgress> {
        let mut command = Command::on(of.as_str())?;
        // The kernel knows a send by the descriptor's number in this process.
        command.cookie = u64::try_from(to.as_raw_fd()).map_err(|_negative| Errno::EBADF)?;
        self.order(Request::SendProgress, &mut command)?;
        Ok(SendProgress {
            bytes: command.cookie,
            blocks: command.objset_type,
        })
    }

    fn cleanup(&self) -> Outcome<Box<dyn Cleanup>> {
        match Control::open_handle() {
            Ok(control) => Ok(Box::new(control)),
            Err(error) => Err(Refusal::from(Errno(error.raw_os_error().unwrap_or(Errno::ENXIO.0)))),
        }
    }
}
