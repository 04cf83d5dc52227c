//! I know how values lie in memory and on the wire, never what they mean.
//!
//! An [`NvList`] is what the kernel and OpenZFS's programs speak in: an ordered list of named, typed values. It has two encodings,
//! *native* (ioctls, resume tokens, most stream payloads) and *XDR* (compound streams, newer stream payloads). Both are read from
//! untrusted bytes here, so every count is checked against the bytes that are there before it costs memory, and nesting is bounded.
//!
//! ```
//! use zfs_rs::nvlist::NvList;
//!
//! let wish = NvList::new().with("type", 2i32).with("props", NvList::new().with("atime", 0u64));
//! let bytes = wish.encode_native()?;
//! let read = NvList::decode(&bytes)?;
//! assert_eq!(read.get::<i32>("type")?, 2);
//! assert_eq!(read.get::<&NvList>("props")?.get::<u64>("atime")?, 0);
//! assert_eq!(read.find::<&str>("comment")?, None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

mod cursor;
mod error;
mod native;
#[cfg(feature = "serde")]
mod serial;
mod table;
mod text;
mod value;
mod xdr;

#[cfg(test)]
mod tests;

pub use cursor::ByteOrder;
pub use error::{DecodeError, Defect, EncodeError, EncodeFault, LookupError};
pub use text::Text;
pub use value::{FromValue, Value};

use std::collections::HashSet;
use std::fmt;

/// An ordered list of named values.
///
/// Names are unique unless the list was decoded with other flags; a name that comes again replaces the earlier value and keeps its
/// place. Looking up and inserting one pair walks the list; [`FromIterator`] builds a long one without that cost.
#[derive(Clone, PartialEq)]
pub struct NvList {
    pairs: Vec<(Text, Value)>,
    flags: u32,
}

/// The flag under which names are unique: what every list of OpenZFS's own calls has.
pub const UNIQUE_NAME: u32 = 1;

/// How deep lists may nest below the first: the kernel's own bound.
pub const MAX_DEPTH: usize = 20;

/// The largest list in bytes: the formats keep sizes in 31 bits.
const MAX_SIZE: usize = 0x7fff_ffff;

/// Bytes that name encoding and byte order before the list itself.
const HEADER: usize = 4;
const NATIVE: u8 = 0;
const XDR: u8 = 1;

