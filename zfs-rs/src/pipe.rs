//! I am a pipe: the only kind of descriptor the kernel is given to write a stream to or read one from.
//!
//! Files and sockets work with some kernels and fail with EINVAL on others (Linux 5.10 and later want a `write_iter`); a pipe works with all,
//! and closing either end always ends the call at the other.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::{FcntlArg, OFlag, SpliceFFlags, fcntl, splice};
use nix::unistd::pipe2;

/// Makes a pipe, closed on exec: `(reader, writer)`.
///
/// It is made as large as an unprivileged user may have, 1 MiB, which halves the time of a local transfer against the usual 64 KiB. It is
/// enlarged while it is empty: resizing one that holds data can hang its writer.
///
/// # Errors
///
/// The system's, when there are too many descriptors.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
    // A user who has used up the pages allowed for pipes keeps the small size; that is slower, not wrong.
    fcntl(&writer, FcntlArg::F_SETPIPE_SZ(CAPACITY)).ok();
    Ok((reader, writer))
}

const CAPACITY: i32 = 1 << 20;

/// Moves up to `limit` bytes from one pipe to another without copying them through the program; 0 means the writers are gone.
///
/// # Errors
///
/// The system's: EPIPE when the reader of `to` went away.
pub fn transfer(from: &impl AsFd, to: &impl AsFd, limit: usize) -> io::Result<usize> {
    loop {
        match splice(from.as_fd(), None, to.as_fd(), None, limit, SpliceFFlags::SPLICE_F_MOVE) {
            Err(nix::errno::Errno::EINTR) => {}
            other => return Ok(other?),
        }
    }
}

/// Lets no call wait at this end any more: one that finds the pipe full, or empty, ends with EAGAIN instead.
///
/// Closing the end from outside does nothing to a call, which has the pipe open by itself. A kernel's send or receive asks each time before it waits
/// (`pipe_write`, `pipe_read` in fs/pipe.c), so the flag reaches one that runs.
pub(crate) fn stop_waiting(end: &impl AsFd) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(end, FcntlArg::F_GETFL)?);
    fcntl(end, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read as _, Write as _};

    use super::*;

    #[test]
    fn bytes_move_from_pipe_to_pipe_and_the_end_is_zero() {
        let (first_reader, first_writer) = pipe().unwrap();
        let (second_reader, second_writer) = pipe().unwrap();
        File::from(first_writer).write_all(b"a stream").unwrap();
        assert_eq!(transfer(&first_reader, &second_writer, 4).unwrap(), 4);
        assert_eq!(transfer(&first_reader, &second_writer, 100).unwrap(), 4);
        assert_eq!(transfer(&first_reader, &second_writer, 100).unwrap(), 0);
        drop(second_writer);
        let mut text = String::new();
        File::from(second_reader).read_to_string(&mut text).unwrap();
        assert_eq!(text, "a stream");
    }

    #[test]
    fn a_reader_that_is_gone_is_an_error_and_no_signal() {
        let (first_reader, first_writer) = pipe().unwrap();
        let (second_reader, second_writer) = pipe().unwrap();
        File::from(first_writer).write_all(b"a stream").unwrap();
        drop(second_reader);
        assert_eq!(
            transfer(&first_reader, &second_writer, 4).unwrap_err().kind(),
            io::ErrorKind::BrokenPipe
        );
    }
}
