//! I leave objects out of a stream.

use std::io::{Read, Write};
use std::ops::{Range, RangeInclusive};

use super::piece::Piece;
use super::trouble::TransformError;
use super::{Transformed, each};
use crate::stream::Record;
use crate::stream::record::FreeObjects;

/// Copies a stream without what it says about objects with these numbers: a receiver neither makes nor changes nor frees them.
///
/// Nothing tells a receiver that something is missing: directories go on naming a file that was left out, and an increment may rely on it. It is for
/// getting at the rest of a stream of which some object cannot be received.
///
/// ```
/// use zfs_rs::stream::{Begin, ByteOrder, Writer, record::{End, Free}, transform};
///
/// let mut stream = Vec::new();
/// let mut writer = Writer::new(ByteOrder::HOST);
/// writer.put(&mut stream, Begin::new("tank@a", 5), &[])?;
/// writer.put(&mut stream, Free { object: 7, offset: 0, length: 512, to_guid: 5 }, &[])?;
/// writer.put(&mut stream, End { to_guid: 5, ..End::default() }, &[])?;
///
/// let done = transform::drop_objects(&[7..=7, 100..=199], &mut stream.as_slice(), &mut std::io::sink())?;
/// assert_eq!((done.read.records, done.written.records), (3, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Reading or writing failed, the stream is damaged, or it is raw: a kernel authenticates its objects 32 at a time. A deduplicated stream is refused
/// too, since it may refer to what is left out.
pub fn drop_objects(
    objects: &[RangeInclusive<u64>],
    from: &mut (impl Read + ?Sized),
    to: &mut (impl Write + ?Sized),
) -> Result<Transformed, TransformError> {
    let is_dropped = |object: u64| objects.iter().any(|range| range.contains(&object));
    each(from, to, |piece, sink| {
        let piece = piece.plain()?;
        match piece.record {
            Record::FreeObjects(free) => spared(free, objects).into_iter().try_for_each(|free| {
                sink.put(&Piece {
                    record: free.into(),
                    ..piece.clone()
                })
            }),
            _ if piece.record.object().is_some_and(is_dropped) => Ok(()),
            _ => sink.put(&piece),
        }
    })
}

/// The parts of the range that none of these objects is in, upwards.
fn spared(free: FreeObjects, objects: &[RangeInclusive<u64>]) -> Vec<FreeObjects> {
    let whole = free.first_object..free.first_object.saturating_add(free.count);
    let mut parts = vec![whole];
    for hole in objects.iter().filter(|range| !range.is_empty()) {
        let behind = hole.end().saturating_add(1);
        let cut = |part: Range<u64>| [part.start..part.end.min(*hole.start()), part.start.max(behind)..part.end];
        parts = parts.into_iter().flat_map(cut).filter(|part| !part.is_empty()).collect();
    }
    let record = |part: Range<u64>| FreeObjects {
        first_object: part.start,
        count: part.end.saturating_sub(part.start),
        to_guid: free.to_guid,
    };
    parts.into_iter().map(record).collect()
}
