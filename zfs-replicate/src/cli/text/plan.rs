//! I tell people what is going to be done, dataset by dataset, and why.

use crate::cli::hint::{self, Pair};
use crate::cli::words::{Page, count, guesses, percent, short, size};
use crate::plan::{DatasetPlan, Plan, RollBack, SetAside, Step, Transfer, Work};
use crate::reason::Selected;
use crate::view::{Base, Point};

/// The plan, in the order in which it is done.
pub(in crate::cli) fn plan(page: &mut Page, plan: &Plan) {
    page.line(&format!("{} -> {}{}", plan.source, plan.target, wish(plan)));
    for dataset in plan.datasets.iter().filter(|dataset| !is_quiet(dataset)) {
        page.gap();
        one(page, dataset);
    }
    page.gap();
    for left in &plan.skipped {
        page.line(&format!("left alone: {} ({})", left.name, left.why));
    }
    for orphan in &plan.orphans {
        page.line(&format!(
            "only on the target, left as it is: {} (guid {}, {})",
            orphan.name,
            orphan.guid,
            count(orphan.snapshots, "snapshot")
        ));
    }
    page.gap();
    page.line(&sum(plan));
}

fn wish(plan: &Plan) -> String {
    let below = if plan.wish.recursive { ", with everything below" } else { "" };
    let raw = if plan.wish.raw { ", what is encrypted stays encrypted" } else { "" };
    let is_choosy = !plan.wish.snapshots.is_empty() || plan.wish.looks_into_snapshots();
    let snapshots = if is_choosy { ", of the snapshots only those wanted" } else { "" };
    format!("{below}{raw}{snapshots}")
}

/// Whether there is nothing to say of a dataset but that all is well, which the sum says for all of them.
fn is_quiet(dataset: &DatasetPlan) -> bool {
    matches!(&dataset.work, Work::Steps { steps } if steps.is_empty()) && dataset.notes.is_empty()
}

fn one(page: &mut Page, dataset: &DatasetPlan) {
    page.line(&format!("{} -> {}", dataset.source, dataset.target));
    work(page, 1, dataset);
}

/// What is done for a dataset, that deep below what it belongs to.
pub(super) fn work(page: &mut Page, depth: usize, dataset: &DatasetPlan) {
    let pair = Pair {
        source: dataset.source.as_str(),
        target: &dataset.target,
    };
    let below = depth.saturating_add(1);
    match &dataset.work {
        Work::Blocked { why } => {
            page.under(depth, &format!("blocked: {why}"));
            if let Some(hint) = hint::blocked(why, pair) {
                page.under(below, &format!("hint: {hint}"));
            }
        }
        Work::Steps { steps } if steps.is_empty() => page.under(depth, "nothing to do: the target has every snapshot"),
        Work::Steps { steps } => lines(steps).iter().for_each(|line| page.under(depth, line)),
    }
    for note in &dataset.notes {
        page.under(depth, &format!("note: {note}"));
        if let Some(hint) = hint::note(note, pair) {
            page.under(below, &format!("hint: {hint}"));
        }
    }
}

/// Steps as people count them: transfers in a row are one line, and so are all marks.
fn lines(steps: &[Step]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut row: Vec<&Transfer> = Vec::new();
    let (mut made, mut removed, mut released) = (0_usize, 0_usize, 0_usize);
    for step in steps {
        match step {
            Step::Rename(rename) => lines.push(format!(
                "rename {} to {}: both sides have the snapshot of guid {}",
                rename.from, rename.to, rename.shares
            )),
            Step::SetAside(aside) => lines.extend(set_aside(aside)),
            Step::RollBack(back) => lines.extend(rolled_back(back)),
            Step::Placeholder(placeholder) => lines.push(format!(
                "make {}, empty and never mounted: {}",
                placeholder.dataset,
                Selected::Above
            )),
            Step::AbortPartial(abort) => lines.push(format!("give up the interrupted receive of {}: {}", abort.dataset, abort.why)),
            Step::Mark(marking) => made = made.saturating_add(marking.cursors.len()),
            Step::Unmark(unmark) => removed = removed.saturating_add(unmark.cursors.len()),
            Step::Release(_) => released = released.saturating_add(1),
            Step::Transfer(transfer) if transfer.resume.is_some() => lines.extend(resumed(transfer)),
            Step::Transfer(transfer) => row.push(transfer),
        }
    }
    lines.extend(in_a_row(&row));
    let marks: Vec<_> = [
        (made, "cursor bookmark", "to make"),
        (removed, "cursor bookmark", "to remove"),
        (released, "hold", "to release"),
    ]
    .into_iter()
    .filter(|(number, ..)| *number > 0)
    .map(|(number, noun, verb)| format!("{} {verb}", count(number, noun)))
    .collect();
    if !marks.is_empty() {
        lines.push(format!("on the source: {}", marks.join(", ")));
    }
    lines
}

