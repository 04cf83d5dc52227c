//! I make a stream of records: each with the running checksum that a receiver wants to see.

use thiserror::Error;

use super::begin::{Begin, StreamKind};
use super::fletcher::{Checksum, Fletcher4};
use super::record::{CHECKSUM_AT, Record, set_checksum};
use super::{ByteOrder, RecordBytes};

/// Writes a send stream: records in, bytes out.
///
/// Sums are the writer's: the checksum of an [`End`](super::record::End) and the payload length of a [`Begin`](super::Begin) are
/// filled in whatever they were. A package is written as libzfs writes it: the `END` of its header says the header's sum and carries no
/// running one, and the `END` of all says nothing.
#[derive(Clone, Debug)]
pub struct Writer {
    order: ByteOrder,
    sum: Fletcher4,
    place: Place,
}

/// What the next `END` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A stream by itself.
    Stream,
    /// The header of a package.
    Header,
    /// A stream of a package.
    Member,
    /// The package.
    Package,
}

/// Why a record cannot be written.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WriteError {
    /// The payload is not as long as the record says.
    #[error("a payload of {found} bytes where the record says {expected}")]
    Payload {
        /// What the record says.
        expected: u64,
        /// What was given.
        found: usize,
    },
    /// The payload is longer than a record can say, or not a multiple of 4 bytes.
    #[error("a payload of {0} bytes cannot be sent")]
    PayloadSize(usize),
    /// The snapshot's name does not fit into 255 bytes, or holds a NUL.
    #[error("the name of the snapshot does not fit into a stream")]
    Name,
}

impl Writer {
    /// A writer for a stream in the given byte order; kernels write their own machine's.
    #[must_use]
    pub const fn new(order: ByteOrder) -> Self {
        Self {
            order,
            sum: Fletcher4::new(order),
            place: Place::Stream,
        }
    }

    /// The bytes of the next record; its payload is to follow them as it is. A `BEGIN` starts a new sum.
    ///
    /// # Errors
    /// The payload is not what the record says, or a name does not fit; the writer is as it was.
    pub fn header(&mut self, record: impl Into<Record>, payload: &[u8]) -> Result<RecordBytes, WriteError> {
        let mut record = record.into();
        match &mut record {
            Record::Begin(begin) => {
                begin.payload_len = u32::try_from(payload.len()).map_err(|_too_long| WriteError::PayloadSize(payload.len()))?;
            }
            Record::End(end) if self.place == Place::Package => end.checksum = Checksum::ZERO,
            Record::End(end) => end.checksum = self.sum.value(),
            _ => {}
        }
        let expected = record.payload_len();
        if usize::try_from(expected) != Ok(payload.len()) {
            return Err(WriteError::Payload {
                expected,
                found: payload.len(),
            });
        }
        if !payload.len().is_multiple_of(4) {
            return Err(WriteError::PayloadSize(payload.len()));
        }
        let mut bytes = record.write(self.order).ok_or(WriteError::Name)?;
        let is_begin = matches!(record, Record::Begin(_));
        if is_begin {
            self.sum = Fletcher4::new(self.order);
        }
        if is_begin || matches!(self.place, Place::Header | Place::Package) {
            self.sum.update(&bytes);
        } else {
            self.sum.update(bytes.get(..CHECKSUM_AT).unwrap_or_default());
            set_checksum(&mut bytes, self.sum.value(), self.order);
            self.sum.update(bytes.get(CHECKSUM_AT..).unwrap_or_default());
        }
        self.sum.update(payload);
        self.place = self.place.behind(&record);
        Ok(bytes)
    }

    /// Appends the next record with its payload to `out`.
    ///
    /// # Errors
    /// As [`header`](Self::header); nothing is appended then.
    pub fn put(&mut self, out: &mut Vec<u8>, record: impl Into<Record>, payload: &[u8]) -> Result<(), WriteError> {
        let header = self.header(record, payload)?;
        out.extend_from_slice(&header);
        out.extend_from_slice(payload);
        Ok(())
    }
}

impl Place {
    const fn behind(self, record: &Record) -> Self {
        match (self, record) {
            (
                _,
                Record::Begin(Begin {
                    kind: StreamKind::Compound,
                    ..
                }),
            ) => Self::Header,
            (Self::Package, Record::Begin(_)) => Self::Member,
            (Self::Header | Self::Member, Record::End(_)) => Self::Package,
            (Self::Package, Record::End(_)) => Self::Stream,
            (place, _) => place,
        }
    }
}
