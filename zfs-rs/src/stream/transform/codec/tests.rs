//! I compress blocks and see them come back, and give what is none to every algorithm.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// What the algorithms make that are only undone here.
pub(in crate::stream::transform) mod made {
    /// Runs of zeros counted, the rest in pieces as it is.
    pub(in crate::stream::transform) fn zle(block: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut left = block;
        while !left.is_empty() {
            let zeros = left.iter().take(192).take_while(|byte| **byte == 0).count();
            if zeros > 0 {
                out.push(u8::try_from(64 + zeros - 1).unwrap());
                left = &left[zeros..];
            } else {
                let count = left.iter().take(64).take_while(|byte| **byte != 0).count();
                out.push(u8::try_from(count - 1).unwrap());
                out.extend_from_slice(&left[..count]);
                left = &left[count..];
            }
        }
        out
    }

    /// The longest copy at each place, or the byte.
    pub(in crate::stream::transform) fn lzjb(block: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let (mut at, mut map, mut bit) = (0, 0, 8);
        while at < block.len() {
            if bit == 8 {
                (map, bit) = (out.len(), 0);
                out.push(0_u8);
            }
            let common = |back: usize| {
                let pairs = block[at..].iter().zip(&block[at - back..]);
                pairs.take(66).take_while(|(a, b)| a == b).count()
            };
            let longest = (1..=at.min(1023)).map(|back| (common(back), back)).max();
            match longest {
                Some((length @ 3.., back)) => {
                    out[map] |= 1 << bit;
                    out.extend(u16::try_from((length - 3) << 10 | back).unwrap().to_be_bytes());
                    at += length;
                }
                _ => {
                    out.push(block[at]);
                    at += 1;
                }
            }
            bit += 1;
        }
        out
    }
}

fn any_compression() -> impl Strategy<Value = Compression> {
    prop_oneof![
        Just(Compression::LZ4),
        (1_u8..=9).prop_map(|level| Compression::gzip(level).unwrap()),
        prop_oneof![1_i16..=12, -10_i16..=-1, Just(-1000)].prop_map(|level| Compression::zstd(level).unwrap()),
    ]
}

/// Words repeated, zeros and noise, in sectors.
pub(in crate::stream::transform) fn any_block() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        (vec(any::<u8>(), 1..40), 1_usize..100).prop_map(|(word, times)| word.repeat(times)),
        (1_usize..600).prop_map(|zeros| vec![0; zeros]),
        vec(any::<u8>(), 1..300),
    ];
    (vec(part, 1..8), 1_usize..=24).prop_map(|(parts, sectors)| parts.concat().into_iter().cycle().take(sectors * 512).collect())
}

fn size(block: &[u8]) -> u64 {
    u64::try_from(block.len()).unwrap()
}

proptest! {
    #[test]
    fn a_block_comes_back(compression in any_compression(), block in any_block()) {
        if let Some(payload) = compress(compression, &block) {
            prop_assert!(payload.len().is_multiple_of(512) && payload.len() < block.len());
            prop_assert_eq!(decompress(compression.number(), &payload, size(&block)), Ok(block));
        }
    }

    #[test]
    fn blocks_of_old_algorithms_are_read(block in any_block(), padding in 0_usize..512) {
        for (number, mut payload) in [(14, made::zle(&block)), (3, made::lzjb(&block))] {
            payload.resize(payload.len() + padding, 0);
            prop_assert_eq!(decompress(number, &payload, size(&block)), Ok(block.clone()), "{}", number);
        }
    }

    #[test]
    fn a_cut_or_longer_block_is_refused(compression in any_compression(), block in any_block(), more in any::<bool>()) {
        if let Some(payload) = compress(compression, &block) {
            let wrong = if more { size(&block) + 1 } else { size(&block) - 1 };
            let refused = matches!(decompress(compression.number(), &payload, wrong), Err(CodecError::Malformed { .. }));
            prop_assert!(refused);
        }
    }

    #[test]
    fn noise_never_panics_nor_makes_another_length(
        number in 0_u8..20, mut payload in vec(any::<u8>(), 0..600), length in prop::option::of(0_u32..600), size in 0_u64..20_000,
    ) {
        if let (Some(length), true) = (length, payload.len() >= 4) {
            payload[..4].copy_from_slice(&length.to_be_bytes());
        }
        if let Ok(block) = decompress(number, &payload, size) {
            prop_assert_eq!(u64::try_from(block.len()), Ok(size));
        }
    }

    #[test]
    fn damage_never_panics(compression in any_compression(), block in any_block(), at in any::<prop::sample::Index>(), flip in 1_u8..) {
        if let Some(mut payload) = compress(compression, &block) {
            let at = at.index(payload.len());
            payload[at] ^= flip;
            if let Ok(found) = decompress(compression.number(), &payload, size(&block)) {
                prop_assert_eq!(found.len(), block.len());
            }
        }
    }
}

