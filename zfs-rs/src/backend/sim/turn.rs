//! I keep the two ends of a stream from running beside each other where it matters, for processes that take turns.
//!
//! A send may be far ahead of the receive that takes its stream, or not at all: the threads decide. What then ends both strikes the receive anywhere. In
//! turn, it strikes once the receive has taken all that was sent before, has done what that says, and waits for more.

use std::fs::File;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::MetadataExt as _;

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

use super::fault::Call;
use super::process::Process;
use super::stream::Stop;
use crate::errno::Errno;
use crate::stream::record::RECORD_SIZE;

/// How far the receive is that takes a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taker {
    /// It has not begun, or is at work on what it has taken.
    Busy,
    /// It has taken that many bytes behind the first record, and waits for more.
    Waiting(u64),
    /// It has taken so many and ended.
    Ended(u64),
}

/// One end of a pipe whose send takes turns.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    process: &'a Process,
    call: Call,
    /// Both ends of a pipe have the same.
    pipe: u64,
}

impl<'a> Turn<'a> {
    /// The turn of a call that begins; nothing where its process does not take turns, or its pipe is not one of a send that does.
    pub(super) fn begin(process: &'a Process, call: Call, descriptor: BorrowedFd<'_>) -> Option<Self> {
        if !process.world().processes.get(&process.id())?.in_turn {
            return None;
        }
        let pipe = File::from(descriptor.try_clone_to_owned().ok()?).metadata().ok()?.ino();
        let mut world = process.world();
        if call == Call::Send {
            world.takers.insert(pipe, Taker::Busy);
        } else if !world.takers.contains_key(&pipe) {
            return None;
        }
        Some(Self { process, call, pipe })
    }

    /// A receive says how far it is.
    pub(super) fn tell(&self, taker: Taker) {
        // The send may be gone, and with it who listens.
        if let Some(known) = self.process.world().takers.get_mut(&self.pipe) {
            *known = taker;
        }
    }

    /// A send that has written `sent` bytes waits until the receive can do nothing more with them.
    pub(super) fn settle(&self, sent: u64, descriptor: BorrowedFd<'_>) -> Result<(), Stop> {
        let Some(behind) = sent.checked_sub(FIRST) else {
            // Nobody can make anything of less than the first record.
            return Ok(());
        };
        loop {
            // Asked before the receive is: what it said last is then its last word.
            let is_closed = self.is_closed(descriptor)?;
            let taker = self.process.world().takers.get(&self.pipe).copied();
            match taker {
                Some(Taker::Waiting(taken) | Taker::Ended(taken)) if taken == behind => return Ok(()),
                Some(Taker::Busy | Taker::Waiting(_)) if !is_closed => {}
                _ => return Err(Stop::Closed),
            }
        }
    }

    /// Whether nobody can read any more, asked after a moment; dead if the process is.
    fn is_closed(&self, descriptor: BorrowedFd<'_>) -> Result<bool, Stop> {
        let pulse = self.process.pulse().ok_or(Stop::Errno(Errno::EBADF))?;
        let mut both = [PollFd::new(descriptor, PollFlags::empty()), PollFd::new(pulse, PollFlags::POLLIN)];
        match ppoll(&mut both, Some(MOMENT), None) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(Stop::Errno(errno.into())),
        }
        let [reader, pulse] = both.map(|end| end.any().unwrap_or(true));
        if pulse { Err(Stop::Dead) } else { Ok(reader) }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.call == Call::Send {
            self.process.world().takers.remove(&self.pipe);
        }
    }
}

/// Bytes of the first record, which whoever orders the receive has read.
#[expect(clippy::as_conversions, reason = "a small constant")]
const FIRST: u64 = RECORD_SIZE as u64;
/// Shorter than what a record takes to be received.
const MOMENT: TimeSpec = TimeSpec::new(0, 50_000);
