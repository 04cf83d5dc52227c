//! I am a field of a record as people are shown it: its name and its value.

use std::fmt;

use crate::stream::fletcher::Checksum;
use crate::stream::{Begin, Record, StreamKind};

/// What has fields with names.
pub(in crate::stream) trait Listed {
    /// Names all fields, in their order.
    fn list<'a>(&'a self, each: &mut dyn FnMut(&'static str, Value<'a>));
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::stream) enum Value<'a> {
    Number(u64),
    Sum(Checksum),
    /// Shown in hex.
    Bytes(&'a [u8]),
    /// One of a list that people know by words.
    Word(String),
    /// Whatever somebody wrote.
    Quoted(String),
}

impl Value<'_> {
    /// Bytes that say nothing: reserved ones, and those that only raw streams have.
    pub(super) fn is_blank(&self) -> bool {
        matches!(self, Value::Bytes(bytes) if bytes.iter().all(|byte| *byte == 0))
    }
}

impl Listed for Record {
    fn list<'a>(&'a self, each: &mut dyn FnMut(&'static str, Value<'a>)) {
        match self {
            Self::Begin(record) => record.list(each),
            Self::Object(record) => record.list(each),
            Self::FreeObjects(record) => record.list(each),
            Self::Write(record) => record.list(each),
            Self::Free(record) => record.list(each),
            Self::End(record) => record.list(each),
            Self::WriteByRef(record) => record.list(each),
            Self::Spill(record) => record.list(each),
            Self::WriteEmbedded(record) => record.list(each),
            Self::ObjectRange(record) => record.list(each),
            Self::Redact(record) => record.list(each),
        }
    }
}

/// By what the fields mean, not as they lie.
impl Listed for Begin {
    fn list<'a>(&'a self, each: &mut dyn FnMut(&'static str, Value<'a>)) {
        let Self {
            kind,
            features,
            reserved,
            creation_time,
            objset,
            flags,
            to_guid,
            from_guid,
            to_name,
            payload_len: _, // told of every record
        } = self;
        let kind = match kind {
            StreamKind::Substream => "substream",
            StreamKind::Compound => "compound",
        };
        each("kind", Value::Word(kind.to_owned()));
        each("features", Value::Word(features.to_string()));
        each("reserved", reserved.into());
        each("creation_time", creation_time.into());
        each("objset", Value::Word(objset.to_string()));
        each("flags", Value::Word(flags.to_string()));
        each("to_guid", to_guid.into());
        each("from_guid", (&from_guid.unwrap_or(0)).into());
        each("to_name", Value::Quoted(to_name.to_string()));
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Sum(sum) => sum.fmt(f),
            Self::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Self::Word(word) => f.write_str(word),
            Self::Quoted(text) => write!(f, "\"{text}\""),
        }
    }
}

impl From<&u64> for Value<'_> {
    fn from(number: &u64) -> Self {
        Self::Number(*number)
    }
}

impl From<&u32> for Value<'_> {
    fn from(number: &u32) -> Self {
        Self::Number((*number).into())
    }
}

impl From<&u8> for Value<'_> {
    fn from(number: &u8) -> Self {
        Self::Number((*number).into())
    }
}

impl From<&Checksum> for Value<'_> {
    fn from(sum: &Checksum) -> Self {
        Self::Sum(*sum)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Bytes(bytes)
    }
}
