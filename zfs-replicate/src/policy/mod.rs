//! I am what the administrator wants.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use self::age::Ages;
use self::divergence::OnDivergence;
use self::pattern::Patterns;

pub mod age;
pub mod divergence;
pub mod pattern;
pub mod selection;
pub mod version;

/// What is wanted of one replication.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wish {
    /// Everything below the named dataset too.
    pub recursive: bool,
    /// What is encrypted travels and stays encrypted, with the source's keys.
    pub raw: bool,
    /// Which datasets, by their full names on the source. What no pattern matches goes the way of the dataset above it.
    #[serde(default, skip_serializing_if = "Patterns::is_empty")]
    pub datasets: Patterns,
    /// Only datasets on which a user property has this value, of their own or inherited, and not by a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<PropertyWish>,
    /// Which snapshots, by their short names.
    #[serde(default, skip_serializing_if = "Patterns::is_empty")]
    pub snapshots: Patterns,
    /// Which snapshots, by when they were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ages: Option<Ages>,
    /// Only snapshots on which a user property has this value, of their own or inherited, and not by a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_property: Option<PropertyWish>,
    /// What becomes of a target that has something of its own.
    #[serde(default, skip_serializing_if = "OnDivergence::is_error")]
    pub on_divergence: OnDivergence,
}

/// A user property and the value it must have: `org.example:backup=yes`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PropertyWish {
    /// The property.
    pub name: String,
    /// The value.
    pub value: String,
}

/// Why a text is no user property with a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a user property and its value, as org.example:backup=yes")]
pub struct PropertyWishError(String);

impl FromStr for PropertyWish {
    type Err = PropertyWishError;

    fn from_str(text: &str) -> Result<Self, PropertyWishError> {
        let parts = text.split_once('=').filter(|(name, _)| name.contains(':'));
        let (name, value) = parts.ok_or_else(|| PropertyWishError(text.to_owned()))?;
        Ok(Self {
            name: name.to_owned(),
            value: value.to_owned(),
        })
    }
}

impl fmt::Display for PropertyWish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}
