//! I am zle: runs of zeros are counted, all else is as it is.
//!
//! A byte below 64 says that one more than so many bytes follow as they are; any other stands for one more zero than it is above 64.

/// Fills the block; nothing where the payload is none for it.
pub(super) fn decompress(payload: &[u8], block: &mut [u8]) -> Option<()> {
    let (mut left, mut empty) = (payload, block);
    while !empty.is_empty() {
        let (code, rest) = left.split_first()?;
        let (is_run, count) = code.checked_sub(LITERALS).map_or((false, *code), |zeros| (true, zeros));
        let length = usize::from(count).checked_add(1)?;
        let (place, later) = empty.split_at_mut_checked(length)?;
        left = if is_run {
            place.fill(0);
            rest
        } else {
            let (bytes, rest) = rest.split_at_checked(length)?;
            place.copy_from_slice(bytes);
            rest
        };
        empty = later;
    }
    Some(())
}

const LITERALS: u8 = 64;
