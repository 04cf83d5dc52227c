//! I turn what the model holds into records of a stream, and records back.

use std::sync::Arc;

use super::content::{BLOCK, Change, Content, length};
use super::world::mix;
use crate::backend::DatasetKind;
use crate::errno::Errno;
use crate::nvlist::NvList;
use crate::stream::record::{Free, FreeObjects, Object, ObjectRange, Write};
use crate::stream::{Begin, BeginFlags, Features, ObjsetType, Record, StreamKind};

/// What a stream is of.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) begin: Begin,
    /// The list behind the first record; empty for none.
    pub(super) payload: NvList,
    /// The key that blocks are encrypted with, in a raw stream.
    pub(super) key: Option<u64>,
}

/// Where an interrupted stream goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) object: u64,
    pub(super) offset: u64,
}

/// A record with its payload.
pub(super) type Piece = (Record, Vec<u8>);

/// The records between first and last, in the order of `dmu_send_impl`. Before `start` nothing is repeated but the object it lies in.
pub(super) fn records(header: &Header, changes: &[Change], start: Option<Start>) -> Vec<Piece> {
    let to_guid = header.begin.to_guid;
    let mut pieces = Vec::new();
    let mut range = None;
    for change in changes {
        if start.is_some_and(|start| is_before(change, start)) {
            continue;
        }
        let object = object_of(change);
        if header.key.is_some() && range != Some(object / RANGE) {
            range = Some(object / RANGE);
            let first_object = object / RANGE * RANGE;
            let record = ObjectRange {
                first_object,
                slots: RANGE,
                to_guid,
                salt: SALT,
                iv: IV,
                mac: MAC,
                ..ObjectRange::default()
            };
            pieces.push((record.into(), Vec::new()));
        }
        pieces.push(match change {
            Change::Freed { object } => (
                FreeObjects {
                    first_object: *object,
                    count: 1,
                    to_guid,
                }
                .into(),
                Vec::new(),
            ),
            Change::Object { object, size } => {
                let payload = size.to_le_bytes().to_vec();
                (object_record(header, *object, *size).into(), payload)
            }
            Change::Cut { object, offset } => (
                Free {
                    object: *object,
                    offset: *offset,
                    length: u64::MAX,
                    to_guid,
                }
                .into(),
                Vec::new(),
            ),
            Change::Write { object, offset, bytes } => (
                write_record(header, *object, *offset, bytes).into(),
                scramble(header.key, *object, *offset, bytes),
            ),
        });
    }
    pieces
}

/// What a stream costs, as it is estimated: records and blocks.
pub(super) fn size(changes: &[Change]) -> u64 {
    let size = |change: &Change| match change {
        Change::Write { bytes, .. } => RECORD.saturating_add(length(bytes)),
        _ => RECORD,
    };
    changes.iter().map(size).sum()
}

/// Carries a record out. Answers with the place to resume from, which is that of the latest block (`save_resume_state` in dmu_recv.c).
pub(super) fn apply(content: &mut Content, txg: u64, key: Option<u64>, record: &Record, payload: &[u8]) -> Result<Option<Start>, Errno> {
    match record {
        Record::Object(record) => {
            let size = payload.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)).ok_or(Errno::EINVAL)?;
            refuse_zero(record.object)?;
            content.set_size(txg, record.object, size);
            Ok(None)
        }
        Record::FreeObjects(record) => {
            for object in content.live_in(record.first_object, record.count) {
                content.free(txg, object);
            }
            Ok(None)
        }
        Record::Free(record) => {
            content.punch(txg, record.object, record.offset, record.length);
            Ok(None)
        }
        Record::Write(record) => {
            let block: Arc<[u8]> = scramble(key, record.object, record.offset, payload).into();
            let fits = record.offset % BLOCK == 0 && length(payload) == BLOCK && record.object != 0;
            if fits && content.put(txg, record.object, record.offset, block) {
                Ok(Some(Start {
                    object: record.object,
                    offset: record.offset,
                }))
            } else {
                Err(Errno::EINVAL)
            }
        }
        Record::ObjectRange(_) if key.is_some() => Ok(None),
        // What the model never sends.
        _ => Err(Errno::EINVAL),
    }
}

