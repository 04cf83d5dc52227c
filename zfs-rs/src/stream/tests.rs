//! I make streams, cut them, damage them, and see that only the whole ones pass.

mod generated;
mod layout;

use super::fletcher::{Checksum, Fletcher4};
use super::record::{
    End, Free, FreeObjects, MAX_PAYLOAD, Object, ObjectRange, RECORD_SIZE, Redact, Spill, Write, WriteByRef, WriteEmbedded,
};
use super::*;

const GUID: u64 = 0xfeed_0000_0000_0005;

type Piece = (Record, Vec<u8>);

fn write(order: ByteOrder, pieces: &[Piece]) -> Vec<u8> {
    let mut writer = Writer::new(order);
    let mut out = Vec::new();
    for (record, payload) in pieces {
        writer.put(&mut out, record.clone(), payload).unwrap();
    }
    out
}

/// Reads a stream given in pieces of these lengths, then whole.
fn read(stream: &[u8], cuts: &[usize]) -> Result<(Vec<Piece>, Summary), Corrupt> {
    let mut reader = Reader::new();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = stream;
    for cut in cuts.iter().chain([&usize::MAX]) {
        let (mut input, later) = rest.split_at(rest.len().min(*cut));
        rest = later;
        while !input.is_empty() {
            let (step, used) = reader.step(input)?;
            match step {
                Step::Need => assert_eq!(used, input.len()),
                Step::Record(record) => pieces.push((record, Vec::new())),
                Step::Payload(bytes) => pieces.last_mut().unwrap().1.extend_from_slice(bytes),
            }
            input = &input[used..];
        }
    }
    reader.finish().map(|summary| (pieces, summary))
}

fn fault(stream: &[u8]) -> Fault {
    read(stream, &[]).expect_err("a damaged stream passed").what
}

fn sample() -> Vec<Piece> {
    let begin = Begin {
        from_guid: Some(3),
        features: Features::LARGE_BLOCKS.with(Features::LZ4),
        payload_len: 8,
        ..Begin::new("tank/home@a", GUID)
    };
    let object = Object {
        object: 7,
        object_type: 19,
        block_size: 131_072,
        bonus_len: 5,
        to_guid: GUID,
        ..Object::default()
    };
    let data = Write {
        object: 7,
        offset: 1024,
        logical_size: 512,
        to_guid: GUID,
        ..Write::default()
    };
    vec![
        (begin.into(), b"nvlist .".to_vec()),
        (
            FreeObjects {
                first_object: 1,
                count: 6,
                to_guid: GUID,
            }
            .into(),
            vec![],
        ),
        (object.into(), vec![9; 8]),
        (data.into(), (0..=255).cycle().take(512).collect()),
        (
            Free {
                object: 7,
                offset: 1536,
                length: u64::MAX,
                to_guid: GUID,
            }
            .into(),
            vec![],
        ),
        (
            End {
                to_guid: GUID,
                ..End::default()
            }
            .into(),
            vec![],
        ),
    ]
}

#[test]
fn a_begin_record_is_read_alone() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let begin = Begin {
            kind: StreamKind::Compound,
            features: Features::from_bits((1 << 55) | 1),
            reserved: 63,
            objset: ObjsetType::Other(0),
            payload_len: 400,
            ..Begin::new("pool/a@b", 0)
        };
        let bytes = Record::from(begin.clone()).write(order).unwrap();
        assert_eq!((Begin::read(&bytes), Begin::order(&bytes)), (Ok(begin), Ok(order)));
        let mut endless = bytes;
        endless[56..].fill(b'x');
        assert_eq!(Begin::read(&endless), Err(Fault::Name));
        let mut other = bytes;
        other[if order == ByteOrder::Little { 16 } else { 23 }] |= 3;
        assert_eq!(Begin::read(&other), Err(Fault::StreamKind(3)));
    }
    assert_eq!(Begin::read(&[0; RECORD_SIZE]), Err(Fault::NotBegin));
}

#[test]
fn a_stream_is_counted() {
    let (pieces, summary) = read(&write(ByteOrder::HOST, &sample()), &[]).unwrap();
    assert_eq!(summary.records, 6);
    assert_eq!((summary.bytes, summary.payload_bytes), (6 * 312 + 528, 528));
    assert_eq!((summary.count(RecordType::Write), summary.count(RecordType::Spill)), (1, 0));
    assert_eq!(pieces[..5], sample()[..5]);
}

#[test]
fn the_receive_call_gets_the_very_bytes_of_begin() {
    let stream = write(ByteOrder::Big, &sample());
    let mut reader = Reader::new();
    let (step, used) = reader.step(&stream).unwrap();
    assert!(matches!(step, Step::Record(Record::Begin(_))));
    assert_eq!((used, &reader.header()[..], reader.payload_left()), (312, &stream[..312], 8));
    assert_eq!((reader.order(), reader.begin().unwrap().to_guid), (Some(ByteOrder::Big), GUID));
}

