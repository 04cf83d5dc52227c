//! I am Fletcher-4, the sum that runs through a whole send stream.

use std::fmt;
use std::str::FromStr;

use crate::nvlist::ByteOrder;
use crate::word::WordError;

/// A Fletcher-4 sum over 32-bit words: four 64-bit accumulators.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Checksum(pub [u64; 4]);

impl Checksum {
    /// No sum at all: the kernel takes a zero for "not checked".
    pub const ZERO: Self = Self([0; 4]);
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0;
        write!(f, "{a:x}/{b:x}/{c:x}/{d:x}")
    }
}

impl FromStr for Checksum {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let mut words = text.split('/').map(|word| u64::from_str_radix(word, 16).ok());
        let mut next = || words.next().flatten();
        match (next(), next(), next(), next(), words.next()) {
            (Some(a), Some(b), Some(c), Some(d), None) => Ok(Self([a, b, c, d])),
            _ => Err(WordError::new(text, "checksum")),
        }
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checksum({self})")
    }
}

/// A Fletcher-4 sum in the making: bytes may come in pieces cut anywhere.
#[derive(Clone, Debug)]
pub struct Fletcher4 {
    sums: [u64; 4],
    order: ByteOrder,
    /// The bytes of a word that a piece cut through.
    split: [u8; 4],
    split_len: usize,
}

impl Fletcher4 {
    /// A sum of nothing, over words in the given byte order.
    #[must_use]
    pub const fn new(order: ByteOrder) -> Self {
        Self {
            sums: [0; 4],
            order,
            split: [0; 4],
            split_len: 0,
        }
    }

    /// Takes more bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        if self.split_len > 0 {
            rest = self.fill_split(rest);
        }
        let (words, tail) = rest.as_chunks::<4>();
        match self.order {
            ByteOrder::Little => add(&mut self.sums, words, u32::from_le_bytes),
            ByteOrder::Big => add(&mut self.sums, words, u32::from_be_bytes),
        }
        self.keep_split(tail);
    }

    /// The sum so far. As in the kernel, one to three bytes after the last whole word do not count.
    #[must_use]
    pub const fn value(&self) -> Checksum {
        Checksum(self.sums)
    }

    fn fill_split<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let room = self.split.len().saturating_sub(self.split_len);
        let (head, rest) = bytes.split_at(room.min(bytes.len()));
        self.keep_split(head);
        if self.split_len == self.split.len() {
            self.split_len = 0;
            let word = self.split;
            self.update(&word);
        }
        rest
    }

    fn keep_split(&mut self, bytes: &[u8]) {
        for (place, byte) in self.split.iter_mut().skip(self.split_len).zip(bytes) {
            *place = *byte;
        }
        self.split_len = self.split_len.saturating_add(bytes.len());
    }
}

/// Four nested sums, each wrapping as the kernel's do.
fn add(sums: &mut [u64; 4], words: &[[u8; 4]], read: impl Fn([u8; 4]) -> u32) {
    let [mut a, mut b, mut c, mut d] = *sums;
    for word in words {
        a = a.wrapping_add(u64::from(read(*word)));
        b = b.wrapping_add(a);
        c = c.wrapping_add(b);
        d = d.wrapping_add(c);
    }
    *sums = [a, b, c, d];
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(order: ByteOrder, bytes: &[u8]) -> Checksum {
        let mut sum = Fletcher4::new(order);
        sum.update(bytes);
        sum.value()
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

    proptest! {
        #[test]
        fn cuts_do_not_change_the_sum(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..20)) {
            for order in [ByteOrder::Little, ByteOrder::Big] {
                let mut cut = Fletcher4::new(order);
                pieces.iter().for_each(|piece| cut.update(piece));
                prop_assert_eq!(cut.value(), sum(order, &pieces.concat()));
            }
        }
    }
}
