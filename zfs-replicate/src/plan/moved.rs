//! I compare a plan that was kept with the one that would be made now.

use zfs_rs::name::DatasetName;

use crate::plan::{DatasetPlan, Plan, Step, Work};

/// A dataset for which something else would be done now than was planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Its name on the source.
    pub source: DatasetName,
    /// What was planned for it; nothing if it was not in the plan.
    pub planned: Option<DatasetPlan>,
    /// What would be done now; nothing if it is in the plan no more.
    pub now: Option<DatasetPlan>,
}

impl Plan {
    /// Where the state of both sides asks for something else than this plan, which was made earlier, by the plan that was made of them `now`.
    ///
    /// Estimates, free space and notes are hints and not compared.
    pub fn moved(&self, now: &Self) -> Vec<Moved> {
        let changed = self.datasets.iter().filter_map(|planned| {
            let found = now.datasets.iter().find(|found| found.source == planned.source);
            let is_same = found.is_some_and(|found| acts(found) == acts(planned));
            (!is_same).then(|| Moved {
                source: planned.source.clone(),
                planned: Some(planned.clone()),
                now: found.cloned(),
            })
        });
        let is_new = |found: &&DatasetPlan| !self.datasets.iter().any(|planned| planned.source == found.source);
        let new = now.datasets.iter().filter(is_new).map(|found| Moved {
            source: found.source.clone(),
            planned: None,
            now: Some(found.clone()),
        });
        changed.chain(new).collect()
    }
}

/// A plan for one dataset without what is no part of its actions.
fn acts(plan: &DatasetPlan) -> DatasetPlan {
    let mut plan = plan.clone();
    plan.notes.clear();
    // Places in the whole plan, which move when another dataset comes or goes; that one is told of by itself.
    plan.needs.clear();
    if let Work::Steps { steps } = &mut plan.work {
        for step in steps {
            if let Step::Transfer(transfer) = step {
                transfer.estimate = None;
            }
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use crate::world::{ALL, world};

    #[test]
    fn only_what_would_be_done_otherwise_has_moved() {
        let before = world("src: @1 @2 | src/a: @1 | dst: @1");
        let mut kept = before.plan(&ALL);
        for transfer in kept.transfers_mut() {
            transfer.estimate = Some(1);
        }
        assert!(kept.moved(&before.plan(&ALL)).is_empty());
        let names = |now: &str| {
            let moved = kept.moved(&world(now).plan(&ALL));
            let told = moved.iter().map(|moved| {
                format!(
                    "{} {}{}",
                    moved.source,
                    u8::from(moved.planned.is_some()),
                    u8::from(moved.now.is_some())
                )
            });
            told.collect::<Vec<_>>()
        };
        assert_eq!(names("src: @1 @2 @3 | src/a: @1 | dst: @1"), ["left/src 11"]);
        assert_eq!(names("src: @1 @2! | src/a: @1 | dst: @1"), ["left/src 11"]);
        assert_eq!(names("src: @1 @2 | src/b: @1 | dst: @1"), ["left/src/a 10", "left/src/b 01"]);
    }
}
