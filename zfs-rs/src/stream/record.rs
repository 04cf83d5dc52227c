//! I am one record of a stream: 312 bytes that say what to do, and how many bytes of payload follow.

use std::fmt;
use std::str::FromStr;

use super::begin::Begin;
use super::fault::Fault;
use super::fletcher::Checksum;
pub use super::layout::{End, Free, FreeObjects, Object, ObjectRange, Redact, Spill, Write, WriteByRef, WriteEmbedded};
use super::{ByteOrder, RecordBytes};
use crate::word::WordError;

/// Bytes of a record without its payload.
pub const RECORD_SIZE: usize = 312;
/// Where a record's own fields start: type and payload length stand before them.
pub(super) const BODY: usize = 8;
/// Where the running checksum lies in all records but `BEGIN`.
pub(super) const CHECKSUM_AT: usize = 280;

/// The largest block of OpenZFS: no record but `BEGIN` has a longer payload.
pub const MAX_PAYLOAD: u64 = 16 << 20;
/// The longest nvlist after a `BEGIN` record: libzfs's own bound.
pub const MAX_BEGIN_PAYLOAD: u64 = 64 << 20;

/// A record of a send stream.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Record {
    /// Begins a stream.
    Begin(Begin),
    /// Creates an object.
    Object(Object),
    /// Frees objects.
    FreeObjects(FreeObjects),
    /// Writes a block.
    Write(Write),
    /// Frees bytes of an object.
    Free(Free),
    /// Ends a stream.
    End(End),
    /// Writes a block sent before.
    WriteByRef(WriteByRef),
    /// Writes a spill block.
    Spill(Spill),
    /// Writes an embedded block.
    WriteEmbedded(WriteEmbedded),
    /// Says how dnodes were encrypted.
    ObjectRange(ObjectRange),
    /// Marks bytes as left out.
    Redact(Redact),
}

/// The type of a record, as its number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
#[non_exhaustive]
pub enum RecordType {
    /// Begins a stream.
    Begin = 0,
    /// Creates an object.
    Object = 1,
    /// Frees objects.
    FreeObjects = 2,
    /// Writes a block.
    Write = 3,
    /// Frees bytes of an object.
    Free = 4,
    /// Ends a stream.
    End = 5,
    /// Writes a block sent before.
    WriteByRef = 6,
    /// Writes a spill block.
    Spill = 7,
    /// Writes an embedded block.
    WriteEmbedded = 8,
    /// Says how dnodes were encrypted.
    ObjectRange = 9,
    /// Marks bytes as left out.
    Redact = 10,
}

impl RecordType {
    /// All types, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::Begin,
        Self::Object,
        Self::FreeObjects,
        Self::Write,
        Self::Free,
        Self::End,
        Self::WriteByRef,
        Self::Spill,
        Self::WriteEmbedded,
        Self::ObjectRange,
        Self::Redact,
    ];

    /// The type's number on the wire.
    #[must_use]
    #[expect(clippy::as_conversions, reason = "the discriminant is the number")]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The type's name, as OpenZFS's own dump prints it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begin => "BEGIN",
            Self::Object => "OBJECT",
            Self::FreeObjects => "FREEOBJECTS",
            Self::Write => "WRITE",
            Self::Free => "FREE",
            Self::End => "END",
            Self::WriteByRef => "WRITE_BYREF",
            Self::Spill => "SPILL",
            Self::WriteEmbedded => "WRITE_EMBEDDED",
            Self::ObjectRange => "OBJECT_RANGE",
            Self::Redact => "REDACT",
        }
    }

    fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.number() == number)
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for RecordType {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let known = Self::ALL.into_iter().find(|known| known.name() == text);
        known.ok_or_else(|| WordError::new(text, "type of record"))
    }
}

