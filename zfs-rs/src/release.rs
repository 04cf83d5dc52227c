//! I am a release of OpenZFS, to compare with.

use std::fmt;
use std::str::FromStr;

use crate::word::WordError;

/// A release of OpenZFS that brought something: `Release::V2_2 > Release::V2_0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Release {
    /// OpenZFS 2.0, the oldest this crate works with.
    V2_0,
    /// OpenZFS 2.1.
    V2_1,
    /// OpenZFS 2.2.
    V2_2,
    /// OpenZFS 2.3.
    V2_3,
    /// OpenZFS 2.4.
    V2_4,
}

impl Release {
    const ALL: [Self; 5] = [Self::V2_0, Self::V2_1, Self::V2_2, Self::V2_3, Self::V2_4];
}

/// Reads what [`Display`](fmt::Display) writes, or the number alone: `OpenZFS 2.2`, `2.2`.
impl FromStr for Release {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let number = text.strip_prefix("OpenZFS ").unwrap_or(text);
        let known = |release: &Self| release.to_string().strip_prefix("OpenZFS ") == Some(number);
        Self::ALL
            .into_iter()
            .find(known)
            .ok_or_else(|| WordError::new(text, "release of OpenZFS"))
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V2_0 => "OpenZFS 2.0",
            Self::V2_1 => "OpenZFS 2.1",
            Self::V2_2 => "OpenZFS 2.2",
            Self::V2_3 => "OpenZFS 2.3",
            Self::V2_4 => "OpenZFS 2.4",
        })
    }
}
