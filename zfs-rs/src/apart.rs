//! I run a call of the kernel with a table of descriptors of its own, in which nothing is open but what the call needs.
//!
//! A thread that is killed while it starts a thread of the kernel is told so once, and OpenZFS takes that back to try again (`spl_kthread_create` in
//! spl-thread.c, 2.0 to 2.4). The call then waits in its pipe as if nobody had killed it, until the pipe's far end is closed; and where the program's
//! threads share one table, the thread that waits has the far end open itself. Its dataset would stay busy until the machine starts again.
//!
//! The thread's own table begins as a copy, so all but the standard streams is closed in it: what the program closes, such as a connection, is to be closed
//! at once and not when a send of hours has ended. Until then it is with it as with a process between fork and exec.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::linux::fs::MetadataExt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sched::{CloneFlags, unshare};
use nix::unistd::close;

use crate::backend::{Cleanup, Outcome, Refusal};
use crate::errno::Errno;

/// Held while a thread has copies of what is not its own.
static COPYING: Mutex<()> = Mutex::new(());

/// Whose descriptors a call has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    /// Its own: the end that it is called with, and the ways to ZFS.
    Own,
    /// The program's. What is no kernel may have other descriptors there that it needs.
    Shared,
}

impl Table {
    /// Runs `call` with that table and waits for it.
    pub(crate) fn run<T: Send>(self, end: BorrowedFd<'_>, call: &(impl Fn(BorrowedFd<'_>) -> Outcome<T> + Sync)) -> Outcome<T> {
        match self {
            Self::Own => apart(end, call),
            Self::Shared => call(end),
        }
    }
}

/// Runs `call` on a thread of its own that has no pipe but `end` open, nor anything else of the program's, and waits for it.
///
/// The call is lent to that thread only: what it owns must be closed in the program's table.
///
/// Where the system allows no table of its own, or has no /proc to see what is open, it is run with the program's.
fn apart<T: Send>(end: BorrowedFd<'_>, call: &(impl Fn(BorrowedFd<'_>) -> Outcome<T> + Sync)) -> Outcome<T> {
    let name = thread::current().name().unwrap_or("zfs").to_owned();
    let alone = || {
        leave_all_but(end.as_raw_fd()).map_err(|error| refusal(&error))?;
        call(end)
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .name(name)
            .spawn_scoped(scope, alone)
            .map_err(|error| refusal(&error))?;
        // One that died has no result.
        thread.join().unwrap_or_else(|_| Err(Errno::EFAULT.into()))
    })
}

fn refusal(error: &io::Error) -> Refusal {
    error.raw_os_error().map_or(Errno::EFAULT, Errno).into()
}

/// Gives this thread a table of its own and closes in it what a call of the kernel at `end` does not need.
fn leave_all_but(end: RawFd) -> io::Result<()> {
    let copying = copying();
    if !fs::exists(TABLE).unwrap_or(false) || unshare(CloneFlags::CLONE_FILES).is_err() {
        return Ok(());
    }
    let control = device("/dev/zfs");
    let mut others = Vec::new();
    for number in open_numbers()? {
        match Purpose::of(number, control) {
            _ if number == end => {}
            Purpose::Way | Purpose::Standard => {}
            Purpose::Handle => shut(number),
            Purpose::Other => others.push(number),
        }
    }
    drop(copying);
    others.into_iter().for_each(shut);
    Ok(())
}

fn shut(number: RawFd) {
    // The directory that was read is among the numbers, and closed by then.
    close(number).ok();
}

/// What the thread that asks has open, by number.
const TABLE: &str = "/proc/thread-self/fd";

fn open_numbers() -> io::Result<Vec<RawFd>> {
    let number = |entry: io::Result<fs::DirEntry>| entry.map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()));
    fs::read_dir(TABLE)?.filter_map(|entry| number(entry).transpose()).collect()
}

/// What a descriptor is to a call of the kernel.
enum Purpose {
    /// The call may go through it.
    Way,
    /// Something in the kernel lasts until its last copy is closed; see [`OnlyHere`].
    Handle,
    /// What a panic or a library says must not go into something that was opened later.
    Standard,
    Other,
}

impl Purpose {
    /// Of a descriptor, where ZFS is that device.
    fn of(number: RawFd, control: Option<u64>) -> Self {
        if (0..3).contains(&number) {
            return Self::Standard;
        }
        let link = format!("{TABLE}/{number}");
        if control.is_none() || device(&link) != control {
            return Self::Other;
        }
        // The link's mode tells how it was opened: libzfs_core opens its way for both, as we do, and we open handles for reading.
        let is_writable = fs::symlink_metadata(&link).is_ok_and(|link| link.st_mode() & 0o200 != 0);
        if is_writable { Self::Way } else { Self::Handle }
    }
}

/// The device that a node is.
fn device(node: &str) -> Option<u64> {
    fs::metadata(node).map(|node| node.st_rdev()).ok()
}

fn copying() -> MutexGuard<'static, ()> {
    COPYING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A handle of the kernel. When this has been dropped, no copy of it is left.
#[derive(Debug)]
pub(crate) struct OnlyHere {
    handle: Box<dyn Cleanup>,
    _copies: Copies,
}

/// Waits when it is dropped until no thread has copies of what was closed before.
#[derive(Debug)]
struct Copies;

impl OnlyHere {
    pub(crate) fn new(handle: Box<dyn Cleanup>) -> Self {
        Self { handle, _copies: Copies }
    }

    pub(crate) fn handle(&self) -> &dyn Cleanup {
        &*self.handle
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        drop(copying());
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read as _, Write as _};
    use std::os::fd::AsFd as _;
    use std::os::unix::net::UnixStream;
    use std::sync::mpsc;

    use super::*;
    use crate::pipe::pipe;

    #[test]
    fn a_call_has_its_end_and_nothing_else_of_the_program() {
        let (reader, writer) = pipe().unwrap();
        let (mut near, far) = UnixStream::pair().unwrap();
        let (begun, has_begun) = mpsc::channel();
        let (end, may_end) = mpsc::channel::<()>();
        let may_end = Mutex::new(may_end);
        let call = |end: BorrowedFd<'_>| {
            // The directory that was read for this is closed again.
            let mut open = open_numbers().unwrap();
            open.retain(|number| *number > 2 && fs::exists(format!("{TABLE}/{number}")).unwrap());
            assert_eq!(open, [end.as_raw_fd()]);
            begun.send(()).unwrap();
            may_end.lock().unwrap().recv().unwrap();
            let mut end = File::from(end.try_clone_to_owned().unwrap());
            // The reader is gone although the program's other threads had it open when the call began.
            Ok(end.write_all(b"x").unwrap_err().kind())
        };
        let result = thread::scope(|scope| {
            let calling = scope.spawn(|| apart(writer.as_fd(), &call));
            has_begun.recv().unwrap();
            drop(far);
            // A copy of the far end would let this wait for as long as the call does.
            assert_eq!(near.read(&mut [0]).unwrap(), 0);
            drop(reader);
            end.send(()).unwrap();
            calling.join().unwrap()
        });
        assert_eq!(result.unwrap(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn the_program_keeps_what_the_call_let_go() {
        let (mut near, mut far) = UnixStream::pair().unwrap();
        let (_reader, writer) = pipe().unwrap();
        apart(writer.as_fd(), &|_| Ok(())).unwrap();
        far.write_all(b"x").unwrap();
        assert_eq!(near.read(&mut [0]).unwrap(), 1);
    }
}
