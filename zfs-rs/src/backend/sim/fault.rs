//! I am what goes wrong or slowly, as a value: counted in calls and bytes, never in time.
//!
//! ```
//! use zfs_rs::Errno;
//! use zfs_rs::backend::sim::{Call, Sim, after, at_byte};
//!
//! let sim = Sim::new(1);
//! let process = sim.start();
//! process.inject(after(2).on(Call::Snapshot).errno(Errno::ENOSPC)); // the third snapshot call finds no space
//! process.inject(at_byte(70_000).on(Call::Receive).cut()); // the stream ends there
//! process.inject(after(40).kill()); // the 41st call is never made: the process is gone
//! ```

use super::deed::Deed;
use super::gate::Gate;
use crate::errno::Errno;

/// Which call of the seam.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Call {
    /// [`Core::create`](crate::backend::Core::create).
    Create,
    /// [`Core::clone_snapshot`](crate::backend::Core::clone_snapshot).
    CloneSnapshot,
    /// [`Core::promote`](crate::backend::Core::promote).
    Promote,
    /// [`Core::rename_snapshot`](crate::backend::Core::rename_snapshot).
    RenameSnapshot,
    /// [`Core::rollback`](crate::backend::Core::rollback).
    Rollback,
    /// [`Core::snapshot_range_space`](crate::backend::Core::snapshot_range_space).
    RangeSpace,
    /// [`Keys::load_key`](crate::backend::Keys::load_key).
    LoadKey,
    /// [`Keys::unload_key`](crate::backend::Keys::unload_key).
    UnloadKey,
    /// [`Keys::change_key`](crate::backend::Keys::change_key).
    ChangeKey,
    /// [`Upkeep::sync`](crate::backend::Upkeep::sync).
    Sync,
    /// [`Upkeep::wait`](crate::backend::Upkeep::wait) and [`wait_for_deletes`](crate::backend::Upkeep::wait_for_deletes).
    Wait,
    /// [`Core::destroy`](crate::backend::Core::destroy).
    Destroy,
    /// [`Core::rename`](crate::backend::Core::rename).
    Rename,
    /// [`Core::snapshot`](crate::backend::Core::snapshot).
    Snapshot,
    /// [`Core::destroy_snapshots`](crate::backend::Core::destroy_snapshots).
    DestroySnapshots,
    /// [`Core::bookmark`](crate::backend::Core::bookmark).
    Bookmark,
    /// [`Core::destroy_bookmarks`](crate::backend::Core::destroy_bookmarks).
    DestroyBookmarks,
    /// [`Core::hold`](crate::backend::Core::hold).
    Hold,
    /// [`Core::release`](crate::backend::Core::release).
    Release,
    /// [`Core::send`](crate::backend::Core::send).
    Send,
    /// [`Core::send_space`](crate::backend::Core::send_space).
    SendSpace,
    /// [`Core::receive`](crate::backend::Core::receive).
    Receive,
    /// [`Device::pools`](crate::backend::Device::pools).
    Pools,
    /// [`Device::pool_properties`](crate::backend::Device::pool_properties).
    PoolProperties,
    /// [`Device::stats`](crate::backend::Device::stats).
    Stats,
    /// [`Device::properties`](crate::backend::Device::properties).
    Properties,
    /// [`Device::next_child`](crate::backend::Device::next_child).
    NextChild,
    /// [`Device::next_snapshot`](crate::backend::Device::next_snapshot).
    NextSnapshot,
    /// [`Device::bookmarks`](crate::backend::Device::bookmarks).
    Bookmarks,
    /// [`Device::holds`](crate::backend::Device::holds).
    Holds,
    /// [`Device::set_properties`](crate::backend::Device::set_properties).
    SetProperties,
    /// [`Device::received_properties`](crate::backend::Device::received_properties).
    ReceivedProperties,
    /// [`Device::inherit`](crate::backend::Device::inherit).
    Inherit,
    /// [`Device::send_progress`](crate::backend::Device::send_progress).
    SendProgress,
    /// [`Device::cleanup`](crate::backend::Device::cleanup).
    Cleanup,
}

