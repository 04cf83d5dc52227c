//! I am a run on its way: I start what the machine orders, one thread for each order, and tell what happens.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;

use super::open::Open;
use super::{Hands, act};
use crate::event::Event;
use crate::plan::Plan;
use crate::run::report::Report;
use crate::run::{Answer, Machine, Next, Order};

/// A run on its way; see [`Replicator::run`](super::Replicator::run).
///
/// It goes on while [`next_event`](Self::next_event) or [`finish`](Self::finish) is awaited. Dropping it before its end cuts off what is on its way, as
/// [`cancel`](Self::cancel) does, and does not wait: what has arrived stays on the target, and the next run goes on from there if the source still has it.
///
/// ```no_run
/// # async fn run(replicator: zfs_replicate::Replicator, plan: zfs_replicate::plan::Plan, mut stop: tokio::sync::oneshot::Receiver<()>) {
/// let mut run = replicator.run(plan);
/// loop {
///     tokio::select! {
///         _ = &mut stop, if !run.is_cancelled() => run.cancel(),
///         event = run.next_event() => match event {
///             Some(event) => println!("{event:?}"),
///             None => break,
///         },
///     }
/// }
/// let report = run.finish().await;
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is done before `next_event` or `finish` is awaited"]
pub struct Run {
    hands: Hands,
    machine: Machine,
    /// What is open for the datasets that have no order in hand.
    open: BTreeMap<usize, Open>,
    /// When somebody says that it is that late.
    alarm: Option<Duration>,
    told: mpsc::UnboundedSender<News>,
    news: mpsc::UnboundedReceiver<News>,
}

/// What a worker says.
#[derive(Debug)]
enum News {
    /// An order is done.
    Answered(usize, Answer, Open),
    /// A transfer has moved that many bytes so far.
    Moved(usize, u64),
    /// It is that late.
    Woken(Duration),
}

impl Run {
    pub(super) fn new(hands: Hands, plan: Plan) -> Self {
        let (told, news) = mpsc::unbounded_channel();
        let limits = hands.replicator.limits;
        Self {
            hands,
            machine: Machine::new(plan, limits),
            open: BTreeMap::new(),
            alarm: None,
            told,
            news,
        }
    }

    /// Goes on until something happens, and says what; nothing once the run is over.
    ///
    /// It may be dropped while it waits: nothing is lost by that, the next call goes on from there.
    pub async fn next_event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.machine.poll_event() {
                return Some(event);
            }
            match self.machine.poll(self.hands.began.elapsed()) {
                Next::Do(order) => self.start(*order),
                Next::Done => return self.machine.poll_event(),
                Next::WaitUntil(until) if self.alarm.is_none_or(|alarm| until < alarm) => self.wake_at(until),
                // What came of the looking is told before anything is waited for.
                Next::Wait | Next::WaitUntil(_) => match self.machine.poll_event() {
                    Some(event) => return Some(event),
                    None => {
                        let news = self.news.recv().await?;
                        self.hear(news);
                    }
                },
            }
        }
    }

    /// Ends the run in order: nothing new begins, transfers on their way are cut off within a second or so, what has arrived of them is kept and the snapshot it
    /// waits for is held, marks stay. The report says so, and the next run goes on from there.
    ///
    /// Go on awaiting [`next_event`](Self::next_event) or [`finish`](Self::finish).
    pub fn cancel(&mut self) {
        self.machine.cancel();
        self.hands.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether [`cancel`](Self::cancel) was called.
    pub fn is_cancelled(&self) -> bool {
        self.hands.cancelled.load(Ordering::Relaxed)
    }

    /// Goes on to the end and says how each dataset ended.
    pub async fn finish(mut self) -> Report {
        while self.next_event().await.is_some() {}
        self.machine.report()
    }

    fn hear(&mut self, news: News) {
        let now = self.hands.began.elapsed();
        match news {
            News::Answered(dataset, answer, open) => {
                self.open.insert(dataset, open);
                self.machine.handle(now, dataset, answer);
            }
            News::Moved(dataset, bytes) => self.machine.moved(now, dataset, bytes),
            // Another one may be set for earlier, or for later.
            News::Woken(at) => drop(self.alarm.take_if(|alarm| *alarm == at)),
        }
    }

    /// Has it said when it is that late. The waiting is a thread's, so that any executor will do.
    fn wake_at(&mut self, until: Duration) {
        let (hands, told) = (self.hands.clone(), self.told.clone());
        let wait = move || {
            // Whoever cancels looks at everything anew.
            let _cancelled = hands.pause(until);
            told.send(News::Woken(until)).ok();
        };
        if thread::Builder::new().name("alarm".to_owned()).spawn(wait).is_ok() {
            self.alarm = Some(until);
        } else {
            // Without a thread all wait.
            let _cancelled = self.hands.pause(until);
        }
    }

    /// Starts an order on a thread of its own: calls of the kernel block and cannot be taken back.
    fn start(&mut self, order: Order) {
        let dataset = order.dataset;
        let mut open = self.open.remove(&dataset).unwrap_or_default();
        let hands = self.hands.clone();
        let answers = self.told.clone();
        let refusal = act::refused(&order.action);
        let worker = thread::Builder::new().name(format!("order-{dataset}")).spawn(move || {
            let moved = |bytes| drop(answers.send(News::Moved(dataset, bytes)));
            let answer = act::act(&hands, &order, &mut open, Some(&moved));
            // Nobody listens any more when the run was dropped.
            answers.send(News::Answered(dataset, answer, open)).ok();
        });
        if let Err(error) = worker {
            self.machine.handle(self.hands.began.elapsed(), dataset, refusal(&error));
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.hands.cancelled.store(true, Ordering::Relaxed);
    }
}
