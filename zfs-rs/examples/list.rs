//! I list what lies in a dataset: filesystems and volumes, their snapshots and their bookmarks.
//!
//! `cargo run --example list -- tank/home`

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it found")]

use std::error::Error;
use std::process::ExitCode;

use zfs_rs::{DatasetName, Zfs};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("list: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let root: DatasetName = std::env::args().nth(1).ok_or("say which dataset: list DATASET")?.parse()?;
    let zfs = Zfs::open()?;
    for dataset in zfs.tree(&root)? {
        println!("{}\t{}\t{}", dataset.name, dataset.kind, dataset.guid);
        // The kernel tells them in no order, and names and clocks say nothing: the transaction group does.
        let mut snapshots = zfs.snapshots(&dataset.name).collect::<Result<Vec<_>, _>>()?;
        snapshots.sort_by_key(|snapshot| snapshot.createtxg);
        for snapshot in snapshots {
            println!("{}\tsnapshot\t{}", snapshot.name, snapshot.guid);
        }
        for bookmark in zfs.bookmarks(&dataset.name)? {
            println!("{}\tbookmark\t{}", bookmark.name, bookmark.guid);
        }
    }
    Ok(())
}