impl Call {
    /// Whether it changes what is in a pool.
    pub const fn is_change(self) -> bool {
        matches!(
            self,
            Self::Create
                | Self::CloneSnapshot
                | Self::Promote
                | Self::RenameSnapshot
                | Self::Rollback
                | Self::LoadKey
                | Self::UnloadKey
                | Self::ChangeKey
                | Self::Destroy
                | Self::Rename
                | Self::Snapshot
                | Self::DestroySnapshots
                | Self::Bookmark
                | Self::DestroyBookmarks
                | Self::Hold
                | Self::Release
                | Self::Receive
                | Self::SetProperties
                | Self::Inherit
        )
    }
}

/// Something that goes wrong once, or waits, in one process; see [`Process::inject`](super::Process::inject).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub(super) on: Option<Call>,
    pub(super) moment: Moment,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Moment {
    Call { left: u64, effect: OnCall },
    Byte { at: u64, effect: OnByte },
}

/// What becomes of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OnCall {
    Refuse(Errno),
    Kill,
    DoAndRefuse(Errno),
    DoAndKill,
    Wait(Gate),
    After(Deed),
}

/// What becomes of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OnByte {
    Cut,
    Refuse(Errno),
    Kill,
    Wait(Gate),
    After(Deed),
}

/// Lets `calls` calls go as they would; the next one is hit. Counted from the moment of injection.
pub const fn after(calls: u64) -> AfterCalls {
    AfterCalls { calls, on: None }
}

/// Hits the first send or receive that comes to the byte with that offset; for a receive counted behind the first record.
pub const fn at_byte(offset: u64) -> AtByte {
    AtByte { offset, on: None }
}

/// A moment counted in calls; see [`after`].
#[derive(Debug, Clone, Copy)]
#[must_use = "says when, not yet what"]
pub struct AfterCalls {
    calls: u64,
    on: Option<Call>,
}

impl AfterCalls {
    /// Counts only calls of one kind.
    pub const fn on(mut self, call: Call) -> Self {
        self.on = Some(call);
        self
    }

    /// The call is refused and nothing is done.
    pub const fn errno(self, errno: Errno) -> Fault {
        self.fault(OnCall::Refuse(errno))
    }

    /// The process ends before the call is made.
    pub const fn kill(self) -> Fault {
        self.fault(OnCall::Kill)
    }

    /// The call does what it does, but an error is reported.
    pub const fn done_but_errno(self, errno: Errno) -> Fault {
        self.fault(OnCall::DoAndRefuse(errno))
    }

    /// The call does what it does, but the process ends before it hears of it.
    pub const fn done_but_killed(self) -> Fault {
        self.fault(OnCall::DoAndKill)
    }

    /// The call is made only once the gate is open.
    pub fn wait_at(self, gate: &Gate) -> Fault {
        self.fault(OnCall::Wait(gate.clone()))
    }

    /// Somebody else does something just before the call is made. Nothing is locked then: it may use the machine, as any process but this one.
    ///
    /// ```
    /// use zfs_rs::backend::sim::{Call, Sim, after};
    ///
    /// let machine = Sim::new(1);
    /// machine.add_pool("tank")?;
    /// let (process, other) = (machine.start(), machine.clone());
    /// let snapshot: zfs_rs::SnapshotName = "tank@now".parse()?;
    /// let first = snapshot.clone();
    /// process.inject(after(0).on(Call::Snapshot).meanwhile(move || other.zfs().create_snapshots(&[first], &[]).unwrap()));
    /// assert_eq!(process.zfs().create_snapshots(&[snapshot], &[]).unwrap_err().kind(), zfs_rs::ErrorKind::Exists);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn meanwhile(self, deed: impl FnOnce() + Send + 'static) -> Fault {
        self.fault(OnCall::After(Deed::new(deed)))
    }

    const fn fault(self, effect: OnCall) -> Fault {
        Fault {
            on: self.on,
            moment: Moment::Call { left: self.calls, effect },
        }
    }
}

/// A moment counted in bytes of a stream; see [`at_byte`].
#[derive(Debug, Clone, Copy)]
#[must_use = "says when, not yet what"]
pub struct AtByte {
    offset: u64,
    on: Option<Call>,
}

