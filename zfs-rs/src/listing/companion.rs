//! I keep a dataset open in the kernel while somebody else lists it.
//!
//! The kernel gives one snapshot a call. Each call on a dataset that nobody has open opens and closes it, which costs several times what the call
//! itself does; while another call on the same dataset is in the kernel, it finds it open. So I ask for snapshots out of any range: the kernel
//! passes over all of them inside one call that brings nothing. Nothing depends on it but the time that the other needs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::backend::request::NextSnapshot;
use crate::backend::{Cursor, Detail, Device};
use crate::identity::Txg;
use crate::name::DatasetName;

/// What one lister and one companion share.
#[derive(Debug)]
pub(super) struct Companion {
    task: Mutex<Task>,
    changed: Condvar,
    /// Goes up with each task and each end of one.
    turn: AtomicU64,
    /// Snapshots from this transaction group on end the companion's call.
    from: AtomicU64,
}

#[derive(Debug)]
enum Task {
    Rest,
    Beside(DatasetName),
    End,
}

impl Companion {
    pub(super) fn new() -> Self {
        Self {
            task: Mutex::new(Task::Rest),
            changed: Condvar::new(),
            turn: AtomicU64::new(0),
            from: AtomicU64::new(NEVER),
        }
    }

    /// Sets it beside whoever lists that dataset.
    pub(super) fn join(&self, dataset: &DatasetName) {
        self.from.store(NEVER, Ordering::Relaxed);
        self.tell(Task::Beside(dataset.clone()));
    }

    /// Lets its calls end at snapshots of that transaction group and later ones, so that none holds up the pool for long.
    pub(super) fn end_calls_from(&self, txg: Txg) {
        self.from.store(txg.0, Ordering::Relaxed);
    }

    /// Lets it rest; its last call may take a moment to end.
    pub(super) fn rest(&self) {
        self.tell(Task::Rest);
    }

    /// Ends it.
    pub(super) fn end(&self) {
        self.tell(Task::End);
    }

    fn tell(&self, next: Task) {
        let mut task = self.task();
        self.turn.fetch_add(1, Ordering::Release);
        // The end is the end: a lister in the middle of something may call it back only after that.
        if !matches!(*task, Task::End) {
            *task = next;
        }
        drop(task);
        self.changed.notify_all();
    }

    /// Does the companion's work until it is ended.
    pub(super) fn run(&self, device: &dyn Device) {
        while let Some((dataset, turn)) = self.wait() {
            let mut after = Cursor::default();
            while self.turn.load(Ordering::Acquire) == turn {
                let request = NextSnapshot {
                    min_txg: Some(Txg(self.from.load(Ordering::Relaxed))),
                    ..NextSnapshot::any(&dataset, after, Detail::Stats)
                };
                after = match device.next_snapshot(&request) {
                    Ok(found) => found.map_or_else(Cursor::default, |found| found.cursor),
                    // Whoever lists it will hear the same and report it.
                    Err(_) => break,
                };
            }
        }
    }

    fn wait(&self) -> Option<(DatasetName, u64)> {
        let mut task = self.task();
        loop {
            match &mut *task {
                Task::End => return None,
                Task::Rest => task = self.changed.wait(task).unwrap_or_else(PoisonError::into_inner),
                Task::Beside(dataset) => {
                    let dataset = dataset.clone();
                    *task = Task::Rest;
                    return Some((dataset, self.turn.load(Ordering::Acquire)));
                }
            }
        }
    }

    fn task(&self) -> MutexGuard<'_, Task> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A transaction group that no pool reaches: at one a nanosecond, in three hundred years.
const NEVER: u64 = u64::MAX / 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_was_ended_is_not_called_back() {
        let companion = Companion::new();
        companion.join(&"tank".parse().unwrap());
        companion.end();
        companion.rest();
        companion.join(&"tank".parse().unwrap());
        assert_eq!(companion.wait(), None);
    }
}
