//! I make a stream of records: each with the running checksum that a receiver wants to see.

use thiserror::Error;

use super::fletcher::{Checksum, Fletcher4};
use super::record::{CHECKSUM_AT, Record, set_checksum};
use super::{ByteOrder, RecordBytes, StreamKind};

/// Writes a send stream, or a package of them: records in, bytes out.
///
/// Sums are the writer's: the checksum of an [`End`](super::record::End) and the payload length of a [`Begin`](super::Begin) are
/// filled in whatever they were. A package is its compound `Begin` with an nvlist, an `End`, the streams, and an `End` of all; what a
/// [`Reader`](super::Reader) gave out of one is written as it was.
///
/// ```
/// use zfs_rs::stream::{Begin, ByteOrder, Reader, StreamKind, Writer, record::End};
///
/// let mut package = Vec::new();
/// let mut writer = Writer::new(ByteOrder::HOST);
/// writer.put(&mut package, Begin { kind: StreamKind::Compound, ..Begin::new("tank@a", 0) }, &[])?;
/// writer.put(&mut package, End::default(), &[])?;
/// writer.put(&mut package, Begin::new("tank@a", 5), &[])?;
/// writer.put(&mut package, End { to_guid: 5, ..End::default() }, &[])?;
/// writer.put(&mut package, End::default(), &[])?;
///
/// let mut reader = Reader::new();
/// let mut input = package.as_slice();
/// while !input.is_empty() {
///     let (_step, used) = reader.step(input)?;
///     input = &input[used..];
/// }
/// assert!(reader.is_complete());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Writer {
    order: ByteOrder,
    sum: Fletcher4,
    place: Place,
    in_package: bool,
}

/// Where the next record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In a stream: every record has a running sum.
    Stream,
    /// In the header of a package: its `END` says the sum of the header and has no running one.
    Header,
    /// Between the streams of a package: its own `END` says no sum at all.
    Between,
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
    /// Features beyond the 56 or reserved bits beyond the 6 that `BEGIN` has room for.
    #[error("features or reserved bits do not fit into a stream")]
    Bits,
}

impl Writer {
    /// A writer for a stream in the given byte order; kernels write their own machine's.
    #[must_use]
    pub const fn new(order: ByteOrder) -> Self {
        Self {
            order,
            sum: Fletcher4::new(order),
            place: Place::Stream,
            in_package: false,
        }
    }

    /// Writes what follows in this order: each stream of a package has its own.
    pub(super) const fn turn_to(&mut self, order: ByteOrder) {
        self.order = order;
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
                if !begin.has_room() {
                    return Err(WriteError::Bits);
                }
            }
            Record::End(end) if self.place == Place::Between => end.checksum = Checksum::ZERO,
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
        match &record {
            Record::Begin(begin) => {
                self.sum = Fletcher4::new(self.order);
                self.sum.update(&bytes);
                self.in_package |= begin.kind == StreamKind::Compound;
                self.place = match begin.kind {
                    StreamKind::Compound => Place::Header,
                    StreamKind::Substream => Place::Stream,
                };
            }
            // libzfs writes the ends that are a package's own, and no running sum into them.
            Record::End(_) if self.place != Place::Stream => self.place = Place::Between,
            _ => self.summed(&record, &mut bytes),
        }
        self.sum.update(payload);
        Ok(bytes)
    }

    fn summed(&mut self, record: &Record, bytes: &mut RecordBytes) {
        self.sum.update(bytes.get(..CHECKSUM_AT).unwrap_or_default());
        set_checksum(bytes, self.sum.value(), self.order);
        self.sum.update(bytes.get(CHECKSUM_AT..).unwrap_or_default());
        if matches!(record, Record::End(_)) && self.in_package {
            self.place = Place::Between;
        }
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
