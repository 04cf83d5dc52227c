//! I hold streams of volumes to what kernels look for in a volume. They ask each for its size whenever datasets are listed, and panic where there is no
//! answer (`zfs_ioc_objset_stats_impl` in `zfs_ioctl.c`).

use super::Rule;
use super::begin::Origin;
use super::breach::{Found, Wrong, field};
use super::record::{OFF, SECTOR, order_of_raw};
use crate::stream::record::{FreeObjects, Object, Write, WriteEmbedded};
use crate::stream::{Begin, ByteOrder, Features, Record, lz4, lzjb};

/// The volume as far as the stream has brought it.
#[derive(Clone, Debug)]
pub(super) struct Volume {
    order: ByteOrder,
    raw: bool,
    /// What a full stream still has to bring.
    missing: Vec<Part>,
}

/// What there is of every volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Data,
    Properties,
    Size,
}

impl Part {
    const fn name(self) -> &'static str {
        match self {
            Self::Data => "object 1",
            Self::Properties => "object 2",
            Self::Size => "size of the volume",
        }
    }
}

impl Volume {
    pub(super) fn new(begin: &Begin, origin: Origin, order: ByteOrder) -> Self {
        let mut missing = match begin.from_guid {
            None => vec![Part::Data, Part::Properties, Part::Size],
            Some(_) => Vec::new(),
        };
        if let Some(point) = origin.resume {
            // An object that came before is not told of again.
            missing.retain(|part| match part {
                Part::Data => false,
                Part::Properties => point.object < PROPERTIES,
                Part::Size => (point.object, point.offset) <= (PROPERTIES, 0),
            });
        }
        Self {
            order,
            raw: begin.features.contains(Features::RAW),
            missing,
        }
    }

    /// Holds the next record to the rules, and remembers it.
    pub(super) fn record(&mut self, record: &Record) -> Result<(), Found> {
        match record {
            Record::Object(object) => self.object(object),
            Record::FreeObjects(free) => self.free_objects(free),
            Record::Free(free) => self.free_bytes(free.object, free.offset),
            Record::Redact(redact) => self.free_bytes(redact.object, redact.offset),
            Record::Write(write) if write.object == DATA => data(write),
            Record::Write(write) if write.object == PROPERTIES => self.write(write),
            Record::WriteEmbedded(write) if write.object == PROPERTIES => self.embedded(write),
            Record::End(_) => self.is_whole(),
            _ => Ok(()),
        }
    }

    fn object(&mut self, object: &Object) -> Result<(), Found> {
        let rule = Rule::VolumeObjects;
        let (part, object_type) = match object.object {
            DATA => (Part::Data, DATA_TYPE),
            PROPERTIES => (Part::Properties, PROPERTIES_TYPE),
            _ => return Ok(()),
        };
        field(rule, "type", object.object_type).is(object_type.into())?;
        field(rule, "slots", object.dnode_slots).at_most(1)?;
        field(rule, "bonus length", object.bonus_len).is(0)?;
        if part == Part::Data {
            let block = field(rule, "block size", object.block_size);
            block.must(object.block_size.is_power_of_two(), Wrong::Refused)?;
        } else {
            field(rule, "block size", object.block_size).is(SECTOR)?;
            if self.raw {
                // Anything else, as another shift, which `raw-indirect` refuses, has a kernel free the block before it goes on.
                field(rule, "levels", object.levels).is(1)?;
                field(rule, "last block", object.max_block_id).is(0)?;
            }
        }
        self.came(part);
        Ok(())
    }

    fn write(&mut self, write: &Write) -> Result<(), Found> {
        let rule = Rule::VolumeSize;
        field(rule, "type", write.object_type).is(PROPERTIES_TYPE.into())?;
        field(rule, "offset", write.offset).is(0)?;
        field(rule, "logical size", write.logical_size).is(SECTOR)?;
        field(rule, "compression", write.compression).is(if self.raw { OFF } else { 0 })?;
        self.came(Part::Size);
        Ok(())
    }

    fn embedded(&mut self, write: &WriteEmbedded) -> Result<(), Found> {
        let rule = Rule::VolumeSize;
        field(rule, "offset", write.offset).is(0)?;
        field(rule, "length", write.length).is(SECTOR)?;
        field(rule, "compression", write.compression).must(matches!(write.compression, LZJB | LZ4), Wrong::Unknown)?;
        self.came(Part::Size);
        Ok(())
    }

    /// What is gone is no answer; what has not come yet can be said to be nothing, as in what had been saved of an interrupted stream.
    fn free_objects(&self, free: &FreeObjects) -> Result<(), Found> {
        let end = free.first_object.saturating_add(free.count);
        let frees = |object, part| (free.first_object..end).contains(&object) && !self.missing.contains(&part);
        let is_harmless = !frees(DATA, Part::Data) && !frees(PROPERTIES, Part::Properties);
        field(Rule::VolumeKept, "first object", free.first_object).must(is_harmless, Wrong::Refused)?;
        Ok(())
    }

