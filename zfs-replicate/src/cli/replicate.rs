//! I bring datasets elsewhere, or say what that would be.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use serde::Serialize;
use tokio::runtime;

use super::args::{Apply, Backend, Explain, MakePlan, Replicate, Scope};
use super::complaint::Complaint;
use super::hint::Roots;
use super::live::Live;
use super::rate::Rate;
use super::status::Status;
use super::words::Page;
use super::{answer, json, open, say, signal, text, try_to};
use crate::drive::Replicator;
use crate::plan::Plan;
use crate::plan::explain::Explanation;

pub(super) fn replicate(wish: &Replicate, backend: Backend) -> Result<Status, Complaint> {
    let replicator = replicator(&wish.scope, backend)?.limit(wish.pace.bwlimit.map(|rate| rate.0));
    let plan = planned(&replicator, &wish.scope)?;
    if wish.dry_run {
        show(&plan, wish.json)
    } else {
        run(&replicator, plan, wish.pace.bwlimit, wish.json)
    }
}

pub(super) fn plan(wish: &MakePlan, backend: Backend) -> Result<Status, Complaint> {
    show(&planned(&replicator(&wish.scope, backend)?, &wish.scope)?, wish.json)
}

pub(super) fn apply(wish: &Apply, backend: Backend) -> Result<Status, Complaint> {
    let kept = read(&wish.plan)?;
    let roots = Roots {
        source: &kept.source,
        target: &kept.target,
    };
    let replicator = Replicator::local(open(backend)?, kept.source.clone(), kept.target.clone())
        .wish(kept.wish.clone())
        .limit(wish.pace.bwlimit.map(|rate| rate.0));
    let plan = replicator.plan().map_err(|error| Complaint::unplanned(&error, roots))?;
    let moved = kept.moved(&plan);
    if !moved.is_empty() {
        return Err(Complaint::moved(&moved));
    }
    run(&replicator, plan, wish.pace.bwlimit, wish.json)
}

pub(super) fn explain(wish: &Explain, backend: Backend) -> Result<Status, Complaint> {
    let explained = replicator(&wish.scope, backend)?.explain();
    let mut datasets = explained.map_err(|error| Complaint::unplanned(&error, roots(&wish.scope)))?;
    if let Some(only) = &wish.dataset {
        datasets.retain(|dataset| dataset.source == *only);
        if datasets.is_empty() {
            return Err(Complaint::absent(only));
        }
    }
    answer(&if wish.json {
        json::versioned(&Explanations { datasets: &datasets })?
    } else {
        Page::of(|page| text::explanations(page, &datasets))
    })?;
    Ok(Status::AtGoal)
}

/// What `explain` says as JSON.
#[derive(Debug, Serialize)]
struct Explanations<'a> {
    datasets: &'a [Explanation],
}

fn roots(scope: &Scope) -> Roots<'_> {
    Roots {
        source: &scope.source,
        target: &scope.target,
    }
}

fn replicator(scope: &Scope, backend: Backend) -> Result<Replicator, Complaint> {
    Ok(Replicator::local(open(backend)?, scope.source.clone(), scope.target.clone()).wish(scope.wish()?))
}

fn planned(replicator: &Replicator, scope: &Scope) -> Result<Plan, Complaint> {
    replicator.plan().map_err(|error| Complaint::unplanned(&error, roots(scope)))
}

fn read(path: &Path) -> Result<Plan, Complaint> {
    let (name, read) = if path == Path::new("-") {
        let mut text = String::new();
        let read = io::stdin().read_to_string(&mut text).map(|_| text);
        ("the standard input".to_owned(), read)
    } else {
        (path.display().to_string(), fs::read_to_string(path))
    };
    let text = read.map_err(|error| Complaint::unread_file(&name, &error))?;
    serde_json::from_str(&text).map_err(|error| Complaint::no_plan(&name, &error))
}

fn show(plan: &Plan, is_json: bool) -> Result<Status, Complaint> {
    answer(&if is_json {
        json::plan(plan)?
    } else {
        Page::of(|page| text::plan(page, plan))
    })?;
    Ok(Status::of_plan(plan))
}

fn run(replicator: &Replicator, plan: Plan, limit: Option<Rate>, is_json: bool) -> Result<Status, Complaint> {
    let limit = limit.map_or_else(String::new, |rate| format!(", at most {rate}"));
    say(&format!("by {}{limit}", replicator.backend()));
    if !is_json {
        try_to(answer(&Page::of(|page| text::plan(page, &plan))));
    }
    let (source, target) = (plan.source.clone(), plan.target.clone());
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Complaint::system(&error))?;
    let mut stop = signal::first().map_err(|error| Complaint::system(&error))?;
    let mut live = Live::new();
    let report = runtime.block_on(async {
        let mut run = replicator.run(plan);
        loop {
            tokio::select! {
                _ = &mut stop, if !run.is_cancelled() => run.cancel(),
                event = run.next_event() => match event {
                    Some(event) => live.tell(&event),
                    None => break run.finish().await,
                },
            }
        }
    });
    let text = if is_json {
        json::report(&report)
    } else {
        let roots = Roots {
            source: &source,
            target: &target,
        };
        Ok(Page::of(|page| text::report(page, &report, roots)))
    };
    try_to(text.and_then(|text| answer(&text)));
    Ok(Status::of_report(&report))
}
