//! I say which objects of a filesystem differ, what they are, and what happens in the module.

use std::ffi::OsString;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use super::Ioctl;
use super::command::Command;
use super::request::Request;
use crate::backend::{Cleanup, EventRead, Object, ObjectStats, Outcome, Refusal};
use crate::errno::Errno;
use crate::name::SnapshotName;

impl Ioctl {
    pub(super) fn write_changed_objects(&self, from: &SnapshotName, to: Object<'_>, into: BorrowedFd<'_>) -> Outcome<()> {
        let mut command = Command::on(&to.path())?;
        command.set_value(from.as_str())?;
        command.cookie = u64::try_from(into.as_raw_fd()).map_err(|_negative| Errno::EBADF)?;
        self.order(Request::Diff, &mut command)
    }

    pub(super) fn read_object(&self, of: Object<'_>, number: u64) -> Outcome<ObjectStats> {
        let mut command = Command::on(&of.path())?;
        command.obj = number;
        let path = match self.control.call(Request::ObjToStats, &mut command, &[], &mut []) {
            Ok(()) => Some(PathBuf::from(OsString::from_vec(command.value().to_vec()))),
            // The kernel first writes what the object is and then looks for its name (`zfs_obj_to_stats` in zfs_znode.c).
            Err(_no_name) if command.stat.mode != 0 => None,
            Err(errno) => return Err(errno.into()),
        };
        let [seconds, nanoseconds] = command.stat.changed;
        Ok(ObjectStats {
            path,
            mode: command.stat.mode,
            links: command.stat.links,
            generation: command.stat.generation,
            changed: (seconds, nanoseconds),
        })
    }

    pub(super) fn find_object(&self, of: Object<'_>, after: u64) -> Outcome<Option<u64>> {
        let mut command = Command::on(&of.path())?;
        command.obj = after;
        match self.order(Request::NextObj, &mut command) {
            Ok(()) => Ok(Some(command.obj)),
            Err(refusal) if refusal.errno == Errno::ESRCH => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    pub(super) fn read_event(&self, through: &dyn Cleanup, wait: bool) -> Outcome<Option<EventRead>> {
        let mut command = Command::on("")?;
        command.cleanup_fd = through.descriptor().as_raw_fd();
        command.guid = if wait { 0 } else { NO_WAIT };
        let (result, list) = self.exchange(Request::EventsNext, &mut command, &[])?;
        match (result, list) {
            (Ok(()), Some(list)) => Ok(Some(EventRead {
                list,
                lost: command.cookie,
            })),
            (Err(errno), _) if errno == Errno::ENOENT && !wait => Ok(None),
            (Err(errno), _) => Err(errno.into()),
            (Ok(()), None) => Err(Refusal::from(Errno::EFAULT)),
        }
    }
}

/// `ZEVENT_NONBLOCK`.
const NO_WAIT: u64 = 1;
