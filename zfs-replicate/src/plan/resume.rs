//! I decide whether an interrupted receive goes on or is given up.
//!
//! A token is only a claim by the target about the past. It is taken up when what it claims is exactly the next thing to send.

use crate::plan::base::Common;
use crate::reason::GivenUp;
use crate::view::{Dataset, Partial, SavedReceive, Version};

/// The saved receive to go on with, or why there is none.
pub(super) fn fit<'a>(
    partial: &'a Partial,
    source: &Dataset,
    common: Option<&Common<'_>>,
    pending: &[&Version],
    is_raw: bool,
) -> Result<&'a SavedReceive, GivenUp> {
    let saved = match partial {
        Partial::Saved(saved) => saved,
        Partial::Unreadable { fault, .. } => return Err(GivenUp::Unreadable { fault: fault.clone() }),
    };
    if source.version(saved.to_guid).is_none() {
        return Err(GivenUp::SnapshotGone { to: saved.to_guid });
    }
    if saved.from_guid != common.map(|common| common.base.guid()) {
        return Err(GivenUp::BaseGone { from: saved.from_guid });
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
