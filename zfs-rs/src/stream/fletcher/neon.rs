//! I am what processors of kind aarch64 have for vectors.

use std::arch::aarch64::{uint64x2_t, vaddq_u64, vdupq_n_u64, vreinterpretq_u8_u64, vreinterpretq_u64_u8, vrev32q_u8, vshrq_n_u64};

use zerocopy::transmute;

use super::Checksum;
use super::implementation::Block;
use super::lanes::{implementations, join};

implementations! {
    1 by is_aarch64_feature_detected:
    neon ["neon"] (uint64x2_t of 2, empty, vaddq_u64, vshrq_n_u64, swap);
}

#[target_feature(enable = "neon")]
#[inline]
fn empty() -> uint64x2_t {
    vdupq_n_u64(0)
}

#[target_feature(enable = "neon")]
#[inline]
fn swap(words: uint64x2_t) -> uint64x2_t {
    vreinterpretq_u64_u8(vrev32q_u8(vreinterpretq_u8_u64(words)))
}

/// There is no stable word for a prefetch on this kind of processor.
fn fetch_ahead(_block: &Block) {}
