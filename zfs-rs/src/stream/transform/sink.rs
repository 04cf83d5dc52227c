//! I write the records of a new stream, with sums of its own.

use std::io::{self, BufWriter, Write};

use super::piece::Piece;
use super::trouble::TransformError;
use crate::stream::record::RECORD_SIZE;
use crate::stream::{Record, RecordBytes, Summary, Writer};

/// Where the records of a new stream go.
#[derive(Debug)]
pub(super) struct Sink<'a, W: Write + ?Sized> {
    to: BufWriter<&'a mut W>,
    /// Made at the first record, which says the order.
    writer: Option<Writer>,
    written: Summary,
}

impl<'a, W: Write + ?Sized> Sink<'a, W> {
    pub(super) fn new(to: &'a mut W) -> Self {
        Self {
            to: BufWriter::with_capacity(BATCH, to),
            writer: None,
            written: Summary::default(),
        }
    }

    /// Writes a record with its payload and new sums.
    pub(super) fn put(&mut self, piece: &Piece) -> Result<(), TransformError> {
        let writer = self.writer.get_or_insert_with(|| Writer::new(piece.order));
        if matches!(piece.record, Record::Begin(_)) {
            writer.turn_to(piece.order);
        }
        let header = writer
            .header(piece.record.clone(), &piece.payload)
            .map_err(|error| piece.unfit(error))?;
        write(&mut self.to, &mut self.written, &header, piece).map_err(TransformError::Write)
    }

    /// Writes what is not written yet, and says what was.
    pub(super) fn finish(mut self) -> Result<Summary, TransformError> {
        self.to.flush().map_err(TransformError::Write)?;
        Ok(self.written)
    }
}

/// Writes a record's bytes and its payload, and counts them.
pub(super) fn write(to: &mut impl Write, written: &mut Summary, header: &RecordBytes, piece: &Piece) -> io::Result<()> {
    to.write_all(header)?;
    to.write_all(&piece.payload)?;
    let length = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
    written.bytes = written.bytes.saturating_add(length(RECORD_SIZE));
    written.count_payload(length(piece.payload.len()));
    written.count_record(piece.record.record_type());
    Ok(())
}

/// As much as a pipe takes at once.
const BATCH: usize = 64 << 10;
