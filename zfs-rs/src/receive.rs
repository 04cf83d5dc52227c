//! I am what a program says to ZFS about reading a stream into a dataset.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::backend::{self, BeginRecord, Object, Received, WrappingKey, request};
use crate::delegation::{Missing, each, setting};
use crate::errno::Errno;
use crate::error::{Cause, Error, Operation, Result};
use crate::name::{DatasetName, SnapshotName};
use crate::nvlist::NvList;
use crate::pipe::{pipe, stop_waiting};
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
    received: Vec<(String, String)>,
    resumable: bool,
    roll_back: bool,
    key: Option<WrappingKey>,
}

/// What was received.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The snapshot that exists now.
    pub snapshot: SnapshotName,
    /// Bytes read, the first record not counted.
    pub bytes: u64,
    /// Properties that could not be set, although the data was received; [`missing`](Self::missing) says what a user lacks for that.
    pub property_errors: Vec<(String, Errno)>,
}

impl Zfs {
    /// Begins an order to receive a stream into a filesystem or volume: a new one for a full stream, the one that has the base for an
    /// increment.
    ///
    /// A target that was modified after the base is refused, unless it is [told otherwise](ReceiveRequest::dangerous).
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
            received: Vec::new(),
            resumable: false,
            roll_back: false,
            key: None,
        }
    }

    /// Mends damaged blocks of a snapshot from a full stream of it, made elsewhere from an undamaged copy, and waits until it is done. Blocks
    /// that are whole are not written.
    ///
    /// Since OpenZFS 2.2. The stream must be of the snapshot's own GUID, and neither raw where the target is not encrypted nor the other way round.
    ///
    /// Up to OpenZFS 2.4 at least, the kernel marks the snapshot as half received when it begins and leaves the mark there (`dmu_recv_begin_sync` and
    /// `dmu_recv_end_sync` in dmu_recv.c): **it cannot be mounted afterwards**. What it shares with the live filesystem and other snapshots is mended
    /// in them too; heal a snapshot that can be spared.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) before 2.2, or when the stream cannot mend that snapshot;
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound), [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) when it does not hold the data.
    #[doc(alias = "lzc_receive_with_heal")]
    pub fn heal(&self, snapshot: &SnapshotName, stream: Incoming) -> Result<Receipt> {
        let wanted = snapshot.clone();
        let core = Arc::clone(&self.core);
        let failed = |cause: Cause| Error::new(Operation::Heal, snapshot.as_str(), cause);
        let Incoming { from, record, .. } = stream;
        let call = move |from: BorrowedFd<'_>| {
            let nothing = NvList::new();
            let order = request::Receive {
                snapshot: &wanted,
                begin: &record,
                origin: None,
                received: &nothing,
                local: &nothing,
                resumable: false,
                roll_back: false,
                heal: true,
                key: None,
            };
            core.receive(&order, from)
        };
        let (worker, _) = Worker::start_at("zfs-heal", from, self.table(), call).map_err(|error| failed(error.into()))?;
        match worker.join() {
            Ok(received) => Ok(Receipt::of(snapshot.clone(), received)),
            Err(refusal) => Err(failed(refusal.into())),
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

/// What can destroy data of the target; see [`ReceiveRequest::dangerous`].
#[derive(Debug, Clone)]
#[must_use = "it is a step towards a receive"]
pub struct DangerousReceive(ReceiveRequest);

impl DangerousReceive {
    /// Takes the target back to the base of the increment: **what was written there since is lost, and its newer snapshots are destroyed.** A full
    /// stream takes the place of a dataset of that name that is there, with all its snapshots.
    ///
    /// The kernel does this at the end of the stream only: newer snapshots that are held, and those that have clones, are found then.
    ///
    /// A full stream needs a target that is not mounted: the kernel would leave a mount that only fails.
    pub fn roll_back_target(mut self) -> ReceiveRequest {
        self.0.roll_back = true;
        self.0
    }
}

impl Receipt {
    /// What would have let the properties be set that the user may not set.
    pub fn missing(&self) -> Option<Missing> {
        let refused = self.property_errors.iter().filter(|(_, errno)| *errno == Errno::EPERM);
        let names: Vec<&str> = refused.map(|(name, _)| name.as_str()).collect();
        (!names.is_empty()).then(|| Missing::Delegations(setting(self.snapshot.dataset(), &names)))
    }

    fn of(snapshot: SnapshotName, received: Received) -> Self {
        let Received { bytes, property_errors } = received;
        Self {
            snapshot,
            bytes,
            property_errors,
        }
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

    /// Sets a property as if it had come with the stream: a local value hides it, and it can be [reverted to](Zfs::revert_property).
    pub fn received_property(mut self, name: &str, value: &str) -> Self {
        self.received.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes what is received an encryption root with that wrapping key: for a stream that is not raw, of a dataset that is new here. Wants the
    /// properties `encryption`, `keyformat` and `keylocation` too.
    pub fn key(mut self, key: WrappingKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Opens the way to what destroys.
    pub fn dangerous(self) -> DangerousReceive {
        DangerousReceive(self)
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
        let encode = |given: &[(String, String)]| {
            property::encode(given).map_err(|refusal| Error::new(Operation::Receive, snapshot.as_str(), refusal))
        };
        let (local, received) = (encode(&self.local)?, encode(&self.received)?);
        let zfs = self.zfs.clone();
        let Incoming { from, record, .. } = stream;
        let call = move |from: BorrowedFd<'_>| {
            let order = request::Receive {
                snapshot: &wanted,
                begin: &record,
                origin: self.origin.as_ref(),
                received: &received,
                local: &local,
                resumable: self.resumable,
                roll_back: self.roll_back,
                heal: false,
                key: self.key.as_ref(),
            };
            self.zfs.core.receive(&order, from)
        };
        let started = Worker::start_at("zfs-receive", from, zfs.table(), call);
        let (worker, from) = started.map_err(|error| Error::new(Operation::Receive, snapshot.as_str(), error))?;
        Ok(Receiving {
            zfs,
            snapshot,
            worker,
            from,
        })
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
/// It ends with its stream, when the last writer of its pipe goes away, or when it is [cancelled](Self::cancel). Dropping it waits for that end.
#[derive(Debug)]
#[must_use = "only `join` tells whether the stream was received"]
pub struct Receiving {
    zfs: Zfs,
    snapshot: SnapshotName,
    worker: Worker<Received>,
    // Weak, so that the pipe is closed with the end of the call.
    from: Weak<OwnedFd>,
}

impl Receiving {
    /// Makes it end as soon as it would have to wait for the writer of its pipe; one that has the whole stream goes on to its end. A resumable one keeps
    /// what has arrived, and its pipe is closed, so that the writer ends too.
    ///
    /// [`join`](Self::join) then says [`ErrorKind::TryAgain`](crate::ErrorKind::TryAgain). The descriptor that the stream was opened from stays so that nobody
    /// waits on it: do not use this where another program reads from it too.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn cancel(&self) -> Result<()> {
        let Some(from) = self.from.upgrade() else { return Ok(()) };
        stop_waiting(&from).map_err(|error| Error::new(Operation::Receive, self.snapshot.as_str(), error))
    }

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
        let Self { zfs, snapshot, worker, .. } = self;
        match worker.join() {
            Ok(received) => Ok(Receipt::of(snapshot, received)),
            Err(refusal) => {
                let failed = Error::new(Operation::Receive, snapshot.as_str(), refusal);
                Err(failed.needing(|_| each(Operation::Receive, &[], [&place(&zfs, snapshot.dataset())])))
            }
        }
    }
}

/// Where the permission to receive is asked for: on the target, or above it where it is not there yet.
fn place(zfs: &Zfs, target: &DatasetName) -> DatasetName {
    let above = || target.parent().filter(|_| zfs.dataset(target).is_err());
    above().unwrap_or_else(|| target.clone())
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
