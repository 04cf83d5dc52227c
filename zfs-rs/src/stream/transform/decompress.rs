//! I make every block of a stream plain.

use std::io::{Read, Write};

use super::codec::{self, CodecError};
use super::trouble::TransformError;
use super::{Transformed, each};
use crate::stream::{Features, Record, StreamKind, record};

/// Copies a stream, or a package of them, with every block of a `WRITE` as it is, not compressed: as `zfs send` without `-c` sends it.
///
/// A receiver compresses the blocks as its own dataset says. The features `compressed`, `lz4` and `zstd` are no longer asked of it, the latter two
/// unless there may be embedded blocks. Those stay as they are: a kernel puts what `WRITE_EMBEDDED` has into a block pointer and never looks into it
/// (`receive_write_embedded` in `dmu_recv.c`). `SPILL` is compressed in raw streams only.
///
/// ```
/// use zfs_rs::stream::{Begin, ByteOrder, Features, Writer, record, transform};
/// use zfs_rs::stream::transform::codec::{self, Compression};
///
/// let payload = codec::compress(Compression::LZ4, &[7; 4096]).ok_or("it does not shrink")?;
/// let block = record::Write { object: 7, logical_size: 4096, compression: 15, compressed_size: 512, to_guid: 5, ..record::Write::default() };
/// let mut stream = Vec::new();
/// let mut writer = Writer::new(ByteOrder::HOST);
/// writer.put(&mut stream, Begin { features: Features::COMPRESSED.with(Features::LZ4), ..Begin::new("tank@a", 5) }, &[])?;
/// writer.put(&mut stream, block, &payload)?;
/// writer.put(&mut stream, record::End { to_guid: 5, ..record::End::default() }, &[])?;
///
/// let done = transform::decompress(&mut stream.as_slice(), &mut std::io::sink())?;
/// assert_eq!((done.read.payload_bytes, done.written.payload_bytes), (512, 4096));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Reading or writing failed, the stream is damaged, raw or deduplicated, or a block is not what its algorithm makes.
pub fn decompress(from: &mut (impl Read + ?Sized), to: &mut (impl Write + ?Sized)) -> Result<Transformed, TransformError> {
    each(from, to, |piece, sink| {
        let mut piece = piece.plain()?;
        match &mut piece.record {
            Record::Begin(begin) if begin.kind == StreamKind::Substream => begin.features = plain(begin.features),
            Record::Write(write) => {
                let block = inflated(write, &piece.payload);
                if let Some(block) = block.map_err(|error| piece.unfit(error))? {
                    piece.payload = block;
                }
            }
            _ => {}
        }
        sink.put(&piece)
    })
}

/// What a stream with these features asks of a receiver when its blocks are plain. Embedded blocks stay compressed, by lz4 or zstd too.
pub(super) const fn plain(features: Features) -> Features {
    let features = features.without(Features::COMPRESSED);
    if features.contains(Features::EMBED_DATA) {
        features
    } else {
        features.without(Features::LZ4.with(Features::ZSTD))
    }
}

/// Makes the record say that its block is plain, and gives the block; nothing where it is plain already.
pub(super) fn inflated(write: &mut record::Write, payload: &[u8]) -> Result<Option<Vec<u8>>, CodecError> {
    if write.compression == 0 {
        return Ok(None);
    }
    let block = codec::decompress(write.compression, payload, write.logical_size)?;
    write.compression = 0;
    write.compressed_size = 0;
    Ok(Some(block))
}
