//! I know each type's number and the shape of its value, once for both encodings.

use super::{DecodeError, Defect, EncodeError, EncodeFault, NvList, Text, Value};

/// The primitive pieces in which an encoding gives its values.
pub(super) trait Source {
    fn fail(&self, what: Defect) -> DecodeError;
    fn flag(&mut self) -> Result<bool, DecodeError>;
    fn byte(&mut self) -> Result<u8, DecodeError>;
    fn half(&mut self) -> Result<u16, DecodeError>;
    fn word(&mut self) -> Result<u32, DecodeError>;
    fn long(&mut self) -> Result<u64, DecodeError>;
    fn text(&mut self) -> Result<Text, DecodeError>;
    fn opaque(&mut self, count: usize) -> Result<Vec<u8>, DecodeError>;
    /// What stands before `count` numbers.
    fn begin_numbers(&mut self, count: usize) -> Result<(), DecodeError>;
    /// What stands before `count` strings.
    fn begin_texts(&mut self, count: usize) -> Result<(), DecodeError>;
    fn list(&mut self) -> Result<NvList, DecodeError>;
    fn lists(&mut self, count: usize) -> Result<Vec<NvList>, DecodeError>;
}

/// Reads the value of a pair of type `code` with `count` elements.
pub(super) fn read<S: Source>(source: &mut S, code: u32, count: usize) -> Result<Value, DecodeError> {
    if let Some(wanted) = fixed_count(code)
        && count != wanted
    {
        return Err(source.fail(Defect::BadCount(u32::try_from(count).unwrap_or(u32::MAX))));
    }
    if fixed_count(code).is_some() {
        read_one(source, code)
    } else {
        read_many(source, code, count)
    }
}

/// How many elements a scalar type has; arrays have any number.
const fn fixed_count(code: u32) -> Option<usize> {
    match code {
        1 => Some(0),
        2..=9 | 18 | 19 | 21..=23 | 27 => Some(1),
        _ => None,
    }
}

fn read_one<S: Source>(source: &mut S, code: u32) -> Result<Value, DecodeError> {
    Ok(match code {
        1 => Value::Boolean,
        2 => Value::Byte(source.byte()?),
        3 => Value::Int16(source.half()?.cast_signed()),
        4 => Value::UInt16(source.half()?),
        5 => Value::Int32(source.word()?.cast_signed()),
        6 => Value::UInt32(source.word()?),
        7 => Value::Int64(source.long()?.cast_signed()),
        8 => Value::UInt64(source.long()?),
        9 => Value::String(source.text()?),
        18 => Value::Hrtime(source.long()?.cast_signed()),
        19 => Value::List(source.list()?),
        21 => Value::BooleanValue(source.flag()?),
        22 => Value::Int8(source.byte()?.cast_signed()),
        23 => Value::UInt8(source.byte()?),
        27 => Value::Double(f64::from_bits(source.long()?)),
        unknown => return Err(source.fail(Defect::UnknownType(unknown))),
    })
}

fn read_many<S: Source>(source: &mut S, code: u32, count: usize) -> Result<Value, DecodeError> {
    Ok(match code {
        10 => Value::ByteArray(source.opaque(count)?),
        11 => Value::Int16Array(numbers(source, count, |s| s.half().map(u16::cast_signed))?),
        12 => Value::UInt16Array(numbers(source, count, S::half)?),
        13 => Value::Int32Array(numbers(source, count, |s| s.word().map(u32::cast_signed))?),
        14 => Value::UInt32Array(numbers(source, count, S::word)?),
        15 => Value::Int64Array(numbers(source, count, |s| s.long().map(u64::cast_signed))?),
        16 => Value::UInt64Array(numbers(source, count, S::long)?),
        17 => {
            source.begin_texts(count)?;
            Value::StringArray(many(source, count, S::text)?)
        }
        20 => Value::ListArray(source.lists(count)?),
        24 => Value::BooleanArray(numbers(source, count, S::flag)?),
        25 => Value::Int8Array(numbers(source, count, |s| s.byte().map(u8::cast_signed))?),
        26 => Value::UInt8Array(numbers(source, count, S::byte)?),
        unknown => return Err(source.fail(Defect::UnknownType(unknown))),
    })
}

