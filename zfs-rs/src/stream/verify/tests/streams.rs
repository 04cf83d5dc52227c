//! I make the streams: small, and of every kind of record.

use crate::nvlist::NvList;
use crate::stream::fletcher::Fletcher4;
use crate::stream::record::{CHECKSUM_AT, End, Free, FreeObjects, Object, ObjectRange, Redact, Spill, Write, WriteEmbedded, set_checksum};
use crate::stream::{Begin, BeginFlags, ByteOrder, Features, ObjsetType, Record, StreamKind};

pub(super) type Piece = (Record, Vec<u8>);

pub(super) const GUID: u64 = 5;

pub(super) const PLAIN_FEATURES: Features = Features::LARGE_BLOCKS
    .with(Features::COMPRESSED)
    .with(Features::LZ4)
    .with(Features::EMBED_DATA)
    .with(Features::SA_SPILL)
    .with(Features::LARGE_DNODE);

/// The bytes of a stream with right checksums, whatever its records say.
pub(super) fn forge(order: ByteOrder, pieces: &[Piece]) -> Vec<u8> {
    forge_with(order, pieces, |_, _| {})
}

/// The same, with the bytes of headers changed on the way.
pub(super) fn forge_with(order: ByteOrder, pieces: &[Piece], mut edit: impl FnMut(usize, &mut [u8])) -> Vec<u8> {
    let mut out = Vec::new();
    let mut sum = Fletcher4::new(order);
    let (mut in_package, mut in_stream) = (false, false);
    for (index, (record, payload)) in pieces.iter().enumerate() {
        let mut record = record.clone();
        let says_sum = in_stream;
        match &mut record {
            Record::Begin(begin) => {
                begin.payload_len = begin.payload_len.max(u32::try_from(payload.len()).unwrap());
                in_package |= begin.kind == StreamKind::Compound;
                in_stream = begin.kind == StreamKind::Substream;
                sum = Fletcher4::new(order);
            }
            // The last of a package sums up nothing.
            Record::End(end) => {
                end.checksum = if index + 1 == pieces.len() && in_package {
                    Default::default()
                } else {
                    sum.value()
                };
                in_stream = false;
            }
            _ => {}
        }
        let mut bytes = record.write(order).unwrap();
        edit(index, &mut bytes);
        sum.update(&bytes[..CHECKSUM_AT]);
        if says_sum {
            set_checksum(&mut bytes, sum.value(), order);
        }
        sum.update(&bytes[CHECKSUM_AT..]);
        sum.update(payload);
        out.extend_from_slice(&bytes);
        out.extend_from_slice(payload);
    }
    out
}

pub(super) fn begin(pieces: &mut [Piece]) -> &mut Begin {
    let found = pieces.iter_mut().find_map(|(record, _)| match record {
        Record::Begin(begin) => Some(begin),
        _ => None,
    });
    found.unwrap()
}

macro_rules! first {
    ($($name:ident: $type:ident;)*) => {$(
        /// The first record of that type.
        pub(super) fn $name(pieces: &mut [Piece]) -> &mut $type {
            let found = pieces.iter_mut().find_map(|(record, _)| match record {
                Record::$type(record) => Some(record),
                _ => None,
            });
            found.unwrap()
        }
    )*};
}

first! {
    object: Object;
    free_objects: FreeObjects;
    write: Write;
    free: Free;
    spill: Spill;
    embedded: WriteEmbedded;
    range: ObjectRange;
    redact: Redact;
}

/// Gives a record another GUID.
pub(super) fn rename(record: &mut Record, guid: u64) {
    match record {
        Record::Object(record) => record.to_guid = guid,
        Record::FreeObjects(record) => record.to_guid = guid,
        Record::Write(record) => record.to_guid = guid,
        Record::Free(record) => record.to_guid = guid,
        Record::End(record) => record.to_guid = guid,
        Record::Spill(record) => record.to_guid = guid,
        Record::WriteEmbedded(record) => record.to_guid = guid,
        other => panic!("{other:?} is not among them"),
    }
}

