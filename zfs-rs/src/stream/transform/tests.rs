//! I transform streams that a kernel would send, and see that the result says the same and keeps every rule.

#[cfg(feature = "codec")]
mod blocks;
mod streams;

use std::io::{self, Cursor, Read};
use std::ops::RangeInclusive;

use proptest::prelude::*;

use self::streams::{GUID, Piece, build, dataset, file, package, taken, text, write};
use super::*;
use crate::stream::record::{End, FreeObjects, Write as WriteRecord, WriteByRef};
use crate::stream::{Begin, ByteOrder, Features, Record};

const ORDERS: [ByteOrder; 2] = [ByteOrder::Little, ByteOrder::Big];

/// A source that gives a few bytes at a time.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(buffer.len());
        self.0.read(&mut buffer[..length])
    }
}

/// Splits and gives all streams.
fn parts(package: &[u8]) -> (Vec<Vec<u8>>, Result<Transformed, TransformError>) {
    let mut names = Vec::new();
    let parts = std::cell::RefCell::new(Vec::<Vec<u8>>::new());
    struct Part<'a>(&'a std::cell::RefCell<Vec<Vec<u8>>>);
    impl Write for Part<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().last_mut().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let done = split(&mut Drip(package, 700), |begin| {
        names.push(begin.to_guid);
        parts.borrow_mut().push(Vec::new());
        Ok(Part(&parts))
    });
    (parts.into_inner(), done)
}

fn without(objects: &[RangeInclusive<u64>], stream: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    drop_objects(objects, &mut Drip(stream, 313), &mut out).unwrap();
    out
}

#[test]
fn a_package_comes_apart_byte_for_byte() {
    for order in ORDERS {
        let streams = [dataset(5, &[1, 2]), dataset(6, &[3]), dataset(7, &[])];
        let (found, done) = parts(&package(order, &streams));
        let done = done.unwrap();
        let expected: Vec<_> = streams.iter().map(|stream| build(order, stream)).collect();
        assert_eq!(found, expected);
        for part in &found {
            taken(part);
        }
        assert_eq!((done.read.records, done.written.records), (done.written.records + 3, 9 + 6 + 3));
        assert_eq!(
            done.written.bytes,
            found.iter().map(|part| u64::try_from(part.len()).unwrap()).sum::<u64>()
        );
        // What is in no package is its own only part.
        assert_eq!(parts(&expected[0]).0, expected[..1]);
    }
}

#[test]
fn a_cut_package_gives_the_streams_before_the_cut() {
    let package = package(ByteOrder::HOST, &[dataset(5, &[1]), dataset(6, &[2])]);
    let (found, done) = parts(&package[..package.len() - 700]);
    assert!(matches!(done, Err(TransformError::Corrupt(_))));
    taken(&found[0]);
}

#[test]
fn what_split_cannot_write_is_said() {
    let stream = build(ByteOrder::HOST, &dataset(5, &[1]));
    let refused = split(&mut stream.as_slice(), |_| Err::<io::Sink, _>(io::Error::other("full"))).unwrap_err();
    assert!(matches!(refused, TransformError::Write(_)), "{refused}");
}

#[test]
fn objects_are_left_out_and_nothing_else() {
    let stream = build(ByteOrder::HOST, &dataset(GUID, &[7, 8, 9]));
    let out = taken(&without(&[8..=8], &stream));
    assert!(out.iter().all(|(record, _)| record.object() != Some(8)));
    let kept: Vec<Piece> = taken(&stream)
        .into_iter()
        .filter(|(record, _)| record.object() != Some(8))
        .collect();
    assert_eq!(out[..out.len() - 1], kept[..kept.len() - 1]);
    assert_eq!(without(&[], &stream), stream);
    assert_eq!(without(&[100..=199, RangeInclusive::new(9, 8)], &stream), stream);
}

