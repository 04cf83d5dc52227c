//! The model answers: what order, what is left out, and that threads change neither.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::{DatasetEntry, ListingCache};
use crate::ErrorKind;
use crate::backend::sim::Sim;
use crate::name::DatasetName;
use crate::zfs::Zfs;

fn name(text: &str) -> DatasetName {
    text.parse().unwrap()
}

fn threads(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap()
}

/// A tree of fifty datasets with up to a hundred snapshots each, in a pool of its own.
fn tree(sim: &Sim) -> Zfs {
    sim.add_pool("p").unwrap();
    let zfs = sim.zfs();
    for outer in 0..7 {
        zfs.create_filesystem(&name(&format!("p/{outer}"))).create().unwrap();
        for inner in 0..6 {
            zfs.create_filesystem(&name(&format!("p/{outer}/b{inner}"))).create().unwrap();
        }
    }
    for round in 0..100 {
        let on = |outer: u32| format!("p/{outer}@s{round}").parse().unwrap();
        zfs.create_snapshots(&(0..7).filter(|outer| round % (outer + 1) == 0).map(on).collect::<Vec<_>>(), &[])
            .unwrap();
    }
    zfs
}

fn names(entries: &[DatasetEntry]) -> Vec<String> {
    let names = entries.iter().flat_map(|entry| {
        let snapshots = entry.snapshots.iter().map(|snapshot| snapshot.name.to_string());
        std::iter::once(entry.dataset.name.to_string()).chain(snapshots)
    });
    names.collect()
}

#[test]
fn any_number_of_threads_finds_the_same_in_the_same_order() {
    let sim = Sim::new(1);
    let zfs = tree(&sim);
    let list = |count: usize, keep_open: bool| {
        let listing = zfs
            .list(&name("p"))
            .recursive()
            .snapshots()
            .threads(threads(count))
            .keep_open(keep_open);
        listing.start().collect::<Result<Vec<_>, _>>().unwrap()
    };
    let alone = list(1, true);
    assert_eq!(alone.len(), 50);
    let found = names(&alone);
    assert_eq!(found[0], "p");
    let at = |wanted: &str| found.iter().position(|name| name == wanted).unwrap();
    assert!(at("p/0") < at("p/0@s0") && at("p/0@s0") < at("p/0@s99") && at("p/0@s99") < at("p/0/b0"));
    assert!(at("p/0/b5") < at("p/1"));
    for count in 2..6 {
        assert_eq!(list(count, true), alone, "{count} threads, half of them beside others");
        assert_eq!(list(count, false), alone, "{count} threads");
    }
}

#[test]
fn a_listing_that_is_not_read_to_its_end_ends_its_threads() {
    let sim = Sim::new(2);
    let zfs = tree(&sim);
    let mut entries = zfs.list(&name("p")).recursive().snapshots().threads(threads(4)).start();
    assert_eq!(entries.next().unwrap().unwrap().dataset.name.as_str(), "p");
    drop(entries);
    let untouched = zfs.list(&name("p")).start();
    drop(untouched);
}

#[test]
fn only_a_root_that_is_not_there_is_an_error() {
    let sim = Sim::new(3);
    let zfs = tree(&sim);
    let mut entries = zfs.list(&name("p/none")).recursive().start();
    assert_eq!(entries.next().unwrap().unwrap_err().kind(), ErrorKind::NotFound);
    assert!(entries.next().is_none());
}

#[test]
fn what_vanishes_meanwhile_is_left_out() {
    let sim = Sim::new(4);
    let zfs = tree(&sim);
    let ended = Arc::new(AtomicBool::new(false));
    let (other, stop) = (zfs.clone(), Arc::clone(&ended));
    let destroyer = thread::spawn(move || {
        for number in 0..6 {
            other.destroy_dataset(&name(&format!("p/3/b{number}"))).unwrap();
            thread::yield_now();
        }
        stop.store(true, Ordering::Release);
    });
    loop {
        let last = ended.load(Ordering::Acquire);
        for count in 1..5 {
            let listing = zfs.list(&name("p")).recursive().snapshots().threads(threads(count));
            let found: Vec<DatasetEntry> = listing.start().collect::<Result<_, _>>().unwrap();
            assert!(found.len() >= 44, "those that nobody destroys are there");
            assert!(!last || found.len() == 44);
        }
        if last {
            break;
        }
    }
    destroyer.join().unwrap();
}

/// A listing with that cache, which says the same as one without; and how many datasets were taken from it.
fn cached(zfs: &Zfs, cache: &mut ListingCache) -> usize {
    let plain: Vec<DatasetEntry> = zfs.list(&name("p")).recursive().snapshots().start().map(Result::unwrap).collect();
    let listing = zfs.list(&name("p")).recursive().snapshots().cached(cache);
    let found: Vec<DatasetEntry> = listing.start().map(Result::unwrap).collect();
    assert_eq!(
        plain.iter().map(|entry| &entry.snapshots).collect::<Vec<_>>(),
        found.iter().map(|entry| &entry.snapshots).collect::<Vec<_>>()
    );
    found.iter().filter(|entry| entry.is_remembered).count()
}

