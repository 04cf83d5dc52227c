//! I am lzjb: copies of what came shortly before.
//!
//! A byte tells of eight items, the lowest bit of the first. An item is a byte as it is, or where the bit is set, a copy in two bytes: 6 bits with the
//! length less 3, 10 with how far back it starts. A copy may reach into itself.

/// Fills the block; nothing where the payload is none for it.
pub(in crate::stream) fn decompress(payload: &[u8], block: &mut [u8]) -> Option<()> {
    let mut left = payload.iter().copied();
    let mut filled = 0_usize;
    while filled < block.len() {
        let map = left.next()?;
        for bit in 0..8 {
            if filled == block.len() {
                break;
            }
            if map & 1_u8.wrapping_shl(bit) == 0 {
                *block.get_mut(filled)? = left.next()?;
                filled = filled.checked_add(1)?;
            } else {
                filled = copy(block, filled, [left.next()?, left.next()?])?;
            }
        }
    }
    Some(())
}

/// Copies as an item says, not beyond the block, and says how much of it is filled then.
fn copy(block: &mut [u8], filled: usize, item: [u8; 2]) -> Option<usize> {
    let item = u16::from_be_bytes(item);
    let back = usize::from(item & BACK);
    let length = usize::from(item.wrapping_shr(LENGTH_SHIFT)).checked_add(SHORTEST)?;
    let end = filled.checked_add(length)?.min(block.len());
    // Nothing is there yet at no distance.
    let start = filled.checked_sub(back).filter(|_| back > 0)?;
    for (from, to) in (start..).zip(filled..end) {
        *block.get_mut(to)? = *block.get(from)?;
    }
    Some(end)
}

const BACK: u16 = 0x3ff;
const LENGTH_SHIFT: u32 = 10;
const SHORTEST: usize = 3;
