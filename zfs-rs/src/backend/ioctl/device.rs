//! I am `/dev/zfs` and the only ioctl(2).

#![expect(unsafe_code, reason = "one of the four files that may: the ioctl itself")]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::Path;
use std::ptr;

use super::command::Command;
use super::request::Request;
use crate::backend::Cleanup;
use crate::backend::hear::hear;
use crate::errno::Errno;

/// The control node.
pub(super) const PATH: &str = "/dev/zfs";

/// An open `/dev/zfs`. Any number may be open at once; all methods may be called from many threads.
#[derive(Debug)]
pub(super) struct Control(File);

impl Control {
    /// Opens the node, close-on-exec.
    pub(super) fn open() -> io::Result<Self> {
        OpenOptions::new().read(true).write(true).open(Path::new(PATH)).map(Self)
    }

    /// Opens the node for what is tied to it until its last copy is closed, close-on-exec: for reading, by which it is known from the others.
    pub(super) fn open_handle() -> io::Result<Self> {
        File::open(Path::new(PATH)).map(Self)
    }

    /// Hands a command to the kernel with what it reads and where it may write, and waits for the answer.
    ///
    /// The kernel copies the command out also when it refuses. A call that was interrupted is not repeated here: for a send or a receive that
    /// would begin a second stream on the same descriptor.
    pub(super) fn call(&self, request: Request, command: &mut Command, source: &[u8], destination: &mut [u8]) -> Result<(), Errno> {
        command.source = address(source.as_ptr(), source.len());
        command.source_size = size(source.len());
        command.destination = address(destination.as_mut_ptr(), destination.len());
        command.destination_size = size(destination.len());
        command.history = 0;
        command.history_length = 0;
        command.conf = 0;
        command.conf_size = 0;
        // SAFETY: the descriptor is open for the whole call because `self` owns it. `command` is a live, exclusive, 8-aligned block of the
        // 13,744 bytes this request copies in and out (asserted at its type), and every bit pattern is a valid `Command`. The addresses in it
        // were written just above: `source` is readable and `destination` exclusively writable for the sizes given beside them, and all other
        // addresses are null, so the kernel touches no other memory of this process. Nothing is retained after the call.
        let answer = unsafe { libc::ioctl(self.0.as_raw_fd(), request.number(), ptr::from_mut(command)) };
        let refusal = last_errno();
        if matches!(request, Request::SendNew | Request::RecvNew | Request::Diff) {
            hear();
        }
        match answer {
            0 => Ok(()),
            // No kernel means to say more, yet 2.1 to 2.4 do where a received block cannot be decompressed by gzip or lzjb (`flush_write_batch_impl` in
            // dmu_recv.c takes their -1 for the number of an error). No number comes with it.
            1.. => Err(Errno::EIO),
            _ => Err(refusal),
        }
    }
}

impl Cleanup for Control {
    fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn last_errno() -> Errno {
    Errno(io::Error::last_os_error().raw_os_error().unwrap_or(0))
}

fn address(start: *const u8, length: usize) -> u64 {
    if length == 0 { 0 } else { size(start.expose_provenance()) }
}

#[expect(clippy::as_conversions, reason = "usize is never wider than u64 where Linux runs")]
fn size(number: usize) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_is_no_zfs_answers_with_its_number() {
        let null = Control(OpenOptions::new().read(true).write(true).open("/dev/null").unwrap());
        let mut command = Command::on("tank").unwrap();
        assert_eq!(null.call(Request::ObjsetStats, &mut command, &[], &mut []), Err(Errno::ENOTTY));
    }
}
