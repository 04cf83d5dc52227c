//! I am small streams of every kind of record, as a kernel would send them.

use zfs_rs::nvlist::NvList;
use zfs_rs::stream::record::{End, Free, FreeObjects, Object, ObjectRange, Redact, Spill, Write, WriteEmbedded};
use zfs_rs::stream::{Begin, BeginFlags, ByteOrder, Features, Record, StreamKind, Writer};

use crate::repair::repaired;

/// Streams of every kind of record.
pub(crate) fn streams(order: ByteOrder) -> Vec<Vec<u8>> {
    let plain = plain();
    let package = [package_begin(), of(End::default()), plain.clone(), of(End::default())].concat();
    [plain, raw(), resuming(), redacted(), package]
        .iter()
        .map(|pieces| repaired(&write(order, pieces)))
        .collect()
}

type Piece = (Record, Vec<u8>);

fn write(order: ByteOrder, pieces: &[Piece]) -> Vec<u8> {
    let mut writer = Writer::new(order);
    let mut stream = Vec::new();
    for (record, payload) in pieces {
        writer
            .put(&mut stream, record.clone(), payload)
            .expect("a payload as long as its record says");
    }
    stream
}

/// A record with a payload as long as it says: attributes that nobody has filled yet, or data.
fn of(record: impl Into<Record>) -> Vec<Piece> {
    let record = record.into();
    let byte = if matches!(record, Record::Object(_)) { 0 } else { 7 };
    let payload = vec![byte; usize::try_from(record.payload_len()).unwrap_or(0)];
    vec![(record, payload)]
}

fn start(features: Features, payload: NvList) -> Vec<Piece> {
    let begin = Begin {
        features,
        flags: BeginFlags::SPILL_BLOCKS,
        from_guid: Some(3),
        ..Begin::new("tank/home@b", GUID)
    };
    let payload = if payload.is_empty() {
        Vec::new()
    } else {
        payload.encode_native().expect("a small list")
    };
    vec![(begin.into(), payload)]
}

fn package_begin() -> Vec<Piece> {
    let begin = Begin {
        kind: StreamKind::Compound,
        objset: 0.into(),
        ..Begin::new("tank/home@b", 0)
    };
    let payload = NvList::new().with("tosnap", "b").encode_xdr().expect("a small list");
    vec![(begin.into(), payload)]
}

fn end() -> Vec<Piece> {
    of(End {
        to_guid: GUID,
        ..End::default()
    })
}

fn file(object: u64) -> Object {
    Object {
        object,
        object_type: 19,
        bonus_type: 44,
        block_size: 512,
        bonus_len: 164,
        dnode_slots: 1,
        to_guid: GUID,
        ..Object::default()
    }
}

fn data(offset: u64) -> Write {
    Write {
        object: 7,
        object_type: 19,
        offset,
        logical_size: 512,
        to_guid: GUID,
        checksum_type: 7,
        ..Write::default()
    }
}

fn plain() -> Vec<Piece> {
    let features = Features::LARGE_BLOCKS.with(Features::COMPRESSED).with(Features::LZ4);
    let features = features
        .with(Features::EMBED_DATA)
        .with(Features::SA_SPILL)
        .with(Features::LARGE_DNODE);
    let to_guid = GUID;
    [
        start(features, NvList::new()),
        of(FreeObjects {
            first_object: 0,
            count: 6,
            to_guid,
        }),
        of(Object { flags: 4, ..file(7) }),
        of(data(0)),
        of(Write {
            compression: 15,
            compressed_size: 512,
            ..data(512)
        }),
        of(WriteEmbedded {
            object: 7,
            offset: 1024,
            length: 512,
            to_guid,
            compression: 15,
            logical_size: 512,
            physical_size: 30,
            ..WriteEmbedded::default()
        }),
        of(Free {
            object: 7,
            offset: 4096,
            length: u64::MAX,
            to_guid,
        }),
        of(Spill {
            object: 7,
            length: 512,
            to_guid,
            ..Spill::default()
        }),
        of(Object {
            dnode_slots: 2,
            bonus_len: 800,
            ..file(8)
        }),
        end(),
    ]
    .concat()
}

fn raw() -> Vec<Piece> {
    let features = Features::RAW
        .with(Features::COMPRESSED)
        .with(Features::LZ4)
        .with(Features::SA_SPILL);
    let keys = NvList::new().with("crypt_keydata", NvList::new().with("DSL_CRYPTO_SUITE", 8_u64));
    [
        start(features, keys),
        of(ObjectRange {
            first_object: 0,
            slots: 32,
            to_guid: GUID,
            salt: [1; 8],
            ..ObjectRange::default()
        }),
        of(Object {
            flags: 4,
            raw_bonus_len: 192,
            indirect_block_shift: 17,
            levels: 2,
            block_pointers: 1,
            max_block_id: 1023,
            ..file(7)
        }),
        of(Write {
            compression: 2,
            compressed_size: 512,
            salt: [1; 8],
            ..data(0)
        }),
        of(Spill {
            object: 7,
            length: 1024,
            to_guid: GUID,
            compression: 15,
            compressed_size: 512,
            ..Spill::default()
        }),
        end(),
    ]
    .concat()
}

fn resuming() -> Vec<Piece> {
    let payload = NvList::new().with("resume_object", 7_u64).with("resume_offset", 4096_u64);
    [start(Features::RESUMING, payload), of(data(4096)), end()].concat()
}

fn redacted() -> Vec<Piece> {
    let payload = NvList::new().with("redact_snaps", vec![9_u64]);
    let redact = Redact {
        object: 7,
        offset: 0,
        length: 512,
        to_guid: GUID,
    };
    [start(Features::REDACTED, payload), of(file(7)), of(redact), end()].concat()
}

/// Of the snapshot that is sent.
pub(crate) const GUID: u64 = 5;
