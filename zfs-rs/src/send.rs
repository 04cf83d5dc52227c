//! I am what a program says to ZFS about writing a stream.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::backend::{Base, Object, Outcome, ResumeAt, SendFlags, SendProgress, request};
use crate::errno::Errno;
use crate::error::{Error, Operation, Result};
use crate::name::{BookmarkName, DatasetName, NameError, SnapshotName};
use crate::pipe::{pipe, stop_waiting};
use crate::worker::Worker;
use crate::zfs::Zfs;

/// An order to send a snapshot; see [`Zfs::send`].
#[derive(Debug, Clone)]
#[must_use = "nothing is sent before `to_fd`, `spawn` or `spawn_to` is called"]
pub struct SendRequest {
    zfs: Zfs,
    snapshot: SnapshotName,
    from: Option<Base>,
    flags: SendFlags,
    resume: Option<ResumeAt>,
    redaction: Option<BookmarkName>,
}

/// An order to send what an interrupted receive has saved; see [`Zfs::send_saved`].
#[derive(Debug, Clone)]
#[must_use = "nothing is sent before `spawn` or `spawn_to` is called"]
pub struct SavedSendRequest {
    zfs: Zfs,
    dataset: DatasetName,
    from: Option<Base>,
    flags: SendFlags,
    resume: Option<ResumeAt>,
}

impl Zfs {
    /// Begins an order to send a snapshot: in full, unless a base is given.
    ///
    /// ```no_run
    /// use std::io::copy;
    ///
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let mut file = std::fs::File::create_new("home.zfs")?;
    /// let mut stream = zfs.send(&"tank/home@now".parse()?).flags(zfs_rs::SendFlags::RAW).spawn()?;
    /// let copied = copy(&mut stream, &mut file);
    /// stream.finish()?; // the sender's own error comes first
    /// copied?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_send")]
    pub fn send(&self, snapshot: &SnapshotName) -> SendRequest {
        SendRequest {
            zfs: self.clone(),
            snapshot: snapshot.clone(),
            from: None,
            flags: SendFlags::empty(),
            resume: None,
            redaction: None,
        }
    }

    /// Begins an order to send what an interrupted resumable receive into `dataset` has saved: whoever receives that stream is as far, and can be
    /// sent the rest from the same resume token.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let half = zfs.send_saved(&"backup/home".parse()?).flags(zfs_rs::SendFlags::RAW).spawn()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "LZC_SEND_FLAG_SAVED")]
    pub fn send_saved(&self, dataset: &DatasetName) -> SavedSendRequest {
        SavedSendRequest {
            zfs: self.clone(),
            dataset: dataset.clone(),
            from: None,
            flags: SendFlags::empty(),
            resume: None,
        }
    }
}

impl SavedSendRequest {
    /// Sends only what was received, for what was received as an increment: `base` is the snapshot of `dataset` it was received onto, whose GUID is
    /// `from_guid` in the resume token. Without it the base is sent along.
    pub fn since(mut self, base: Base) -> Self {
        self.from = Some(base);
        self
    }

    /// Goes on where an interrupted stream of the same saved receive, base and flags ended.
    pub fn resume(mut self, point: ResumeAt) -> Self {
        self.resume = Some(point);
        self
    }

    /// Sets how blocks are written, in place of what was set before.
    pub fn flags(mut self, flags: SendFlags) -> Self {
        self.flags = flags;
        self
    }

    /// Starts writing the stream to the write end of a pipe, on a thread of its own, and closes it at the end.
    ///
    /// # Errors
    ///
    /// The system's, when no thread can be had. What becomes of the stream, [`Sending::join`] says: [`ErrorKind::Invalid`](crate::ErrorKind::Invalid)
    /// when nothing was saved there.
    pub fn spawn_to(self, to: OwnedFd) -> Result<Sending> {
        let Self {
            zfs,
            dataset,
            from,
            flags,
            resume,
        } = self;
        let object = dataset.to_string();
        let core = Arc::clone(&zfs.core);
        let device = Arc::clone(&zfs.device);
        Sending::start(zfs, object, to, move |to| {
            // OpenZFS 2.0 does not live through being asked for what is not there while the dataset is in use (`dmu_send` in dmu_send.c of 2.0.3).
            let (_, properties) = device.properties(Object::Dataset(&dataset))?;
            if !properties.has("receive_resume_token") {
                return Err(Errno::EINVAL.into());
            }
            let request = request::SendSaved {
                dataset: &dataset,
                from: from.as_ref(),
                flags,
                resume,
            };
            core.send_saved(&request, to)
        })
    }

