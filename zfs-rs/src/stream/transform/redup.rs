//! I put blocks where a stream refers to blocks.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom, Write};

use super::Transformed;
use super::piece::{Piece, Pieces};
use super::sink::Sink;
use super::trouble::{Reason, TransformError};
use crate::stream::record::{self, Object, RECORD_SIZE, WriteByRef};
use crate::stream::{Features, Record};

/// Makes of a deduplicated stream one that kernels receive: where it refers to a block that came before, that block is put.
///
/// `zfs send -D` made such streams until OpenZFS 2.0, and no later kernel takes them. The stream is read from where `from` stands, and
/// earlier blocks are read again, so the file must not change meanwhile.
///
/// Of each block the place is remembered: 32 bytes, with the room a table keeps free about 75 at most; for a stream of 1 TiB in blocks of 128 KiB that
/// is 600 MiB.
///
/// ```
/// use std::io::Cursor;
/// use zfs_rs::stream::{Begin, ByteOrder, Features, RecordType, Writer, record, transform};
///
/// let block = record::Write { object: 7, logical_size: 512, to_guid: 5, ..record::Write::default() };
/// let same = record::WriteByRef { object: 8, length: 512, to_guid: 5, ref_guid: 5, ref_object: 7, ..record::WriteByRef::default() };
/// let mut stream = Vec::new();
/// let mut writer = Writer::new(ByteOrder::HOST);
/// writer.put(&mut stream, Begin { features: Features::DEDUP, ..Begin::new("tank@a", 5) }, &[])?;
/// writer.put(&mut stream, block, &[1; 512])?;
/// writer.put(&mut stream, same, &[])?;
/// writer.put(&mut stream, record::End { to_guid: 5, ..record::End::default() }, &[])?;
///
/// let done = transform::redup(&mut Cursor::new(stream), &mut std::io::sink())?;
/// assert_eq!(done.written.count(RecordType::Write), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Reading or writing failed, the stream is damaged, or it refers to a block that did not come before.
pub fn redup(from: &mut (impl Read + Seek + ?Sized), to: &mut (impl Write + ?Sized)) -> Result<Transformed, TransformError> {
    let base = from.stream_position().map_err(TransformError::Read)?;
    let mut pieces = Pieces::new(from);
    let mut sink = Sink::new(to);
    let mut blocks = HashMap::new();
    let mut latest = None;
    while let Some(mut piece) = pieces.next()? {
        match &mut piece.record {
            Record::Begin(begin) => {
                begin.features = begin.features.without(Features::DEDUP.with(Features::DEDUP_PROPS));
                latest = None;
            }
            Record::Object(object) => latest = Some(*object),
            Record::Write(write) => {
                blocks.insert((write.to_guid, write.object, write.offset), piece.offset);
            }
            Record::WriteByRef(reference) => {
                let reference = *reference;
                let key = (reference.ref_guid, reference.ref_object, reference.ref_offset);
                let place = *blocks.get(&key).ok_or_else(|| piece.unfit(missing(reference)))?;
                let source = pieces.source();
                let block = again(source, base.saturating_add(place), &piece).map_err(TransformError::Read)?;
                let (write, payload) = block.ok_or_else(|| piece.unfit(Reason::Changed))?;
                piece.record = resolved(reference, write, latest)
                    .ok_or_else(|| piece.unfit(Reason::Changed))?
                    .into();
                piece.payload = payload;
            }
            _ => {}
        }
        sink.put(&piece)?;
    }
    Ok(Transformed {
        read: *pieces.summary(),
        written: sink.finish()?,
    })
}

const fn missing(reference: WriteByRef) -> Reason {
    Reason::Missing {
        guid: reference.ref_guid,
        object: reference.ref_object,
        offset: reference.ref_offset,
    }
}

/// Reads a block that came before and stands there; nothing where something else is there now.
fn again(from: &mut (impl Read + Seek + ?Sized), place: u64, piece: &Piece) -> std::io::Result<Option<(record::Write, Vec<u8>)>> {
    let here = from.stream_position()?;
    from.seek(SeekFrom::Start(place))?;
    let mut header = [0; RECORD_SIZE];
    from.read_exact(&mut header)?;
    let record = Record::read(&header, piece.order).ok();
    let length = record.as_ref().map_or(0, Record::payload_len);
    let Some(Record::Write(write)) = record.filter(|_| length <= record::MAX_PAYLOAD) else {
        from.seek(SeekFrom::Start(here))?;
        return Ok(None);
    };
    let mut payload = vec![0; usize::try_from(length).unwrap_or_default()];
    from.read_exact(&mut payload)?;
    from.seek(SeekFrom::Start(here))?;
    Ok(Some((write, payload)))
}

/// The block at the place that the reference is for; nothing where it is not the block referred to.
fn resolved(reference: WriteByRef, write: record::Write, latest: Option<Object>) -> Option<record::Write> {
    let is_it = (write.to_guid, write.object, write.offset) == (reference.ref_guid, reference.ref_object, reference.ref_offset);
    // Blocks of a volume and of a file may be the same; each is written as what its own object holds.
    let own = latest.filter(|object| object.object == reference.object);
    (is_it && write.logical_size == reference.length).then_some(record::Write {
        object: reference.object,
        offset: reference.offset,
        to_guid: reference.to_guid,
        object_type: own.map_or(write.object_type, |object| object.object_type),
        ..write
    })
}
