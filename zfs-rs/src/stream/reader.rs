//! I take a stream apart as its bytes arrive, cut anywhere, and check the running checksum at each record.

use super::begin::{Begin, StreamKind};
use super::fault::{Corrupt, Fault};
use super::fletcher::{Checksum, Fletcher4};
use super::record::{BODY, CHECKSUM_AT, End, MAX_BEGIN_PAYLOAD, MAX_PAYLOAD, RECORD_SIZE, Record, RecordType, checksum};
use super::{ByteOrder, RecordBytes, Summary};

/// Reads a send stream: bytes in, records out, no descriptor in sight.
///
/// A record is given out when its checksum is right. That checksum covers all bytes before it, so a *payload* is proved by the record
/// after it, the last one by `END`. Checked here are structure and checksums; whether the records make sense together is not.
///
/// ```
/// # use zfs_rs::stream::{Begin, ByteOrder, Reader, Step, Writer, record::End};
/// # let mut stream = Vec::new();
/// # let mut writer = Writer::new(ByteOrder::HOST);
/// # writer.put(&mut stream, Begin::new("tank@a", 5), &[])?;
/// # writer.put(&mut stream, End { to_guid: 5, ..End::default() }, &[])?;
/// let mut reader = Reader::new();
/// let mut input = stream.as_slice();
/// while !input.is_empty() {
///     let (step, used) = reader.step(input)?;
///     match step {
///         Step::Record(record) => println!("{}", record.record_type().name()),
///         Step::Payload(bytes) => println!("… {} bytes", bytes.len()),
///         Step::Need => {}
///     }
///     input = &input[used..];
/// }
/// let summary = reader.finish()?;
/// assert_eq!(summary.records, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reader {
    state: State,
    order: ByteOrder,
    sum: Fletcher4,
    header: RecordBytes,
    header_len: usize,
    payload_left: u64,
    /// Where the record being read starts.
    start: u64,
    object: Option<u64>,
    begin: Option<Begin>,
    in_package: bool,
    failed: Option<Corrupt>,
    summary: Summary,
}

/// What a reader found in its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// The input was taken in without completing a record; give more.
    Need,
    /// A record, its checksum right.
    Record(Record),
    /// A piece of the payload of the latest record.
    Payload(&'a [u8]),
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// `BEGIN`, or in a package the `END` of all.
    Outside,
    /// The `END` of a compound header.
    Header,
    /// Any record but `BEGIN`.
    Substream,
    /// Nothing.
    Complete,
}

