//! I know how much may go on at once.
//!
//! Most of a small step is waiting for a transaction group of either pool, and steps that go together wait for the same ones. So the more of them the better.
//! A large stream fills the queues of the kernels between reading and writing, which is memory that nothing else can have: few of those at a time do.

use std::num::NonZeroUsize;

use crate::plan::DatasetPlan;

/// How much may go on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Datasets worked on at the same time.
    pub jobs: NonZeroUsize,
    /// Bytes that their streams may fill of the kernel's queues together; one dataset is always worked on.
    pub queued: u64,
}

/// What of it is left.
#[derive(Debug)]
pub(super) struct Room {
    jobs: usize,
    queued: u64,
    is_idle: bool,
}

impl Limits {
    /// So many datasets, whatever their streams are like.
    pub fn datasets(jobs: NonZeroUsize) -> Self {
        let most = u64::try_from(jobs.get()).unwrap_or(u64::MAX);
        Self {
            jobs,
            queued: most.saturating_mul(QUEUE),
        }
    }

    /// What is left beside those that are worked on.
    pub(super) fn beside<'a>(self, running: impl Iterator<Item = &'a DatasetPlan>) -> Room {
        let mut room = Room {
            jobs: self.jobs.get(),
            queued: self.queued,
            is_idle: true,
        };
        running.for_each(|plan| room.take(plan));
        room
    }
}

impl Default for Limits {
    /// As many small datasets as are worth it, and four large ones.
    fn default() -> Self {
        Self {
            jobs: JOBS,
            queued: 4 * QUEUE,
        }
    }
}

impl Room {
    /// Whether this dataset may be worked on too.
    pub(super) fn has(&self, plan: &DatasetPlan) -> bool {
        self.jobs > 0 && (self.is_idle || queued(plan) <= self.queued)
    }

    /// It is.
    pub(super) fn take(&mut self, plan: &DatasetPlan) {
        self.jobs = self.jobs.saturating_sub(1);
        self.queued = self.queued.saturating_sub(queued(plan));
        self.is_idle = false;
    }
}

/// What its streams, which go one after the other, fill of the queues, as far as that can be told before.
fn queued(plan: &DatasetPlan) -> u64 {
    let streams = plan.transfers().map(|transfer| transfer.estimate.unwrap_or(QUEUE).min(QUEUE));
    streams.max().filter(|queued| *queued >= SMALL).unwrap_or(0)
}

/// The receiver's queue takes twice `zfs_max_recordsize`, which is 16 MiB unless somebody changed it, and as much again is in what was just taken out of it
/// (`dmu_recv_stream` and `bqueue_dequeue` in the kernel).
const QUEUE: u64 = 64 << 20;

/// What is less than that does not count: sixteen of them are one large one.
const SMALL: u64 = QUEUE / 16;

/// Ten small increments took four fifths of the time together that they took four at a time (`cargo xtask bench peers --icount`). How many more are worth it
/// depends on the pools; whoever knows says so.
const JOBS: NonZeroUsize = NonZeroUsize::new(16).unwrap();
