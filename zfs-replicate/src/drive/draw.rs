//! I look at both sides until a plan can be made of what is seen.
//!
//! What is only remembered may say that nothing is to be done, and no more: nothing is sent, renamed, removed or reported as being in the way because of it.

use std::collections::BTreeSet;

use super::{Memory, Replicator, Unplanned};
use crate::plan::{self, DatasetPlan, Plan};
use crate::policy::divergence::OnDivergence;
use crate::view::View;

impl Replicator {
    /// Looks at both sides and plans. What would be lost by that is looked at more closely, and where it is in use it is planned anew.
    pub(super) fn draw_up(&self) -> Result<(View, View, Plan), Unplanned> {
        // Who looks into snapshots asks for each of them in any case.
        let memory = self.memory.as_ref().filter(|_| !self.wish.looks_into_snapshots());
        let (mut source, mut target) = self.look(memory)?;
        let mut plan = plan::plan(&source, &target, &self.wish)?;
        while self.look_again(&mut source, &mut target, &plan)? {
            plan = plan::plan(&source, &target, &self.wish)?;
        }
        let lost = plan.lost().map(|point| point.guid).collect();
        if self.target.look_closer(&mut target, &lost)? {
            plan = plan::plan(&source, &target, &self.wish)?;
        }
        Ok((source, target, plan))
    }

    fn look(&self, memory: Option<&Memory>) -> Result<(View, View), Unplanned> {
        let mut memory = memory.map(Memory::lock);
        // What lies below goes along with what is set aside, and is listed.
        let goes_along = self.wish.on_divergence == OnDivergence::RenameAside;
        let recursive = self.wish.recursive || goes_along;
        // The target first: what has come from the source by then, the source is seen to have. The other way round, what another program brings meanwhile would
        // look like something of the target's own.
        let target = self.target.view_with(&self.to, recursive, memory.as_deref_mut())?;
        let mut source = self.source.view_with(&self.from, self.wish.recursive, memory.as_deref_mut())?;
        if self.wish.looks_into_snapshots() {
            self.source.describe(&mut source)?;
        }
        Ok((source, target))
    }

    /// Looks anew at what was only remembered of datasets for which there is something to do. Says whether there was any.
    fn look_again(&self, source: &mut View, target: &mut View, plan: &Plan) -> Result<bool, Unplanned> {
        let stirred = || plan.datasets.iter().filter(|dataset| !dataset.is_at_rest());
        let here: BTreeSet<String> = stirred().map(|dataset| dataset.source.to_string()).collect();
        let there: BTreeSet<String> = stirred().flat_map(DatasetPlan::on_target).map(str::to_owned).collect();
        let looked_there = self.target.look_again(target, &there)?;
        let looked_here = self.source.look_again(source, &here)?;
        Ok(looked_here || looked_there)
    }
}