    /// Starts the stream, to be read from the result.
    ///
    /// # Errors
    ///
    /// The system's, when no pipe or thread can be had.
    pub fn spawn(self) -> Result<SendStream> {
        let (reader, writer) = pipe().map_err(|error| Error::new(Operation::Send, self.dataset.as_str(), error))?;
        self.spawn_to(writer).map(|sending| SendStream::new(reader, sending))
    }
}

impl SendRequest {
    /// Sends only what came after `base`, an earlier snapshot of the same history or a bookmark of one.
    pub fn since(mut self, base: Base) -> Self {
        self.from = Some(base);
        self
    }

    /// Sets how blocks are written, in place of what was set before.
    pub fn flags(mut self, flags: SendFlags) -> Self {
        self.flags = flags;
        self
    }

    /// Goes on where an interrupted stream of the same snapshot, base and flags ended; the point is in the target's resume token.
    #[doc(alias = "lzc_send_resume")]
    pub fn resume(mut self, point: ResumeAt) -> Self {
        self.resume = Some(point);
        self
    }

    /// Leaves out what a redaction bookmark of the snapshot's dataset names, by its short name; see [`Zfs::redact`].
    ///
    /// # Errors
    ///
    /// What is no name of a bookmark.
    #[doc(alias = "lzc_send_redacted")]
    pub fn redacted(mut self, bookmark: &str) -> Result<Self, NameError> {
        self.redaction = Some(self.snapshot.dataset().bookmark(bookmark)?);
        Ok(self)
    }

    /// Estimates the stream's length in bytes, or of one that resumes what is left of it. A hint: what is written meanwhile and how well it compresses is not
    /// known yet.
    ///
    /// # Errors
    ///
    /// As [`to_fd`](Self::to_fd).
    #[doc(alias = "lzc_send_space")]
    pub fn estimate(&self) -> Result<u64> {
        self.zfs
            .core
            .send_space(&self.request())
            // Kernels (2.0 to 2.4) take what was sent already from what they guess of all, and go below zero where the guess was too small.
            .map(|bytes| i64::try_from(bytes).map_or(0, |_positive| bytes))
            .map_err(|refusal| Error::new(Operation::Estimate, self.snapshot.as_str(), refusal))
    }

    /// Writes the stream to the write end of a pipe and waits until it is done.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when the snapshot or the base is not there,
    /// [`ErrorKind::NotAncestor`](crate::ErrorKind::NotAncestor), [`ErrorKind::KeyUnavailable`](crate::ErrorKind::KeyUnavailable),
    /// [`ErrorKind::NoPermission`](crate::ErrorKind::NoPermission), [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted) when the
    /// reader went away: that is an echo of the reader's own trouble.
    pub fn to_fd(self, to: BorrowedFd<'_>) -> Result<()> {
        let to = to.try_clone_to_owned().map_err(|error| self.failed(error))?;
        self.spawn_to(to)?.join()
    }

    /// Starts writing the stream to the write end of a pipe, on a thread of its own, and closes it at the end.
    ///
    /// # Errors
    ///
    /// The system's, when no thread can be had. What becomes of the stream, [`Sending::join`] says.
    pub fn spawn_to(self, to: OwnedFd) -> Result<Sending> {
        let (zfs, object) = (self.zfs.clone(), self.snapshot.to_string());
        Sending::start(zfs, object, to, move |to| self.zfs.core.send(&self.request(), to))
    }

    /// Starts the stream, to be read from the result.
    ///
    /// # Errors
    ///
    /// The system's, when no pipe or thread can be had.
    pub fn spawn(self) -> Result<SendStream> {
        let (reader, writer) = pipe().map_err(|error| self.failed(error))?;
        self.spawn_to(writer).map(|sending| SendStream::new(reader, sending))
    }

