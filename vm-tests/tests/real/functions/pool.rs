//! Whole pools are waited for, scrubbed, remembered and written to as the oracle sees it.

use std::{fs, thread, time::Duration};

use zfs_rs::{Activity, Errno, ErrorKind, PoolName, PruneAge, RunningScrub, ScrubOrder, Zfs, nvlist::NvList};

use crate::support::{
    files::{mountpoint, noise},
    oracle,
    pool::{Pool, home},
    wait_until,
};

both!(
    a_pool_is_on_disk_after_a_sync shows [sync, sync_all],
    an_activity_is_waited_for_until_it_ends shows [wait],
    an_expansion_is_waited_for_where_there_can_be_one shows [wait_for_expansion] since 2.3,
    deletes_of_a_filesystem_are_waited_for shows [wait_for_deletes],
    a_scrub_is_started_paused_resumed_and_ended shows [scrub] since 2.2,
    one_checkpoint_is_made_and_given_up shows [checkpoint, discard_checkpoint],
    devices_are_opened_anew shows [reopen],
    what_boot_loaders_find_is_what_was_written shows [boot_environment, set_boot_environment],
    the_deduplication_table_is_read_into_memory shows [prefetch_dedup] since 2.3,
    the_deduplication_table_is_pruned shows [prune_dedup] since 2.3,
);

fn name(pool: &Pool) -> PoolName {
    pool.name().parse().unwrap()
}

fn nowhere() -> PoolName {
    "nosuchpool".parse().unwrap()
}

fn a_pool_is_on_disk_after_a_sync(zfs: &Zfs) {
    let root = home("synced");
    let written = |root: &str| oracle::get(root, "written").parse::<u64>().unwrap();
    zfs.sync(&root.pool()).unwrap();
    let before = written(root.as_str());
    fs::write(mountpoint(&root).join("letter"), [7; 60_000]).unwrap();
    zfs.sync(&root.pool()).unwrap();
    assert!(written(root.as_str()) > before);

    // A new uberblock where nothing was changed.
    let pool = Pool::in_memory(256);
    let file = zfs.pool_devices(&name(&pool)).unwrap()[0].path.clone().unwrap();
    let newest = || {
        oracle::sh(&format!(
            "zdb -lu {} | grep -o 'txg = [0-9]*' | sort -t= -k2 -n | tail -1",
            file.display()
        ))
    };
    zfs.sync_all(&name(&pool)).unwrap();
    let first = newest();
    zfs.sync_all(&name(&pool)).unwrap();
    assert_ne!(newest(), first);
    assert_eq!(zfs.sync(&nowhere()).unwrap_err().kind(), ErrorKind::NotFound);
}

fn an_activity_is_waited_for_until_it_ends(zfs: &Zfs) {
    let pool = Pool::in_memory(512);
    for activity in [
        Activity::DiscardCheckpoint,
        Activity::Free,
        Activity::Initialize,
        Activity::Replace,
        Activity::Remove,
        Activity::Resilver,
        Activity::Scrub,
        Activity::Trim,
    ] {
        assert!(!zfs.wait(&name(&pool), activity).unwrap(), "{activity:?}");
    }
    noise(mountpoint(pool.name()).join("large"), 1, 50 << 20);
    oracle::sh(&format!("zpool sync {0}; zpool initialize {0}", pool.name()));
    assert!(zfs.wait(&name(&pool), Activity::Initialize).unwrap());
    assert!(oracle::zpool(&["status", "-i", pool.name()]).contains("100% initialized"));
    assert_eq!(zfs.wait(&nowhere(), Activity::Scrub).unwrap_err().kind(), ErrorKind::NotFound);
}

fn an_expansion_is_waited_for_where_there_can_be_one(zfs: &Zfs) -> zfs_rs::Result<()> {
    let pool = Pool::in_memory(256);
    assert!(!zfs.wait(&name(&pool), Activity::RaidzExpand)?);
    Ok(())
}

