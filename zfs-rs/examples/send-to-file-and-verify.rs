//! I write a snapshot's stream to a new file, every checksum verified on the way, then read the file again and verify it once more.
//!
//! `cargo run --example send-to-file-and-verify -- tank/home@now home.zfs`

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it found")]

use std::error::Error;
use std::fs::File;
use std::io::sink;
use std::process::ExitCode;

use zfs_rs::stream::{Profile, copy_verified};
use zfs_rs::{SendFlags, SnapshotName, Zfs};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("send-to-file-and-verify: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(snapshot), Some(path)) = (args.next(), args.next()) else {
        return Err("say what and where: send-to-file-and-verify DATASET@NAME FILE".into());
    };
    let snapshot: SnapshotName = snapshot.parse()?;
    let zfs = Zfs::open()?;
    let mut file = File::create_new(&path).map_err(|error| format!("{path}: {error}"))?;

    // As it lies on the disk: compressed, and encrypted where the dataset is.
    let flags = SendFlags::LARGE_BLOCK | SendFlags::COMPRESS | SendFlags::RAW;
    let mut stream = zfs.send(&snapshot).flags(flags).spawn()?;
    let copied = copy_verified(Profile::any(), &mut stream, &mut file);
    // The sender's own error comes first: a stream that broke off is only its echo.
    stream.finish()?;
    let written = copied.map_err(|error| format!("{path}: {error}"))?;
    file.sync_all()?;

    let mut file = File::open(&path)?;
    let read = copy_verified(Profile::any(), &mut file, &mut sink()).map_err(|error| format!("{path}: {error}"))?;
    if read != written {
        return Err(format!("{path} has not what was written to it").into());
    }
    println!("{snapshot} is in {path}: {} records, {} bytes", read.records, read.bytes);
    Ok(())
}
