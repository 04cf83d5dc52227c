//! I spell the GUIDs in streams and tokens for serde as [`Guid`] is spelled: as text where people read, because 64 bits do not survive every
//! reader's idea of a number.

use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Deserializer, Serialize, Serializer};

use crate::identity::Guid;

pub(super) fn serialize<T: Guids, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    value.named().serialize(to)
}

pub(super) fn deserialize<'de, T: Guids, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    T::Named::deserialize(from).map(T::plain)
}

/// GUIDs as plain numbers, and the same with their type.
pub(super) trait Guids: Sized {
    type Named: Serialize + DeserializeOwned;
    fn named(&self) -> Self::Named;
    fn plain(named: Self::Named) -> Self;
}

impl Guids for u64 {
    type Named = Guid;

    fn named(&self) -> Guid {
        Guid(*self)
    }

    fn plain(named: Guid) -> Self {
        named.0
    }
}

impl<T: Guids> Guids for Option<T> {
    type Named = Option<T::Named>;

    fn named(&self) -> Self::Named {
        self.as_ref().map(T::named)
    }

    fn plain(named: Self::Named) -> Self {
        named.map(T::plain)
    }
}

impl<T: Guids> Guids for Vec<T> {
    type Named = Vec<T::Named>;

    fn named(&self) -> Self::Named {
        self.iter().map(T::named).collect()
    }

    fn plain(named: Self::Named) -> Self {
        named.into_iter().map(T::plain).collect()
    }
}
