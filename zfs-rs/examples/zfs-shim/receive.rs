//! I receive as told, from standard input, and have the real zfs mount what is new.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::thread;

use zfs_rs::backend::BeginRecord;
use zfs_rs::stream::{Begin, BeginFlags, Features, StreamKind};
use zfs_rs::{DatasetInfo, DatasetKind, DatasetName, Incoming, OptionalExt, SnapshotName, Zfs};

use crate::args::{Naming, Receive};
use crate::{End, Failure, Outcome, find, real};

pub(crate) fn run(zfs: &Zfs, order: &Receive, args: &[String]) -> Outcome {
    if io::stdin().is_terminal() {
        return Err("a stream is not read from a terminal".into());
    }
    let mut stdin = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut record: BeginRecord = [0; 312];
    stdin.read_exact(&mut record).map_err(|error| format!("no stream: {error}"))?;
    let begin = Begin::read(&record)?;
    if let Some(why) = unserved(order, &begin) {
        return real::receive(why, args, &record, stdin);
    }
    let (target, short) = names(order, &begin)?;
    if matches!(order.naming, Naming::WithoutPool | Naming::LastPart) {
        // What is given is there, whatever is made below it.
        zfs.dataset(&order.target)?;
        if let Some(parent) = target.parent()
            && zfs.dataset(&parent).optional()?.is_none()
        {
            return real::receive("a parent that is to be made", args, &record, stdin);
        }
    }
    let there = zfs.dataset(&target).optional()?;
    let is_resumed = begin.features.contains(Features::RESUMING);
    // Resumed or not, it takes no dataset that is there for its base.
    let is_whole = begin.from_guid.is_none() || begin.flags.contains(BeginFlags::CLONE) || order.origin.is_some();
    if order.is_verbose {
        writeln!(io::stdout(), "receiving {} into {target}@{short}", begin.to_name.to_str_lossy())?;
    }
    let in_the_way = there.as_ref().filter(|there| is_whole && !there.inconsistent);
    if let Some(there) = in_the_way {
        give_way(zfs, order, there)?;
    }
    if order.is_dry {
        io::copy(&mut stdin, &mut io::sink())?;
        return Ok(End::Done);
    }
    let stream = Incoming::open(fed(record, stdin)?)?;
    if order.heals {
        zfs.heal(&target.snapshot(&short)?, stream)?;
        return Ok(End::Done);
    }
    let mut request = zfs.receive(&target).named(&short).resumable(order.is_resumable);
    if let Some(origin) = origin(zfs, order, &begin, &target, is_whole && !is_resumed)? {
        request = request.origin(origin);
    }
    for (name, value) in &order.local {
        request = request.property(name, value);
    }
    if order.force {
        request = request.dangerous().roll_back_target();
    }
    let was_mounted = in_the_way.is_some() && unmount(&target)?;
    let received = request.from_stream(stream);
    if was_mounted {
        real::quietly(&["mount", target.as_str()])?;
    }
    received?;
    if is_whole && !was_mounted {
        mount(zfs, order, &target)?;
    }
    Ok(End::Done)
}

/// A dataset that is there is replaced only if told so, and only if it has nothing to keep: the rules of the real zfs.
fn give_way(zfs: &Zfs, order: &Receive, there: &DatasetInfo) -> Result<(), Failure> {
    let name = &there.name;
    if !order.force {
        return Err(format!("{name} exists, and -F was not given").into());
    }
    if there.origin.is_some() {
        return Err(format!("{name} exists and is a clone").into());
    }
    if zfs.snapshots(name).next().transpose()?.is_some() {
        return Err(format!("{name} exists and has snapshots").into());
    }
    Ok(())
}

/// Why the real zfs must do it.
fn unserved(order: &Receive, begin: &Begin) -> Option<&'static str> {
    if begin.kind == StreamKind::Compound {
        return Some("a compound stream");
    }
    if begin.features.contains(Features::DEDUP) {
        return Some("a deduplicated stream");
    }
    if !order.excluded.is_empty() {
        return Some("properties to leave out");
    }
    if !order
        .local
        .iter()
        .all(|(name, _)| name.contains(':') || SERVED.contains(&name.as_str()))
    {
        return Some("properties in words for people, or of encryption");
    }
    None
}

