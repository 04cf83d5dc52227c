//! I hold on to what mutants of streams found: what was let through and should not be, and the other way round.

use super::streams::{PLAIN_FEATURES, Piece, begin, data, embedded, forge, object, plain, put, raw, redact, redacted, resuming, write};
use super::{ORDERS, verify};
use crate::nvlist::NvList;
use crate::stream::record::{Spill, WriteEmbedded};
use crate::stream::{BeginFlags, Features, Profile, Rule};

fn broken(pieces: &[Piece]) -> Option<Rule> {
    let [little, big] = ORDERS.map(|order| verify(&forge(order, pieces), Profile::any()).err().map(|refused| refused.rule()));
    assert_eq!(little, big);
    little.map(|rule| rule.expect("a breach"))
}

/// Objects of large blocks, in a stream that may not have any.
fn in_pieces() -> Vec<Piece> {
    let mut pieces = plain();
    begin(&mut pieces).features = PLAIN_FEATURES.without(Features::LARGE_BLOCKS);
    object(&mut pieces).block_size = 128 << 10;
    pieces.retain(|(record, _)| !matches!(record.range(), Some((offset, _)) if offset != 0));
    pieces
}

#[test]
fn a_piece_of_a_large_block_starts_at_its_place() {
    assert_eq!(broken(&in_pieces()), None);
    let mut pieces = in_pieces();
    write(&mut pieces).offset = 1024;
    assert_eq!(broken(&pieces), Some(Rule::DataBlock));
}

#[test]
fn an_embedded_block_is_never_a_piece() {
    let mut pieces = in_pieces();
    let end = pieces.pop();
    // The SPILL and the OBJECT behind it belong to no data.
    pieces.truncate(pieces.len() - 2);
    let record = WriteEmbedded {
        offset: 128 << 10,
        ..*embedded(&mut plain())
    };
    put(&mut pieces, record);
    pieces.extend(end);
    assert_eq!(broken(&pieces), Some(Rule::DataBlock));
}

#[test]
fn a_raw_block_is_never_a_piece() {
    let mut pieces = raw();
    object(&mut pieces).block_size = 128 << 10;
    assert_eq!(broken(&pieces), Some(Rule::DataBlock));
}

#[test]
fn a_spill_block_has_its_object_in_every_stream() {
    for filling_in in [false, true] {
        let mut pieces = resuming();
        let features = begin(&mut pieces).features.with(Features::SA_SPILL);
        begin(&mut pieces).features = features;
        if filling_in {
            let list = NvList::new().with("redact_from_snaps", vec![9_u64]);
            begin(&mut pieces).features = Features::SA_SPILL;
            pieces[0].1 = list.encode_native().unwrap();
            begin(&mut pieces).payload_len = 0;
        }
        assert_eq!(broken(&pieces), None);
        let end = pieces.pop();
        let spill = Spill {
            object: 7,
            length: 512,
            to_guid: data(7, 0).to_guid,
            ..Spill::default()
        };
        put(&mut pieces, spill);
        pieces.extend(end);
        assert_eq!(broken(&pieces), Some(Rule::SpillAnnounced));
    }
}

#[test]
fn a_list_says_that_its_names_are_unique() {
    for flags in [0, 2, 3, 1 << 31 | 1] {
        let mut pieces = redacted();
        let order = crate::stream::ByteOrder::HOST;
        // Behind the four bytes that say how it is encoded, and its version.
        pieces[0].1[8..12].copy_from_slice(&order.u32_bytes(flags));
        assert_eq!(broken(&pieces), Some(Rule::BeginPayload), "{flags}");
    }
}

#[test]
fn a_stream_goes_on_with_an_object() {
    let mut pieces = resuming();
    let list = NvList::new().with("resume_object", 0_u64).with("resume_offset", 4096_u64);
    pieces[0].1 = list.encode_native().unwrap();
    assert_eq!(broken(&pieces), Some(Rule::BeginResuming));
}

#[test]
fn no_redact_goes_to_the_end() {
    let mut pieces = redacted();
    redact(&mut pieces).length = u64::MAX;
    assert_eq!(broken(&pieces), Some(Rule::Extent));
    redact(&mut pieces).length = u64::MAX - 1023;
    assert_eq!(broken(&pieces), None);
}

#[test]
fn blocks_of_deduplication_are_data() {
    let mut pieces = plain();
    object(&mut pieces).object_type = 49;
    for (record, _) in &mut pieces {
        if let crate::stream::Record::Write(write) = record {
            write.object_type = 49;
        }
    }
    assert_eq!(broken(&pieces), None);
}

/// Only system attributes take all the room that a large dnode has for block pointers.
#[test]
fn a_large_raw_dnode_has_three_block_pointers() {
    let mut pieces = raw();
    let features = begin(&mut pieces).features.with(Features::LARGE_DNODE);
    begin(&mut pieces).features = features;
    let object = object(&mut pieces);
    (object.dnode_slots, object.flags) = (2, 0);
    (object.bonus_type, object.bonus_len) = (17, 264);
    (object.block_pointers, object.raw_bonus_len) = (3, 2 * 512 - 64 - 3 * 128);
    pieces[2].1 = vec![7; 576];
    // The SPILL, which it says no more to have.
    pieces.remove(4);
    assert_eq!(broken(&pieces), None);
    super::streams::object(&mut pieces).block_pointers = 1;
    assert_eq!(broken(&pieces), Some(Rule::RawPointers));
}

