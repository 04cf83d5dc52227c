//! I am lz4 as ZFS frames it: the length, then an LZ4 block.

/// Fills the block; nothing where the payload is none for it.
pub(in crate::stream) fn decompress(payload: &[u8], block: &mut [u8]) -> Option<()> {
    let (length, rest) = payload.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let made = lz4_flex::block::decompress_into(rest.get(..length)?, block).ok()?;
    (made == block.len()).then_some(())
}

/// Nothing for more bytes than the length can say.
#[cfg(feature = "codec")]
pub(in crate::stream) fn compress(block: &[u8]) -> Option<Vec<u8>> {
    let made = lz4_flex::block::compress(block);
    let length = u32::try_from(made.len()).ok()?;
    Some([&length.to_be_bytes(), made.as_slice()].concat())
}
