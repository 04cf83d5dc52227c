//! I carry orders for whole pools through libzfs_core.

#![expect(unsafe_code, reason = "calls into C")]

use std::ffi::{c_char, c_int};
use std::ptr;

use zfs_sys::{MissingSymbol, boolean_t, symbol};
use zfs_sys::{pool_trim_func, zfs_ioc, zfs_wait_activity_t, zpool_ddt_prune_unit_t, zpool_prefetch_type_t, zpool_wait_activity_t};

use super::argument::{text, truth};
use super::list::verdict;
use super::{Lzc, found};
use crate::backend::payload::{self, refused_devices};
use crate::backend::request::{Program, Trim};
use crate::backend::{Activity, Outcome, PruneAge, Ran, Refusal, ScrubOrder, Upkeep};
use crate::errno::Errno;
use crate::identity::Guid;
use crate::name::{DatasetName, PoolName};
use crate::nvlist::NvList;

impl Upkeep for Lzc {
    fn sync(&self, pool: &PoolName, force: bool) -> Outcome<()> {
        let sync = found(symbol!(self.library, lzc_sync))?;
        let name = text(pool.as_str())?;
        let mut input = self.carrier.import(&payload::sync(force))?;
        let mut answer = self.carrier.none();
        // SAFETY: as in `core.rs`.
        let errno = unsafe { sync(name.as_ptr(), input.raw(), answer.slot()) };
        answer.answer(errno).map(drop)
    }

    fn wait(&self, pool: &PoolName, activity: Activity, device: Option<Guid>) -> Outcome<bool> {
        let name = text(pool.as_str())?;
        let activity = zpool_wait_activity_t(activity.number().cast_unsigned());
        let mut waited = boolean_t::B_FALSE;
        let slot = ptr::from_mut(&mut waited);
        let errno = if let Some(device) = device {
            let wait = found(symbol!(self.library, lzc_wait_tag))?;
            // SAFETY: as in `core.rs`; the slot is that of a live `waited`.
            unsafe { wait(name.as_ptr(), activity, device.0, slot) }
        } else {
            let wait = found(symbol!(self.library, lzc_wait))?;
            // SAFETY: as above.
            unsafe { wait(name.as_ptr(), activity, slot) }
        };
        verdict(errno)?;
        Ok(waited != boolean_t::B_FALSE)
    }

    fn wait_for_deletes(&self, filesystem: &DatasetName) -> Outcome<bool> {
        let wait = found(symbol!(self.library, lzc_wait_fs))?;
        let name = text(filesystem.as_str())?;
        let mut waited = boolean_t::B_FALSE;
        let activity = zfs_wait_activity_t::ZFS_WAIT_DELETEQ;
        // SAFETY: as in `core.rs`; the last argument is the place of a live `waited`.
        verdict(unsafe { wait(name.as_ptr(), activity, ptr::from_mut(&mut waited)) })?;
        Ok(waited != boolean_t::B_FALSE)
    }

    fn trim(&self, request: &Trim<'_>) -> Outcome<()> {
        let trim = found(symbol!(self.library, lzc_trim))?;
        let name = text(request.pool.as_str())?;
        let order = pool_trim_func(request.order.number());
        let mut devices = self.carrier.import(&payload::devices(request.devices))?;
        let mut refused = self.carrier.none();
        let (rate, secure) = (request.rate.unwrap_or(0), truth(request.secure));
        // SAFETY: as in `core.rs`.
        let errno = unsafe { trim(name.as_ptr(), order, rate, secure, devices.raw(), refused.slot()) };
        let answer = refused.export()?;
        verdict(errno).map_err(|refusal| Refusal {
            items: refused_devices(&answer),
            ..refusal
        })
    }

    fn scrub(&self, pool: &PoolName, order: ScrubOrder) -> Outcome<()> {
        let scrub = found(symbol!(self.library, lzc_scrub))?;
        let name = text(pool.as_str())?;
        let mut input = self.carrier.import(&payload::scrub(order))?;
        let mut answer = self.carrier.none();
        let request = zfs_ioc::ZFS_IOC_POOL_SCRUB;
        // SAFETY: as in `core.rs`; the request is the one these arguments belong to.
        let errno = unsafe { scrub(request, name.as_ptr(), input.raw(), answer.slot()) };
        answer.answer(errno).map(drop)
    }

    fn checkpoint(&self, pool: &PoolName) -> Outcome<()> {
        of_pool(symbol!(self.library, lzc_pool_checkpoint), pool)
    }

