//! I do what I am told and report how it went; I decide nothing.
//!
//! Every order runs on a thread of its own, because calls of the kernel block and cannot be taken back; their answers come over one channel,
//! and the machine alone says what is next.

#![expect(clippy::disallowed_methods, reason = "the clock and the waiting live here")]

use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use zfs_rs::{DatasetName, TemporaryHold, Zfs};

use crate::endpoint::Local;
use crate::event::{Event, Subject};
use crate::plan::{self, Plan, PlanError};
use crate::policy::Wish;
use crate::reason::{Failure, Side};
use crate::run::report::Report;
use crate::run::{Action, Answer, Limits, Machine, Next, Order};
use crate::transfer::limit::Limit;

mod act;

/// A replication of a dataset, and of what lies below if asked, to another place on this machine.
///
/// ```no_run
/// use zfs_replicate::Replication;
///
/// # async fn replicate() -> Result<(), Box<dyn std::error::Error>> {
/// let zfs = zfs_rs::Zfs::open()?;
/// let replication = Replication::local(zfs, "tank/data".parse()?, "backup/data".parse()?).recursive(true);
/// let plan = replication.plan()?; // nothing is touched yet
/// let report = replication.run(plan, |event| println!("{event:?}")).await;
/// for dataset in &report.datasets {
///     println!("{}: {:?}", dataset.source, dataset.outcome);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Replication {
    source: Local,
    target: Local,
    from: DatasetName,
    to: DatasetName,
    wish: Wish,
    limit: Option<NonZeroU64>,
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

impl Replication {
    /// A replication from one dataset to another, both reached by `zfs`.
    pub fn local(zfs: Zfs, source: DatasetName, target: DatasetName) -> Self {
        Self {
            source: Local::new(zfs.clone(), Side::Source),
            target: Local::new(zfs, Side::Target),
            from: source,
            to: target,
            wish: Wish::default(),
            limit: None,
        }
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

    /// Keeps all streams together below that many bytes a second.
    #[must_use]
    pub fn limit(mut self, bytes_per_second: Option<NonZeroU64>) -> Self {
        self.limit = bytes_per_second;
        self
    }

    /// Looks at both sides and says what has to be done. Nothing is changed.
    ///
    /// # Errors
    ///
    /// [`Unplanned`] when a side cannot be read or nothing is there to be planned for. What stops single datasets stands in the plan.
    pub fn plan(&self) -> Result<Plan, Unplanned> {
        let source = self.source.view(&self.from, self.wish.recursive)?;
        let target = self.target.view(&self.to, self.wish.recursive)?;
        let mut plan = plan::plan(&source, &target, &self.wish)?;
        for transfer in plan.transfers_mut() {
            transfer.estimate = self.source.estimate(transfer);
        }
        plan.note_space();
        Ok(plan)
    }

    /// Carries a plan out and tells `listen` everything that happens.
    ///
    /// Whoever drops the future before its end begins nothing more; what the kernel has in hand goes on to its own end.
    pub async fn run(&self, plan: Plan, mut listen: impl FnMut(&Event)) -> Report {
        let began = Instant::now();
        let hands = Hands {
            source: self.source.clone(),
            target: self.target.clone(),
            limit: self.limit.map(|rate| Arc::new(Mutex::new(Limit::new(rate)))),
            tag: run_tag(),
            began,
        };
        let subjects: Vec<DatasetName> = plan.datasets.iter().map(|dataset| dataset.source.clone()).collect();
        let (told, mut news) = mpsc::unbounded_channel();
        let mut machine = Machine::new(plan, Limits { jobs: JOBS });
        let mut holds = BTreeMap::new();
        loop {
            let next = machine.poll(began.elapsed());
            while let Some(event) = machine.poll_event() {
                listen(&event);
            }
            match next {
                Next::Do(order) => start(&hands, *order, &mut holds, &told),
                Next::Wait => match news.recv().await {
                    Some(News::Answered(dataset, answer, hold)) => {
                        if let Some(hold) = hold {
                            holds.insert(dataset, hold);
                        }
                        machine.handle(began.elapsed(), dataset, answer);
                    }
                    Some(News::Moved(index, bytes)) => {
                        if let Some(source) = subjects.get(index).cloned() {
                            listen(&Event::Progress {
                                dataset: Subject { index, source },
                                bytes,
                            });
                        }
                    }
                    // The channel cannot end: `told` is ours.
                    None => break,
                },
                Next::Done => break,
            }
        }
        machine.report()
    }
}

/// What every worker needs.
#[derive(Debug, Clone)]
struct Hands {
    source: Local,
    target: Local,
    limit: Option<Arc<Mutex<Limit>>>,
    /// For holds that end with this run.
    tag: String,
    began: Instant,
}

/// What a worker says.
enum News {
    /// An order is done.
    Answered(usize, Answer, Option<TemporaryHold>),
    /// A transfer has moved that many bytes so far.
    Moved(usize, u64),
}

/// Starts an order on a thread of its own.
fn start(hands: &Hands, order: Order, holds: &mut BTreeMap<usize, TemporaryHold>, told: &mpsc::UnboundedSender<News>) {
    let Order { dataset, action } = order;
    if action == Action::DropHold {
        // Closing the handle is all there is to do.
        drop(holds.remove(&dataset));
        told.send(News::Answered(dataset, Answer::Done(Ok(())), None)).ok();
        return;
    }
    let worker_hands = hands.clone();
    let answers = told.clone();
    let refusal = act::refused(&action);
    let worker = thread::Builder::new().name(format!("order-{dataset}")).spawn(move || {
        let moved = |bytes| drop(answers.send(News::Moved(dataset, bytes)));
        let (answer, hold) = act::act(&worker_hands, &action, &moved);
        // Nobody listens any more when the run was dropped.
        answers.send(News::Answered(dataset, answer, hold)).ok();
    });
    if let Err(error) = worker {
        told.send(News::Answered(dataset, refusal(&error), None)).ok();
    }
}

/// A tag that no other run has: two runs may hold the same snapshot at the same time.
fn run_tag() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("zfs-replicate-run_{}_{}", std::process::id(), now.as_nanos())
}

/// Datasets in work at a time. Most of a small step is waiting for two transaction groups on the target, which steps share when they go together.
const JOBS: NonZeroUsize = NonZeroUsize::new(4).unwrap();