#[test]
fn what_is_free_is_whole_blocks_or_all_to_the_end() {
    let with = |offset, length| {
        let mut pieces = plain();
        let free = super::streams::free(&mut pieces);
        (free.offset, free.length) = (offset, length);
        // Nothing is written before what is free.
        pieces.drain(4..7);
        broken(&pieces)
    };
    for (offset, length) in [(4096, 1024), (4096, u64::MAX), (4096, u64::MAX - 4096)] {
        assert_eq!(with(offset, length), None, "{offset} {length}");
    }
    for (offset, length) in [(4097, 1024), (4096, 1000), (4095, u64::MAX)] {
        assert_eq!(with(offset, length), Some(Rule::Offset), "{offset} {length}");
    }
    for (offset, length) in [(4608, 1024), (4096, 512), (512, u64::MAX)] {
        assert_eq!(with(offset, length), Some(Rule::DataBlock), "{offset} {length}");
    }
    let mut pieces = redacted();
    redact(&mut pieces).length = 512;
    assert_eq!(broken(&pieces), Some(Rule::DataBlock));
}

/// A kernel frees twice what it is told to free and to write, and panics.
#[test]
fn what_is_free_is_not_written_nor_made_anew() {
    let mut pieces = plain();
    super::streams::free(&mut pieces).length = 1024;
    assert_eq!(broken(&pieces), Some(Rule::OrderData));
    let mut pieces = plain();
    super::streams::free(&mut pieces).object = 6;
    assert_eq!(broken(&pieces), Some(Rule::DataAnnounced));
    let mut pieces = resuming();
    write(&mut pieces).object = 9;
    let payload = NvList::new().with("resume_object", 9_u64).with("resume_offset", 4096_u64);
    pieces[0].1 = payload.encode_native().unwrap();
    assert_eq!(broken(&pieces), None);
    let end = pieces.pop();
    let made = *object(&mut plain());
    put(
        &mut pieces,
        crate::stream::record::Object {
            object: 9,
            flags: 0,
            ..made
        },
    );
    pieces.extend(end);
    assert_eq!(broken(&pieces), Some(Rule::OrderObject));
}

/// Old senders do not say that an object has a spill block; the dnode needs its pointer all the same.
#[test]
fn a_spill_block_has_room_for_its_pointer_and_a_filesystem() {
    let mut pieces = plain();
    begin(&mut pieces).flags = BeginFlags::empty();
    object(&mut pieces).flags = 0;
    assert_eq!(broken(&pieces), None);
    object(&mut pieces).bonus_len = 200;
    pieces[2].1.resize(200, 0);
    assert_eq!(broken(&pieces), Some(Rule::SpillAnnounced));
    let mut pieces = plain();
    begin(&mut pieces).objset = crate::stream::ObjsetType::Volume;
    pieces.remove(1);
    assert_eq!(broken(&pieces), Some(Rule::SpillFlag));
    object(&mut pieces).flags = 0;
    begin(&mut pieces).flags = BeginFlags::empty();
    assert_eq!(broken(&pieces), Some(Rule::SpillFeature));
}

/// An old sender does not announce spill blocks, and has none but for system attributes either.
#[test]
fn only_system_attributes_spill() {
    let with = |bonus_type, bonus_len: u32, flags| {
        let mut pieces = plain();
        begin(&mut pieces).flags = flags;
        let object = object(&mut pieces);
        (object.bonus_type, object.bonus_len) = (bonus_type, bonus_len);
        object.flags = if flags == BeginFlags::SPILL_BLOCKS { 4 } else { 0 };
        pieces[2].1.truncate(usize::try_from(bonus_len.next_multiple_of(8)).unwrap());
        broken(&pieces)
    };
    for flags in [BeginFlags::SPILL_BLOCKS, BeginFlags::empty()] {
        assert_eq!(with(44, 164, flags), None);
    }
    for (bonus_type, bonus_len) in [(0, 0), (26, 8)] {
        assert_eq!(with(bonus_type, bonus_len, BeginFlags::SPILL_BLOCKS), Some(Rule::SpillFlag));
        assert_eq!(with(bonus_type, bonus_len, BeginFlags::empty()), Some(Rule::SpillAnnounced));
    }
}

#[test]
fn no_type_has_a_kernel_swap_bytes_by_what_they_say() {
    let of_contents = |object_type| {
        let mut pieces = redacted();
        object(&mut pieces).object_type = object_type;
        broken(&pieces)
    };
    let of_bonus = |bonus_type| {
        let mut pieces = redacted();
        object(&mut pieces).bonus_type = bonus_type;
        broken(&pieces)
    };
    // Bytes, numbers, a ZAP; then dnodes, objsets and what has a number of its own.
    for swap in 0..32 {
        let expected = (swap > 4).then_some(Rule::ObjectType);
        for traits in [0x80, 0xa0, 0xc0, 0xe0] {
            assert_eq!(of_contents(traits | swap), expected, "{swap}");
            assert_eq!(
                of_bonus(traits | swap),
                expected.or((swap == 4).then_some(Rule::ObjectType)),
                "{swap}"
            );
        }
    }
    for simple in [26, 30, 36, 44, 53] {
        assert_eq!(of_bonus(simple), None, "{simple}");
    }
    for followed in [1, 13, 15, 18, 20, 22, 24, 27, 28, 31, 33, 37, 39, 43, 45, 48, 50, 52] {
        assert_eq!(of_bonus(followed), Some(Rule::ObjectType), "{followed}");
        assert_eq!(of_contents(followed), None, "{followed}");
    }
}
