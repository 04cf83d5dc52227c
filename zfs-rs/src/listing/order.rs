//! I keep a tree in order while its parts are looked at in any order.

use std::collections::VecDeque;
use std::mem;

/// Places of a tree, parents before children, each waiting, being looked at, or done.
///
/// What is below a place is known only when somebody has been there; it then goes right behind it.
#[derive(Debug)]
pub(super) struct Order<P, R> {
    slots: VecDeque<Slot<P, R>>,
    tickets: u64,
}

#[derive(Debug)]
enum Slot<P, R> {
    Waiting(P),
    Running(Ticket),
    Done(R),
}

/// Proof of having taken a place, to be given back with what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<R> {
    /// The next place has been looked at.
    Ready(R),
    /// The next place has not been looked at yet.
    NotYet,
    /// All has been handed out.
    End,
}

impl<P, R> Order<P, R> {
    /// A tree of which the root is known.
    pub(super) fn new(root: P) -> Self {
        Self {
            slots: VecDeque::from([Slot::Waiting(root)]),
            tickets: 0,
        }
    }

    /// A place to look at: the first that waits, if it is among so many from the front. That bounds what is done and not yet handed out.
    pub(super) fn take(&mut self, window: usize) -> Option<(Ticket, P)> {
        let ticket = Ticket(self.tickets);
        let slots = self.slots.iter_mut().take(window);
        let slot = slots.into_iter().find(|slot| matches!(slot, Slot::Waiting(_)))?;
        match mem::replace(slot, Slot::Running(ticket)) {
            Slot::Waiting(place) => {
                self.tickets += 1;
                Some((ticket, place))
            }
            // Only waiting ones were looked for.
            other => {
                *slot = other;
                None
            }
        }
    }

    /// Takes note of what is at a place, if it is still there, and below it.
    pub(super) fn give(&mut self, ticket: Ticket, below: Vec<P>, result: Option<R>) {
        let is_it = |slot: &Slot<P, R>| matches!(slot, Slot::Running(running) if *running == ticket);
        let Some(at) = self.slots.iter().position(is_it) else { return };
        let behind = self.slots.split_off(at.saturating_add(1));
        self.slots.pop_back();
        self.slots.extend(result.map(Slot::Done));
        self.slots.extend(below.into_iter().map(Slot::Waiting));
        self.slots.extend(behind);
    }

    /// Hands out what is at the next place.
    pub(super) fn next(&mut self) -> Next<R> {
        match self.slots.pop_front() {
            None => Next::End,
            Some(Slot::Done(result)) => Next::Ready(result),
            Some(other) => {
                self.slots.push_front(other);
                Next::NotYet
            }
        }
    }

    /// Whether no place will ever wait again.
    pub(super) fn is_seen(&self) -> bool {
        self.slots.iter().all(|slot| matches!(slot, Slot::Done(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_comes_out_in_order_although_its_parts_are_done_in_another() {
        let mut order = Order::new("r");
        let (root, place) = order.take(8).unwrap();
        assert_eq!((place, order.next()), ("r", Next::NotYet));
        order.give(root, vec!["a", "b", "c"], Some("r!"));
        let tickets: Vec<Ticket> = std::iter::from_fn(|| order.take(8)).map(|(ticket, _)| ticket).collect();
        order.give(tickets[2], Vec::new(), Some("c!"));
        // One that vanished is not there, but what was below it may have moved.
        order.give(tickets[1], Vec::new(), None);
        assert_eq!((order.next(), order.next()), (Next::Ready("r!"), Next::NotYet));
        order.give(tickets[0], vec!["a1"], Some("a!"));
        assert_eq!((order.next(), order.next()), (Next::Ready("a!"), Next::NotYet));
        let (inner, place) = order.take(8).unwrap();
        assert_eq!(place, "a1");
        assert!(!order.is_seen());
        order.give(inner, Vec::new(), Some("a1!"));
        assert!(order.is_seen());
        assert_eq!(
            (order.next(), order.next(), order.next()),
            (Next::Ready("a1!"), Next::Ready("c!"), Next::End)
        );
    }

    #[test]
    fn nobody_runs_further_ahead_than_the_window() {
        let mut order: Order<u32, u32> = Order::new(0);
        let (root, _) = order.take(2).unwrap();
        order.give(root, (1..10).collect(), Some(0));
        assert_eq!(order.take(2).map(|(_, place)| place), Some(1));
        assert!(order.take(2).is_none(), "the root is not handed out yet");
        assert_eq!(order.next(), Next::Ready(0));
        assert_eq!(order.take(2).map(|(_, place)| place), Some(2));
    }
}
