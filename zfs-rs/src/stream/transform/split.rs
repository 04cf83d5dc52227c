//! I give each stream of a package by itself.

use std::io::{BufWriter, Read, Write};

use super::piece::Pieces;
use super::trouble::TransformError;
use super::{Transformed, sink};
use crate::stream::{Begin, Record, StreamKind, Summary};

/// Takes a package apart: for each stream in it, in their order, `open` is given its first record and says where its bytes go.
///
/// Each stream is byte for byte what the package had, and complete by itself: what the kernel receives, or [`Verifier`](crate::stream::Verifier)
/// reads. The package's own list of properties and datasets is left out. A stream that is in no package comes out as it is. What `open` gives is
/// flushed and dropped at the end of its stream.
///
/// ```
/// use zfs_rs::stream::{Begin, ByteOrder, StreamKind, Writer, record::End, transform};
///
/// let mut package = Vec::new();
/// let mut writer = Writer::new(ByteOrder::HOST);
/// writer.put(&mut package, Begin { kind: StreamKind::Compound, ..Begin::new("tank@b", 0) }, &[])?;
/// writer.put(&mut package, End::default(), &[])?;
/// for (name, guid) in [("tank@a", 5), ("tank@b", 6)] {
///     writer.put(&mut package, Begin::new(name, guid), &[])?;
///     writer.put(&mut package, End { to_guid: guid, ..End::default() }, &[])?;
/// }
/// writer.put(&mut package, End::default(), &[])?;
///
/// let mut names = Vec::new();
/// let done = transform::split(&mut package.as_slice(), |begin: &Begin| {
///     names.push(begin.to_name.to_string());
///     Ok(std::io::sink())
/// })?;
/// assert_eq!(names, ["tank@a", "tank@b"]);
/// assert_eq!((done.read.records, done.written.records), (7, 4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Reading failed, the package is damaged, or `open` or what it gave failed. The streams that ended before are whole.
pub fn split<W: Write>(
    from: &mut (impl Read + ?Sized),
    mut open: impl FnMut(&Begin) -> std::io::Result<W>,
) -> Result<Transformed, TransformError> {
    let mut pieces = Pieces::new(from);
    let mut written = Summary::default();
    let mut to: Option<BufWriter<W>> = None;
    while let Some(piece) = pieces.next()? {
        if let Record::Begin(begin) = &piece.record
            && begin.kind == StreamKind::Substream
        {
            to = Some(BufWriter::new(open(begin).map_err(TransformError::Write)?));
        }
        // The header of a package and the end of all go nowhere.
        let Some(stream) = &mut to else { continue };
        sink::write(stream, &mut written, &piece.header, &piece).map_err(TransformError::Write)?;
        if matches!(piece.record, Record::End(_)) {
            stream.flush().map_err(TransformError::Write)?;
            to = None;
        }
    }
    Ok(Transformed {
        read: *pieces.summary(),
        written,
    })
}
