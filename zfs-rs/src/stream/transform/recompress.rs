//! I compress every block of a stream otherwise.

use std::io::{Read, Write};

use super::codec::{self, Compression};
use super::decompress::{inflated, plain};
use super::piece::Piece;
use super::trouble::TransformError;
use super::{Transformed, each};
use crate::stream::record::Object;
use crate::stream::verify::is_metadata;
use crate::stream::{Features, Record, StreamKind, record};

/// Copies a stream, or a package of them, with every block compressed so: as `zfs send -c` sends it from a dataset that has this compression.
///
/// A receiver stores the blocks as they come. A block that does not shrink by at least a sector is sent plain. So is what no kernel sends
/// compressed, because receivers could not store it: metadata, whose bytes a receiver may have to swap, and what is not one whole block of the object
/// that the stream told of. Where a resumed stream goes on with an object that it does not tell of, those blocks are compressed that were.
/// `WRITE_EMBEDDED` and `SPILL` stay as in [`decompress`](super::decompress()).
///
/// ```
/// use zfs_rs::stream::{Begin, ByteOrder, RecordType, Writer, record, transform};
/// use zfs_rs::stream::transform::codec::Compression;
///
/// let file = record::Object { object: 7, object_type: 19, block_size: 4096, to_guid: 5, ..record::Object::default() };
/// let block = record::Write { object: 7, object_type: 19, logical_size: 4096, to_guid: 5, ..record::Write::default() };
/// let mut stream = Vec::new();
/// let mut writer = Writer::new(ByteOrder::HOST);
/// writer.put(&mut stream, Begin::new("tank@a", 5), &[])?;
/// writer.put(&mut stream, file, &[])?;
/// writer.put(&mut stream, block, &[7; 4096])?;
/// writer.put(&mut stream, record::End { to_guid: 5, ..record::End::default() }, &[])?;
///
/// let done = transform::recompress("zstd-19".parse()?, &mut stream.as_slice(), &mut std::io::sink())?;
/// assert_eq!((done.read.payload_bytes, done.written.payload_bytes), (4096, 512));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Reading or writing failed, the stream is damaged, raw or deduplicated, or a block is not what its algorithm makes.
pub fn recompress(
    compression: Compression,
    from: &mut (impl Read + ?Sized),
    to: &mut (impl Write + ?Sized),
) -> Result<Transformed, TransformError> {
    let mut latest = None;
    each(from, to, |piece, sink| {
        let mut piece = piece.plain()?;
        match &mut piece.record {
            Record::Begin(begin) => {
                latest = None;
                if begin.kind == StreamKind::Substream {
                    begin.features = plain(begin.features).with(announced(compression));
                }
            }
            Record::Object(object) => latest = Some(*object),
            Record::Write(write) => {
                let write = *write;
                deflate(compression, &mut piece, write, latest)?;
            }
            _ => {}
        }
        sink.put(&piece)
    })
}

fn deflate(compression: Compression, piece: &mut Piece, mut write: record::Write, latest: Option<Object>) -> Result<(), TransformError> {
    let may = may_be_compressed(&write, latest);
    if let Some(block) = inflated(&mut write, &piece.payload).map_err(|error| piece.unfit(error))? {
        piece.payload = block;
    }
    if let Some(payload) = may.then(|| codec::compress(compression, &piece.payload)).flatten() {
        write.compression = compression.number();
        write.compressed_size = u64::try_from(payload.len()).unwrap_or(u64::MAX);
        piece.payload = payload;
    }
    piece.record = write.into();
    Ok(())
}

/// A kernel puts compressed bytes on disk as they are only where they fill a block of the object: `flush_write_batch_impl` in `dmu_recv.c` of 2.3.
fn may_be_compressed(write: &record::Write, latest: Option<Object>) -> bool {
    let is_block = match latest.filter(|object| object.object == write.object) {
        Some(object) => write.logical_size == u64::from(object.block_size),
        None => write.compression != 0,
    };
    is_block && !is_metadata(write.object_type)
}

/// What a receiver must understand.
const fn announced(compression: Compression) -> Features {
    Features::COMPRESSED.with(Features::of_compression(compression.number()))
}
