//! I know the types of what datasets hold, as far as kernels do something by them.

use super::Rule;
use super::breach::{Found, Wrong, field};

/// Types of what datasets hold: old ones by their number, new ones by how their bytes are swapped, which is as numbers or as a ZAP.
pub(super) fn contents(number: u32, name: &'static str) -> Result<(), Found> {
    let known = match number {
        NONE | INTENT_LOG | DNODE | OBJSET => false,
        old if old < NEW_TYPE => old < OLD_TYPES,
        new => new <= 0xff && new & SWAP <= SWAP_ZAP,
    };
    field(Rule::ObjectType, name, number).must(known, Wrong::Unknown)?;
    Ok(())
}

/// Types of bonus buffers: those that a kernel swaps without following what the bytes say.
pub(super) fn bonus(number: u32) -> Result<(), Found> {
    let name = "type of the bonus buffer";
    if number == NONE {
        return Ok(());
    }
    contents(number, name)?;
    let is_followed = match number {
        OLD_ACL | ACL => true,
        old if old < NEW_TYPE => OLD_ZAPS & 1_u64.wrapping_shl(old) != 0,
        new => new & SWAP == SWAP_ZAP,
    };
    field(Rule::ObjectType, name, number).must(!is_followed, Wrong::Refused)?;
    Ok(())
}

/// Whether kernels treat contents of this type as metadata, which is never sent compressed.
pub(in crate::stream) const fn is_metadata(number: u32) -> bool {
    if number & NEW_TYPE == 0 {
        !matches!(number, PLAIN_FILE | VOLUME | OTHER_BYTES | OTHER_WORDS | DEDUPLICATED)
    } else {
        number & METADATA != 0
    }
}

/// Types of contents, `DMU_OT_…` of `dmu.h`.
pub(super) const NONE: u32 = 0;
const INTENT_LOG: u32 = 9;
const DNODE: u32 = 10;
const OBJSET: u32 = 11;
pub(super) const ZNODE: u32 = 17;
const PLAIN_FILE: u32 = 19;
const VOLUME: u32 = 23;
const OTHER_BYTES: u32 = 25;
const OTHER_WORDS: u32 = 26;
pub(super) const SYSTEM_ATTRIBUTES: u32 = 44;
const DEDUPLICATED: u32 = 49;
const OLD_TYPES: u32 = 54;
const NEW_TYPE: u32 = 0x80;
const METADATA: u32 = 0x40;
/// How the bytes of a new type are swapped.
const SWAP: u32 = 0x1f;
const SWAP_ZAP: u32 = 4;
const OLD_ACL: u32 = 18;
const ACL: u32 = 33;
/// The old types whose bytes are swapped as those of a ZAP, a bit for each.
const OLD_ZAPS: u64 =
    1 << 1 | 0b111 << 13 | 0b111 << 20 | 1 << 24 | 0b11 << 27 | 0b11 << 31 | 0b11 << 37 | 0b1_1111 << 39 | 0b1111 << 45 | 1 << 50 | 1 << 52;
