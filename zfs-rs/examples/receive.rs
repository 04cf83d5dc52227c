//! I receive a stream from a file into a dataset. When I am interrupted, what has arrived is kept, and I say from where to go on.
//!
//! `cargo run --example receive -- home.zfs backup/home`

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it found")]

use std::error::Error;
use std::fs::File;
use std::io::{Seek as _, sink};
use std::process::ExitCode;

use zfs_rs::stream::{Profile, copy_verified};
use zfs_rs::{DatasetName, Incoming, OptionalExt as _, Zfs};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("receive: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(path), Some(target)) = (args.next(), args.next()) else {
        return Err("say from where and into what: receive FILE DATASET".into());
    };
    let target: DatasetName = target.parse()?;
    let zfs = Zfs::open()?;
    let mut file = File::open(&path).map_err(|error| format!("{path}: {error}"))?;

    // A file can be read twice: nothing damaged reaches the kernel.
    copy_verified(Profile::any(), &mut file, &mut sink()).map_err(|error| format!("{path}: {error}"))?;
    file.rewind()?;

    // The first record says what it is, before anything is touched.
    let stream = Incoming::open(file)?;
    let guid = stream.begin().to_guid;
    println!(
        "{path} has {} of guid {guid}, features {}",
        stream.begin().to_name,
        stream.begin().features
    );

    let order = zfs.receive(&target).resumable(true).property("canmount", "noauto");
    let receipt = match order.from_stream(stream) {
        Ok(receipt) => receipt,
        Err(error) => {
            if let Some(token) = zfs.receive_resume_token(&target).optional()?.flatten() {
                println!("to go on later: zfs send -t {token}");
            }
            return Err(error.into());
        }
    };
    // The call's word is one thing, what the pool has now is the proof.
    let arrived = zfs.snapshot(&receipt.snapshot)?;
    if arrived.guid.0 != guid {
        return Err(format!("{} has guid {}, not that of the stream", arrived.name, arrived.guid).into());
    }
    println!("received {}", arrived.name);
    Ok(())
}
