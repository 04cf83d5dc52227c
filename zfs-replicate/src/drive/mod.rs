//! I do what I am told and report how it went; I decide nothing.
//!
//! Every order runs on a thread of its own, because calls of the kernel block and cannot be taken back; their answers come over one channel,
//! and the machine alone says what is next.

#![expect(clippy::disallowed_methods, reason = "the clock and the waiting live here")]

use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use zfs_rs::{Backend, DatasetName, Zfs};

use crate::endpoint::Local;
use crate::endpoint::guard::Pace;
use crate::plan::explain::{Explanation, explain};
use crate::plan::{DatasetPlan, Plan, PlanError};
use crate::policy::Wish;
use crate::policy::divergence::OnDivergence;
use crate::reason::{Failure, FailureKind, Part, Side};
use crate::run::report::Report;
use crate::run::{Limits, Machine, Next, Order};
use crate::transfer::limit::Limit;
use open::Open;
mod act;
mod draw;
mod memory;
mod open;
mod run;

pub use memory::Memory;
pub use run::Run;

/// Who brings a dataset, and what lies below if asked, to another place on this machine, and keeps the copy up to date.
///
/// ```no_run
/// use zfs_replicate::Replicator;
///
/// # async fn replicate() -> Result<(), Box<dyn std::error::Error>> {
/// let zfs = zfs_rs::Zfs::open()?;
/// let replicator = Replicator::local(zfs, "tank/data".parse()?, "backup/data".parse()?).recursive(true);
/// let plan = replicator.plan()?; // nothing is touched yet
/// let mut run = replicator.run(plan);
/// while let Some(event) = run.next_event().await {
///     println!("{event:?}");
/// }
/// let report = run.finish().await;
/// for dataset in &report.datasets {
///     println!("{}: {:?}", dataset.source, dataset.outcome);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Replicator {
    source: Local,
    target: Local,
    from: DatasetName,
    to: DatasetName,
    wish: Wish,
    limit: Option<NonZeroU64>,
    limits: Limits,
    memory: Option<Memory>,
}

