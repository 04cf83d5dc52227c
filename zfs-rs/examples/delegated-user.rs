//! I show what a user who is not root may do: what root has delegated with `zfs allow`, and what to ask root for where that is not enough.
//!
//! `cargo run --example delegated-user -- tank/home@mine`

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it found")]

use std::error::Error;
use std::process::ExitCode;
use std::slice::from_ref;

use zfs_rs::{ErrorKind, Result, SnapshotName, Zfs};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("delegated-user: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> std::result::Result<(), Box<dyn Error>> {
    let snapshot: SnapshotName = std::env::args()
        .nth(1)
        .ok_or("say which snapshot to take: delegated-user DATASET@NAME")?
        .parse()?;
    let zfs = Zfs::open()?;
    let dataset = snapshot.dataset();

    // Looking is allowed to everybody.
    println!("{dataset} has guid {}", zfs.dataset(dataset)?.guid);

    let mark = dataset.bookmark(snapshot.short())?;
    let tag = "delegated-user".parse()?;
    let held = [(snapshot.clone(), tag)];
    tell("snapshot", zfs.create_snapshots(from_ref(&snapshot), &[]))?;
    tell("hold", zfs.hold(&held))?;
    tell("release", zfs.release(&held))?;
    tell("bookmark", zfs.create_bookmark(&mark, &snapshot))?;
    tell("send", zfs.send(&snapshot).spawn().and_then(read_to_end))?;
    Ok(())
}

/// Says what came of it. Not being allowed to, or lacking what was not allowed before, is an answer and no failure.
fn tell(delegation: &str, outcome: Result<()>) -> Result<()> {
    match outcome {
        Ok(()) => println!("{delegation}: allowed"),
        Err(error) if error.kind() == ErrorKind::NoPermission => println!("{delegation}: {error}"),
        Err(error) if error.kind() == ErrorKind::NotFound => println!("{delegation}: nothing to try it on"),
        Err(error) => return Err(error),
    }
    Ok(())
}

fn read_to_end(mut stream: zfs_rs::SendStream) -> Result<()> {
    // What it says matters here, not what it brings; `finish` knows if reading failed.
    std::io::copy(&mut stream, &mut std::io::sink()).ok();
    stream.finish()
}