    fn discard_checkpoint(&self, pool: &PoolName) -> Outcome<()> {
        of_pool(symbol!(self.library, lzc_pool_checkpoint_discard), pool)
    }

    fn reopen(&self, pool: &PoolName, restart_scrub: bool) -> Outcome<()> {
        let reopen = found(symbol!(self.library, lzc_reopen))?;
        let name = text(pool.as_str())?;
        // SAFETY: as in `core.rs`.
        verdict(unsafe { reopen(name.as_ptr(), truth(restart_scrub)) })
    }

    fn boot_environment(&self, pool: &PoolName) -> Outcome<NvList> {
        let read = found(symbol!(self.library, lzc_get_bootenv))?;
        let name = text(pool.as_str())?;
        let mut answer = self.carrier.none();
        // SAFETY: as in `core.rs`.
        let errno = unsafe { read(name.as_ptr(), answer.slot()) };
        answer.answer(errno)
    }

    fn set_boot_environment(&self, pool: &PoolName, to: &NvList) -> Outcome<()> {
        let write = found(symbol!(self.library, lzc_set_bootenv))?;
        let name = text(pool.as_str())?;
        let mut input = self.carrier.import(to)?;
        // SAFETY: as in `core.rs`.
        verdict(unsafe { write(name.as_ptr(), input.raw()) })
    }

    fn device_properties(&self, pool: &PoolName, device: Guid, names: &[&str]) -> Outcome<NvList> {
        let read = found(symbol!(self.library, lzc_get_vdev_prop))?;
        let name = text(pool.as_str())?;
        let mut input = self.carrier.import(&payload::device_properties(device, names))?;
        let mut answer = self.carrier.none();
        // SAFETY: as in `core.rs`.
        let errno = unsafe { read(name.as_ptr(), input.raw(), answer.slot()) };
        answer.answer(errno)
    }

    fn set_device_properties(&self, pool: &PoolName, device: Guid, to: &NvList) -> Outcome<()> {
        let write = found(symbol!(self.library, lzc_set_vdev_prop))?;
        let name = text(pool.as_str())?;
        let mut input = self.carrier.import(&payload::set_device_properties(device, to))?;
        let mut answer = self.carrier.none();
        // SAFETY: as in `core.rs`.
        let errno = unsafe { write(name.as_ptr(), input.raw(), answer.slot()) };
        answer.answer(errno).map(drop)
    }

    fn prefetch_dedup(&self, pool: &PoolName) -> Outcome<()> {
        let prefetch = found(symbol!(self.library, lzc_pool_prefetch))?;
        let name = text(pool.as_str())?;
        let kind = zpool_prefetch_type_t(payload::PREFETCH_DEDUP.cast_unsigned());
        // SAFETY: as in `core.rs`.
        verdict(unsafe { prefetch(name.as_ptr(), kind) })
    }

    fn prune_dedup(&self, pool: &PoolName, age: PruneAge) -> Outcome<()> {
        let prune = found(symbol!(self.library, lzc_ddt_prune))?;
        let name = text(pool.as_str())?;
        let (unit, amount) = age.numbers();
        // SAFETY: as in `core.rs`.
        verdict(unsafe { prune(name.as_ptr(), zpool_ddt_prune_unit_t(unit.cast_unsigned()), amount) })
    }

    fn channel_program(&self, request: &Program<'_>) -> Outcome<Ran> {
        let run = found(if request.sync {
            symbol!(self.library, lzc_channel_program)
        } else {
            symbol!(self.library, lzc_channel_program_nosync)
        })?;
        let (pool, program) = (text(request.pool.as_str())?, text(request.program)?);
        let mut argument = self.carrier.import(request.argument)?;
        let mut output = self.carrier.none();
        let (instructions, memory) = (request.instructions_max, request.memory_max);
        // SAFETY: as in `core.rs`.
        let errno = unsafe { run(pool.as_ptr(), program.as_ptr(), instructions, memory, argument.raw(), output.slot()) };
        let output = output.export()?;
        payload::ran((errno != 0).then_some(Errno(errno)), output)
    }
}

/// A function that takes nothing but a pool's name.
fn of_pool(function: Result<unsafe extern "C" fn(*const c_char) -> c_int, MissingSymbol>, pool: &PoolName) -> Outcome<()> {
    let function = found(function)?;
    let name = text(pool.as_str())?;
    // SAFETY: as in `core.rs`; both functions handed in here take just a name.
    verdict(unsafe { function(name.as_ptr()) })
}
