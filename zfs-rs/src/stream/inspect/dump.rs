//! I show a stream record by record.

use std::fmt;

use super::field::Listed as _;
use crate::nvlist::{DecodeError, NvList};
use crate::stream::{Corrupt, Reader, Record, Step, Summary};

/// Reads a stream and gives out each record with its place.
///
/// It is used as a [`Reader`] is. It holds the payload of `BEGIN` and nothing else of the stream.
///
/// ```
/// use zfs_rs::stream::{Begin, ByteOrder, Writer, inspect::Dump, record::Free};
///
/// let mut stream = Vec::new();
/// let mut writer = Writer::new(ByteOrder::HOST);
/// writer.put(&mut stream, Begin::new("tank@a", 5), &[])?;
/// writer.put(&mut stream, Free { object: 7, offset: 0, length: 512, to_guid: 5 }, &[])?;
///
/// let mut dump = Dump::new();
/// let mut input = stream.as_slice();
/// let mut lines = Vec::new();
/// while !input.is_empty() {
///     let (entry, used) = dump.step(input)?;
///     lines.extend(entry.map(|entry| entry.to_string()));
///     input = &input[used..];
/// }
/// assert_eq!(lines[1], "1 @312 FREE object=7 offset=0 length=512 to_guid=5 payload=0");
/// assert!(dump.finish().is_err()); // it has no end
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Dump {
    reader: Reader,
    /// The latest `BEGIN`, while its payload is still coming.
    opening: Option<Entry>,
    payload: Vec<u8>,
}

/// A record of a stream and its place.
///
/// As text it is one line: number, place, type, fields by name, payload. Fields of plain bytes are left out where all are 0. As JSON it has
/// all fields, GUIDs as texts, bytes in hex.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// The record, counted from 0.
    pub number: u64,
    /// Where it starts, in bytes from the start of the stream.
    pub offset: u64,
    /// The record.
    pub record: Record,
    /// Bytes of payload that follow it.
    pub payload_len: u64,
    /// The list that is the payload of a `BEGIN`, or why it is none; nothing where there is no payload.
    pub list: Option<Result<NvList, DecodeError>>,
}

impl Dump {
    /// A dump at the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes from the start of `input`; gives a record where one is complete, a `BEGIN` once its payload is, and says how many bytes were
    /// used. Call again with the rest.
    ///
    /// # Errors
    /// The stream is damaged. The dump is of no further use then: each later call gives the same error.
    pub fn step(&mut self, input: &[u8]) -> Result<(Option<Entry>, usize), Corrupt> {
        let (step, used) = self.reader.step(input)?;
        match step {
            Step::Record(record) => {
                let entry = Entry {
                    number: self.reader.summary().records.saturating_sub(1),
                    offset: self.reader.start(),
                    record,
                    payload_len: self.reader.payload_left(),
                    list: None,
                };
                if matches!(entry.record, Record::Begin(_)) && entry.payload_len > 0 {
                    self.opening = Some(entry);
                    return Ok((None, used));
                }
                Ok((Some(entry), used))
            }
            Step::Payload(bytes) if self.opening.is_some() => {
                self.payload.extend_from_slice(bytes);
                Ok((self.opened(), used))
            }
            Step::Payload(_) | Step::Need => Ok((None, used)),
        }
    }

    /// Says that no more bytes come, and what the stream held.
    ///
    /// # Errors
    /// The stream's end was not reached.
    pub fn finish(self) -> Result<Summary, Corrupt> {
        self.reader.finish()
    }

    /// The `BEGIN` that was waited for, once its payload is there.
    fn opened(&mut self) -> Option<Entry> {
        if self.reader.payload_left() > 0 {
            return None;
        }
        let mut entry = self.opening.take()?;
        entry.list = Some(NvList::decode(&std::mem::take(&mut self.payload)));
        Some(entry)
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} @{} {}", self.number, self.offset, self.record.record_type())?;
        let mut written = Ok(());
        self.record.list(&mut |name, value| {
            if written.is_ok() && !value.is_blank() {
                written = write!(f, " {name}={value}");
            }
        });
        written?;
        write!(f, " payload={}", self.payload_len)?;
        match &self.list {
            None => Ok(()),
            Some(Ok(list)) => write!(f, " {list}"),
            Some(Err(error)) => write!(f, " ({error})"),
        }
    }
}

#[cfg(feature = "serde")]
mod serial {
    use serde::ser::{Serialize, SerializeMap as _, Serializer};

    use super::super::field::{Listed as _, Value};
    use super::Entry;
    use crate::stream::Record;

    impl Serialize for Entry {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            let mut map = to.serialize_map(None)?;
            map.serialize_entry("record", &self.number)?;
            map.serialize_entry("offset", &self.offset)?;
            map.serialize_entry("type", &self.record.record_type())?;
            map.serialize_entry("fields", &Fields(&self.record))?;
            map.serialize_entry("payload_len", &self.payload_len)?;
            match &self.list {
                None => {}
                Some(Ok(list)) => map.serialize_entry("nvlist", list)?,
                Some(Err(error)) => map.serialize_entry("nvlist_error", &error.to_string())?,
            }
            map.end()
        }
    }

    struct Fields<'a>(&'a Record);

    impl Serialize for Fields<'_> {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            let mut map = to.serialize_map(None)?;
            let mut written = Ok(());
            self.0.list(&mut |name, value| {
                if written.is_ok() {
                    written = entry(&mut map, name, &value);
                }
            });
            written?;
            map.end()
        }
    }

    /// 64 bits do not survive every reader's idea of a number; of a GUID all of them count.
    fn entry<M: serde::ser::SerializeMap>(map: &mut M, name: &'static str, value: &Value<'_>) -> Result<(), M::Error> {
        match value {
            Value::Number(number) if !name.ends_with("guid") => map.serialize_entry(name, number),
            Value::Quoted(text) => map.serialize_entry(name, text),
            other => map.serialize_entry(name, &other.to_string()),
        }
    }
}
