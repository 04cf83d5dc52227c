//! I write a snapshot's stream.

use std::os::fd::{AsRawFd, BorrowedFd};

use super::begin::WRAPPING;
use super::bytes::{self, Header, Piece, Start};
use super::fault::Call;
use super::pool::{Dataset, Point, Pool, Snapshot};
use super::process::Process;
use super::rules;
use super::stream::{Stop, Stream};
use super::world::{DEAD, Sending, World};
use crate::backend::{Base, Outcome, SendFlags, SendProgress, request};
use crate::errno::Errno;
use crate::nvlist::{ByteOrder, NvList};
use crate::stream::record::End;
use crate::stream::{BeginFlags, Features, Record, Writer};

/// Estimates a stream.
pub(super) fn space(world: &World, request: &request::Send<'_>) -> Outcome<u64> {
    let pool = world.pool(request.snapshot.dataset().pool().as_str())?;
    rules::send(pool, request.snapshot, request.from, false)?;
    let (_, snapshot) = pool.state.snapshot(request.snapshot)?;
    let changes = snapshot.content.changes(since(pool, request.from)?);
    Ok(bytes::size(&changes).wrapping_sub(request.resume.map_or(0, |point| point.bytes)))
}

pub(super) fn send(process: &Process, request: &request::Send<'_>, to: BorrowedFd<'_>) -> Outcome<()> {
    let (mut world, fate) = process.begin(Call::Send)?;
    let (header, pieces, point) = match prepare(&world, request) {
        Ok(prepared) => prepared,
        Err(refusal) => return world.end(process.id(), &fate, Err(refusal)),
    };
    let root = request.snapshot.dataset().pool();
    let progress = SendProgress { bytes: 0, blocks: 0 };
    let sending = Sending {
        process: process.id(),
        snapshot: request.snapshot.clone(),
        progress,
    };
    world.sends.insert(to.as_raw_fd(), sending);
    // The snapshot cannot be destroyed while it is read.
    world.pool_mut(root.as_str())?.sending.push((process.id(), point));
    drop(world);

    let mut stream = Stream::new(process, Call::Send, to);
    let written = write(&mut stream, header, pieces, |progress| {
        if let Some(sending) = process.world().sends.get_mut(&to.as_raw_fd()) {
            sending.progress = progress;
        }
    });
    let result = written
        .and_then(|()| stream.settle())
        .map_err(|stop| number(stop, stream.bytes).into());

    let mut world = process.world();
    world.sends.remove(&to.as_raw_fd());
    let sending = &mut world.pool_mut(root.as_str())?.sending;
    if let Some(index) = sending.iter().position(|sent| *sent == (process.id(), point)) {
        sending.remove(index);
    }
    world.end(process.id(), &fate, result)
}

/// The whole stream as records, made at once from a snapshot that never changes.
fn prepare(world: &World, request: &request::Send<'_>) -> Outcome<(Header, Vec<Piece>, Point)> {
    let pool = world.pool(request.snapshot.dataset().pool().as_str())?;
    let raw = request.flags.contains(SendFlags::RAW);
    rules::send(pool, request.snapshot, request.from, !raw)?;
    let (dataset, snapshot) = pool.state.snapshot(request.snapshot)?;
    let start = request.resume.map(|point| Start {
        object: point.object,
        offset: point.offset,
    });
    // The kernel looks the object up before it goes on in it (`setup_resume_points`); the first one always exists there.
    let missing = start.is_some_and(|start| start.object != FIRST_OBJECT && !snapshot.content.has(start.object));
    rules::refuse(missing, Errno::ENOENT)?;
    let header = header(pool, request, dataset, snapshot, start)?;
    let changes = snapshot.content.changes(since(pool, request.from)?);
    let pieces = bytes::records(&header, &changes, start);
    Ok((header, pieces, dataset.point(snapshot)))
}