fn deletes_of_a_filesystem_are_waited_for(zfs: &Zfs) {
    let root = home("deletes");
    assert!(!zfs.wait_for_deletes(&root).unwrap());
    let file = mountpoint(&root).join("sparse");
    // So many blocks that the kernel deletes them in the background (`zfs_delete_blocks`).
    oracle::sh(&format!(
        "zfs set recordsize=512 {root}; zfs set compression=off {root}; dd if=/dev/zero of={} bs=1M count=24 status=none; zpool sync; rm {0}",
        file.display()
    ));
    let begun = zfs.wait_for_deletes(&root).unwrap();
    zfs.sync(&root.pool()).unwrap();
    let left: u64 = oracle::get(root.as_str(), "referenced").parse().unwrap();
    assert!(left < 2 << 20, "{left} bytes are left, waited: {begun}");
    let nowhere = zfs.wait_for_deletes(&root.child("none").unwrap()).unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::NotFound, "{nowhere}");
}

fn a_scrub_is_started_paused_resumed_and_ended(zfs: &Zfs) -> zfs_rs::Result<()> {
    let pool = Pool::in_memory(512);
    let name = name(&pool);
    noise(mountpoint(pool.name()).join("large"), 1, 100 << 20);
    zfs.sync(&name)?;
    let scan = || oracle::zpool(&["status", pool.name()]);
    zfs.scrub(&name, ScrubOrder::Start)?;
    assert!(zfs.wait(&name, Activity::Scrub)? || scan().contains("scrub repaired"));
    assert!(scan().contains("scrub repaired 0B"), "{}", scan());
    for order in [ScrubOrder::Pause, ScrubOrder::Cancel] {
        let none = zfs.scrub(&name, order).unwrap_err();
        assert_eq!(none.kind(), ErrorKind::NotFound, "{none}");
    }

    // Slow enough to be caught at it.
    oracle::sh("echo 1 > /sys/module/zfs/parameters/zfs_scan_suspend_progress");
    let slow = Slow;
    zfs.scrub(&name, ScrubOrder::Start)?;
    let twice = zfs.scrub(&name, ScrubOrder::Start).unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::Busy, "{twice}");
    zfs.scrub(&name, ScrubOrder::Pause)?;
    assert!(scan().contains("scrub paused"), "{}", scan());
    assert!(!zfs.wait(&name, Activity::Scrub)?, "a paused scrub is not waited for");
    zfs.scrub(&name, ScrubOrder::Start)?;
    assert!(scan().contains("scrub in progress"), "{}", scan());
    zfs.scrub(&name, ScrubOrder::Cancel)?;
    assert!(scan().contains("scrub canceled"), "{}", scan());
    drop(slow);
    Ok(())
}

/// While it lives, scrubs do not get on.
struct Slow;

impl Drop for Slow {
    fn drop(&mut self) {
        fs::write("/sys/module/zfs/parameters/zfs_scan_suspend_progress", "0").unwrap();
    }
}

fn one_checkpoint_is_made_and_given_up(zfs: &Zfs) {
    let pool = Pool::in_memory(256);
    let name = name(&pool);
    let checkpoint = || oracle::zpool(&["get", "-Hp", "-o", "value", "checkpoint", pool.name()]);
    let none = zfs.discard_checkpoint(&name).unwrap_err();
    assert_eq!(none.kind(), ErrorKind::NotFound, "{none}");
    zfs.checkpoint(&name).unwrap();
    assert_ne!(checkpoint().trim(), "-");
    let second = zfs.checkpoint(&name).unwrap_err();
    assert_eq!(second.kind(), ErrorKind::Exists, "{second}");
    zfs.discard_checkpoint(&name).unwrap();
    zfs.wait(&name, Activity::DiscardCheckpoint).unwrap();
    assert_eq!(checkpoint().trim(), "-");
}