fn set_aside(aside: &SetAside) -> Vec<String> {
    let mut lines = vec![format!("set {} aside as {}, where it is kept: {}", aside.from, aside.to, aside.why)];
    if !aside.below.is_empty() {
        let names: Vec<_> = aside.below.iter().map(AsRef::as_ref).collect();
        lines.push(format!(
            "  along with what lies below, which is sent anew as far as it is replicated: {}",
            names.join(", ")
        ));
    }
    lines
}

/// Whoever reads this consents to what is lost, so every snapshot is named.
fn rolled_back(back: &RollBack) -> Vec<String> {
    let mut lines = vec![format!(
        "roll {} back to {} (guid {}), the newest that both sides have; LOST for good:",
        back.dataset,
        short(back.to.name.as_str()),
        back.to.guid
    )];
    let named = |lost: &Point| format!("  {} (guid {})", lost.name, lost.guid);
    lines.extend(back.lost.iter().map(named));
    let newest = back.lost.last().unwrap_or(&back.to);
    lines.push(format!(
        "  what was written since {}: {}",
        short(newest.name.as_str()),
        size(back.written)
    ));
    lines
}

fn resumed(transfer: &Transfer) -> Option<String> {
    let there = transfer.resume?.bytes;
    let to = short(transfer.to.name.as_str());
    Some(match transfer.estimate {
        Some(rest) => {
            let whole = there.saturating_add(rest);
            format!(
                "resume {to} at {} %: {} of about {} are there",
                percent(there, whole),
                size(there),
                size(whole)
            )
        }
        None => format!("resume {to}: {} are there", size(there)),
    })
}

fn in_a_row(row: &[&Transfer]) -> Option<String> {
    let (first, last) = (row.first()?, row.last()?);
    let to = |transfer: &Transfer| short(transfer.to.name.as_str()).to_owned();
    let about = guesses(row.iter().map(|transfer| transfer.estimate));
    if let (Some(base), Some(origin)) = (&first.from, &first.origin) {
        let more = match row.len() {
            1 => String::new(),
            number => format!(", then {} up to {}", count(number - 1, "increment"), to(last)),
        };
        return Some(format!(
            "clone of {} (guid {}): increment from {} to {}{more}, {about}",
            origin.name,
            origin.guid,
            base.as_str(),
            to(first),
        ));
    }
    let what = match (&first.from, row.len()) {
        (None, 1) => format!("full stream of {}", to(first)),
        (None, number) => format!(
            "full stream of {}, then {} up to {}",
            to(first),
            count(number - 1, "increment"),
            to(last)
        ),
        (Some(base), 1) => format!("increment from {} to {}", since(base), to(last)),
        (Some(base), number) => format!("{number} increments from {} up to {}", since(base), to(last)),
    };
    Some(format!("{what}, {about}"))
}

fn since(base: &Base) -> String {
    match base {
        Base::Snapshot(point) => short(point.name.as_str()).to_owned(),
        Base::Bookmark { name, .. } => format!("the bookmark {}", short(name.as_str())),
    }
}

fn sum(plan: &Plan) -> String {
    let transfers: Vec<_> = plan.datasets.iter().flat_map(DatasetPlan::transfers).collect();
    let blocked = plan
        .datasets
        .iter()
        .filter(|dataset| matches!(dataset.work, Work::Blocked { .. }))
        .count();
    let still = plan
        .datasets
        .iter()
        .filter(|dataset| {
            matches!(dataset.work, Work::Steps { .. }) && dataset.why != Selected::Above && dataset.transfers().next().is_none()
        })
        .count();
    let mut parts = vec![match transfers.len() {
        0 => "nothing to send".to_owned(),
        number => format!(
            "to send: {}, {}, {} available",
            count(number, "snapshot"),
            guesses(transfers.iter().map(|transfer| transfer.estimate)),
            size(plan.available)
        ),
    }];
    if still > 0 {
        parts.push(format!("{} with nothing to send", count(still, "dataset")));
    }
    if blocked > 0 {
        parts.push(format!("{} blocked", count(blocked, "dataset")));
    }
    parts.join("; ")
}
