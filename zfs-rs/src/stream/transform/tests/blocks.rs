//! I change how the blocks of streams are compressed, and see the same blocks.

use proptest::collection::vec;

use super::*;
use crate::nvlist::NvList;
use crate::stream::BeginFlags;
use crate::stream::record::{Object, Spill, WriteEmbedded};
use crate::stream::transform::codec::tests::{any_block, made};
use crate::stream::transform::codec::{self, CodecError, Compression};

const COMPRESSED: Features = Features::COMPRESSED.with(Features::LZ4).with(Features::ZSTD);

/// How a block is in a stream; the number of an algorithm, or 0.
fn packed(algorithm: u8, block: &[u8]) -> Option<Vec<u8>> {
    let own = |mut payload: Vec<u8>| {
        payload.resize(payload.len().next_multiple_of(512), 0);
        Some(payload).filter(|payload| payload.len() < block.len())
    };
    match algorithm {
        3 => own(made::lzjb(block)),
        14 => own(made::zle(block)),
        15 => codec::compress(Compression::LZ4, block),
        16 => codec::compress(Compression::zstd(3)?, block),
        gzip @ 5..=13 => codec::compress(Compression::gzip(gzip - 4)?, block),
        _ => None,
    }
}

/// A file for each block, which is compressed so where it shrinks.
fn stream(blocks: &[(u8, Vec<u8>)]) -> Vec<Piece> {
    let mut pieces = dataset(GUID, &[]);
    streams::begin(&mut pieces).features = COMPRESSED.with(Features::SA_SPILL);
    for (object, (algorithm, block)) in (7..).zip(blocks) {
        let size = u64::try_from(block.len()).unwrap();
        let object = Object {
            block_size: u32::try_from(size).unwrap(),
            ..file(object, GUID)
        };
        let mut record = WriteRecord {
            logical_size: size,
            ..write(object.object, 0, GUID)
        };
        let mut payload = block.clone();
        if let Some(packed) = packed(*algorithm, block) {
            record.compression = *algorithm;
            record.compressed_size = u64::try_from(packed.len()).unwrap();
            payload = packed;
        }
        let at = pieces.len() - 2;
        pieces.splice(at..at, [(object.into(), vec![0; 168]), (record.into(), payload)]);
    }
    pieces
}

fn plain(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    decompress(&mut Drip(bytes, 999), &mut out).unwrap();
    out
}

fn dense(compression: Compression, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    recompress(compression, &mut Drip(bytes, 999), &mut out).unwrap();
    out
}

/// The `WRITE` records with their payloads.
fn writes(bytes: &[u8]) -> Vec<(WriteRecord, Vec<u8>)> {
    let pick = |(record, payload)| {
        if let Record::Write(write) = record {
            Some((write, payload))
        } else {
            None
        }
    };
    taken(bytes).into_iter().filter_map(pick).collect()
}

fn features(bytes: &[u8]) -> Features {
    streams::begin(&mut taken(bytes)).features
}

fn lz4() -> Compression {
    Compression::LZ4
}

proptest! {
    #[test]
    fn blocks_are_the_same_however_they_are_compressed(
        blocks in vec((prop_oneof![Just(0_u8), Just(3), 5_u8..=16], any_block()), 0..6),
        big in any::<bool>(),
        word in prop_oneof![Just("lz4"), Just("gzip-1"), Just("gzip-9"), Just("zstd-3"), Just("zstd-fast-5")],
    ) {
        let order = if big { ByteOrder::Big } else { ByteOrder::Little };
        let pieces = stream(&blocks);
        let bytes = build(order, &pieces);
        taken(&bytes);
        let compression: Compression = word.parse().unwrap();
        let (plain_bytes, dense_bytes) = (plain(&bytes), dense(compression, &bytes));
        for ((record, payload), (_, block)) in writes(&plain_bytes).iter().zip(&blocks) {
            prop_assert_eq!((record.compression, record.compressed_size), (0, 0));
            prop_assert_eq!(payload, block);
        }
        for ((record, payload), (_, block)) in writes(&dense_bytes).iter().zip(&blocks) {
            let expected = codec::compress(compression, block);
            prop_assert_eq!(record.compression, if expected.is_some() { compression.number() } else { 0 });
            prop_assert_eq!(payload, expected.as_ref().unwrap_or(block));
        }
        // One way back and forth, whatever lies between.
        prop_assert_eq!(plain(&dense_bytes), plain_bytes.clone());
        prop_assert_eq!(dense(compression, &plain_bytes), dense_bytes.clone());
        // All but blocks and features is as it was.
        let rest = |bytes: &[u8]| -> Vec<_> {
            taken(bytes).into_iter().skip(1).filter(|(record, _)| !matches!(record, Record::Write(_) | Record::End(_))).collect()
        };
        prop_assert_eq!(rest(&dense_bytes), rest(&bytes));
        let within = package(order, &[pieces.clone(), dataset(6, &[1])]);
        prop_assert_eq!(parts(&plain(&within)).0.swap_remove(0), plain_bytes);
        prop_assert_eq!(parts(&dense(compression, &within)).0.swap_remove(0), dense_bytes);
    }
}

#[test]
fn features_are_those_of_the_blocks() {
    let bytes = build(ByteOrder::HOST, &stream(&[(15, vec![1; 4096])]));
    let other = Features::SA_SPILL;
    assert_eq!(features(&plain(&bytes)), other);
    let of = |word: &str| features(&dense(word.parse().unwrap(), &bytes)).without(other);
    assert_eq!(of("lz4"), Features::COMPRESSED.with(Features::LZ4));
    assert_eq!(of("zstd"), Features::COMPRESSED.with(Features::ZSTD));
    assert_eq!(of("gzip"), Features::COMPRESSED);
}

