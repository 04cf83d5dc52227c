//! I walk from one entry to the next and say what is there.

use std::sync::atomic::{AtomicBool, Ordering};

use super::command::Command;
use super::request::Request;
use super::{Ioctl, pack};
use crate::backend::request::NextSnapshot;
use crate::backend::{Cursor, Detail, Listed, Object, Outcome, Refusal, Stats};
use crate::errno::Errno;
use crate::identity::Guid;
use crate::name::DatasetName;
use crate::nvlist::NvList;

/// What was learned of how this kernel lists.
#[derive(Debug, Default)]
pub(super) struct Manners {
    /// The cheap way gives the names of snapshots and nothing else.
    only_names: AtomicBool,
}

impl Ioctl {
    pub(super) fn read_pools(&self) -> Outcome<NvList> {
        // Cookie 0 is a generation no kernel has, so the answer is never "unchanged".
        self.ask(Request::PoolConfigs, "", None)
    }

    pub(super) fn read_stats(&self, of: Object<'_>) -> Outcome<Stats> {
        let mut command = Command::on(&of.path())?;
        self.order(Request::ObjsetStats, &mut command)?;
        Ok(command.stats.read())
    }

    /// The next dataset below another. The kernel writes its name and the next place over the command.
    pub(super) fn step_child(&self, of: &DatasetName, after: Cursor, detail: Detail) -> Outcome<Option<Listed>> {
        let mut command = Command::on(of.as_str())?;
        command.cookie = after.0;
        let answered = match detail {
            Detail::Stats => {
                command.simple = 1;
                self.order(Request::DatasetListNext, &mut command).map(|()| None)
            }
            Detail::Properties => self.step_whole(Request::DatasetListNext, &mut command, &[]),
        };
        listed(&command, answered)
    }

    /// The next snapshot of a dataset, likewise.
    pub(super) fn step_snapshot(&self, request: &NextSnapshot<'_>) -> Outcome<Option<Listed>> {
        let mut command = Command::on(request.of.as_str())?;
        command.cookie = request.after.0;
        let range = range(request)?;
        let answered = match request.detail {
            Detail::Stats => self.step_simple(request, &mut command, &range).map(|()| None),
            Detail::Properties => self.step_whole(Request::SnapshotListNext, &mut command, &range),
        };
        listed(&command, answered)
    }

    /// A step with all properties.
    fn step_whole(&self, request: Request, command: &mut Command, source: &[u8]) -> Outcome<Option<NvList>> {
        match self.exchange(request, command, source)? {
            (Ok(()), properties) => Ok(Some(properties.unwrap_or_default())),
            (Err(errno), _) => Err(Refusal::from(errno)),
        }
    }

    /// A step for a snapshot's stats alone, in the cheapest way this kernel has.
    fn step_simple(&self, request: &NextSnapshot<'_>, command: &mut Command, range: &[u8]) -> Outcome<()> {
        let step = |command: &mut Command| loop {
            // A signal ends the kernel's way over snapshots out of range; it goes on from where it was.
            match self.control.call(Request::SnapshotListNext, command, range, &mut []) {
                Err(Errno::EINTR) => {}
                other => break other,
            }
        };
        if !self.manners.only_names.load(Ordering::Relaxed) {
            command.simple = 1;
            step(command)?;
            if command.stats.read().guid != Guid(0) {
                return Ok(());
            }
            // Before 2.2 the cheap way gave the names only (`zfs_ioc_snapshot_list_next` in 2.1.11).
            self.manners.only_names.store(true, Ordering::Relaxed);
            command.rename(request.of.as_str())?;
            command.cookie = request.after.0;
            command.simple = 0;
        }
        // Without room for properties the full way fills in the stats and stops there.
        Ok(step(command)?)
    }
}

/// What a step found, or that it found the end.
fn listed(command: &Command, answered: Outcome<Option<NvList>>) -> Outcome<Option<Listed>> {
    match answered {
        Ok(properties) => Ok(Some(Listed {
            name: command.name(),
            stats: command.stats.read(),
            properties,
            cursor: Cursor(command.cookie),
        })),
        Err(refusal) if refusal.errno == Errno::ESRCH => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

/// The range of transaction groups as the kernel reads it; nothing where all are wanted.
fn range(request: &NextSnapshot<'_>) -> Outcome<Vec<u8>> {
    let mut list = NvList::new();
    for (name, bound) in [("snap_iter_min_txg", request.min_txg), ("snap_iter_max_txg", request.max_txg)] {
        if let Some(bound) = bound {
            list.insert(name, bound.0);
        }
    }
    if list.iter().next().is_none() {
        Ok(Vec::new())
    } else {
        pack(&list)
    }
}
