//! I run a long call of the kernel on a thread of its own, deaf to signals.
//!
//! A signal that interrupts a receive can make the kernel begin it anew in the middle of the stream, and a broken pipe raises SIGPIPE in the
//! thread that writes; with all signals blocked neither happens, and the process's own handlers run on its other threads.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::signal::SigSet;

use crate::backend::{Outcome, Refusal};
use crate::errno::Errno;

/// A running call. It ends when the kernel is done or the far end of its pipe is closed.
#[derive(Debug)]
pub(crate) struct Worker<T> {
    handle: Option<JoinHandle<Outcome<T>>>,
    /// Nothing ever comes through; it closes when the thread is done.
    done: mpsc::Receiver<()>,
}

impl<T: Send + 'static> Worker<T> {
    /// Starts `call` on a thread of that name.
    pub(crate) fn start(name: &str, call: impl FnOnce() -> Outcome<T> + Send + 'static) -> io::Result<Self> {
        let (alive, done) = mpsc::channel();
        let deaf = move || {
            let _alive = alive;
            SigSet::all().thread_block().map_err(|number| Refusal::from(Errno::from(number)))?;
            call()
        };
        thread::Builder::new().name(name.to_owned()).spawn(deaf).map(|handle| Self {
            handle: Some(handle),
            done,
        })
    }

    /// Waits for the end, at most that long, and says whether it has come.
    pub(crate) fn wait(&self, at_most: Duration) -> bool {
        self.done.recv_timeout(at_most) == Err(RecvTimeoutError::Disconnected)
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