    fn free_bytes(&self, object: u64, offset: u64) -> Result<(), Found> {
        if object == PROPERTIES && !self.missing.contains(&Part::Size) {
            field(Rule::VolumeKept, "offset", offset).at_least(SECTOR)?;
        }
        Ok(())
    }

    fn came(&mut self, part: Part) {
        self.missing.retain(|missing| *missing != part);
    }

    fn is_whole(&self) -> Result<(), Found> {
        match self.missing.first() {
            Some(part) => Err(field(Rule::VolumeWhole, part.name(), 0_u64).wrong(Wrong::Missing)),
            None => Ok(()),
        }
    }

    /// Whether the payload of that record is the block with the size.
    pub(super) const fn looks_into(record: &Record) -> bool {
        matches!(
            record,
            Record::Write(Write { object: PROPERTIES, .. }) | Record::WriteEmbedded(WriteEmbedded { object: PROPERTIES, .. })
        )
    }

    /// Holds that block to the rules.
    pub(super) fn payload(&self, record: &Record, payload: &[u8]) -> Result<(), Found> {
        let malformed = |at: usize| {
            let at = u64::try_from(at).unwrap_or(u64::MAX);
            field(Rule::VolumeSize, "block of properties", at).wrong(Wrong::Malformed)
        };
        let mut unpacked = [0; BLOCK];
        let (block, order) = match record {
            Record::WriteEmbedded(write) => {
                let length = usize::try_from(write.physical_size).unwrap_or(usize::MAX);
                let packed = payload.get(..length).unwrap_or(payload);
                let unpack = if write.compression == LZ4 {
                    lz4::decompress
                } else {
                    lzjb::decompress
                };
                unpack(packed, &mut unpacked).ok_or_else(|| malformed(0))?;
                (unpacked.as_slice(), self.order)
            }
            Record::Write(write) if self.raw => (payload, order_of_raw(self.order, write.flags)),
            Record::Write(_) => (payload, self.order),
            _ => return Ok(()),
        };
        says_size(block, order).map_err(malformed)
    }
}

/// A block of the data, which need not be announced where a stream goes on with it.
fn data(write: &Write) -> Result<(), Found> {
    let rule = Rule::VolumeObjects;
    field(rule, "type", write.object_type).is(DATA_TYPE.into())?;
    field(rule, "logical size", write.logical_size).must(write.logical_size.is_power_of_two(), Wrong::Refused)?;
    Ok(())
}

/// Whether the block is a micro-ZAP (`zap_impl.h`) whose only entry is the size; the place of what is not so.
fn says_size(block: &[u8], order: ByteOrder) -> Result<(), usize> {
    let number = |at: usize| block.get(at..)?.first_chunk().map(|bytes| order.u64(*bytes));
    for (at, wanted) in [(0, MICRO_ZAP), (NORMALIZATION_AT, 0)] {
        if number(at) != Some(wanted) {
            return Err(at);
        }
    }
    let mut sizes = 0_usize;
    for (index, entry) in block.chunks(ENTRY).enumerate().skip(1) {
        let at = index.saturating_mul(ENTRY);
        let name = entry.get(NAME_AT..).unwrap_or_default();
        if name.starts_with(b"size\0") {
            sizes = sizes.saturating_add(1);
            // Told apart from others with the same hash, which there are none of.
            if entry.get(TURN_AT..NAME_AT) != Some(&[0; 6]) {
                return Err(at.saturating_add(TURN_AT));
            }
        } else if name.first() != Some(&0) {
            return Err(at.saturating_add(NAME_AT));
        }
    }
    if sizes == 1 { Ok(()) } else { Err(ENTRY) }
}

/// `ZVOL_OBJ` and `ZVOL_ZAP_OBJ` of `zvol.h`, and their types.
const DATA: u64 = 1;
const PROPERTIES: u64 = 2;
const DATA_TYPE: u32 = 23;
const PROPERTIES_TYPE: u32 = 24;
/// One sector.
const BLOCK: usize = 512;
/// How blocks of metadata are compressed, if they are.
const LZJB: u8 = 3;
const LZ4: u8 = 15;

/// `ZBT_MICRO`, the first number of a micro-ZAP.
const MICRO_ZAP: u64 = 1 << 63 | 3;
/// How names are made alike; those of properties are not.
const NORMALIZATION_AT: usize = 16;
/// The header is as long as an entry, which is a value, a turn, and a name.
const ENTRY: usize = 64;
const TURN_AT: usize = 8;
const NAME_AT: usize = 14;
