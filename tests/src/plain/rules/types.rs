//! I am the table of object types, `dmu_ot` of `module/zfs/dmu.c`: how much of it rules ask for.

/// Types of objects with a number of their own.
const NUMBERED: u64 = 54;
/// The bit of types that say their traits in their bits.
const NEW: u64 = 0x80;
/// The bit of those that are metadata.
const METADATA: u64 = 0x40;
/// The bits that say how bytes are swapped: as bytes, or numbers of 2, 4 or 8 of them; and as a ZAP. `dmu.h` has no others in new types.
const SWAP: u64 = 0x1f;
const SWAPPED_AS_ZAP: u64 = 4;
/// The numbered types that are not metadata: files, volumes, other bytes, other numbers, deduplicated blocks.
const DATA: [u64; 5] = [19, 23, 25, 26, 49];

/// The numbered types whose bytes are swapped as bytes, as numbers of 8, or as a znode.
const SIMPLE: [u64; 23] = [2, 3, 4, 5, 6, 7, 8, 12, 16, 17, 19, 23, 25, 26, 29, 30, 34, 35, 36, 44, 49, 51, 53];

/// Whether it is a type that contents of datasets have: any but none, the intent log, dnodes and objsets.
pub(super) fn is_content(kind: u64) -> bool {
    match kind {
        0 | 9 | 10 | 11 => false,
        1..NUMBERED => true,
        NEW..=0xff => kind & SWAP <= SWAPPED_AS_ZAP,
        _ => false,
    }
}

/// Whether it is a type that bonus buffers have: contents that are bytes or numbers, a znode or system attributes. To swap the others, a kernel follows
/// what is in them.
pub(super) fn is_bonus(kind: u64) -> bool {
    let is_simple = if kind & NEW != 0 {
        kind & SWAP < SWAPPED_AS_ZAP
    } else {
        SIMPLE.contains(&kind)
    };
    is_content(kind) && is_simple
}

/// Whether blocks of that type are metadata.
pub(super) fn is_metadata(kind: u64) -> bool {
    if kind & NEW != 0 {
        kind & METADATA != 0
    } else {
        !DATA.contains(&kind)
    }
}
