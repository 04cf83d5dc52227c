//! I am what changed in a filesystem from one snapshot to a later one.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

use crate::backend::{Object, ObjectStats, Outcome, Refusal};
use crate::errno::Errno;
use crate::error::{Cause, Error, Operation, Result};
use crate::name::SnapshotName;
use crate::pipe::pipe;
use crate::worker::Worker;
use crate::zfs::Zfs;

/// Neighbouring objects of a filesystem that may have changed.
///
/// A hint, coarse to both sides: objects are told by the blocks they lie in, so some in a range have not changed, and a range that is free now may
/// have been free before.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectRange {
    /// The number of the first; for files what stat(2) calls the inode.
    pub first: u64,
    /// The number of the last.
    pub last: u64,
    /// Whether there are no such objects in the later snapshot.
    pub is_free: bool,
}

/// One difference between two snapshots of a filesystem.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// What happened to it.
    pub change: Change,
    /// What it is; for what was removed, what it was.
    pub kind: FileKind,
    /// Where it is, or was before it was removed or renamed, below the filesystem's root, which itself is empty. Nothing where the kernel does
    /// not find the name: it knows one name of each file, and that is gone when that of several hard links was removed.
    pub path: Option<PathBuf>,
    /// The number of the object.
    pub object: u64,
}

/// What happened to a file or directory.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its contents, its attributes or the entries of the directory are others.
    Modified {
        /// How many hard links more or less it has.
        links: i64,
    },
    /// It lies elsewhere, or has another name; it may have been modified as well.
    Renamed {
        /// Where it is now.
        to: PathBuf,
    },
}

/// What a path leads to.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A block device.
    BlockDevice,
    /// A character device.
    CharacterDevice,
    /// A named pipe.
    Pipe,
    /// A socket.
    Socket,
    /// Something Linux does not have, by the bits of its mode.
    Unknown(u64),
}

impl FileKind {
    fn of_mode(mode: u64) -> Self {
        match mode & 0o17_0000 {
            0o10_0000 => Self::File,
            0o04_0000 => Self::Directory,
            0o12_0000 => Self::Symlink,
            0o06_0000 => Self::BlockDevice,
            0o02_0000 => Self::CharacterDevice,
            0o01_0000 => Self::Pipe,
            0o14_0000 => Self::Socket,
            other => Self::Unknown(other),
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::Symlink => "symbolic link",
            Self::BlockDevice => "block device",
            Self::CharacterDevice => "character device",
            Self::Pipe => "pipe",
            Self::Socket => "socket",
            Self::Unknown(bits) => return write!(f, "mode {bits:o}"),
        })
    }
}

impl Zfs {
    /// The objects that may have changed from one snapshot to a later one of the same filesystem or volume, or of a clone of it, by number.
    ///
    /// The kernel finds them in time that grows with what changed, not with what there is. Reading from the iterator blocks. Needs root or the
    /// delegated permission `diff`. Since OpenZFS 0.6.
    ///
    /// # Errors
    ///
    /// The system's, when no pipe or thread can be had. The last item is an error when the kernel did not come to the end:
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound), [`ErrorKind::NotAncestor`](crate::ErrorKind::NotAncestor) when `from` is no earlier
    /// snapshot of `to`, [`ErrorKind::NoPermission`](crate::ErrorKind::NoPermission).
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// for range in zfs.changed_objects(&"tank/home@monday".parse()?, &"tank/home@friday".parse()?)? {
    ///     let range = range?;
    ///     println!("{} to {}", range.first, range.last);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "ZFS_IOC_DIFF")]
    pub fn changed_objects(&self, from: &SnapshotName, to: &SnapshotName) -> Result<ChangedObjects> {
        let failed = |error: io::Error| Error::new(Operation::Diff, to.as_str(), error);
        let (reader, writer) = pipe().map_err(failed)?;
        let (zfs, earlier, later) = (self.clone(), from.clone(), to.clone());
        let call = move |writer: BorrowedFd<'_>| zfs.device.changed_objects(&earlier, Object::Snapshot(&later), writer);
        let (worker, _) = Worker::start_at("zfs-diff", writer, self.table(), call).map_err(failed)?;
        Ok(ChangedObjects {
            reader: File::from(reader),
            worker: Some(worker),
            later: to.clone(),
            next: 0,
        })
    }

    /// What changed from one snapshot to a later one of the same filesystem, or of a clone of it, by path and in the order of object numbers.
    ///
    /// To compare with what a filesystem is now, make a snapshot of it. Neither needs to be mounted, but keys must be loaded. Reading from the
    /// iterator blocks. Needs root or the delegated permission `diff`. Since OpenZFS 0.6.
    ///
    /// # Errors
    ///
    /// As [`changed_objects`](Self::changed_objects); an item may be [`ErrorKind::KeyUnavailable`](crate::ErrorKind::KeyUnavailable) as well.
    ///
    /// ```no_run
    /// use zfs_rs::Change;
    ///
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// for difference in zfs.diff(&"tank/home@monday".parse()?, &"tank/home@friday".parse()?)? {
    ///     let difference = difference?;
    ///     if difference.change == Change::Removed {
    ///         println!("{:?} is gone", difference.path);
    ///     }
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "zfs diff")]
    pub fn diff(&self, from: &SnapshotName, to: &SnapshotName) -> Result<Diff> {
        Ok(Diff {
            zfs: self.clone(),
            from: from.clone(),
            to: to.clone(),
            ranges: self.changed_objects(from, to)?,
            rest: None,
            found: VecDeque::new(),
        })
    }
}

