//! A listing, by however many threads and from whatever cache, equals what the oracle prints.

use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use zfs_rs::{DatasetEntry, DatasetName, Listing, ListingCache, OptionalExt as _, Zfs};

use crate::support::{
    oracle,
    pool::{Pool, home, place},
    release,
};

both!(
    any_number_of_threads_lists_what_the_oracle_lists shows [list],
    properties_come_with_the_listing_that_asks_for_them,
);

/// Listings go by ioctl whatever the backend is, so these, which take long, are run once.
mod by_ioctl {
    use zfs_rs::Wish;

    use crate::support::by;

    #[test]
    fn what_vanishes_while_it_is_listed_is_left_out_and_nothing_else() {
        super::what_vanishes_while_it_is_listed_is_left_out_and_nothing_else(&by(Wish::Ioctl));
    }

    #[test]
    fn what_is_renamed_while_it_is_listed_may_be_on_no_list() {
        super::what_is_renamed_while_it_is_listed_may_be_on_no_list(&by(Wish::Ioctl));
    }

    #[test]
    fn what_came_after_a_snapshot_is_listed_alone() {
        super::what_came_after_a_snapshot_is_listed_alone(&by(Wish::Ioctl));
    }

    #[test]
    fn a_cache_sees_what_happens_in_the_second_of_the_last_change() {
        super::a_cache_sees_what_happens_in_the_second_of_the_last_change(&by(Wish::Ioctl));
    }

    #[test]
    fn a_cache_sees_snapshots_change_their_dataset_by_promotion() {
        super::a_cache_sees_snapshots_change_their_dataset_by_promotion(&by(Wish::Ioctl));
    }

    #[test]
    fn a_cache_does_not_believe_a_pool_that_was_away() {
        super::a_cache_does_not_believe_a_pool_that_was_away(&by(Wish::Ioctl));
    }

    #[test]
    fn a_cache_misses_nothing_of_random_changes() {
        super::a_cache_misses_nothing_of_random_changes(&by(Wish::Ioctl));
    }
}

fn rows(listing: Listing<'_>) -> Vec<String> {
    let mut rows = Vec::new();
    for entry in listing {
        let entry = entry.unwrap();
        rows.push(format!(
            "{}\t{}\t{}",
            entry.dataset.name, entry.dataset.guid, entry.dataset.createtxg
        ));
        rows.extend(entry.snapshots.iter().map(|snapshot| {
            assert_eq!(snapshot.name.dataset(), &entry.dataset.name);
            format!("{}\t{}\t{}", snapshot.name, snapshot.guid, snapshot.createtxg)
        }));
    }
    rows.sort();
    rows
}

fn all<'a>(zfs: &'a Zfs, root: &DatasetName) -> Listing<'a> {
    zfs.list(root).recursive().snapshots()
}

fn count(threads: usize) -> NonZeroUsize {
    NonZeroUsize::new(threads).unwrap()
}

fn theirs(root: &DatasetName) -> Vec<String> {
    let mut rows = oracle::everything(root.as_str());
    rows.retain(|row| !row.contains('#'));
    rows
}

/// Lists with a cache and compares with the oracle, which is asked when nothing changes any more.
fn compare(zfs: &Zfs, root: &DatasetName, cache: &mut ListingCache, when: &str) {
    assert_eq!(rows(all(zfs, root).cached(cache)), theirs(root), "{when}");
}

/// Whether this kernel says when a dataset's snapshots changed.
fn remembers() -> bool {
    release::running() >= "2.2".parse().unwrap()
}

/// Until a change just made is old enough to be remembered, on any kernel that can remember.
fn settle() {
    thread::sleep(Duration::from_millis(3100));
}

fn any_number_of_threads_lists_what_the_oracle_lists(zfs: &Zfs) {
    let root = home("threads");
    oracle::sh(&format!(
        "for one in a b c; do zfs create -o mountpoint=none {root}/$one; zfs create -o mountpoint=none {root}/$one/below; done; \
         zfs create -s -V 8M {root}/b/volume; for one in $(seq 9); do zfs snapshot -r {root}@s$one; done; \
         for one in $(seq 90); do names=\"${{names:-}} {root}/c@t$one\"; done; for one in $names; do zfs snapshot $one; done; \
         zfs clone {root}/a@s3 {root}/clone; zfs bookmark {root}/a@s1 {root}/a#mark"
    ));
    let theirs = theirs(&root);
    assert!(theirs.len() > 160, "{}", theirs.len());
    for threads in 1..=5 {
        for keep_open in [true, false] {
            let ours = rows(all(zfs, &root).threads(count(threads)).keep_open(keep_open));
            assert_eq!(ours, theirs, "{threads} threads, {keep_open}");
        }
    }
    let entries: Vec<DatasetEntry> = all(zfs, &root).start().map(Result::unwrap).collect();
    let names: Vec<&str> = entries.iter().map(|entry| entry.dataset.name.as_str()).collect();
    assert_eq!(
        names,
        oracle::zfs(&["list", "-H", "-r", "-o", "name", root.as_str()])
            .lines()
            .collect::<Vec<_>>()
    );
    let last = entries.iter().find(|entry| entry.dataset.name.as_str().ends_with("/c")).unwrap();
    assert!(last.snapshots.is_sorted_by_key(|snapshot| snapshot.createtxg));
    let alone: Vec<DatasetEntry> = zfs.list(&root).snapshots().start().map(Result::unwrap).collect();
    assert_eq!(alone, entries[..1]);
    assert!(zfs.list(&place("none")).start().next().unwrap().optional().unwrap().is_none());
}

