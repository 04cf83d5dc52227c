//! I notice what could only be received by destroying something.

use crate::plan::base::Common;
use crate::reason::{Blocked, Evidence};
use crate::view::{Dataset, Version};

/// Whether this is what a way out can be wished for: the target has something of its own, be it snapshots or what was written.
pub(super) fn is_divergence(why: &Blocked) -> bool {
    matches!(why, Blocked::Diverged { .. } | Blocked::TargetModified { .. })
}

/// Whether the target ends where the common base is: nothing of its own came later.
pub(super) fn check_history(target: &Dataset, common: Option<&Common<'_>>) -> Result<(), Blocked> {
    let mut beyond: Vec<_> = target
        .versions
        .iter()
        .filter(|version| common.is_none_or(|common| version.createtxg > common.there.createtxg))
        .collect();
    if common.is_some() && beyond.is_empty() {
        return Ok(());
    }
    beyond.sort_by_key(|version| version.createtxg);
    Err(Blocked::Diverged {
        common: common.map(|common| common.there.into()),
        beyond: beyond.into_iter().map(Evidence::from).collect(),
    })
}

/// Whether the names of what must be received are free.
pub(super) fn check_names(target: &Dataset, pending: &[&Version]) -> Result<(), Blocked> {
    let in_the_way = |wanted: &&Version| {
        let taken = target.versions.iter().find(|there| there.name.short() == wanted.name.short())?;
        (taken.guid != wanted.guid).then(|| Blocked::SnapshotNameTaken {
            name: taken.name.clone(),
            source_guid: wanted.guid,
            target: taken.guid,
        })
    };
    pending.iter().find_map(in_the_way).map_or(Ok(()), Err)
}

/// Whether the target's head is as its newest snapshot left it: receiving over anything else means rolling it back.
pub(super) fn check_head(target: &Dataset) -> Result<(), Blocked> {
    match target.newest() {
        Some(newest) if target.written > 0 => Err(Blocked::TargetModified {
            bytes: target.written,
            since: newest.into(),
        }),
        _ => Ok(()),
    }
}
