//! I break each rule, and see that it is refused by record, field and value.

use std::collections::BTreeSet;

use super::streams::{
    GUID, Piece, begin, data, embedded, forge, forge_with, free, free_objects, object, package, plain, put, range, raw, redact, redacted,
    resuming, spill, write,
};
use super::{ORDERS, verify};
use crate::nvlist::NvList;
use crate::stream::record::{FreeObjects, Object, Write, WriteByRef};
use crate::stream::{BeginFlags, Features, Profile, Record, Refused, Rule};

/// A rule, a stream, what is changed in it, and what is said of it.
type Case = (Rule, fn() -> Vec<Piece>, fn(&mut Vec<Piece>), &'static str);

#[test]
fn each_rule_refuses_what_breaks_it() {
    let mut broken = BTreeSet::from(BY_OTHER_TESTS);
    for (rule, stream, edit, says) in CASES.iter().chain(ORDER).chain(OPENING) {
        let mut pieces = stream();
        edit(&mut pieces);
        for order in ORDERS {
            let refused = verify(&forge(order, &pieces), Profile::any()).expect_err(says);
            assert_eq!((refused.to_string().as_str(), refused.rule()), (*says, Some(*rule)));
        }
        broken.insert(*rule);
    }
    assert_eq!(Vec::from_iter(broken), Rule::ALL);
}

/// These are about bytes beside the fields, about what the caller wants, or about payloads.
const BY_OTHER_TESTS: [Rule; 14] = [
    Rule::RecordLength,
    Rule::RecordFiller,
    Rule::RecordPad,
    Rule::GateTarget,
    Rule::GateBase,
    Rule::GateType,
    Rule::GateRaw,
    Rule::GatePackage,
    Rule::BonusAttributes,
    Rule::RawOrder,
    Rule::VolumeObjects,
    Rule::VolumeKept,
    Rule::VolumeSize,
    Rule::VolumeWhole,
];

/// Every byte that no field has, in every record of every kind.
#[test]
fn bytes_beside_the_fields_are_zero() {
    let mut found = BTreeSet::new();
    for order in ORDERS {
        for pieces in [plain(), raw(), redacted()] {
            let good = forge(order, &pieces);
            for (index, (record, _)) in pieces.iter().enumerate() {
                for at in 4..280 {
                    let stream = forge_with(order, &pieces, |edited, bytes| {
                        if edited == index {
                            bytes[at] ^= 1;
                        }
                    });
                    if let Err(Refused::Breach(breach)) = verify(&stream, Profile::any())
                        && matches!(breach.found.rule, Rule::RecordLength | Rule::RecordFiller | Rule::RecordPad)
                    {
                        assert_eq!(
                            (breach.record, breach.record_type),
                            (u64::try_from(index).unwrap(), record.record_type())
                        );
                        found.insert((breach.record_type.name(), breach.found.rule));
                    } else if at >= 8 + record.fields_len() {
                        panic!("byte {at} of {} counts for nothing", record.record_type());
                    }
                }
            }
            assert!(verify(&good, Profile::any()).is_ok());
        }
    }
    let with = |rule: Rule| found.iter().filter(|(_, known)| *known == rule).count();
    // BEGIN's frame says a length, END's fields are followed by filler too; five types have reserved fields.
    assert_eq!(
        (with(Rule::RecordLength), with(Rule::RecordFiller), with(Rule::RecordPad)),
        (9, 10, 5)
    );
}

fn set_payload(pieces: &mut [Piece], list: &NvList) {
    pieces[0].1 = list.encode_native().unwrap();
}

fn set_key(pieces: &mut [Piece], name: &str, number: u64) {
    set_payload(pieces, &NvList::new().with("crypt_keydata", NvList::new().with(name, number)));
}

fn second_object(pieces: &mut [Piece]) -> &mut Object {
    let found = pieces.iter_mut().rev().find_map(|(record, _)| match record {
        Record::Object(object) => Some(object),
        _ => None,
    });
    found.unwrap()
}

fn second_write(pieces: &mut [Piece]) -> &mut Write {
    let mut found = pieces.iter_mut().filter_map(|(record, _)| match record {
        Record::Write(write) => Some(write),
        _ => None,
    });
    found.nth(1).unwrap()
}

const OPENING: &[Case] = &[
    (
        Rule::BeginReserved,
        plain,
        |p| begin(p).reserved = 1,
        "record 0: BEGIN: reserved bits 1 is not 0",
    ),
    (
        Rule::BeginFeatures,
        plain,
        |p| begin(p).features = Features::DEDUP,
        "record 0: BEGIN: features 0x1 has bits outside 0x3ffb0004",
    ),
    (
        Rule::BeginMicrozap,
        redacted,
        |p| begin(p).features = Features::REDACTED.with(Features::LARGE_MICROZAP),
        "record 0: BEGIN: features 538968064 needs the feature large_blocks",
    ),
    (
        Rule::BeginObjset,
        plain,
        |p| begin(p).objset = 4.into(),
        "record 0: BEGIN: type of the dataset 4 is not known",
    ),
    (
        Rule::BeginFlags,
        plain,
        |p| begin(p).flags = BeginFlags::from_bits(16),
        "record 0: BEGIN: flags 0x10 has bits outside 0xf",
    ),
    (
        Rule::BeginGuid,
        plain,
        |p| begin(p).to_guid = 0,
        "record 0: BEGIN: GUID 0 is below 1",
    ),
    (
        Rule::BeginGuid,
        package,
        |p| begin(p).to_guid = 5,
        "record 0: BEGIN: GUID 5 is not 0",
    ),
    (
        Rule::BeginBase,
        plain,
        |p| begin(p).from_guid = Some(5),
        "record 0: BEGIN: GUID of the base 5 is refused",
    ),
    (
        Rule::BeginBase,
        plain,
        |p| {
            begin(p).from_guid = None;
            begin(p).flags = BeginFlags::CLONE;
        },
        "record 0: BEGIN: GUID of the base 0 is below 1",
    ),
    (
        Rule::BeginBase,
        package,
        |p| begin(p).from_guid = Some(5),
        "record 0: BEGIN: GUID of the base 5 is not 0",
    ),
    (
        Rule::BeginName,
        plain,
        |p| begin(p).to_name = "tank/../x@a".into(),
        "record 0: BEGIN: name is malformed at byte 0",
    ),
    (
        Rule::BeginName,
        plain,
        |p| begin(p).to_name = "tank/home".into(),
        "record 0: BEGIN: name is malformed at byte 0",
    ),
    (
        Rule::BeginLength,
        plain,
        |p| begin(p).payload_len = 1_048_580,
        "record 0: BEGIN: length of the payload 1048580 exceeds 1048576",
    ),
    (
        Rule::BeginLength,
        package,
        |p| begin(p).payload_len = 67_108_868,
        "record 0: BEGIN: length of the payload 67108868 exceeds 67108864",
    ),
    (
        Rule::BeginPayload,
        plain,
        |p| p[0].1 = vec![7; 16],
        "record 0: BEGIN: payload is malformed at byte 0",
    ),
    (
        Rule::BeginKeys,
        plain,
        |p| set_payload(p, &NvList::new().with("book_resume", 1_u64)),
        "record 0: BEGIN: pair of the payload 0 is not known",
    ),
    (
        Rule::BeginKeys,
        resuming,
        |p| set_payload(p, &NvList::new().with("resume_object", 7_u32)),
        "record 0: BEGIN: resume_object is malformed at byte 0",
    ),
    (Rule::BeginRaw, raw, |p| p[0].1.clear(), "record 0: BEGIN: crypt_keydata is missing"),
    (
        Rule::BeginRaw,
        raw,
        |p| begin(p).features = Features::COMPRESSED,
        "record 0: BEGIN: crypt_keydata 1 needs the feature raw",
    ),
    (
        Rule::RawMetadnode,
        raw,
        |p| set_key(p, "mdn_blksz", 512),
        "record 0: BEGIN: mdn_blksz 512 is below 16384",
    ),
    (
        Rule::RawMetadnode,
        raw,
        |p| set_key(p, "mdn_checksum", 5),
        "record 0: BEGIN: mdn_checksum 5 is refused",
    ),
    (
        Rule::RawMetadnode,
        raw,
        |p| set_key(p, "mdn_nlevels", 7),
        "record 0: BEGIN: mdn_nlevels 7 exceeds 6",
    ),
    (
        Rule::RawMetadnode,
        raw,
        |p| set_key(p, "mdn_maxblkid", 1 << 43),
        "record 0: BEGIN: mdn_maxblkid 8796093022208 exceeds 8796093022207",
    ),
    (
        Rule::BeginRawSpill,
        raw,
        |p| begin(p).flags = BeginFlags::empty(),
        "record 0: BEGIN: flags 0 contradicts the feature raw",
    ),
    (
        Rule::BeginResuming,
        resuming,
        |p| set_payload(p, &NvList::new().with("resume_object", 7_u64)),
        "record 0: BEGIN: resume_offset is missing",
    ),
    (
        Rule::BeginResuming,
        resuming,
        |p| set_payload(p, &NvList::new().with("resume_object", 1_u64 << 48).with("resume_offset", 0_u64)),
        "record 0: BEGIN: resume_object 281474976710656 exceeds 281474976710655",
    ),
    (
        Rule::BeginRedacted,
        redacted,
        |p| p[0].1.clear(),
        "record 0: BEGIN: redact_snaps is missing",
    ),
    (
        Rule::BeginRedacted,
        redacted,
        |p| begin(p).features = Features::empty(),
        "record 0: BEGIN: redact_snaps 1 needs the feature redacted",
    ),
];

const CASES: &[Case] = &[
    (Rule::RecordGuid, plain, |p| free(p).to_guid = 6, "record 3: FREE: GUID 6 is not 5"),
    (
        Rule::WriteByRef,
        plain,
        |p| {
            let by_ref = WriteByRef {
                object: 7,
                to_guid: 5,
                ..WriteByRef::default()
            };
            p[6] = (by_ref.into(), vec![]);
        },
        "record 6: WRITE_BYREF: object 7 is refused",
    ),
    (
        Rule::ObjectNumber,
        plain,
        |p| object(p).object = 0,
        "record 2: OBJECT: object 0 is below 1",
    ),
    (
        Rule::ObjectNumber,
        plain,
        |p| write(p).object = 1 << 48,
        "record 4: WRITE: object 281474976710656 exceeds 281474976710655",
    ),
    (
        Rule::ObjectType,
        plain,
        |p| object(p).object_type = 10,
        "record 2: OBJECT: type 10 is not known",
    ),
    (
        Rule::ObjectType,
        plain,
        |p| object(p).bonus_type = 0x8a,
        "record 2: OBJECT: type of the bonus buffer 138 is not known",
    ),
    (
        Rule::ObjectType,
        plain,
        |p| write(p).object_type = 54,
        "record 4: WRITE: type 54 is not known",
    ),
    (
        Rule::BlockSize,
        plain,
        |p| object(p).block_size = 0,
        "record 2: OBJECT: block size 0 is below 512",
    ),
    (
        Rule::BlockSize,
        plain,
        |p| object(p).block_size = 1000,
        "record 2: OBJECT: block size 1000 is not a multiple of 512",
    ),
    (
        Rule::BlockSize,
        plain,
        |p| write(p).logical_size = 16_777_728,
        "record 4: WRITE: logical size 16777728 exceeds 16777216",
    ),
    (
        Rule::BlockSize,
        plain,
        |p| spill(p).length = 513,
        "record 7: SPILL: length 513 is not a multiple of 512",
    ),
    (
        Rule::LargeBlock,
        redacted,
        |p| object(p).block_size = 131_584,
        "record 1: OBJECT: block size 131584 needs the feature large_blocks",
    ),
    (
        Rule::Offset,
        plain,
        |p| write(p).offset = 100,
        "record 4: WRITE: offset 100 is not a multiple of 512",
    ),
    (
        Rule::Extent,
        plain,
        |p| write(p).offset = u64::MAX - 511,
        "record 4: WRITE: length 1024 goes past the end of 64 bits",
    ),
    (
        Rule::Extent,
        plain,
        |p| free(p).length = u64::MAX - 1,
        "record 3: FREE: length 18446744073709551614 goes past the end of 64 bits",
    ),
    (
        Rule::Extent,
        redacted,
        |p| redact(p).offset = u64::MAX,
        "record 2: REDACT: length 1024 goes past the end of 64 bits",
    ),
    (
        Rule::Extent,
        plain,
        // Where OpenZFS puts a spill block that it takes for data.
        |p| embedded(p).offset = 0_u64.wrapping_sub(2 * 1024),
        "record 6: WRITE_EMBEDDED: offset 18446744073709549568 exceeds 9223372036854774784",
    ),
    (
        Rule::Checksum,
        plain,
        |p| object(p).checksum_type = 15,
        "record 2: OBJECT: checksum algorithm 15 exceeds 14",
    ),
    (
        Rule::Checksum,
        plain,
        |p| object(p).checksum_type = 3,
        "record 2: OBJECT: checksum algorithm 3 is refused",
    ),
    (
        Rule::Checksum,
        plain,
        |p| write(p).checksum_type = 255,
        "record 4: WRITE: checksum algorithm 255 exceeds 14",
    ),
    (
        Rule::Compression,
        plain,
        |p| object(p).compression = 17,
        "record 2: OBJECT: compression 17 exceeds 16",
    ),
    (
        Rule::Compression,
        plain,
        |p| write(p).compression = 2,
        "record 4: WRITE: compression 2 is not known",
    ),
    (
        Rule::Compression,
        raw,
        |p| write(p).compression = 0,
        "record 3: WRITE: compression 0 is below 2",
    ),
    (
        Rule::Compression,
        raw,
        |p| spill(p).compression = 17,
        "record 4: SPILL: compression 17 is not known",
    ),
    (
        Rule::Compression,
        plain,
        |p| embedded(p).compression = 4,
        "record 6: WRITE_EMBEDDED: compression 4 is not known",
    ),
    (
        Rule::CompressionFeature,
        plain,
        |p| embedded(p).compression = 16,
        "record 6: WRITE_EMBEDDED: compression 16 needs the feature zstd",
    ),
    (
        Rule::CompressionFeature,
        redacted,
        |p| {
            let last = p.len() - 1;
            let mut compressed = data(7, 1024);
            compressed.compression = 5;
            p.truncate(last);
            put(p, compressed);
        },
        "record 3: WRITE: compression 5 needs the feature compressed",
    ),
    (
        Rule::CompressedSize,
        plain,
        |p| write(p).compressed_size = 512,
        "record 4: WRITE: compressed size 512 is not 0",
    ),
    (
        Rule::CompressedSize,
        raw,
        |p| write(p).compressed_size = 1536,
        "record 3: WRITE: compressed size 1536 exceeds 1024",
    ),
    (
        Rule::CompressedSize,
        raw,
        |p| write(p).compressed_size = 512,
        "record 3: WRITE: compressed size 512 is not 1024",
    ),
    (
        Rule::CompressedSize,
        raw,
        |p| spill(p).compressed_size = 0,
        "record 4: SPILL: compressed size 0 is below 512",
    ),
    (
        Rule::PlainCrypto,
        plain,
        |p| write(p).salt[3] = 1,
        "record 4: WRITE: salt is malformed at byte 3",
    ),
    (
        Rule::PlainCrypto,
        plain,
        |p| spill(p).mac[15] = 1,
        "record 7: SPILL: authentication code is malformed at byte 15",
    ),
    (
        Rule::RecordFlags,
        plain,
        |p| write(p).flags = 2,
        "record 4: WRITE: flags 0x2 has bits outside 0x1",
    ),
    (
        Rule::RecordFlags,
        raw,
        |p| range(p).flags = 1,
        "record 1: OBJECT_RANGE: flags 0x1 has bits outside 0x2",
    ),
    (
        Rule::RecordFlags,
        plain,
        |p| object(p).flags = 2,
        "record 2: OBJECT: flags 0x2 has bits outside 0x4",
    ),
    (
        Rule::BonusPair,
        plain,
        |p| object(p).bonus_len = 0,
        "record 2: OBJECT: bonus length 0 is below 1",
    ),
    (
        Rule::BonusPair,
        plain,
        |p| object(p).bonus_type = 0,
        "record 2: OBJECT: bonus length 164 exceeds 0",
    ),
    (
        Rule::DnodeSlots,
        plain,
        |p| object(p).dnode_slots = 33,
        "record 2: OBJECT: slots 33 exceeds 32",
    ),
    (
        Rule::DnodeSlots,
        plain,
        |p| object(p).dnode_slots = 26,
        "record 2: OBJECT: slots 26 exceeds 25",
    ),
    (
        Rule::DnodeSlots,
        redacted,
        |p| object(p).dnode_slots = 2,
        "record 1: OBJECT: slots 2 needs the feature large_dnode",
    ),
    (
        Rule::BonusLength,
        plain,
        |p| object(p).bonus_len = 193,
        "record 2: OBJECT: bonus length 193 exceeds 192",
    ),
    (
        Rule::SpillFlag,
        plain,
        |p| begin(p).flags = BeginFlags::empty(),
        "record 2: OBJECT: flags 4 was not announced by OBJECT",
    ),
    (
        Rule::ObjectPlain,
        plain,
        |p| object(p).levels = 1,
        "record 2: OBJECT: levels 1 is not 0",
    ),
    (
        Rule::ObjectPlain,
        plain,
        |p| object(p).max_block_id = 1,
        "record 2: OBJECT: last block 1 is not 0",
    ),
    (
        Rule::RawBonus,
        raw,
        |p| object(p).raw_bonus_len = 320,
        "record 2: OBJECT: raw bonus length 320 is not 192",
    ),
    (
        Rule::RawPointers,
        raw,
        |p| object(p).block_pointers = 3,
        "record 2: OBJECT: block pointers 3 is not 1",
    ),
    (
        Rule::RawIndirect,
        raw,
        |p| object(p).indirect_block_shift = 63,
        "record 2: OBJECT: shift of indirect blocks 63 is not 17",
    ),
    (
        Rule::RawLevels,
        raw,
        |p| object(p).levels = 13,
        "record 2: OBJECT: levels 13 exceeds 12",
    ),
    (
        Rule::RawLevels,
        raw,
        |p| object(p).levels = 8,
        "record 2: OBJECT: levels 8 is refused",
    ),
    (
        Rule::RawLevels,
        raw,
        |p| object(p).max_block_id = 1024,
        "record 2: OBJECT: levels 2 is below 3",
    ),
    (
        Rule::RawLastBlock,
        raw,
        |p| {
            object(p).levels = 7;
            object(p).max_block_id = (1 << 54) - 1 + (1 << 50);
        },
        "record 2: OBJECT: last block 19140298416324607 goes past the end of 64 bits",
    ),
    (
        Rule::MetadataCompressed,
        plain,
        |p| second_write(p).object_type = 20,
        "record 5: WRITE: type 20 is refused",
    ),
    (
        Rule::SpillFeature,
        plain,
        |p| begin(p).features = begin(p).features.without(Features::SA_SPILL),
        "record 7: SPILL: object 7 needs the feature sa_spill",
    ),
    (
        Rule::SpillCompression,
        plain,
        |p| spill(p).compression = 15,
        "record 7: SPILL: compression 15 is not 0",
    ),
    (
        Rule::SpillType,
        plain,
        |p| spill(p).object_type = 19,
        "record 7: SPILL: type 19 is not known",
    ),
    (
        Rule::EmbeddedFeature,
        plain,
        |p| begin(p).features = begin(p).features.without(Features::EMBED_DATA),
        "record 6: WRITE_EMBEDDED: object 7 needs the feature embed_data",
    ),
    (
        Rule::EmbeddedKind,
        plain,
        |p| embedded(p).embedded_type = 1,
        "record 6: WRITE_EMBEDDED: kind 1 is not 0",
    ),
    (
        Rule::EmbeddedSize,
        plain,
        |p| embedded(p).physical_size = 113,
        "record 6: WRITE_EMBEDDED: physical size 113 exceeds 112",
    ),
    (
        Rule::EmbeddedSize,
        plain,
        |p| embedded(p).logical_size = 512,
        "record 6: WRITE_EMBEDDED: logical size 512 is not 1024",
    ),
    (
        Rule::RedactFeature,
        plain,
        |p| {
            let mark = redacted().swap_remove(2);
            p[6] = mark;
        },
        "record 6: REDACT: length 1024 needs the feature redacted",
    ),
    (
        Rule::RedactFeature,
        redacted,
        |p| redact(p).length = 0,
        "record 2: REDACT: length 0 is below 1",
    ),
    (
        Rule::FreeLength,
        plain,
        |p| free(p).length = 0,
        "record 3: FREE: length 0 is below 1",
    ),
    (
        Rule::FreeObjectsRange,
        plain,
        |p| free_objects(p).count = 0,
        "record 1: FREEOBJECTS: count 0 is below 1",
    ),
    (
        Rule::FreeObjectsRange,
        plain,
        |p| free_objects(p).first_object = u64::MAX,
        "record 1: FREEOBJECTS: first object 18446744073709551615 exceeds 281474976710656",
    ),
    (
        Rule::FreeObjectsRange,
        plain,
        |p| free_objects(p).count = u64::MAX - 1,
        "record 1: FREEOBJECTS: count 18446744073709551614 exceeds 281474976710656",
    ),
    (
        Rule::RangeRaw,
        plain,
        |p| p[1] = raw().swap_remove(1),
        "record 1: OBJECT_RANGE: first object 0 needs the feature raw",
    ),
    (
        Rule::RangeShape,
        raw,
        |p| range(p).slots = 64,
        "record 1: OBJECT_RANGE: slots 64 is not 32",
    ),
    (
        Rule::RangeShape,
        raw,
        |p| range(p).first_object = 8,
        "record 1: OBJECT_RANGE: first object 8 is not a multiple of 32",
    ),
];

const ORDER: &[Case] = &[
    (
        Rule::ObjectInRange,
        raw,
        |p| object(p).object = 32,
        "record 2: OBJECT: object 32 was not announced by OBJECT",
    ),
    (
        Rule::SpillAnnounced,
        plain,
        |p| object(p).flags = 0,
        "record 7: SPILL: object 7 was not announced by OBJECT",
    ),
    (
        Rule::SpillAnnounced,
        plain,
        |p| spill(p).object = 6,
        "record 7: SPILL: object 6 was not announced by OBJECT",
    ),
    (
        Rule::OrderObject,
        plain,
        |p| second_object(p).object = 7,
        "record 8: OBJECT: object 7 is below 8",
    ),
    (
        Rule::OrderRange,
        raw,
        |p| {
            let again = p[1].clone();
            p.insert(2, again);
        },
        "record 2: OBJECT_RANGE: first object 0 is below 32",
    ),
    (
        Rule::OrderFreeObjects,
        plain,
        |p| {
            let free = p.remove(1);
            p.insert(3, free);
        },
        "record 3: FREEOBJECTS: first object 0 is below 8",
    ),
    (
        Rule::OrderFreeObjects,
        resuming,
        |p| {
            let free = FreeObjects {
                first_object: 7,
                count: 1,
                to_guid: GUID,
            };
            p.insert(2, (free.into(), Vec::new()));
        },
        "record 2: FREEOBJECTS: first object 7 is below 8",
    ),
    (Rule::OrderData, plain, |p| p.swap(4, 5), "record 5: WRITE: offset 0 is below 2048"),
    (
        Rule::OrderData,
        plain,
        |p| {
            let free = p.remove(3);
            p.insert(6, free);
            self::free(p).offset = 0;
        },
        "record 6: FREE: offset 0 is below 3072",
    ),
    (
        Rule::OrderData,
        resuming,
        |p| write(p).offset = 3072,
        "record 1: WRITE: offset 3072 is below 4096",
    ),
    (
        Rule::DataAnnounced,
        plain,
        |p| write(p).object = 8,
        "record 4: WRITE: object 8 was not announced by OBJECT",
    ),
    (
        Rule::DataAnnounced,
        resuming,
        |p| write(p).object = 8,
        "record 1: WRITE: object 8 was not announced by OBJECT",
    ),
    (
        Rule::DataType,
        plain,
        |p| write(p).object_type = 20,
        "record 4: WRITE: type 20 is not 19",
    ),
    (
        Rule::DataBlock,
        plain,
        |p| object(p).block_size = 512,
        "record 4: WRITE: logical size 1024 is not 512",
    ),
    (
        Rule::DataBlock,
        plain,
        |p| write(p).offset = 512,
        "record 4: WRITE: offset 512 is not a multiple of 1024",
    ),
];