#[test]
fn damage_is_placed() {
    let mut stream = write(ByteOrder::HOST, &sample());
    // A byte of the payload of record 3; the record after it tells.
    let at = 4 * 312 + 8 + 8 + 100;
    stream[at] ^= 1;
    let corrupt = read(&stream, &[]).unwrap_err();
    assert_eq!((corrupt.record, corrupt.offset, corrupt.object), (4, 4 * 312 + 528, Some(7)));
    assert!(
        corrupt
            .to_string()
            .starts_with("record 4 of the stream, at byte 1776, after object 7: checksum "),
        "{corrupt}"
    );
}

#[test]
fn a_refused_stream_stays_refused() {
    let mut stream = write(ByteOrder::HOST, &sample());
    stream[400] ^= 1;
    let mut reader = Reader::new();
    let mut input = stream.as_slice();
    let first = loop {
        match reader.step(input) {
            Ok((_, used)) => input = &input[used..],
            Err(corrupt) => break corrupt,
        }
    };
    assert_eq!(reader.step(&stream), Err(first.clone()));
    assert_eq!((reader.is_complete(), reader.finish()), (false, Err(first)));
}

#[test]
fn an_end_is_said() {
    let stream = write(ByteOrder::HOST, &sample());
    assert_eq!(fault(&stream[..stream.len() - 312]), Fault::Truncated);
    assert_eq!(fault(&[]), Fault::Truncated);
    assert_eq!(fault(&[&stream[..], b"x"].concat()), Fault::Trailing);
    assert_eq!(fault(&[&stream[..], &stream].concat()), Fault::Trailing);
}

#[test]
fn an_end_that_says_another_sum_of_the_whole_is_refused() {
    // With a right running sum, so that only the end's own word is wrong.
    let mut sums = Fletcher4::new(ByteOrder::HOST);
    let mut stream = write(ByteOrder::HOST, &sample());
    let at = stream.len() - RECORD_SIZE;
    stream[at + 8] ^= 1;
    sums.update(&stream[..at + 280]);
    let end: &mut RecordBytes = stream[at..].first_chunk_mut().unwrap();
    record::set_checksum(end, sums.value(), ByteOrder::HOST);
    assert!(matches!(fault(&stream), Fault::EndChecksum { .. }));
}

#[test]
fn a_record_without_a_checksum_is_refused() {
    let mut stream = write(ByteOrder::HOST, &sample());
    stream[312 + 8 + 280..312 + 8 + 312].fill(0);
    assert_eq!(fault(&stream), Fault::NoChecksum);
}

#[test]
fn records_out_of_their_place_are_refused() {
    let begin: Piece = (Begin::new("a@b", GUID).into(), vec![]);
    let free: Piece = (Free::default().into(), vec![]);
    let header: Piece = (
        Begin {
            kind: StreamKind::Compound,
            ..Begin::new("a@b", 0)
        }
        .into(),
        vec![],
    );
    let stream = |pieces: &[&Piece]| write(ByteOrder::HOST, &pieces.iter().map(|piece| (*piece).clone()).collect::<Vec<_>>());
    assert_eq!(fault(&stream(&[&free])), Fault::NotBegin);
    assert_eq!(fault(&stream(&[&header, &free])), Fault::OutOfPlace(4));
    // A `BEGIN` within a stream carries no sum, so it is refused for that before anything else.
    assert!(matches!(
        fault(&stream(&[&begin, &free, &begin])),
        Fault::NoChecksum | Fault::OutOfPlace(0)
    ));
}

#[test]
fn impossible_payloads_are_refused() {
    let begin = write(ByteOrder::HOST, &[(Begin::new("a@b", GUID).into(), vec![])]);
    let with = |record: Record| {
        let mut bytes = record.write(ByteOrder::HOST).unwrap();
        let mut sum = Fletcher4::new(ByteOrder::HOST);
        sum.update(&begin);
        sum.update(&bytes[..280]);
        record::set_checksum(&mut bytes, sum.value(), ByteOrder::HOST);
        [&begin[..], &bytes].concat()
    };
    let length = MAX_PAYLOAD + 4;
    assert_eq!(
        fault(&with(
            Write {
                logical_size: length,
                ..Write::default()
            }
            .into()
        )),
        Fault::PayloadTooLong {
            length,
            limit: MAX_PAYLOAD
        }
    );
    assert_eq!(
        fault(&with(
            Object {
                raw_bonus_len: 6,
                ..Object::default()
            }
            .into()
        )),
        Fault::PayloadUneven(6)
    );
    let mut unknown = with(Free::default().into());
    unknown[312..316].copy_from_slice(&ByteOrder::HOST.u32_bytes(11));
    assert!(matches!(fault(&unknown), Fault::Checksum { .. }));
    assert_eq!(
        Record::read(unknown[312..].first_chunk().unwrap(), ByteOrder::HOST),
        Err(Fault::RecordType(11))
    );
}

