//! I carry out one order, and say how it went.

use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use zfs_rs::{Guid, Incoming, Receiving, Sending, pipe};

use super::Hands;
use super::open::{Begun, Open, link_failure};
use crate::plan::Transfer;
use crate::reason::{Failure, FailureKind, Part, Side};
use crate::run::{Action, Answer, Order, Seen};
use crate::transfer::limit::Limit;
use crate::transfer::outcome::first_cause;
use crate::transfer::pump;
use crate::transfer::route::Route;

/// Carries out an order; `moved` hears how many bytes a transfer has moved so far, if anybody wants to know.
pub(super) fn act(hands: &Hands, order: &Order, open: &mut Open, moved: Option<&dyn Fn(u64)>) -> Answer {
    match &order.action {
        Action::Guard { snapshots, cursors } => match hands.replicator.source.guard(snapshots, cursors, &hands.tag, hands.pace) {
            Ok(hold) => {
                open.hold = hold;
                Answer::Done(Ok(()))
            }
            Err(failure) => Answer::Done(Err(failure)),
        },
        Action::Rename(rename) => Answer::Done(hands.replicator.target.rename(rename)),
        Action::SetAside(aside) => Answer::Done(hands.replicator.target.set_aside(aside)),
        Action::RollBack(back) => Answer::Done(hands.replicator.target.roll_back(back)),
        Action::StandIn(placeholder) => Answer::Done(hands.replicator.target.stand_in(placeholder)),
        Action::AbortPartial(partial) => Answer::Done(hands.replicator.target.abort_partial(partial)),
        Action::Transfer(transfer) if hands.is_cancelled() => Answer::Transferred {
            bytes: 0,
            result: Err(cut(transfer).into()),
        },
        Action::Transfer(transfer) => {
            let answer = move_stream(hands, transfer, order.ahead.as_deref(), open, moved);
            if !matches!(answer, Answer::Transferred { result: Ok(()), .. }) {
                open.begun = None;
            }
            answer
        }
        Action::Confirm(wanted) => Answer::Confirmed(hands.replicator.target.find(wanted).map(|found| Seen {
            snapshot: found.snapshot,
            partial: found.partial,
        })),
        Action::KeepPartial(kept) => Answer::Done(hands.replicator.source.keep(kept)),
        Action::ReleaseKept(kept) => Answer::Done(hands.replicator.source.release(kept)),
        Action::Unmark(cursors) => Answer::Done(hands.replicator.source.unguard(cursors, open.hold.take(), hands.pace)),
        // Closing what is open is all there is to do then.
        Action::DropHold => {
            *open = Open::default();
            Answer::Done(Ok(()))
        }
        Action::PlanAgain(source) => Answer::Planned(hands.replicator.plan_again(source).map(Box::new)),
    }
}

/// A transfer in flight: up to three parts, each with an end of its own.
struct Flight {
    sending: Sending,
    link: Option<thread::JoinHandle<io::Result<u64>>>,
    receiving: Option<Receiving>,
    refused: Option<Failure>,
}

fn move_stream(hands: &Hands, order: &Transfer, next: Option<&Transfer>, open: &mut Open, moved: Option<&dyn Fn(u64)>) -> Answer {
    match take_off(hands, order, open) {
        Ok(flight) => {
            open.look_ahead(hands, next);
            flight.land(hands, order, moved)
        }
        Err(failure) => Answer::Transferred {
            bytes: 0,
            result: Err(failure.into()),
        },
    }
}

/// Starts the send, looks at the first record, and only then touches the target.
fn take_off(hands: &Hands, order: &Transfer, open: &mut Open) -> Result<Flight, Failure> {
    let Begun { stream, sending, .. } = open.stream(hands, order)?;
    let (reader, link) = match (Route::local(hands.limit.is_some()), &hands.limit) {
        (Route::Splice, Some(limit)) => {
            let (limited, link) = splice(hands, order, stream, Arc::clone(limit))?;
            (limited, Some(link))
        }
        _ => (stream, None),
    };
    let received = Incoming::open(reader)
        .map_err(|error| hands.replicator.target.failure(Part::Receive, &error))
        .and_then(|stream| gate(order, stream))
        .and_then(|stream| hands.replicator.target.receive(order, stream));
    let (receiving, refused) = match received {
        Ok(receiving) => (Some(receiving), None),
        Err(failure) => (None, Some(failure)),
    };
    Ok(Flight {
        sending,
        link,
        receiving,
        refused,
    })
}

fn splice(
    hands: &Hands,
    order: &Transfer,
    from: OwnedFd,
    limit: Arc<Mutex<Limit>>,
) -> Result<(OwnedFd, thread::JoinHandle<io::Result<u64>>), Failure> {
    let failed = |error: io::Error| link_failure(order, &error);
    let (reader, writer) = pipe::pipe().map_err(failed)?;
    let hands = hands.clone();
    let pump = move || {
        pump::splice(&from, &writer, |bytes| {
            let now = hands.began.elapsed();
            let wait = limit.lock().unwrap_or_else(PoisonError::into_inner).book(bytes, now);
            hands.pause(now.saturating_add(wait))
        })
    };
    let link = thread::Builder::new().name("link".to_owned()).spawn(pump).map_err(failed)?;
    Ok((reader, link))
}