fn numbers<S: Source, T>(source: &mut S, count: usize, one: impl Fn(&mut S) -> Result<T, DecodeError>) -> Result<Vec<T>, DecodeError> {
    source.begin_numbers(count)?;
    many(source, count, one)
}

/// Grows as elements arrive: a count is a claim, and only bytes that are there may cost memory.
fn many<S, T>(source: &mut S, count: usize, one: impl Fn(&mut S) -> Result<T, DecodeError>) -> Result<Vec<T>, DecodeError> {
    let mut values = Vec::new();
    for _ in 0..count {
        values.push(one(source)?);
    }
    Ok(values)
}

/// The primitive pieces in which an encoding takes its values.
pub(super) trait Sink {
    fn byte(&mut self, value: u8);
    fn half(&mut self, value: u16);
    fn word(&mut self, value: u32);
    fn long(&mut self, value: u64);
    fn text(&mut self, value: &Text);
    fn opaque(&mut self, bytes: &[u8]);
    fn begin_numbers(&mut self, count: usize);
    fn begin_texts(&mut self, count: usize);
    fn list(&mut self, list: &NvList) -> Result<(), EncodeError>;
    fn lists(&mut self, lists: &[NvList]) -> Result<(), EncodeError>;
}

/// Writes the value of a pair; a list's own faults come back with their own names.
pub(super) fn write<S: Sink>(sink: &mut S, value: &Value) -> Result<(), EncodeError> {
    match value {
        Value::Boolean => {}
        Value::BooleanValue(value) => sink.word(u32::from(*value)),
        Value::Byte(value) | Value::UInt8(value) => sink.byte(*value),
        Value::Int8(value) => sink.byte(value.cast_unsigned()),
        Value::Int16(value) => sink.half(value.cast_unsigned()),
        Value::UInt16(value) => sink.half(*value),
        Value::Int32(value) => sink.word(value.cast_unsigned()),
        Value::UInt32(value) => sink.word(*value),
        Value::Int64(value) | Value::Hrtime(value) => sink.long(value.cast_unsigned()),
        Value::UInt64(value) => sink.long(*value),
        Value::Double(value) => sink.long(value.to_bits()),
        Value::String(text) => sink.text(text),
        Value::List(list) => sink.list(list)?,
        Value::ListArray(lists) => sink.lists(lists)?,
        Value::ByteArray(bytes) => sink.opaque(bytes),
        Value::StringArray(texts) => {
            sink.begin_texts(texts.len());
            texts.iter().for_each(|text| sink.text(text));
        }
        Value::BooleanArray(values) => each(sink, values, |s, value| s.word(u32::from(*value))),
        Value::Int8Array(values) => each(sink, values, |s, value| s.byte(value.cast_unsigned())),
        Value::UInt8Array(values) => each(sink, values, |s, value| s.byte(*value)),
        Value::Int16Array(values) => each(sink, values, |s, value| s.half(value.cast_unsigned())),
        Value::UInt16Array(values) => each(sink, values, |s, value| s.half(*value)),
        Value::Int32Array(values) => each(sink, values, |s, value| s.word(value.cast_unsigned())),
        Value::UInt32Array(values) => each(sink, values, |s, value| s.word(*value)),
        Value::Int64Array(values) => each(sink, values, |s, value| s.long(value.cast_unsigned())),
        Value::UInt64Array(values) => each(sink, values, |s, value| s.long(*value)),
    }
    Ok(())
}

fn each<S: Sink, T>(sink: &mut S, values: &[T], one: impl Fn(&mut S, &T)) {
    sink.begin_numbers(values.len());
    for value in values {
        one(sink, value);
    }
}

/// What a pair's head says of its value, the same in both encodings.
pub(super) struct Head {
    pub(super) code: u32,
    pub(super) count: u32,
    /// The size of the whole pair in the native encoding, without nested lists.
    pub(super) native_size: u32,
}

/// Bytes of the native pair head before the name.
pub(super) const PAIR_HEAD: usize = 16;
/// Bytes of a nested list's head in the native encoding.
pub(super) const LIST_HEAD: usize = 24;

/// The size a pair has in the native encoding, from its parts. XDR carries it too: the kernel allocates it and later wants it exact.
pub(super) fn native_size(name: usize, value: usize) -> usize {
    let name = name.saturating_add(1).saturating_add(PAIR_HEAD);
    super::cursor::round_up(name, 8).saturating_add(super::cursor::round_up(value, 8))
}