impl NvList {
    /// An empty list with unique names.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            pairs: Vec::new(),
            flags: UNIQUE_NAME,
        }
    }

    /// This list with one more value: for building in one expression.
    #[must_use]
    pub fn with(mut self, name: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.insert(name, value);
        self
    }

    /// This list with a flag, a name without a value, where `present`.
    #[must_use]
    pub fn with_flag(self, name: impl Into<Text>, present: bool) -> Self {
        if present { self.with(name, ()) } else { self }
    }

    /// Adds a value, or replaces the one of that name and gives it back.
    pub fn insert(&mut self, name: impl Into<Text>, value: impl Into<Value>) -> Option<Value> {
        let (name, value) = (name.into(), value.into());
        if let Some((_, place)) = self.pairs.iter_mut().find(|(known, _)| *known == name) {
            return Some(std::mem::replace(place, value));
        }
        self.pairs.push((name, value));
        None
    }

    /// Takes the value of that name out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let index = self.pairs.iter().rposition(|(known, _)| known == name)?;
        Some(self.pairs.remove(index).1)
    }

    /// The value of that name as `T`: `list.get::<u64>("guid")?`.
    ///
    /// # Errors
    /// The name is missing, or its value is of another type.
    pub fn get<'a, T: FromValue<'a>>(&'a self, name: &str) -> Result<T, LookupError> {
        self.find(name)?.ok_or_else(|| LookupError {
            name: name.to_owned(),
            wanted: T::WANTED,
            found: None,
        })
    }

    /// The value of that name as `T`, or nothing where the name is missing.
    ///
    /// # Errors
    /// The value is there but of another type.
    pub fn find<'a, T: FromValue<'a>>(&'a self, name: &str) -> Result<Option<T>, LookupError> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        match T::from_value(value) {
            Some(value) => Ok(Some(value)),
            None => Err(LookupError {
                name: name.to_owned(),
                wanted: T::WANTED,
                found: Some(value.kind()),
            }),
        }
    }

    /// The value of that name whatever its type; where a list of other flags has the name twice, the later one.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.pairs.iter().rfind(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Whether the name is there, with or without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// How many pairs there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is no pair.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The flags the list was written with; [`UNIQUE_NAME`] for lists made here.
    #[must_use]
    pub const fn flags(&self) -> u32 {
        self.flags
    }

    /// The pairs in order.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.pairs.iter())
    }

    /// Reads a list in either encoding, native ones in either byte order. Zeros may follow it, as the kernel pads with them.
    ///
    /// # Errors
    /// Where the bytes stop being an nvlist, and what is wrong there.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let fail = |offset, what| DecodeError { offset, what };
        if bytes.len() > MAX_SIZE {
            return Err(fail(0, Defect::TooLarge));
        }
        let [encoding, order, _, _] = *bytes.first_chunk().ok_or_else(|| fail(bytes.len(), Defect::Truncated))?;
        let (list, end) = match (encoding, order) {
            (NATIVE, 0) => native::decode(bytes, ByteOrder::Big)?,
            (NATIVE, 1) => native::decode(bytes, ByteOrder::Little)?,
            (NATIVE, _) => return Err(fail(1, Defect::UnknownByteOrder(order))),
            (XDR, _) => xdr::decode(bytes)?,
            _ => return Err(fail(0, Defect::UnknownEncoding(encoding))),
        };
        let rest = bytes.get(end..).unwrap_or_default();
        match rest.iter().position(|byte| *byte != 0) {
            None => Ok(list),
            Some(index) => Err(fail(end.saturating_add(index), Defect::Trailing)),
        }
    }

    /// The list in the native encoding of this machine: what ioctls take.
    ///
    /// # Errors
    /// A string holds a NUL, or a name, the nesting or the whole is too large.
    pub fn encode_native(&self) -> Result<Vec<u8>, EncodeError> {
        native::encode(self, ByteOrder::HOST)
    }

    /// The list in XDR, the same on every machine but for the second byte, which readers ignore.
    ///
    /// # Errors
    /// As [`encode_native`](Self::encode_native).
    pub fn encode_xdr(&self) -> Result<Vec<u8>, EncodeError> {
        xdr::encode(self)
    }

    /// A list as it was decoded: where names are unique, the last pair of a name counts.
    fn from_pairs(mut pairs: Vec<(Text, Value)>, flags: u32) -> Self {
        if flags & UNIQUE_NAME != 0 {
            keep_last(&mut pairs);
        }
        Self { pairs, flags }
    }
}

/// Drops all but the last pair of each name. Not by `insert`, whose walk would let a hostile list cost the square of its length.
fn keep_last(pairs: &mut Vec<(Text, Value)>) {
    let mut seen = HashSet::new();
    let mut keep: Vec<bool> = pairs.iter().rev().map(|(name, _)| seen.insert(name.as_bytes())).collect();
    if keep.iter().all(|keep| *keep) {
        return;
    }
    pairs.retain(|_| keep.pop().unwrap_or(true));
}

impl Default for NvList {
    fn default() -> Self {
        Self::new()
    }
}

/// The pairs of a list, in order.
#[derive(Clone, Debug)]
pub struct Iter<'a>(std::slice::Iter<'a, (Text, Value)>);

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a Text, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (name, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a NvList {
    type Item = (&'a Text, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl IntoIterator for NvList {
    type Item = (Text, Value);
    type IntoIter = std::vec::IntoIter<(Text, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.pairs.into_iter()
    }
}

/// Builds a list with unique names; of one name, the last pair counts.
impl<N: Into<Text>, V: Into<Value>> FromIterator<(N, V)> for NvList {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self::from_pairs(pairs, UNIQUE_NAME)
    }
}

/// One line for people: `{guid: 5, props: {atime: 0}, resume}`. Byte arrays show their length only: they carry keys.
impl fmt::Display for NvList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (name, value)) in self.iter().enumerate() {
            let gap = if index == 0 { "" } else { ", " };
            match value {
                Value::Boolean => write!(f, "{gap}{name}")?,
                value => write!(f, "{gap}{name}: {value}")?,
            }
        }
        f.write_str("}")
    }
}

impl fmt::Debug for NvList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self {
            match value {
                Value::List(list) => map.entry(name, list),
                value => map.entry(name, value),
            };
        }
        map.finish()
    }
}
