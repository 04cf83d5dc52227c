//! I compare the places of fields with OpenZFS's header, and the payload lengths with its macros.

use super::*;

/// Finds a value in a record's bytes: where each field lies.
fn places(record: impl Into<Record>, needles: &[&[u8]]) -> Vec<usize> {
    let bytes = record.into().write(ByteOrder::Big).unwrap();
    needles
        .iter()
        .map(|needle| bytes.windows(needle.len()).position(|window| window == *needle).unwrap())
        .collect()
}

#[test]
fn fields_lie_where_openzfs_has_them() {
    let begin = Begin {
        features: Features::RAW,
        creation_time: 0xa1,
        flags: BeginFlags::from_bits(0xa2),
        from_guid: Some(0xa3),
        payload_len: 0xa4,
        ..Begin::new("a@b", 0xa5)
    };
    let version_info = [0, 0, 0, 0, 4, 0, 0, 1];
    assert_eq!(
        places(
            begin,
            &[
                &[0xa4],
                &version_info,
                &[0xa1],
                &[0, 0, 0, 2, 0, 0, 0, 0xa2],
                &[0xa5],
                &[0xa3],
                b"a@b"
            ]
        ),
        [7, 16, 31, 32, 47, 55, 56]
    );
    let object = Object {
        block_size: 0xb1,
        dnode_slots: 0xb2,
        raw_bonus_len: 0xb3,
        to_guid: 0xb4,
        levels: 0xb5,
        max_block_id: 0xb6,
        ..Object::default()
    };
    assert_eq!(
        places(object, &[&[0xb1], &[0xb2], &[0xb3], &[0xb4], &[0xb5], &[0xb6]]),
        [27, 34, 39, 47, 49, 63]
    );
    let write = Write {
        offset: 0xc1,
        logical_size: 0xc2,
        compression: 0xc3,
        key_properties: 0xc4,
        compressed_size: 0xc5,
        salt: [0xc6; 8],
        iv: [0xc7; 12],
        mac: [0xc8; 16],
        ..Write::default()
    };
    assert_eq!(
        places(write, &[&[0xc1], &[0xc2], &[0xc3], &[0xc4], &[0xc5], &[0xc6], &[0xc7], &[0xc8]]),
        [31, 39, 50, 95, 103, 104, 112, 124]
    );
}

#[test]
fn fields_of_rarer_records_lie_where_openzfs_has_them() {
    let spill = Spill {
        length: 0xd1,
        flags: 0xd2,
        compressed_size: 0xd3,
        mac: [0xd4; 16],
        object_type: 0xd5,
        ..Spill::default()
    };
    assert_eq!(places(spill, &[&[0xd1], &[0xd2], &[0xd3], &[0xd4], &[0xd5]]), [23, 32, 47, 68, 87]);
    let embedded = WriteEmbedded {
        length: 0xe1,
        embedded_type: 0xe2,
        physical_size: 0xe3,
        ..WriteEmbedded::default()
    };
    assert_eq!(places(embedded, &[&[0xe1], &[0xe2], &[0xe3]]), [31, 41, 55]);
    let range = ObjectRange {
        slots: 0xf1,
        iv: [0xf2; 12],
        flags: 0xf3,
        ..ObjectRange::default()
    };
    assert_eq!(places(range, &[&[0xf1], &[0xf2], &[0xf3]]), [23, 40, 68]);
}

#[test]
fn payloads_are_as_long_as_the_records_say() {
    let length = |record: Record| record.payload_len();
    let write = Write {
        logical_size: 4096,
        compressed_size: 512,
        ..Write::default()
    };
    assert_eq!(
        (length(write.into()), length(Write { compression: 15, ..write }.into())),
        (4096, 512)
    );
    let object = Object {
        bonus_len: 169,
        ..Object::default()
    };
    assert_eq!(
        (
            length(object.into()),
            length(
                Object {
                    raw_bonus_len: 320,
                    ..object
                }
                .into()
            )
        ),
        (176, 320)
    );
    let spill = Spill {
        length: 512,
        ..Spill::default()
    };
    assert_eq!(
        (
            length(spill.into()),
            length(
                Spill {
                    compressed_size: 64,
                    ..spill
                }
                .into()
            )
        ),
        (512, 64)
    );
    assert_eq!(
        length(
            WriteEmbedded {
                physical_size: 57,
                ..WriteEmbedded::default()
            }
            .into()
        ),
        64
    );
    assert_eq!(
        length(
            WriteByRef {
                length: 4096,
                ..WriteByRef::default()
            }
            .into()
        ),
        0
    );
}
