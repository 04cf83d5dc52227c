//! I take from a volume what kernels look for in it, and see that it is missed.

use super::streams::{Piece, begin, forge, free_objects, put, size, volume};
use super::{ByteOrder, ORDERS, Profile, verify};
use crate::nvlist::NvList;
use crate::stream::record::{Free, Object, ObjectRange, Redact, Write, WriteEmbedded};
use crate::stream::{BeginFlags, Features, Record, Rule};

/// What is said of a volume that was changed, in both orders; nothing where it passes.
fn said(rule: Rule, edit: impl Fn(&mut Vec<Piece>, ByteOrder)) -> Option<String> {
    let [little, big] = ORDERS.map(|order| {
        let mut pieces = volume(order);
        edit(&mut pieces, order);
        verify(&forge(order, &pieces), Profile::any()).err()
    });
    assert_eq!(little, big);
    little.map(|refused| {
        assert_eq!(refused.rule(), Some(rule), "{refused}");
        refused.to_string()
    })
}

fn object(pieces: &mut [Piece], at: usize) -> &mut Object {
    match &mut pieces[at].0 {
        Record::Object(object) => object,
        other => panic!("{other:?}"),
    }
}

fn write(pieces: &mut [Piece]) -> &mut Write {
    match &mut pieces[6].0 {
        Record::Write(write) => write,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_volume_is_whole() {
    assert_eq!(said(Rule::VolumeWhole, |_, _| ()), None);
    let missing = |edit: fn(&mut Vec<Piece>)| said(Rule::VolumeWhole, move |pieces, _| edit(pieces));
    assert_eq!(
        missing(|p| drop(p.remove(6))).as_deref(),
        Some("record 6: END: size of the volume is missing")
    );
    assert_eq!(
        missing(|p| drop(p.drain(4..7))).as_deref(),
        Some("record 4: END: object 2 is missing")
    );
    assert_eq!(
        missing(|p| drop(p.drain(2..4))).as_deref(),
        Some("record 5: END: object 1 is missing")
    );
    // An increment need not bring them again.
    assert_eq!(
        missing(|p| {
            begin(p).from_guid = Some(3);
            p.drain(2..7);
        }),
        None
    );
}

#[test]
fn what_goes_on_brings_the_rest() {
    let resumed = |object: u64, offset: u64, left: &'static [usize]| {
        said(Rule::VolumeWhole, move |pieces, _| {
            begin(pieces).features = Features::RESUMING;
            let list = NvList::new().with("resume_object", object).with("resume_offset", offset);
            pieces[0].1 = list.encode_native().unwrap();
            let whole = std::mem::take(pieces);
            pieces.extend([0].iter().chain(left).chain(&[7]).map(|index| whole[*index].clone()));
        })
    };
    assert_eq!(resumed(1, 0, &[3, 4, 5, 6]), None);
    assert_eq!(resumed(1, 0, &[3]).as_deref(), Some("record 2: END: object 2 is missing"));
    assert_eq!(
        resumed(1, 0, &[3, 4, 5]).as_deref(),
        Some("record 4: END: size of the volume is missing")
    );
    assert_eq!(resumed(2, 0, &[6]), None);
    assert_eq!(resumed(2, 0, &[5]).as_deref(), Some("record 2: END: size of the volume is missing"));
    assert_eq!(resumed(2, 512, &[5]), None);
    assert_eq!(resumed(3, 0, &[]), None);
}

/// Which record is changed how, and what is said.
type Case = (usize, fn(&mut Object), &'static str);

#[test]
fn its_objects_are_what_they_are() {
    let cases: [Case; 6] = [
        (2, |o| o.object_type = 19, "record 2: OBJECT: type 19 is not 23"),
        (4, |o| o.object_type = 19, "record 4: OBJECT: type 19 is not 24"),
        (2, |o| o.block_size = 8192 + 512, "record 2: OBJECT: block size 8704 is refused"),
        (4, |o| o.block_size = 1024, "record 4: OBJECT: block size 1024 is not 512"),
        (2, |o| o.dnode_slots = 2, "record 2: OBJECT: slots 2 exceeds 1"),
        (
            4,
            |o| (o.bonus_type, o.bonus_len) = (26, 8),
            "record 4: OBJECT: bonus length 8 is not 0",
        ),
    ];
    for (at, edit, says) in cases {
        let in_large = |pieces: &mut Vec<Piece>, _: ByteOrder| {
            begin(pieces).features = Features::LARGE_DNODE;
            edit(object(pieces, at));
        };
        assert_eq!(said(Rule::VolumeObjects, in_large).as_deref(), Some(says));
    }
    assert_eq!(said(Rule::VolumeObjects, |pieces, _| object(pieces, 2).dnode_slots = 0), None);
    let goes_on = |edit: fn(&mut Write)| {
        said(Rule::VolumeObjects, move |pieces, _| {
            begin(pieces).features = Features::RESUMING;
            let list = NvList::new().with("resume_object", 1_u64).with("resume_offset", 0_u64);
            pieces[0].1 = list.encode_native().unwrap();
            drop(pieces.drain(1..3));
            match &mut pieces[1] {
                (Record::Write(write), block) => {
                    edit(write);
                    block.resize(usize::try_from(write.logical_size).unwrap(), 0);
                }
                other => panic!("{other:?}"),
            }
        })
    };
    assert_eq!(goes_on(|_| ()), None);
    assert_eq!(
        goes_on(|write| write.object_type = 19).as_deref(),
        Some("record 1: WRITE: type 19 is not 23")
    );
    assert_eq!(
        goes_on(|write| write.logical_size = 1536).as_deref(),
        Some("record 1: WRITE: logical size 1536 is refused")
    );
}

#[test]
fn nothing_of_it_is_freed() {
    let freed = |first: u64, count: u64| {
        said(Rule::VolumeKept, move |pieces, _| {
            begin(pieces).from_guid = Some(3);
            pieces.drain(2..7);
            let free = free_objects(pieces);
            (free.first_object, free.count) = (first, count);
        })
    };
    assert_eq!((freed(0, 1), freed(3, 1 << 40)), (None, None));
    for first in 0..3 {
        let says = format!("record 1: FREEOBJECTS: first object {first} is refused");
        assert_eq!(freed(first, 2), Some(says));
    }
    let gap = |features: Features, gap: fn(u64) -> Record| {
        [0, 512].map(|offset| {
            said(Rule::VolumeKept, |pieces, _| {
                begin(pieces).from_guid = Some(3);
                begin(pieces).features = features;
                if features.contains(Features::REDACTED) {
                    pieces[0].1 = NvList::new().with("redact_snaps", vec![9_u64]).encode_native().unwrap();
                }
                pieces[5] = (gap(offset), Vec::new());
                pieces.remove(6);
            })
        })
    };
    let says = |word| [Some(format!("record 5: {word}: offset 0 is below 512")), None];
    assert_eq!(gap(Features::empty(), free), says("FREE"));
    assert_eq!(gap(Features::REDACTED, redact), says("REDACT"));
}

fn free(offset: u64) -> Record {
    Record::Free(Free {
        object: 2,
        offset,
        length: 512,
        to_guid: 5,
    })
}

fn redact(offset: u64) -> Record {
    Record::Redact(Redact {
        object: 2,
        offset,
        length: 512,
        to_guid: 5,
    })
}

/// What had been saved of an interrupted stream says of the rest that it is free.
#[test]
fn what_has_not_come_yet_may_be_nothing() {
    let passes = |edit: fn(&mut Vec<Piece>)| said(Rule::VolumeKept, move |pieces, _| edit(pieces)).is_none();
    assert!(passes(|p| free_objects(p).count = 31));
    assert!(passes(|p| super::streams::free(p).offset = 0));
    let freed = |object: u64| {
        said(Rule::VolumeKept, move |pieces, _| {
            let goes_on = NvList::new().with("resume_object", 1_u64).with("resume_offset", 8192_u64);
            begin(pieces).features = Features::RESUMING;
            pieces[0].1 = goes_on.encode_native().unwrap();
            pieces.drain(2..4);
            free_objects(pieces).first_object = object;
        })
    };
    assert_eq!(freed(1).as_deref(), Some("record 1: FREEOBJECTS: first object 1 is refused"));
    assert_eq!(freed(2), None);
}

#[test]
fn its_size_is_one_block_as_it_is() {
    let of = |edit: fn(&mut Write)| said(Rule::VolumeSize, move |pieces, _| edit(write(pieces)));
    // What fills in need not have an OBJECT that says the type and the block.
    let alone = |edit: fn(&mut Write)| {
        said(Rule::VolumeSize, move |pieces, _| {
            begin(pieces).from_guid = Some(3);
            pieces[0].1 = NvList::new().with("redact_from_snaps", vec![9_u64]).encode_native().unwrap();
            pieces.drain(4..6);
            let mut write = *match &mut pieces[4].0 {
                Record::Write(write) => write,
                other => panic!("{other:?}"),
            };
            edit(&mut write);
            pieces[4] = (write.into(), vec![0; usize::try_from(write.logical_size).unwrap()]);
        })
    };
    assert_eq!(of(|w| w.offset = 512).as_deref(), Some("record 6: WRITE: offset 512 is not 0"));
    assert_eq!(
        alone(|w| w.logical_size = 1024).as_deref(),
        Some("record 4: WRITE: logical size 1024 is not 512")
    );
    assert_eq!(alone(|w| w.object_type = 19).as_deref(), Some("record 4: WRITE: type 19 is not 24"));
    let bytes = |at: usize, with: &'static [u8]| {
        said(Rule::VolumeSize, move |pieces, _| {
            pieces[6].1[at..][..with.len()].copy_from_slice(with);
        })
    };
    let malformed = |at: usize| Some(format!("record 6: WRITE: block of properties is malformed at byte {at}"));
    assert_eq!(bytes(3, b"x"), malformed(0));
    assert_eq!(bytes(19, b"x"), malformed(16));
    assert_eq!(bytes(78, b"sizes"), malformed(78));
    assert_eq!(bytes(78, b"\0"), malformed(64));
    assert_eq!(bytes(72, b"\x01"), malformed(72));
    assert_eq!(bytes(78 + 64, b"x"), malformed(142));
    assert_eq!(bytes(78 + 64, b"size"), malformed(64));
    // The salt, what the size is, and what a name that is none has behind it.
    for at in [9, 65, 78 + 65] {
        assert_eq!(bytes(at, b"x"), None);
    }
}

#[test]
fn its_size_may_be_embedded() {
    let embedded = |compression: u8, pack: fn(&[u8]) -> Vec<u8>| {
        said(Rule::VolumeSize, move |pieces, order| {
            let packed = pack(&size(order));
            let record = WriteEmbedded {
                object: 2,
                length: 512,
                to_guid: 5,
                compression,
                logical_size: 512,
                physical_size: u32::try_from(packed.len()).unwrap(),
                ..WriteEmbedded::default()
            };
            pieces.truncate(6);
            put(pieces, record);
            pieces[6].1[..packed.len()].copy_from_slice(&packed);
            pieces.extend(volume(order).pop());
        })
    };
    fn lz4(block: &[u8]) -> Vec<u8> {
        let made = lz4_flex::block::compress(block);
        [&u32::try_from(made.len()).unwrap().to_be_bytes(), made.as_slice()].concat()
    }
    /// A byte as it is, then the same again and again.
    fn lzjb(block: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = block;
        let (mut map, mut items) = (0, Vec::new());
        let mut before = None;
        for item in 0..usize::MAX {
            let Some((first, _)) = rest.split_first() else { break };
            let same = rest.iter().take(66).take_while(|byte| Some(**byte) == before).count();
            if same >= 3 {
                map |= 1 << (item % 8);
                items.extend(u16::try_from((same - 3) << 10 | 1).unwrap().to_be_bytes());
                rest = &rest[same..];
            } else {
                items.push(*first);
                rest = &rest[1..];
            }
            before = Some(*first);
            if item % 8 == 7 || rest.is_empty() {
                out.push(std::mem::take(&mut map));
                out.append(&mut items);
            }
        }
        out
    }
    assert_eq!(embedded(15, lz4), None);
    assert_eq!(embedded(3, lzjb), None);
    let malformed = Some("record 6: WRITE_EMBEDDED: block of properties is malformed at byte 0");
    assert_eq!(embedded(15, lzjb).as_deref(), malformed);
    assert_eq!(embedded(15, |_| vec![0; 8]).as_deref(), malformed);
    assert_eq!(embedded(15, |block| lz4(&vec![0; block.len()])).as_deref(), malformed);
    assert_eq!(
        embedded(5, lz4).as_deref(),
        Some("record 6: WRITE_EMBEDDED: compression 5 is not known")
    );
}

/// The properties of a volume are not encrypted, and lie as they lie on disk.
#[test]
fn a_raw_volume_says_its_size_too() {
    let raw = |order: ByteOrder, edit: fn(&mut Write, &mut Vec<u8>)| {
        let mut pieces = volume(order);
        let opening = begin(&mut pieces);
        opening.features = Features::RAW.with(Features::COMPRESSED);
        opening.flags = BeginFlags::SPILL_BLOCKS;
        let list = NvList::new().with("crypt_keydata", NvList::new().with("DSL_CRYPTO_SUITE", 8_u64));
        pieces[0].1 = list.encode_native().unwrap();
        let range = ObjectRange {
            slots: 32,
            to_guid: 5,
            ..ObjectRange::default()
        };
        pieces[1] = (range.into(), Vec::new());
        for (record, _) in &mut pieces {
            match record {
                Record::Object(object) => {
                    (object.indirect_block_shift, object.levels, object.block_pointers) = (17, 1, 3);
                }
                Record::Write(write) => (write.compression, write.compressed_size) = (2, write.logical_size),
                _ => {}
            }
        }
        // It lies as this machine has it, whatever the order of the stream.
        let mut write = *write(&mut pieces);
        write.flags = if order == ByteOrder::HOST { 0 } else { 2 };
        let mut block = size(ByteOrder::HOST);
        edit(&mut write, &mut block);
        pieces[6] = (write.into(), block);
        verify(&forge(order, &pieces), Profile::any())
            .err()
            .map(|refused| refused.to_string())
    };
    for order in ORDERS {
        let refused = |what: &str| Some(format!("record 6: WRITE: {what}"));
        assert_eq!(raw(order, |_, _| ()), None);
        assert_eq!(
            raw(order, |write, _| write.flags ^= 2),
            refused("block of properties is malformed at byte 0")
        );
        assert_eq!(raw(order, |write, _| write.compression = 3), refused("compression 3 is not 2"));
    }
}
