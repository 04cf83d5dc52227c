//! I spell public data for serde: as the text that people read where people read, and checked when it comes back.
//!
//! What has a text has that text here and no other form. GUIDs and transaction groups are text for people and numbers for machines: 64 bits
//! do not survive every reader's idea of a number.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::identity::{Guid, Txg};
use crate::name::{BookmarkName, DatasetName, HoldTag, PoolName, PropertyName, SnapshotName};
use crate::release::Release;
use crate::stream::fletcher::Checksum;
use crate::stream::inspect::Compression;
use crate::stream::token::ResumeToken;
use crate::stream::{BeginFlags, Features, ObjsetType, RecordType, Rule};

macro_rules! as_text {
    ($($type:ty, $what:literal;)*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_str(Spelled($what, PhantomData))
            }
        }
    )*};
}

as_text! {
    PoolName, "the name of a pool";
    DatasetName, "the name of a dataset";
    SnapshotName, "the name of a snapshot";
    BookmarkName, "the name of a bookmark";
    HoldTag, "the tag of a hold";
    PropertyName, "the name of a property";
    ResumeToken, "a resume token";
    Checksum, "a checksum";
    Compression, "a kind of compression";
    Features, "stream features";
    BeginFlags, "flags of a stream";
    ObjsetType, "a kind of dataset";
    RecordType, "a type of record";
    Rule, "a rule for streams";
    Release, "a release of OpenZFS";
}

#[cfg(feature = "calls")]
as_text! {
    crate::backend::DatasetKind, "a kind of dataset";
    crate::backend::Base, "the name of a snapshot or bookmark";
    crate::backend::SendFlags, "send flags";
    crate::key::KeyFormat, "a form of a key";
    crate::property::Source, "the source of a property";
    crate::zfs::Wish, "a way to the kernel";
}

#[cfg(feature = "codec")]
as_text! {
    crate::stream::transform::codec::Compression, "a compression for blocks";
}

macro_rules! as_number {
    ($($type:ident, $what:literal;)*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                if to.is_human_readable() { to.collect_str(self) } else { to.serialize_u64(self.0) }
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                if from.is_human_readable() {
                    from.deserialize_any(Spelled($what, PhantomData))
                } else {
                    u64::deserialize(from).map(Self)
                }
            }
        }
    )*};
}

as_number! {
    Guid, "a GUID";
    Txg, "a transaction group";
}

/// Takes the text of a `T`, or its number where that is the same.
struct Spelled<T>(&'static str, PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Spelled<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(|why| E::custom(format_args!("not {}: {why}", self.0)))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }
}

/// For logs and scripts; it cannot be read back. `kind` and `operation` are words, `message` is what [`Display`](fmt::Display) says.
#[cfg(feature = "calls")]
impl Serialize for crate::error::Error {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut fields = to.serialize_struct("Error", 6)?;
        fields.serialize_field("kind", &self.kind())?;
        fields.serialize_field("operation", &self.operation())?;
        fields.serialize_field("object", self.object())?;
        fields.serialize_field("errno", &self.errno())?;
        fields.serialize_field("items", self.items())?;
        fields.serialize_field("message", &self.to_string())?;
        fields.end()
    }
}

/// A number or a text, as the kernel has it.
#[cfg(feature = "calls")]
impl Serialize for crate::property::PropertyValue<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => number.serialize(to),
            Self::Text(text) => text.serialize(to),
        }
    }
}

#[cfg(test)]
#[path = "serial_tests.rs"]
pub(crate) mod tests;
