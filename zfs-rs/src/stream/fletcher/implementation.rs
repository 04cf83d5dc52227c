//! I ask the processor what it has, and am the only one who acts on the answer.

#![expect(
    unsafe_code,
    reason = "one of the four places that may: one dispatch on the processor, and its prefetch"
)]

use std::{fmt, iter};

use super::Checksum;
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
use super::neon::VECTORS;
use super::scalar;
#[cfg(target_arch = "x86_64")]
use super::x86::VECTORS;
use crate::nvlist::ByteOrder;

/// A way to add words up: one at a time, or many at once with what the processor has for it.
///
/// All say the same of the same bytes. [`Fletcher4`](super::Fletcher4) takes the fastest by itself; they are told apart to be compared. To have one is
/// the proof that this processor can.
///
/// ```
/// use zfs_rs::stream::ByteOrder;
/// use zfs_rs::stream::fletcher::Implementation;
///
/// let bytes = [7; 4096];
/// let known = Implementation::fastest().sum(ByteOrder::HOST, &bytes);
/// for one in Implementation::available() {
///     assert_eq!(one.sum(ByteOrder::HOST, &bytes), known, "{}", one.name());
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Implementation(&'static Known);

/// What there is to know of an implementation before the processor was asked.
pub(super) struct Known {
    pub(super) name: &'static str,
    /// Whether this processor has every feature that `sum` is compiled for.
    pub(super) is_here: fn() -> bool,
    /// The sum of blocks, their words turned around first where the flag says so. To be called where `is_here` says so, and only there.
    pub(super) sum: unsafe fn(&[Block], bool) -> Checksum,
}

/// The bytes of a step: a line of the cache, and no fewer than the widest vector holds.
pub(super) type Block = [u8; 64];

impl Implementation {
    /// Those that this processor has, the slowest first.
    pub fn available() -> impl DoubleEndedIterator<Item = Self> {
        all().filter(|known| (known.is_here)()).map(Self)
    }

    /// The fastest that this processor has.
    #[must_use]
    pub fn fastest() -> Self {
        Self::available().next_back().unwrap_or(Self(&SCALAR))
    }

    /// What it is called: `scalar`, or the name of the processor's extension.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// The sum of the bytes; one to three after the last whole word do not count.
    #[must_use]
    pub fn sum(self, order: ByteOrder, bytes: &[u8]) -> Checksum {
        let mut sum = Checksum::ZERO;
        self.add(&mut sum, order, bytes.as_chunks().0);
        sum
    }

    /// Goes on with a sum.
    pub(super) fn add(self, sum: &mut Checksum, order: ByteOrder, words: &[[u8; 4]]) {
        let (blocks, rest) = words.as_flattened().as_chunks();
        let count = blocks.as_flattened().len() / 4;
        *sum = sum.then(self.blocks(order, blocks), u64::try_from(count).unwrap_or(u64::MAX));
        scalar::add(sum, order, rest.as_chunks().0);
    }

    fn blocks(self, order: ByteOrder, blocks: &[Block]) -> Checksum {
        // SAFETY: the function is safe but for the processor's features it is compiled for. This processor has them: an `Implementation` is made in
        // `available` only, after `is_here` has asked for each, and of `SCALAR`, which needs none.
        unsafe { (self.0.sum)(blocks, order != ByteOrder::HOST) }
    }
}

impl fmt::Debug for Implementation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Implementation({})", self.name())
    }
}

/// All that were compiled for this kind of processor, the slowest first.
pub(super) fn all() -> impl DoubleEndedIterator<Item = &'static Known> {
    iter::once(&SCALAR).chain(&VECTORS)
}

static SCALAR: Known = Known {
    name: "scalar",
    is_here: || true,
    sum: scalar::sum,
};

#[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little"))))]
static VECTORS: [Known; 0] = [];

/// Lets the bytes come that are due in a while. The processor's own look ahead ends where a page of memory does; with this one memory is read half as
/// fast again.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn fetch_ahead(block: &Block) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

    let ahead = block.as_ptr().wrapping_add(AHEAD);
    // SAFETY: a prefetch is a hint. It accesses nothing as the program sees it and raises no fault, whatever address it is given.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(ahead.cast()) }
}

/// One page, which was the best of 1 to 8 KiB; the differences are small.
#[cfg(target_arch = "x86_64")]
const AHEAD: usize = 4096;
