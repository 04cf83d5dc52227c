//! I make small streams and look into them.

mod compare;

use super::*;
use crate::nvlist::NvList;
use crate::stream::record::{End, Free, FreeObjects, Object, ObjectRange, Redact, Spill, Write, WriteByRef, WriteEmbedded};
use crate::stream::{Begin, ByteOrder, Corrupt, Fault, Features, Record, RecordType, StreamKind, Writer};

type Piece = (Record, Vec<u8>);

const GUID: u64 = 5;

fn piece(record: impl Into<Record>) -> Piece {
    let record = record.into();
    let payload = vec![7; usize::try_from(record.payload_len()).unwrap()];
    (record, payload)
}

fn begin() -> Begin {
    Begin {
        features: Features::COMPRESSED.with(Features::LZ4),
        from_guid: Some(3),
        creation_time: 1_700_000_000,
        ..Begin::new("tank/home@b", GUID)
    }
}

fn write(offset: u64) -> Write {
    Write {
        object: 7,
        object_type: 19,
        offset,
        logical_size: 1024,
        to_guid: GUID,
        ..Write::default()
    }
}

fn embedded() -> WriteEmbedded {
    WriteEmbedded {
        object: 7,
        offset: 2048,
        length: 1024,
        to_guid: GUID,
        compression: 15,
        logical_size: 1024,
        physical_size: 30,
        ..WriteEmbedded::default()
    }
}

/// One record of every type but those of packages; all fields of some value.
fn pieces() -> Vec<Piece> {
    let to_guid = GUID;
    let object = |object, object_type| Object {
        object,
        object_type,
        bonus_type: 44,
        bonus_len: 164,
        block_size: 1024,
        to_guid,
        ..Object::default()
    };
    vec![
        (begin().into(), NvList::new().with("resume_object", 7_u64).encode_native().unwrap()),
        piece(FreeObjects {
            first_object: 0,
            count: 6,
            to_guid,
        }),
        piece(ObjectRange {
            first_object: 0,
            slots: 32,
            to_guid,
            salt: [0xa1; 8],
            ..ObjectRange::default()
        }),
        piece(object(7, 19)),
        piece(write(0)),
        piece(Write {
            compression: 15,
            compressed_size: 512,
            ..write(1024)
        }),
        piece(embedded()),
        piece(Free {
            object: 7,
            offset: 4096,
            length: u64::MAX,
            to_guid,
        }),
        piece(Spill {
            object: 7,
            length: 512,
            to_guid,
            ..Spill::default()
        }),
        piece(object(8, 20)),
        piece(Free {
            object: 8,
            offset: 0,
            length: 512,
            to_guid,
        }),
        piece(Redact {
            object: 8,
            offset: 512,
            length: 100,
            to_guid,
        }),
        piece(WriteByRef {
            object: 8,
            length: 1024,
            to_guid,
            ref_guid: u64::MAX,
            ..WriteByRef::default()
        }),
        piece(object(9, 1)),
        piece(End { to_guid, ..End::default() }),
    ]
}

fn stream(order: ByteOrder, pieces: &[Piece]) -> Vec<u8> {
    let mut writer = Writer::new(order);
    let mut out = Vec::new();
    for (record, payload) in pieces {
        writer.put(&mut out, record.clone(), payload).unwrap();
    }
    out
}

/// All entries, however the bytes come.
fn dump(bytes: &[u8], piece: usize) -> (Vec<Entry>, Result<(), Corrupt>) {
    let mut dump = Dump::new();
    let mut entries = Vec::new();
    for mut input in bytes.chunks(piece) {
        while !input.is_empty() {
            match dump.step(input) {
                Ok((entry, used)) => {
                    entries.extend(entry);
                    input = &input[used..];
                }
                Err(corrupt) => return (entries, Err(corrupt)),
            }
        }
    }
    let end = dump
        .finish()
        .map(|summary| assert_eq!(summary.bytes, u64::try_from(bytes.len()).unwrap()));
    (entries, end)
}

#[test]
fn every_record_is_shown_with_its_place_and_all_its_fields() {
    let pieces = pieces();
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let bytes = stream(order, &pieces);
        let (entries, end) = dump(&bytes, usize::MAX);
        assert_eq!(end, Ok(()));
        assert_eq!(dump(&bytes, 7).0, entries);
        let mut offset = 0;
        for (number, (entry, (_, payload))) in (0..).zip(entries.iter().zip(&pieces)) {
            assert_eq!((entry.number, entry.offset), (number, offset));
            offset += 312 + u64::try_from(payload.len()).unwrap();
        }
        let text: Vec<_> = entries.iter().map(ToString::to_string).collect();
        assert_eq!(entries.len(), pieces.len());
        assert_eq!(
            text[0],
            "0 @0 BEGIN kind=substream features=lz4+compressed reserved=0 creation_time=1700000000 objset=filesystem flags= to_guid=5 \
             from_guid=3 to_name=\"tank/home@b\" payload=56 {resume_object: 7}"
        );
        assert_eq!(text[1], "1 @368 FREEOBJECTS first_object=0 count=6 to_guid=5 payload=0");
        assert_eq!(
            text[2],
            "2 @680 OBJECT_RANGE first_object=0 slots=32 to_guid=5 salt=a1a1a1a1a1a1a1a1 flags=0 payload=0"
        );
        assert_eq!(
            text[6].split_once(' ').unwrap().1.split_once(' ').unwrap().1,
            "WRITE_EMBEDDED object=7 offset=2048 length=1024 to_guid=5 compression=15 embedded_type=0 logical_size=1024 physical_size=30 payload=32"
        );
    }
}

