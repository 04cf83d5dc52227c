//! I am the rules that several types of records share.

use super::types::{is_bonus, is_content};
use crate::plain::bytes::{Order, Rec};
use crate::plain::fields::{Field, embedded, free, object, range, redact, spill, write, write_byref};
use crate::plain::past::Past;

const LZ4_FEATURE: u32 = 17;
const LARGE_BLOCKS: u32 = 19;
const COMPRESSED: u32 = 22;
const RAW: u32 = 24;
const ZSTD_FEATURE: u32 = 25;

/// `ZIO_COMPRESS_OFF`: sent as it lies on disk, which is not compressed.
const OFF: u64 = 2;
const LZ4: u64 = 15;
const ZSTD: u64 = 16;

pub(super) fn write_byref(_past: &Past, record: &Rec<'_>) -> bool {
    record.kind() != write_byref::NUMBER
}

pub(super) fn object_number(_past: &Past, record: &Rec<'_>) -> bool {
    let field = match record.kind() {
        object::NUMBER => object::OBJECT,
        write::NUMBER => write::OBJECT,
        free::NUMBER => free::OBJECT,
        spill::NUMBER => spill::OBJECT,
        embedded::NUMBER => embedded::OBJECT,
        redact::NUMBER => redact::OBJECT,
        _ => return true,
    };
    (1..1 << 48).contains(&record.get(field))
}

pub(super) fn object_type(_past: &Past, record: &Rec<'_>) -> bool {
    match record.kind() {
        object::NUMBER => {
            let bonus = record.get(object::BONUS_TYPE);
            is_content(record.get(object::TYPE)) && (bonus == 0 || is_bonus(bonus))
        }
        write::NUMBER => is_content(record.get(write::TYPE)),
        _ => true,
    }
}

/// Where a record says how long its block is.
fn size_field(record: &Rec<'_>) -> Option<Field> {
    match record.kind() {
        object::NUMBER => Some(object::BLOCK_SIZE),
        write::NUMBER => Some(write::SIZE),
        spill::NUMBER => Some(spill::SIZE),
        embedded::NUMBER => Some(embedded::SIZE),
        _ => None,
    }
}

pub(super) fn block_size(past: &Past, record: &Rec<'_>) -> bool {
    size_field(record).is_none_or(|field| {
        let size = record.get(field);
        size >= 512 && size <= past.receiver.block_limit && size.is_multiple_of(512)
    })
}

pub(super) fn large_block(past: &Past, record: &Rec<'_>) -> bool {
    let field = size_field(record).filter(|_| record.kind() != embedded::NUMBER);
    past.has(LARGE_BLOCKS) || field.is_none_or(|field| record.get(field) <= 128 << 10)
}

pub(super) fn offset(_past: &Past, record: &Rec<'_>) -> bool {
    let (offset, length) = match record.kind() {
        write::NUMBER => (write::OFFSET, None),
        embedded::NUMBER => (embedded::OFFSET, None),
        free::NUMBER => (free::OFFSET, Some(free::LENGTH)),
        redact::NUMBER => (redact::OFFSET, Some(redact::LENGTH)),
        _ => return true,
    };
    let offset = record.get(offset);
    let is_whole = |length: u64| length.is_multiple_of(512) || is_to_the_end(offset, length);
    offset.is_multiple_of(512) && length.is_none_or(|length| is_whole(record.get(length)))
}

/// Whether bytes that are free go to the end of the object: as far as there are numbers for.
pub(super) fn is_to_the_end(offset: u64, length: u64) -> bool {
    u128::from(offset) + u128::from(length) >= u128::from(u64::MAX)
}

pub(super) fn extent(past: &Past, record: &Rec<'_>) -> bool {
    let (offset, length) = match record.kind() {
        write::NUMBER => (write::OFFSET, write::SIZE),
        embedded::NUMBER => (embedded::OFFSET, embedded::SIZE),
        redact::NUMBER => (redact::OFFSET, redact::LENGTH),
        free::NUMBER if record.get(free::LENGTH) != u64::MAX => (free::OFFSET, free::LENGTH),
        _ => return true,
    };
    let is_data = matches!(record.kind(), write::NUMBER | embedded::NUMBER);
    let end = record.get(offset).checked_add(record.get(length));
    let is_in_file = !is_data || !past.is_filesystem || end.is_some_and(|end| end <= 1 << 63);
    end.is_some() && record.get(length) != u64::MAX && is_in_file
}

