//! I am how kinds and flags are written as words, and read back.

use std::fmt;

/// A text that is none of the words it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {what}")]
#[non_exhaustive]
pub struct WordError {
    /// What was read.
    pub text: String,
    /// What it should have been.
    pub what: &'static str,
}

impl WordError {
    pub(crate) fn new(text: &str, what: &'static str) -> Self {
        Self {
            text: text.to_owned(),
            what,
        }
    }
}

/// Writes a variant's name in small letters: `SetProperty` becomes `set_property`, as serde has it.
#[cfg(feature = "calls")]
pub(crate) fn write_word(f: &mut fmt::Formatter<'_>, variant: &impl fmt::Debug) -> fmt::Result {
    let mut word = String::new();
    for letter in format!("{variant:?}").chars().take_while(char::is_ascii_alphanumeric) {
        if letter.is_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
    }
    f.pad(&word)
}

/// Reads one of the variants that are written so.
#[cfg(feature = "calls")]
pub(crate) fn read_word<T: fmt::Display + Copy>(text: &str, all: &[T], what: &'static str) -> Result<T, WordError> {
    let known = all.iter().find(|variant| variant.to_string() == text).copied();
    known.ok_or_else(|| WordError::new(text, what))
}

/// Writes flags: their names joined by a plus sign, then what has no name, in hex.
pub(crate) fn write_flags<'a>(f: &mut fmt::Formatter<'_>, names: impl Iterator<Item = &'a str>, unknown: u64) -> fmt::Result {
    let mut gap = "";
    for name in names {
        write!(f, "{gap}{name}")?;
        gap = "+";
    }
    if unknown == 0 { Ok(()) } else { write!(f, "{gap}{unknown:#x}") }
}

/// Reads flags as they are written; `bits` knows the names.
pub(crate) fn read_flags(text: &str, what: &'static str, bits: impl Fn(&str) -> Option<u64>) -> Result<u64, WordError> {
    let hex = |word: &str| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok();
    let words = text.split('+').filter(|_| !text.is_empty());
    words
        .map(|word| bits(word).or_else(|| hex(word)))
        .try_fold(0, |all, word| Some(all | word?))
        .ok_or_else(|| WordError::new(text, what))
}

/// Writes a kind: its word, or the number that has none.
pub(crate) fn write_kind(f: &mut fmt::Formatter<'_>, words: &[(u32, &str)], number: u32) -> fmt::Result {
    match words.iter().find(|(known, _)| *known == number) {
        Some((_, word)) => f.pad(word),
        None => fmt::Display::fmt(&number, f),
    }
}

/// Reads a kind's number from its word, or from the number itself.
pub(crate) fn read_kind(text: &str, words: &[(u32, &str)], what: &'static str) -> Result<u32, WordError> {
    let known = words.iter().find(|(_, word)| *word == text).map(|(number, _)| *number);
    known.or_else(|| text.parse().ok()).ok_or_else(|| WordError::new(text, what))
}

/// What a dataset can be, by the kernel's number (`dmu_objset_type_t`).
pub(crate) const DATASET_KINDS: [(u32, &str); 2] = [(2, "filesystem"), (3, "volume")];
