//! I am one value of a list: what kinds there are and how Rust's own types become them and come back.

use std::fmt;

use super::{NvList, Text};

/// A value of an nvlist: every type OpenZFS has.
///
/// Rust's types turn into the variant of the same width by [`From`]: `1u64` is [`UInt64`](Self::UInt64), `true` is
/// [`BooleanValue`](Self::BooleanValue), `()` is [`Boolean`](Self::Boolean). [`Byte`](Self::Byte), [`Hrtime`](Self::Hrtime) and
/// [`ByteArray`](Self::ByteArray) have no Rust type of their own and are written out.
#[non_exhaustive]
#[derive(Clone, PartialEq)]
pub enum Value {
    /// A flag that is there or not: it has no value.
    Boolean,
    /// True or false.
    BooleanValue(bool),
    /// An uninterpreted byte.
    Byte(u8),
    /// A signed number of 8 bits.
    Int8(i8),
    /// A number of 8 bits.
    UInt8(u8),
    /// A signed number of 16 bits.
    Int16(i16),
    /// A number of 16 bits.
    UInt16(u16),
    /// A signed number of 32 bits.
    Int32(i32),
    /// A number of 32 bits.
    UInt32(u32),
    /// A signed number of 64 bits.
    Int64(i64),
    /// A number of 64 bits.
    UInt64(u64),
    /// Nanoseconds since some start.
    Hrtime(i64),
    /// A floating point number. Userland only: the kernel refuses a list that holds one.
    Double(f64),
    /// A string.
    String(Text),
    /// A list within the list.
    List(NvList),
    /// True or false, many.
    BooleanArray(Vec<bool>),
    /// Uninterpreted bytes.
    ByteArray(Vec<u8>),
    /// Signed numbers of 8 bits.
    Int8Array(Vec<i8>),
    /// Numbers of 8 bits.
    UInt8Array(Vec<u8>),
    /// Signed numbers of 16 bits.
    Int16Array(Vec<i16>),
    /// Numbers of 16 bits.
    UInt16Array(Vec<u16>),
    /// Signed numbers of 32 bits.
    Int32Array(Vec<i32>),
    /// Numbers of 32 bits.
    UInt32Array(Vec<u32>),
    /// Signed numbers of 64 bits.
    Int64Array(Vec<i64>),
    /// Numbers of 64 bits.
    UInt64Array(Vec<u64>),
    /// Strings.
    StringArray(Vec<Text>),
    /// Lists within the list.
    ListArray(Vec<NvList>),
}

impl Value {
    /// What kind of value this is, in words fit for an error.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Boolean => "flag",
            Self::BooleanValue(_) => "bool",
            Self::Byte(_) => "byte",
            Self::Int8(_) => "i8",
            Self::UInt8(_) => "u8",
            Self::Int16(_) => "i16",
            Self::UInt16(_) => "u16",
            Self::Int32(_) => "i32",
            Self::UInt32(_) => "u32",
            Self::Int64(_) => "i64",
            Self::UInt64(_) => "u64",
            Self::Hrtime(_) => "hrtime",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::List(_) => "list",
            Self::BooleanArray(_) => "bool array",
            Self::ByteArray(_) => "byte array",
            Self::Int8Array(_) => "i8 array",
            Self::UInt8Array(_) => "u8 array",
            Self::Int16Array(_) => "i16 array",
            Self::UInt16Array(_) => "u16 array",
            Self::Int32Array(_) => "i32 array",
            Self::UInt32Array(_) => "u32 array",
            Self::Int64Array(_) => "i64 array",
            Self::UInt64Array(_) => "u64 array",
            Self::StringArray(_) => "string array",
            Self::ListArray(_) => "list array",
        }
    }

    /// Whether lists are nested in this value.
    pub(super) const fn holds_lists(&self) -> bool {
        matches!(self, Self::List(_) | Self::ListArray(_))
    }
}

/// One line for people. Byte arrays show their length only: they carry keys.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("set"),
            Self::BooleanValue(value) => value.fmt(f),
            Self::Byte(value) | Self::UInt8(value) => value.fmt(f),
            Self::Int8(value) => value.fmt(f),
            Self::Int16(value) => value.fmt(f),
            Self::UInt16(value) => value.fmt(f),
            Self::Int32(value) => value.fmt(f),
            Self::UInt32(value) => value.fmt(f),
            Self::Int64(value) | Self::Hrtime(value) => value.fmt(f),
            Self::UInt64(value) => value.fmt(f),
            Self::Double(value) => value.fmt(f),
            Self::String(value) => write!(f, "\"{value}\""),
            Self::List(value) => value.fmt(f),
            Self::ByteArray(bytes) | Self::UInt8Array(bytes) => write!(f, "<{} bytes>", bytes.len()),
            Self::Int8Array(bytes) => write!(f, "<{} bytes>", bytes.len()),
            Self::BooleanArray(values) => row(f, values),
            Self::Int16Array(values) => row(f, values),
            Self::UInt16Array(values) => row(f, values),
            Self::Int32Array(values) => row(f, values),
            Self::UInt32Array(values) => row(f, values),
            Self::Int64Array(values) => row(f, values),
            Self::UInt64Array(values) => row(f, values),
            Self::StringArray(values) => row(f, values),
            Self::ListArray(values) => row(f, values),
        }
    }
}

