//! I hold every implementation that this machine has against adding one word after the other.

use std::io::{self, Write as _};

use proptest::prelude::*;

use super::implementation::all;
use super::*;

const ORDERS: [ByteOrder; 2] = [ByteOrder::Little, ByteOrder::Big];

fn sum(order: ByteOrder, bytes: &[u8]) -> Checksum {
    let mut sum = Fletcher4::new(order);
    sum.update(bytes);
    sum.value()
}

/// The sum by its meaning: how often each word is counted.
fn by_meaning(order: ByteOrder, bytes: &[u8]) -> Checksum {
    let (words, _) = bytes.as_chunks::<4>();
    let mut sums = [0_u128; 4];
    for (count, word) in (1..).zip(words.iter().rev()) {
        let word = u128::from(order.u32(*word));
        let counts: [u128; 4] = [1, count, count * (count + 1) / 2, count * (count + 1) * (count + 2) / 6];
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum = sum.wrapping_add(word * count);
        }
    }
    Checksum(sums.map(|sum| u64::try_from(sum & u128::from(u64::MAX)).unwrap()))
}

/// Bytes of some kind, beginning so many behind the start of a line of the cache.
fn some_bytes() -> impl Strategy<Value = (Vec<u8>, usize)> {
    let length = prop_oneof![0..200_usize, 0..20_000_usize];
    let kind = prop_oneof![3 => any::<[u8; 32]>(), 1 => Just([0xff; 32]), 1 => any::<u8>().prop_map(|byte| [byte; 32])];
    (length, kind, 0..64_usize, any::<u64>()).prop_map(|(length, kind, start, seed)| {
        // Words that repeat would hide lanes that are mixed up, so the bytes of a kind are moved about, but for those that are as large as can be.
        let turn = |at: usize| {
            if kind == [0xff; 32] {
                0
            } else {
                at.wrapping_mul(at).wrapping_mul(usize::try_from(seed | 1).unwrap()) >> 24
            }
        };
        let bytes = (0..start + length).map(|at| kind[at % 32] ^ turn(at).to_le_bytes()[0]).collect();
        (bytes, start)
    })
}

#[test]
fn small_sums_by_hand() {
    // Words 1, 2, 3: a = 1, 3, 6; b = 1, 4, 10; c = 1, 5, 15; d = 1, 6, 21.
    let little = [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0];
    assert_eq!(sum(ByteOrder::Little, &little), Checksum([6, 10, 15, 21]));
    assert_eq!(
        sum(ByteOrder::Big, &[0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]),
        Checksum([6, 10, 15, 21])
    );
    assert_eq!(sum(ByteOrder::Little, &[&little[..], b"xyz"].concat()), Checksum([6, 10, 15, 21]));
    assert_eq!(sum(ByteOrder::Little, &[]), Checksum::ZERO);
}

#[test]
fn each_implementation_runs_or_is_named_as_lacking() {
    let has: Vec<_> = Implementation::available().map(Implementation::name).collect();
    let (ran, lacking): (Vec<_>, Vec<_>) = all().map(|known| known.name).partition(|name| has.contains(name));
    // Not by `print!`, which tests that pass keep to themselves.
    let said = format!(
        "Fletcher-4 is tested by {}; this processor lacks: {}\n",
        ran.join(" "),
        lacking.join(" ")
    );
    io::stderr().write_all(said.as_bytes()).unwrap();
    let everywhere = match std::env::consts::ARCH {
        "x86_64" => &["scalar", "sse2"][..],
        "aarch64" => &["scalar", "neon"],
        _ => &["scalar"],
    };
    assert_eq!(ran[..everywhere.len()], *everywhere);
    assert_eq!(Implementation::fastest().name(), *ran.last().unwrap());
}

#[test]
fn the_largest_words_wrap() {
    let bytes = vec![0xff; 1 << 20];
    for one in Implementation::available() {
        assert_eq!(
            one.sum(ByteOrder::HOST, &bytes),
            by_meaning(ByteOrder::HOST, &bytes),
            "{}",
            one.name()
        );
    }
}

proptest! {
    #[test]
    fn every_implementation_says_what_the_counts_of_words_mean((bytes, start) in some_bytes()) {
        for order in ORDERS {
            let expected = by_meaning(order, &bytes[start..]);
            for one in Implementation::available() {
                prop_assert_eq!(one.sum(order, &bytes[start..]), expected, "{} {:?}", one.name(), order);
            }
        }
    }

    #[test]
    fn every_implementation_goes_on_with_any_sum(first in any::<[u64; 4]>(), (bytes, start) in some_bytes()) {
        let (words, _) = bytes[start..].as_chunks();
        for order in ORDERS {
            let mut expected = Checksum(first);
            scalar::add(&mut expected, order, words);
            for one in Implementation::available() {
                let mut sum = Checksum(first);
                one.add(&mut sum, order, words);
                prop_assert_eq!(sum, expected, "{} {:?}", one.name(), order);
            }
        }
    }

    #[test]
    fn sums_of_parts_make_the_sum_of_the_whole((bytes, start) in some_bytes(), cut in any::<prop::sample::Index>()) {
        let (words, _) = bytes[start..].as_chunks::<4>();
        let (first, second) = words.split_at(cut.index(words.len() + 1));
        for order in ORDERS {
            let [whole, first, second_sum] = [words, first, second].map(|words| by_meaning(order, words.as_flattened()));
            prop_assert_eq!(first.then(second_sum, u64::try_from(second.len()).unwrap()), whole);
        }
    }

    #[test]
    fn more_words_than_any_memory_holds_are_counted_right(
        sums in any::<[[u64; 4]; 3]>(),
        second in prop_oneof![0..9_u64, 0..u64::MAX / 2],
        third in prop_oneof![0..9_u64, 0..=u64::MAX / 2],
    ) {
        let [a, b, c] = sums.map(Checksum);
        prop_assert_eq!(a.then(b, second).then(c, third), a.then(b.then(c, third), second + third));
    }

    #[test]
    fn cuts_do_not_change_the_sum(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..20)) {
        for order in ORDERS {
            let mut cut = Fletcher4::new(order);
            pieces.iter().for_each(|piece| cut.update(piece));
            prop_assert_eq!(cut.value(), by_meaning(order, &pieces.concat()));
        }
    }

    #[test]
    fn cuts_of_long_pieces_do_not_either((bytes, start) in some_bytes(), cuts in prop::collection::vec(0..3_000_usize, 0..10)) {
        for order in ORDERS {
            let mut cut = Fletcher4::new(order);
            let mut rest = &bytes[start..];
            for at in &cuts {
                let (piece, later) = rest.split_at(rest.len().min(*at));
                cut.update(piece);
                rest = later;
            }
            cut.update(rest);
            prop_assert_eq!(cut.value(), by_meaning(order, &bytes[start..]));
        }
    }
}
