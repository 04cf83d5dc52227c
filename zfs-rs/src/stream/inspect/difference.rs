//! I am a difference between two records: what differs, where, and how much that says about what they bring.

use std::fmt;

use super::field::{Listed as _, Value};
use crate::stream::record::{Write, WriteEmbedded};
use crate::stream::{ByteOrder, Features, Record, RecordType};

/// Where two streams differ.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The record, counted from 0: as many came before in both.
    pub record: u64,
    /// Where that record starts in the first stream, in bytes.
    pub first_offset: u64,
    /// Where that record starts in the second stream, in bytes.
    pub second_offset: u64,
    /// What differs there.
    pub what: What,
}

/// What differs between two records.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// The byte order of the streams.
    ByteOrder {
        /// That of the first stream.
        first: ByteOrder,
        /// That of the second one.
        second: ByteOrder,
    },
    /// The type of the record.
    Type {
        /// That in the first stream; nothing where it is over.
        first: Option<RecordType>,
        /// That in the second one; nothing where it is over.
        second: Option<RecordType>,
    },
    /// A field.
    Field {
        /// The type of the record.
        record_type: RecordType,
        /// The field's name.
        field: String,
        /// Its value in the first stream.
        first: String,
        /// Its value in the second one.
        second: String,
    },
    /// A byte of the record that no field takes.
    Filler {
        /// The type of the record.
        record_type: RecordType,
        /// The place in the record.
        at: u64,
    },
    /// The payload.
    Payload {
        /// The type of the record.
        record_type: RecordType,
        /// The first place in the payload that differs.
        at: u64,
    },
}

/// How much a difference says, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// How something is sent, and nothing of what it is.
    Manner,
    /// In which form bytes are sent; whether they are the same is not seen from outside.
    Form,
    /// As `Form`, and from here on the records of the two do not stand side by side any more.
    Cut,
    /// What is brought.
    Contents,
}

/// All that differs between two records, apart from their payloads, with its weight.
pub(super) fn records(first: &Record, second: &Record) -> Vec<(Weight, What)> {
    if first.record_type() != second.record_type() {
        let what = What::Type {
            first: Some(first.record_type()),
            second: Some(second.record_type()),
        };
        return vec![(types(first, second), what)];
    }
    let (ours, theirs) = (fields(first), fields(second));
    let differing = ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs);
    differing
        .map(|((name, ours), (_, theirs))| {
            let what = What::Field {
                record_type: first.record_type(),
                field: (*name).to_owned(),
                first: ours.to_string(),
                second: theirs.to_string(),
            };
            (field(first, second, name), what)
        })
        .collect()
}

fn fields(record: &Record) -> Vec<(&'static str, Value<'_>)> {
    let mut fields = Vec::new();
    record.list(&mut |name, value| fields.push((name, value)));
    fields
}

/// A small block may travel in its pointer or not.
fn types(first: &Record, second: &Record) -> Weight {
    let place = |record: &Record| match record {
        Record::Write(Write {
            object,
            offset,
            logical_size,
            ..
        }) => Some((*object, *offset, *logical_size)),
        Record::WriteEmbedded(WriteEmbedded {
            object, offset, length, ..
        }) => Some((*object, *offset, *length)),
        _ => None,
    };
    match (place(first), place(second)) {
        (Some(first), Some(second)) if first == second => Weight::Form,
        _ => Weight::Contents,
    }
}

fn field(first: &Record, second: &Record, name: &str) -> Weight {
    match (first, second, name) {
        (Record::Begin(first), Record::Begin(second), "features") => {
            let form = |features: Features| (features.contains(Features::RAW), features.contains(Features::LARGE_BLOCKS));
            if form(first.features) == form(second.features) {
                Weight::Manner
            } else {
                Weight::Form
            }
        }
        // Whose name it was, what it is summed and deduplicated by.
        (Record::Begin(_), _, "to_name")
        | (Record::Write(_), _, "checksum_type" | "key" | "key_properties")
        | (Record::End(_), _, "checksum") => Weight::Manner,
        // Large blocks may be sent in pieces.
        (Record::Object(_), _, "block_size") => Weight::Form,
        (Record::Write(_), _, "logical_size") => Weight::Cut,
        (Record::Write(_) | Record::Spill(_), _, "compression" | "compressed_size" | "flags")
        | (Record::WriteEmbedded(_), _, "compression" | "logical_size" | "physical_size") => Weight::Form,
        _ => Weight::Contents,
    }
}

/// How much it says that payloads differ. Bytes of numbers lie in the sender's order, and compressed ones depend on who compressed them.
pub(super) fn payloads(record: &Record, raw: bool, same_order: bool) -> Weight {
    let compressed = match record {
        Record::Write(write) => write.compression != 0,
        Record::Spill(spill) => spill.compression != 0,
        Record::WriteEmbedded(_) => true,
        _ => false,
    };
    if same_order && (raw || !compressed) {
        Weight::Contents
    } else {
        Weight::Form
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {} at byte {}", self.record, self.first_offset)?;
        if self.first_offset != self.second_offset {
            write!(f, " and {}", self.second_offset)?;
        }
        write!(f, ": {}", self.what)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = |order: &ByteOrder| match order {
            ByteOrder::Little => "little-endian",
            ByteOrder::Big => "big-endian",
        };
        let name = |record_type: Option<RecordType>| record_type.map_or("nothing", RecordType::name);
        match self {
            Self::ByteOrder { first, second } => write!(f, "the first is {}, the second {}", order(first), order(second)),
            Self::Type { first, second } => write!(f, "{} in the first, {} in the second", name(*first), name(*second)),
            Self::Field {
                record_type,
                field,
                first,
                second,
            } => write!(f, "{record_type}: {field} is {first} in the first, {second} in the second"),
            Self::Filler { record_type, at } => write!(f, "{record_type}: byte {at} of the record, which no field takes, differs"),
            Self::Payload { record_type, at } => write!(f, "{record_type}: the payloads differ from byte {at} on"),
        }
    }
}