/// The size of `value` in the native encoding, unpadded and without nested lists.
pub(super) fn native_value(value: &Value) -> usize {
    let text = |text: &Text| text.as_bytes().len().saturating_add(1);
    match value {
        Value::Boolean => 0,
        Value::Byte(_) | Value::Int8(_) | Value::UInt8(_) => 1,
        Value::Int16(_) | Value::UInt16(_) => 2,
        Value::BooleanValue(_) | Value::Int32(_) | Value::UInt32(_) => 4,
        Value::Int64(_) | Value::UInt64(_) | Value::Hrtime(_) | Value::Double(_) => 8,
        Value::String(value) => text(value),
        Value::List(_) => LIST_HEAD,
        Value::StringArray(texts) => texts
            .iter()
            .fold(0usize, |sum, one| sum.saturating_add(text(one)).saturating_add(8)),
        Value::ListArray(lists) => lists.len().saturating_mul(8usize.saturating_add(LIST_HEAD)),
        array => element_count(array).saturating_mul(element_width(array)),
    }
}

/// Describes a pair, or says why it cannot be written.
pub(super) fn head(name: &Text, value: &Value) -> Result<Head, EncodeFault> {
    let texts_clean = match value {
        Value::String(text) => !text.has_nul(),
        Value::StringArray(texts) => !texts.iter().any(Text::has_nul),
        _ => true,
    };
    if name.has_nul() || !texts_clean {
        return Err(EncodeFault::Nul);
    }
    if name.as_bytes().len() >= MAX_NAME {
        return Err(EncodeFault::LongName);
    }
    let size = native_size(name.as_bytes().len(), native_value(value));
    let size = i32::try_from(size).map_err(|_too_large| EncodeFault::TooLarge)?;
    let count = u32::try_from(element_count(value)).map_err(|_too_large| EncodeFault::TooLarge)?;
    Ok(Head {
        code: code(value),
        count,
        native_size: size.cast_unsigned(),
    })
}

/// A name's length with its NUL fits a signed half word.
pub(super) const MAX_NAME: usize = 0x7fff;

const fn code(value: &Value) -> u32 {
    match value {
        Value::Boolean => 1,
        Value::Byte(_) => 2,
        Value::Int16(_) => 3,
        Value::UInt16(_) => 4,
        Value::Int32(_) => 5,
        Value::UInt32(_) => 6,
        Value::Int64(_) => 7,
        Value::UInt64(_) => 8,
        Value::String(_) => 9,
        Value::ByteArray(_) => 10,
        Value::Int16Array(_) => 11,
        Value::UInt16Array(_) => 12,
        Value::Int32Array(_) => 13,
        Value::UInt32Array(_) => 14,
        Value::Int64Array(_) => 15,
        Value::UInt64Array(_) => 16,
        Value::StringArray(_) => 17,
        Value::Hrtime(_) => 18,
        Value::List(_) => 19,
        Value::ListArray(_) => 20,
        Value::BooleanValue(_) => 21,
        Value::Int8(_) => 22,
        Value::UInt8(_) => 23,
        Value::BooleanArray(_) => 24,
        Value::Int8Array(_) => 25,
        Value::UInt8Array(_) => 26,
        Value::Double(_) => 27,
    }
}

const fn element_count(value: &Value) -> usize {
    match value {
        Value::Boolean => 0,
        Value::BooleanArray(values) => values.len(),
        Value::ByteArray(values) | Value::UInt8Array(values) => values.len(),
        Value::Int8Array(values) => values.len(),
        Value::Int16Array(values) => values.len(),
        Value::UInt16Array(values) => values.len(),
        Value::Int32Array(values) => values.len(),
        Value::UInt32Array(values) => values.len(),
        Value::Int64Array(values) => values.len(),
        Value::UInt64Array(values) => values.len(),
        Value::StringArray(values) => values.len(),
        Value::ListArray(values) => values.len(),
        _ => 1,
    }
}

const fn element_width(array: &Value) -> usize {
    match array {
        Value::Int16Array(_) | Value::UInt16Array(_) => 2,
        Value::BooleanArray(_) | Value::Int32Array(_) | Value::UInt32Array(_) => 4,
        Value::Int64Array(_) | Value::UInt64Array(_) => 8,
        _ => 1,
    }
}
