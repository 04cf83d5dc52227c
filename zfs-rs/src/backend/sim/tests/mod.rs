//! I hold the model to what it says: rules, streams, faults.

mod faults;
mod rules;
mod streams;

use std::io::copy;

use super::*;
use crate::backend::{Base, SendFlags};
use crate::error::{Error, Result};
use crate::receive::Receipt;
use crate::zfs::Zfs;

/// A machine with the pools `tank` and `backup`, and in `tank` the filesystem `a`.
fn machine() -> (Sim, Zfs) {
    let sim = Sim::new(7);
    sim.add_pool("tank").unwrap();
    sim.add_pool("backup").unwrap();
    let zfs = sim.zfs();
    zfs.create_filesystem(&ds("tank/a")).create().unwrap();
    (sim, zfs)
}

fn ds(name: &str) -> DatasetName {
    name.parse().unwrap()
}

fn snap(name: &str) -> SnapshotName {
    name.parse().unwrap()
}

fn pool(name: &str) -> PoolName {
    name.parse().unwrap()
}

fn since(name: &str) -> Base {
    if name.contains('@') {
        Base::Snapshot(snap(name))
    } else {
        Base::Bookmark(name.parse().unwrap())
    }
}

fn take(zfs: &Zfs, name: &str) {
    zfs.create_snapshots(&[snap(name)], &[]).unwrap();
}

/// Bytes that differ from block to block.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    (0u64..).flat_map(|n| world::mix(seed ^ n).to_le_bytes()).take(length).collect()
}

fn errno<T: std::fmt::Debug>(result: Result<T>) -> Errno {
    result.unwrap_err().errno().unwrap()
}

/// Sends and receives through two pipes, as a program that stands between.
fn replicate(zfs: &Zfs, from: Option<&str>, snapshot: &str, to: &str, flags: SendFlags) -> Result<Receipt> {
    let mut order = zfs.send(&snap(snapshot)).flags(flags);
    if let Some(from) = from {
        order = order.since(since(from));
    }
    pass(order, zfs.receive(&ds(to)).resumable(true))
}

fn pass(send: crate::SendRequest, receive: crate::ReceiveRequest) -> Result<Receipt, Error> {
    let mut stream = send.spawn()?;
    let mut target = receive.spawn()?;
    let copied = copy(&mut stream, &mut target);
    let received = target.finish();
    let sent = stream.finish();
    let receipt = received?;
    sent?;
    assert!(copied.is_ok(), "{copied:?}");
    Ok(receipt)
}