#[test]
fn a_cache_saves_the_calls_for_what_did_not_change() {
    let sim = Sim::new(5);
    tree(&sim);
    let mut cache = ListingCache::new();
    let process = sim.start();
    let zfs = process.zfs();
    assert_eq!(cached(&zfs, &mut cache), 0);
    let before = process.calls().len();
    // The seven that have snapshots; of the others the kernel never says when these changed.
    assert_eq!(cached(&zfs, &mut cache), 7);
    let again = process.calls().len() - before;
    assert!(again < before && cache.len() == 7, "{again} of {before}");
}

#[test]
fn what_is_remembered_is_seen_again_without_a_search() {
    let sim = Sim::new(7);
    let zfs = tree(&sim);
    zfs.create_snapshots(&["p@s", "p/1/b0@s"].map(|text| text.parse().unwrap()), &[])
        .unwrap();
    let mut cache = ListingCache::new();
    let recall = |cache: &mut ListingCache, root: &str| {
        let process = sim.start();
        let zfs = process.zfs();
        let listing = zfs.list(&name(root)).recursive().snapshots().cached(cache);
        (listing.recall().unwrap(), process.calls().len())
    };
    assert_eq!(recall(&mut cache, "p").0, None, "nothing is known");
    cached(&zfs, &mut cache);
    let listing = zfs.list(&name("p")).recursive().snapshots().start();
    let all: Vec<DatasetEntry> = listing.map(Result::unwrap).filter(|entry| !entry.snapshots.is_empty()).collect();
    let (found, calls) = recall(&mut cache, "p");
    let found = found.unwrap();
    assert_eq!(names(&found), names(&all));
    assert_eq!(calls, found.len() + 1, "one for each, and one for the pool");
    assert_eq!(names(&recall(&mut cache, "p/1").0.unwrap()).len(), 50 + 1 + 2);
    assert_eq!(recall(&mut cache, "p/1/b1").0, None, "what has no snapshots is not known");

    zfs.create_snapshots(&["p/1@new".parse().unwrap()], &[]).unwrap();
    zfs.create_filesystem(&name("p/new")).create().unwrap();
    let found = recall(&mut cache, "p").0.unwrap();
    let read: Vec<&str> = found
        .iter()
        .filter(|entry| !entry.is_remembered)
        .map(|entry| entry.dataset.name.as_str())
        .collect();
    assert_eq!(read, ["p/1"]);
    assert_eq!(found[2].snapshots.len(), 51);

    zfs.rename_dataset(&name("p/2"), &name("p/two")).unwrap();
    assert_eq!(recall(&mut cache, "p").0, None);
    zfs.create_filesystem(&name("p/2")).create().unwrap();
    assert_eq!(recall(&mut cache, "p").0, None, "another dataset of that name");
    assert!(recall(&mut cache, "p/1").0.is_some());
}

#[test]
fn whatever_changes_snapshots_is_noticed() {
    let sim = Sim::new(6);
    let zfs = tree(&sim);
    let mut cache = ListingCache::new();
    cached(&zfs, &mut cache);
    let snapshot = |text: &str| text.parse::<crate::name::SnapshotName>().unwrap();
    let changes: [(&str, &dyn Fn()); 9] = [
        ("made", &|| zfs.create_snapshots(&[snapshot("p/1@new")], &[]).unwrap()),
        ("destroyed", &|| zfs.destroy_snapshots(&[snapshot("p/2@s0")]).unwrap()),
        ("renamed", &|| {
            zfs.rename_snapshot(&snapshot("p/3@s0"), &snapshot("p/3@old")).unwrap();
        }),
        ("of a renamed dataset", &|| {
            zfs.rename_dataset(&name("p/4"), &name("p/four")).unwrap();
        }),
        ("of another dataset of that name", &|| {
            zfs.rename_dataset(&name("p/5"), &name("p/four/five")).unwrap();
            zfs.create_filesystem(&name("p/5")).create().unwrap();
        }),
        ("made again by the same name", &|| {
            zfs.destroy_snapshots(&[snapshot("p/1@new")]).unwrap();
            zfs.create_snapshots(&[snapshot("p/1@new")], &[]).unwrap();
        }),
        ("that have a clone", &|| {
            zfs.clone_snapshot(&snapshot("p/6@s42"), &name("p/clone")).create().unwrap();
            zfs.create_snapshots(&[snapshot("p/clone@own")], &[]).unwrap();
        }),
        ("handed over", &|| zfs.promote(&name("p/clone")).unwrap()),
        ("after the power was cut", &|| sim.power_cut()),
    ];
    for (what, change) in changes {
        cached(&sim.zfs(), &mut cache);
        change();
        // Compared with a listing without a cache.
        let remembered = cached(&sim.zfs(), &mut cache);
        assert_eq!(remembered == 0, what == "after the power was cut", "snapshots {what}: {remembered}");
    }
}