/// The dataset and the short name of the snapshot that are to exist.
fn names(order: &Receive, begin: &Begin) -> Result<(DatasetName, String), Failure> {
    let sent = begin.to_name.to_str_lossy();
    let (dataset, short) = sent
        .split_once('@')
        .ok_or_else(|| format!("the stream brings {sent}, which is no snapshot"))?;
    let below = |rest: Option<&str>| match rest {
        Some(rest) => order.target.child(rest),
        None => Ok(order.target.clone()),
    };
    let target = match &order.naming {
        Naming::Dataset | Naming::Snapshot(_) => order.target.clone(),
        Naming::WithoutPool => below(dataset.split_once('/').map(|(_, rest)| rest))?,
        Naming::LastPart => below(dataset.rsplit('/').next())?,
    };
    let short = match &order.naming {
        Naming::Snapshot(given) => given.clone(),
        _ => short.to_owned(),
    };
    Ok((target, short))
}

/// For a stream that is a clone: the snapshot it grows from, found by GUID. A resumed one has its origin already.
fn origin(zfs: &Zfs, order: &Receive, begin: &Begin, target: &DatasetName, is_new: bool) -> Result<Option<SnapshotName>, Failure> {
    if order.origin.is_some() || !is_new {
        return Ok(order.origin.clone());
    }
    let Some(guid) = begin.from_guid else { return Ok(None) };
    match find::snapshot(zfs, target, guid)? {
        Some(origin) => Ok(Some(origin)),
        None => Err(format!("{target} cannot be received: its origin, GUID {guid}, is not in this pool").into()),
    }
}

/// A pipe that gives the first record again and then the rest: the kernel reads pipes on every release.
fn fed(record: BeginRecord, mut rest: File) -> io::Result<OwnedFd> {
    let (reader, writer) = zfs_rs::pipe::pipe()?;
    let mut writer = File::from(writer);
    // It ends with its input, with its reader, or with this process.
    thread::Builder::new().spawn(move || {
        let fed = writer.write_all(&record).and_then(|()| io::copy(&mut rest, &mut writer));
        // A reader that stops says why by itself; a stream that ends early is told by the kernel.
        fed.ok();
    })?;
    Ok(reader)
}

/// Whether it had been mounted. What cannot be unmounted is not touched.
fn unmount(target: &DatasetName) -> Result<bool, Failure> {
    let mounts = std::fs::read_to_string("/proc/self/mounts")?;
    let is_mounted = mounts.lines().any(|line| line.split(' ').next() == Some(target.as_str()));
    if is_mounted && !real::quietly(&["unmount", target.as_str()])? {
        return Err(format!("{target} cannot be unmounted").into());
    }
    Ok(is_mounted)
}

/// As the real zfs does for what it has received for the first time, unless told not to. What cannot be mounted stays unmounted.
fn mount(zfs: &Zfs, order: &Receive, target: &DatasetName) -> Result<(), Failure> {
    if order.stays_unmounted || zfs.dataset(target)?.kind != DatasetKind::Filesystem {
        return Ok(());
    }
    let properties = zfs.properties(target)?;
    if matches!(properties.word("canmount"), Some("off" | "noauto")) {
        return Ok(());
    }
    real::quietly(&["mount", target.as_str()])?;
    Ok(())
}

/// Properties whose values are spelled alike everywhere.
const SERVED: [&str; 5] = ["readonly", "canmount", "mountpoint", "atime", "compression"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Ask;

    fn order(line: &str) -> Receive {
        match Ask::read(&line.split(' ').map(str::to_owned).collect::<Vec<_>>()) {
            Ok(Ask::Receive(order)) => *order,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn named(line: &str, sent: &str) -> String {
        let (dataset, short) = names(&order(line), &Begin::new(sent, 1)).unwrap();
        format!("{dataset}@{short}")
    }

    #[test]
    fn what_is_received_is_called_as_told() {
        assert_eq!(named("recv b/x", "a/u/v@1"), "b/x@1");
        assert_eq!(named("recv b/x@2", "a/u/v@1"), "b/x@2");
        assert_eq!(named("recv -d b/x", "a/u/v@1"), "b/x/u/v@1");
        assert_eq!(named("recv -e b/x", "a/u/v@1"), "b/x/v@1");
        assert_eq!(named("recv -d b/x", "a@1"), "b/x@1");
        assert!(names(&order("recv b/x"), &Begin::new("a/u", 1)).is_err());
    }

    #[test]
    fn what_is_not_served_is_known_before_anything_is_touched() {
        let plain = Begin::new("a@1", 1);
        let compound = Begin {
            kind: StreamKind::Compound,
            ..plain.clone()
        };
        assert_eq!(
            unserved(&order("recv -suF -o origin=b@1 -o org.x:y=1 -o readonly=on b/x"), &plain),
            None
        );
        assert!(unserved(&order("recv b/x"), &compound).is_some());
        assert!(unserved(&order("recv -x quota b/x"), &plain).is_some());
        assert!(unserved(&order("recv -o encryption=on b/x"), &plain).is_some());
        assert!(unserved(&order("recv -o quota=1G b/x"), &plain).is_some());
    }
}
