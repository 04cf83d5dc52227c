//! I am the rules for `OBJECT`: how a dnode is laid out.

use crate::plain::bytes::{Order, Rec};
use crate::plain::fields::{Field, object, spill};
use crate::plain::past::Past;

const LARGE_DNODE: u32 = 23;
const RAW: u32 = 24;
const SPILL_BLOCKS: u64 = 8;
/// The flag of `OBJECT` and `SPILL` that is about spill blocks.
const SPILL: u64 = 4;
/// `DNODES_PER_BLOCK`
const SLOTS_OF_A_BLOCK: u64 = 32;
/// Of a dnode, what is neither block pointers nor bonus buffer.
const CORE: u64 = 64;
const POINTER: u64 = 128;
const SYSTEM_ATTRIBUTES: u64 = 44;

fn is_object(record: &Rec<'_>) -> bool {
    record.kind() == object::NUMBER
}

fn is_raw(past: &Past, record: &Rec<'_>) -> bool {
    is_object(record) && past.has(RAW)
}

fn slots(record: &Rec<'_>) -> u64 {
    record.get(object::SLOTS).max(1)
}

/// What a dnode has for its bonus buffer beside so many block pointers.
fn room(record: &Rec<'_>, pointers: u64) -> u64 {
    (slots(record) * 512).saturating_sub(CORE + pointers * POINTER)
}

/// The block pointer to a spill block, at the end of the dnode.
fn spill_pointer(record: &Rec<'_>) -> u64 {
    u64::from(record.get(object::FLAGS) & SPILL != 0)
}

/// How many block pointers to contents the bonus buffer leaves room for, as `dnode_allocate` of `dnode.c` counts them.
fn fitting(record: &Rec<'_>) -> u64 {
    let left = room(record, 1).saturating_sub(record.get(object::BONUS_LEN));
    if record.get(object::BONUS_TYPE) == SYSTEM_ATTRIBUTES {
        1
    } else {
        (1 + left / POINTER).min(3)
    }
}

pub(super) fn bonus_pair(_past: &Past, record: &Rec<'_>) -> bool {
    !is_object(record) || record.is_zero(object::BONUS_TYPE) == record.is_zero(object::BONUS_LEN)
}

pub(super) fn dnode_slots(past: &Past, record: &Rec<'_>) -> bool {
    if !is_object(record) {
        return true;
    }
    let is_in_block = record.get(object::OBJECT) % SLOTS_OF_A_BLOCK + slots(record) <= SLOTS_OF_A_BLOCK;
    is_in_block && (slots(record) == 1 || past.has(LARGE_DNODE))
}

pub(super) fn bonus_length(_past: &Past, record: &Rec<'_>) -> bool {
    !is_object(record) || record.get(object::BONUS_LEN) <= room(record, fitting(record) + spill_pointer(record))
}

/// A znode of old filesystems: `znode_phys_t` in `zfs_znode.h`.
pub(super) fn znode(_past: &Past, record: &Rec<'_>) -> bool {
    !is_object(record) || record.get(object::BONUS_TYPE) != 17 || record.get(object::BONUS_LEN) >= 264
}

/// What `zpl_get_file_info` of `zfs_quota.c` reads of system attributes: the header, and behind it the owners, the flags, and with one of them the project.
pub(super) fn attributes(past: &Past, record: &Rec<'_>) -> bool {
    if !is_object(record) || past.has(RAW) || record.get(object::BONUS_TYPE) != SYSTEM_ATTRIBUTES {
        return true;
    }
    let length = usize::try_from(record.get(object::BONUS_LEN)).unwrap_or(usize::MAX);
    let bytes = &record.payload[..length];
    if length < 4 {
        return false;
    }
    let order = match bytes[..4] {
        [0, 0, 0, 0] => return true,
        [0x5a, 0x50, 0x2f, 0] => Order::Little,
        [0, 0x2f, 0x50, 0x5a] => Order::Big,
        _ => return false,
    };
    if length < 6 {
        return false;
    }
    let header = usize::try_from(order.number(&bytes[4..6]) >> 10).expect("six bits") * 8;
    if header < 8 || length < header + 56 {
        return false;
    }
    let names_project = order.number(&bytes[header + 48..][..8]) >> 47 & 1 == 1;
    !names_project || length >= header + 136
}

pub(super) fn spill_flag(past: &Past, record: &Rec<'_>) -> bool {
    let (flags, can_spill) = match record.kind() {
        object::NUMBER => (
            object::FLAGS,
            past.is_filesystem && record.get(object::BONUS_TYPE) == SYSTEM_ATTRIBUTES,
        ),
        spill::NUMBER => (spill::FLAGS, true),
        _ => return true,
    };
    record.get(flags) & SPILL == 0 || (can_spill && past.flags & SPILL_BLOCKS != 0)
}

pub(super) fn object_plain(past: &Past, record: &Rec<'_>) -> bool {
    const RAW_FIELDS: [Field; 5] = [
        object::RAW_BONUS_LEN,
        object::INDIRECT_SHIFT,
        object::LEVELS,
        object::POINTERS,
        object::LAST_BLOCK,
    ];
    !is_object(record) || past.has(RAW) || RAW_FIELDS.into_iter().all(|field| record.is_zero(field))
}

pub(super) fn raw_bonus(past: &Past, record: &Rec<'_>) -> bool {
    let all = if record.is_zero(object::BONUS_LEN) {
        0
    } else {
        room(record, fitting(record) + spill_pointer(record))
    };
    !is_raw(past, record) || record.get(object::RAW_BONUS_LEN) == all
}

pub(super) fn raw_pointers(past: &Past, record: &Rec<'_>) -> bool {
    !is_raw(past, record) || record.get(object::POINTERS) == fitting(record)
}

pub(super) fn raw_indirect(past: &Past, record: &Rec<'_>) -> bool {
    !is_raw(past, record) || record.get(object::INDIRECT_SHIFT) == 17
}

pub(super) fn raw_levels(past: &Past, record: &Rec<'_>) -> bool {
    if !is_raw(past, record) {
        return true;
    }
    let levels = record.get(object::LEVELS);
    // A block of pointers multiplies what a pointer reaches.
    let fan_out = 1_u128 << record.get(object::INDIRECT_SHIFT).saturating_sub(7).min(10);
    let reached = (1..levels.min(12)).fold(u128::from(record.get(object::POINTERS)), |blocks, _| blocks.saturating_mul(fan_out));
    let bits = levels.saturating_sub(1) * record.get(object::INDIRECT_SHIFT).saturating_sub(7);
    (1..=12).contains(&levels) && bits < 64 && u128::from(record.get(object::LAST_BLOCK)) < reached
}

pub(super) fn raw_last_block(past: &Past, record: &Rec<'_>) -> bool {
    let blocks = u128::from(record.get(object::LAST_BLOCK)) + 1;
    let is_one = record.get(object::BLOCK_SIZE).is_power_of_two() || blocks == 1;
    !is_raw(past, record) || (is_one && blocks * u128::from(record.get(object::BLOCK_SIZE)) < 1 << 64)
}

pub(super) fn object_in_range(past: &Past, record: &Rec<'_>) -> bool {
    let object = record.get(object::OBJECT);
    let is_in = |first| object >= first && object.saturating_add(slots(record)) <= first + SLOTS_OF_A_BLOCK;
    !is_raw(past, record) || past.range.is_some_and(is_in)
}
