//! I tell people what was done: a table, what is worth knowing, and every failure with its first cause and the way out.

use std::time::Duration;

use crate::cli::hint::{self, Pair, Roots};
use crate::cli::text;
use crate::cli::words::{Column, Page, count, duration, short, size};
use crate::reason::{Broken, Outcome};
use crate::run::report::{DatasetReport, Report};

/// The report of a run.
pub(in crate::cli) fn report(page: &mut Page, report: &Report, roots: Roots<'_>) {
    page.gap();
    page.table(0, COLUMNS, &rows(report));
    page.gap();
    asides(page, report);
    for dataset in &report.datasets {
        trouble(page, dataset, roots);
    }
    page.gap();
    if report.datasets.iter().any(|dataset| dataset.outcome.is_cancelled()) {
        page.line("cancelled: what has arrived is kept and nothing is lost; the same command goes on from there");
    }
    page.line(&sum(report));
}

fn rows(report: &Report) -> Vec<[String; 6]> {
    report
        .datasets
        .iter()
        .map(|dataset| {
            [
                dataset.source.to_string(),
                format!("{}/{}", dataset.steps_done, dataset.steps_planned),
                size(dataset.bytes),
                match dataset.bytes_saved {
                    0 => "-".to_owned(),
                    saved => size(saved),
                },
                match dataset.took {
                    Duration::ZERO => "-".to_owned(),
                    took => duration(took),
                },
                word(&dataset.outcome).to_owned(),
            ]
        })
        .collect()
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::AtGoal => "nothing to do",
        Outcome::Replicated => "replicated",
        Outcome::StoodIn => "placeholder",
        Outcome::Blocked { .. } => "blocked",
        Outcome::NotBegun { .. } => "not begun",
        Outcome::Failed { .. } if outcome.is_cancelled() => "cancelled",
        Outcome::Failed { .. } => "FAILED",
    }
}

/// What stopped nothing.
fn asides(page: &mut Page, report: &Report) {
    for dataset in &report.datasets {
        if dataset.outcome.is_at_goal() && dataset.attempts > 1 {
            page.line(&format!("note: {}: it took {} attempts", dataset.source, dataset.attempts));
        }
        for note in &dataset.notes {
            page.line(&format!("note: {}: {note}", dataset.source));
            if let Some(hint) = hint::note(note, pair(dataset)) {
                page.under(1, &format!("hint: {hint}"));
            }
        }
    }
    for left in &report.skipped {
        page.line(&format!("left alone: {} ({})", left.name, left.why));
    }
    for orphan in &report.orphans {
        let snapshots = count(orphan.snapshots, "snapshot");
        page.line(&format!("only on the target, left as it is: {} ({snapshots})", orphan.name));
    }
}

/// What stopped something.
fn trouble(page: &mut Page, dataset: &DatasetReport, roots: Roots<'_>) {
    let (what, hint) = match &dataset.outcome {
        Outcome::AtGoal | Outcome::Replicated | Outcome::StoodIn => return,
        Outcome::Blocked { why } => (format!("blocked: {why}"), hint::blocked(why, pair(dataset))),
        Outcome::NotBegun { why } => (format!("not begun: {why}"), hint::not_begun(why)),
        Outcome::Failed { to, from, why } => {
            let end = if dataset.outcome.is_cancelled() { "cancelled" } else { "failed" };
            page.gap();
            page.line(&format!(
                "{}: {end}{}{}",
                dataset.source,
                stage(to.as_ref().map(AsRef::as_ref), from.as_deref()),
                attempts(dataset.attempts)
            ));
            broken(page, why);
            if let Some(hint) = hint::failure(&why.cause, roots) {
                page.under(1, &format!("hint:  {hint}"));
            }
            return;
        }
    };
    page.gap();
    page.line(&format!("{}: {what}", dataset.source));
    if let Some(hint) = hint {
        page.under(1, &format!("hint:  {hint}"));
    }
}

/// How often it was tried, where once was not enough.
fn attempts(times: u32) -> String {
    match times {
        0 | 1 => String::new(),
        times => format!(", the last of {times} attempts"),
    }
}

fn stage(to: Option<&str>, from: Option<&str>) -> String {
    match (to, from) {
        (Some(to), Some(from)) => format!(" while sending {} from {}", short(to), short(from)),
        (Some(to), None) => format!(" while sending {} in full", short(to)),
        (None, _) => String::new(),
    }
}

/// The first cause, and apart from it what only followed.
fn broken(page: &mut Page, why: &Broken) {
    page.under(1, &format!("cause: {}", text::failure(&why.cause)));
    for echo in &why.echoes {
        page.under(1, &format!("echo:  {} (only followed from the cause)", text::failure(echo)));
    }
}

fn sum(report: &Report) -> String {
    let all = report.datasets.len();
    let there = report.datasets.iter().filter(|dataset| dataset.outcome.is_at_goal()).count();
    let saved = report
        .datasets
        .iter()
        .map(|dataset| dataset.bytes_saved)
        .fold(0, u64::saturating_add);
    let end = if report.complete && there == all {
        "complete"
    } else {
        "NOT complete"
    };
    let saved = match saved {
        0 => String::new(),
        saved => format!(", {} saved by resuming", size(saved)),
    };
    format!(
        "{end}: {there} of {} at the goal; {} in {}{saved}",
        count(all, "dataset"),
        size(report.bytes),
        duration(report.took)
    )
}

fn pair(dataset: &DatasetReport) -> Pair<'_> {
    Pair {
        source: dataset.source.as_str(),
        target: &dataset.target,
    }
}

const COLUMNS: [Column; 6] = [
    Column::Text("DATASET"),
    Column::Figure("STEPS"),
    Column::Figure("BYTES"),
    Column::Figure("SAVED"),
    Column::Figure("TIME"),
    Column::Text("OUTCOME"),
];