fn file(number: u64) -> Object {
    Object {
        object: number,
        object_type: 19,
        bonus_type: 44,
        block_size: 1024,
        bonus_len: 164,
        dnode_slots: 1,
        to_guid: GUID,
        ..Object::default()
    }
}

pub(super) fn data(object: u64, offset: u64) -> Write {
    Write {
        object,
        object_type: 19,
        offset,
        logical_size: 1024,
        to_guid: GUID,
        checksum_type: 7,
        ..Write::default()
    }
}

pub(super) fn put(pieces: &mut Vec<Piece>, record: impl Into<Record>) {
    let record = record.into();
    let mut payload = vec![7; usize::try_from(record.payload_len()).unwrap()];
    if matches!(&record, Record::Object(object) if object.bonus_type == 44 && object.raw_bonus_len == 0) {
        payload[..8].copy_from_slice(&ATTRIBUTES);
    }
    pieces.push((record, payload));
}

/// The header of system attributes: magic, layout 2, 8 bytes long.
pub(super) const ATTRIBUTES: [u8; 8] = [0x5a, 0x50, 0x2f, 0, 2, 4, 0, 0];

fn start(features: Features, payload: &NvList) -> Vec<Piece> {
    let begin = Begin {
        features,
        flags: BeginFlags::SPILL_BLOCKS,
        from_guid: Some(3),
        ..Begin::new("tank/home@b", GUID)
    };
    let payload = if payload.is_empty() {
        Vec::new()
    } else {
        payload.encode_native().unwrap()
    };
    vec![(begin.into(), payload)]
}

fn end(pieces: &mut Vec<Piece>) {
    put(
        pieces,
        End {
            to_guid: GUID,
            ..End::default()
        },
    );
}

/// Records 0 to 9: BEGIN, FREEOBJECTS, OBJECT, FREE, WRITE, a compressed WRITE, WRITE_EMBEDDED, SPILL, a large OBJECT, END.
pub(super) fn plain() -> Vec<Piece> {
    let mut pieces = start(PLAIN_FEATURES, &NvList::new());
    put(
        &mut pieces,
        FreeObjects {
            first_object: 0,
            count: 6,
            to_guid: GUID,
        },
    );
    put(&mut pieces, Object { flags: 4, ..file(7) });
    put(
        &mut pieces,
        Free {
            object: 7,
            offset: 4096,
            length: u64::MAX,
            to_guid: GUID,
        },
    );
    put(&mut pieces, data(7, 0));
    put(
        &mut pieces,
        Write {
            compression: 15,
            compressed_size: 512,
            ..data(7, 1024)
        },
    );
    put(
        &mut pieces,
        WriteEmbedded {
            object: 7,
            offset: 2048,
            length: 1024,
            to_guid: GUID,
            compression: 15,
            logical_size: 1024,
            physical_size: 30,
            ..WriteEmbedded::default()
        },
    );
    put(
        &mut pieces,
        Spill {
            object: 7,
            length: 512,
            to_guid: GUID,
            ..Spill::default()
        },
    );
    put(
        &mut pieces,
        Object {
            dnode_slots: 2,
            bonus_len: 800,
            ..file(8)
        },
    );
    end(&mut pieces);
    pieces
}

