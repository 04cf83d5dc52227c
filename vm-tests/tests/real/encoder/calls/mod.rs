//! I make each call of the seam once, in the same words by whichever way to the kernel.

mod change;
mod look;
mod pool;
mod refuse;
mod transfer;

use std::{fmt::Debug, fs::File, io::Write, os::fd::AsRawFd, path::PathBuf};

use zfs_rs::{
    BookmarkName, DatasetName, SnapshotName,
    backend::{Core, Outcome, ioctl::Ioctl},
};

use super::recorder::announce;
use crate::support::release::running;

/// One run of all calls.
#[derive(Debug)]
pub(super) struct Play {
    pub(super) core: Box<dyn Core>,
    /// For what the calls need beside.
    pub(super) device: Ioctl,
    /// What [`setting`](super::setting) made.
    pub(super) root: DatasetName,
    /// Where the streams lie that are received.
    pub(super) streams: PathBuf,
    /// Where is written what came back.
    pub(super) diary: File,
}

impl Play {
    pub(super) fn all(&mut self) {
        // From here on the lowest free descriptor is the same, however many the way to the kernel has opened.
        let mut filling = vec![File::open("/dev/null").unwrap()];
        while filling.iter().all(|file| file.as_raw_fd() < FIRST_DESCRIPTOR) {
            filling.push(File::open("/dev/null").unwrap());
        }
        self.changes();
        self.looks();
        self.transfers();
        self.keys();
        self.pools();
        self.destruction();
        self.refusals();
    }

    /// Makes a call and writes down what came back.
    fn call<T: Debug>(&mut self, name: &str, call: impl FnOnce(&dyn Core) -> Outcome<T>) {
        announce(name);
        let outcome = call(&*self.core);
        writeln!(self.diary, "{name}: {outcome:?}").unwrap();
    }

    /// Whether this machine has what came with that release. The C library that lacks a function says nothing to the kernel.
    fn is_since(&self, release: &str) -> bool {
        running() >= release.parse().unwrap()
    }

    fn child(&self, name: &str) -> DatasetName {
        self.root.child(name).unwrap()
    }

    fn at(&self, dataset: &str, snapshot: &str) -> SnapshotName {
        self.child(dataset).snapshot(snapshot).unwrap()
    }

    fn mark(&self, dataset: &str, bookmark: &str) -> BookmarkName {
        self.child(dataset).bookmark(bookmark).unwrap()
    }
}

/// Above all that either way to the kernel opens.
const FIRST_DESCRIPTOR: i32 = 40;