/// Lets a stream through to the kernel only if it is the planned one.
fn gate(order: &Transfer, stream: Incoming) -> Result<Incoming, Failure> {
    let begin = stream.begin();
    let expect = |expected: Guid, found: Option<u64>| {
        if found == Some(expected.0) {
            Ok(())
        } else {
            Err(FailureKind::Stale {
                expected,
                found: found.map(Guid),
            })
        }
    };
    let base = order.from.as_ref().map_or(Guid(0), crate::view::Base::guid);
    let checked = expect(order.to.guid, Some(begin.to_guid)).and_then(|()| expect(base, Some(begin.from_guid.unwrap_or(0))));
    match checked {
        Ok(()) => Ok(stream),
        Err(kind) => Err(Failure {
            side: Side::Source,
            part: Part::Link,
            object: order.to.name.to_string(),
            kind,
            errno: None,
            detail: "the stream begins with another snapshot than the planned one".to_owned(),
        }),
    }
}

impl Flight {
    /// Waits for every part and makes one result of theirs. When the run is cancelled, both calls are told not to wait for each other any more: what has
    /// arrived by then is saved by the receiving kernel, as after any end that comes too early.
    fn land(self, hands: &Hands, order: &Transfer, moved: Option<&dyn Fn(u64)>) -> Answer {
        let Self {
            sending,
            link,
            receiving,
            refused,
        } = self;
        let mut bytes = 0;
        while let Some(receiving) = receiving.as_ref().filter(|receiving| !receiving.wait(TICK)) {
            if hands.is_cancelled() {
                // A call that cannot be told ends with its stream, as it would have.
                receiving.cancel().ok();
                sending.cancel().ok();
            }
            if let Some(moved) = moved
                && let Ok(Some(progress)) = sending.progress()
            {
                bytes = progress.bytes;
                moved(bytes);
            }
        }
        let received = receiving.map(Receiving::join);
        let send = sending
            .join()
            .err()
            .map(|error| hands.replicator.source.failure(Part::Send, &error));
        let link = link.and_then(|link| link.join().ok()).and_then(Result::err);
        let link = link.map(|error| Failure {
            side: Side::Source,
            part: Part::Link,
            object: "the link".to_owned(),
            kind: if error.kind() == io::ErrorKind::BrokenPipe {
                FailureKind::Interrupted
            } else {
                FailureKind::Io
            },
            errno: error.raw_os_error(),
            detail: error.to_string(),
        });
        let receive = match received {
            None => refused,
            Some(Err(error)) => Some(hands.replicator.target.failure(Part::Receive, &error)),
            Some(Ok(receipt)) => {
                bytes = receipt.bytes;
                None
            }
        };
        Answer::Transferred {
            bytes,
            result: first_cause(send, link, receive, hands.is_cancelled().then(|| cut(order))),
        }
    }
}

/// How an order is answered for which there was no thread.
pub(super) fn refused(action: &Action) -> fn(&io::Error) -> Answer {
    match action {
        Action::Transfer(_) => |error| Answer::Transferred {
            bytes: 0,
            result: Err(no_thread(error).into()),
        },
        Action::Confirm(_) => |error| Answer::Confirmed(Err(no_thread(error))),
        Action::PlanAgain(_) => |error| Answer::Planned(Err(no_thread(error))),
        // The hold went with the thread that was to drop it.
        Action::DropHold => |_| Answer::Done(Ok(())),
        _ => |error| Answer::Done(Err(no_thread(error))),
    }
}

fn no_thread(error: &io::Error) -> Failure {
    Failure {
        side: Side::Source,
        part: Part::Link,
        object: "a thread".to_owned(),
        kind: FailureKind::Io,
        errno: error.raw_os_error(),
        detail: error.to_string(),
    }
}

/// The failure of a transfer because its run was cancelled.
fn cut(order: &Transfer) -> Failure {
    Failure {
        side: Side::Source,
        part: Part::Run,
        object: order.to.name.to_string(),
        kind: FailureKind::Cancelled,
        errno: None,
        detail: String::new(),
    }
}

impl Hands {
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Waits until that time of the run, or until it is cancelled: then there is no going on.
    #[expect(clippy::disallowed_methods, reason = "the driver is who waits")]
    pub(super) fn pause(&self, until: Duration) -> ControlFlow<()> {
        while !self.is_cancelled() {
            match until.saturating_sub(self.began.elapsed()) {
                Duration::ZERO => return ControlFlow::Continue(()),
                left => thread::sleep(left.min(TICK)),
            }
        }
        ControlFlow::Break(())
    }
}

/// How often progress is asked for, and whether the run was cancelled.
const TICK: Duration = Duration::from_millis(250);