/// The objects that may have changed; see [`Zfs::changed_objects`].
///
/// Only one that has come to its end without an error has told all. Dropping it earlier ends the kernel's search and waits for that.
#[derive(Debug)]
pub struct ChangedObjects {
    // Before `worker`: closing the reader is what makes the search end when this is dropped.
    reader: File,
    worker: Option<Worker<()>>,
    later: SnapshotName,
    /// The number after the last that was told.
    next: u64,
}

impl Iterator for ChangedObjects {
    type Item = Result<ObjectRange>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let range = match self.read().transpose()? {
                Ok(range) => range,
                Err(cause) => return Some(Err(Error::new(Operation::Diff, self.later.as_str(), cause))),
            };
            // The last holes lie beyond all objects, where the kernel's own numbers overflow and begin anew (`DBP_SPAN` in dmu_diff.c).
            if range.first >= self.next {
                self.next = range.last.saturating_add(1);
                return Some(Ok(range));
            }
        }
    }
}

impl ChangedObjects {
    fn read(&mut self) -> Result<Option<ObjectRange>, Cause> {
        if self.worker.is_none() {
            return Ok(None);
        }
        let mut bytes = [0; RECORD];
        match self.reader.read_exact(&mut bytes) {
            Ok(()) => Ok(Some(read_record(bytes)?)),
            Err(end) if end.kind() == io::ErrorKind::UnexpectedEof => {
                // The writer's end is closed after the last record, so this does not wait long.
                self.worker.take().map(Worker::join).transpose()?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// `dmu_diff_record_t`: kind, first and last, each of 64 bits.
const RECORD: usize = 24;

fn read_record(bytes: [u8; RECORD]) -> Outcome<ObjectRange> {
    let mut numbers = bytes.as_chunks::<8>().0.iter().map(|number| u64::from_ne_bytes(*number));
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(kind @ (IN_USE | FREE)), Some(first), Some(last)) => Ok(ObjectRange {
            first,
            last,
            is_free: kind == FREE,
        }),
        _ => Err(Errno::EFAULT.into()),
    }
}

/// `DDR_INUSE`.
const IN_USE: u64 = 2;
/// `DDR_FREE`.
const FREE: u64 = 4;

/// What changed, by path; see [`Zfs::diff`].
///
/// Only one that has come to its end without an error has told all.
#[derive(Debug)]
pub struct Diff {
    zfs: Zfs,
    from: SnapshotName,
    to: SnapshotName,
    ranges: ChangedObjects,
    /// What is left to look at of the last range.
    rest: Option<ObjectRange>,
    /// What is known and was not told yet: an object that was used again is two differences.
    found: VecDeque<Difference>,
}

impl Iterator for Diff {
    type Item = Result<Difference>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(difference) = self.found.pop_front() {
                return Some(Ok(difference));
            }
            let Some(range) = self.rest.take() else {
                match self.ranges.next()? {
                    Ok(range) => self.rest = Some(range),
                    Err(error) => return Some(Err(error)),
                }
                continue;
            };
            if let Err(refusal) = self.advance(range) {
                return Some(Err(Error::new(Operation::Diff, self.to.as_str(), refusal)));
            }
        }
    }
}

