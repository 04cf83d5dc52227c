//! I look after whole pools: wait, scrub, trim, checkpoint, and run programs inside the kernel.

use super::Ioctl;
use super::command::Command;
use super::request::Request;
use crate::backend::payload::{self, items, refused_devices};
use crate::backend::request::{Program, Trim};
use crate::backend::{Activity, Outcome, PruneAge, Ran, Refusal, ScrubOrder, Upkeep, VdevOrder};
use crate::errno::Errno;
use crate::identity::Guid;
use crate::name::{DatasetName, PoolName};
use crate::nvlist::NvList;

impl Upkeep for Ioctl {
    fn sync(&self, pool: &PoolName, force: bool) -> Outcome<()> {
        self.ask(Request::PoolSync, pool.as_str(), Some(&payload::sync(force))).map(drop)
    }

    fn wait(&self, pool: &PoolName, activity: Activity, device: Option<Guid>) -> Outcome<bool> {
        let answer = self.ask(Request::Wait, pool.as_str(), Some(&payload::wait(activity, device)))?;
        waited(&answer)
    }

    fn wait_for_deletes(&self, filesystem: &DatasetName) -> Outcome<bool> {
        // The only activity of a filesystem there is (`zfs_wait_activity_t`).
        let input = NvList::new().with("wait_activity", 0i32);
        let answer = self.ask(Request::WaitFs, filesystem.as_str(), Some(&input))?;
        waited(&answer)
    }

    fn trim(&self, request: &Trim<'_>) -> Outcome<()> {
        self.ask_devices(Request::PoolTrim, request.pool, &payload::trim(request))
    }

    fn scrub(&self, pool: &PoolName, order: ScrubOrder) -> Outcome<()> {
        self.ask(Request::PoolScrub, pool.as_str(), Some(&payload::scrub(order))).map(drop)
    }

    fn checkpoint(&self, pool: &PoolName) -> Outcome<()> {
        self.ask(Request::PoolCheckpoint, pool.as_str(), Some(&NvList::new())).map(drop)
    }

    fn discard_checkpoint(&self, pool: &PoolName) -> Outcome<()> {
        self.ask(Request::PoolDiscardCheckpoint, pool.as_str(), Some(&NvList::new()))
            .map(drop)
    }

    fn reopen(&self, pool: &PoolName, restart_scrub: bool) -> Outcome<()> {
        self.ask(Request::PoolReopen, pool.as_str(), Some(&payload::reopen(restart_scrub)))
            .map(drop)
    }

    fn boot_environment(&self, pool: &PoolName) -> Outcome<NvList> {
        self.ask(Request::GetBootenv, pool.as_str(), None)
    }

    fn set_boot_environment(&self, pool: &PoolName, to: &NvList) -> Outcome<()> {
        self.ask(Request::SetBootenv, pool.as_str(), Some(to)).map(drop)
    }

    fn device_properties(&self, pool: &PoolName, device: Guid, names: &[&str]) -> Outcome<NvList> {
        let input = payload::device_properties(device, names);
        self.ask(Request::VdevGetProps, pool.as_str(), Some(&input))
    }

    fn set_device_properties(&self, pool: &PoolName, device: Guid, to: &NvList) -> Outcome<()> {
        let input = payload::set_device_properties(device, to);
        self.ask(Request::VdevSetProps, pool.as_str(), Some(&input)).map(drop)
    }

    fn prefetch_dedup(&self, pool: &PoolName) -> Outcome<()> {
        self.ask(Request::PoolPrefetch, pool.as_str(), Some(&payload::prefetch())).map(drop)
    }

    fn prune_dedup(&self, pool: &PoolName, age: PruneAge) -> Outcome<()> {
        self.ask(Request::DdtPrune, pool.as_str(), Some(&payload::prune_dedup(age)))
            .map(drop)
    }

    fn channel_program(&self, request: &Program<'_>) -> Outcome<Ran> {
        let source = super::pack(&payload::program(request))?;
        let mut command = Command::on(request.pool.as_str())?;
        let room = usize::try_from(request.memory_max).unwrap_or(usize::MAX);
        let (result, output) = self.exchange_within(Request::ChannelProgram, &mut command, &source, room)?;
        payload::ran(result.err(), output.unwrap_or_default())
    }
}

impl Ioctl {
    /// Starts, stops or suspends initializing.
    pub(super) fn initialize_devices(&self, pool: &PoolName, order: VdevOrder, devices: &[Guid]) -> Outcome<()> {
        self.ask_devices(Request::PoolInitialize, pool, &payload::initialize(order, devices))
    }

    /// A request whose answer names devices.
    fn ask_devices(&self, request: Request, pool: &PoolName, input: &NvList) -> Outcome<()> {
        let source = super::pack(input)?;
        let (result, answer) = self.exchange(request, &mut *Command::on(pool.as_str())?, &source)?;
        let answer = answer.unwrap_or_default();
        result.map_err(|errno| Refusal {
            errno,
            items: items(&answer).into_iter().chain(refused_devices(&answer)).collect(),
        })
    }
}

fn waited(answer: &NvList) -> Outcome<bool> {
    answer.get("wait_waited").map_err(|_absent| Refusal::from(Errno::EFAULT))
}
