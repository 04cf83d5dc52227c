//! I am in the guest: I make a pool, have each mutant received into it, and see what the pool and its kernel are like afterwards.

use std::{collections::BTreeSet, fmt};

use ring_tests::mutants::Offer;
use zfs_rs::{SnapshotName, Zfs, stream::Profile};

use super::{
    Result,
    offered::Offered,
    oracle::{complaints, forget, run},
    watch::Watch,
};

/// Does it. What is found is told line by line: `>` a step begins, `+` something to count, `!` a failure.
pub(crate) fn receive(offers: Vec<(String, Offer)>, profile: &Profile) -> Result<()> {
    let watch = Watch::start();
    forget()?;
    run("zpool", &CREATE)?;
    let zfs = Zfs::open()?;
    let mut left = Vec::new();
    for (number, offer) in offers {
        watch.step(&format!("{number} {}", offer.what));
        let (kind, half) = (offer.kind(), number.parse::<u64>()?.is_multiple_of(2));
        let offered = Offered::new(&zfs, &format!("{POOL}/{number}"), offer, half, profile)?;
        match one(&offered) {
            Ok(snapshot) => {
                let ended = if snapshot.is_some() { "received" } else { "refused" };
                count(&format!("changed: {}: {ended}", kind.split(' ').next().unwrap_or_default()));
                left.extend(snapshot.map(|snapshot| (number.clone(), offered, snapshot)));
            }
            Err(why) => fail(&number, why),
        }
        healthy(&number)?;
    }
    finish(&watch, &left)
}

/// One stream; the snapshot that is there then, if it was received.
fn one(offered: &Offered<'_>) -> Result<Option<SnapshotName>> {
    let received = offered.receive()?;
    match &received {
        Some(snapshot) => offered.again(snapshot)?,
        None => offered.destroy()?,
    }
    Ok(received)
}

/// What was received can be listed, the pool is whole, goes and comes again with it, and can be emptied.
fn finish(watch: &Watch, left: &[(String, Offered<'_>, SnapshotName)]) -> Result<()> {
    for (number, offered, _) in left {
        watch.step(&format!("- all properties of {number}"));
        run("zfs", &["get", "-Hr", "all", offered.target.as_str()])?;
    }
    watch.step("- scrub");
    let is_whole = |status: &str| status.contains("with 0 errors") && status.contains("No known data errors");
    let mut status = scrub()?;
    if !is_whole(&status) {
        // What was found in something that is gone, as the start of a refused stream, is forgotten by the second scrub.
        watch.step("- second scrub");
        status = scrub()?;
    }
    if !is_whole(&status) {
        let damaged = damaged()?;
        if damaged.is_empty() {
            fail("scrub", status.replace('\n', " "));
        }
        for name in damaged {
            // What is no filesystem may hold anything.
            let of = left
                .iter()
                .find(|(_, offered, _)| name.split('@').next() == Some(offered.target.as_str()));
            if !of.is_some_and(|(_, offered, _)| offered.has_no_version().unwrap_or(false)) {
                fail(&name, "it has blocks that cannot be read");
            }
        }
    }
    watch.step("- export");
    run("zpool", &["export", POOL])?;
    watch.step("- import");
    run("zpool", &["import", "-N", "-d", DISKS, POOL])?;
    for (number, offered, snapshot) in left {
        watch.step(&format!("- after the import, {number}"));
        if let Err(why) = offered.again(snapshot).and_then(|()| offered.destroy()) {
            fail(number, format!("after the import: {why}"));
        }
        healthy(number)?;
    }
    watch.step("- the end of the pool");
    run("zpool", &["destroy", POOL])?;
    healthy("the end of the pool")
}

fn scrub() -> Result<String> {
    run("zpool", &["scrub", "-w", POOL])?;
    run("zpool", &["status", POOL])
}

/// Names of what holds blocks that cannot be read. What `zpool status -v` does to name files panics kernels where they are those of no filesystem.
fn damaged() -> Result<BTreeSet<String>> {
    let events = run("zpool", &["events", "-v", POOL])?;
    let ids: BTreeSet<&str> = events
        .lines()
        .filter_map(|line| line.trim().strip_prefix("zio_objset = 0x"))
        .collect();
    let names = run("zfs", &["get", "-Hpr", "-o", "name,value", "objsetid", POOL])?;
    let named = names.lines().filter_map(|line| line.split_once('\t'));
    let found = named.filter(|(_, id)| id.parse().is_ok_and(|id: u64| ids.contains(format!("{id:x}").as_str())));
    Ok(found.map(|(name, _)| name.to_owned()).collect())
}

/// The kernel wrote nothing to its log that a healthy one does not.
fn healthy(at: &str) -> Result<()> {
    let complaints = complaints()?;
    if complaints.is_empty() {
        return Ok(());
    }
    fail(at, "the kernel complains");
    println!("{complaints}");
    forget()
}

pub(crate) fn count(what: &str) {
    println!("+ {what}");
}

fn fail(at: &str, why: impl fmt::Display) {
    println!("! {at}: {why}");
}

const POOL: &str = "mutants";
const DISKS: &str = "/dev/disk/by-id";
const DISK: &str = "/dev/disk/by-id/virtio-pool0";
/// Nothing is mounted nor compressed: what is to be seen is what was received.
const CREATE: [&str; 9] = [
    "create",
    "-O",
    "mountpoint=none",
    "-O",
    "volmode=none",
    "-O",
    "compression=off",
    POOL,
    DISK,
];