impl AtByte {
    /// Hits only [`Call::Send`] or only [`Call::Receive`].
    pub const fn on(mut self, call: Call) -> Self {
        self.on = Some(call);
        self
    }

    /// The other end of the descriptor seems gone: a receive finds the stream ended, a send its reader closed.
    pub const fn cut(self) -> Fault {
        self.fault(OnByte::Cut)
    }

    /// The call ends there with a number: ENOSPC for a full pool, EIO for a bad device.
    pub const fn errno(self, errno: Errno) -> Fault {
        self.fault(OnByte::Refuse(errno))
    }

    /// The process ends there.
    pub const fn kill(self) -> Fault {
        self.fault(OnByte::Kill)
    }

    /// The stream goes on only once the gate is open.
    pub fn wait_at(self, gate: &Gate) -> Fault {
        self.fault(OnByte::Wait(gate.clone()))
    }

    /// The stream stands still while somebody else does something, and goes on. As with [`AfterCalls::meanwhile`], nothing is locked then.
    pub fn meanwhile(self, deed: impl FnOnce() + Send + 'static) -> Fault {
        self.fault(OnByte::After(Deed::new(deed)))
    }

    const fn fault(self, effect: OnByte) -> Fault {
        Fault {
            on: self.on,
            moment: Moment::Byte { at: self.offset, effect },
        }
    }
}

/// Counts one call against all faults; the first that is due is taken out and comes true.
pub(super) fn due(faults: &mut Vec<Fault>, call: Call) -> Option<OnCall> {
    let mut hit = None;
    for (index, fault) in faults.iter_mut().enumerate() {
        let Moment::Call { left, effect } = &mut fault.moment else {
            continue;
        };
        if fault.on.is_none_or(|on| on == call) {
            match left.checked_sub(1) {
                Some(rest) => *left = rest,
                None => hit = hit.or_else(|| Some((index, effect.clone()))),
            }
        }
    }
    let (index, effect) = hit?;
    faults.remove(index);
    Some(effect)
}

/// The nearest fault that a stream will meet, if it becomes that long.
pub(super) fn ahead(faults: &[Fault], call: Call) -> Option<(u64, OnByte)> {
    let here = faults.iter().filter(|fault| fault.on.is_none_or(|on| on == call));
    let bytes = here.filter_map(|fault| match &fault.moment {
        Moment::Byte { at, effect } => Some((*at, effect.clone())),
        Moment::Call { .. } => None,
    });
    bytes.min_by_key(|(at, _)| *at)
}

/// Takes out a fault of a stream that came true.
pub(super) fn spend(faults: &mut Vec<Fault>, call: Call, at: u64) {
    let spent =
        |fault: &Fault| fault.on.is_none_or(|on| on == call) && matches!(fault.moment, Moment::Byte { at: there, .. } if there == at);
    if let Some(index) = faults.iter().position(spent) {
        faults.remove(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_once_and_only_the_calls_it_is_for() {
        let mut faults = vec![after(1).on(Call::Snapshot).errno(Errno::ENOSPC)];
        let hits: Vec<_> = [Call::Stats, Call::Snapshot, Call::Stats, Call::Snapshot, Call::Snapshot]
            .map(|call| due(&mut faults, call))
            .into();
        assert_eq!(hits, [None, None, None, Some(OnCall::Refuse(Errno::ENOSPC)), None]);
    }

    #[test]
    fn two_faults_due_at_once_come_one_after_the_other() {
        let mut faults = vec![after(0).kill(), after(0).done_but_killed()];
        assert_eq!(due(&mut faults, Call::Stats), Some(OnCall::Kill));
        assert_eq!(due(&mut faults, Call::Stats), Some(OnCall::DoAndKill));
        assert!(faults.is_empty());
    }

    #[test]
    fn the_nearest_byte_comes_first() {
        let mut faults = vec![at_byte(9).cut(), at_byte(5).on(Call::Send).kill()];
        assert_eq!(ahead(&faults, Call::Send), Some((5, OnByte::Kill)));
        assert_eq!(ahead(&faults, Call::Receive), Some((9, OnByte::Cut)));
        spend(&mut faults, Call::Send, 5);
        assert_eq!(ahead(&faults, Call::Send), Some((9, OnByte::Cut)));
    }
}
