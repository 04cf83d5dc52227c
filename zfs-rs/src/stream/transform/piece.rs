//! I read a stream record by record, each whole and proved.

use std::io::Read;

use super::trouble::{Reason, TransformError, Unfit};
use crate::stream::{ByteOrder, Features, Intake, Reader, Record, RecordBytes, Step, StreamKind, Summary};

/// A record with its payload, proved by the record behind it.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) record: Record,
    pub(super) payload: Vec<u8>,
    /// The record's bytes as they were.
    pub(super) header: RecordBytes,
    pub(super) order: ByteOrder,
    /// Where the record starts in the stream.
    pub(super) offset: u64,
    pub(super) number: u64,
}

impl Piece {
    fn new(record: Record, reader: &Reader) -> Self {
        Self {
            record,
            payload: Vec::new(),
            header: *reader.header(),
            order: reader.order().unwrap_or(ByteOrder::HOST),
            offset: reader.start(),
            number: reader.summary().records.saturating_sub(1),
        }
    }

    /// That the record is not for this transform.
    pub(super) fn unfit(&self, reason: impl Into<Reason>) -> TransformError {
        TransformError::Unfit(Unfit {
            record: self.number,
            offset: self.offset,
            record_type: self.record.record_type(),
            object: self.record.object(),
            reason: reason.into(),
        })
    }

    /// Refuses raw streams, and references to other records.
    pub(super) fn plain(self) -> Result<Self, TransformError> {
        match &self.record {
            // The header of a package says raw where some of its streams may be.
            Record::Begin(begin) if begin.kind == StreamKind::Substream && begin.features.contains(Features::RAW) => {
                Err(self.unfit(Reason::Raw))
            }
            Record::WriteByRef(_) => Err(self.unfit(Reason::Deduplicated)),
            _ => Ok(self),
        }
    }
}

/// The records of a stream, each given when the one behind it was read.
#[derive(Debug)]
pub(super) struct Pieces<'a, R: ?Sized> {
    from: &'a mut R,
    reader: Reader,
    intake: Intake,
    held: Option<Piece>,
}

impl<'a, R: Read + ?Sized> Pieces<'a, R> {
    pub(super) fn new(from: &'a mut R) -> Self {
        Self {
            from,
            reader: Reader::new(),
            intake: Intake::new(),
            held: None,
        }
    }

    /// The next record; nothing after the end, which is that of the stream and of all bytes.
    pub(super) fn next(&mut self) -> Result<Option<Piece>, TransformError> {
        loop {
            let input = self.intake.fill(self.from).map_err(TransformError::Read)?;
            if input.is_empty() {
                return self.last();
            }
            let (step, used) = self.reader.step(input)?;
            let mut proved = None;
            match step {
                Step::Record(record) => proved = self.held.replace(Piece::new(record, &self.reader)),
                // It grows as bytes come, not as a record claims.
                Step::Payload(bytes) => {
                    if let Some(held) = &mut self.held {
                        held.payload.extend_from_slice(bytes);
                    }
                }
                Step::Need => {}
            }
            self.intake.used(used);
            if proved.is_some() {
                return Ok(proved);
            }
        }
    }

    /// What was read so far.
    pub(super) const fn summary(&self) -> &Summary {
        self.reader.summary()
    }

    /// The source, for reading elsewhere in it; it has to be left where it was found.
    pub(super) const fn source(&mut self) -> &mut R {
        self.from
    }

    fn last(&mut self) -> Result<Option<Piece>, TransformError> {
        if !self.reader.is_complete() {
            std::mem::take(&mut self.reader).finish()?;
        }
        Ok(self.held.take())
    }
}
