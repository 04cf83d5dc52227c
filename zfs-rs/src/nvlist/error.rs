//! I am what can be wrong with a list: with its bytes, with a wish to write it, with a question to it.

use thiserror::Error;

/// Why bytes are not an nvlist.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("malformed nvlist at byte {offset}: {what}")]
pub struct DecodeError {
    /// Where in the input the fault was seen.
    pub offset: usize,
    /// What is wrong there.
    pub what: Defect,
}

/// What is wrong with the bytes of an nvlist.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Defect {
    /// The bytes end within the list.
    #[error("the bytes end within the list")]
    Truncated,
    /// Something other than zeros follows the list.
    #[error("bytes follow the end of the list")]
    Trailing,
    /// The input is longer than any list may be.
    #[error("the input is longer than an nvlist may be")]
    TooLarge,
    /// The first byte names no encoding.
    #[error("unknown encoding {0}")]
    UnknownEncoding(u8),
    /// The second byte names no byte order.
    #[error("unknown byte order {0}")]
    UnknownByteOrder(u8),
    /// The list, or one within it, is of a version other than 0.
    #[error("unknown list version {0}")]
    UnknownVersion(u32),
    /// Lists are nested deeper than the kernel allows.
    #[error("lists are nested too deep")]
    TooDeep,
    /// A pair is of no known type.
    #[error("unknown type {0}")]
    UnknownType(u32),
    /// A name has no length, no end, or a NUL inside.
    #[error("a name is not a string")]
    BadName,
    /// A string has no end or a NUL inside.
    #[error("a string is not terminated where it ends")]
    BadText,
    /// A scalar with a count other than one, a flag with a count other than none, or two counts that differ.
    #[error("a count of {0} elements does not fit the type")]
    BadCount(u32),
    /// A pair's size is not what its content needs.
    #[error("the size of a pair is not that of its content")]
    BadSize,
    /// A truth value that is neither 0 nor 1, or a small number that overflows its type.
    #[error("the value {0} is out of its type's range")]
    OutOfRange(u32),
}

/// Why a list cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the nvlist cannot be written: {what} at \"{name}\"")]
pub struct EncodeError {
    /// The name of the pair at fault, for people.
    pub name: String,
    /// What is wrong with it.
    pub what: EncodeFault,
}

/// What keeps a pair from being written.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EncodeFault {
    /// A name or a string holds a NUL.
    #[error("a NUL within a string")]
    Nul,
    /// A name is longer than 32,766 bytes.
    #[error("a name that is too long")]
    LongName,
    /// Lists are nested deeper than the kernel allows.
    #[error("lists nested too deep")]
    TooDeep,
    /// The list grows beyond 2 GiB, or beyond what its place takes.
    #[error("too many bytes")]
    TooLarge,
}

/// Why a list has no answer: the pair is missing or of another type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupError {
    /// The name that was looked up.
    pub name: String,
    /// The type that was wanted.
    pub wanted: &'static str,
    /// The type that was found; nothing where the name is missing.
    pub found: Option<&'static str>,
}

impl std::error::Error for LookupError {}

impl std::fmt::Display for LookupError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, wanted, found } = self;
        match found {
            None => write!(f, "the nvlist has no \"{name}\" ({wanted} wanted)"),
            Some(found) => write!(f, "\"{name}\" in the nvlist is a {found}, not a {wanted}"),
        }
    }
}
