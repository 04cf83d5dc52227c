//! I draw what goes wrong in a run.

use zfs_rs::Errno;
use zfs_rs::backend::sim::{AfterCalls, AtByte, Call, Fault, after, at_byte};

use crate::chance::Chance;

/// What strikes.
#[derive(Debug)]
pub(super) enum Blow {
    /// A call goes wrong, or the program dies.
    Fault(Fault),
    /// A stream does.
    Stream(Fault),
    /// A question about the world is answered wrongly: something is said not to be there, or a list is said to be at its end. Whoever is told so may
    /// believe it.
    Lie(Fault),
    /// Somebody else does something at that moment.
    Meanwhile(AfterCalls),
    /// Somebody else gives all snapshots other names while they are listed: some then come twice, and some not at all.
    Renamed(AfterCalls),
    /// The run is cancelled once so many orders are done.
    Cancelled(usize),
    /// A stream stands still there, for as long as somebody else does something.
    Stalled(AtByte),
}

/// One blow, somewhere in a run.
pub(super) fn draw(chance: &mut Chance) -> Blow {
    if chance.percent(25) {
        let at = at_byte(u64::try_from(chance.below(MOST_BYTES)).unwrap_or(0));
        if chance.percent(25) {
            // Only a send waits until all that it wrote is received, so that what is found then hangs on no thread.
            return Blow::Stalled(at.on(Call::Send));
        }
        let at = at.on(chance.of(&[Call::Send, Call::Receive]));
        return Blow::Stream(match chance.below(3) {
            0 => at.cut(),
            1 => at.kill(),
            _ => at.errno(chance.of(&[Errno::ENOSPC, Errno::EDQUOT, Errno::EIO])),
        });
    }
    let calls = u64::try_from(chance.below(MOST_CALLS)).unwrap_or(0);
    let errno = chance.of(&ERRNOS);
    match chance.below(17) {
        0..3 => Blow::Fault(after(calls).kill()),
        3..6 => Blow::Fault(after(calls).done_but_killed()),
        6..8 => Blow::Fault(after(calls).errno(errno)),
        // Among the calls that change something, which are fewer.
        8 => Blow::Fault(after(calls / 8).on(chance.of(&CHANGES)).errno(errno)),
        9 => Blow::Fault(after(calls / 8).on(chance.of(&CHANGES)).done_but_errno(errno)),
        10 => Blow::Lie(after(calls / 4).on(chance.of(&LISTS)).errno(Errno::ESRCH)),
        11 => Blow::Lie(
            after(calls / 4)
                .on(chance.of(&[Call::Stats, Call::Properties]))
                .errno(Errno::ENOENT),
        ),
        12 => Blow::Meanwhile(after(calls)),
        13 => Blow::Cancelled(chance.below(MOST_ORDERS)),
        14 => Blow::Renamed(after(calls / 4).on(Call::NextSnapshot)),
        // Just after it, which only the next run can mend.
        15 => Blow::Fault(after(calls / 64).on(chance.of(&CHANGES)).done_but_killed()),
        _ => Blow::Meanwhile(after(calls / 16).on(chance.of(&CHANGES))),
    }
}

/// A run of some datasets makes so many calls.
const MOST_CALLS: usize = 160;
/// And is given so many orders.
const MOST_ORDERS: usize = 24;
/// Streams are about as long.
pub(super) const MOST_BYTES: usize = 90_000;
const ERRNOS: [Errno; 6] = [Errno::EIO, Errno::ENOSPC, Errno::EDQUOT, Errno::EBUSY, Errno::EINTR, Errno::EAGAIN];
const LISTS: [Call; 2] = [Call::NextChild, Call::NextSnapshot];
const CHANGES: [Call; 9] = [
    Call::Bookmark,
    Call::DestroyBookmarks,
    Call::Hold,
    Call::Release,
    Call::Receive,
    Call::Rename,
    Call::Destroy,
    Call::DestroySnapshots,
    Call::Rollback,
];
