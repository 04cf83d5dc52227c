//! I am gzip, which in ZFS is a stream of zlib and says by itself where it ends.

use miniz_oxide::{deflate, inflate};

/// Fills the block; nothing where the payload is none for it.
pub(super) fn decompress(payload: &[u8], block: &mut [u8]) -> Option<()> {
    let made = inflate::decompress_slice_iter_to_slice(block, std::iter::once(payload), true, false).ok()?;
    (made == block.len()).then_some(())
}

pub(super) fn compress(block: &[u8], level: u8) -> Vec<u8> {
    deflate::compress_to_vec_zlib(block, level)
}