pub(super) fn checksum(past: &Past, record: &Rec<'_>) -> bool {
    match record.kind() {
        object::NUMBER => {
            let sum = record.get(object::CHECKSUM);
            sum < past.receiver.checksums && !matches!(sum, 3 | 4 | 5 | 9)
        }
        write::NUMBER => record.get(write::CHECKSUM) < 15,
        _ => true,
    }
}

pub(super) fn compression(past: &Past, record: &Rec<'_>) -> bool {
    let is_algorithm = |number: u64| number == 3 || (5..=ZSTD).contains(&number);
    let is_raw = past.has(RAW);
    match record.kind() {
        object::NUMBER => record.get(object::COMPRESSION) <= ZSTD,
        embedded::NUMBER => is_algorithm(record.get(embedded::COMPRESSION)),
        write::NUMBER => {
            let number = record.get(write::COMPRESSION);
            is_algorithm(number) || number == if is_raw { OFF } else { 0 }
        }
        spill::NUMBER if is_raw => {
            let number = record.get(spill::COMPRESSION);
            is_algorithm(number) || number == OFF
        }
        _ => true,
    }
}

pub(super) fn compression_feature(past: &Past, record: &Rec<'_>) -> bool {
    let (number, needs) = match record.kind() {
        write::NUMBER => (record.get(write::COMPRESSION), true),
        embedded::NUMBER => (record.get(embedded::COMPRESSION), false),
        _ => return true,
    };
    let is_announced = match number {
        LZ4 => past.has(LZ4_FEATURE),
        ZSTD => past.has(ZSTD_FEATURE),
        _ => true,
    };
    is_announced && (!needs || number == 0 || past.has(COMPRESSED))
}

pub(super) fn compressed_size(_past: &Past, record: &Rec<'_>) -> bool {
    let (compression, compressed, size) = match record.kind() {
        write::NUMBER => (write::COMPRESSION, write::COMPRESSED_SIZE, write::SIZE),
        spill::NUMBER => (spill::COMPRESSION, spill::COMPRESSED_SIZE, spill::SIZE),
        _ => return true,
    };
    let (compressed, size) = (record.get(compressed), record.get(size));
    match record.get(compression) {
        0 => compressed == 0,
        OFF => compressed == size,
        _ => compressed >= 512 && compressed <= size && compressed.is_multiple_of(512),
    }
}

pub(super) fn plain_crypto(past: &Past, record: &Rec<'_>) -> bool {
    let fields = match record.kind() {
        write::NUMBER => [write::SALT, write::IV, write::MAC],
        spill::NUMBER => [spill::SALT, spill::IV, spill::MAC],
        _ => return true,
    };
    past.has(RAW) || fields.into_iter().all(|field| record.is_zero(field))
}

/// Raw bytes lie in the order of the stream, or where the flag says so in the other.
pub(super) fn raw_order(past: &Past, record: &Rec<'_>) -> bool {
    let flags = match record.kind() {
        object::NUMBER => object::FLAGS,
        write::NUMBER => write::FLAGS,
        spill::NUMBER => spill::FLAGS,
        range::NUMBER => range::FLAGS,
        _ => return true,
    };
    let is_big = (record.order == Order::Big) != (record.get(flags) & 2 != 0);
    !past.has(RAW) || past.receiver.foreign_order || is_big == cfg!(target_endian = "big")
}

pub(super) fn record_flags(past: &Past, record: &Rec<'_>) -> bool {
    const OTHER_ORDER: u64 = 2;
    let (flags, known) = match record.kind() {
        object::NUMBER => (object::FLAGS, OTHER_ORDER | 4),
        write::NUMBER => (write::FLAGS, OTHER_ORDER | 1),
        spill::NUMBER => (spill::FLAGS, OTHER_ORDER | 4),
        range::NUMBER => (range::FLAGS, OTHER_ORDER),
        _ => return true,
    };
    let flags = record.get(flags);
    flags & !known == 0 && (past.has(RAW) || flags & OTHER_ORDER == 0)
}