impl Reader {
    /// A reader at the start of a stream, whose byte order it finds out.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: State::Outside,
            order: ByteOrder::HOST,
            sum: Fletcher4::new(ByteOrder::HOST),
            header: [0; RECORD_SIZE],
            header_len: 0,
            payload_left: 0,
            start: 0,
            object: None,
            begin: None,
            in_package: false,
            failed: None,
            summary: Summary::default(),
        }
    }

    /// Takes bytes from the start of `input` and says what they were and how many were used. Call again with the rest.
    ///
    /// # Errors
    /// The stream is damaged. The reader is of no further use then: each later call gives the same error.
    pub fn step<'a>(&mut self, input: &'a [u8]) -> Result<(Step<'a>, usize), Corrupt> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        if input.is_empty() {
            return Ok((Step::Need, 0));
        }
        if self.payload_left > 0 {
            return Ok(self.payload(input));
        }
        if self.state == State::Complete {
            return Err(self.fail(Fault::Trailing));
        }
        let used = self.fill_header(input);
        if self.header_len < RECORD_SIZE {
            return Ok((Step::Need, used));
        }
        let record = self.record().map_err(|what| self.fail(what))?;
        Ok((Step::Record(record), used))
    }

    /// Says that no more bytes come, and what the stream held.
    ///
    /// # Errors
    /// The stream's end was not reached.
    pub fn finish(self) -> Result<Summary, Corrupt> {
        match self.failed {
            Some(failed) => Err(failed),
            None if self.is_complete() => Ok(self.summary),
            None => Err(self.corrupt(Fault::Truncated)),
        }
    }

    /// Whether the stream's end was reached: no more bytes belong to it.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.state == State::Complete && self.failed.is_none()
    }

    /// What was read so far.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The latest `BEGIN` record.
    #[must_use]
    pub const fn begin(&self) -> Option<&Begin> {
        self.begin.as_ref()
    }

    /// The byte order of the stream, known from its first record on.
    #[must_use]
    pub fn order(&self) -> Option<ByteOrder> {
        self.begin.is_some().then_some(self.order)
    }

    /// The bytes of the latest record, as the receive call wants those of `BEGIN`; meaningful right after [`Step::Record`].
    #[must_use]
    pub const fn header(&self) -> &RecordBytes {
        &self.header
    }

    /// Bytes of payload that still follow the latest record.
    #[must_use]
    pub const fn payload_left(&self) -> u64 {
        self.payload_left
    }

    /// Where the latest record starts, in bytes from the start of the stream.
    #[must_use]
    pub const fn start(&self) -> u64 {
        self.start
    }

    fn payload<'a>(&mut self, input: &'a [u8]) -> (Step<'a>, usize) {
        let most = usize::try_from(self.payload_left).unwrap_or(usize::MAX);
        let used = most.min(input.len());
        let bytes = input.get(..used).unwrap_or_default();
        self.sum.update(bytes);
        let count = u64::try_from(used).unwrap_or(u64::MAX);
        self.payload_left = self.payload_left.saturating_sub(count);
        self.summary.count_payload(count);
        (Step::Payload(bytes), used)
    }

    fn fill_header(&mut self, input: &[u8]) -> usize {
        if self.header_len >= RECORD_SIZE {
            self.header_len = 0;
        }
        if self.header_len == 0 {
            self.start = self.summary.bytes;
        }
        let place = self.header.get_mut(self.header_len..).unwrap_or_default();
        let used = place.len().min(input.len());
        for (to, from) in place.iter_mut().zip(input) {
            *to = *from;
        }
        self.header_len = self.header_len.saturating_add(used);
        self.summary.bytes = self.summary.bytes.saturating_add(u64::try_from(used).unwrap_or(u64::MAX));
        used
    }

    /// Reads the full header: order matters, a damaged one shall be blamed on its checksum and not on what the damage made of it.
    fn record(&mut self) -> Result<Record, Fault> {
        let package_ends = self.in_package && self.header.starts_with(&self.order.u32_bytes(RecordType::End.number()));
        if self.state == State::Outside && !package_ends {
            // A new sum starts with each stream of a package.
            self.order = Begin::order(&self.header)?;
            self.sum = Fletcher4::new(self.order);
        }
        let before = self.sum.value();
        let (covered, sum_bytes) = self.header.split_at(CHECKSUM_AT);
        self.sum.update(covered);
        let found = self.sum.value();
        self.sum.update(sum_bytes);
        if self.state == State::Substream {
            match checksum(&self.header, self.order) {
                Checksum::ZERO => return Err(Fault::NoChecksum),
                expected if expected != found => return Err(Fault::Checksum { expected, found }),
                _ => {}
            }
        }
        let record = Record::read(&self.header, self.order)?;
        let payload = bounded(&record)?;
        self.next_state(&record, before, found)?;
        self.payload_left = payload;
        self.object = record.object().or(self.object);
        self.summary.count_record(record.record_type());
        Ok(record)
    }

    fn next_state(&mut self, record: &Record, before: Checksum, found: Checksum) -> Result<(), Fault> {
        let out_of_place = Err(Fault::OutOfPlace(record.record_type().number()));
        self.state = match (self.state, record) {
            (State::Outside, Record::Begin(begin)) => {
                let next = match begin.kind {
                    StreamKind::Compound if self.in_package => return out_of_place,
                    StreamKind::Compound => State::Header,
                    StreamKind::Substream => State::Substream,
                };
                self.in_package |= begin.kind == StreamKind::Compound;
                self.begin = Some(begin.clone());
                next
            }
            // The END of a whole package is a mere mark: libzfs writes zeros where sums would be. `zstream redup` sums up the record alone.
            (State::Outside, Record::End(end)) => {
                ends(end, Checksum::ZERO)?;
                let mut alone = Fletcher4::new(self.order);
                alone.update(self.header.get(..CHECKSUM_AT).unwrap_or_default());
                self.blank(alone.value())?;
                State::Complete
            }
            // libzfs writes no running sum here, only that of the whole. `zstream redup` writes both.
            (State::Header, Record::End(end)) => {
                ends(end, before)?;
                self.blank(found)?;
                State::Outside
            }
            (State::Substream, Record::End(end)) => {
                ends(end, before)?;
                if self.in_package { State::Outside } else { State::Complete }
            }
            (State::Substream, Record::Begin(_)) | (State::Outside | State::Header | State::Complete, _) => return out_of_place,
            (State::Substream, _) => State::Substream,
        };
        Ok(())
    }

    /// What no sum covers of a package's own `END`, beside its type and the sum it says: zeros, or nobody would see it damaged. Where there is a running sum
    /// after all, it is this.
    fn blank(&self, sum: Checksum) -> Result<(), Fault> {
        let payload_len = self.header.get(4..BODY).unwrap_or_default();
        let rest = self.header.get(END_SUM_END..CHECKSUM_AT).unwrap_or_default();
        let said = checksum(&self.header, self.order);
        if payload_len.iter().chain(rest).all(|byte| *byte == 0) && (said == Checksum::ZERO || said == sum) {
            Ok(())
        } else {
            Err(Fault::Reserved)
        }
    }

    fn fail(&mut self, what: Fault) -> Corrupt {
        self.failed.insert(self.corrupt(what)).clone()
    }

    fn corrupt(&self, what: Fault) -> Corrupt {
        let offset = if matches!(what, Fault::Truncated | Fault::Trailing) {
            self.summary.bytes
        } else {
            self.start
        };
        Corrupt {
            record: self.summary.records,
            offset,
            object: self.object,
            what,
        }
    }
}

fn ends(end: &End, found: Checksum) -> Result<(), Fault> {
    if end.checksum == found {
        Ok(())
    } else {
        Err(Fault::EndChecksum {
            expected: end.checksum,
            found,
        })
    }
}

fn bounded(record: &Record) -> Result<u64, Fault> {
    let limit = if record.record_type() == RecordType::Begin {
        MAX_BEGIN_PAYLOAD
    } else {
        MAX_PAYLOAD
    };
    match record.payload_len() {
        length if length > limit => Err(Fault::PayloadTooLong { length, limit }),
        length if !length.is_multiple_of(4) => Err(Fault::PayloadUneven(length)),
        length => Ok(length),
    }
}

/// Where the sum that an `END` says ends.
const END_SUM_END: usize = 40;

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}
