//! I stand between a peer and the kernel: I let a stream through only while every record keeps every rule.
//!
//! Kernels trust what a stream says once its checksum is right, and whoever makes a stream makes its checksums. So a [`Verifier`] reads
//! every record as a stranger's: each field is held to a [`Rule`], and what breaks one is a [`Breach`] with record, place, field and value.
//! A [`Ward`] also holds bytes back until they are proved, so that nothing of a record that is refused goes on.

mod attributes;
mod begin;
mod breach;
mod course;
mod order;
mod profile;
mod record;
mod rule;
mod types;
mod volume;
mod ward;

#[cfg(test)]
mod tests;

pub use breach::{Breach, Found, Refused, Wrong};
pub use profile::Profile;
pub use rule::Rule;
pub use ward::Ward;

#[cfg(feature = "codec")]
pub(super) use self::types::is_metadata;

use self::course::Course;
use super::{Begin, Corrupt, Fault, Reader, Record, Step, StreamKind, Summary};

/// Reads a send stream and holds every record to every [`Rule`].
///
/// It is used as a [`Reader`] is, and like that it gives out a record before the payload after it is proved; [`Ward`] does not.
/// It remembers one object and the payload of one record of those that rules look into, whatever the stream's size.
///
/// ```
/// use zfs_rs::stream::{Begin, ByteOrder, Features, Profile, Verifier, Writer, record};
///
/// let mut stream = Vec::new();
/// let mut writer = Writer::new(ByteOrder::HOST);
/// writer.put(&mut stream, Begin::new("tank@a", 5), &[])?;
/// writer.put(&mut stream, record::Free { object: 0, offset: 0, length: 512, to_guid: 5 }, &[])?;
///
/// let mut verifier = Verifier::new(Profile::any());
/// let (_begin, used) = verifier.step(&stream)?;
/// let refused = verifier.step(&stream[used..]).unwrap_err();
/// assert_eq!(refused.to_string(), "record 1: FREE: object 0 is below 1");
/// assert_eq!(refused.rule().map(|rule| rule.name()), Some("object-number"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    reader: Reader,
    profile: Profile,
    /// The latest record, while its payload is still coming and rules look into that.
    awaited: Option<Record>,
    /// That payload as far as it came.
    payload: Vec<u8>,
    /// The stream that is being read; nothing in the header of a package and between its streams.
    course: Option<Course>,
    failed: Option<Refused>,
}

impl Verifier {
    /// A verifier at the start of a stream, for a receiver of this profile.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self {
            reader: Reader::new(),
            profile,
            awaited: None,
            payload: Vec::new(),
            course: None,
            failed: None,
        }
    }

    /// Takes bytes from the start of `input` and says what they were and how many were used. Call again with the rest.
    ///
    /// # Errors
    /// The stream is damaged or breaks a rule. The verifier is of no further use then: each later call gives the same error.
    pub fn step<'a>(&mut self, input: &'a [u8]) -> Result<(Step<'a>, usize), Refused> {
        if let Some(refused) = &self.failed {
            return Err(refused.clone());
        }
        let step = self.checked(input);
        if let Err(refused) = &step {
            self.failed = Some(refused.clone());
        }
        step
    }

    /// Says that no more bytes come, and what the stream held.
    ///
    /// # Errors
    /// The stream was refused, or its end was not reached.
    pub fn finish(self) -> Result<Summary, Refused> {
        match self.failed {
            Some(refused) => Err(refused),
            None => Ok(self.reader.finish()?),
        }
    }

    /// The reader underneath, with what it knows of the stream so far.
    #[must_use]
    pub const fn reader(&self) -> &Reader {
        &self.reader
    }

    fn checked<'a>(&mut self, input: &'a [u8]) -> Result<(Step<'a>, usize), Refused> {
        let (step, used) = match self.reader.step(input) {
            Ok(found) => found,
            Err(corrupt) => return Err(self.explained(corrupt)),
        };
        match &step {
            Step::Record(record) => self.record(record)?,
            Step::Payload(bytes) => self.payload(bytes)?,
            Step::Need => {}
        }
        Ok((step, used))
    }

    fn record(&mut self, record: &Record) -> Result<(), Refused> {
        let header = self.reader.header();
        let found = match (record, &mut self.course) {
            (Record::Begin(begin), course) => {
                *course = None;
                begin::record(begin, header, &self.profile)
            }
            // The reader has held the ends in a package to be nothing but that.
            (_, None) => Ok(()),
            (_, Some(course)) => course.record(record, header, &self.profile),
        };
        found.map_err(|found| self.breach(record, found))?;
        let is_begin = matches!(record, Record::Begin(_));
        if is_begin || self.course.as_ref().is_some_and(|course| course.looks_into(record)) {
            self.awaited = Some(record.clone());
            self.payload.clear();
        }
        if matches!(record, Record::End(_)) {
            self.course = None;
        }
        self.payload(&[])
    }

    /// Takes more of the payload of a record that rules look into, and has them look once all of it is there.
    fn payload(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let is_whole = self.reader.payload_left() == 0;
        match self.awaited.take() {
            None => Ok(()),
            Some(record) if is_whole && self.payload.is_empty() => self.looked_into(&record, bytes),
            Some(record) => {
                self.payload.extend_from_slice(bytes);
                if is_whole {
                    let payload = std::mem::take(&mut self.payload);
                    self.looked_into(&record, &payload)
                } else {
                    self.awaited = Some(record);
                    Ok(())
                }
            }
        }
    }

    fn looked_into(&mut self, record: &Record, payload: &[u8]) -> Result<(), Refused> {
        let found = match (record, &mut self.course) {
            (Record::Begin(begin), course) => begin::payload(begin, payload).map(|origin| {
                let order = self.reader.order().filter(|_| begin.kind == StreamKind::Substream);
                *course = order.map(|order| Course::new(begin, origin, order));
            }),
            (_, None) => Ok(()),
            (_, Some(course)) => course.payload(record, payload),
        };
        found.map_err(|found| self.breach(record, found))
    }

    /// A record whose payload the reader does not take breaks a rule that can be named.
    fn explained(&self, corrupt: Corrupt) -> Refused {
        let bound = matches!(corrupt.what, Fault::PayloadTooLong { .. } | Fault::PayloadUneven(_));
        let header = self.reader.header();
        let order = Begin::order(header).ok().or_else(|| self.reader.order()).filter(|_| bound);
        let record = order.and_then(|order| Record::read(header, order).ok());
        let found = match (&record, &self.course) {
            (Some(Record::Begin(begin)), _) => begin::record(begin, header, &self.profile).err(),
            (Some(record), Some(course)) => course.alone(record, header, &self.profile).err(),
            _ => None,
        };
        match (record, found) {
            (Some(record), Some(found)) => Refused::Breach(Breach {
                record: corrupt.record,
                offset: corrupt.offset,
                record_type: record.record_type(),
                object: record.object(),
                found,
            }),
            _ => Refused::Corrupt(corrupt),
        }
    }

    /// The breach by the record that was read last.
    fn breach(&self, record: &Record, found: Found) -> Refused {
        let summary = self.reader.summary();
        Refused::Breach(Breach {
            record: summary.records.saturating_sub(1),
            offset: self.reader.start(),
            record_type: record.record_type(),
            object: record.object(),
            found,
        })
    }
}
