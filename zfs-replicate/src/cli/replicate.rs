//! I bring datasets elsewhere, or say what that would be.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use serde::Serialize;
use tokio::runtime;

use super::args::{Apply, Backend, Explain, MakePlan, Pace, Replicate, Scope};
use super::cache::Cache;
use super::complaint::Complaint;
use super::hint::Roots;
use super::live::Live;
use super::rate::Rate;
use super::status::Status;
use super::words::Page;
use super::{answer, json, open, say, signal, text, try_to};
use crate::drive::{Replicator, Unplanned};
use crate::plan::Plan;
use crate::plan::explain::Explanation;

pub(super) fn replicate(wish: &Replicate, backend: Backend) -> Result<Status, Complaint> {
    let (replicator, plan) = look(&wish.scope, backend, Replicator::plan)?;
    if wish.dry_run {
        show(&plan, wish.json)
    } else {
        run(&paced(replicator, wish.pace), plan, wish.pace.bwlimit, wish.json)
    }
}

pub(super) fn plan(wish: &MakePlan, backend: Backend) -> Result<Status, Complaint> {
    let (_, plan) = look(&wish.scope, backend, Replicator::plan)?;
    show(&plan, wish.json)
}

pub(super) fn apply(wish: &Apply, backend: Backend) -> Result<Status, Complaint> {
    let kept = read(&wish.plan)?;
    let roots = Roots {
        source: &kept.source,
        target: &kept.target,
    };
    let replicator = Replicator::local(open(backend)?, kept.source.clone(), kept.target.clone()).wish(kept.wish.clone());
    let replicator = paced(replicator, wish.pace);
    let plan = replicator.plan().map_err(|error| Complaint::unplanned(&error, roots))?;
    let moved = kept.moved(&plan);
    if !moved.is_empty() {
        return Err(Complaint::moved(&moved));
    }
    run(&replicator, plan, wish.pace.bwlimit, wish.json)
}

pub(super) fn explain(wish: &Explain, backend: Backend) -> Result<Status, Complaint> {
    let (_, mut datasets) = look(&wish.scope, backend, Replicator::explain)?;
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

/// Makes something of what both sides have, by what is remembered of it where that is wanted.
fn look<T>(scope: &Scope, backend: Backend, make: impl FnOnce(&Replicator) -> Result<T, Unplanned>) -> Result<(Replicator, T), Complaint> {
    let mut replicator = Replicator::local(open(backend)?, scope.source.clone(), scope.target.clone()).wish(scope.wish()?);
    let cache = scope.cache.as_deref().map(Cache::open);
    if let Some(cache) = &cache {
        replicator = replicator.remember(cache.memory());
    }
    let roots = Roots {
        source: &scope.source,
        target: &scope.target,
    };
    let made = make(&replicator).map_err(|error| Complaint::unplanned(&error, roots))?;
    if let Some(cache) = cache {
        cache.save();
    }
    Ok((replicator, made))
}

fn paced(replicator: Replicator, pace: Pace) -> Replicator {
    let replicator = replicator.limit(pace.bwlimit.map(|rate| rate.0));
    match pace.jobs {
        Some(jobs) => replicator.jobs(jobs),
        None => replicator,
    }
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
