//! I decide whether an interrupted receive goes on or is given up.
//!
//! A token is only a claim by the target about the past. It is taken up when what it claims is exactly the next thing to send.

use zfs_rs::identity::Guid;

use crate::plan::base::Common;
use crate::reason::GivenUp;
use crate::view::{Dataset, Partial, SavedReceive, Version};

/// The saved receive to go on with, or why there is none. `from` is what the next stream starts from: the newest in common or, for a clone, its
/// origin.
pub(super) fn fit<'a>(
    partial: &'a Partial,
    source: &Dataset,
    common: Option<&Common<'_>>,
    from: Option<Guid>,
    pending: &[&Version],
    is_raw: bool,
) -> Result<&'a SavedReceive, GivenUp> {
    let saved = match partial {
        Partial::Saved(saved) => saved,
        Partial::Unreadable { fault, .. } => return Err(GivenUp::Unreadable { fault: fault.clone() }),
    };
    let Some(to) = source.version(saved.to_guid) else {
        return Err(GivenUp::SnapshotGone { to: saved.to_guid });
    };
    if saved.from_guid != from {
        return Err(GivenUp::BaseGone { from: saved.from_guid });
    }
    let is_wanted = pending.iter().any(|version| version.guid == saved.to_guid);
    if !is_wanted && common.is_none_or(|common| to.createtxg > common.createtxg) {
        return Err(GivenUp::NotChosen { to: saved.to_guid });
    }
    match pending.first() {
        Some(next) if next.guid == saved.to_guid => {}
        Some(next) => return Err(GivenUp::LeavesOut { next: next.guid }),
        None => return Err(GivenUp::BaseGone { from: saved.from_guid }),
    }
    if saved.flags.raw != is_raw {
        return Err(GivenUp::RawDiffers { was_raw: saved.flags.raw });
    }
    Ok(saved)
}
