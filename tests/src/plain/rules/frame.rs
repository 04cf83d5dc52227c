//! I am the rules for what all records have.

use crate::plain::bytes::{Rec, SUM_AT};
use crate::plain::fields::{Field, PAYLOAD_LEN, begin, embedded, end, fields_end, object, range, spill, write, write_byref};
use crate::plain::past::Past;

pub(super) fn record_length(_past: &Past, record: &Rec<'_>) -> bool {
    record.kind() == begin::NUMBER || record.is_zero(PAYLOAD_LEN)
}

pub(super) fn record_filler(_past: &Past, record: &Rec<'_>) -> bool {
    let filler = if record.kind() == begin::NUMBER {
        let name = record.bytes(begin::NAME);
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        &name[end..]
    } else {
        &record.header[fields_end(record.kind())..SUM_AT]
    };
    filler.iter().all(|byte| *byte == 0)
}

pub(super) fn record_pad(_past: &Past, record: &Rec<'_>) -> bool {
    let pads: &[Field] = match record.kind() {
        object::NUMBER => &[object::PAD],
        write::NUMBER => &[write::PAD, write::PAD2],
        write_byref::NUMBER => &[write_byref::PAD],
        spill::NUMBER => &[spill::PAD],
        embedded::NUMBER => &[embedded::PAD],
        range::NUMBER => &[range::PAD],
        _ => &[],
    };
    pads.iter().all(|pad| record.is_zero(*pad))
}

pub(super) fn record_guid(past: &Past, record: &Rec<'_>) -> bool {
    if record.kind() == begin::NUMBER || is_end_of_package(record) {
        return true;
    }
    let found = record.guid();
    let is_one = past.named.is_none() || found == past.named;
    is_one && (record.kind() != end::NUMBER || found == Some(past.guid))
}

/// The last `END` of a package belongs to none of its streams; the walk has seen that it is blank.
fn is_end_of_package(record: &Rec<'_>) -> bool {
    record.header[8..SUM_AT].iter().all(|byte| *byte == 0)
}
