//! I am what the model does not do: it refuses, as a kernel that is too old for the call. Where nothing has to be done, I do it.

use super::fault::Call;
use super::process::Process;
use crate::backend::request::{Program, Trim};
use crate::backend::{Activity, Outcome, PruneAge, Ran, ScrubOrder, Upkeep};
use crate::errno::Errno;
use crate::identity::Guid;
use crate::name::{DatasetName, PoolName};
use crate::nvlist::NvList;

pub(super) fn not_modelled<T>() -> Outcome<T> {
    Err(Errno::ZFS_ERR_IOC_CMD_UNAVAIL.into())
}

impl Upkeep for Process {
    fn sync(&self, pool: &PoolName, _force: bool) -> Outcome<()> {
        self.call(Call::Sync, |world| {
            world.pool_mut(pool.as_str())?.sync();
            Ok(())
        })
    }

    /// Nothing goes on in the background here.
    fn wait(&self, pool: &PoolName, _activity: Activity, _device: Option<Guid>) -> Outcome<bool> {
        self.call(Call::Wait, |world| {
            world.pool(pool.as_str())?;
            Ok(false)
        })
    }

    fn wait_for_deletes(&self, filesystem: &DatasetName) -> Outcome<bool> {
        self.call(Call::Wait, |world| {
            world.pool(filesystem.pool().as_str())?.state.get(filesystem.as_str())?;
            Ok(false)
        })
    }

    fn trim(&self, _request: &Trim<'_>) -> Outcome<()> {
        not_modelled()
    }

    fn scrub(&self, _pool: &PoolName, _order: ScrubOrder) -> Outcome<()> {
        not_modelled()
    }

    fn checkpoint(&self, _pool: &PoolName) -> Outcome<()> {
        not_modelled()
    }

    fn discard_checkpoint(&self, _pool: &PoolName) -> Outcome<()> {
        not_modelled()
    }

    fn reopen(&self, _pool: &PoolName, _restart_scrub: bool) -> Outcome<()> {
        not_modelled()
    }

    fn boot_environment(&self, _pool: &PoolName) -> Outcome<NvList> {
        not_modelled()
    }

    fn set_boot_environment(&self, _pool: &PoolName, _to: &NvList) -> Outcome<()> {
        not_modelled()
    }

    fn device_properties(&self, _pool: &PoolName, _device: Guid, _names: &[&str]) -> Outcome<NvList> {
        not_modelled()
    }

    fn set_device_properties(&self, _pool: &PoolName, _device: Guid, _to: &NvList) -> Outcome<()> {
        not_modelled()
    }

    fn prefetch_dedup(&self, _pool: &PoolName) -> Outcome<()> {
        not_modelled()
    }

    fn prune_dedup(&self, _pool: &PoolName, _age: PruneAge) -> Outcome<()> {
        not_modelled()
    }

    fn channel_program(&self, _request: &Program<'_>) -> Outcome<Ran> {
        not_modelled()
    }
}