#[test]
fn embedded_and_spill_blocks_stay_as_they_are() {
    let mut pieces = dataset(GUID, &[]);
    streams::begin(&mut pieces).features = COMPRESSED.with(Features::SA_SPILL).with(Features::EMBED_DATA);
    let embedded = WriteEmbedded {
        object: 7,
        length: 4096,
        to_guid: GUID,
        compression: 16,
        logical_size: 4096,
        physical_size: 30,
        ..WriteEmbedded::default()
    };
    let spill = Spill {
        object: 7,
        length: 512,
        to_guid: GUID,
        ..Spill::default()
    };
    let kept: [Piece; 3] = [
        (Object { flags: 4, ..file(7, GUID) }.into(), vec![0; 168]),
        (embedded.into(), vec![5; 32]),
        (spill.into(), vec![6; 512]),
    ];
    pieces.splice(1..1, kept.clone());
    let bytes = build(ByteOrder::HOST, &pieces);
    for out in [plain(&bytes), dense(lz4(), &bytes)] {
        assert_eq!(taken(&out)[1..4], kept);
        // One of them may be of lz4 or zstd.
        assert!(features(&out).contains(Features::LZ4.with(Features::ZSTD)));
    }
    assert!(!features(&plain(&bytes)).contains(Features::COMPRESSED));
}

/// Which of the blocks are compressed by a transform of this stream.
fn is_compressed(pieces: &[Piece]) -> Vec<bool> {
    let out = dense(lz4(), &build(ByteOrder::HOST, pieces));
    writes(&out).iter().map(|(write, _)| write.compression != 0).collect()
}

#[test]
fn only_whole_blocks_of_data_are_compressed() {
    let mut pieces = dataset(GUID, &[]);
    // A large block that was sent in small ones, the last of them shorter; a directory.
    let large = Object {
        block_size: 128 << 10,
        ..file(7, GUID)
    };
    streams::begin(&mut pieces).features = Features::SA_SPILL;
    let piece = |offset, size: u64| {
        let record = WriteRecord {
            logical_size: size,
            ..write(7, offset, GUID)
        };
        (record.into(), vec![1; usize::try_from(size).unwrap()])
    };
    let directory = Object {
        object_type: 20,
        ..file(8, GUID)
    };
    let entries = WriteRecord {
        object_type: 20,
        ..write(8, 0, GUID)
    };
    let added: [Piece; 5] = [
        (large.into(), vec![0; 168]),
        piece(0, 128 << 10),
        piece(128 << 10, 64 << 10),
        (directory.into(), vec![0; 168]),
        (entries.into(), vec![1; 4096]),
    ];
    pieces.splice(1..1, added);
    assert_eq!(is_compressed(&pieces), [true, false, false]);
}

#[test]
fn a_resumed_stream_goes_on_as_it_was() {
    let place = NvList::new()
        .with("resume_object", 7_u64)
        .with("resume_offset", 0_u64)
        .encode_native()
        .unwrap();
    let begin = Begin {
        features: COMPRESSED.with(Features::RESUMING),
        flags: BeginFlags::SPILL_BLOCKS,
        ..Begin::new("tank@a", GUID)
    };
    let was_compressed = WriteRecord {
        compression: 15,
        compressed_size: 512,
        ..write(7, 0, GUID)
    };
    let block = vec![1; 4096];
    let mut pieces: Vec<Piece> = vec![
        (begin.into(), place),
        (was_compressed.into(), packed(15, &block).unwrap()),
        (write(7, 4096, GUID).into(), block),
    ];
    pieces.extend(dataset(GUID, &[8]).into_iter().skip(1));
    assert_eq!(is_compressed(&pieces), [true, false, true, true]);
}

#[test]
fn what_cannot_be_is_refused_by_its_record() {
    let refused = |pieces: &[Piece]| {
        let bytes = build(ByteOrder::HOST, pieces);
        let mut out = Vec::new();
        let first = decompress(&mut bytes.as_slice(), &mut out).unwrap_err();
        let second = recompress(lz4(), &mut bytes.as_slice(), &mut io::sink()).unwrap_err();
        assert_eq!(first.to_string(), second.to_string());
        (first.to_string(), out)
    };
    let mut raw = dataset(GUID, &[7]);
    streams::begin(&mut raw).features = Features::RAW;
    let (said, out) = refused(&raw);
    assert_eq!(
        said,
        "record 0, at byte 0: BEGIN: the stream is raw, so its blocks are as encrypted on disk"
    );
    assert!(out.is_empty());

    assert!(refused(&deduplicated().0).0.starts_with("record 6, at byte "));

    let mut wrong = stream(&[(15, vec![1; 4096])]);
    wrong[2].1[3] ^= 1;
    let (said, out) = refused(&wrong);
    assert_eq!(
        said,
        format!(
            "record 2, at byte {}: WRITE of object 7: what should be lz4 does not make a block of 4096 bytes",
            312 * 2 + 168
        )
    );
    assert_eq!(out.len(), 312 * 2 + 168);

    let mut unknown = stream(&[(15, vec![1; 4096])]);
    if let Record::Write(write) = &mut unknown[2].0 {
        write.compression = 17;
        write.logical_size = u64::MAX;
    }
    let error = decompress(&mut build(ByteOrder::HOST, &unknown).as_slice(), &mut io::sink()).unwrap_err();
    assert!(
        matches!(
            &error,
            TransformError::Unfit(Unfit {
                reason: Reason::Codec(CodecError::Unknown(17)),
                ..
            })
        ),
        "{error}"
    );
}
