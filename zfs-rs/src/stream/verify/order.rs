//! I hold records to the order in which a dataset is walked, and data to the object it is for. What I remember does not grow.

use super::Rule;
use super::begin::{Origin, ResumePoint};
use super::breach::{Found, Wrong, field};
use super::record::{SMALL_BLOCK, SPILL, SPILL_FLAG, bonus_room, to_the_end};
use super::types::SYSTEM_ATTRIBUTES;
use crate::stream::record::{FreeObjects, Object, ObjectRange, Record, Write, WriteEmbedded};
use crate::stream::{Begin, BeginFlags, Features};

/// Where the walk through a dataset is.
#[derive(Clone, Debug)]
pub(super) struct Order {
    origin: Origin,
    to_guid: u64,
    /// The GUID that the first record named.
    guid: Option<u64>,
    large_blocks: bool,
    raw: bool,
    says_spills: bool,
    /// The latest `OBJECT`.
    object: Option<Object>,
    /// The first object behind all dnodes so far.
    behind: u64,
    /// Raw streams: the latest `OBJECT_RANGE`, as its first object.
    range: Option<u64>,
    /// The object that was last written or freed in part, and where that ended.
    data: (u64, u64),
    /// The object that was last written or freed at all, or 0; it is not made anew, nor freed altogether.
    touched: u64,
}

impl Order {
    pub(super) fn new(begin: &Begin, origin: Origin) -> Self {
        Self {
            origin,
            to_guid: begin.to_guid,
            guid: None,
            large_blocks: begin.features.contains(Features::LARGE_BLOCKS),
            raw: begin.features.contains(Features::RAW),
            says_spills: begin.flags.contains(BeginFlags::SPILL_BLOCKS),
            object: None,
            behind: 0,
            range: None,
            data: (0, 0),
            touched: 0,
        }
    }

    /// Holds the next record to the order, and remembers it.
    pub(super) fn record(&mut self, record: &Record) -> Result<(), Found> {
        self.belongs(record)?;
        match record {
            Record::Object(object) => self.object(object),
            Record::ObjectRange(range) => self.range(range),
            Record::FreeObjects(free) => self.free_objects(free),
            Record::Write(write) => self.write(write),
            Record::WriteEmbedded(write) => self.embedded(write),
            Record::Free(free) => self.gap(free.object, free.offset, free.length),
            Record::Redact(redact) => self.gap(redact.object, redact.offset, redact.length),
            Record::Spill(spill) => self.spill(spill.object),
            Record::Begin(_) | Record::End(_) | Record::WriteByRef(_) => Ok(()),
        }
    }

    /// All records name one GUID. What an interrupted receive had saved is sent with that of the unfinished dataset (`create_begin_record` and
    /// `dmu_send_impl` in `dmu_send.c`), but has no `END`.
    fn belongs(&mut self, record: &Record) -> Result<(), Found> {
        let first = *self.guid.get_or_insert(record.to_guid());
        let guid = field(Rule::RecordGuid, "GUID", record.to_guid()).is(first)?;
        if matches!(record, Record::End(_)) {
            guid.is(self.to_guid)?;
        }
        Ok(())
    }

    fn object(&mut self, object: &Object) -> Result<(), Found> {
        self.is_behind(Rule::OrderObject, "object", object.object)?;
        field(Rule::OrderObject, "object", object.object).at_least(self.touched.saturating_add(1))?;
        let end = object.object.saturating_add(u64::from(object.dnode_slots.max(1)));
        if self.raw {
            let in_range = self
                .range
                .is_some_and(|first| (first..=first.saturating_add(32)).contains(&end) && object.object >= first);
            field(Rule::ObjectInRange, "object", object.object).must(in_range, Wrong::Unannounced)?;
        }
        self.behind = end;
        self.object = Some(*object);
        Ok(())
    }

    fn free_objects(&self, free: &FreeObjects) -> Result<(), Found> {
        let rule = Rule::OrderFreeObjects;
        self.is_behind(rule, "first object", free.first_object)?;
        if self.touched > 0 {
            field(rule, "first object", free.first_object).at_least(self.touched.saturating_add(1))?;
        }
        Ok(())
    }

    fn range(&mut self, range: &ObjectRange) -> Result<(), Found> {
        self.is_behind(Rule::OrderRange, "first object", range.first_object)?;
        if let Some(last) = self.range {
            field(Rule::OrderRange, "first object", range.first_object).at_least(last.saturating_add(32))?;
        }
        self.range = Some(range.first_object);
        Ok(())
    }