/// `create_begin_record`, and the feature flags of `setup_featureflags`.
fn header(pool: &Pool, request: &request::Send<'_>, dataset: &Dataset, snapshot: &Snapshot, start: Option<Start>) -> Result<Header, Errno> {
    let flags = request.flags;
    let mut begin = bytes::begin(request.snapshot.as_str(), snapshot.guid, dataset.kind, snapshot.creation);
    let (from_guid, from_ivset) = match request.from {
        None => (None, 0),
        Some(base) => {
            let (guid, ivset) = identity(pool, base)?;
            (Some(guid), ivset)
        }
    };
    begin.from_guid = from_guid;
    if request
        .from
        .is_some_and(|base| base_dataset(base) != request.snapshot.dataset().as_str())
    {
        begin.flags = begin.flags.with(BeginFlags::CLONE);
    }
    let key = dataset.encryption.as_ref().filter(|_| flags.contains(SendFlags::RAW));
    let mut payload = NvList::new();
    let mut with = |features: Features, wanted: bool| {
        if wanted {
            begin.features = begin.features.with(features);
        }
    };
    with(Features::RAW, key.is_some());
    with(
        Features::EMBED_DATA.with(Features::LZ4),
        flags.intersects(SendFlags::EMBED | SendFlags::RAW) && key.is_none(),
    );
    // Raw means as on disk, also where nothing is encrypted.
    with(Features::COMPRESSED, flags.intersects(SendFlags::COMPRESS | SendFlags::RAW));
    with(Features::RESUMING, start.is_some());
    if let Some(key) = key {
        let mut data = NvList::new()
            .with("DSL_CRYPTO_SUITE", key.cipher)
            .with("DSL_CRYPTO_GUID", key.key)
            .with("keyformat", key.keyformat)
            .with("to_ivset_guid", snapshot.ivset)
            .with(
                WRAPPING,
                pool.state.root_of(request.snapshot.dataset().as_str()).map_or(0, wrapping),
            );
        if begin.from_guid.is_some() {
            data.insert("from_ivset_guid", from_ivset);
        }
        payload.insert("crypt_keydata", data);
    }
    if let Some(start) = start {
        payload.insert("resume_object", start.object);
        payload.insert("resume_offset", start.offset);
    }
    Ok(Header {
        begin,
        payload,
        key: key.map(|key| key.key),
    })
}

fn write(stream: &mut Stream<'_>, header: Header, pieces: Vec<Piece>, progress: impl Fn(SendProgress)) -> Result<(), Stop> {
    let payload = if header.payload.is_empty() {
        Vec::new()
    } else {
        header.payload.encode_native().map_err(|_unwritable| UNWRITABLE)?
    };
    let to_guid = header.begin.to_guid;
    let first = (Record::from(header.begin), payload);
    let last = (Record::from(End { to_guid, ..End::default() }), Vec::new());
    let mut writer = Writer::new(ByteOrder::HOST);
    for (blocks, (record, payload)) in (0..).zip([first].into_iter().chain(pieces).chain([last])) {
        let bytes = writer.header(record, &payload).map_err(|_unwritable| UNWRITABLE)?;
        stream.put(&bytes)?;
        stream.put(&payload)?;
        progress(SendProgress {
            bytes: stream.bytes,
            blocks,
        });
    }
    Ok(())
}

/// Only a failure at the first record tells its cause; later the kernel says EINTR whatever it was (`dump_bytes` in zfs_file_os.c).
const fn number(stop: Stop, written: u64) -> Errno {
    match stop {
        Stop::Dead => DEAD,
        Stop::Closed if written == 0 => Errno::EPIPE,
        Stop::Closed => Errno::EINTR,
        // Whatever stops the writing behind the first record (`dump_record` in dmu_send.c).
        Stop::Errno(Errno::EAGAIN) if written > 0 => Errno::EINTR,
        Stop::Errno(errno) => errno,
    }
}

/// The transaction group after which a stream begins.
fn since(pool: &Pool, from: Option<&Base>) -> Result<u64, Errno> {
    from.map_or(Ok(0), |base| rules::base(&pool.state, base).map(|point| point.txg))
}

fn identity(pool: &Pool, base: &Base) -> Result<(u64, u64), Errno> {
    match base {
        Base::Snapshot(name) => pool.state.snapshot(name).map(|(_, snapshot)| (snapshot.guid, snapshot.ivset)),
        Base::Bookmark(name) => pool.state.bookmark(name).map(|(_, bookmark)| (bookmark.guid, bookmark.ivset)),
    }
}

fn base_dataset(base: &Base) -> &str {
    match base {
        Base::Snapshot(name) => name.dataset().as_str(),
        Base::Bookmark(name) => name.dataset().as_str(),
    }
}

fn wrapping((_, root): (&str, &Dataset)) -> u64 {
    root.encryption.as_ref().map_or(0, |encryption| encryption.wrapping)
}

/// Where a receive that has not got a block yet resumes (`dmu_recv_begin_sync`).
pub(super) const FIRST_OBJECT: u64 = 1;

/// A record that cannot be spelled: a name too long for it, which names are not.
const UNWRITABLE: Stop = Stop::Errno(Errno::EINVAL);
