//! I keep a sum for each lane of a vector and make one of them all.
//!
//! A vector holds pairs of words: the earlier word is the lower half of a lane, the later one the upper half. Sums are linear, so nothing is taken apart
//! on the way: each lane sums its pairs as if they were words, and their upper halves once more. What the lower halves come to is the difference.

use super::Checksum;

/// Makes [`Known`](super::implementation::Known) implementations, the slowest first, of the few orders that a kind of processor has for vectors.
///
/// What a function is compiled for and what the processor is asked for is one list, in brackets. Then come the vector with its number of lanes, and how
/// it is emptied, added, halved (each lane to its upper half) and swapped (the bytes of each word turned around).
macro_rules! implementations {
    ($count:literal by $detected:ident: $(
        $name:ident [$($feature:tt),*] ($vector:ident of $lanes:literal, $empty:ident, $add:ident, $half:ident, $swap:ident);
    )*) => {
        pub(super) static VECTORS: [$crate::stream::fletcher::implementation::Known; $count] = [$(
            $crate::stream::fletcher::implementation::Known {
                name: stringify!($name),
                is_here: || $(std::arch::$detected!($feature))&&*,
                sum: $name,
            },
        )*];

        $(
            $(#[target_feature(enable = $feature)])*
            fn $name(blocks: &[Block], is_swapped: bool) -> Checksum {
                $(#[target_feature(enable = $feature)])*
                fn sum<const IS_SWAPPED: bool>(blocks: &[Block]) -> Checksum {
                    let mut pairs = [$empty(); 4];
                    let mut later = [$empty(); 4];
                    for block in blocks {
                        fetch_ahead(block);
                        for bytes in block.as_chunks::<{ size_of::<$vector>() }>().0 {
                            let mut pair: $vector = transmute!(*bytes);
                            if IS_SWAPPED {
                                pair = $swap(pair);
                            }
                            let mut late = $half::<32>(pair);
                            for (pairs, later) in pairs.iter_mut().zip(&mut later) {
                                *pairs = $add(*pairs, pair);
                                *later = $add(*later, late);
                                (pair, late) = (*pairs, *later);
                            }
                        }
                    }
                    join::<$lanes>(transmute!(pairs), transmute!(later))
                }
                if is_swapped { sum::<true>(blocks) } else { sum::<false>(blocks) }
            }
        )*
    };
}
pub(super) use implementations;

/// The sum of all words, of the sums of their pairs and of the later word of each.
#[inline]
pub(super) fn join<const LANES: usize>(pairs: [[u64; LANES]; 4], later: [[u64; LANES]; 4]) -> Checksum {
    let (mut earlier, later) = (fold(pairs), fold(later));
    for (earlier, later) in earlier.iter_mut().zip(later) {
        *earlier = earlier.wrapping_sub(later << 32);
    }
    Checksum(weave(earlier, later))
}

/// The sum of what was dealt out to lanes in turn. Lanes that are half the number apart hold every other word of what both hold.
#[inline]
fn fold<const LANES: usize>([a, b, c, d]: [[u64; LANES]; 4]) -> [u64; 4] {
    const { assert!(LANES.is_power_of_two()) };
    let mut sums = [[0; 4]; LANES];
    for ((((sum, a), b), c), d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *sum = [a, b, c, d];
    }
    let mut width = LANES / 2;
    while width > 0 {
        let (even, odd) = sums.split_at_mut(width);
        for (even, odd) in even.iter_mut().zip(odd) {
            *even = weave(*even, *odd);
        }
        width /= 2;
    }
    sums.first().copied().unwrap_or_default()
}

/// The sum of twice as many words, of the sum of every other one from the first on, and that of the rest.
///
/// The four sums count a word with which `m` words begin 1, m, m(m+1)/2 and m(m+1)(m+2)/6 times. Among twice as many words, `2m` begin with it, or `2m - 1` if
/// it is of the rest. Put that in place of `m`, and the new counts are these multiples of the old ones.
#[inline]
fn weave([a, b, c, d]: [u64; 4], [a2, b2, c2, d2]: [u64; 4]) -> [u64; 4] {
    let times = u64::wrapping_mul;
    [
        a.wrapping_add(a2),
        times(b.wrapping_add(b2), 2).wrapping_sub(a2),
        times(c.wrapping_add(c2), 4).wrapping_sub(b).wrapping_sub(times(b2, 3)),
        times(d.wrapping_add(d2), 8)
            .wrapping_sub(times(c, 4))
            .wrapping_sub(times(c2, 8))
            .wrapping_add(b2),
    ]
}