    fn write(&mut self, write: &Write) -> Result<(), Found> {
        if let Some(object) = self.announced(write.object)? {
            field(Rule::DataType, "type", write.object_type).is(object.object_type.into())?;
            let size = field(Rule::DataBlock, "logical size", write.logical_size);
            if self.in_pieces(&object) {
                size.at_most(SMALL_BLOCK)?
            } else {
                size.is(object.block_size.into())?
            };
            starts_block(&object, write.offset)?;
        }
        self.data(write.object, write.offset, write.logical_size)
    }

    fn embedded(&mut self, write: &WriteEmbedded) -> Result<(), Found> {
        if let Some(object) = self.announced(write.object)? {
            field(Rule::DataBlock, "length", write.length).is(object.block_size.into())?;
            starts_block(&object, write.offset)?;
        }
        self.data(write.object, write.offset, write.length)
    }

    /// What is free, or left out: a kernel cannot clear a part of a block whose key it does not have.
    fn gap(&mut self, number: u64, offset: u64, length: u64) -> Result<(), Found> {
        self.is_ordered(number, offset)?;
        let ends = !to_the_end(offset, length);
        if let Some(object) = self.announced(number)?.filter(|object| !self.in_pieces(object)) {
            field(Rule::DataBlock, "offset", offset).multiple_of(object.block_size.into())?;
            if ends {
                field(Rule::DataBlock, "length", length).multiple_of(object.block_size.into())?;
            }
        }
        if ends {
            self.data = (number, offset.saturating_add(length));
        }
        self.touched = number;
        Ok(())
    }

    /// Whether blocks of the object may be pieces of larger ones. Only of what kernels write as any program would.
    fn in_pieces(&self, object: &Object) -> bool {
        u64::from(object.block_size) == SMALL_BLOCK && !self.large_blocks && !self.raw
    }

    fn spill(&self, number: u64) -> Result<(), Found> {
        // Senders go on in an object with its `OBJECT`, and what they fill in of a base is blocks of files.
        let latest = self.object.filter(|object| object.object == number);
        let claim = field(Rule::SpillAnnounced, "object", number);
        let object = latest.ok_or_else(|| claim.wrong(Wrong::Unannounced))?;
        let spills = u64::from(object.flags) & SPILL != 0;
        claim.must(spills || !self.says_spills, Wrong::Unannounced)?;
        // Beside any other bonus buffer, the pointer to the block may lie where another one does.
        field(Rule::SpillAnnounced, "type of the bonus buffer", object.bonus_type).is(SYSTEM_ATTRIBUTES.into())?;
        let with_spill = Object {
            flags: object.flags | SPILL_FLAG,
            ..object
        };
        field(Rule::SpillAnnounced, "bonus length", object.bonus_len).at_most(bonus_room(&with_spill))?;
        Ok(())
    }

    /// The `OBJECT` of data; nothing where it need not have one in this stream.
    fn announced(&self, number: u64) -> Result<Option<Object>, Found> {
        let latest = self.object.filter(|object| object.object == number);
        let goes_on = self.origin.resume.is_some_and(|point| point.object == number);
        field(Rule::DataAnnounced, "object", number).must(latest.is_some() || goes_on || self.origin.fills_in, Wrong::Unannounced)?;
        Ok(latest)
    }

    fn data(&mut self, object: u64, offset: u64, length: u64) -> Result<(), Found> {
        self.is_ordered(object, offset)?;
        if let Some(ResumePoint {
            object: first,
            offset: from,
        }) = self.origin.resume
        {
            field(Rule::OrderData, "object", object).at_least(first)?;
            if object == first {
                field(Rule::OrderData, "offset", offset).at_least(from)?;
            }
        }
        self.data = (object, offset.saturating_add(length));
        self.touched = object;
        Ok(())
    }

    fn is_ordered(&self, object: u64, offset: u64) -> Result<(), Found> {
        let (last, end) = self.data;
        field(Rule::OrderData, "object", object).at_least(last)?;
        if object == last {
            field(Rule::OrderData, "offset", offset).at_least(end)?;
        }
        Ok(())
    }

    fn is_behind(&self, rule: Rule, name: &'static str, object: u64) -> Result<(), Found> {
        field(rule, name, object).at_least(self.behind)?;
        Ok(())
    }
}

/// A block starts at a multiple of its length, and so do the pieces that large ones are sent in. Only where that length is a power of two is there more than
/// one.
fn starts_block(object: &Object, offset: u64) -> Result<(), Found> {
    let start = field(Rule::DataBlock, "offset", offset);
    if object.block_size.is_power_of_two() {
        start.multiple_of(object.block_size.into())?;
    } else {
        start.is(0)?;
    }
    Ok(())
}
