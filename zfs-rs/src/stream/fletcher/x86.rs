//! I am what processors of kind x86-64 have for vectors: the first three of them everywhere since long, the last in many servers.

use std::arch::x86_64::{
    __m128i, __m256i, __m512i, _mm_add_epi64, _mm_or_si128, _mm_setzero_si128, _mm_shuffle_epi8, _mm_shufflehi_epi16, _mm_shufflelo_epi16,
    _mm_slli_epi16, _mm_srli_epi16, _mm_srli_epi64, _mm256_add_epi64, _mm256_broadcastsi128_si256, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_srli_epi64, _mm512_add_epi64, _mm512_broadcast_i32x4, _mm512_setzero_si512, _mm512_shuffle_epi8,
    _mm512_srli_epi64,
};

use zerocopy::transmute;

use super::Checksum;
use super::implementation::{Block, fetch_ahead};
use super::lanes::{implementations, join};

implementations! {
    4 by is_x86_feature_detected:
    sse2 ["sse2"] (__m128i of 2, _mm_setzero_si128, _mm_add_epi64, _mm_srli_epi64, swap_by_shifts);
    // The same but for the other byte order.
    ssse3 ["sse2", "ssse3"] (__m128i of 2, _mm_setzero_si128, _mm_add_epi64, _mm_srli_epi64, swap);
    avx2 ["ssse3", "avx2"] (__m256i of 4, _mm256_setzero_si256, _mm256_add_epi64, _mm256_srli_epi64, swap_256);
    avx512 ["ssse3", "avx512f", "avx512bw"] (__m512i of 8, _mm512_setzero_si512, _mm512_add_epi64, _mm512_srli_epi64, swap_512);
}

/// Turns around the bytes of each half of a word, then the halves.
#[target_feature(enable = "sse2")]
#[inline]
fn swap_by_shifts(words: __m128i) -> __m128i {
    const HALVES: i32 = 0b10_11_00_01;
    let halves = _mm_or_si128(_mm_slli_epi16::<8>(words), _mm_srli_epi16::<8>(words));
    _mm_shufflehi_epi16::<HALVES>(_mm_shufflelo_epi16::<HALVES>(halves))
}

#[target_feature(enable = "ssse3")]
#[inline]
fn swap(words: __m128i) -> __m128i {
    _mm_shuffle_epi8(words, transmute!(SWAPPED))
}

#[target_feature(enable = "avx2")]
#[inline]
fn swap_256(words: __m256i) -> __m256i {
    _mm256_shuffle_epi8(words, _mm256_broadcastsi128_si256(transmute!(SWAPPED)))
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn swap_512(words: __m512i) -> __m512i {
    _mm512_shuffle_epi8(words, _mm512_broadcast_i32x4(transmute!(SWAPPED)))
}

/// Which byte comes to each place when the bytes of each word are turned around.
const SWAPPED: [u8; 16] = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];
