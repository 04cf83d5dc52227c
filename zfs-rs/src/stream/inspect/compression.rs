//! I am the name of what a block is compressed by.

use std::fmt;
use std::str::FromStr;

use crate::word::{WordError, read_kind, write_kind};

/// How the payload of a record is compressed, by the kernel's number (`enum zio_compress` in `include/sys/zio_compress.h`).
///
/// ```
/// use zfs_rs::stream::inspect::Compression;
///
/// assert_eq!(Compression(15).to_string(), "lz4");
/// assert_eq!("zstd".parse(), Ok(Compression(16)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Compression(pub u8);

/// The algorithm's name, `none` for 0, which is not compressed in the stream, and the number where it has no name.
impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_kind(f, &NAMES, self.0.into())
    }
}

impl FromStr for Compression {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let number = read_kind(text, &NAMES, WHAT)?;
        u8::try_from(number).map(Self).map_err(|_too_large| WordError::new(text, WHAT))
    }
}

const WHAT: &str = "kind of compression";
const NAMES: [(u32, &str); 17] = [
    (0, "none"),
    (1, "on"),
    (2, "off"),
    (3, "lzjb"),
    (4, "empty"),
    (5, "gzip-1"),
    (6, "gzip-2"),
    (7, "gzip-3"),
    (8, "gzip-4"),
    (9, "gzip-5"),
    (10, "gzip-6"),
    (11, "gzip-7"),
    (12, "gzip-8"),
    (13, "gzip-9"),
    (14, "zle"),
    (15, "lz4"),
    (16, "zstd"),
];
