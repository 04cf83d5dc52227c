//! I walk from one entry to the next and say what is there.

use super::Ioctl;
use super::command::Command;
use super::request::Request;
use crate::backend::{Cursor, Detail, Listed, Object, Outcome, Refusal, Stats};
use crate::errno::Errno;
use crate::identity::Guid;
use crate::name::DatasetName;
use crate::nvlist::NvList;

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

    /// One step of a listing. The kernel writes the entry's name and the next place over the command.
    pub(super) fn step(&self, request: Request, of: &DatasetName, after: Cursor, detail: Detail) -> Outcome<Option<Listed>> {
        let mut command = Command::on(of.as_str())?;
        command.cookie = after.0;
        let answered = match detail {
            Detail::Stats => self.step_simple(request, of, &mut command),
            Detail::Properties => match self.exchange(request, &mut command, &[])? {
                (Ok(()), properties) => Ok(Some(properties.unwrap_or_default())),
                (Err(errno), _) => Err(Refusal::from(errno)),
            },
        };
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

    /// A step for the stats alone, in the cheapest way this kernel has.
    fn step_simple(&self, request: Request, of: &DatasetName, command: &mut Command) -> Outcome<Option<NvList>> {
        let cookie = command.cookie;
        command.simple = 1;
        self.order(request, command)?;
        if command.stats.read().guid == Guid(0) {
            // Before 2.2 the cheap way gave the names of snapshots only (`zfs_ioc_snapshot_list_next` in 2.1.11). Without room for properties
            // the full way fills in the stats and stops there.
            command.rename(of.as_str())?;
            command.cookie = cookie;
            command.simple = 0;
            self.order(request, command)?;
        }
        Ok(None)
    }
}
