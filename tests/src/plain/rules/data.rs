//! I am the rules that one type of record has, but for `BEGIN` and `OBJECT`.

use super::types::is_metadata;
use crate::plain::bytes::Rec;
use crate::plain::fields::{embedded, free, free_objects, range, redact, spill, write};
use crate::plain::past::{Latest, Past};

const SA_SPILL: u32 = 2;
const EMBED_DATA: u32 = 16;
const REDACTED: u32 = 21;
const RAW: u32 = 24;
const SPILL_BLOCKS: u64 = 8;
/// Behind the last object there can be.
const OBJECTS: u64 = 1 << 48;

pub(super) fn metadata_compressed(past: &Past, record: &Rec<'_>) -> bool {
    record.kind() != write::NUMBER || past.has(RAW) || record.is_zero(write::COMPRESSION) || !is_metadata(record.get(write::TYPE))
}

pub(super) fn spill_feature(past: &Past, record: &Rec<'_>) -> bool {
    record.kind() != spill::NUMBER || (past.has(SA_SPILL) && past.is_filesystem)
}

pub(super) fn spill_compression(past: &Past, record: &Rec<'_>) -> bool {
    record.kind() != spill::NUMBER || past.has(RAW) || record.is_zero(spill::COMPRESSION)
}

pub(super) fn spill_type(_past: &Past, record: &Rec<'_>) -> bool {
    record.kind() != spill::NUMBER || matches!(record.get(spill::TYPE), 0 | 44)
}

pub(super) fn spill_announced(past: &Past, record: &Rec<'_>) -> bool {
    let is_said = past.flags & SPILL_BLOCKS != 0;
    let announces = |latest: Latest| {
        let is_its = latest.object == record.get(spill::OBJECT) && latest.bonus == 44 && latest.has_room;
        is_its && (latest.has_spill || !is_said)
    };
    record.kind() != spill::NUMBER || past.object.is_some_and(announces)
}

pub(super) fn embedded_feature(past: &Past, record: &Rec<'_>) -> bool {
    record.kind() != embedded::NUMBER || (past.has(EMBED_DATA) && !past.has(RAW))
}

pub(super) fn embedded_kind(_past: &Past, record: &Rec<'_>) -> bool {
    record.kind() != embedded::NUMBER || record.is_zero(embedded::KIND)
}

pub(super) fn embedded_size(_past: &Past, record: &Rec<'_>) -> bool {
    let (logical, physical) = (record.get(embedded::LOGICAL), record.get(embedded::PHYSICAL));
    let fits = (1..=112).contains(&physical) && physical <= logical && logical == record.get(embedded::SIZE);
    record.kind() != embedded::NUMBER || fits
}

pub(super) fn redact_feature(past: &Past, record: &Rec<'_>) -> bool {
    record.kind() != redact::NUMBER || (past.has(REDACTED) && !record.is_zero(redact::LENGTH))
}

pub(super) fn free_length(_past: &Past, record: &Rec<'_>) -> bool {
    record.kind() != free::NUMBER || !record.is_zero(free::LENGTH)
}

pub(super) fn free_objects_range(_past: &Past, record: &Rec<'_>) -> bool {
    let (first, count) = (record.get(free_objects::FIRST), record.get(free_objects::COUNT));
    let end = first.checked_add(count);
    let is_in = first <= OBJECTS && count != 0 && end.is_some_and(|end| end <= OBJECTS || end == u64::MAX);
    record.kind() != free_objects::NUMBER || is_in
}

pub(super) fn range_raw(past: &Past, record: &Rec<'_>) -> bool {
    record.kind() != range::NUMBER || past.has(RAW)
}

pub(super) fn range_shape(_past: &Past, record: &Rec<'_>) -> bool {
    let first = record.get(range::FIRST);
    record.kind() != range::NUMBER || (record.get(range::SLOTS) == 32 && first.is_multiple_of(32) && first < OBJECTS)
}
