//! I look at both sides until a plan can be made of what is seen.
//!
//! What is only remembered may say that nothing is to be done, and no more: nothing is sent, renamed, removed or reported as being in the way because of it.

use std::collections::BTreeSet;

use zfs_rs::DatasetName;

use super::{Memory, Replicator, Unplanned};
use crate::endpoint::{Again, Detail};
use crate::plan::{self, DatasetPlan, Plan};
use crate::policy::divergence::OnDivergence;
use crate::view::View;

impl Replicator {
    /// Looks at both sides and plans. What would be lost by that is looked at more closely, and where it is in use it is planned anew.
    pub(super) fn draw_up(&self) -> Result<(View, View, Plan), Unplanned> {
        // Who looks into snapshots asks for each of them in any case.
        let memory = self.memory.as_ref().filter(|_| !self.wish.looks_into_snapshots());
        let mut seen = self.recall(memory)?;
        let mut plan = plan::plan(&seen.source, &seen.target, &self.wish)?;
        while self.look_again(&mut seen, &plan, memory)? || self.settle(&mut seen, &plan)? {
            plan = plan::plan(&seen.source, &seen.target, &self.wish)?;
        }
        let Seen { source, mut target, .. } = seen;
        let lost = plan.lost().map(|point| point.guid).collect();
        if self.target.look_closer(&mut target, &lost)? {
            plan = plan::plan(&source, &target, &self.wish)?;
        }
        Ok((source, target, plan))
    }

    /// Looks at no more of the target than what is remembered of it, where that can be enough: what the source does not have stays as it is.
    fn recall(&self, memory: Option<&Memory>) -> Result<Seen, Unplanned> {
        if self.wish.recursive
            && self.wish.on_divergence == OnDivergence::Error
            && let Some(memory) = memory
        {
            let mut memory = memory.lock();
            if let Some(target) = self.target.recall(&self.to, &mut memory)? {
                let source = self.source.view_with(&self.from, true, self.detail(), Some(&mut memory))?;
                return Ok(Seen {
                    is_all: false,
                    ..Seen::all(source, target)
                });
            }
        }
        self.look(memory)
    }

    fn look(&self, memory: Option<&Memory>) -> Result<Seen, Unplanned> {
        let mut memory = memory.map(Memory::lock);
        // What lies below goes along with what is set aside, and is listed.
        let goes_along = self.wish.on_divergence == OnDivergence::RenameAside;
        let recursive = self.wish.recursive || goes_along;
        // The target first: what has come from the source by then, the source is seen to have. The other way round, what another program brings meanwhile would
        // look like something of the target's own.
        let target = self
            .target
            .view_with(&self.to, recursive, Detail::Identity, memory.as_deref_mut())?;
        let source = self
            .source
            .view_with(&self.from, self.wish.recursive, self.detail(), memory.as_deref_mut())?;
        Ok(Seen::all(source, target))
    }

    /// What the wish needs to know of each snapshot of the source.
    fn detail(&self) -> Detail {
        if self.wish.looks_into_snapshots() {
            Detail::Properties
        } else {
            Detail::Identity
        }
    }

    /// Looks anew at what was only remembered of datasets for which there is something to do, and at all where these lack a place on the target that was not
    /// looked for. Says whether there was any of that.
    fn look_again(&self, seen: &mut Seen, plan: &Plan, memory: Option<&Memory>) -> Result<bool, Unplanned> {
        let stirred = || plan.datasets.iter().filter(|dataset| !dataset.is_at_rest());
        let here: BTreeSet<String> = stirred().map(|dataset| dataset.source.to_string()).collect();
        let there: BTreeSet<String> = stirred().flat_map(DatasetPlan::on_target).map(str::to_owned).collect();
        let is_seen = |name: &String| seen.target.datasets.iter().any(|dataset| dataset.name.as_str() == name);
        if !seen.is_all && !there.iter().all(is_seen) {
            *seen = self.look(memory)?;
            return Ok(true);
        }
        let looked_there = self.target.look_again(&mut seen.target, &there, true, Detail::Identity)?;
        // What has come there meanwhile was not on the source yet when that was looked at.
        let only_remembered = looked_there != Again::Otherwise;
        let looked_here = self.source.look_again(&mut seen.source, &here, only_remembered, self.detail())?;
        Ok(looked_here != Again::NotNeeded || looked_there != Again::NotNeeded)
    }

    /// Lists the snapshots of what something is to be done for once more, until two lists are the same, and says whether they were not: kernels list by name, so
    /// what is renamed meanwhile may be on no list. Once a newer one is on the target no kernel takes it any more; and what the target has would look like
    /// something of its own.
    fn settle(&self, seen: &mut Seen, plan: &Plan) -> Result<bool, Unplanned> {
        if seen.looks == MOST_LOOKS {
            return Ok(false);
        }
        seen.looks += 1;
        let mut changed = BTreeSet::new();
        for work in plan.datasets.iter().filter(|work| !work.is_at_rest()) {
            let Some(dataset) = seen
                .source
                .dataset(&work.source)
                .filter(|dataset| !seen.settled.contains(&dataset.name))
            else {
                continue;
            };
            // What is no newer than the base is not sent in any case.
            let base = work.transfers().next().and_then(|first| first.from.as_ref());
            let base = base.and_then(|base| dataset.createtxg_of(base.guid()));
            if self.source.is_otherwise(dataset, base)? {
                changed.insert(dataset.name.to_string());
            } else {
                seen.settled.insert(dataset.name.clone());
            }
        }
        self.source.look_again(&mut seen.source, &changed, false, self.detail())?;
        Ok(!changed.is_empty())
    }
}

/// What was seen of both sides.
struct Seen {
    source: View,
    target: View,
    /// Whether all that is on the target was looked for.
    is_all: bool,
    /// Datasets of the source whose snapshots were listed twice, and were the same.
    settled: BTreeSet<DatasetName>,
    /// How often it was seen to that they are.
    looks: u32,
}

impl Seen {
    /// All that there is.
    fn all(source: View, target: View) -> Self {
        Self {
            source,
            target,
            is_all: true,
            settled: BTreeSet::new(),
            looks: 0,
        }
    }
}

/// Whoever renames snapshots faster than they are listed may do so for ever: the last list counts then.
const MOST_LOOKS: u32 = 8;
