//! What is done to a pool is among the module's events.

use zfs_rs::Zfs;

use crate::support::{oracle, pool::Pool};

both!(a_snapshot_and_a_scrub_are_seen_as_events shows [events]);

fn a_snapshot_and_a_scrub_are_seen_as_events(zfs: &Zfs) {
    let pool = Pool::in_memory(256);
    let mut events = zfs.events().unwrap();
    let mut last = 0;
    while let Some(event) = events.waiting().unwrap() {
        assert!(event.id > last, "{event:?}");
        last = event.id;
    }
    assert!(last > 0);
    let begun = std::time::SystemTime::now();
    oracle::sh(&format!("zfs snapshot {0}@a; zpool scrub {0}", pool.name()));

    // Blocks until the scrub has ended, which nothing but its event says.
    let mut seen = Vec::new();
    for event in &mut events {
        let event = event.unwrap();
        if event.pool.as_deref() != Some(pool.name()) {
            continue;
        }
        assert_eq!(event.lost, 0);
        let age = event.time.duration_since(begun).unwrap_or_default();
        assert!(age.as_secs() < 60, "{event:?}");
        let what = event.details.find::<&str>("history_internal_name").unwrap().map(str::to_owned);
        let is_end = event.class.ends_with("scrub_finish");
        seen.push((event.class, what));
        if is_end {
            break;
        }
    }
    let snapshot = ("sysevent.fs.zfs.history_event".to_owned(), Some("snapshot".to_owned()));
    assert!(seen.contains(&snapshot), "{seen:?}");
    assert!(seen.iter().any(|(class, _)| class == "sysevent.fs.zfs.scrub_start"), "{seen:?}");

    // Another reader begins at the oldest again.
    assert!(zfs.events().unwrap().waiting().unwrap().unwrap().id <= last);
    let count = oracle::zpool(&["events", "-H"]).lines().count();
    let mut again = zfs.events().unwrap();
    let mut ours = 0;
    while again.waiting().unwrap().is_some() {
        ours += 1;
    }
    assert!(ours >= count && count > 0, "{ours} events, the oracle has {count}");
}