fn devices_are_opened_anew(zfs: &Zfs) {
    let pool = Pool::in_memory(256);
    let name = name(&pool);
    let size = || zfs.pool_properties(&name).unwrap().number("expandsize");
    assert_eq!(size().filter(|size| *size != 0), None);
    // A file that has grown is only noticed when it is opened.
    let file = zfs.pool_devices(&name).unwrap()[0].path.clone().unwrap();
    fs::File::options().write(true).open(file).unwrap().set_len(1 << 30).unwrap();
    zfs.reopen(&name, RunningScrub::Continue).unwrap();
    assert!(size() > Some(256 << 20), "{:?}", size());
    zfs.reopen(&name, RunningScrub::Restart).unwrap();
    assert_eq!(
        zfs.reopen(&nowhere(), RunningScrub::Restart).unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

fn what_boot_loaders_find_is_what_was_written(zfs: &Zfs) {
    let pool = Pool::in_memory(256);
    let name = name(&pool);
    let empty = zfs.boot_environment(&name).unwrap();
    assert_eq!((empty.get("version"), empty.get("grub:envmap")), (Ok(0u64), Ok("")), "{empty}");
    let next = NvList::new().with("command", "boot tank/root").with("tries", 3u64);
    zfs.set_boot_environment(&name, &next).unwrap();
    let found = zfs.boot_environment(&name).unwrap();
    assert_eq!(found.get::<&str>("command"), Ok("boot tank/root"), "{found}");
    assert_eq!(found.get::<u64>("tries"), Ok(3));
    // GRUB's own format; it outlives an export.
    zfs.set_boot_environment(&name, &NvList::new().with("version", 0u64).with("grub:envmap", "saved_entry=2"))
        .unwrap();
    oracle::zpool(&["export", pool.name()]);
    pool.import(&[]);
    let found = zfs.boot_environment(&name).unwrap();
    assert_eq!(
        (found.get("version"), found.get("grub:envmap")),
        (Ok(0u64), Ok("saved_entry=2")),
        "{found}"
    );
    let strange = zfs.set_boot_environment(&name, &NvList::new().with("version", 9u64)).unwrap_err();
    assert_eq!(strange.errno(), Some(Errno::ENXIO), "{strange}");
    assert_eq!(zfs.boot_environment(&nowhere()).unwrap_err().kind(), ErrorKind::NotFound);
}

/// Ten thousand entries in the deduplication table, none of them shared.
fn deduplicated() -> Pool {
    let pool = Pool::in_memory(512);
    oracle::sh(&format!("zfs set dedup=on {0}; zfs set recordsize=4k {0}", pool.name()));
    noise(mountpoint(pool.name()).join("large"), 1, 20 << 20);
    oracle::zpool(&["sync", pool.name()]);
    pool
}

fn the_deduplication_table_is_read_into_memory(zfs: &Zfs) -> zfs_rs::Result<()> {
    let pool = deduplicated();
    oracle::zpool(&["export", pool.name()]);
    pool.import(&[]);
    zfs.prefetch_dedup(&name(&pool))?;
    let cached = oracle::zpool(&["get", "-Hp", "-o", "value", "dedupcached", pool.name()]);
    assert!(cached.trim().parse::<u64>().unwrap() > 0, "{cached}");
    assert_eq!(zfs.prefetch_dedup(&nowhere()).unwrap_err().kind(), ErrorKind::NotFound);
    Ok(())
}

fn the_deduplication_table_is_pruned(zfs: &Zfs) -> zfs_rs::Result<()> {
    let pool = deduplicated();
    let entries = || {
        let text = oracle::zpool(&["status", "-D", "-p", pool.name()]);
        let line = text
            .lines()
            .find(|line| line.contains("DDT entries"))
            .unwrap_or("0 DDT entries 0")
            .to_owned();
        line.split(|letter: char| !letter.is_ascii_digit())
            .find_map(|number| number.parse::<u64>().ok())
            .unwrap()
    };
    let old = PruneAge::OlderThan(Duration::from_secs(3600));
    zfs.prune_dedup(&name(&pool), old)?;
    let before = entries();
    assert!(before > 4000, "{before} entries");
    // Entries are aged in seconds, and dropped only when they have left their log, some in each transaction group.
    thread::sleep(Duration::from_secs(2));
    let pool = name(&pool);
    wait_until("half of the entries are dropped", || {
        zfs.sync_all(&pool).unwrap();
        zfs.prune_dedup(&pool, PruneAge::OlderThan(Duration::from_secs(1))).unwrap();
        entries() < before / 2
    });
    zfs.prune_dedup(&pool, PruneAge::Percent(100))?;
    Ok(())
}