#[test]
fn objects_left_out_are_not_freed() {
    let free = |first_object, count| FreeObjects {
        first_object,
        count,
        to_guid: GUID,
    };
    let mut pieces = dataset(GUID, &[]);
    pieces.insert(1, (free(10, 90).into(), vec![]));
    let stream = build(ByteOrder::HOST, &pieces);
    let freed = |objects: &[RangeInclusive<u64>]| -> Vec<FreeObjects> {
        let found = taken(&without(objects, &stream));
        found
            .into_iter()
            .filter_map(|(record, _)| if let Record::FreeObjects(free) = record { Some(free) } else { None })
            // Those of the sample itself.
            .filter(|free| free.first_object < 1000)
            .collect()
    };
    assert_eq!(freed(&[20..=29]), [free(10, 10), free(30, 70)]);
    assert_eq!(freed(&[20..=29, 99..=199, 0..=10]), [free(11, 9), free(30, 69)]);
    assert_eq!(freed(&[0..=0, 100..=100]), [free(10, 90)]);
    assert_eq!(freed(&[0..=u64::MAX]), []);
}

/// A stream with references, and the one that it stands for. The second has an object of another type that refers into the first.
fn deduplicated() -> (Vec<Piece>, Vec<Piece>) {
    let (mut short, mut long) = (dataset(GUID, &[7]), dataset(GUID, &[7]));
    for pieces in [&mut short, &mut long] {
        let at = pieces.len() - 1;
        pieces.insert(
            at,
            (
                crate::stream::record::Object {
                    object_type: 23,
                    ..file(8, GUID)
                }
                .into(),
                vec![0; 168],
            ),
        );
    }
    for (offset, from) in [(0, 4096), (4096, 0)] {
        let reference = WriteByRef {
            object: 8,
            offset,
            length: 4096,
            to_guid: GUID,
            ref_guid: GUID,
            ref_object: 7,
            ref_offset: from,
            ..WriteByRef::default()
        };
        let at = short.len() - 1;
        short.insert(at, (reference.into(), vec![]));
        let block = WriteRecord {
            object_type: 23,
            ..write(8, offset, GUID)
        };
        let at = long.len() - 1;
        long.insert(at, (block.into(), text(7, from)));
    }
    streams::begin(&mut short).features = streams::begin(&mut long).features.with(Features::DEDUP).with(Features::DEDUP_PROPS);
    (short, long)
}

#[test]
fn references_become_the_blocks_they_stand_for() {
    for order in ORDERS {
        let (short, long) = deduplicated();
        for at in [0, 1000] {
            let mut file = Cursor::new([vec![9; at], build(order, &short)].concat());
            file.set_position(u64::try_from(at).unwrap());
            let mut out = Vec::new();
            let done = redup(&mut file, &mut out).unwrap();
            assert_eq!(out, build(order, &long));
            taken(&out);
            assert_eq!(done.read.records, done.written.records);
        }
    }
}

#[test]
fn references_reach_into_earlier_streams_of_a_package() {
    let (mut short, mut long) = (dataset(6, &[]), dataset(6, &[]));
    let reference = WriteByRef {
        object: 9,
        length: 4096,
        to_guid: 6,
        ref_guid: 5,
        ref_object: 7,
        ref_offset: 4096,
        ..WriteByRef::default()
    };
    for (pieces, last) in [
        (&mut short, (reference.into(), vec![])),
        (&mut long, (write(9, 0, 6).into(), text(7, 4096))),
    ] {
        let at = pieces.len() - 1;
        pieces.splice(at..at, [(file(9, 6).into(), vec![0; 168]), last]);
    }
    let mut out = Vec::new();
    redup(&mut Cursor::new(package(ByteOrder::Big, &[dataset(5, &[7]), short])), &mut out).unwrap();
    assert_eq!(out, package(ByteOrder::Big, &[dataset(5, &[7]), long]));
    taken(&out);
}

#[test]
fn a_reference_to_nothing_is_refused_by_its_record() {
    let (mut short, _) = deduplicated();
    short.retain(|(record, _)| !matches!(record, Record::Write(_)));
    let refused = redup(&mut Cursor::new(build(ByteOrder::HOST, &short)), &mut io::sink()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "record 4, at byte 1584: WRITE_BYREF of object 8: object 7 of the snapshot with GUID 0x5 at byte 4096, which it refers to, did not come before it"
    );
}

