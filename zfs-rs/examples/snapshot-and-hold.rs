//! I take a snapshot and hold it, so that nobody destroys it before the hold is released. A second run finds both and changes nothing.
//!
//! `cargo run --example snapshot-and-hold -- tank/home@usb-copy my-backup`

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it found")]

use std::error::Error;
use std::process::ExitCode;
use std::slice::from_ref;

use zfs_rs::{ErrorKind, HoldTag, SnapshotName, Zfs};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("snapshot-and-hold: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(snapshot), Some(tag)) = (args.next(), args.next()) else {
        return Err("say which snapshot and whose hold: snapshot-and-hold DATASET@NAME TAG".into());
    };
    let (snapshot, tag): (SnapshotName, HoldTag) = (snapshot.parse()?, tag.parse()?);
    let zfs = Zfs::open()?;
    match zfs.create_snapshots(from_ref(&snapshot), &[]) {
        Err(error) if error.kind() == ErrorKind::Exists => println!("{snapshot} was there already"),
        other => other?,
    }
    match zfs.hold(&[(snapshot.clone(), tag.clone())]) {
        Err(error) if error.kind() == ErrorKind::Exists => println!("{snapshot} was held already"),
        other => other?,
    }
    println!("{snapshot} has guid {} and is held by", zfs.snapshot(&snapshot)?.guid);
    for hold in zfs.holds(&snapshot)? {
        println!("  {} since {}", hold.tag, hold.since);
    }
    Ok(())
}
