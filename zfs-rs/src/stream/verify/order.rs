//! I hold records to the order in which a dataset is walked, and data to the object it is for. What I remember does not grow.

use super::Rule;
use super::begin::{Origin, ResumePoint};
use super::breach::{Found, Wrong, field};
use super::record::{SMALL_BLOCK, SPILL};
use crate::stream::record::{Object, ObjectRange, Record, Write, WriteEmbedded};
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
    /// The object that data was last for, and where that data ended.
    data: (u64, u64),
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
        }
    }

    /// Holds the next record to the order, and remembers it.
    pub(super) fn record(&mut self, record: &Record) -> Result<(), Found> {
        self.belongs(record)?;
        match record {
            Record::Object(object) => self.object(object),
            Record::ObjectRange(range) => self.range(range),
            Record::FreeObjects(free) => self.is_behind(Rule::OrderFreeObjects, "first object", free.first_object),
            Record::Write(write) => self.write(write),
            Record::WriteEmbedded(write) => self.embedded(write),
            Record::Free(free) => self.is_ordered(free.object, free.offset),
            Record::Redact(redact) => self.is_ordered(redact.object, redact.offset),
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
            self.is_block(&object, "logical size", write.logical_size, write.offset)?;
        }
        self.data(write.object, write.offset, write.logical_size)
    }

    fn embedded(&mut self, write: &WriteEmbedded) -> Result<(), Found> {
        if let Some(object) = self.announced(write.object)? {
            self.is_block(&object, "length", write.length, write.offset)?;
        }
        self.data(write.object, write.offset, write.length)
    }

    fn spill(&self, number: u64) -> Result<(), Found> {
        let Some(object) = self.announced_by(Rule::SpillAnnounced, number)? else {
            return Ok(());
        };
        let spills = u64::from(object.flags) & SPILL != 0;
        field(Rule::SpillAnnounced, "object", number).must(spills || !self.says_spills, Wrong::Unannounced)?;
        Ok(())
    }

    fn announced(&self, number: u64) -> Result<Option<Object>, Found> {
        self.announced_by(Rule::DataAnnounced, number)
    }

    /// The `OBJECT` of data; nothing where it need not have one in this stream.
    fn announced_by(&self, rule: Rule, number: u64) -> Result<Option<Object>, Found> {
        let latest = self.object.filter(|object| object.object == number);
        let goes_on = self.origin.resume.is_some_and(|point| point.object == number);
        field(rule, "object", number).must(latest.is_some() || goes_on || self.origin.fills_in, Wrong::Unannounced)?;
        Ok(latest)
    }

    /// One whole block; large blocks sent as small ones come in pieces, the last one shorter where the block is no multiple of them.
    fn is_block(&self, object: &Object, name: &'static str, size: u64, offset: u64) -> Result<(), Found> {
        let block = u64::from(object.block_size);
        let claim = field(Rule::DataBlock, name, size);
        if block == SMALL_BLOCK && !self.large_blocks {
            claim.at_most(block)?;
            return Ok(());
        }
        claim.is(block)?;
        field(Rule::DataBlock, "offset", offset).multiple_of(block)?;
        Ok(())
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
