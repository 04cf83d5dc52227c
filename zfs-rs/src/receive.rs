//! I am what a program says to ZFS about reading a stream into a dataset.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use crate::backend::{self, BeginRecord, Object, Received, request};
use crate::errno::Errno;
use crate::error::{Cause, Error, Operation, Result};
use crate::name::{DatasetName, SnapshotName};
use crate::nvlist::NvList;
use crate::pipe::pipe;
use crate::property;
use crate::stream::Begin;
use crate::stream::token::ResumePoint;
use crate::worker::Worker;
use crate::zfs::Zfs;

/// A stream of which the first record has been read: what it is can be seen before anything is touched.
#[derive(Debug)]
pub struct Incoming {
    from: OwnedFd,
    record: Box<BeginRecord>,
    begin: Begin,
}

impl Incoming {
    /// Reads the first record from the read end of a pipe, or another blocking descriptor the kernel can read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) when it does not begin like a stream,
    /// [`ErrorKind::Truncated`](crate::ErrorKind::Truncated) when it ends before the record does, as when the sender failed at once.
    pub fn open(from: impl Into<OwnedFd>) -> Result<Self> {
        let mut from = File::from(from.into());
        let mut record = Box::new([0; 312]);
        let failed = |cause: Cause| Error::new(Operation::Receive, "the stream", cause);
        from.read_exact(record.as_mut_slice()).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => failed(backend::Refusal::from(Errno::ZFS_ERR_STREAM_TRUNCATED).into()),
            _ => failed(error.into()),
        })?;
        let begin = Begin::read(&record).map_err(|error| failed(error.into()))?;
        Ok(Self {
            from: from.into(),
            record,
            begin,
        })
    }

    /// What the stream says it is. It is the sender's word, not a proof.
    pub fn begin(&self) -> &Begin {
        &self.begin
    }
}

/// An order to receive; see [`Zfs::receive`].
#[derive(Debug, Clone)]
#[must_use = "nothing is received before `from_stream`, `spawn_from` or `spawn` is called"]
pub struct ReceiveRequest {
    zfs: Zfs,
    target: DatasetName,
    short: Option<String>,
    origin: Option<SnapshotName>,
    local: Vec<(String, String)>,
    resumable: bool,
}

/// What was received.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The snapshot that exists now.
    pub snapshot: SnapshotName,
    /// Bytes read, the first record not counted.
    pub bytes: u64,
    /// Properties that could not be set, although the data was received.
    pub property_errors: Vec<(String, Errno)>,
}

impl Zfs {
    /// Begins an order to receive a stream into a filesystem or volume: a new one for a full stream, the one that has the base for an
    /// increment.
    ///
    /// A target is never rolled back: one that was modified after the base is refused.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let stream = zfs_rs::Incoming::open(std::fs::File::open("home.zfs")?)?;
    /// println!("{} {}", stream.begin().to_name, stream.begin().to_guid);
    /// let receipt = zfs.receive(&"backup/home".parse()?).resumable(true).property("canmount", "noauto").from_stream(stream)?;
    /// println!("received {}", receipt.snapshot);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_receive")]
    pub fn receive(&self, target: &DatasetName) -> ReceiveRequest {
        ReceiveRequest {
            zfs: self.clone(),
            target: target.clone(),
            short: None,
            origin: None,
            local: Vec::new(),
            resumable: false,
        }
    }

    /// The token of an interrupted receive into a dataset, if there is one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when the dataset does not exist.
    pub fn receive_resume_token(&self, target: &DatasetName) -> Result<Option<String>> {
        let properties = self.properties(target)?;
        Ok(properties.text("receive_resume_token").map(std::borrow::Cow::into_owned))
    }

    /// Throws away what an interrupted receive into a dataset has saved: the hidden state beside an existing dataset, or the whole dataset
    /// when it was being received for the first time.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when there is nothing to throw away; a dataset that was received whole is never
    /// touched. [`ErrorKind::Busy`](crate::ErrorKind::Busy) while the receive is still running.
    pub fn abort_receive(&self, target: &DatasetName) -> Result<()> {
        let failed = |refusal| Error::new(Operation::Destroy, target.as_str(), refusal);
        let half_made = self.stats(Object::Dataset(target))?.inconsistent;
        let object = if half_made {
            Object::Dataset(target)
        } else {
            Object::PartialReceive(target)
        };
        self.core.destroy(object).map_err(failed)
    }
}

impl ReceiveRequest {
    /// Names the snapshot to create; without this it is named as on the sender.
    pub fn named(mut self, short: &str) -> Self {
        self.short = Some(short.to_owned());
        self
    }

    /// For a stream that is a clone: the snapshot of the target's pool it grows from.
    pub fn origin(mut self, origin: SnapshotName) -> Self {
        self.origin = Some(origin);
        self
    }

    /// Sets a property locally on a dataset that is received for the first time.
    pub fn property(mut self, name: &str, value: &str) -> Self {
        self.local.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Keeps what has arrived when the stream is interrupted, to go on later from the dataset's resume token.
    pub fn resumable(mut self, yes: bool) -> Self {
        self.resumable = yes;
        self
    }

    /// Receives a stream and waits until it is done.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BaseMissing`](crate::ErrorKind::BaseMissing), [`ErrorKind::TargetModified`](crate::ErrorKind::TargetModified),
    /// [`ErrorKind::Exists`](crate::ErrorKind::Exists), [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when the parent is not there,
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) when an interrupted receive is in the way,
    /// [`ErrorKind::Truncated`](crate::ErrorKind::Truncated) and [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) for the stream itself,
    /// [`ErrorKind::NoSpace`](crate::ErrorKind::NoSpace), [`ErrorKind::QuotaExceeded`](crate::ErrorKind::QuotaExceeded),
    /// [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly), [`ErrorKind::NoPermission`](crate::ErrorKind::NoPermission).
    #[doc(alias = "lzc_receive_with_cmdprops")]
    pub fn from_stream(self, stream: Incoming) -> Result<Receipt> {
        self.spawn_from(stream)?.join()
    }

