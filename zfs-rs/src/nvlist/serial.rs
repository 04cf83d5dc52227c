//! I spell lists for serde: for people as a map in which each value says its kind, for machines as the XDR encoding.
//!
//! Whatever can be encoded comes back as it was. A list that no map can hold, because a name is not UTF-8 or comes twice, is its XDR encoding for
//! people too, and so is a [`Text`] that is not UTF-8 its bytes.

use std::fmt;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{NvList, Text, UNIQUE_NAME, Value};

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.to_str() {
            Ok(text) if to.is_human_readable() => to.serialize_str(text),
            _ => bytes(self.as_bytes(), to),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            from.deserialize_any(TextVisitor)
        } else {
            from.deserialize_byte_buf(TextVisitor)
        }
    }
}

impl Serialize for NvList {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let is_map = to.is_human_readable() && self.flags == UNIQUE_NAME;
        let names: Result<Vec<_>, _> = self.iter().map(|(name, value)| Ok((name.to_str()?, value))).collect();
        match names {
            Ok(pairs) if is_map => to.collect_map(pairs),
            Ok(_) | Err(std::str::Utf8Error { .. }) => bytes(&self.encode_xdr().map_err(serde::ser::Error::custom)?, to),
        }
    }
}

impl<'de> Deserialize<'de> for NvList {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            from.deserialize_any(ListVisitor)
        } else {
            from.deserialize_byte_buf(ListVisitor)
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Spelled::serialize(self, to)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Spelled::deserialize(from)
    }
}

/// People's formats know sequences of numbers only.
fn bytes<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    if to.is_human_readable() {
        to.collect_seq(bytes)
    } else {
        to.serialize_bytes(bytes)
    }
}

fn collect<'de, A: SeqAccess<'de>>(mut sequence: A) -> Result<Vec<u8>, A::Error> {
    let mut bytes = Vec::new();
    while let Some(byte) = sequence.next_element()? {
        bytes.push(byte);
    }
    Ok(bytes)
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or its bytes")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(text.into())
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Text, E> {
        Ok(bytes.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<Text, A::Error> {
        collect(sequence).map(Text::from)
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = NvList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of named values, or an encoded list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NvList, A::Error> {
        let mut pairs: Vec<(String, Value)> = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs.into_iter().collect())
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<NvList, E> {
        NvList::decode(bytes).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<NvList, A::Error> {
        NvList::decode(&collect(sequence)?).map_err(A::Error::custom)
    }
}

/// The kinds by the names of [`Value::kind`].
#[derive(Serialize, Deserialize)]
#[serde(remote = "Value")]
enum Spelled {
    #[serde(rename = "flag")]
    Boolean,
    #[serde(rename = "bool")]
    BooleanValue(bool),
    #[serde(rename = "byte")]
    Byte(u8),
    #[serde(rename = "i8")]
    Int8(i8),
    #[serde(rename = "u8")]
    UInt8(u8),
    #[serde(rename = "i16")]
    Int16(i16),
    #[serde(rename = "u16")]
    UInt16(u16),
    #[serde(rename = "i32")]
    Int32(i32),
    #[serde(rename = "u32")]
    UInt32(u32),
    #[serde(rename = "i64")]
    Int64(i64),
    #[serde(rename = "u64")]
    UInt64(u64),
    #[serde(rename = "hrtime")]
    Hrtime(i64),
    #[serde(rename = "double")]
    Double(#[serde(with = "double")] f64),
    #[serde(rename = "string")]
    String(Text),
    #[serde(rename = "list")]
    List(NvList),
    #[serde(rename = "bool array")]
    BooleanArray(Vec<bool>),
    #[serde(rename = "byte array")]
    ByteArray(Vec<u8>),
    #[serde(rename = "i8 array")]
    Int8Array(Vec<i8>),
    #[serde(rename = "u8 array")]
    UInt8Array(Vec<u8>),
    #[serde(rename = "i16 array")]
    Int16Array(Vec<i16>),
    #[serde(rename = "u16 array")]
    UInt16Array(Vec<u16>),
    #[serde(rename = "i32 array")]
    Int32Array(Vec<i32>),
    #[serde(rename = "u32 array")]
    UInt32Array(Vec<u32>),
    #[serde(rename = "i64 array")]
    Int64Array(Vec<i64>),
    #[serde(rename = "u64 array")]
    UInt64Array(Vec<u64>),
    #[serde(rename = "string array")]
    StringArray(Vec<Text>),
    #[serde(rename = "list array")]
    ListArray(Vec<NvList>),
}

/// As text: the formats people read round floating point numbers, and some have no infinity.
mod double {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
