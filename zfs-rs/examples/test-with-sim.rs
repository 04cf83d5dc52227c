//! I am a program that keeps the newest snapshots of a dataset, and I am how its author tests it without ZFS: over a simulated kernel.
//!
//! `cargo run --example test-with-sim --features sim`; its tests run with `cargo test --examples --features sim`.

#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;

use zfs_rs::backend::sim::Sim;
use zfs_rs::{DatasetName, Result, Zfs};

/// The program: destroys all but the `keep` newest snapshots, and says how many went. It sees a [`Zfs`] and nothing of the simulation.
fn prune(zfs: &Zfs, dataset: &DatasetName, keep: usize) -> Result<usize> {
    let mut snapshots = zfs.snapshots(dataset).collect::<Result<Vec<_>>>()?;
    snapshots.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.createtxg));
    let old: Vec<_> = snapshots.into_iter().skip(keep).map(|snapshot| snapshot.name).collect();
    if !old.is_empty() {
        zfs.destroy_snapshots(&old)?;
    }
    Ok(old.len())
}

/// A machine with one filesystem and its snapshots, the same each time.
fn machine(snapshots: &[&str]) -> std::result::Result<(Zfs, DatasetName), Box<dyn Error>> {
    let machine = Sim::new(42);
    machine.add_pool("tank")?;
    let (zfs, home) = (machine.zfs(), "tank/home".parse()?);
    zfs.create_filesystem(&home).create()?;
    for short in snapshots {
        zfs.create_snapshots(&[home.snapshot(short)?], &[])?;
    }
    Ok((zfs, home))
}

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let (zfs, home) = machine(&["mon", "tue", "wed"])?;
    let gone = prune(&zfs, &home, 2)?;
    println!("{gone} gone, left are");
    for snapshot in zfs.snapshots(&home) {
        println!("  {}", snapshot?.name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use zfs_rs::ErrorKind;

    use super::*;

    fn left(zfs: &Zfs, home: &DatasetName) -> Vec<String> {
        let mut names: Vec<_> = zfs
            .snapshots(home)
            .map(|snapshot| snapshot.unwrap().name.short().to_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_newest_stay_whatever_they_are_called() {
        let (zfs, home) = machine(&["z-first", "m-second", "a-third"]).unwrap();
        assert_eq!(prune(&zfs, &home, 2).unwrap(), 1);
        assert_eq!(left(&zfs, &home), ["a-third", "m-second"]);
        assert_eq!(prune(&zfs, &home, 2).unwrap(), 0);
    }

    #[test]
    fn a_held_snapshot_keeps_them_all_and_is_named() {
        let (zfs, home) = machine(&["a", "b", "c"]).unwrap();
        zfs.hold(&[(home.snapshot("a").unwrap(), "mine".parse().unwrap())]).unwrap();
        let error = prune(&zfs, &home, 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);
        assert_eq!(error.items()[0].0, "tank/home@a");
        assert_eq!(left(&zfs, &home), ["a", "b", "c"]);
    }
}
