//! I carry out one order, and say how it went.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use zfs_rs::{Guid, Incoming, Receiving, Sending, TemporaryHold, pipe};

use super::Hands;
use crate::plan::Transfer;
use crate::reason::{Broken, Failure, FailureKind, Part, Side};
use crate::run::{Action, Answer, Seen};
use crate::transfer::limit::Limit;
use crate::transfer::outcome::first_cause;
use crate::transfer::pump;
use crate::transfer::route::Route;

/// Carries out an order; `moved` hears how many bytes a transfer has moved so far.
pub(super) fn act(hands: &Hands, action: &Action, moved: &dyn Fn(u64)) -> (Answer, Option<TemporaryHold>) {
    let answer = match action {
        Action::Hold { snapshots } => match hands.source.hold(snapshots, &hands.tag) {
            Ok(hold) => return (Answer::Done(Ok(())), Some(hold)),
            Err(failure) => Answer::Done(Err(failure)),
        },
        Action::Rename(rename) => Answer::Done(hands.target.rename(rename)),
        Action::AbortPartial(partial) => Answer::Done(hands.target.abort_partial(partial)),
        Action::Mark(cursor) => Answer::Done(hands.source.mark(cursor)),
        Action::Transfer(order) => transfer(hands, order, moved),
        Action::Confirm { snapshot } => Answer::Confirmed(hands.target.find(snapshot).map(|found| Seen {
            snapshot: found.snapshot,
            partial: found.partial,
        })),
        Action::KeepPartial(kept) => Answer::Done(hands.source.keep(kept)),
        Action::ReleaseKept(kept) => Answer::Done(hands.source.release(kept)),
        Action::Unmark(cursors) => Answer::Done(hands.source.unmark(cursors)),
        Action::DropHold => Answer::Done(Ok(())),
    };
    (answer, None)
}

/// A transfer in flight: up to three parts, each with an end of its own.
struct Flight {
    sending: Sending,
    link: Option<thread::JoinHandle<io::Result<u64>>>,
    receiving: Option<Receiving>,
    refused: Option<Failure>,
}

fn transfer(hands: &Hands, order: &Transfer, moved: &dyn Fn(u64)) -> Answer {
    match take_off(hands, order) {
        Ok(flight) => flight.land(hands, moved),
        Err(failure) => Answer::Transferred {
            bytes: 0,
            result: Err(failure.into()),
        },
    }
}

/// Starts the send, looks at the first record, and only then touches the target.
fn take_off(hands: &Hands, order: &Transfer) -> Result<Flight, Failure> {
    let (reader, writer) = pipe::pipe().map_err(|error| link_failure(order, &error))?;
    let sending = hands.source.send(order, writer)?;
    let (reader, link) = match (Route::local(hands.limit.is_some()), &hands.limit) {
        (Route::Splice, Some(limit)) => {
            let (limited, link) = splice(hands, order, reader, Arc::clone(limit))?;
            (limited, Some(link))
        }
        _ => (reader, None),
    };
    let received = Incoming::open(reader)
        .map_err(|error| hands.target.failure(Part::Receive, &error))
        .and_then(|stream| gate(order, stream))
        .and_then(|stream| hands.target.receive(order, stream));
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
    let began = hands.began;
    let pump = move || {
        pump::splice(&from, &writer, |bytes| {
            let wait = limit.lock().unwrap_or_else(PoisonError::into_inner).book(bytes, began.elapsed());
            pause(wait);
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
    /// Waits for every part and makes one result of theirs.
    fn land(self, hands: &Hands, moved: &dyn Fn(u64)) -> Answer {
        let Self {
            sending,
            link,
            receiving,
            refused,
        } = self;
        let mut bytes = 0;
        while receiving.as_ref().is_some_and(|receiving| !receiving.wait(TICK)) {
            if let Ok(Some(progress)) = sending.progress() {
                bytes = progress.bytes;
                moved(bytes);
            }
        }
        let received = receiving.map(Receiving::join);
        let send = sending.join().err().map(|error| hands.source.failure(Part::Send, &error));
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
            Some(Err(error)) => Some(hands.target.failure(Part::Receive, &error)),
            Some(Ok(receipt)) => {
                bytes = receipt.bytes;
                None
            }
        };
        Answer::Transferred {
            bytes,
            result: first_cause(send, link, receive),
        }
    }
}

/// The answer to an order for which there was no thread.
pub(super) fn refused(action: &Action) -> impl Fn(&io::Error) -> Answer + use<> {
    let is_transfer = matches!(action, Action::Transfer(_));
    let is_confirm = matches!(action, Action::Confirm { .. });
    move |error| {
        let failure = Failure {
            side: Side::Source,
            part: Part::Link,
            object: "a thread".to_owned(),
            kind: FailureKind::Io,
            errno: error.raw_os_error(),
            detail: error.to_string(),
        };
        match (is_transfer, is_confirm) {
            (true, _) => Answer::Transferred {
                bytes: 0,
                result: Err(Broken::from(failure)),
            },
            (_, true) => Answer::Confirmed(Err(failure)),
            _ => Answer::Done(Err(failure)),
        }
    }
}

fn link_failure(order: &Transfer, error: &io::Error) -> Failure {
    Failure {
        side: Side::Source,
        part: Part::Link,
        object: order.to.name.to_string(),
        kind: FailureKind::Io,
        errno: error.raw_os_error(),
        detail: error.to_string(),
    }
}

#[expect(clippy::disallowed_methods, reason = "the driver is who waits")]
fn pause(time: Duration) {
    thread::sleep(time);
}

/// How often progress is asked for.
const TICK: Duration = Duration::from_millis(250);
