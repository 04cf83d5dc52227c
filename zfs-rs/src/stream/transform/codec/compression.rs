//! I am a compression that blocks can be given, by the word that the property `compression` has for it.

use std::fmt;
use std::str::FromStr;

use crate::word::WordError;

/// A compression for blocks, with its level: `lz4`, `gzip-6`, `zstd-19`, `zstd-fast-10`.
///
/// ```
/// use zfs_rs::stream::transform::codec::Compression;
///
/// assert_eq!("zstd".parse().ok(), Compression::zstd(3));
/// assert_eq!("zstd-fast-10".parse().ok(), Compression::zstd(-10));
/// assert!("gzip-10".parse::<Compression>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Compression(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Lz4,
    Gzip(u8),
    Zstd(i16),
}

impl Compression {
    /// Fast, and fast to undo.
    pub const LZ4: Self = Self(Kind::Lz4);

    /// zlib with a level from 1 to 9.
    #[must_use]
    pub fn gzip(level: u8) -> Option<Self> {
        (1..=9).contains(&level).then_some(Self(Kind::Gzip(level)))
    }

    /// zstd with a level from 1 to 19; or one of ZFS's fast ones as a negative number: -1 to -10, the tens to -100, -500 and -1000.
    #[must_use]
    pub fn zstd(level: i16) -> Option<Self> {
        level_byte(level).map(|_| Self(Kind::Zstd(level)))
    }

    /// The algorithm's number in a [`Write`](crate::stream::record::Write).
    #[must_use]
    pub const fn number(self) -> u8 {
        match self.0 {
            Kind::Gzip(level) => level.saturating_add(4),
            Kind::Lz4 => 15,
            Kind::Zstd(_) => 16,
        }
    }

    pub(super) const fn kind(self) -> Kind {
        self.0
    }
}

/// The byte that says a level of zstd in front of a frame, the kernel's `zio_zstd_levels`; nothing for levels that ZFS has not.
pub(super) fn level_byte(level: i16) -> Option<u8> {
    if let Ok(byte @ 1..=19) = u8::try_from(level) {
        return Some(byte);
    }
    let fast = FAST
        .into_iter()
        .zip(FIRST_FAST..)
        .find(|(known, _)| level.checked_neg() == Some(*known));
    fast.map(|(_, byte)| byte)
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Lz4 => f.pad("lz4"),
            Kind::Gzip(level) => f.pad(&format!("gzip-{level}")),
            Kind::Zstd(level) if level < 0 => f.pad(&format!("zstd-fast-{}", level.unsigned_abs())),
            Kind::Zstd(level) => f.pad(&format!("zstd-{level}")),
        }
    }
}

impl FromStr for Compression {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let digits = |prefix| text.strip_prefix(prefix).filter(|level| !level.starts_with(['+', '-', '0']));
        let found = if text == "lz4" {
            Some(Self::LZ4)
        } else if text == "gzip" {
            Self::gzip(6)
        } else if text == "zstd" {
            Self::zstd(3)
        } else if text == "zstd-fast" {
            Self::zstd(-1)
        } else if let Some(level) = digits("gzip-") {
            level.parse().ok().and_then(Self::gzip)
        } else if let Some(level) = digits("zstd-fast-") {
            level.parse().ok().and_then(i16::checked_neg).and_then(Self::zstd)
        } else {
            digits("zstd-").and_then(|level| level.parse().ok()).and_then(Self::zstd)
        };
        found.ok_or_else(|| WordError::new(text, "compression for blocks"))
    }
}

/// The fast levels, in the order of their bytes.
const FAST: [i16; 21] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 500, 1000];
/// The byte of the first of them; bytes below are kept for levels to come.
const FIRST_FAST: u8 = 103;
