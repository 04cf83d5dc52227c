//! I let a thread hear that its process is being killed, where OpenZFS has kept that from it; `crate::apart` tells how.
//!
//! A thread that does not hear of it comes back from the kernel and goes on, among threads that are gone with whatever lock they held, such as the allocator's, and
//! waits there for ever.

use nix::sys::signal::{SigSet, Signal};

/// Ends the thread if its process is being killed. To be called before anything else where a call comes back that starts threads of the kernel.
///
/// The kernel looks again whether there is a signal when a thread's mask changes (`recalc_sigpending` in kernel/signal.c), and only then. So the mask is
/// changed for a moment, in what programs ignore unless they ask for it.
pub(crate) fn hear() {
    let Ok(mask) = SigSet::thread_get_mask() else { return };
    let mut other = mask;
    if mask.contains(Signal::SIGURG) {
        other.remove(Signal::SIGURG);
    } else {
        other.add(Signal::SIGURG);
    }
    if other.thread_set_mask().is_ok() {
        // What was a mask before is one again.
        mask.thread_set_mask().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_stays_as_it_was() {
        for before in [SigSet::all(), SigSet::empty()] {
            before.thread_set_mask().unwrap();
            let before = SigSet::thread_get_mask().unwrap();
            hear();
            assert_eq!(SigSet::thread_get_mask().unwrap(), before);
        }
    }
}
