//! I hold a call up until somebody lets it go on: a delay told by what happens meanwhile, not by a clock.

use std::fmt;
use std::io::{self, pipe};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Where calls wait; see [`AfterCalls::wait_at`](super::AfterCalls::wait_at) and [`AtByte::wait_at`](super::AtByte::wait_at).
///
/// Closed at first, and never closed again once it is open. All clones are the same gate. A call that waits ends when its process is killed.
///
/// ```
/// use zfs_rs::backend::sim::{Call, Gate, Sim, after};
///
/// let machine = Sim::new(1);
/// machine.add_pool("tank")?;
/// let (slow, gate) = (machine.start(), Gate::new()?);
/// slow.inject(after(0).on(Call::Snapshot).wait_at(&gate));
/// let zfs = slow.zfs();
/// let snapshots = ["tank@now".parse()?];
/// let late = std::thread::spawn(move || zfs.create_snapshots(&snapshots, &[]));
/// gate.wait_until_reached();
/// assert!(machine.zfs().snapshot(&"tank@now".parse()?).is_err()); // not made yet, and nobody else is held up
/// gate.open();
/// late.join().unwrap()?;
/// assert!(machine.zfs().snapshot(&"tank@now".parse()?).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    /// Readable, for it is at its end, once the gate is open.
    passage: OwnedFd,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Dropped when the gate opens.
    bar: Option<OwnedFd>,
    is_reached: bool,
}

impl Gate {
    /// A closed gate.
    ///
    /// # Errors
    ///
    /// The system has no descriptors left.
    pub fn new() -> io::Result<Self> {
        let (passage, bar) = pipe()?;
        Ok(Self(Arc::new(Inner {
            passage: passage.into(),
            state: Mutex::new(State {
                bar: Some(bar.into()),
                is_reached: false,
            }),
            changed: Condvar::new(),
        })))
    }

    /// Lets every call go on that waits here, and those that come later.
    pub fn open(&self) {
        self.state().bar = None;
    }

    /// Waits until a call has come to it.
    pub fn wait_until_reached(&self) {
        let mut state = self.state();
        while !state.is_reached {
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Tells that a call has come, and gives what is readable once the gate is open.
    pub(super) fn reach(&self) -> BorrowedFd<'_> {
        self.state().is_reached = true;
        self.0.changed.notify_all();
        self.0.passage.as_fd()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PartialEq for Gate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Gate {}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("is_open", &self.state().bar.is_none()).finish()
    }
}