/// Records 0 to 5: BEGIN, OBJECT_RANGE, OBJECT, WRITE, SPILL, END.
pub(super) fn raw() -> Vec<Piece> {
    let features = Features::RAW
        .with(Features::COMPRESSED)
        .with(Features::LZ4)
        .with(Features::SA_SPILL);
    let mut pieces = start(
        features,
        &NvList::new().with("crypt_keydata", NvList::new().with("DSL_CRYPTO_SUITE", 8_u64)),
    );
    put(
        &mut pieces,
        ObjectRange {
            first_object: 0,
            slots: 32,
            to_guid: GUID,
            salt: [1; 8],
            ..ObjectRange::default()
        },
    );
    put(
        &mut pieces,
        Object {
            flags: 4,
            raw_bonus_len: 192,
            indirect_block_shift: 17,
            levels: 2,
            block_pointers: 1,
            max_block_id: 1023,
            ..file(7)
        },
    );
    put(
        &mut pieces,
        Write {
            compression: 2,
            compressed_size: 1024,
            salt: [1; 8],
            ..data(7, 0)
        },
    );
    put(
        &mut pieces,
        Spill {
            object: 7,
            length: 1024,
            to_guid: GUID,
            compression: 15,
            compressed_size: 512,
            ..Spill::default()
        },
    );
    end(&mut pieces);
    pieces
}

/// Records 0 to 2: BEGIN, WRITE, END.
pub(super) fn resuming() -> Vec<Piece> {
    let payload = NvList::new().with("resume_object", 7_u64).with("resume_offset", 4096_u64);
    let mut pieces = start(Features::RESUMING, &payload);
    put(&mut pieces, data(7, 4096));
    end(&mut pieces);
    pieces
}

/// Records 0 to 3: BEGIN, OBJECT, REDACT, END.
pub(super) fn redacted() -> Vec<Piece> {
    let mut pieces = start(Features::REDACTED, &NvList::new().with("redact_snaps", vec![9_u64]));
    put(&mut pieces, file(7));
    put(
        &mut pieces,
        Redact {
            object: 7,
            offset: 0,
            length: 1024,
            to_guid: GUID,
        },
    );
    end(&mut pieces);
    pieces
}

/// Records 0 and 1: the header; then a plain stream, and END.
pub(super) fn package() -> Vec<Piece> {
    let header = Begin {
        kind: StreamKind::Compound,
        objset: 0.into(),
        ..Begin::new("tank/home@b", 0)
    };
    let mut pieces = vec![(Record::from(header), NvList::new().with("tosnap", "b").encode_xdr().unwrap())];
    put(&mut pieces, End::default());
    pieces.extend(plain());
    put(&mut pieces, End::default());
    pieces
}

/// The block that says the size of a volume.
pub(super) fn size(order: ByteOrder) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..8].copy_from_slice(&order.u64_bytes(1 << 63 | 3));
    block[64..72].copy_from_slice(&order.u64_bytes(1 << 20));
    block[78..82].copy_from_slice(b"size");
    block
}

/// Records 0 to 7: BEGIN, FREEOBJECTS, OBJECT and WRITE of object 1, OBJECT, FREE and WRITE of object 2, END.
pub(super) fn volume(order: ByteOrder) -> Vec<Piece> {
    let mut pieces = start(Features::COMPRESSED.with(Features::EMBED_DATA).with(Features::LZ4), &NvList::new());
    let begin = begin(&mut pieces);
    begin.objset = ObjsetType::Volume;
    begin.from_guid = None;
    let of = |number, object_type, block_size| Object {
        object_type,
        block_size,
        bonus_type: 0,
        bonus_len: 0,
        ..file(number)
    };
    put(
        &mut pieces,
        FreeObjects {
            first_object: 0,
            count: 1,
            to_guid: GUID,
        },
    );
    put(&mut pieces, of(1, 23, 8192));
    put(
        &mut pieces,
        Write {
            object_type: 23,
            logical_size: 8192,
            ..data(1, 0)
        },
    );
    put(&mut pieces, of(2, 24, 512));
    put(
        &mut pieces,
        Free {
            object: 2,
            offset: 512,
            length: u64::MAX,
            to_guid: GUID,
        },
    );
    let write = Write {
        object_type: 24,
        logical_size: 512,
        ..data(2, 0)
    };
    pieces.push((write.into(), size(order)));
    end(&mut pieces);
    pieces
}
