//! I am what is open for a dataset between two of its orders.

use std::io;
use std::os::fd::OwnedFd;

use zfs_rs::{Sending, TemporaryHold, pipe};

use super::Hands;
use crate::endpoint::guard::Pace;
use crate::plan::Transfer;
use crate::reason::{Failure, FailureKind, Part, Side};

/// What is open for a dataset.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// What is held for it.
    pub(super) hold: Option<TemporaryHold>,
    /// The stream that comes next.
    pub(super) begun: Option<Box<Begun>>,
}

/// A stream whose sender is at work, and which nobody reads yet.
///
/// It is begun while the one before is received, so that the kernel finds its beginning by the time it can take it. Until then a pipe is filled, and the
/// sender's queue (`zfs_send_queue_length`, 16 MiB unless somebody changed it).
#[derive(Debug)]
pub(super) struct Begun {
    transfer: Transfer,
    // Before the sender, which ends when nobody reads: who is dropped first is told by the order here.
    pub(super) stream: OwnedFd,
    pub(super) sending: Sending,
}

impl Begun {
    /// Starts to send.
    pub(super) fn new(hands: &Hands, transfer: &Transfer) -> Result<Self, Failure> {
        let (stream, writer) = pipe::pipe().map_err(|error| link_failure(transfer, &error))?;
        Ok(Self {
            transfer: transfer.clone(),
            stream,
            sending: hands.replicator.source.send(transfer, writer)?,
        })
    }
}

impl Open {
    /// The stream for an order: the one that was begun for it, or a new one.
    pub(super) fn stream(&mut self, hands: &Hands, order: &Transfer) -> Result<Begun, Failure> {
        match self.begun.take() {
            Some(begun) if begun.transfer == *order => Ok(*begun),
            other => {
                drop(other);
                Begun::new(hands, order)
            }
        }
    }

    /// Begins what comes after an order that is on its way. Whether it can be is told when its turn comes.
    pub(super) fn look_ahead(&mut self, hands: &Hands, next: Option<&Transfer>) {
        let next = next.filter(|_| hands.pace == Pace::Together && !hands.is_cancelled());
        self.begun = next.and_then(|next| Begun::new(hands, next).ok().map(Box::new));
    }
}

/// What is wrong with the way between both sides.
pub(super) fn link_failure(order: &Transfer, error: &io::Error) -> Failure {
    Failure {
        side: Side::Source,
        part: Part::Link,
        object: order.to.name.to_string(),
        kind: FailureKind::Io,
        errno: error.raw_os_error(),
        detail: error.to_string(),
    }
}
