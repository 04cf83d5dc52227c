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

#[test]
fn a_cache_that_can_not_tell_believes_nothing() {
    let sim = Sim::new(5);
    let zfs = tree(&sim);
    let mut cache = ListingCache::new();
    for _ in 0..2 {
        let entries = zfs.list(&name("p")).recursive().snapshots().cached(&mut cache).start();
        assert_eq!(entries.count(), 50);
        assert!(cache.is_empty(), "the model has no snapshots_changed");
    }
}
