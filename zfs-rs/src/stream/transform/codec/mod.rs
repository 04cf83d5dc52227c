//! I know how ZFS compresses a block, and how the result lies in a record.
//!
//! | algorithm | in a record |
//! |---|---|
//! | lz4 | length as 4 bytes, most significant first, then an LZ4 block |
//! | zstd | length as 4 bytes so, then level and version of zstd in 4, then a frame of zstd without its magic number |
//! | gzip-1 to gzip-9 | a stream of zlib |
//! | lzjb, zle | ZFS's own |
//!
//! All are filled up with zeros to whole sectors of 512 bytes, as they lie on disk. lz4, gzip, lzjb and zle are safe Rust. zstd is the library itself,
//! in C: what is written in Rust so far knows one level of it, and an archive wants the high ones.

mod compression;
mod gzip;
#[cfg(test)]
pub(super) mod tests;
mod zle;
mod zstd;

use thiserror::Error;

pub use compression::Compression;

use self::compression::Kind;
use crate::stream::record::MAX_PAYLOAD;
use crate::stream::{lz4, lzjb};

/// Why a block cannot be decompressed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodecError {
    /// No algorithm with this number compresses blocks.
    #[error("compression {0} is not known")]
    Unknown(u8),
    /// No block has this many bytes.
    #[error("a block of {0} bytes, more than any has")]
    TooLong(u64),
    /// The bytes are not what the algorithm makes, or make another number of bytes.
    #[error("what should be {algorithm} does not make a block of {logical_size} bytes")]
    Malformed {
        /// The algorithm.
        algorithm: &'static str,
        /// Bytes the block should have.
        logical_size: u64,
    },
}

/// The block of `logical_size` bytes that a payload is, compressed by the algorithm with this number: that of a
/// [`Write`](crate::stream::record::Write), as in `zio_compress.h`.
///
/// Not more than `logical_size` bytes are made, nor fewer; what follows the compressed bytes does not count.
///
/// ```
/// use zfs_rs::stream::transform::codec::{self, Compression};
///
/// let block = [7; 4096];
/// let payload = codec::compress(Compression::LZ4, &block).ok_or("it does not shrink")?;
/// assert_eq!(payload.len(), 512);
/// assert_eq!(codec::decompress(Compression::LZ4.number(), &payload, 4096)?, block);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The algorithm is not known, the block would be longer than any, or the payload is not one of that algorithm and length.
pub fn decompress(compression: u8, payload: &[u8], logical_size: u64) -> Result<Vec<u8>, CodecError> {
    let (algorithm, fill): (_, Fill) = match compression {
        3 => ("lzjb", lzjb::decompress),
        5..=13 => ("gzip", gzip::decompress),
        14 => ("zle", zle::decompress),
        15 => ("lz4", lz4::decompress),
        16 => ("zstd", zstd::decompress),
        other => return Err(CodecError::Unknown(other)),
    };
    let length = usize::try_from(logical_size).ok().filter(|_| logical_size <= MAX_PAYLOAD);
    let mut block = vec![0; length.ok_or(CodecError::TooLong(logical_size))?];
    fill(payload, &mut block).ok_or(CodecError::Malformed { algorithm, logical_size })?;
    Ok(block)
}

/// The payload that a block is when it is compressed, in whole sectors; nothing where that saves none, and the block is sent as it is.
#[must_use]
pub fn compress(compression: Compression, block: &[u8]) -> Option<Vec<u8>> {
    let mut payload = match compression.kind() {
        Kind::Lz4 => lz4::compress(block)?,
        Kind::Gzip(level) => gzip::compress(block, level),
        Kind::Zstd(level) => zstd::compress(block, level)?,
    };
    payload.resize(payload.len().checked_next_multiple_of(SECTOR)?, 0);
    (payload.len() < block.len()).then_some(payload)
}

/// Fills the whole block with what the payload is; nothing where it is none for it.
type Fill = fn(payload: &[u8], block: &mut [u8]) -> Option<()>;

/// What disks are counted in.
const SECTOR: usize = 512;
