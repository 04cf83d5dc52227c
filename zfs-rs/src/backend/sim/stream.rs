//! I am the bytes between the model and a descriptor: read and written in the open, while nothing is locked.
//!
//! A call waits for its stream and for its process's death at once, so that a kill ends it wherever it is.

use std::os::fd::{AsFd, BorrowedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{read, write};

use super::content::{index, length};
use super::fault::{self, Call, OnByte};
use super::process::Process;
use super::turn::{Taker, Turn};
use super::world::DEAD;
use crate::errno::Errno;

/// One end of a stream, with the fault that lies ahead.
#[derive(Debug)]
pub(super) struct Stream<'a> {
    process: &'a Process,
    descriptor: BorrowedFd<'a>,
    call: Call,
    ahead: Option<(u64, OnByte)>,
    turn: Option<Turn<'a>>,
    /// Bytes that passed.
    pub(super) bytes: u64,
}

/// Why a stream goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The other end is closed.
    Closed,
    /// The process is dead.
    Dead,
    /// The descriptor, or a fault, says so.
    Errno(Errno),
}

/// As a receive has it.
impl From<Stop> for Errno {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Closed => Self::ZFS_ERR_STREAM_TRUNCATED,
            Stop::Dead => DEAD,
            Stop::Errno(errno) => errno,
        }
    }
}

impl<'a> Stream<'a> {
    pub(super) fn new(process: &'a Process, call: Call, descriptor: BorrowedFd<'a>) -> Self {
        Self {
            process,
            descriptor,
            call,
            ahead: ahead(process, call),
            turn: Turn::begin(process, call, descriptor),
            bytes: 0,
        }
    }

    /// Fills the buffer.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Stop> {
        let mut done = 0;
        while done < buffer.len() {
            let room = self.before_fault(length(buffer.get(done..).unwrap_or_default()))?;
            let place = buffer.get_mut(done..done.saturating_add(index(room))).unwrap_or_default();
            self.tell(Taker::Waiting(self.bytes));
            wait(self.process, self.descriptor, PollFlags::POLLIN)?;
            self.tell(Taker::Busy);
            match read(self.descriptor, place) {
                Ok(0) => return Err(Stop::Closed),
                Ok(count) => {
                    done += count;
                    self.bytes += u64::try_from(count).unwrap_or(0);
                }
                Err(nix::errno::Errno::EINTR) => {}
                Err(errno) => return Err(Stop::Errno(errno.into())),
            }
        }
        Ok(())
    }

    /// Writes all of it, in pieces that a pipe which is ready takes whole.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = self.before_fault(length(rest).min(ATOMIC))?;
            let piece = rest.get(..index(room)).unwrap_or(rest);
            wait(self.process, self.descriptor, PollFlags::POLLOUT)?;
            match write(self.descriptor, piece) {
                Ok(count) => {
                    rest = rest.get(count..).unwrap_or_default();
                    self.bytes += u64::try_from(count).unwrap_or(0);
                }
                Err(nix::errno::Errno::EINTR) => {}
                Err(nix::errno::Errno::EPIPE) => return Err(Stop::Closed),
                Err(errno) => return Err(Stop::Errno(errno.into())),
            }
        }
        Ok(())
    }

    /// Waits, if the call is a send in turn, until nothing more comes of what was written.
    pub(super) fn settle(&self) -> Result<(), Stop> {
        self.turn.as_ref().map_or(Ok(()), |turn| turn.settle(self.bytes, self.descriptor))
    }

    /// A receive takes no more.
    pub(super) fn end(&self) {
        self.tell(Taker::Ended(self.bytes));
    }

    fn tell(&self, taker: Taker) {
        if let Some(turn) = &self.turn {
            turn.tell(taker);
        }
    }

    /// How much of `wanted` may pass before a fault comes true; the fault itself when that is nothing.
    fn before_fault(&mut self, wanted: u64) -> Result<u64, Stop> {
        while let Some((at, effect)) = &self.ahead {
            if let Some(room) = at.checked_sub(self.bytes).filter(|room| *room > 0) {
                return Ok(wanted.min(room));
            }
            if self.call == Call::Send {
                self.settle()?;
            }
            let mut world = self.process.world();
            if let Some(life) = world.processes.get_mut(&self.process.id()) {
                fault::spend(&mut life.faults, self.call, *at);
            }
            match effect {
                OnByte::Cut => return Err(Stop::Closed),
                OnByte::Refuse(errno) => return Err(Stop::Errno(*errno)),
                OnByte::Kill => {
                    world.kill(self.process.id());
                    return Err(Stop::Dead);
                }
                OnByte::Wait(gate) => {
                    drop(world);
                    wait(self.process, gate.reach(), PollFlags::POLLIN)?;
                    self.ahead = ahead(self.process, self.call);
                }
                OnByte::After(deed) => {
                    drop(world);
                    deed.happen();
                    self.ahead = ahead(self.process, self.call);
                }
            }
        }
        Ok(wanted)
    }
}

fn ahead(process: &Process, call: Call) -> Option<(u64, OnByte)> {
    let world = process.world();
    let life = world.processes.get(&process.id())?;
    fault::ahead(&life.faults, call)
}

/// Waits until the descriptor can be used or the process is dead; not at all where the descriptor says so.
pub(super) fn wait(process: &Process, descriptor: BorrowedFd<'_>, events: PollFlags) -> Result<(), Stop> {
    let pulse = process.pulse().ok_or(Stop::Errno(Errno::EBADF))?;
    let mut both = [PollFd::new(descriptor.as_fd(), events), PollFd::new(pulse, PollFlags::POLLIN)];
    let flags = fcntl(descriptor, FcntlArg::F_GETFL).map_err(|errno| Stop::Errno(errno.into()))?;
    let time = if OFlag::from_bits_retain(flags).contains(OFlag::O_NONBLOCK) {
        PollTimeout::ZERO
    } else {
        PollTimeout::NONE
    };
    loop {
        match poll(&mut both, time) {
            Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(Stop::Errno(errno.into())),
            Ok(0) => return Err(Stop::Errno(Errno::EAGAIN)),
            Ok(_) => break,
        }
    }
    let [_, pulse] = both;
    if pulse.any().unwrap_or(true) { Err(Stop::Dead) } else { Ok(()) }
}

/// What a pipe takes without waiting once it is ready to be written to (`PIPE_BUF`).
const ATOMIC: u64 = 4096;