impl Record {
    /// Reads a record in a byte order that its stream's `BEGIN` told. Checksums are the reader's business.
    ///
    /// # Errors
    /// A type that is not known, or a `BEGIN` that cannot be read.
    pub fn read(bytes: &RecordBytes, order: ByteOrder) -> Result<Self, Fault> {
        let (head, body) = bytes.split_at(BODY);
        let number = head.first_chunk().map_or(0, |bytes| order.u32(*bytes));
        let unknown = Fault::RecordType(number);
        let kind = RecordType::from_number(number).ok_or(unknown)?;
        match kind {
            RecordType::Begin => return Begin::read(bytes).map(Self::Begin),
            RecordType::Object => Object::load(body, order).map(Self::Object),
            RecordType::FreeObjects => FreeObjects::load(body, order).map(Self::FreeObjects),
            RecordType::Write => Write::load(body, order).map(Self::Write),
            RecordType::Free => Free::load(body, order).map(Self::Free),
            RecordType::End => End::load(body, order).map(Self::End),
            RecordType::WriteByRef => WriteByRef::load(body, order).map(Self::WriteByRef),
            RecordType::Spill => Spill::load(body, order).map(Self::Spill),
            RecordType::WriteEmbedded => WriteEmbedded::load(body, order).map(Self::WriteEmbedded),
            RecordType::ObjectRange => ObjectRange::load(body, order).map(Self::ObjectRange),
            RecordType::Redact => Redact::load(body, order).map(Self::Redact),
        }
        .ok_or(unknown)
    }

    /// The record's bytes with no running checksum; nothing where a `BEGIN`'s name does not fit.
    pub(super) fn write(&self, order: ByteOrder) -> Option<RecordBytes> {
        let mut bytes = [0; RECORD_SIZE];
        let (head, body) = bytes.split_at_mut(BODY);
        *head.first_chunk_mut()? = order.u32_bytes(self.record_type().number());
        match self {
            Self::Begin(begin) => return begin.write(order),
            Self::Object(record) => record.store(body, order),
            Self::FreeObjects(record) => record.store(body, order),
            Self::Write(record) => record.store(body, order),
            Self::Free(record) => record.store(body, order),
            Self::End(record) => record.store(body, order),
            Self::WriteByRef(record) => record.store(body, order),
            Self::Spill(record) => record.store(body, order),
            Self::WriteEmbedded(record) => record.store(body, order),
            Self::ObjectRange(record) => record.store(body, order),
            Self::Redact(record) => record.store(body, order),
        }
        Some(bytes)
    }

    /// The record's type.
    #[must_use]
    pub const fn record_type(&self) -> RecordType {
        match self {
            Self::Begin(_) => RecordType::Begin,
            Self::Object(_) => RecordType::Object,
            Self::FreeObjects(_) => RecordType::FreeObjects,
            Self::Write(_) => RecordType::Write,
            Self::Free(_) => RecordType::Free,
            Self::End(_) => RecordType::End,
            Self::WriteByRef(_) => RecordType::WriteByRef,
            Self::Spill(_) => RecordType::Spill,
            Self::WriteEmbedded(_) => RecordType::WriteEmbedded,
            Self::ObjectRange(_) => RecordType::ObjectRange,
            Self::Redact(_) => RecordType::Redact,
        }
    }

    /// Bytes that follow the record, as it says; not yet bounded.
    #[must_use]
    pub fn payload_len(&self) -> u64 {
        match self {
            Self::Begin(begin) => begin.payload_len.into(),
            // A raw bonus buffer comes as it is, a plain one padded to 8 bytes.
            Self::Object(object) if object.raw_bonus_len != 0 => object.raw_bonus_len.into(),
            Self::Object(object) => u64::from(object.bonus_len).next_multiple_of(8),
            Self::Write(write) if write.compression != 0 => write.compressed_size,
            Self::Write(write) => write.logical_size,
            Self::Spill(spill) if spill.compressed_size != 0 => spill.compressed_size,
            Self::Spill(spill) => spill.length,
            Self::WriteEmbedded(write) => u64::from(write.physical_size).next_multiple_of(8),
            Self::FreeObjects(_) | Self::Free(_) | Self::End(_) | Self::WriteByRef(_) | Self::ObjectRange(_) | Self::Redact(_) => 0,
        }
    }

