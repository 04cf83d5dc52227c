//! I add one word after the other: what every processor can, what few words need, and what all else is held against.

use super::Checksum;
use super::implementation::Block;
use crate::nvlist::ByteOrder;

/// Goes on with a sum: four nested sums, each wrapping as the kernel's do.
pub(super) fn add(sum: &mut Checksum, order: ByteOrder, words: &[[u8; 4]]) {
    match order {
        ByteOrder::Little => each(sum, words, u32::from_le_bytes),
        ByteOrder::Big => each(sum, words, u32::from_be_bytes),
    }
}

/// The sum of blocks in the order of this machine, or in the other one.
pub(super) fn sum(blocks: &[Block], is_swapped: bool) -> Checksum {
    let mut sum = Checksum::ZERO;
    let words = blocks.as_flattened().as_chunks().0;
    if is_swapped {
        each(&mut sum, words, |word| u32::from_ne_bytes(word).swap_bytes());
    } else {
        each(&mut sum, words, u32::from_ne_bytes);
    }
    sum
}

fn each(sum: &mut Checksum, words: &[[u8; 4]], read: impl Fn([u8; 4]) -> u32) {
    let [mut a, mut b, mut c, mut d] = sum.0;
    for word in words {
        a = a.wrapping_add(u64::from(read(*word)));
        b = b.wrapping_add(a);
        c = c.wrapping_add(b);
        d = d.wrapping_add(c);
    }
    *sum = Checksum([a, b, c, d]);
}
