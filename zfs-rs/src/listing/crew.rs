//! I share out the places of a tree among threads and hand on what they find, in order.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::companion::Companion;
use super::look::{Early, Found, Look, Place};
use super::order::{Next, Order, Ticket};
use crate::backend::Refusal;
use crate::errno::Errno;
use crate::error::{Error, Operation, Result};
use crate::worker::Worker;

/// A tree being listed, with the threads that do it. Dropped, it waits for their last calls to end.
#[derive(Debug)]
pub(super) struct Crew {
    shared: Arc<Shared>,
    companions: Vec<Arc<Companion>>,
    // Dropped last but one by one: by then all have been told to end.
    workers: Vec<Worker<()>>,
}

#[derive(Debug)]
struct Shared {
    look: Look,
    window: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    order: Order<Place, Result<Found>>,
    /// Places that are being found; who has nothing else to do looks whether there is anything below them.
    early: VecDeque<Early>,
    is_over: bool,
}

/// Something to do.
enum Task {
    Look(Ticket, Place),
    LookAhead(Early),
}

impl Crew {
    /// Begins at `root` with so many threads that list, each with a companion or without. With none, whoever asks does the work.
    pub(super) fn start(look: Look, root: Place, listers: usize, is_accompanied: bool) -> Self {
        let shared = Arc::new(Shared {
            look,
            // Each lister may be that far ahead of whoever reads: enough to bridge a large dataset in between.
            window: listers.saturating_mul(AHEAD).max(1),
            state: Mutex::new(State {
                order: Order::new(root),
                early: VecDeque::new(),
                is_over: false,
            }),
            changed: Condvar::new(),
        });
        let mut crew = Self {
            shared,
            companions: Vec::new(),
            workers: Vec::new(),
        };
        for _ in 0..listers {
            crew.hire(is_accompanied);
        }
        crew
    }

    /// One lister more. Where the system gives no further thread, fewer do.
    fn hire(&mut self, is_accompanied: bool) {
        let companion = is_accompanied.then(|| Arc::new(Companion::new()));
        let (shared, beside) = (Arc::clone(&self.shared), companion.clone());
        let lister = Worker::start("zfs-list", move || {
            shared.work(beside.as_deref());
            Ok(())
        });
        let Ok(lister) = lister else { return };
        self.workers.push(lister);
        let Some(companion) = companion else { return };
        let (device, beside) = (Arc::clone(&self.shared.look.device), Arc::clone(&companion));
        let accompanying = Worker::start("zfs-list-keep", move || {
            beside.run(&*device);
            Ok(())
        });
        self.workers.extend(accompanying);
        self.companions.push(companion);
    }

    /// What is at the next place, in the order of the tree.
    pub(super) fn next(&self) -> Option<Result<Found>> {
        let mut state = self.shared.lock();
        loop {
            match state.order.next() {
                Next::End => return None,
                Next::Ready(found) => {
                    drop(state);
                    // There is room now for somebody to go on.
                    self.shared.changed.notify_all();
                    return Some(found);
                }
                Next::NotYet if self.workers.is_empty() => {
                    let (ticket, place) = state.order.take(1)?;
                    drop(state);
                    self.shared.look_at(ticket, place, None);
                    state = self.shared.lock();
                }
                Next::NotYet => state = self.shared.wait(state),
            }
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        self.shared.changed.notify_all();
        for companion in &self.companions {
            companion.end();
        }
    }
}

impl Shared {
    fn work(&self, companion: Option<&Companion>) {
        while let Some(task) = self.await_task() {
            match task {
                Task::Look(ticket, place) => self.look_at(ticket, place, companion),
                Task::LookAhead(early) => self.look.ahead(&early),
            }
        }
    }

    fn await_task(&self) -> Option<Task> {
        let mut state = self.lock();
        loop {
            if state.is_over || state.order.is_seen() {
                return None;
            }
            if let Some((ticket, place)) = state.order.take(self.window) {
                return Some(Task::Look(ticket, place));
            }
            if let Some(early) = state.early.pop_front() {
                return Some(Task::LookAhead(early));
            }
            state = self.wait(state);
        }
    }

    fn look_at(&self, ticket: Ticket, place: Place, companion: Option<&Companion>) {
        let mut lost = Lost {
            shared: self,
            ticket,
            name: Some(place.name().to_string()),
        };
        let (below, found) = self.look.at(place, companion, |early| {
            // With one lister nobody would come to it before its turn.
            if self.window > AHEAD {
                self.lock().early.push_back(early);
                self.changed.notify_all();
            }
        });
        lost.name = None;
        self.give(ticket, below, found);
    }

    fn give(&self, ticket: Ticket, below: Vec<Place>, found: Option<Result<Found>>) {
        self.lock().order.give(ticket, below, found);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place whose thread died in somebody's decorator: it brings an error instead of silence.
struct Lost<'a> {
    shared: &'a Shared,
    ticket: Ticket,
    /// Nothing once it was looked at.
    name: Option<String>,
}

impl Drop for Lost<'_> {
    fn drop(&mut self) {
        let Some(name) = self.name.take() else { return };
        let error = Error::new(Operation::Read, name, Refusal::from(Errno::EFAULT));
        self.shared.give(self.ticket, Vec::new(), Some(Err(error)));
    }
}

/// Datasets that each lister may have done before they are asked for.
const AHEAD: usize = 4;
