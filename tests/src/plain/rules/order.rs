//! I am the rules for the order of records, and for what an `OBJECT` allows to come behind it.

use super::shared::is_to_the_end;
use crate::plain::bytes::Rec;
use crate::plain::fields::{embedded, free, free_objects, object, range, redact, write};
use crate::plain::past::Past;

const LARGE_BLOCKS: u32 = 19;
const RAW: u32 = 24;
/// The largest block without that feature.
const SMALL: u64 = 128 << 10;

pub(super) fn object(past: &Past, record: &Rec<'_>) -> bool {
    let object = record.get(object::OBJECT);
    record.kind() != object::NUMBER || (object >= past.dnodes_end && object > past.touched)
}

pub(super) fn range(past: &Past, record: &Rec<'_>) -> bool {
    let first = record.get(range::FIRST);
    let is_behind = first >= past.dnodes_end && past.range.is_none_or(|range| first >= range + 32);
    record.kind() != range::NUMBER || is_behind
}

pub(super) fn free_objects(past: &Past, record: &Rec<'_>) -> bool {
    let first = record.get(free_objects::FIRST);
    record.kind() != free_objects::NUMBER || (first >= past.dnodes_end && (past.touched == 0 || first > past.touched))
}

pub(super) fn data(past: &Past, record: &Rec<'_>) -> bool {
    let (object, offset, resumes) = match record.kind() {
        write::NUMBER => (write::OBJECT, write::OFFSET, past.resumes),
        embedded::NUMBER => (embedded::OBJECT, embedded::OFFSET, past.resumes),
        free::NUMBER => (free::OBJECT, free::OFFSET, None),
        redact::NUMBER => (redact::OBJECT, redact::OFFSET, None),
        _ => return true,
    };
    let start = (record.get(object), record.get(offset));
    (start.0, u128::from(start.1)) >= past.data_end && resumes.is_none_or(|resumes| start >= resumes)
}

/// A block of an object's contents: object, offset and length.
fn block(record: &Rec<'_>) -> Option<(u64, u64, u64)> {
    let (object, offset, size) = match record.kind() {
        write::NUMBER => (write::OBJECT, write::OFFSET, write::SIZE),
        embedded::NUMBER => (embedded::OBJECT, embedded::OFFSET, embedded::SIZE),
        _ => return None,
    };
    Some((record.get(object), record.get(offset), record.get(size)))
}

pub(super) fn data_announced(past: &Past, record: &Rec<'_>) -> bool {
    let object = match record.kind() {
        free::NUMBER => Some(record.get(free::OBJECT)),
        redact::NUMBER => Some(record.get(redact::OBJECT)),
        _ => block(record).map(|(object, _, _)| object),
    };
    object.is_none_or(|object| {
        let is_latest = past.object.is_some_and(|latest| latest.object == object);
        let goes_on = past.resumes.is_some_and(|(resumes, _)| resumes == object);
        is_latest || goes_on || past.fills_in
    })
}

pub(super) fn data_type(past: &Past, record: &Rec<'_>) -> bool {
    let kind = past
        .object
        .filter(|latest| record.kind() == write::NUMBER && latest.object == record.get(write::OBJECT));
    kind.is_none_or(|latest| record.get(write::TYPE) == latest.kind)
}

pub(super) fn data_block(past: &Past, record: &Rec<'_>) -> bool {
    if let Some((object, offset, length)) = block(record) {
        return past.block_of(object).is_none_or(|block| {
            let is_piece = record.kind() == write::NUMBER && may_be_pieces(past, block) && length <= SMALL;
            let is_place = offset == 0 || (block.is_power_of_two() && offset.is_multiple_of(block));
            is_place && (length == block || is_piece)
        });
    }
    let (object, offset, length) = match record.kind() {
        free::NUMBER => (free::OBJECT, free::OFFSET, free::LENGTH),
        redact::NUMBER => (redact::OBJECT, redact::OFFSET, redact::LENGTH),
        _ => return true,
    };
    let (object, offset, length) = (record.get(object), record.get(offset), record.get(length));
    past.block_of(object).is_none_or(|block| {
        let is_whole = length.is_multiple_of(block) || is_to_the_end(offset, length);
        may_be_pieces(past, block) || (offset.is_multiple_of(block) && is_whole)
    })
}

/// Whether blocks of that length may be pieces of larger ones.
fn may_be_pieces(past: &Past, block: u64) -> bool {
    block == SMALL && !past.has(LARGE_BLOCKS) && !past.has(RAW)
}
