//! I read a stream into a dataset, record by record, and keep what came when it breaks off.

use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;

use super::begin::{Running, start};
use super::bytes::{self, Piece};
use super::content::{index, length};
use super::core;
use super::fault::Call;
use super::pool::{Pool, Receiving, Snapshot};
use super::process::Process;
use super::rules;
use super::stream::Stream;
use super::world::{Chance, DEAD};
use super::{property, world::World};
use crate::backend::{Outcome, Received, Refusal, request};
use crate::errno::Errno;
use crate::name::SnapshotName;
use crate::nvlist::NvList;
use crate::stream::record::RECORD_SIZE;
use crate::stream::{Begin, Corrupt, Fault, Features, Reader, Record, Step, StreamKind};

pub(super) fn receive(process: &Process, request: &request::Receive<'_>, from: BorrowedFd<'_>) -> Outcome<Received> {
    let (world, fate) = process.begin(Call::Receive)?;
    drop(world);
    let mut stream = Stream::new(process, Call::Receive, from);
    let result = run(process, request, &mut stream);
    let bytes = stream.bytes;
    let result = result.map(|property_errors| Received { bytes, property_errors });
    let result = process.world().end(process.id(), &fate, result);
    stream.end();
    result
}

fn run(process: &Process, request: &request::Receive<'_>, stream: &mut Stream<'_>) -> Outcome<Vec<(String, Errno)>> {
    // The kernel reads the list behind the first record, and the record behind that list, before it looks at anything
    // (`dmu_recv_begin`).
    let mut reader = Reader::new();
    let begin = first(&mut reader, request)?;
    let payload = payload(&mut reader, stream)?;
    let second = if payload.is_empty() {
        None
    } else {
        Some(next(&mut reader, stream)?)
    };
    let payload = if payload.is_empty() {
        NvList::new()
    } else {
        NvList::decode(&payload).map_err(|_malformed| Errno::EFAULT)?
    };
    let pool = request.snapshot.dataset().pool();
    let (running, errors) = process.world().change(pool.as_str(), |pool, chance| {
        let running = start(pool, chance, request, &begin, &payload)?;
        // A new dataset has its properties before its data, and keeps them if it is kept (`zfs_ioc_recv_impl`).
        let errors = match pool.state.get_mut(request.snapshot.dataset().as_str()) {
            Ok(dataset) if running.is_new => property::receive(dataset, request, true),
            _ => Vec::new(),
        };
        let here = Receiving {
            process: process.id(),
            // A resumed receive that goes wrong at once leaves what it found.
            keeps: request.resumable && begin.features.contains(Features::RESUMING),
            ..running.here
        };
        pool.receiving.push(here);
        Ok((Running { here, ..running }, errors))
    })?;
    let arrived = read(process, request, stream, &mut reader, second, &running);
    let mut world = process.world();
    let finish = |pool: &mut Pool, chance: &mut Chance| finish(pool, chance, request, &begin, &running);
    let result = arrived.map_err(Refusal::from).and_then(|()| world.change(pool.as_str(), finish));
    let pool = world.pool_mut(pool.as_str())?;
    if result.is_err()
        && !running.is_new
        && let Ok(dataset) = pool.state.get_mut(request.snapshot.dataset().as_str())
    {
        property::restore(dataset, request);
    }
    give_up(pool, running.here.token);
    result.map(|late| errors.into_iter().chain(late).collect())
}

/// The first record, which the caller has read.
fn first(reader: &mut Reader, request: &request::Receive<'_>) -> Result<Begin, Errno> {
    let (step, _) = reader.step(request.begin).map_err(|_corrupt| Errno::EINVAL)?;
    match step {
        Step::Record(Record::Begin(begin)) if begin.kind == StreamKind::Substream => Ok(begin),
        _ => Err(Errno::EINVAL),
    }
}

/// Reads to the end of the stream and carries out each record once the checksum behind its payload is right
/// (`receive_read_record`).
fn read(
    process: &Process,
    request: &request::Receive<'_>,
    stream: &mut Stream<'_>,
    reader: &mut Reader,
    mut second: Option<Record>,
    running: &Running,
) -> Result<(), Errno> {
    let mut waiting: Option<(Piece, u64)> = None;
    let mut unsynced = 0;
    loop {
        let record = match second.take() {
            Some(record) => record,
            None => next(reader, stream)?,
        };
        if waiting.is_none() {
            // Only once the first record is in is there something to keep (`dmu_recv_stream`).
            keep(&mut process.world(), request, running);
        }
        if let Some((piece, bytes)) = waiting.take() {
            unsynced += length(&piece.1);
            apply(&mut process.world(), request.snapshot, running, &piece, bytes, &mut unsynced)?;
        }
        if matches!(record, Record::End(_)) {
            return Ok(());
        }
        let payload = payload(reader, stream)?;
        waiting = Some(((record, payload), stream.bytes));
    }
}

fn keep(world: &mut World, request: &request::Receive<'_>, running: &Running) {
    let Ok(pool) = world.pool_mut(request.snapshot.dataset().pool().as_str()) else {
        return;
    };
    let mine = pool.receiving.iter_mut().filter(|receiving| receiving.token == running.here.token);
    mine.for_each(|receiving| receiving.keeps = request.resumable);
}

