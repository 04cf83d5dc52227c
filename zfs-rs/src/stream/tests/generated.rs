//! I make up streams at random and see what no example thought of.

use proptest::array::uniform;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn any_order() -> impl Strategy<Value = ByteOrder> {
    prop_oneof![Just(ByteOrder::Little), Just(ByteOrder::Big)]
}

fn any_sum() -> impl Strategy<Value = Checksum> {
    any::<[u64; 4]>().prop_map(Checksum)
}

prop_compose! {
    fn any_object()(n in any::<[u64; 3]>(), w in any::<[u32; 3]>(), bonus_len in 0u32..64, b in any::<[u8; 7]>(), reserved in any::<[u8; 5]>()) -> Object {
        Object {
            object: n[0], to_guid: n[1], max_block_id: n[2], object_type: w[0], bonus_type: w[1], block_size: w[2], bonus_len, raw_bonus_len: 0,
            checksum_type: b[0], compression: b[1], dnode_slots: b[2], flags: b[3], indirect_block_shift: b[4], levels: b[5], block_pointers: b[6], reserved,
        }
    }
}

prop_compose! {
    fn any_write()(
        n in any::<[u64; 5]>(), compressed_size in (0u64..32).prop_map(|words| words * 4), object_type in any::<u32>(), b in any::<[u8; 2]>(),
        reserved in any::<[u8; 4]>(), reserved2 in any::<[u8; 5]>(), key in any_sum(), salt in any::<[u8; 8]>(), iv in uniform::<_, 12>(any::<u8>()), mac in any::<[u8; 16]>(),
    ) -> Write {
        Write {
            object: n[0], object_type, reserved, offset: n[1], logical_size: n[2], to_guid: n[3], checksum_type: b[0], flags: b[1], compression: 15,
            reserved2, key, key_properties: n[4], compressed_size, salt, iv, mac,
        }
    }
}

fn any_record() -> impl Strategy<Value = Record> {
    let ranges = any::<[u64; 4]>();
    prop_oneof![
        any_object().prop_map(Record::from),
        any_write().prop_map(Record::from),
        any::<[u64; 3]>().prop_map(|n| FreeObjects {
            first_object: n[0],
            count: n[1],
            to_guid: n[2]
        }
        .into()),
        ranges.prop_map(|n| Free {
            object: n[0],
            offset: n[1],
            length: n[2],
            to_guid: n[3]
        }
        .into()),
        any::<[u64; 4]>().prop_map(|n| Redact {
            object: n[0],
            offset: n[1],
            length: n[2],
            to_guid: n[3]
        }
        .into()),
        (any::<[u64; 8]>(), any_sum()).prop_map(|(n, key)| {
            WriteByRef {
                object: n[0],
                offset: n[1],
                length: n[2],
                to_guid: n[3],
                ref_guid: n[4],
                ref_object: n[5],
                key,
                key_properties: n[6],
                ref_offset: n[7],
                ..WriteByRef::default()
            }
            .into()
        }),
        any_rarer_record(),
    ]
}

fn any_rarer_record() -> impl Strategy<Value = Record> {
    prop_oneof![
        (any::<[u64; 3]>(), 1u64..32, any::<[u8; 16]>()).prop_map(|(n, words, mac)| {
            Spill {
                object: n[0],
                length: n[1],
                to_guid: n[2],
                compressed_size: words * 4,
                mac,
                object_type: 9,
                ..Spill::default()
            }
            .into()
        }),
        (any::<[u64; 4]>(), 0u32..113, any::<u32>()).prop_map(|(n, physical_size, logical_size)| {
            WriteEmbedded {
                object: n[0],
                offset: n[1],
                length: n[2],
                to_guid: n[3],
                physical_size,
                logical_size,
                ..WriteEmbedded::default()
            }
            .into()
        }),
        (any::<[u64; 3]>(), any::<[u8; 8]>()).prop_map(|(n, salt)| ObjectRange {
            first_object: n[0],
            slots: n[1],
            to_guid: n[2],
            salt,
            ..ObjectRange::default()
        }
        .into()),
    ]
}

