//! I am why a stream was not transformed, and at which record.

use std::io;

use thiserror::Error;

#[cfg(feature = "codec")]
use super::codec::CodecError;
use crate::stream::{Corrupt, RecordType, WriteError};

/// Why a stream was not transformed. What was written lacks its end.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum TransformError {
    /// It could not be read.
    #[error("the stream cannot be read: {0}")]
    Read(#[source] io::Error),
    /// What was made of it could not be written.
    #[error("the stream cannot be written: {0}")]
    Write(#[source] io::Error),
    /// It is damaged.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// A record of it is not for this transform.
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// A record of which a transform cannot make what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("record {record}, at byte {offset}: {record_type}{}: {reason}", of(*.object))]
#[non_exhaustive]
pub struct Unfit {
    /// The record, counted from 0.
    pub record: u64,
    /// Where that record starts, in bytes from the start of the stream.
    pub offset: u64,
    /// The type of the record.
    pub record_type: RecordType,
    /// The object the record is about.
    pub object: Option<u64>,
    /// Why.
    #[source]
    pub reason: Reason,
}

fn of(object: Option<u64>) -> String {
    object.map(|object| format!(" of object {object}")).unwrap_or_default()
}

/// Why a record is not for a transform.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Reason {
    /// It begins a raw stream: its blocks are encrypted, and its records are authenticated.
    #[error("the stream is raw, so its blocks are as encrypted on disk")]
    Raw,
    /// It refers to another record, which [`redup`](super::redup()) undoes.
    #[error("the stream is deduplicated, which redup undoes")]
    Deduplicated,
    /// It refers to a block that did not come before it.
    #[error("object {object} of the snapshot with GUID {guid:#x} at byte {offset}, which it refers to, did not come before it")]
    Missing {
        /// The GUID of the snapshot it refers to.
        guid: u64,
        /// The object there.
        object: u64,
        /// The place in that object, in bytes.
        offset: u64,
    },
    /// The block it refers to was another one when it was read again, or has another length.
    #[error("the block it refers to is not as it was read before")]
    Changed,
    /// Its payload is not what a block compressed so can be.
    #[cfg(feature = "codec")]
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}
