//! I am zstd as ZFS frames it: the length, level and version, then a frame without magic number, checksum or size.

use zstd_safe::{CCtx, CParameter};

use super::compression::level_byte;

/// Fills the block; nothing where the payload is none for it.
pub(super) fn decompress(payload: &[u8], block: &mut [u8]) -> Option<()> {
    let (length, rest) = payload.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    // Level and version are for who compresses again. Kernels on machines of both orders have written them in different ways.
    let (_level_and_version, rest) = rest.split_first_chunk::<4>()?;
    let frame = [&MAGIC, rest.get(..length)?].concat();
    let made = zstd_safe::decompress(block, &frame).ok()?;
    (made == block.len()).then_some(())
}

/// Nothing where it would not shrink, or there is no memory: a kernel leaves a block as it is then, too.
pub(super) fn compress(block: &[u8], level: i16) -> Option<Vec<u8>> {
    let mut context = CCtx::try_create()?;
    for parameter in [
        CParameter::CompressionLevel(level.into()),
        CParameter::ChecksumFlag(false),
        CParameter::ContentSizeFlag(false),
    ] {
        context.set_parameter(parameter).ok()?;
    }
    let mut frame = vec![0; block.len()];
    let made = context.compress2(frame.as_mut_slice(), block).ok()?;
    let frame = frame.get(..made)?.strip_prefix(&MAGIC)?;
    let length = u32::try_from(frame.len()).ok()?;
    // The version has 24 bits.
    let [_, version @ ..] = zstd_safe::version_number().to_be_bytes();
    Some([&length.to_be_bytes()[..], &[level_byte(level)?], &version, frame].concat())
}

/// What a frame begins with, and ZFS leaves out.
const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