#[test]
fn what_comes_before_damage_is_shown() {
    let mut bytes = stream(ByteOrder::HOST, &pieces());
    let whole = dump(&bytes, usize::MAX).0;
    bytes[900] ^= 1; // in OBJECT_RANGE
    let (entries, end) = dump(&bytes, usize::MAX);
    assert_eq!(entries, whole[..2]);
    assert_eq!(end.unwrap_err().record, 2);
    let (entries, end) = dump(&bytes[..680], usize::MAX);
    assert_eq!((entries.len(), end.unwrap_err().what), (2, Fault::Truncated));
}

#[test]
fn a_payload_of_begin_that_is_no_list_is_said_to_be_none() {
    let pieces = [(begin().into(), vec![9; 8]), piece(End::default())];
    let (entries, end) = dump(&stream(ByteOrder::HOST, &pieces), usize::MAX);
    assert_eq!(end, Ok(()));
    assert!(matches!(entries[0].list, Some(Err(_))), "{entries:?}");
}

#[cfg(feature = "serde")]
#[test]
fn as_json_a_record_has_all_its_fields() {
    use serde_json::json;

    let (entries, _) = dump(&stream(ByteOrder::Big, &pieces()), usize::MAX);
    let shown = |number: usize| serde_json::to_value(&entries[number]).unwrap();
    assert_eq!(shown(0)["nvlist"], json!({"resume_object": {"u64": 7}}));
    assert_eq!(shown(0)["fields"]["from_guid"], "3");
    assert_eq!(
        shown(2),
        json!({
            "record": 2, "offset": 680, "type": "OBJECT_RANGE", "payload_len": 0, "fields": {
                "first_object": 0, "slots": 32, "to_guid": "5", "salt": "a1a1a1a1a1a1a1a1", "iv": "000000000000000000000000",
                "mac": "00000000000000000000000000000000", "flags": 0, "reserved": "000000",
            }
        })
    );
    assert_eq!(shown(12)["fields"]["ref_guid"], u64::MAX.to_string());
    // Serde's own walk through the structs of the table comes by the same names.
    for entry in &entries[1..] {
        let record = serde_json::to_value(&entry.record).unwrap();
        let names = |value: &serde_json::Value| -> Vec<_> { value.as_object().unwrap().keys().cloned().collect() };
        let inner = record.as_object().unwrap().values().next().unwrap();
        assert_eq!(names(inner), names(&serde_json::to_value(entry).unwrap()["fields"]));
    }
}

fn count(bytes: &[u8]) -> Result<Contents, Corrupt> {
    let mut inventory = Inventory::new();
    let mut input = bytes;
    while !input.is_empty() {
        input = &input[inventory.step(input)?..];
    }
    inventory.finish()
}

#[test]
fn a_stream_is_counted_up() {
    let bytes = stream(ByteOrder::Big, &pieces());
    let contents = count(&bytes).unwrap();
    assert_eq!(contents.bytes, u64::try_from(bytes.len()).unwrap());
    assert_eq!(contents.records.values().map(|tally| tally.bytes).sum::<u64>(), contents.bytes);
    assert_eq!(
        contents.records[&RecordType::Write],
        Tally {
            records: 2,
            bytes: 2 * 312 + 1536
        }
    );
    assert!(contents.big_endian && contents.package.is_none());
    assert_eq!((contents.streams, contents.begins.len()), (1, 1));
    assert_eq!(contents.features.to_string(), "lz4+compressed");
    let objects = Objects {
        files: 1,
        directories: 1,
        others: 1,
        freed_ranges: 1,
        freed_numbers: 6,
    };
    assert_eq!(contents.objects, objects);
    let blocks = |count, logical, physical| Blocks { count, logical, physical };
    assert_eq!(
        contents.blocks.into_iter().collect::<Vec<_>>(),
        [(Compression(0), blocks(1, 1024, 1024)), (Compression(15), blocks(1, 1024, 512))]
    );
    assert_eq!((contents.embedded, contents.spill), (blocks(1, 1024, 30), blocks(1, 512, 512)));
    let ranges = |count, bytes, to_end| Ranges { count, bytes, to_end };
    assert_eq!(
        (contents.holes, contents.redacted, contents.by_ref),
        (ranges(2, 512, 1), ranges(1, 100, 0), ranges(1, 1024, 0))
    );
    assert_eq!(contents.largest_block, 1024);
    assert!(count(&bytes[..bytes.len() - 1]).is_err());
}

// I15
#[test]
fn a_package_of_many_streams_takes_no_more_memory() {
    let header = Begin {
        kind: StreamKind::Compound,
        ..Begin::new("tank/home@b", 0)
    };
    let mut package = stream(ByteOrder::HOST, &[piece(header.clone())]);
    // The end of a header has no running sum.
    let mut end = stream(ByteOrder::HOST, &[piece(End::default())]);
    let sum = crate::stream::fletcher::Implementation::fastest().sum(ByteOrder::HOST, &package);
    end[8..40].copy_from_slice(&sum.0.map(u64::to_ne_bytes).concat());
    end[280..].fill(0);
    package.extend_from_slice(&end);
    for _ in 0..100 {
        package.extend_from_slice(&stream(ByteOrder::HOST, &pieces()));
    }
    end[8..40].fill(0);
    package.extend_from_slice(&end);
    let contents = count(&package).unwrap();
    assert_eq!(contents.package, Some(header));
    assert_eq!((contents.streams, contents.begins.len()), (100, Contents::NAMED));
    assert_eq!(contents.objects.files, 100);
    #[cfg(feature = "serde")]
    crate::serial::tests::assert_survives(&contents);
}