fn properties_come_with_the_listing_that_asks_for_them(zfs: &Zfs) {
    let root = home("withprops");
    oracle::sh(&format!(
        "zfs create -o org.example:who=ada {root}/a; zfs snapshot -r -o org.example:why=test {root}@one"
    ));
    let entries = zfs.list(&root).recursive().properties().snapshot_properties().start();
    let entries: Vec<DatasetEntry> = entries.map(Result::unwrap).collect();
    assert_eq!(entries.len(), 2);
    for entry in &entries {
        assert_eq!(entry.properties, Some(zfs.properties(&entry.dataset.name).unwrap()));
        assert_eq!(entry.snapshots.len(), 1);
        let why = entry.snapshots[0].properties.as_ref().unwrap().text("org.example:why");
        assert_eq!(why.as_deref(), Some("test"));
    }
    assert_eq!(
        entries[1].properties.as_ref().unwrap().text("org.example:who").as_deref(),
        Some("ada")
    );
    let bare: Vec<DatasetEntry> = zfs.list(&root).recursive().start().map(Result::unwrap).collect();
    assert!(bare.iter().all(|entry| entry.properties.is_none() && entry.snapshots.is_empty()));
}

/// Why whoever replicates lists twice what it is about to send.
fn what_is_renamed_while_it_is_listed_may_be_on_no_list(zfs: &Zfs) {
    let root = home("renamed");
    oracle::sh(&format!("for one in $(seq 8); do zfs snapshot {root}@s$one; done"));
    let mut missed = 0;
    for round in 0..32 {
        let last = zfs.snapshots(&root).last().unwrap().unwrap();
        let mut list = zfs.snapshots(&root);
        let mut listed: Vec<_> = list.by_ref().take(4).map(|snapshot| snapshot.unwrap().guid).collect();
        zfs.rename_snapshot(&last.name, &root.snapshot(&format!("r{round}")).unwrap())
            .unwrap();
        listed.extend(list.map(|snapshot| snapshot.unwrap().guid));
        missed += usize::from(!listed.contains(&last.guid));
    }
    assert!(
        missed > 0,
        "kernels list in an order that renaming keeps: nobody needs to list twice"
    );
}

fn what_came_after_a_snapshot_is_listed_alone(zfs: &Zfs) {
    let root = home("after");
    oracle::sh(&format!("for one in $(seq 6); do zfs snapshot {root}@s$one; done"));
    let third = zfs.snapshot(&root.snapshot("s3").unwrap()).unwrap();
    let newer = zfs.snapshots(&root).after(third.createtxg);
    let mut newer: Vec<_> = newer.map(|snapshot| snapshot.unwrap().name.short().to_owned()).collect();
    newer.sort();
    assert_eq!(newer, ["s4", "s5", "s6"]);
}

fn what_vanishes_while_it_is_listed_is_left_out_and_nothing_else(zfs: &Zfs) {
    let root = home("vanish");
    oracle::sh(&format!(
        "for one in a b c; do zfs create -o mountpoint=none {root}/$one; done; for one in $(seq 12); do zfs snapshot -r {root}@s$one; done"
    ));
    let stays = theirs(&root);
    let ended = AtomicBool::new(false);
    let comes_and_goes = format!("{root}/x");
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..6 {
                let one = format!("{comes_and_goes}{round}");
                oracle::sh(&format!(
                    "zfs create -o mountpoint=none {one}; for n in $(seq 5); do zfs snapshot {one}@x$n; done; zfs destroy -r {one}"
                ));
            }
            ended.store(true, Ordering::Release);
        });
        let mut seen = 0;
        while !ended.load(Ordering::Acquire) {
            for threads in [1, 4] {
                let listed = rows(all(zfs, &root).threads(count(threads)));
                let (others, found): (Vec<String>, Vec<String>) = listed.into_iter().partition(|row| row.starts_with(&comes_and_goes));
                assert_eq!(found, stays);
                seen += others.len();
            }
        }
        assert!(seen > 0, "the others came and went unseen: nothing was tested");
    });
    assert_eq!(rows(all(zfs, &root)), stays);
}

