//! I am a release of OpenZFS, to compare with.

use std::fmt;

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
