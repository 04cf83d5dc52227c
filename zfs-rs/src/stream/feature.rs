//! I am the flags in a stream's first record: what the stream is made of and what a receiver must understand.

use std::fmt;
use std::str::FromStr;

use crate::word::{WordError, read_flags, write_flags};

/// Features of a stream: a receiver that lacks one must refuse the stream. Unknown bits are kept.
///
/// OpenZFS 2.0 to 2.2 know 30 bits; since 2.3 the field has 56.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Features(u64);

/// Flags of a stream that a receiver may ignore. Unknown bits are kept.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct BeginFlags(u32);

macro_rules! flags {
    ($type:ident($bits:ty), $what:literal { $($(#[$doc:meta])* $name:ident = $bit:literal, $text:literal;)* }) => {
        impl $type {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*

            const NAMES: &'static [(Self, &'static str)] = &[$((Self::$name, $text)),*];

            /// These bits, known or not.
            #[must_use]
            pub const fn from_bits(bits: $bits) -> Self {
                Self(bits)
            }

            /// All bits.
            #[must_use]
            pub const fn bits(self) -> $bits {
                self.0
            }

            /// No flag.
            #[must_use]
            pub const fn empty() -> Self {
                Self(0)
            }

            /// Whether no flag is set.
            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// The flags of both.
            #[must_use]
            pub const fn with(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// The flags here that are not in `other`.
            #[must_use]
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// Whether all flags of `other` are set here.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// The flags that have no name here.
            #[must_use]
            pub fn unknown(self) -> Self {
                Self::NAMES.iter().fold(self, |rest, (flag, _)| rest.without(*flag))
            }

            /// The names of the flags that have one.
            pub fn names(self) -> impl Iterator<Item = &'static str> {
                Self::NAMES.iter().filter(move |(flag, _)| self.contains(*flag)).map(|(_, name)| *name)
            }
        }

        /// The names, joined by a plus sign; unknown bits in hex.
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_flags(f, self.names(), self.unknown().bits().into())
            }
        }

        impl FromStr for $type {
            type Err = WordError;

            fn from_str(text: &str) -> Result<Self, WordError> {
                let known = |word: &str| Self::NAMES.iter().find(|(_, name)| *name == word).map(|(flag, _)| flag.bits().into());
                let bits = read_flags(text, $what, known)?;
                let bits = <$bits>::try_from(bits).map_err(|_too_large| WordError::new(text, $what))?;
                Ok(Self(bits))
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($type), "({})"), self)
            }
        }
    };
}

flags! { Features(u64), "set of stream features" {
    /// Blocks that came before are referred to by `WRITE_BYREF`; not received by OpenZFS 2.0 and later.
    DEDUP = 0, "dedup";
    /// Deduplication by the dataset's own checksums; as `DEDUP`.
    DEDUP_PROPS = 1, "dedup_props";
    /// Spill blocks for system attributes: any filesystem of version 5.
    SA_SPILL = 2, "sa_spill";
    /// Blocks so small that their pointer holds them, sent as `WRITE_EMBEDDED`.
    EMBED_DATA = 16, "embed_data";
    /// Blocks compressed with lz4 may occur.
    LZ4 = 17, "lz4";
    /// Blocks above 128 KiB.
    LARGE_BLOCKS = 19, "large_blocks";
    /// The stream goes on in the middle of an interrupted one; its start is in the first payload.
    RESUMING = 20, "resuming";
    /// Parts are left out by redaction.
    REDACTED = 21, "redacted";
    /// Blocks are sent as compressed on disk.
    COMPRESSED = 22, "compressed";
    /// Dnodes above 512 bytes.
    LARGE_DNODE = 23, "large_dnode";
    /// Blocks are sent encrypted as on disk.
    RAW = 24, "raw";
    /// Blocks compressed with zstd may occur; OpenZFS 2.0.
    ZSTD = 25, "zstd";
    /// User holds are in the compound header.
    HOLDS = 26, "holds";
    /// Large blocks may follow on a base that was sent without; set by no sender so far.
    SWITCH_TO_LARGE_BLOCKS = 27, "switch_to_large_blocks";
    /// File names above 255 bytes; OpenZFS 2.3.
    LONG_NAMES = 28, "long_names";
    /// Directories in one large block; OpenZFS 2.3.
    LARGE_MICROZAP = 29, "large_microzap";
} }

flags! { BeginFlags(u32), "set of flags of a stream" {
    /// The stream starts from the origin of a clone.
    CLONE = 0, "clone";
    /// Names differ by more than case.
    CI_DATA = 1, "ci_data";
    /// A full stream that also says what is free, so that it can be received as a clone.
    FREE_RECORDS = 2, "free_records";
    /// `OBJECT` and `SPILL` records say which objects have spill blocks.
    SPILL_BLOCKS = 3, "spill_blocks";
} }

impl Features {
    /// What announces the algorithm of this number (`ZIO_COMPRESS_…` of `zio_compress.h`): lz4 and zstd have a feature each, older ones none.
    pub(super) const fn of_compression(number: u8) -> Self {
        match number {
            15 => Self::LZ4,
            16 => Self::ZSTD,
            _ => Self::empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Features;

    #[test]
    fn flags_are_shown_by_name_and_unknown_ones_kept() {
        let features = Features::from_bits(1 << 24 | 1 << 17 | 1 << 40);
        assert_eq!(features.to_string(), "lz4+raw+0x10000000000");
        assert_eq!(features.unknown(), Features::from_bits(1 << 40));
        assert!(features.contains(Features::RAW.with(Features::LZ4)) && !features.contains(Features::ZSTD));
    }
}
