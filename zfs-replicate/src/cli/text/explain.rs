//! I tell people of each dataset and snapshot why it is or is not in the plan, and where a kept plan does not hold any more.

use super::plan;
use crate::cli::words::{Page, short};
use crate::plan::explain::{Explanation, Standing};
use crate::plan::moved::Moved;

/// Datasets, one after the other.
pub(in crate::cli) fn explanations(page: &mut Page, datasets: &[Explanation]) {
    for dataset in datasets {
        page.gap();
        match &dataset.standing {
            Standing::Skipped { why, placeholder } => {
                page.line(dataset.source.as_str());
                page.under(1, &format!("left alone: {why}"));
                if let Some(plan) = placeholder {
                    plan::work(page, 1, plan);
                }
            }
            Standing::Planned { plan } => {
                page.line(&format!("{} -> {}", dataset.source, plan.target));
                page.under(1, &format!("in the plan: {}", plan.why));
                plan::work(page, 1, plan);
            }
        }
        for explained in &dataset.snapshots {
            let name = short(explained.snapshot.name.as_str());
            page.under(1, &format!("{name} (guid {}): {}", explained.snapshot.guid, explained.fate));
        }
    }
}

/// What was planned and what would be done now.
pub(in crate::cli) fn moved(page: &mut Page, moved: &[Moved]) {
    for dataset in moved {
        page.line(dataset.source.as_str());
        for (when, what) in [("planned", &dataset.planned), ("now", &dataset.now)] {
            page.under(1, &format!("{when}:"));
            match what {
                Some(what) => plan::work(page, 2, what),
                None => page.under(2, "it is not in the plan"),
            }
        }
    }
}