/// Why no plan could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unplanned {
    /// A side could not be read.
    #[error(transparent)]
    Unread(#[from] Failure),
    /// There is nothing to plan for.
    #[error(transparent)]
    Unplannable(#[from] PlanError),
}

impl Replicator {
    /// From one dataset to another, both reached by `zfs`.
    pub fn local(zfs: Zfs, source: DatasetName, target: DatasetName) -> Self {
        Self {
            source: Local::new(zfs.clone(), Side::Source),
            target: Local::new(zfs, Side::Target),
            from: source,
            to: target,
            wish: Wish::default(),
            limit: None,
            limits: Limits::default(),
            memory: None,
        }
    }

    /// The way to the kernel.
    pub fn backend(&self) -> &Backend {
        self.source.backend()
    }

    /// Whether everything below the dataset is meant too.
    #[must_use]
    pub fn recursive(mut self, yes: bool) -> Self {
        self.wish.recursive = yes;
        self
    }

    /// Whether what is encrypted travels and stays encrypted, with the source's keys.
    #[must_use]
    pub fn raw(mut self, yes: bool) -> Self {
        self.wish.raw = yes;
        self
    }

    /// What becomes of a target that has something of its own; nothing but that it is told, unless said otherwise.
    #[must_use]
    pub fn on_divergence(mut self, what: OnDivergence) -> Self {
        self.wish.on_divergence = what;
        self
    }

    /// Takes a wish as a whole, in the place of what was said so far; [`Plan::wish`] is that of a plan.
    #[must_use]
    pub fn wish(mut self, wish: Wish) -> Self {
        self.wish = wish;
        self
    }

    /// Keeps all streams together below that many bytes a second.
    #[must_use]
    pub fn limit(mut self, bytes_per_second: Option<NonZeroU64>) -> Self {
        self.limit = bytes_per_second;
        self
    }

    /// Works on so many datasets at a time. Unless that is said, on sixteen, but on as few as four of them if their streams are large: each of these may fill
    /// 64 MiB of memory in the kernel. What needs another to come first waits for it in any case.
    #[must_use]
    pub fn jobs(mut self, datasets: NonZeroUsize) -> Self {
        self.limits = Limits::datasets(datasets);
        self
    }

    /// Asks only about the snapshots of datasets whose snapshots changed since they were last listed with that memory, and remembers what it sees.
    ///
    /// What is remembered is believed as [`ListingCache`](zfs_rs::ListingCache) says, which needs OpenZFS 2.2 or later on a side to be of use there. It may say that
    /// for a dataset nothing is to be done, and no more: where there is, everything is read anew before it is planned.
    #[must_use]
    pub fn remember(mut self, memory: Memory) -> Self {
        self.memory = Some(memory);
        self
    }

    /// Looks at both sides and says what has to be done. Nothing is changed.
    ///
    /// # Errors
    ///
    /// [`Unplanned`] when a side cannot be read or nothing is there to be planned for. What stops single datasets stands in the plan.
    pub fn plan(&self) -> Result<Plan, Unplanned> {
        let (_, target, mut plan) = self.draw_up()?;
        for transfer in plan.transfers_mut() {
            transfer.estimate = self.source.estimate(transfer);
        }
        plan.note_space(&target);
        Ok(plan)
    }

    /// Looks at both sides and says of each dataset and snapshot of the source why it is or is not in the plan.
    ///
    /// # Errors
    ///
    /// As [`plan`](Self::plan).
    pub fn explain(&self) -> Result<Vec<Explanation>, Unplanned> {
        let (source, target, plan) = self.draw_up()?;
        Ok(explain(&source, &target, &plan))
    }

    /// Looks at both sides again and plans one dataset of the source anew.
    fn plan_again(&self, dataset: &DatasetName) -> Result<DatasetPlan, Failure> {
        let failure = |detail: String| Failure {
            side: Side::Source,
            part: Part::Look,
            object: dataset.to_string(),
            kind: FailureKind::NotFound,
            errno: None,
            detail,
        };
        let (_, _, mut plan) = self.draw_up().map_err(|error| match error {
            Unplanned::Unread(failure) => failure,
            Unplanned::Unplannable(error) => failure(error.to_string()),
        })?;
        plan.datasets.retain(|plan| plan.source == *dataset);
        for transfer in plan.transfers_mut() {
            transfer.estimate = self.source.estimate(transfer);
        }
        plan.datasets.pop().ok_or_else(|| failure(String::new()))
    }

    /// Begins to carry a plan out. Nothing is done before the run is awaited.
    pub fn run(&self, plan: Plan) -> Run {
        Run::new(self.hands(Instant::now()), plan)
    }
}

impl Replicator {
    /// Carries a plan out, one order at a time: of so many that can be done now, `choose` says which is next. Where it says none, the run is
    /// [cancelled](Run::cancel).
    ///
    /// For simulations: what chooses by a seed, over the model of the kernel, does the same again and again. Nothing is asked of the kernel but what the
    /// orders need, so progress is not told. Time stands still but where the run would wait: it is then that much later.
    pub fn run_in_turn(&self, plan: Plan, mut choose: impl FnMut(usize) -> Option<usize>) -> Report {
        let hands = Hands {
            pace: Pace::InTurn,
            ..self.hands(Instant::now())
        };
        let mut machine = Machine::new(plan, self.limits);
        let mut open: BTreeMap<usize, Open> = BTreeMap::new();
        let mut in_hand: Vec<Order> = Vec::new();
        let mut now = Duration::ZERO;
        loop {
            match machine.poll(now) {
                Next::Do(order) => in_hand.push(*order),
                Next::WaitUntil(until) if in_hand.is_empty() => now = until,
                Next::Wait | Next::WaitUntil(_) => {
                    let chosen = choose(in_hand.len()).unwrap_or_else(|| {
                        machine.cancel();
                        hands.cancelled.store(true, Ordering::Relaxed);
                        0
                    });
                    let last = in_hand.len().saturating_sub(1);
                    let order = in_hand.remove(chosen.min(last));
                    let answer = act::act(&hands, &order, open.entry(order.dataset).or_default(), None);
                    machine.handle(now, order.dataset, answer);
                }
                Next::Done => return machine.report(),
            }
        }
    }

    fn hands(&self, began: Instant) -> Hands {
        Hands {
            replicator: self.clone(),
            limit: self.limit.map(|rate| Arc::new(Mutex::new(Limit::new(rate)))),
            tag: run_tag(),
            began,
            pace: Pace::Together,
            cancelled: Arc::default(),
        }
    }
}

/// What every worker needs.
#[derive(Debug, Clone)]
struct Hands {
    replicator: Replicator,
    limit: Option<Arc<Mutex<Limit>>>,
    /// For holds that end with this run.
    tag: String,
    began: Instant,
    pace: Pace,
    /// Set once, when the run is to end.
    cancelled: Arc<AtomicBool>,
}

/// A tag that no other run has: two runs may hold the same snapshot at the same time.
fn run_tag() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("zfs-replicate-run_{}_{}", std::process::id(), now.as_nanos())
}
