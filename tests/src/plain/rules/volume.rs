//! I am the rules for volumes: `zvol.c` keeps their data in object 1 and their size in object 2, a ZAP.

use crate::plain::bytes::{Order, Rec};
use crate::plain::fields::{embedded, end, free, free_objects, object, redact, write};
use crate::plain::past::Past;

const RAW: u32 = 24;
const OTHER_ORDER: u64 = 2;

pub(super) fn objects(past: &Past, record: &Rec<'_>) -> bool {
    if past.volume.is_none() {
        return true;
    }
    if record.kind() == write::NUMBER && record.get(write::OBJECT) == 1 {
        return record.get(write::TYPE) == 23 && record.get(write::SIZE).is_power_of_two();
    }
    if record.kind() != object::NUMBER {
        return true;
    }
    let block = record.get(object::BLOCK_SIZE);
    let is_small = record.get(object::SLOTS) <= 1 && record.is_zero(object::BONUS_LEN);
    match (record.get(object::OBJECT), record.get(object::TYPE)) {
        (1, kind) => kind == 23 && block.is_power_of_two() && is_small,
        (2, kind) => {
            let tree = [object::INDIRECT_SHIFT, object::LEVELS, object::LAST_BLOCK].map(|field| record.get(field));
            kind == 24 && block == 512 && is_small && (!past.has(RAW) || tree == [17, 1, 0])
        }
        _ => true,
    }
}

pub(super) fn kept(past: &Past, record: &Rec<'_>) -> bool {
    let Some(there) = past.volume else { return true };
    let (object, offset) = match record.kind() {
        free_objects::NUMBER => {
            let (first, count) = (record.get(free_objects::FIRST), record.get(free_objects::COUNT));
            let range = u128::from(first)..u128::from(first) + u128::from(count);
            let frees_any = (there.data && range.contains(&1)) || (there.properties && range.contains(&2));
            return !frees_any;
        }
        free::NUMBER => (free::OBJECT, free::OFFSET),
        redact::NUMBER => (redact::OBJECT, redact::OFFSET),
        _ => return true,
    };
    !there.size || record.get(object) != 2 || record.get(offset) >= 512
}

/// Whether it is the block with the size.
fn is_size(past: &Past, record: &Rec<'_>) -> bool {
    let object = match record.kind() {
        write::NUMBER => write::OBJECT,
        embedded::NUMBER => embedded::OBJECT,
        _ => return false,
    };
    past.volume.is_some() && record.get(object) == 2
}

pub(super) fn size(past: &Past, record: &Rec<'_>) -> bool {
    if !is_size(past, record) {
        return true;
    }
    if record.kind() == embedded::NUMBER {
        let is_one = record.is_zero(embedded::OFFSET) && record.get(embedded::SIZE) == 512;
        return is_one && matches!(record.get(embedded::COMPRESSION), 3 | 15);
    }
    let is_one = record.is_zero(write::OFFSET) && record.get(write::SIZE) == 512;
    let as_it_is = if past.has(RAW) { 2 } else { 0 };
    is_one && record.get(write::TYPE) == 24 && record.get(write::COMPRESSION) == as_it_is
}

/// The order in which the block of a `WRITE` lies.
fn lies(past: &Past, record: &Rec<'_>) -> Order {
    let is_other = past.has(RAW) && record.get(write::FLAGS) & OTHER_ORDER != 0;
    match (record.order, is_other) {
        (Order::Little, false) | (Order::Big, true) => Order::Little,
        _ => Order::Big,
    }
}

pub(super) fn says_size(past: &Past, record: &Rec<'_>) -> bool {
    if !is_size(past, record) {
        return true;
    }
    if record.kind() == embedded::NUMBER {
        let length = usize::try_from(record.get(embedded::PHYSICAL)).expect("a length");
        let packed = &record.payload[..length];
        let block = if record.get(embedded::COMPRESSION) == 15 {
            lz4(packed)
        } else {
            lzjb(packed)
        };
        return block.is_some_and(|block| is_micro_zap(&block, record.order));
    }
    let order = lies(past, record);
    is_micro_zap(record.payload, order)
}

/// `mzap_phys_t` of `zap_impl.h`: a header, then entries of a value, 6 bytes that are 0 here, and a name; one is in use.
fn is_micro_zap(block: &[u8], order: Order) -> bool {
    let (header, entries) = block.split_at(64);
    let mut used = entries.chunks(64).filter(|entry| entry[14] != 0);
    let is_only = used.next().is_some_and(|entry| entry[8..19] == *b"\0\0\0\0\0\0size\0") && used.next().is_none();
    order.number(&header[..8]) == (1 << 63) + 3 && order.number(&header[16..24]) == 0 && is_only
}

pub(super) fn whole(past: &Past, record: &Rec<'_>) -> bool {
    let is_whole = past.volume.is_none_or(|volume| volume.data && volume.properties && volume.size);
    record.kind() != end::NUMBER || is_whole || record.is_zero(end::GUID)
}

/// 512 bytes of an LZ4 block behind its length.
fn lz4(packed: &[u8]) -> Option<Vec<u8>> {
    let length = usize::try_from(Order::Big.number(packed.get(..4)?)).ok()?;
    let mut bytes = packed.get(4..)?.get(..length)?.iter().copied();
    let mut block = Vec::new();
    loop {
        let token = bytes.next()?;
        for _ in 0..count(token >> 4, &mut bytes)? {
            block.push(bytes.next()?);
        }
        if bytes.len() == 0 {
            return Some(block).filter(|block| block.len() == 512);
        }
        let back = usize::from(bytes.next()?) + 256 * usize::from(bytes.next()?);
        let count = 4 + count(token & 15, &mut bytes)?;
        again(&mut block, back, count)?;
    }
}

/// How many; the most that four bits say is only the start.
fn count(bits: u8, bytes: &mut impl Iterator<Item = u8>) -> Option<usize> {
    let mut count = usize::from(bits);
    let mut goes_on = bits == 15;
    while goes_on {
        let more = bytes.next()?;
        count += usize::from(more);
        goes_on = more == 255;
    }
    Some(count)
}

/// 512 bytes of lzjb: eight items to a byte that says which are copies.
fn lzjb(packed: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = packed.iter().copied();
    let mut block = Vec::new();
    let mut item = 0;
    let mut copies = 0;
    while block.len() < 512 {
        if item % 8 == 0 {
            copies = bytes.next()?;
        }
        if copies >> (item % 8) & 1 == 0 {
            block.push(bytes.next()?);
        } else {
            let word = usize::from(bytes.next()?) << 8 | usize::from(bytes.next()?);
            let count = ((word >> 10) + 3).min(512 - block.len());
            again(&mut block, word % 1024, count)?;
        }
        item += 1;
    }
    Some(block)
}

/// Repeats what came so far back, at most as much as a block has.
fn again(block: &mut Vec<u8>, back: usize, count: usize) -> Option<()> {
    let start = block.len().checked_sub(back).filter(|_| back > 0 && block.len() + count <= 512)?;
    (0..count).for_each(|index| block.push(block[start + index]));
    Some(())
}