#[test]
fn a_block_that_changed_meanwhile_is_refused() {
    /// Gives other bytes once somebody went back.
    struct Shifty(Cursor<Vec<u8>>);
    impl Read for Shifty {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }
    impl io::Seek for Shifty {
        fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
            if let io::SeekFrom::Start(at) = to {
                let at = at.try_into().unwrap_or(usize::MAX);
                for byte in self.0.get_mut().iter_mut().skip(at).take(4) {
                    *byte = 0xee;
                }
            }
            self.0.seek(to)
        }
    }
    let stream = build(ByteOrder::HOST, &deduplicated().0);
    let refused = redup(&mut Shifty(Cursor::new(stream)), &mut io::sink()).unwrap_err();
    assert!(
        matches!(
            &refused,
            TransformError::Unfit(Unfit {
                reason: Reason::Changed,
                ..
            })
        ),
        "{refused}"
    );
}

#[test]
fn raw_and_deduplicated_streams_keep_all_their_objects() {
    let refused = |pieces: &[Piece]| {
        let error = drop_objects(&[7..=7], &mut build(ByteOrder::HOST, pieces).as_slice(), &mut io::sink()).unwrap_err();
        let TransformError::Unfit(unfit) = error else { panic!("{error}") };
        (unfit.record, unfit.reason)
    };
    let mut raw = dataset(GUID, &[7]);
    streams::begin(&mut raw).features = Features::RAW;
    assert_eq!(refused(&raw), (0, Reason::Raw));
    assert_eq!(refused(&deduplicated().0), (6, Reason::Deduplicated));
}

#[test]
fn failing_ends_are_told_apart() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("broken"))
        }
    }
    let stream = build(ByteOrder::HOST, &dataset(GUID, &[7]));
    assert!(matches!(
        drop_objects(&[], &mut Broken, &mut io::sink()),
        Err(TransformError::Read(_))
    ));
    assert!(matches!(
        drop_objects(&[], &mut stream.as_slice(), &mut [0; 100].as_mut_slice()),
        Err(TransformError::Write(_))
    ));
    assert!(matches!(
        drop_objects(&[], &mut [&stream[..], b"x"].concat().as_slice(), &mut io::sink()),
        Err(TransformError::Corrupt(_))
    ));
}

proptest! {
    #[test]
    fn damage_is_not_made_sound(at in any::<prop::sample::Index>(), flip in 1_u8.., drip in 1_usize..2000, in_package in any::<bool>()) {
        let streams = [dataset(5, &[7, 8]), dataset(6, &[3])];
        let stream = if in_package { package(ByteOrder::HOST, &streams) } else { build(ByteOrder::HOST, &streams[0]) };
        let mut whole = Vec::new();
        drop_objects(&[8..=8], &mut stream.as_slice(), &mut whole).unwrap();
        let mut damaged = stream.clone();
        let at = at.index(damaged.len());
        damaged[at] ^= flip;
        let mut out = Vec::new();
        let refused = drop_objects(&[8..=8], &mut Drip(&damaged, drip), &mut out).is_err();
        prop_assert!(refused);
        prop_assert!(whole.starts_with(&out) && out.len() < whole.len());
    }
}

#[test]
fn the_end_of_a_damaged_stream_is_not_written() {
    let mut stream = build(ByteOrder::HOST, &dataset(GUID, &[7]));
    let end = stream.len() - 1;
    stream[end] ^= 1;
    let mut out = Vec::new();
    drop_objects(&[], &mut stream.as_slice(), &mut out).unwrap_err();
    // The record before it is held back too: only the end proves its payload.
    let pieces = dataset(GUID, &[7]);
    let all_but_two = pieces[..pieces.len() - 2].to_vec();
    assert_eq!(out, build(ByteOrder::HOST, &all_but_two));
    let ends = |record: Record| matches!(record, Record::End(End { .. }) | Record::FreeObjects(FreeObjects { .. }));
    assert!(pieces[pieces.len() - 2..].iter().all(|(record, _)| ends(record.clone())));
    assert!(matches!(pieces[0].0, Record::Begin(Begin { .. })));
}
