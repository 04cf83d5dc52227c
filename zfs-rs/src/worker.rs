//! I run a long call of the kernel on a thread of its own, deaf to signals.
//!
//! A signal that interrupts a receive can make the kernel begin it anew in the middle of the stream, and a broken pipe raises SIGPIPE in the
//! thread that writes; with all signals blocked neither happens, and the process's own handlers run on its other threads.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::signal::SigSet;

use crate::apart::Table;
use crate::backend::{Outcome, Refusal};
use crate::errno::Errno;

/// A running call. It ends when the kernel is done or the far end of its pipe is closed.
#[derive(Debug)]
pub(crate) struct Worker<T> {
    handle: Option<JoinHandle<Outcome<T>>>,
    end: Arc<End>,
}

/// Whether the thread is done, for any number of threads to wait for.
#[derive(Debug, Default)]
struct End {
    is_here: Mutex<bool>,
    came: Condvar,
}

/// Tells it when the thread lets go of this, however it ends.
struct Alive(Arc<End>);

impl Drop for Alive {
    fn drop(&mut self) {
        *self.0.is_here.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.came.notify_all();
    }
}

impl<T: Send + 'static> Worker<T> {
    /// Starts `call` on a thread of that name.
    pub(crate) fn start(name: &str, call: impl FnOnce() -> Outcome<T> + Send + 'static) -> io::Result<Self> {
        let end = Arc::new(End::default());
        let alive = Alive(Arc::clone(&end));
        let deaf = move || {
            let _alive = alive;
            SigSet::all().thread_block().map_err(|number| Refusal::from(Errno::from(number)))?;
            call()
        };
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(deaf)
            .map(|handle| Self { handle: Some(handle), end })
    }

    /// Starts `call`, which uses an end of a pipe, with descriptors of that table. The end is closed when the call is done, and can be had until then.
    pub(crate) fn start_at(
        name: &str,
        end: OwnedFd,
        table: Table,
        call: impl Fn(BorrowedFd<'_>) -> Outcome<T> + Send + Sync + 'static,
    ) -> io::Result<(Self, Weak<OwnedFd>)> {
        let end = Arc::new(end);
        let lent = Arc::downgrade(&end);
        let worker = Self::start(name, move || {
            let result = table.run(end.as_fd(), &call);
            // The far end hears of it before anybody else.
            drop(end);
            result
        })?;
        Ok((worker, lent))
    }

    /// Waits for the end, at most that long, and says whether it has come.
    pub(crate) fn wait(&self, at_most: Duration) -> bool {
        let is_here = self.end.is_here.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.end.came.wait_timeout_while(is_here, at_most, |is_here| !*is_here);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Waits for the end. A thread that died brings EFAULT: it has no result.
    pub(crate) fn join(mut self) -> Outcome<T> {
        self.take().unwrap_or(Err(Refusal::from(Errno::EFAULT)))
    }
}

impl<T> Worker<T> {
    fn take(&mut self) -> Option<Outcome<T>> {
        self.handle.take().and_then(|handle| handle.join().ok())
    }
}

impl<T> Drop for Worker<T> {
    /// Waits: a thread in the kernel cannot be left behind with descriptors that are somebody else's by then.
    fn drop(&mut self) {
        drop(self.take());
    }
}