impl Diff {
    /// Looks at the first object of a range.
    fn advance(&mut self, range: ObjectRange) -> Outcome<()> {
        let number = if range.is_free {
            // A free range may be as wide as a filesystem can be; only what the earlier snapshot had in it matters.
            let from = Object::Snapshot(&self.from);
            self.zfs.device.next_object(from, range.first.saturating_sub(1))?
        } else {
            Some(range.first)
        };
        let Some(number) = number.filter(|number| *number <= range.last) else {
            return Ok(());
        };
        if number < range.last {
            let first = number.saturating_add(1);
            self.rest = Some(ObjectRange { first, ..range });
        }
        let before = self.object(&self.from, number)?;
        let after = if range.is_free { None } else { self.object(&self.to, number)? };
        self.found.extend(differences(number, before, after));
        Ok(())
    }

    /// One object as a snapshot has it, where it is something with a name there or could be.
    fn object(&self, of: &SnapshotName, number: u64) -> Outcome<Option<ObjectStats>> {
        match self.zfs.device.object(Object::Snapshot(of), number) {
            // Deleted, but still open when the snapshot was made.
            Ok(stats) if stats.path.is_none() && stats.links == 0 => Ok(None),
            Ok(stats) => Ok(Some(stats)),
            // No object, or one of ZFS's own.
            Err(Refusal {
                errno: Errno::ENOENT | Errno::ENOTSUP,
                ..
            }) => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }
}

/// What became of one object.
fn differences(object: u64, before: Option<ObjectStats>, after: Option<ObjectStats>) -> Vec<Difference> {
    let tell = |change, of: &ObjectStats, path: Option<&Path>| Difference {
        change,
        kind: FileKind::of_mode(of.mode),
        path: path.map(relative),
        object,
    };
    let added = |of: &ObjectStats| tell(Change::Added, of, of.path.as_deref());
    let removed = |of: &ObjectStats| tell(Change::Removed, of, of.path.as_deref());
    match (before, after) {
        (None, None) => Vec::new(),
        (None, Some(after)) => vec![added(&after)],
        (Some(before), None) => vec![removed(&before)],
        (Some(before), Some(after)) if !is_same(&before, &after) => vec![removed(&before), added(&after)],
        (Some(before), Some(after)) if before.changed == after.changed => Vec::new(),
        (Some(before), Some(after)) => {
            let links = link_change(&before, &after);
            // Of a file that got a link the kernel may know the new one, of one that lost a link the one that is left.
            let path = if links < 0 { after.path.as_deref() } else { before.path.as_deref() };
            let either = path.or(after.path.as_deref()).or(before.path.as_deref());
            let change = match (&before.path, &after.path) {
                (Some(was), Some(is)) if links == 0 && was != is => Change::Renamed { to: relative(is) },
                _ => Change::Modified { links },
            };
            vec![tell(change, &after, either)]
        }
    }
}

/// Whether it is one object in both, and not another with its number.
fn is_same(before: &ObjectStats, after: &ObjectStats) -> bool {
    before.generation == after.generation && FileKind::of_mode(before.mode) == FileKind::of_mode(after.mode)
}

/// How many hard links came to a file. The links of a directory are its subdirectories and tell nothing of it.
fn link_change(before: &ObjectStats, after: &ObjectStats) -> i64 {
    if FileKind::of_mode(after.mode) == FileKind::Directory {
        return 0;
    }
    after.links.cast_signed().saturating_sub(before.links.cast_signed())
}

fn relative(path: &Path) -> PathBuf {
    path.strip_prefix("/").unwrap_or(path).to_owned()
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
