//! I send a snapshot into a dataset of another place and tell ten times a second how far it has come.
//!
//! `cargo run --example watch-progress -- tank/home@now backup/home`

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it found")]

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use zfs_rs::pipe::pipe;
use zfs_rs::{DatasetName, Incoming, SendFlags, SnapshotName, Zfs};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("watch-progress: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(snapshot), Some(target)) = (args.next(), args.next()) else {
        return Err("say what and into what: watch-progress DATASET@NAME DATASET".into());
    };
    let (snapshot, target): (SnapshotName, DatasetName) = (snapshot.parse()?, target.parse()?);
    let zfs = Zfs::open()?;
    let request = zfs.send(&snapshot).flags(SendFlags::LARGE_BLOCK | SendFlags::COMPRESS);
    let expected = request.estimate()?;

    // Both calls of the kernel share one pipe, each on a thread of its own; no byte but the first record passes through this program.
    let (reader, writer) = pipe()?;
    let sending = request.spawn_to(writer)?;
    let receiving = zfs.receive(&target).resumable(true).spawn_from(Incoming::open(reader)?)?;
    while !sending.wait(Duration::from_millis(100)) {
        if let Some(progress) = sending.progress()? {
            println!("{} of about {expected} bytes", progress.bytes);
        }
    }
    let (sent, received) = (sending.join(), receiving.join());
    // Of two failures the echo is the less interesting: a receiver that stops breaks the sender's pipe.
    let receipt = received?;
    sent?;
    println!("received {}, {} bytes", receipt.snapshot, receipt.bytes);
    Ok(())
}
