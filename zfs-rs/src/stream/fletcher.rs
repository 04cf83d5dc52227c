//! I am Fletcher-4, the sum that runs through a whole send stream.

mod implementation;
#[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little")))]
mod lanes;
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod neon;
mod scalar;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::fmt;
use std::str::FromStr;

pub use self::implementation::Implementation;
use crate::nvlist::ByteOrder;
use crate::word::WordError;

/// A Fletcher-4 sum over 32-bit words: four 64-bit accumulators.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Checksum(pub [u64; 4]);

impl Checksum {
    /// No sum at all: the kernel takes a zero for "not checked".
    pub const ZERO: Self = Self([0; 4]);

    /// The sum of what `self` is the sum of and, behind it, of so many words that `next` is the sum of. So parts of one whole can be summed apart: in any
    /// order, or by several threads. How many words `self` is the sum of does not matter.
    ///
    /// ```
    /// use zfs_rs::stream::ByteOrder;
    /// use zfs_rs::stream::fletcher::Implementation;
    ///
    /// let sum = |bytes: &[u8]| Implementation::fastest().sum(ByteOrder::HOST, bytes);
    /// let whole = b"a word and three more";
    /// let (first, second) = whole.split_at(8);
    /// assert_eq!(sum(first).then(sum(second), 3), sum(whole));
    /// ```
    #[must_use]
    pub const fn then(self, next: Self, words: u64) -> Self {
        // With each word behind, each sum is added to the next one once more: that comes to triangular and tetrahedral numbers. The halves are taken of the
        // even factor, before anything wraps. The division by 3 leaves no rest, and 3 has an inverse among numbers that wrap at 2^64.
        let triangle = if words.is_multiple_of(2) {
            (words / 2).wrapping_mul(words.wrapping_add(1))
        } else {
            (words / 2).wrapping_add(1).wrapping_mul(words)
        };
        let tetrahedron = triangle.wrapping_mul(words.wrapping_add(2)).wrapping_mul(THIRD);
        let [a, b, c, d] = self.0;
        let [a2, b2, c2, d2] = next.0;
        let times = u64::wrapping_mul;
        Self([
            a.wrapping_add(a2),
            b.wrapping_add(times(a, words)).wrapping_add(b2),
            c.wrapping_add(times(b, words)).wrapping_add(times(a, triangle)).wrapping_add(c2),
            d.wrapping_add(times(c, words))
                .wrapping_add(times(b, triangle))
                .wrapping_add(times(a, tetrahedron))
                .wrapping_add(d2),
        ])
    }
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
    sum: Checksum,
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
            sum: Checksum::ZERO,
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
        if words.len() < FEW {
            scalar::add(&mut self.sum, self.order, words);
        } else {
            Implementation::fastest().add(&mut self.sum, self.order, words);
        }
        self.keep_split(tail);
    }

    /// The sum so far. As in the kernel, one to three bytes after the last whole word do not count.
    #[must_use]
    pub const fn value(&self) -> Checksum {
        self.sum
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

/// So few words are added one by one: to make one sum of many lanes would take longer.
const FEW: usize = 128;

/// What 3 is multiplied with to make 1.
const THIRD: u64 = 0xaaaa_aaaa_aaaa_aaab;
const _: () = assert!(THIRD.wrapping_mul(3) == 1);
