//! I look into bonus buffers for what kernels read of them to count who owns how much (`zpl_get_file_info` in `zfs_quota.c`).

use super::Rule;
use super::breach::{Found, Wrong, field};
use crate::stream::ByteOrder;
use crate::stream::record::Object;

/// Holds system attributes to begin with their header, and to reach as far as kernels read.
pub(super) fn are_whole(object: &Object, payload: &[u8]) -> Result<(), Found> {
    let length = usize::try_from(object.bonus_len).unwrap_or(usize::MAX);
    let buffer = payload.get(..length).unwrap_or(payload);
    broken(buffer).map_or(Ok(()), |at| {
        Err(field(Rule::BonusAttributes, "bonus buffer", at).wrong(Wrong::Malformed))
    })
}

/// The place of what is wrong.
fn broken(buffer: &[u8]) -> Option<u32> {
    let Some((magic, rest)) = buffer.split_first_chunk() else {
        return Some(0);
    };
    // What was made and not yet filled. A kernel reads no further.
    if magic == &[0; 4] {
        return None;
    }
    let order = [ByteOrder::Little, ByteOrder::Big]
        .into_iter()
        .find(|order| order.u32(*magic) == MAGIC);
    let (Some(order), Some(layout)) = (order, rest.first_chunk()) else {
        return Some(0);
    };
    // Six bits count the header in words of 8 bytes.
    let header = usize::from(order.u16(*layout).wrapping_shr(10)).saturating_mul(8);
    let attributes = buffer.get(header..).filter(|_| header >= HEADER);
    let flags = attributes.and_then(|attributes| attributes.get(FLAGS_AT..)?.first_chunk());
    let (Some(attributes), Some(flags)) = (attributes, flags) else {
        return Some(4);
    };
    let has_project = order.u64(*flags) & HAS_PROJECT != 0;
    (has_project && attributes.len() < PROJECT_END).then_some(4)
}

const MAGIC: u32 = 0x2f_505a;
/// The shortest header.
const HEADER: usize = 8;
/// Where the attributes have the flags of a file, behind size, generation and owners.
const FLAGS_AT: usize = 48;
const HAS_PROJECT: u64 = 1 << 47;
/// Where the attributes have the end of the project's number.
const PROJECT_END: usize = 136;
