//! I carry orders through `/dev/zfs` without any library.
//!
//! Complete by itself: a static binary needs nothing else. [`Ioctl`] serves as both faces of the seam.

mod command;
mod core;
mod device;
mod listing;
mod object;
mod property;
mod request;
mod room;
mod upkeep;

use std::io;
use std::sync::Arc;

use self::command::Command;
use self::device::Control;
use self::request::Request;
use self::room::Spare;
use crate::backend::payload::items;
use crate::backend::{Outcome, Refusal};
use crate::errno::Errno;
use crate::nvlist::NvList;

/// The kernel through `/dev/zfs`.
#[derive(Debug, Clone)]
pub struct Ioctl {
    control: Arc<Control>,
    manners: Arc<listing::Manners>,
    spare: Arc<Spare>,
}

impl Ioctl {
    /// Opens `/dev/zfs`.
    ///
    /// # Errors
    ///
    /// The system's error: not found where the module is not loaded, permission denied where the node is not open to this user.
    pub fn open() -> io::Result<Self> {
        Ok(Self {
            control: Arc::new(Control::open()?),
            manners: Arc::default(),
            spare: Arc::default(),
        })
    }

    /// A request of the newer kind: a name and a list go down, a list comes up.
    fn ask(&self, request: Request, name: &str, input: Option<&NvList>) -> Outcome<NvList> {
        let mut command = Command::on(name)?;
        let source = match input {
            Some(list) => pack(list)?,
            None => Vec::new(),
        };
        let (result, answer) = self.exchange(request, &mut command, &source)?;
        match result {
            Ok(()) => Ok(answer.unwrap_or_default()),
            Err(errno) => Err(Refusal {
                errno,
                items: answer.map(|list| items(&list)).unwrap_or_default(),
            }),
        }
    }

    /// Calls with room for an answer, and again with more room where that is harmless.
    ///
    /// The inner result is the kernel's; the list is what it wrote, which it may do beside a refusal too.
    fn exchange(&self, request: Request, command: &mut Command, source: &[u8]) -> Outcome<(Result<(), Errno>, Option<NvList>)> {
        self.exchange_within(request, command, source, ANSWER_START)
    }

    /// As [`exchange`](Self::exchange), with so much room at first.
    fn exchange_within(
        &self,
        request: Request,
        command: &mut Command,
        source: &[u8],
        start: usize,
    ) -> Outcome<(Result<(), Errno>, Option<NvList>)> {
        let mut room = self.spare.take(start.clamp(ANSWER_START, ANSWER_MAX));
        let (name, cookie) = (command.name(), command.cookie);
        loop {
            let result = self.control.call(request, command, source, &mut room);
            let wanted = usize::try_from(command.destination_size).unwrap_or(usize::MAX);
            if result == Err(Errno::ENOMEM) && request.only_looks() && room.len() < ANSWER_MAX {
                let doubled = room.len().saturating_mul(2);
                room.resize(wanted.clamp(doubled, ANSWER_MAX), 0);
                // Listings have moved on in the command although their answer did not fit.
                command.rename(&name)?;
                command.cookie = cookie;
                continue;
            }
            let written = room
                .get(..wanted)
                .filter(|bytes| command.destination_filled != 0 && !bytes.is_empty());
            let answer = written
                .map(NvList::decode)
                .transpose()
                .map_err(|_malformed| Refusal::from(Errno::EFAULT))?;
            self.spare.keep(room);
            return Ok((result, answer));
        }
    }

    /// A request of the older kind without lists.
    fn order(&self, request: Request, command: &mut Command) -> Outcome<()> {
        Ok(self.control.call(request, command, &[], &mut [])?)
    }
}

/// Room for a first answer; most are far smaller.
const ANSWER_START: usize = 128 << 10;

/// More than any answer of a healthy kernel: a dataset's properties stay below 1 MiB, a hundred thousand bookmarks below 64 MiB.
const ANSWER_MAX: usize = 256 << 20;

fn pack(list: &NvList) -> Outcome<Vec<u8>> {
    list.encode_native().map_err(|_unwritable| Refusal::from(Errno::EINVAL))
}
