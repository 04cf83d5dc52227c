//! I say whether two sides are where they should be, and can show that I would say if they were not.

use std::collections::BTreeSet;

use super::{
    Result,
    listing::{Dataset, Listing, Snapshot},
};

/// What is wrong with a copy, and with the marks and holds of who made it; nothing where all is well.
pub(crate) fn wrong(source: &Listing, target: &Listing) -> Vec<String> {
    let mut found = Vec::new();
    if source.guids().is_empty() {
        found.push("the source has no snapshot".to_owned());
    }
    let names: BTreeSet<&String> = source.datasets.keys().chain(target.datasets.keys()).collect();
    for name in names {
        match (source.datasets.get(name), target.datasets.get(name)) {
            (Some(here), Some(there)) => compare(name, here, there, &mut found),
            (Some(_), None) => found.push(format!("{} is not there", target.full(name))),
            (None, _) => found.push(format!("{} has no source", target.full(name))),
        }
    }
    for side in [source, target] {
        for (name, dataset) in &side.datasets {
            leaked(&side.full(name), dataset, &mut found);
        }
    }
    let marked = target.datasets.iter().filter(|(_, dataset)| !dataset.marks.is_empty());
    found.extend(marked.map(|(name, dataset)| format!("{} has bookmarks: {:?}", target.full(name), dataset.marks)));
    found
}

/// Every snapshot of the source is on the target, as itself and in the same order.
fn compare(name: &str, here: &Dataset, there: &Dataset, found: &mut Vec<String>) {
    let identity = |snapshot: &Snapshot| (snapshot.short.clone(), snapshot.guid);
    let ours: Vec<_> = here.snapshots.iter().map(identity).collect();
    let theirs = there.snapshots.iter().map(identity);
    let common: Vec<_> = theirs.filter(|snapshot| ours.contains(snapshot)).collect();
    if ours != common {
        found.push(format!("'{name}' has {ours:?}, and of these the target has {common:?}"));
    }
    if (here.is_volume, here.is_encrypted) != (there.is_volume, there.is_encrypted) {
        found.push(format!("'{name}' is {here:?}, its copy is {there:?}"));
    }
}

fn leaked(name: &str, dataset: &Dataset, found: &mut Vec<String>) {
    let held = dataset.snapshots.iter().filter(|snapshot| snapshot.holds > 0);
    found.extend(held.map(|snapshot| format!("{name}@{} is held", snapshot.short)));
    if let Some(token) = &dataset.token {
        found.push(format!("{name} is half received: {token}"));
    }
    if dataset.marks.len() > MARKS_MAX {
        found.push(format!("{name} has {} bookmarks: {:?}", dataset.marks.len(), dataset.marks));
    }
}

/// Makes something wrong.
type Plant = fn(&mut Dataset);

/// Each kind of fault, planted in what is known to be well, is found.
pub(crate) fn finds_what_is_planted(source: &Listing, target: &Listing) -> Result<()> {
    let plants: [(&str, Plant); 6] = [
        ("a lost snapshot", |dataset| drop(dataset.snapshots.pop())),
        ("another identity", |dataset| first(dataset, |snapshot| snapshot.guid ^= 1)),
        ("a hold", |dataset| first(dataset, |snapshot| snapshot.holds = 1)),
        ("a half receive", |dataset| dataset.token = Some("1-c".to_owned())),
        ("a bookmark", |dataset| dataset.marks.push("left".to_owned())),
        ("another type", |dataset| dataset.is_volume = !dataset.is_volume),
    ];
    let mut less = target.clone();
    less.datasets.pop_last();
    let mut planted = vec![("a lost dataset", less)];
    for (what, plant) in plants {
        let mut bent = target.clone();
        // The newest snapshot of the source is on the target, which may have more.
        let dataset = bent.datasets.values_mut().last().ok_or("the target is empty")?;
        let guids = source.guids();
        dataset.snapshots.retain(|snapshot| guids.contains(&snapshot.guid));
        plant(dataset);
        planted.push((what, bent));
    }
    match planted.iter().find(|(_, bent)| wrong(source, bent).is_empty()) {
        Some((what, _)) => Err(format!("{what} was planted and not found").into()),
        None => Ok(()),
    }
}

fn first(dataset: &mut Dataset, plant: fn(&mut Snapshot)) {
    if let Some(snapshot) = dataset.snapshots.first_mut() {
        plant(snapshot);
    }
}

/// What is promised for each dataset and target.
const MARKS_MAX: usize = 3;