    fn request(&self) -> request::Send<'_> {
        request::Send {
            snapshot: &self.snapshot,
            from: self.from.as_ref(),
            flags: self.flags,
            resume: self.resume,
            redaction: self.redaction.as_ref(),
        }
    }

    fn failed(&self, error: io::Error) -> Error {
        Error::new(Operation::Send, self.snapshot.as_str(), error)
    }
}

/// A send that is running.
///
/// It ends by itself, when the last reader of its pipe goes away, or when it is [cancelled](Self::cancel). Dropping it waits for that end.
#[derive(Debug)]
#[must_use = "only `join` tells whether the stream is whole"]
pub struct Sending {
    zfs: Zfs,
    object: String,
    worker: Worker<()>,
    // Weak, so that asking for progress does not keep the pipe open after the end.
    to: Weak<OwnedFd>,
}

impl Sending {
    /// Starts `call` on a thread that owns the pipe's end.
    fn start(zfs: Zfs, object: String, to: OwnedFd, call: impl Fn(BorrowedFd<'_>) -> Outcome<()> + Send + Sync + 'static) -> Result<Self> {
        match Worker::start_at("zfs-send", to, zfs.table(), call) {
            Ok((worker, to)) => Ok(Self { zfs, object, worker, to }),
            Err(error) => Err(Error::new(Operation::Send, object, error)),
        }
    }

    /// How far the stream has come; nothing once it has ended.
    ///
    /// # Errors
    ///
    /// Those of looking at a snapshot.
    #[doc(alias = "ZFS_IOC_SEND_PROGRESS")]
    pub fn progress(&self) -> Result<Option<SendProgress>> {
        let Some(to) = self.to.upgrade() else { return Ok(None) };
        // What was saved of a receive has no snapshot to ask by, and no progress.
        let Ok(snapshot) = self.object.parse() else { return Ok(None) };
        match self.zfs.device.send_progress(&snapshot, to.as_fd()) {
            Ok(progress) => Ok(Some(progress)),
            // Not begun yet, or just ended.
            Err(refusal) if refusal.errno == Errno::ENOENT => Ok(None),
            Err(refusal) => Err(Error::new(Operation::Read, self.object.as_str(), refusal)),
        }
    }

    /// Makes it end as soon as it would have to wait for the reader of its pipe; one that never has to goes on to its end. Where both ends of a pipe are
    /// given to the kernel, [cancel the receive](crate::Receiving::cancel) too: one of the two has to wait for the other.
    ///
    /// [`join`](Self::join) then says [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted), or, at the first record,
    /// [`ErrorKind::TryAgain`](crate::ErrorKind::TryAgain).
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn cancel(&self) -> Result<()> {
        let Some(to) = self.to.upgrade() else { return Ok(()) };
        stop_waiting(&to).map_err(|error| Error::new(Operation::Send, self.object.as_str(), error))
    }

    /// Waits for the kernel to be done, at most that long, and says whether it is.
    pub fn wait(&self, at_most: Duration) -> bool {
        self.worker.wait(at_most)
    }

    /// Waits for the end.
    ///
    /// # Errors
    ///
    /// As [`SendRequest::to_fd`].
    pub fn join(self) -> Result<()> {
        let Self { object, worker, .. } = self;
        worker.join().map_err(|refusal| Error::new(Operation::Send, object, refusal))
    }
}

/// A stream being written, to be read here.
///
/// Dropping it before its end cancels the send and waits for the kernel to let go, which takes as long as writing one record.
#[derive(Debug)]
#[must_use = "only `finish` tells whether the stream is whole"]
pub struct SendStream {
    // Before `sending`: closing the reader is what makes the send end when this is dropped.
    reader: File,
    sending: Sending,
}

impl SendStream {
    fn new(reader: OwnedFd, sending: Sending) -> Self {
        Self {
            reader: File::from(reader),
            sending,
        }
    }

    /// How far the stream has come; nothing once it has ended.
    ///
    /// # Errors
    ///
    /// Those of looking at a snapshot.
    pub fn progress(&self) -> Result<Option<SendProgress>> {
        self.sending.progress()
    }

    /// Ends the stream and says whether it was whole: nothing less than this does.
    ///
    /// # Errors
    ///
    /// As [`SendRequest::to_fd`]; also when it was not read to its end.
    pub fn finish(self) -> Result<()> {
        drop(self.reader);
        self.sending.join()
    }
}

impl Read for SendStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl AsFd for SendStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}
