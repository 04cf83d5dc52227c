//! I am what can be wrong with a stream, and where.

use thiserror::Error;

use super::fletcher::Checksum;

/// A stream is damaged, or is none: which record, where, and what is wrong with it.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("record {record} of the stream, at byte {offset}{}: {what}", after(*.object))]
pub struct Corrupt {
    /// The record at fault, counted from 0.
    pub record: u64,
    /// Where that record starts, in bytes from the start of the stream.
    pub offset: u64,
    /// The object that the records before it were about.
    pub object: Option<u64>,
    /// What is wrong.
    pub what: Fault,
}

fn after(object: Option<u64>) -> String {
    object.map(|object| format!(", after object {object}")).unwrap_or_default()
}

/// What is wrong with a record.
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// A stream starts with `BEGIN` and its magic.
    #[error("not the beginning of a send stream")]
    NotBegin,
    /// `BEGIN` says a kind of stream that is not known.
    #[error("unknown kind of stream {0}")]
    StreamKind(u64),
    /// The name in `BEGIN` has no end.
    #[error("the name of the snapshot has no end")]
    Name,
    /// A record of no known type.
    #[error("unknown record type {0}")]
    RecordType(u32),
    /// A record where it may not be: `BEGIN` within a stream, data within a compound header.
    #[error("a record of type {0} is out of place")]
    OutOfPlace(u32),
    /// The running checksum differs: this record, or the payload before it, is damaged.
    #[error("checksum {found} where {expected} is said: this record or the payload before it is damaged")]
    Checksum {
        /// What the record says.
        expected: Checksum,
        /// What the bytes up to it sum up to.
        found: Checksum,
    },
    /// The record has no checksum: kernels skip the check then, this reader does not.
    #[error("the record has no checksum")]
    NoChecksum,
    /// `END` says another checksum of the whole than the bytes have.
    #[error("the whole has checksum {found} where its end says {expected}")]
    EndChecksum {
        /// What the record says.
        expected: Checksum,
        /// What the bytes before it sum up to.
        found: Checksum,
    },
    /// A payload longer than any.
    #[error("a payload of {length} bytes where at most {limit} are possible")]
    PayloadTooLong {
        /// What the record says.
        length: u64,
        /// The most a record of this type can have.
        limit: u64,
    },
    /// A payload that no checksum of whole words covers.
    #[error("a payload of {0} bytes, not a multiple of 4")]
    PayloadUneven(u64),
    /// Bytes that must be zero are not.
    #[error("bytes that must be zero are not")]
    Reserved,
    /// The stream stops before its end is said.
    #[error("the stream stops before its end")]
    Truncated,
    /// Bytes follow where the end was said.
    #[error("bytes follow the end of the stream")]
    Trailing,
}
