//! I spell names and numbers of identity for JSON: as text, because 64 bits do not survive every reader's idea of a number.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zfs_rs::identity::{Guid, Txg};
use zfs_rs::name::{BookmarkName, DatasetName, HoldTag, PoolName, SnapshotName};

pub(crate) fn serialize<T: Spelled, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    value.spell().serialize(to)
}

pub(crate) fn deserialize<'de, T: Spelled, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    T::read(T::Spelling::deserialize(from)?).map_err(D::Error::custom)
}

/// A value with a textual form.
pub(crate) trait Spelled: Sized {
    /// Text, or a list of texts, or perhaps a text.
    type Spelling: Serialize + for<'de> Deserialize<'de>;
    fn spell(&self) -> Self::Spelling;
    fn read(spelling: Self::Spelling) -> Result<Self, String>;
}

macro_rules! spelled {
    ($($type:ty),+) => {
        $(impl Spelled for $type {
            type Spelling = String;

            fn spell(&self) -> String {
                self.to_string()
            }

            fn read(spelling: String) -> Result<Self, String> {
                parse(&spelling)
            }
        })+
    };
}

spelled!(u64, Guid, Txg, PoolName, DatasetName, SnapshotName, BookmarkName, HoldTag);

impl<T: Spelled> Spelled for Option<T> {
    type Spelling = Option<T::Spelling>;

    fn spell(&self) -> Self::Spelling {
        self.as_ref().map(T::spell)
    }

    fn read(spelling: Self::Spelling) -> Result<Self, String> {
        spelling.map(T::read).transpose()
    }
}

impl<T: Spelled> Spelled for Vec<T> {
    type Spelling = Vec<T::Spelling>;

    fn spell(&self) -> Self::Spelling {
        self.iter().map(T::spell).collect()
    }

    fn read(spelling: Self::Spelling) -> Result<Self, String> {
        spelling.into_iter().map(T::read).collect()
    }
}

fn parse<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| format!("{text:?}: {error}"))
}