fn row<T: fmt::Display>(f: &mut fmt::Formatter<'_>, values: &[T]) -> fmt::Result {
    f.write_str("[")?;
    for (index, value) in values.iter().enumerate() {
        let gap = if index == 0 { "" } else { ", " };
        write!(f, "{gap}{value}")?;
    }
    f.write_str("]")
}

/// The kind and the value in one line: `u64(5)`. As in [`Display`](fmt::Display), bytes stay hidden.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({self})", self.kind())
    }
}

/// A Rust type that can be read out of a [`Value`]. Widths are exact: a `u64` is never read from a `u32`.
pub trait FromValue<'a>: Sized {
    /// What is looked for, in words fit for an error.
    const WANTED: &'static str;

    /// The value as this type, or nothing where it is of another.
    fn from_value(value: &'a Value) -> Option<Self>;
}

macro_rules! convert {
    ($($scalar:ty => $one:ident, $many:ident;)*) => {$(
        impl From<$scalar> for Value {
            fn from(value: $scalar) -> Self {
                Self::$one(value)
            }
        }

        impl From<Vec<$scalar>> for Value {
            fn from(values: Vec<$scalar>) -> Self {
                Self::$many(values)
            }
        }
    )*};
}

macro_rules! read {
    ($($rust:ty, $wanted:literal: $pattern:pat => $result:expr;)*) => {$(
        impl<'a> FromValue<'a> for $rust {
            const WANTED: &'static str = $wanted;

            fn from_value(value: &'a Value) -> Option<Self> {
                match value {
                    $pattern => $result,
                    _ => None,
                }
            }
        }
    )*};
}

convert! {
    bool => BooleanValue, BooleanArray;
    i8 => Int8, Int8Array;
    u8 => UInt8, UInt8Array;
    i16 => Int16, Int16Array;
    u16 => UInt16, UInt16Array;
    i32 => Int32, Int32Array;
    u32 => UInt32, UInt32Array;
    i64 => Int64, Int64Array;
    u64 => UInt64, UInt64Array;
    Text => String, StringArray;
    NvList => List, ListArray;
}

read! {
    bool, "bool": Value::BooleanValue(value) => Some(*value);
    i8, "i8": Value::Int8(value) => Some(*value);
    u8, "u8": Value::UInt8(value) | Value::Byte(value) => Some(*value);
    i16, "i16": Value::Int16(value) => Some(*value);
    u16, "u16": Value::UInt16(value) => Some(*value);
    i32, "i32": Value::Int32(value) => Some(*value);
    u32, "u32": Value::UInt32(value) => Some(*value);
    i64, "i64": Value::Int64(value) | Value::Hrtime(value) => Some(*value);
    u64, "u64": Value::UInt64(value) => Some(*value);
    f64, "double": Value::Double(value) => Some(*value);
    &'a str, "string in UTF-8": Value::String(text) => text.to_str().ok();
    &'a Text, "string": Value::String(text) => Some(text);
    &'a NvList, "list": Value::List(list) => Some(list);
    &'a [bool], "bool array": Value::BooleanArray(values) => Some(values);
    &'a [i8], "i8 array": Value::Int8Array(values) => Some(values);
    &'a [u8], "u8 array": Value::UInt8Array(values) | Value::ByteArray(values) => Some(values);
    &'a [i16], "i16 array": Value::Int16Array(values) => Some(values);
    &'a [u16], "u16 array": Value::UInt16Array(values) => Some(values);
    &'a [i32], "i32 array": Value::Int32Array(values) => Some(values);
    &'a [u32], "u32 array": Value::UInt32Array(values) => Some(values);
    &'a [i64], "i64 array": Value::Int64Array(values) => Some(values);
    &'a [u64], "u64 array": Value::UInt64Array(values) => Some(values);
    &'a [Text], "string array": Value::StringArray(values) => Some(values);
    &'a [NvList], "list array": Value::ListArray(values) => Some(values);
}

impl<'a> FromValue<'a> for &'a Value {
    const WANTED: &'static str = "value";

    fn from_value(value: &'a Value) -> Option<Self> {
        Some(value)
    }
}

impl From<()> for Value {
    fn from((): ()) -> Self {
        Self::Boolean
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}