    /// Bytes of the record's own fields; a `BEGIN`'s name takes all there is.
    pub(super) const fn fields_len(&self) -> usize {
        match self {
            Self::Begin(_) => RECORD_SIZE - BODY,
            Self::Object(_) => Object::SIZE,
            Self::FreeObjects(_) => FreeObjects::SIZE,
            Self::Write(_) => Write::SIZE,
            Self::Free(_) => Free::SIZE,
            Self::End(_) => End::SIZE,
            Self::WriteByRef(_) => WriteByRef::SIZE,
            Self::Spill(_) => Spill::SIZE,
            Self::WriteEmbedded(_) => WriteEmbedded::SIZE,
            Self::ObjectRange(_) => ObjectRange::SIZE,
            Self::Redact(_) => Redact::SIZE,
        }
    }

    /// The object the record is about; the first of a range.
    #[must_use]
    pub const fn object(&self) -> Option<u64> {
        match self {
            Self::Begin(_) | Self::End(_) => None,
            Self::Object(record) => Some(record.object),
            Self::FreeObjects(record) => Some(record.first_object),
            Self::Write(record) => Some(record.object),
            Self::Free(record) => Some(record.object),
            Self::WriteByRef(record) => Some(record.object),
            Self::Spill(record) => Some(record.object),
            Self::WriteEmbedded(record) => Some(record.object),
            Self::ObjectRange(record) => Some(record.first_object),
            Self::Redact(record) => Some(record.object),
        }
    }

    /// The bytes of the object the record is about: offset and length.
    #[must_use]
    pub const fn range(&self) -> Option<(u64, u64)> {
        match self {
            Self::Write(record) => Some((record.offset, record.logical_size)),
            Self::Free(record) => Some((record.offset, record.length)),
            Self::WriteByRef(record) => Some((record.offset, record.length)),
            Self::WriteEmbedded(record) => Some((record.offset, record.length)),
            Self::Redact(record) => Some((record.offset, record.length)),
            _ => None,
        }
    }

    /// The GUID of the snapshot the record belongs to.
    #[must_use]
    pub const fn to_guid(&self) -> u64 {
        match self {
            Self::Begin(record) => record.to_guid,
            Self::Object(record) => record.to_guid,
            Self::FreeObjects(record) => record.to_guid,
            Self::Write(record) => record.to_guid,
            Self::Free(record) => record.to_guid,
            Self::End(record) => record.to_guid,
            Self::WriteByRef(record) => record.to_guid,
            Self::Spill(record) => record.to_guid,
            Self::WriteEmbedded(record) => record.to_guid,
            Self::ObjectRange(record) => record.to_guid,
            Self::Redact(record) => record.to_guid,
        }
    }
}

/// The running checksum that a record's bytes carry.
pub(super) fn checksum(bytes: &RecordBytes, order: ByteOrder) -> Checksum {
    let (words, _) = bytes.get(CHECKSUM_AT..).unwrap_or_default().as_chunks::<8>();
    let mut sums = [0; 4];
    for (sum, word) in sums.iter_mut().zip(words) {
        *sum = order.u64(*word);
    }
    Checksum(sums)
}

/// Puts a running checksum into a record's bytes.
pub(super) fn set_checksum(bytes: &mut RecordBytes, sum: Checksum, order: ByteOrder) {
    let (words, _) = bytes.get_mut(CHECKSUM_AT..).unwrap_or_default().as_chunks_mut::<8>();
    for (word, sum) in words.iter_mut().zip(sum.0) {
        *word = order.u64_bytes(sum);
    }
}

macro_rules! into_record {
    ($($name:ident),*) => {$(
        impl From<$name> for Record {
            fn from(record: $name) -> Self {
                Self::$name(record)
            }
        }
    )*};
}

into_record!(
    Begin,
    Object,
    FreeObjects,
    Write,
    Free,
    End,
    WriteByRef,
    Spill,
    WriteEmbedded,
    ObjectRange,
    Redact
);
