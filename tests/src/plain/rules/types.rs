//! I am the table of object types, `dmu_ot` of `module/zfs/dmu.c`: how much of it rules ask for.

/// Types of objects with a number of their own.
const NUMBERED: u64 = 54;
/// The bit of types that say their traits in their bits.
const NEW: u64 = 0x80;
/// The bit of those that are metadata.
const METADATA: u64 = 0x40;
/// How many ways there are to swap bytes: the lower bits of such a type.
const SWAPS: u64 = 10;
/// The numbered types that are not metadata: files, volumes, other bytes, other numbers, deduplicated blocks.
const DATA: [u64; 5] = [19, 23, 25, 26, 49];

/// Whether it is a type that contents of datasets have: any but none, the intent log, dnodes and objsets.
pub(super) fn is_content(kind: u64) -> bool {
    match kind {
        0 | 9 | 10 | 11 => false,
        1..NUMBERED => true,
        NEW..=0xff => kind & 0x1f < SWAPS,
        _ => false,
    }
}

/// Whether blocks of that type are metadata.
pub(super) fn is_metadata(kind: u64) -> bool {
    if kind & NEW != 0 {
        kind & METADATA != 0
    } else {
        !DATA.contains(&kind)
    }
}
