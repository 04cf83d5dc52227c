//! I am how the data of the seam is written as text, and read back.

use std::fmt;
use std::str::FromStr;

use super::{Base, DatasetKind, SendFlags};
use crate::name::NameError;
use crate::word::{DATASET_KINDS, WordError, read_flags, read_kind, write_flags, write_kind};

/// `filesystem`, `volume`, or the kernel's number of a kind without a word.
impl fmt::Display for DatasetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_kind(f, &DATASET_KINDS, self.number())
    }
}

impl FromStr for DatasetKind {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        read_kind(text, &DATASET_KINDS, "kind of dataset").map(Self::from_number)
    }
}

/// The full name; the `@` or `#` in it says which of the two it is.
impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Base {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.contains('#') {
            text.parse().map(Self::Bookmark)
        } else {
            text.parse().map(Self::Snapshot)
        }
    }
}

/// The flags' names in small letters, joined by a plus sign: `large_block+raw`; unknown bits in hex.
impl fmt::Display for SendFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut named = self.iter_names();
        let names: Vec<String> = named.by_ref().map(|(name, _)| name.to_ascii_lowercase()).collect();
        write_flags(f, names.iter().map(String::as_str), named.remaining().bits().into())
    }
}

impl FromStr for SendFlags {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let what = "set of send flags";
        let bits = read_flags(text, what, |word| {
            Self::from_name(&word.to_ascii_uppercase()).map(|flag| flag.bits().into())
        })?;
        let bits = u32::try_from(bits).map_err(|_too_large| WordError::new(text, what))?;
        Ok(Self::from_bits_retain(bits))
    }
}
