//! I am a rule that a stream breaks: which, where, and by what value.

use std::fmt;

use thiserror::Error;

use super::Rule;
use crate::stream::{Corrupt, Features, RecordType};

/// A stream breaks a rule: its checksums may be right, but no OpenZFS makes such a record, or it is not what was asked for.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("record {record}: {record_type}: {found}")]
pub struct Breach {
    /// The record, counted from 0.
    pub record: u64,
    /// Where that record starts, in bytes from the start of the stream.
    pub offset: u64,
    /// The type of the record.
    pub record_type: RecordType,
    /// The object the record is about.
    pub object: Option<u64>,
    /// The field that breaks the rule, and how.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub found: Found,
}

/// What breaks a rule: `logical size 16777728 exceeds 16777216`.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The rule.
    pub rule: Rule,
    /// The field, in words.
    pub field: String,
    /// The field's value.
    pub value: u64,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// What is wrong with the value of a field.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wrong {
    /// It is above this.
    Exceeds(u64),
    /// It is below this.
    Below(u64),
    /// It is not a multiple of this.
    Uneven(u64),
    /// It is not this.
    Not(u64),
    /// It has bits outside these.
    Bits(u64),
    /// It is not in the table of known values.
    Unknown,
    /// It comes without these features.
    Needs(Features),
    /// It is for streams without these features.
    Contradicts(Features),
    /// Together with the field that it extends it goes past 64 bits.
    Wraps,
    /// No `OBJECT` allows it.
    Unannounced,
    /// It is missing.
    Missing,
    /// The bytes at this place are not what they should be.
    Malformed,
    /// It is refused whatever its value.
    Refused,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (field, value) = (&self.field, self.value);
        match self.wrong {
            Wrong::Exceeds(bound) => write!(f, "{field} {value} exceeds {bound}"),
            Wrong::Below(bound) => write!(f, "{field} {value} is below {bound}"),
            Wrong::Uneven(unit) => write!(f, "{field} {value} is not a multiple of {unit}"),
            Wrong::Not(wanted) => write!(f, "{field} {value} is not {wanted}"),
            Wrong::Bits(known) => write!(f, "{field} {value:#x} has bits outside {known:#x}"),
            Wrong::Unknown => write!(f, "{field} {value} is not known"),
            Wrong::Needs(features) => write!(f, "{field} {value} needs the feature {features}"),
            Wrong::Contradicts(features) => write!(f, "{field} {value} contradicts the feature {features}"),
            Wrong::Wraps => write!(f, "{field} {value} goes past the end of 64 bits"),
            Wrong::Unannounced => write!(f, "{field} {value} was not announced by OBJECT"),
            Wrong::Missing => write!(f, "{field} is missing"),
            Wrong::Malformed => write!(f, "{field} is malformed at byte {value}"),
            Wrong::Refused => write!(f, "{field} {value} is refused"),
        }
    }
}

/// Why a stream is not let through.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refused {
    /// It is damaged, or no stream.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// It breaks a rule.
    #[error(transparent)]
    Breach(#[from] Breach),
}

impl Refused {
    /// The record at fault, counted from 0.
    #[must_use]
    pub const fn record(&self) -> u64 {
        match self {
            Self::Corrupt(corrupt) => corrupt.record,
            Self::Breach(breach) => breach.record,
        }
    }

    /// Where that record starts, in bytes from the start of the stream.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        match self {
            Self::Corrupt(corrupt) => corrupt.offset,
            Self::Breach(breach) => breach.offset,
        }
    }

    /// The rule that is broken; nothing for damage.
    #[must_use]
    pub const fn rule(&self) -> Option<Rule> {
        match self {
            Self::Corrupt(_) => None,
            Self::Breach(breach) => Some(breach.found.rule),
        }
    }
}

/// A field that is held to a rule; each claim hands it on or says what is wrong.
#[derive(Clone, Copy)]
pub(super) struct Field {
    rule: Rule,
    name: &'static str,
    value: u64,
}

pub(super) fn field(rule: Rule, name: &'static str, value: impl Into<u64>) -> Field {
    Field {
        rule,
        name,
        value: value.into(),
    }
}

impl Field {
    pub(super) fn must(self, holds: bool, wrong: Wrong) -> Result<Self, Found> {
        if holds { Ok(self) } else { Err(self.wrong(wrong)) }
    }

    pub(super) fn wrong(self, wrong: Wrong) -> Found {
        Found {
            rule: self.rule,
            field: self.name.to_owned(),
            value: self.value,
            wrong,
        }
    }

    pub(super) fn is(self, wanted: u64) -> Result<Self, Found> {
        self.must(self.value == wanted, Wrong::Not(wanted))
    }

    pub(super) fn at_least(self, bound: u64) -> Result<Self, Found> {
        self.must(self.value >= bound, Wrong::Below(bound))
    }

    pub(super) fn at_most(self, bound: u64) -> Result<Self, Found> {
        self.must(self.value <= bound, Wrong::Exceeds(bound))
    }

    pub(super) fn multiple_of(self, unit: u64) -> Result<Self, Found> {
        self.must(self.value.is_multiple_of(unit), Wrong::Uneven(unit))
    }

    pub(super) fn only_bits(self, known: u64) -> Result<Self, Found> {
        self.must(self.value & !known == 0, Wrong::Bits(known))
    }
}
