//! I am the only loop that moves a stream's bytes.

use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;

/// Moves everything from one pipe to the other and closes both; returns how many bytes went.
///
/// `book` is told of every portion, may keep us waiting before the next, and says whether there is to be one.
pub(crate) fn splice(from: &OwnedFd, to: &OwnedFd, mut book: impl FnMut(u64) -> ControlFlow<()>) -> io::Result<u64> {
    let mut moved: u64 = 0;
    loop {
        match zfs_rs::pipe::transfer(from, to, PORTION)? {
            0 => return Ok(moved),
            bytes => {
                let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
                moved = moved.saturating_add(bytes);
                // After the fact: only then is it known how much there was.
                if book(bytes).is_break() {
                    return Ok(moved);
                }
            }
        }
    }
}

/// The most that goes at once: small enough that a low limit flows instead of jumping.
const PORTION: usize = 64 << 10;