fn any_piece() -> impl Strategy<Value = Piece> {
    (any_record(), vec(any::<u8>(), 256)).prop_map(|(record, bytes)| {
        let length = usize::try_from(record.payload_len()).unwrap();
        (record, bytes[..length].to_vec())
    })
}

fn any_stream() -> impl Strategy<Value = Vec<Piece>> {
    (vec(any_piece(), 0..12), vec(any::<[u8; 4]>(), 0..20)).prop_map(|(mut pieces, payload)| {
        pieces.insert(
            0,
            (
                Begin {
                    payload_len: u32::try_from(payload.len() * 4).unwrap(),
                    ..Begin::new("a/b@c", GUID)
                }
                .into(),
                payload.concat(),
            ),
        );
        pieces.push((
            End {
                to_guid: GUID,
                ..End::default()
            }
            .into(),
            vec![],
        ));
        pieces
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_however_it_is_cut(order in any_order(), stream in any_stream(), cuts in vec(0usize..700, 0..20)) {
        let bytes = write(order, &stream);
        let (mut pieces, summary) = read(&bytes, &cuts).unwrap();
        prop_assert_eq!(summary.bytes, u64::try_from(bytes.len()).unwrap());
        // The end's sum is the writer's.
        let (Some((Record::End(end), _)), Some((last, _))) = (pieces.pop(), stream.last()) else { panic!("no end") };
        prop_assert_eq!(last.to_guid(), end.to_guid);
        prop_assert_eq!(&pieces, &stream[..stream.len() - 1]);
    }

    #[test]
    fn what_was_read_is_written_as_it_was(order in any_order(), streams in vec(any_stream(), 0..4), words in vec(any::<[u8; 4]>(), 0..9)) {
        for bytes in streams.iter().map(|stream| write(order, stream)) {
            prop_assert_eq!(write(order, &read(&bytes, &[]).unwrap().0), bytes);
        }
        let bytes = package_of(package_header(words.concat()), &streams, order);
        prop_assert_eq!(write(order, &read(&bytes, &[]).unwrap().0), bytes);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn what_serde_writes_comes_back(record in any_record(), stream in any_stream()) {
        crate::serial::tests::assert_survives(&record);
        crate::serial::tests::assert_survives(&read(&write(ByteOrder::HOST, &stream), &[]).unwrap().1);
    }

    #[test]
    fn no_changed_byte_passes(order in any_order(), stream in any_stream(), at in any::<prop::sample::Index>(), flip in 1u8..) {
        let mut bytes = write(order, &stream);
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        prop_assert!(read(&bytes, &[]).is_err());
    }

    #[test]
    fn no_cut_stream_passes(order in any_order(), stream in any_stream(), at in any::<prop::sample::Index>()) {
        let bytes = write(order, &stream);
        prop_assert_eq!(fault(&bytes[..at.index(bytes.len())]), Fault::Truncated);
    }

    #[test]
    fn noise_never_panics(noise in vec(any::<u8>(), 0..2000), bytes in vec(any::<u8>(), RECORD_SIZE), kind in 0u8..12) {
        prop_assert!(read(&noise, &[]).is_err());
        let begin = write(ByteOrder::Little, &[(Begin::new("a@b", GUID).into(), vec![])]);
        prop_assert!(read(&[begin, noise].concat(), &[]).is_err());
        let mut bytes: RecordBytes = bytes.try_into().unwrap();
        bytes[..4].copy_from_slice(&[kind, 0, 0, 0]);
        if let Ok(record) = Record::read(&bytes, ByteOrder::Little) {
            let _length = record.payload_len();
            prop_assert_eq!(Record::read(&record.write(ByteOrder::Big).unwrap(), ByteOrder::Big), Ok(record));
        }
    }
}
