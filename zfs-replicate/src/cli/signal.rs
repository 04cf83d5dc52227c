//! I hear that somebody wants the run to end, once; from then on a signal does what it always does.

use std::io;
use std::thread;

use nix::sys::signal::{SigSet, Signal};
use tokio::sync::oneshot;

/// Tells of the first SIGINT or SIGTERM that comes from now on; the second one ends the program, wherever it is. To be called before there are other threads:
/// those begun later leave these signals to the one begun here.
pub(super) fn first() -> io::Result<oneshot::Receiver<()>> {
    let mut ends = SigSet::empty();
    ends.add(Signal::SIGINT);
    ends.add(Signal::SIGTERM);
    ends.thread_block()?;
    let (tell, told) = oneshot::channel();
    let listen = move || {
        if ends.wait().is_ok() {
            // Nobody wants to know once the run is over.
            tell.send(()).ok();
        }
        // The next one finds a thread that has it not blocked and does nothing about it.
        ends.thread_unblock().ok();
        loop {
            thread::park();
        }
    };
    thread::Builder::new().name("signal".to_owned()).spawn(listen)?;
    Ok(told)
}
