//! I count up what a stream holds.

use std::collections::BTreeMap;

use super::Compression;
use crate::stream::record::{Object, RECORD_SIZE, Spill, Write};
use crate::stream::{Begin, ByteOrder, Corrupt, Features, Reader, Record, RecordType, Step, StreamKind};

/// Reads a stream and counts up what it holds, in memory that does not grow with it.
///
/// ```
/// use zfs_rs::stream::{Begin, ByteOrder, Writer, inspect::Inventory, record};
///
/// let mut stream = Vec::new();
/// let mut writer = Writer::new(ByteOrder::HOST);
/// writer.put(&mut stream, Begin::new("tank@a", 5), &[])?;
/// writer.put(&mut stream, record::Free { object: 7, offset: 0, length: 512, to_guid: 5 }, &[])?;
/// writer.put(&mut stream, record::End { to_guid: 5, ..record::End::default() }, &[])?;
///
/// let mut inventory = Inventory::new();
/// let mut input = stream.as_slice();
/// while !input.is_empty() {
///     input = &input[inventory.step(input)?..];
/// }
/// let contents = inventory.finish()?;
/// assert_eq!((contents.streams, contents.holes.bytes), (1, 512));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    reader: Reader,
    contents: Contents,
}

/// What a stream holds.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contents {
    /// Bytes of the whole.
    pub bytes: u64,
    /// Whether it is in big-endian byte order: that of the machine that sent it.
    pub big_endian: bool,
    /// The header of the package, where it is one.
    pub package: Option<Begin>,
    /// Streams, each with the changes up to one snapshot: one, or those of the package.
    pub streams: u64,
    /// How the first of these streams begin: [`Contents::NAMED`] at most.
    pub begins: Vec<Begin>,
    /// The features of all streams.
    pub features: Features,
    /// What there is of each type of record.
    pub records: BTreeMap<RecordType, Tally>,
    /// Objects that are made and freed.
    pub objects: Objects,
    /// Blocks of `WRITE`, by the compression they travel in.
    pub blocks: BTreeMap<Compression, Blocks>,
    /// Blocks so small that they travel in their pointer.
    pub embedded: Blocks,
    /// Spill blocks, which hold attributes.
    pub spill: Blocks,
    /// Blocks that a deduplicated stream brought before.
    pub by_ref: Ranges,
    /// What is freed within objects.
    pub holes: Ranges,
    /// What redaction left out.
    pub redacted: Ranges,
    /// Bytes of the largest block, once decompressed.
    pub largest_block: u64,
}

/// Records of one type.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub records: u64,
    /// Their bytes, payloads included.
    pub bytes: u64,
}

/// Objects by what they are, and numbers of objects that are freed.
///
/// The streams of a package tell of an object anew each time it changes.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Objects {
    /// Made or changed: files.
    pub files: u64,
    /// Made or changed: directories.
    pub directories: u64,
    /// Made or changed: whatever else a dataset is made of.
    pub others: u64,
    /// Ranges of numbers that are freed.
    pub freed_ranges: u64,
    /// Numbers in these ranges. In full streams most of them never were objects.
    pub freed_numbers: u64,
}

/// Blocks of data.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocks {
    /// How many.
    pub count: u64,
    /// Their bytes once decompressed.
    pub logical: u64,
    /// Their bytes in the stream.
    pub physical: u64,
}

/// Ranges of bytes of objects.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ranges {
    /// How many.
    pub count: u64,
    /// Their bytes, but of those that go to the end.
    pub bytes: u64,
    /// How many of them go to the end of their object, wherever that is.
    pub to_end: u64,
}

impl Contents {
    /// So many streams of a package are named at most; a package can have thousands.
    pub const NAMED: usize = 64;

    fn count(&mut self, record: &Record) {
        let payload = record.payload_len();
        let tally = self.records.entry(record.record_type()).or_default();
        add(&mut tally.records, 1);
        add(&mut tally.bytes, payload.saturating_add(HEADER));
        match record {
            Record::Begin(begin) => self.begin(begin),
            Record::Object(object) => self.objects.object(object),
            Record::FreeObjects(free) => {
                add(&mut self.objects.freed_ranges, 1);
                add(&mut self.objects.freed_numbers, free.count);
            }
            Record::Write(write) => self.write(write, payload),
            Record::Free(free) => self.holes.range(free.length),
            Record::WriteByRef(write) => self.by_ref.range(write.length),
            Record::Spill(spill) => self.spill(spill, payload),
            Record::WriteEmbedded(write) => {
                self.embedded.block(write.logical_size.into(), write.physical_size.into());
                self.largest_block = self.largest_block.max(write.length);
            }
            Record::Redact(redact) => self.redacted.range(redact.length),
            Record::End(_) | Record::ObjectRange(_) => {}
        }
    }

    fn begin(&mut self, begin: &Begin) {
        self.features = self.features.with(begin.features);
        if begin.kind == StreamKind::Compound {
            self.package = Some(begin.clone());
            return;
        }
        add(&mut self.streams, 1);
        if self.begins.len() < Self::NAMED {
            self.begins.push(begin.clone());
        }
    }

    fn write(&mut self, write: &Write, payload: u64) {
        let blocks = self.blocks.entry(Compression(write.compression)).or_default();
        blocks.block(write.logical_size, payload);
        self.largest_block = self.largest_block.max(write.logical_size);
    }

    fn spill(&mut self, spill: &Spill, payload: u64) {
        self.spill.block(spill.length, payload);
        self.largest_block = self.largest_block.max(spill.length);
    }
}

impl Objects {
    const fn object(&mut self, object: &Object) {
        let count = match object.object_type {
            FILE => &mut self.files,
            DIRECTORY => &mut self.directories,
            _ => &mut self.others,
        };
        add(count, 1);
    }
}

impl Blocks {
    const fn block(&mut self, logical: u64, physical: u64) {
        add(&mut self.count, 1);
        add(&mut self.logical, logical);
        add(&mut self.physical, physical);
    }
}

impl Ranges {
    const fn range(&mut self, length: u64) {
        add(&mut self.count, 1);
        match length {
            u64::MAX => add(&mut self.to_end, 1),
            length => add(&mut self.bytes, length),
        }
    }
}

impl Inventory {
    /// An inventory at the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes from the start of `input` and says how many were used. Call again with the rest.
    ///
    /// # Errors
    /// The stream is damaged. The inventory is of no further use then: each later call gives the same error.
    pub fn step(&mut self, input: &[u8]) -> Result<usize, Corrupt> {
        let (step, used) = self.reader.step(input)?;
        if let Step::Record(record) = step {
            self.contents.count(&record);
        }
        Ok(used)
    }

    /// Says that no more bytes come, and what the stream held.
    ///
    /// # Errors
    /// The stream's end was not reached.
    pub fn finish(mut self) -> Result<Contents, Corrupt> {
        self.contents.big_endian = self.reader.order() == Some(ByteOrder::Big);
        self.contents.bytes = self.reader.finish()?.bytes;
        Ok(self.contents)
    }
}

const fn add(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}

/// `DMU_OT_PLAIN_FILE_CONTENTS` in `include/sys/dmu.h`.
const FILE: u32 = 19;
/// `DMU_OT_DIRECTORY_CONTENTS`.
const DIRECTORY: u32 = 20;
#[expect(clippy::as_conversions, reason = "a small constant; From is not const")]
const HEADER: u64 = RECORD_SIZE as u64;
