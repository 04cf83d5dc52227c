//! I send as told, to standard output.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;

use zfs_rs::stream::token::{ResumePoint, ResumeToken};
use zfs_rs::{Base, DatasetName, Errno, ResumeAt, SavedSendRequest, SendFlags, SendRequest, SendStream, Sending, SnapshotName, Zfs};

use crate::args::{Send, What};
use crate::{End, Failure, Outcome, find, real, say};

pub(crate) fn run(zfs: &Zfs, order: &Send, args: &[String]) -> Outcome {
    if !order.is_dry && io::stdout().is_terminal() {
        return Err("a stream is not written to a terminal".into());
    }
    let (request, snapshot, base) = match &order.what {
        What::Snapshot {
            snapshot,
            base,
            flags,
            redaction,
        } => {
            let request = request(zfs, snapshot, base.as_ref(), *flags);
            (redacted(request, redaction.as_deref())?, snapshot.clone(), base.clone())
        }
        What::Rest(token) => match rest(zfs, token.point())? {
            Some(found) => found,
            None => return hand_on("a token that fits nothing here, or several", args),
        },
        What::Saved { .. } if order.is_dry => return hand_on("the estimate of what a receive has saved", args),
        What::Saved { dataset, flags } => {
            write(saved(zfs, dataset, *flags)?, SavedSendRequest::spawn_to, SavedSendRequest::spawn)?;
            return Ok(End::Done);
        }
    };
    if order.is_verbose || order.is_parsable || order.is_dry {
        // A dry run that tells nothing still finds what is not there.
        let size = request.estimate()?;
        tell(order, &snapshot, base.as_ref(), size)?;
    }
    if !order.is_dry {
        write(request, SendRequest::spawn_to, SendRequest::spawn).map_err(|error| explained(error, &order.what))?;
    }
    Ok(End::Done)
}

/// The kernel says no more than that it is invalid.
fn explained(error: Failure, what: &What) -> Failure {
    match what {
        What::Snapshot {
            redaction: Some(bookmark), ..
        } if error.downcast_ref::<zfs_rs::Error>().and_then(zfs_rs::Error::errno) == Some(Errno::EINVAL) => {
            format!("{error}: {bookmark} is not a redaction bookmark, or of another snapshot").into()
        }
        _ => error,
    }
}

fn hand_on(why: &str, args: &[String]) -> Outcome {
    crate::log("handed", "send", why);
    Err(real::become_it(args).into())
}

fn request(zfs: &Zfs, snapshot: &SnapshotName, base: Option<&Base>, flags: SendFlags) -> SendRequest {
    let request = zfs.send(snapshot).flags(flags);
    match base {
        Some(base) => request.since(base.clone()),
        None => request,
    }
}

fn redacted(request: SendRequest, bookmark: Option<&str>) -> Result<SendRequest, Failure> {
    match bookmark {
        Some(bookmark) => Ok(request.redacted(bookmark)?),
        None => Ok(request),
    }
}

/// What a receive has saved, with its base if it had one.
fn saved(zfs: &Zfs, dataset: &DatasetName, flags: SendFlags) -> Result<SavedSendRequest, Failure> {
    let request = zfs.send_saved(dataset).flags(flags);
    let Some(token) = zfs.receive_resume_token(dataset)? else {
        return Err(format!("nothing was saved in {dataset}").into());
    };
    match token.parse::<ResumeToken>()?.point().from_guid {
        None => Ok(request),
        Some(guid) => Ok(request.since(base(zfs, dataset, guid, &format!("what was saved in {dataset}"))?)),
    }
}

/// The base of something that names it by GUID alone.
fn base(zfs: &Zfs, near: &DatasetName, guid: u64, of: &str) -> Result<Base, Failure> {
    let found = find::base(zfs, near, guid)?;
    found.ok_or_else(|| format!("the base of {of}, GUID {guid}, is not there").into())
}

/// What a token speaks of, found by GUID: its names are as old as the stream.
fn rest(zfs: &Zfs, point: &ResumePoint) -> Result<Option<(SendRequest, SnapshotName, Option<Base>)>, Failure> {
    let Some((dataset, _)) = point.to_name.split_once('@') else {
        return Ok(None);
    };
    let dataset: DatasetName = dataset.parse()?;
    let Some(snapshot) = find::snapshot(zfs, &dataset, point.to_guid)? else {
        return Ok(None);
    };
    let dataset = snapshot.dataset();
    let base = match (point.from_guid, &point.book_redact_snaps) {
        (None, _) => None,
        (Some(guid), None) => Some(base(zfs, dataset, guid, "the interrupted stream")?),
        // It started from a redaction bookmark. Two of one snapshot cannot be told apart here.
        (Some(guid), Some(_)) => match find::bookmarks(zfs, dataset, guid)?.as_slice() {
            [bookmark] => Some(Base::Bookmark(bookmark.clone())),
            _ => return Ok(None),
        },
    };
    let mut request = request(zfs, &snapshot, base.as_ref(), SendFlags::from(point)).resume(ResumeAt::from(point));
    if point.redact_snaps.is_some() {
        match find::bookmarks(zfs, dataset, point.to_guid)?.as_slice() {
            [bookmark] => request = request.redacted(bookmark.short())?,
            _ => return Ok(None),
        }
    }
    Ok(Some((request, snapshot, base)))
}

/// The estimate, in the words of the real zfs: its tests read it.
fn tell(order: &Send, snapshot: &SnapshotName, base: Option<&Base>, size: u64) -> io::Result<()> {
    if !order.is_verbose && !order.is_parsable {
        return Ok(());
    }
    let lines = match (order.is_parsable, base) {
        (true, None) => format!("full\t{snapshot}\t{size}\nsize\t{size}"),
        (true, Some(base)) => format!("incremental\t{base}\t{snapshot}\t{size}\nsize\t{size}"),
        (false, None) => format!("full send of {snapshot} estimated size is {size}"),
        (false, Some(base)) => format!("send from {base} to {snapshot} estimated size is {size}"),
    };
    if order.is_dry {
        return writeln!(io::stdout(), "{lines}");
    }
    say(lines);
    Ok(())
}

/// A pipe is given to the kernel as it is; for anything else the bytes pass through here.
fn write<T>(request: T, to: fn(T, OwnedFd) -> zfs_rs::Result<Sending>, from: fn(T) -> zfs_rs::Result<SendStream>) -> Result<(), Failure> {
    let mut stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    if stdout.metadata()?.file_type().is_fifo() {
        return Ok(to(request, OwnedFd::from(stdout))?.join()?);
    }
    let mut stream = from(request)?;
    let copied = io::copy(&mut stream, &mut stdout);
    // Its own error comes first: that nobody could write is only the echo.
    stream.finish()?;
    copied?;
    Ok(())
}