/// The first record of a stream.
pub(super) fn begin(name: &str, guid: u64, kind: DatasetKind, creation: u64) -> Begin {
    let features = if kind == DatasetKind::Filesystem {
        Features::SA_SPILL
    } else {
        Features::empty()
    };
    Begin {
        kind: StreamKind::Substream,
        features,
        creation_time: creation,
        objset: ObjsetType::from(kind.number()),
        flags: BeginFlags::FREE_RECORDS.with(BeginFlags::SPILL_BLOCKS),
        ..Begin::new(name, guid)
    }
}

fn object_record(header: &Header, object: u64, size: u64) -> Object {
    let raw = header.key.is_some();
    Object {
        object,
        object_type: PLAIN_FILE,
        bonus_type: SYSTEM_ATTRIBUTES,
        block_size: BLOCK_32,
        bonus_len: BONUS,
        checksum_type: FLETCHER4,
        compression: UNCOMPRESSED,
        dnode_slots: 1,
        raw_bonus_len: if raw { BONUS } else { 0 },
        indirect_block_shift: if raw { INDIRECT_SHIFT } else { 0 },
        levels: u8::from(raw),
        block_pointers: u8::from(raw),
        max_block_id: if raw { size.saturating_sub(1) / BLOCK } else { 0 },
        to_guid: header.begin.to_guid,
        ..Object::default()
    }
}

fn write_record(header: &Header, object: u64, offset: u64, bytes: &[u8]) -> Write {
    let plain = Write {
        object,
        object_type: PLAIN_FILE,
        offset,
        logical_size: length(bytes),
        checksum_type: UNCOMPRESSED,
        to_guid: header.begin.to_guid,
        ..Write::default()
    };
    match header.key {
        None => plain,
        Some(_) => Write {
            compression: UNCOMPRESSED,
            compressed_size: length(bytes),
            salt: SALT,
            iv: IV,
            mac: MAC,
            ..plain
        },
    }
}

const fn object_of(change: &Change) -> u64 {
    match change {
        Change::Freed { object } | Change::Object { object, .. } | Change::Cut { object, .. } | Change::Write { object, .. } => *object,
    }
}

fn is_before(change: &Change, start: Start) -> bool {
    match change {
        Change::Write { object, offset, .. } => (*object, *offset) < (start.object, start.offset),
        // Freeing it once more would undo what came of it.
        Change::Freed { object } => (*object, 0) < (start.object, start.offset),
        Change::Object { object, .. } | Change::Cut { object, .. } => *object < start.object,
    }
}

fn refuse_zero(object: u64) -> Result<(), Errno> {
    if object == 0 { Err(Errno::EINVAL) } else { Ok(()) }
}

/// Stands for encryption: what is sent raw does not show what it is, and comes back the same way.
fn scramble(key: Option<u64>, object: u64, offset: u64, bytes: &[u8]) -> Vec<u8> {
    let Some(key) = key else { return bytes.to_vec() };
    let mut state = mix(key ^ mix(object ^ mix(offset)));
    let mut out = Vec::with_capacity(bytes.len());
    for chunk in bytes.chunks(8) {
        state = mix(state);
        out.extend(chunk.iter().zip(state.to_le_bytes()).map(|(byte, noise)| byte ^ noise));
    }
    out
}

/// Numbers of the kernel (`dmu.h`, `zio.h`, `zio_compress.h`).
const PLAIN_FILE: u32 = 19;
const SYSTEM_ATTRIBUTES: u32 = 44;
const FLETCHER4: u8 = 7;
/// "Off", of checksums and of compression alike.
const UNCOMPRESSED: u8 = 2;
const INDIRECT_SHIFT: u8 = 17;
const BLOCK_32: u32 = 4096;
/// The bonus buffer holds the object's size.
const BONUS: u32 = 8;
/// Dnodes in a block of them.
const RANGE: u64 = 32;
/// Bytes of a record.
const RECORD: u64 = 312;
/// Stand for what real encryption puts there: something that is not zero.
const SALT: [u8; 8] = [0x51; 8];
const IV: [u8; 12] = [0x1f; 12];
const MAC: [u8; 16] = [0x3a; 16];
