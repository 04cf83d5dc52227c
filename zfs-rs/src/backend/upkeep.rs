//! I carry orders for whole pools: what libzfs_core offers beside datasets.

use std::time::Duration;

use super::{Outcome, Ran, request};
use crate::identity::Guid;
use crate::name::{DatasetName, PoolName};
use crate::nvlist::NvList;

/// What libzfs_core offers for pools.
pub trait Upkeep {
    /// Waits until what was changed is on disk; with `force` a transaction group is written even where nothing was.
    fn sync(&self, pool: &PoolName, force: bool) -> Outcome<()>;
    /// Waits until a pool has ended an activity, or one of its devices if that is named; says whether there was anything to wait for.
    fn wait(&self, pool: &PoolName, activity: Activity, device: Option<Guid>) -> Outcome<bool>;
    /// Waits until a filesystem has freed what was deleted; says whether there was anything to wait for.
    fn wait_for_deletes(&self, filesystem: &DatasetName) -> Outcome<bool>;
    /// Starts, stops or suspends trimming.
    fn trim(&self, request: &request::Trim<'_>) -> Outcome<()>;
    /// Starts, pauses or stops a scrub. Since OpenZFS 2.2.
    fn scrub(&self, pool: &PoolName, order: ScrubOrder) -> Outcome<()>;
    /// Remembers the state of the whole pool, to rewind to at an import.
    fn checkpoint(&self, pool: &PoolName) -> Outcome<()>;
    /// Gives the remembered state up.
    fn discard_checkpoint(&self, pool: &PoolName) -> Outcome<()>;
    /// Opens the pool's devices anew; a scrub that runs may begin anew.
    fn reopen(&self, pool: &PoolName, restart_scrub: bool) -> Outcome<()>;
    /// What the pool's labels keep for boot loaders.
    fn boot_environment(&self, pool: &PoolName) -> Outcome<NvList>;
    /// Writes that; wants a number named `version`.
    fn set_boot_environment(&self, pool: &PoolName, to: &NvList) -> Outcome<()>;
    /// Properties of one device: name → `{value, source}`; all if none is named. Since OpenZFS 2.2.
    fn device_properties(&self, pool: &PoolName, device: Guid, names: &[&str]) -> Outcome<NvList>;
    /// Sets properties of one device. Since OpenZFS 2.2.
    fn set_device_properties(&self, pool: &PoolName, device: Guid, to: &NvList) -> Outcome<()>;
    /// Reads the deduplication table into memory. Since OpenZFS 2.3.
    fn prefetch_dedup(&self, pool: &PoolName) -> Outcome<()>;
    /// Drops entries of the deduplication table that nothing shares yet. Since OpenZFS 2.3.
    fn prune_dedup(&self, pool: &PoolName, age: PruneAge) -> Outcome<()>;
    /// Runs a channel program.
    fn channel_program(&self, request: &request::Program<'_>) -> Outcome<Ran>;
}

/// What a pool may be busy with (`zpool_wait_activity_t`).
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Activity {
    /// A checkpoint is being discarded.
    DiscardCheckpoint,
    /// Destroyed blocks are being freed.
    Free,
    /// Free space is being initialized.
    Initialize,
    /// A device is being replaced.
    Replace,
    /// A device is being removed.
    Remove,
    /// A resilver runs.
    Resilver,
    /// A scrub runs.
    Scrub,
    /// A trim runs.
    Trim,
    /// A RAIDZ device is being expanded. Since OpenZFS 2.3.
    RaidzExpand,
}

impl Activity {
    /// The kernel's number.
    pub const fn number(self) -> i32 {
        match self {
            Self::DiscardCheckpoint => 0,
            Self::Free => 1,
            Self::Initialize => 2,
            Self::Replace => 3,
            Self::Remove => 4,
            Self::Resilver => 5,
            Self::Scrub => 6,
            Self::Trim => 7,
            Self::RaidzExpand => 8,
        }
    }
}

/// What is to become of work on devices: initializing, trimming.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VdevOrder {
    /// Begin, or go on after a suspension.
    Start,
    /// End it for good.
    Cancel,
    /// Stop for now.
    Suspend,
}

impl VdevOrder {
    /// The kernel's number (`pool_initialize_func_t`, `pool_trim_func_t`).
    pub const fn number(self) -> u32 {
        match self {
            Self::Start => 0,
            Self::Cancel => 1,
            Self::Suspend => 2,
        }
    }
}

/// What is to become of a scrub.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScrubOrder {
    /// Begin, or go on after a pause.
    Start,
    /// Stop for now.
    Pause,
    /// End it.
    Cancel,
}

impl ScrubOrder {
    /// The kernel's numbers: what kind of scan (`pool_scan_func_t`), and what of it (`pool_scrub_cmd_t`).
    pub const fn numbers(self) -> (u64, u64) {
        match self {
            Self::Start => (1, 0),
            Self::Pause => (1, 1),
            Self::Cancel => (0, 0),
        }
    }
}

/// Which entries of the deduplication table are dropped, oldest first.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PruneAge {
    /// So many of a hundred.
    Percent(u8),
    /// Those at least so old.
    OlderThan(Duration),
}

impl PruneAge {
    /// The kernel's numbers: the unit (`zpool_ddt_prune_unit_t`), and how many of it.
    pub const fn numbers(self) -> (i32, u64) {
        match self {
            Self::OlderThan(age) => (1, age.as_secs()),
            #[expect(clippy::as_conversions, reason = "`u64::from` is not const, and widens the same way")]
            Self::Percent(of_hundred) => (2, of_hundred as u64),
        }
    }
}