    /// Starts receiving a stream on a thread of its own.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NameTooLong`](crate::ErrorKind::NameTooLong) when the snapshot could not be named; the system's, when no thread can be
    /// had.
    pub fn spawn_from(self, stream: Incoming) -> Result<Receiving> {
        let snapshot = self.snapshot(&stream.begin)?;
        let wanted = snapshot.clone();
        let local = property::encode(&self.local).map_err(|refusal| Error::new(Operation::Receive, snapshot.as_str(), refusal))?;
        let call = move || {
            let order = request::Receive {
                snapshot: &wanted,
                begin: &stream.record,
                origin: self.origin.as_ref(),
                received: &NvList::new(),
                local: &local,
                resumable: self.resumable,
                roll_back: false,
                heal: false,
                key: None,
            };
            self.zfs.core.receive(&order, stream.from.as_fd())
        };
        let worker = Worker::start("zfs-receive", call).map_err(|error| Error::new(Operation::Receive, snapshot.as_str(), error))?;
        Ok(Receiving { snapshot, worker })
    }

    /// Starts receiving what will be written to the result.
    ///
    /// # Errors
    ///
    /// The system's, when no pipe or thread can be had.
    pub fn spawn(self) -> Result<ReceiveStream> {
        let failed = |error: io::Error| Error::new(Operation::Receive, self.target.as_str(), error);
        let (reader, writer) = pipe().map_err(failed)?;
        let target = self.target.clone();
        // The first record is read on the new thread: it is not written yet.
        let waiter = std::thread::Builder::new().name("zfs-receive-begin".to_owned());
        let waiter = waiter.spawn(move || self.from_stream(Incoming::open(reader)?));
        let waiter = waiter.map_err(|error| Error::new(Operation::Receive, target.as_str(), error))?;
        Ok(ReceiveStream {
            writer: Some(File::from(writer)),
            waiter: Some(waiter),
            target,
        })
    }

    fn snapshot(&self, begin: &Begin) -> Result<SnapshotName> {
        let sent = begin.to_name.to_str_lossy();
        let short = self.short.as_deref().or_else(|| sent.split_once('@').map(|(_, short)| short));
        let name = self.target.snapshot(short.unwrap_or_default());
        name.map_err(|error| Error::new(Operation::Receive, self.target.as_str(), error))
    }
}

/// A receive that is running.
///
/// It ends with its stream, or when the last writer of its pipe goes away. Dropping it waits for that end.
#[derive(Debug)]
#[must_use = "only `join` tells whether the stream was received"]
pub struct Receiving {
    snapshot: SnapshotName,
    worker: Worker<Received>,
}

impl Receiving {
    /// Waits for the kernel to be done, at most that long, and says whether it is.
    pub fn wait(&self, at_most: Duration) -> bool {
        self.worker.wait(at_most)
    }

    /// Waits for the end.
    ///
    /// # Errors
    ///
    /// As [`ReceiveRequest::from_stream`].
    pub fn join(self) -> Result<Receipt> {
        let Self { snapshot, worker } = self;
        match worker.join() {
            Ok(Received { bytes, property_errors }) => Ok(Receipt {
                snapshot,
                bytes,
                property_errors,
            }),
            Err(refusal) => Err(Error::new(Operation::Receive, snapshot.as_str(), refusal)),
        }
    }
}

/// A stream being received, to be written here.
///
/// Dropping it before its end cancels the receive and waits for the kernel to let go; a resumable one keeps what has arrived.
#[derive(Debug)]
#[must_use = "only `finish` tells whether the stream was received"]
pub struct ReceiveStream {
    writer: Option<File>,
    waiter: Option<std::thread::JoinHandle<Result<Receipt>>>,
    target: DatasetName,
}

impl ReceiveStream {
    /// Ends the stream and says what became of it: nothing less than this does.
    ///
    /// # Errors
    ///
    /// As [`ReceiveRequest::from_stream`].
    pub fn finish(mut self) -> Result<Receipt> {
        let died = || Error::new(Operation::Receive, self.target.as_str(), backend::Refusal::from(Errno::EFAULT));
        drop(self.writer.take());
        self.waiter
            .take()
            .and_then(|waiter| waiter.join().ok())
            .unwrap_or_else(|| Err(died()))
    }
}

impl Drop for ReceiveStream {
    fn drop(&mut self) {
        drop(self.writer.take());
        if let Some(waiter) = self.waiter.take() {
            drop(waiter.join());
        }
    }
}

impl Write for ReceiveStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.writer {
            Some(writer) => writer.write(bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl From<&ResumePoint> for backend::ResumeAt {
    fn from(point: &ResumePoint) -> Self {
        Self {
            object: point.object,
            offset: point.offset,
            bytes: point.bytes,
        }
    }
}

impl From<&ResumePoint> for backend::SendFlags {
    fn from(point: &ResumePoint) -> Self {
        let mut flags = Self::empty();
        flags.set(Self::EMBED, point.embed_ok);
        flags.set(Self::LARGE_BLOCK, point.large_block_ok);
        flags.set(Self::COMPRESS, point.compress_ok);
        flags.set(Self::RAW, point.raw_ok);
        flags
    }
}