fn next(reader: &mut Reader, stream: &mut Stream<'_>) -> Result<Record, Errno> {
    let mut header = [0; RECORD_SIZE];
    stream.fill(&mut header)?;
    match reader.step(&header).map_err(|corrupt| damage(&corrupt))? {
        (Step::Record(record), _) => Ok(record),
        _ => Err(Errno::EINVAL),
    }
}

fn payload(reader: &mut Reader, stream: &mut Stream<'_>) -> Result<Vec<u8>, Errno> {
    let mut payload = vec![0; index(reader.payload_left())];
    stream.fill(&mut payload)?;
    let mut rest = payload.as_slice();
    while !rest.is_empty() {
        let (_, used) = reader.step(rest).map_err(|corrupt| damage(&corrupt))?;
        rest = rest.get(used..).unwrap_or_default();
    }
    Ok(payload)
}

/// Carries one record out. The state on disk follows every now and then, as transaction groups do.
fn apply(world: &mut World, name: &SnapshotName, running: &Running, piece: &Piece, bytes: u64, unsynced: &mut u64) -> Result<(), Errno> {
    let pool = world.pool_mut(name.dataset().pool().as_str())?;
    let path = pool.target(running.here).ok_or(DEAD)?.to_owned();
    rules::refuse(pool.is_full_for(length(&piece.1)), Errno::ENOSPC)?;
    let txg = pool.state.txg;
    let dataset = pool.state.get_mut(&path)?;
    let place = bytes::apply(&mut dataset.live, txg, running.key.map(|key| key.guid), &piece.0, &piece.1)?;
    if let (Some(resume), Some(place)) = (&mut dataset.resume, place) {
        (resume.object, resume.offset) = (place.object, place.offset);
        resume.bytes = running.earlier.saturating_add(bytes);
    }
    if *unsynced >= SYNC_EVERY {
        *unsynced = 0;
        pool.sync();
    }
    Ok(())
}

/// `dmu_recv_end_check` and `dmu_recv_end_sync`.
fn finish(
    pool: &mut Pool,
    chance: &mut Chance,
    request: &request::Receive<'_>,
    begin: &Begin,
    running: &Running,
) -> Outcome<Vec<(String, Errno)>> {
    let path = pool.target(running.here).ok_or(DEAD)?.to_owned();
    let arrived = pool.state.get(&path)?;
    let target = if running.is_new {
        rules::refuse(arrived.snapshots.contains_key(request.snapshot.short()), Errno::EEXIST)?;
        rules::end_space(pool, &path, arrived)?;
        path.clone()
    } else {
        rules::receive_end(pool, request.snapshot, running.base, arrived, request.roll_back)?;
        request.snapshot.dataset().to_string()
    };
    let (content, kind) = (arrived.live.clone(), arrived.kind);
    if !running.is_new {
        pool.state.datasets.remove(&path);
    }
    let txg = pool.state.txg;
    let dataset = pool.state.get_mut(&target)?;
    if request.roll_back && !running.is_new {
        dataset
            .snapshots
            .retain(|_, snapshot| running.base.is_some_and(|base| snapshot.createtxg <= base.txg));
    }
    let ivset = match running.key {
        Some(key) => key.to_ivset,
        None if dataset.encryption.is_some() => chance.guid(&format!("{} ivset", request.snapshot)),
        None => 0,
    };
    let snapshot = Snapshot {
        guid: begin.to_guid,
        createtxg: txg,
        creation: begin.creation_time,
        content: content.clone(),
        holds: BTreeMap::new(),
        deferred: false,
        properties: BTreeMap::new(),
        ivset,
    };
    dataset.live = content;
    dataset.kind = kind;
    dataset.inconsistent = false;
    dataset.resume = None;
    dataset.owner = None;
    dataset.snapshots.insert(request.snapshot.short().to_owned(), snapshot);
    Ok(if running.is_new {
        Vec::new()
    } else {
        property::receive(dataset, request, false)
    })
}

/// Ends a receive. What is left of one that is not finished: its state where that is kept, else nothing (`dmu_recv_cleanup_ds`).
pub(super) fn give_up(pool: &mut Pool, token: u64) {
    let Some(index) = pool.receiving.iter().position(|receiving| receiving.token == token) else {
        return;
    };
    let receiving = pool.receiving.remove(index);
    let Some(path) = pool.target(receiving).map(str::to_owned) else {
        return;
    };
    if let Ok(dataset) = pool.state.get_mut(&path) {
        dataset.owner = None;
        if !(receiving.keeps && dataset.resume.is_some()) {
            drop(core::destroy_head(pool, &path));
        }
    }
    pool.sync();
}

fn damage(corrupt: &Corrupt) -> Errno {
    match corrupt.what {
        Fault::Checksum { .. } | Fault::EndChecksum { .. } | Fault::NoChecksum => Errno::ECKSUM,
        _ => Errno::EINVAL,
    }
}

/// Bytes of blocks between two syncs: what a power cut can take. The kernel counts seconds; time is nothing to the model.
const SYNC_EVERY: u64 = 64 << 10;
