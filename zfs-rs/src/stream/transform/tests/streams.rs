//! I make the streams: small, and as a kernel would send them.

use crate::nvlist::NvList;
use crate::stream::record::{End, FreeObjects, Object, Write};
use crate::stream::{Begin, BeginFlags, ByteOrder, Features, Profile, Record, Step, StreamKind, Verifier, Writer};

pub(super) type Piece = (Record, Vec<u8>);

pub(super) const GUID: u64 = 5;

/// A file with blocks of 4 KiB.
pub(super) fn file(object: u64, to_guid: u64) -> Object {
    Object {
        object,
        object_type: 19,
        bonus_type: 44,
        block_size: 4096,
        bonus_len: 168,
        dnode_slots: 1,
        to_guid,
        ..Object::default()
    }
}

/// A block of it.
pub(super) fn write(object: u64, offset: u64, to_guid: u64) -> Write {
    Write {
        object,
        object_type: 19,
        offset,
        logical_size: 4096,
        to_guid,
        checksum_type: 7,
        ..Write::default()
    }
}

/// What is in that block.
pub(super) fn text(object: u64, offset: u64) -> Vec<u8> {
    let word = format!("object {object} at {offset}, ");
    word.bytes().cycle().take(4096).collect()
}

/// `BEGIN`, then for each object three records — `OBJECT` and two of `WRITE` — a `FREE` behind all files, `END`.
pub(super) fn dataset(guid: u64, objects: &[u64]) -> Vec<Piece> {
    let begin = Begin {
        features: Features::LARGE_BLOCKS.with(Features::SA_SPILL),
        flags: BeginFlags::SPILL_BLOCKS,
        from_guid: Some(3),
        ..Begin::new("tank/home@b", guid)
    };
    let mut pieces: Vec<Piece> = vec![(begin.into(), vec![])];
    for object in objects {
        pieces.push((file(*object, guid).into(), vec![0; 168]));
        for offset in [0, 4096] {
            pieces.push((write(*object, offset, guid).into(), text(*object, offset)));
        }
    }
    let free = FreeObjects {
        first_object: 1000,
        count: 24,
        to_guid: guid,
    };
    pieces.push((free.into(), vec![]));
    let end = End {
        to_guid: guid,
        ..End::default()
    };
    pieces.push((end.into(), vec![]));
    pieces
}

pub(super) fn begin(pieces: &mut [Piece]) -> &mut Begin {
    match pieces.first_mut() {
        Some((Record::Begin(begin), _)) => begin,
        _ => panic!("no BEGIN"),
    }
}

/// The bytes, with right sums.
pub(super) fn build(order: ByteOrder, pieces: &[Piece]) -> Vec<u8> {
    let mut writer = Writer::new(order);
    let mut out = Vec::new();
    for (record, payload) in pieces {
        writer.put(&mut out, record.clone(), payload).unwrap();
    }
    out
}

/// The package of these streams.
pub(super) fn package(order: ByteOrder, streams: &[Vec<Piece>]) -> Vec<u8> {
    let header = Begin {
        kind: StreamKind::Compound,
        objset: 0.into(),
        // As libzfs says it for `-Rw`, whether or not anything is encrypted.
        features: Features::RAW,
        ..Begin::new("tank/home@b", 0)
    };
    let end: Piece = (End::default().into(), vec![]);
    let list = NvList::new().with("tosnap", "b").encode_xdr().unwrap();
    let mut pieces = vec![(header.into(), list), end.clone()];
    pieces.extend(streams.concat());
    pieces.push(end);
    build(order, &pieces)
}

/// The records of a stream that keeps every rule.
pub(super) fn taken(stream: &[u8]) -> Vec<Piece> {
    let mut verifier = Verifier::new(Profile::any());
    let mut pieces: Vec<Piece> = Vec::new();
    let mut left = stream;
    while !left.is_empty() {
        let (step, used) = verifier.step(left).unwrap();
        match step {
            Step::Record(record) => pieces.push((record, Vec::new())),
            Step::Payload(bytes) => pieces.last_mut().unwrap().1.extend_from_slice(bytes),
            Step::Need => {}
        }
        left = &left[used..];
    }
    verifier.finish().unwrap();
    pieces
}