/// The stamp of a change counts whole seconds: what came after the listing may bear the same one.
fn a_cache_sees_what_happens_in_the_second_of_the_last_change(zfs: &Zfs) {
    let root = home("second");
    oracle::sh(&format!("zfs create -o mountpoint=none {root}/a; zfs snapshot {root}/a@first"));
    let dataset: DatasetName = format!("{root}/a").parse().unwrap();
    let mut cache = ListingCache::new();
    for round in 0..40 {
        // By our own calls: the administrator's programs take too long to get two changes into a second.
        zfs.create_snapshots(&[format!("{dataset}@s{round}").parse().unwrap()], &[])
            .unwrap();
        let listed = rows(all(zfs, &root).cached(&mut cache));
        assert!(
            listed.iter().any(|row| row.contains(&format!("@s{round}\t"))),
            "{round} is missing in {listed:#?}"
        );
        zfs.destroy_snapshots(&[format!("{dataset}@s{round}").parse().unwrap()]).unwrap();
        let listed = rows(all(zfs, &root).cached(&mut cache));
        assert!(
            !listed.iter().any(|row| row.contains(&format!("@s{round}\t"))),
            "{round} is still in {listed:#?}"
        );
    }
    compare(zfs, &root, &mut cache, "in the end");
}

fn a_cache_sees_snapshots_change_their_dataset_by_promotion(zfs: &Zfs) {
    let root = home("promote");
    oracle::sh(&format!(
        "zfs create -o mountpoint=none {root}/a; zfs snapshot {root}/a@one; zfs snapshot {root}/a@two; \
         zfs clone -o mountpoint=none {root}/a@two {root}/b; zfs snapshot {root}/b@three; zfs snapshot {root}/a@four"
    ));
    settle();
    let mut cache = ListingCache::new();
    for (number, promoted) in ["b", "a", "b"].into_iter().enumerate() {
        compare(zfs, &root, &mut cache, &format!("before promotion {number}"));
        assert_eq!(cache.is_empty(), !remembers(), "a cache that is never used proves nothing");
        oracle::zfs(&["promote", &format!("{root}/{promoted}")]);
        compare(zfs, &root, &mut cache, &format!("after promotion {number}"));
        settle();
        compare(zfs, &root, &mut cache, &format!("a while after promotion {number}"));
    }
}

fn a_cache_does_not_believe_a_pool_that_was_away(zfs: &Zfs) {
    let pool = Pool::in_memory(128);
    let root: DatasetName = pool.name().parse().unwrap();
    oracle::sh(&format!("zfs create -o mountpoint=none {root}/a; zfs snapshot {root}/a@one"));
    settle();
    let mut cache = ListingCache::new();
    compare(zfs, &root, &mut cache, "cold");
    assert_eq!(cache.is_empty(), !remembers());
    oracle::zpool(&["export", pool.name()]);
    pool.import(&[]);
    // Reads one entry, which wipes what was known, and remembers nothing of what it did not see.
    drop(all(zfs, &root).cached(&mut cache).start().next());
    assert!(cache.is_empty());
    compare(zfs, &root, &mut cache, "imported");
}

fn a_cache_misses_nothing_of_random_changes(zfs: &Zfs) {
    let root = home("random");
    oracle::sh(&format!(
        "for one in a b c d; do zfs create -o mountpoint=none {root}/$one; zfs create -o mountpoint=none {root}/$one/in; done; \
         for one in 1 2 3; do zfs snapshot -r {root}@base$one; done"
    ));
    let seed = std::env::var("SEED").map_or_else(|_| u64::from(std::process::id()), |seed| seed.parse().unwrap());
    println!("SEED={seed}");
    let mut state = seed | 1;
    let mut any = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
    };
    let mut cache = ListingCache::new();
    let mut history = Vec::new();
    let mut remembered = 0;
    for round in 0..12 {
        if any(4) == 0 {
            settle();
            compare(zfs, &root, &mut cache, "settled");
        }
        remembered += cache.len();
        for _ in 0..=any(2) {
            let rows = theirs(&root);
            let named: Vec<&str> = rows.iter().map(|row| row.split('\t').next().unwrap()).collect();
            let (snapshots, datasets): (Vec<&str>, Vec<&str>) = named
                .into_iter()
                .filter(|name| *name != root.as_str())
                .partition(|name| name.contains('@'));
            let snapshot = snapshots[any(snapshots.len())];
            let dataset = datasets[any(datasets.len())];
            let (owner, _) = snapshot.split_once('@').unwrap();
            let change = match any(10) {
                0 | 1 => format!("zfs snapshot {dataset}@n{round}"),
                2 => format!("zfs destroy {snapshot}"),
                3 => format!("zfs rename {snapshot} {owner}@r{round}"),
                4 => format!("zfs destroy {snapshot} && zfs snapshot {snapshot}"),
                5 => format!("zfs clone -o mountpoint=none {snapshot} {root}/clone{round}"),
                6 => format!(
                    "for one in $(zfs list -H -r -o name,origin {root} | awk '$2 != \"-\" {{print $1}}'); do zfs promote $one; break; done"
                ),
                7 => format!("zfs rename {dataset} {root}/moved{round}"),
                8 => format!("zfs rollback -r {snapshot}"),
                _ => format!("zfs send {snapshot} | zfs receive -u {root}/got{round}"),
            };
            // Some of these cannot be, which changes nothing and is as good a round as any.
            std::process::Command::new("bash").args(["-c", &change]).output().unwrap();
            history.push(change);
        }
        compare(zfs, &root, &mut cache, &format!("SEED={seed} after {history:#?}"));
    }
    assert_eq!(remembered > 0, remembers(), "a cache that is never used proves nothing");
}