/// An `END` as libzfs writes it into packages: no running sum.
fn bare_end(sum: Checksum, order: ByteOrder) -> RecordBytes {
    Record::from(End { checksum: sum, to_guid: 0 }).write(order).unwrap()
}

/// A package of these streams, put together of its parts by hand.
fn package_of(header: Piece, streams: &[Vec<Piece>], order: ByteOrder) -> Vec<u8> {
    let mut out = write(order, &[header]);
    let mut sum = Fletcher4::new(order);
    sum.update(&out);
    out.extend_from_slice(&bare_end(sum.value(), order));
    for stream in streams {
        out.extend_from_slice(&write(order, stream));
    }
    out.extend_from_slice(&bare_end(Checksum::ZERO, order));
    out
}

fn package_header(payload: Vec<u8>) -> Piece {
    let header = Begin {
        kind: StreamKind::Compound,
        objset: ObjsetType::Other(0),
        payload_len: u32::try_from(payload.len()).unwrap(),
        ..Begin::new("tank@a", 0)
    };
    (header.into(), payload)
}

fn package(order: ByteOrder) -> Vec<u8> {
    package_of(package_header(b"properties..".to_vec()), &[sample(), sample()], order)
}

#[test]
fn a_package_is_written_as_it_was_read() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let (pieces, _) = read(&package(order), &[]).unwrap();
        assert_eq!(write(order, &pieces), package(order));
        let empty = package_of(package_header(vec![]), &[], order);
        assert_eq!(write(order, &read(&empty, &[]).unwrap().0), empty);
    }
}

#[test]
fn a_package_of_streams_is_read() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let (pieces, summary) = read(&package(order), &[1, 311, 1]).unwrap();
        assert_eq!(
            (summary.records, summary.count(RecordType::Begin), summary.count(RecordType::End)),
            (15, 3, 4)
        );
        assert_eq!(pieces[0].1, b"properties..");
    }
}

/// `zstream redup` sums up a package's own ends too, the last one alone.
#[test]
fn a_package_may_say_sums_that_nobody_asks_for() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let mut whole = package(order);
        let (pieces, summary) = read(&whole, &[]).unwrap();
        let header_end = RECORD_SIZE + b"properties..".len();
        let last = whole.len() - RECORD_SIZE;
        for (from, end) in [(0, header_end), (last, last)] {
            let mut sum = Fletcher4::new(order);
            sum.update(&whole[from..end + record::CHECKSUM_AT]);
            record::set_checksum(whole[end..].first_chunk_mut().unwrap(), sum.value(), order);
        }
        assert_eq!(read(&whole, &[]).unwrap(), (pieces, summary));
        for at in [header_end, last] {
            for byte in record::CHECKSUM_AT..RECORD_SIZE {
                let mut damaged = whole.clone();
                damaged[at + byte] ^= 1;
                assert_eq!(read(&damaged, &[]).unwrap_err().what, Fault::Reserved);
            }
        }
    }
}

#[test]
fn packages_and_streams_are_written_by_one_writer() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        // By one writer with a stream between them, which is of neither.
        let whole = package(order);
        let (pieces, _) = read(&whole, &[]).unwrap();
        let all = [pieces.clone(), sample(), pieces].concat();
        assert!(write(order, &all) == [whole.clone(), write(order, &sample()), whole].concat());
    }
}

#[test]
fn no_changed_byte_of_a_package_passes() {
    // Every byte, not a random one: the few that no sum covers would seldom be hit.
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let whole = package(order);
        let passed: Vec<(usize, u8)> = (0..whole.len())
            .flat_map(|at| [1, 2, 3, 5, 0x80, 0xff].map(|flip| (at, flip)))
            .filter(|(at, flip)| {
                let mut bytes = whole.clone();
                bytes[*at] ^= flip;
                read(&bytes, &[]).is_ok()
            })
            .collect();
        assert_eq!(passed, [], "{order:?}");
    }
}

#[test]
fn writers_refuse_what_readers_would() {
    let mut writer = Writer::new(ByteOrder::HOST);
    assert_eq!(
        writer.header(
            Write {
                logical_size: 512,
                ..Write::default()
            },
            &[0; 8]
        ),
        Err(WriteError::Payload { expected: 512, found: 8 })
    );
    assert_eq!(writer.header(Begin::new("a@b", 1), &[0; 6]), Err(WriteError::PayloadSize(6)));
    assert_eq!(writer.header(Begin::new("x".repeat(256), 1), &[]), Err(WriteError::Name));
    assert!(writer.header(Begin::new("x".repeat(255), 1), &[]).is_ok());
    let with = |reserved, bits| Begin {
        reserved,
        features: Features::from_bits(bits),
        ..Begin::new("a@b", 1)
    };
    assert!(writer.header(with(63, (1 << 56) - 1), &[]).is_ok());
    assert_eq!(writer.header(with(64, 0), &[]), Err(WriteError::Bits));
    assert_eq!(writer.header(with(0, 1 << 56), &[]), Err(WriteError::Bits));
}