#[test]
fn payloads_are_framed_as_kernels_do() {
    // A token for five bytes as they are, and the bytes.
    assert_eq!(
        decompress(15, &[0, 0, 0, 6, 0x50, b'h', b'e', b'l', b'l', b'o', 0, 0], 5).unwrap(),
        b"hello"
    );
    // Level 3 of zstd 1.4.5; the frame has no flags and a small window, and one last block, as it is.
    let zstd = [0, 0, 0, 10, 3, 0, 0x28, 0xa5, 0, 0, 0x29, 0, 0, b'h', b'e', b'l', b'l', b'o', 0];
    assert_eq!(decompress(16, &zstd, 5).unwrap(), b"hello");
    // One last block, as it is, and its sum.
    let zlib = [
        0x78, 1, 1, 5, 0, 0xfa, 0xff, b'h', b'e', b'l', b'l', b'o', 0x06, 0x2c, 0x02, 0x15, 0, 0,
    ];
    for gzip in 5..=13 {
        assert_eq!(decompress(gzip, &zlib, 5).unwrap(), b"hello");
    }
    assert_eq!(decompress(14, &[1, b'a', b'b', 66, 0, b'c'], 6).unwrap(), b"ab\0\0\0c");
    // Two bytes, and a copy of five from two before.
    assert_eq!(decompress(3, &[0b100, b'a', b'b', 2 << 2, 2], 7).unwrap(), b"abababa");
}

#[test]
fn zstd_has_the_level_in_front_and_no_magic_number() {
    // Long and even, or the fastest levels find nothing in it.
    let block = vec![7; 1 << 20];
    for (level, byte) in [
        (1, 1),
        (19, 19),
        (-1, 103),
        (-10, 112),
        (-20, 113),
        (-100, 121),
        (-500, 122),
        (-1000, 123),
    ] {
        let payload = compress(Compression::zstd(level).unwrap(), &block).unwrap();
        assert_eq!(payload[4], byte, "{level}");
        assert_eq!(payload[5..8], zstd_safe::version_number().to_be_bytes()[1..]);
        let length = u32::from_be_bytes(payload[..4].try_into().unwrap());
        assert!(payload[8 + usize::try_from(length).unwrap()..].iter().all(|byte| *byte == 0));
    }
}

#[test]
fn what_does_not_shrink_stays_plain() {
    let mut noise = 1_u64;
    let block: Vec<u8> = std::iter::repeat_with(|| {
        noise = noise
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        noise.to_be_bytes()[0]
    })
    .take(4096)
    .collect();
    for compression in ["lz4", "gzip-9", "zstd-19"] {
        assert_eq!(compress(compression.parse().unwrap(), &block), None);
        // A sector cannot shrink by one.
        assert_eq!(compress(compression.parse().unwrap(), &[0; 512]), None);
        assert_eq!(compress(compression.parse().unwrap(), &[]), None);
    }
}

#[test]
fn what_is_no_block_is_refused_by_name() {
    for number in [0, 1, 2, 4, 17, 255] {
        assert_eq!(decompress(number, &[0; 512], 512), Err(CodecError::Unknown(number)));
    }
    assert_eq!(decompress(15, &[0; 512], u64::MAX), Err(CodecError::TooLong(u64::MAX)));
    assert_eq!(decompress(15, &[0; 512], (16 << 20) + 1), Err(CodecError::TooLong((16 << 20) + 1)));
    let refused = decompress(3, &[1, 0, 0], 512).unwrap_err();
    assert_eq!(refused.to_string(), "what should be lzjb does not make a block of 512 bytes");
}

#[test]
fn compressions_have_the_words_of_the_property() {
    let words = [
        "lz4",
        "gzip-1",
        "gzip-9",
        "zstd-1",
        "zstd-19",
        "zstd-fast-1",
        "zstd-fast-100",
        "zstd-fast-1000",
    ];
    for word in words {
        let compression: Compression = word.parse().unwrap();
        assert_eq!(compression.to_string(), word);
        #[cfg(feature = "serde")]
        crate::serial::tests::assert_survives(&compression);
    }
    for (short, word) in [("gzip", "gzip-6"), ("zstd", "zstd-3"), ("zstd-fast", "zstd-fast-1")] {
        assert_eq!(short.parse::<Compression>(), word.parse());
    }
    for wrong in [
        "",
        "off",
        "on",
        "lzjb",
        "gzip-0",
        "gzip-10",
        "gzip-+6",
        "zstd-0",
        "zstd-20",
        "zstd--1",
        "zstd-fast-11",
        "zstd-fast--1",
        "zstd-03",
    ] {
        assert!(wrong.parse::<Compression>().is_err(), "{wrong}");
    }
    assert_eq!(
        (Compression::gzip(1).unwrap().number(), Compression::gzip(9).unwrap().number()),
        (5, 13)
    );
    assert_eq!(
        (Compression::gzip(10), Compression::zstd(20), Compression::zstd(i16::MIN)),
        (None, None, None)
    );
}
