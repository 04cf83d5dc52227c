//! I know the ways out for a target that has something of its own.

use super::{Pair, blocked};
use crate::cli::words::quoted;
use crate::reason::{Evidence, Unresolved};

/// What to do about snapshots of the target's own: keeping them comes first.
pub(super) fn diverged(common: Option<&Evidence>, beyond: &[Evidence]) -> String {
    let keep = "to keep what the target has, set it aside and send it in full again: `--on-divergence rename-aside`";
    match common {
        Some(base) => format!(
            "{keep}; to destroy {} and go back to {}: `--on-divergence rollback`",
            if beyond.len() == 1 { "it for good" } else { "them for good" },
            base.name,
        ),
        None => format!("{keep}; or give another target"),
    }
}

/// What to do about what was written.
pub(super) fn modified(since: &Evidence, target: &str) -> String {
    format!(
        "discard it and go back to {}: `--on-divergence rollback`; or keep it, and send all in full again: `--on-divergence rename-aside`; keep it from \
         happening again: `zfs set readonly=on {}`",
        since.name,
        quoted(target)
    )
}

/// What to do where what was asked for cannot be done.
pub(super) fn unresolved(why: &Unresolved, pair: Pair<'_>) -> Option<String> {
    Some(match why {
        Unresolved::PoolRoot { root } => format!("give a target below it, as {}/copy", quoted(root.as_str())),
        Unresolved::AsideTaken { aside } => format!(
            "give what is there another name: `zfs rename {0} {1}`",
            quoted(aside.as_str()),
            quoted(&format!("{aside}-older"))
        ),
        Unresolved::AsideUnnameable { .. } => format!("set it aside under a shorter name: `zfs rename {} NAME`", quoted(pair.target)),
        Unresolved::InVain { why } => return blocked(why, pair),
        Unresolved::NothingInCommon => KEEP.to_owned(),
        Unresolved::Held { snapshot, holds } => {
            let release = holds.iter().map(|tag| {
                let (tag, snapshot) = (quoted(tag.as_str()), quoted(snapshot.name.as_str()));
                format!("`zfs release {tag} {snapshot}`")
            });
            format!(
                "if nobody needs it any more: {}; else {KEEP}",
                release.collect::<Vec<_>>().join(", ")
            )
        }
        Unresolved::Cloned { snapshot, .. } => format!(
            "`zfs get clones {}` says what grew from it, and `zfs promote CLONE` makes that independent; else {KEEP}",
            quoted(snapshot.name.as_str())
        ),
        Unresolved::Marked { bookmark, .. } => {
            format!(
                "if nobody needs it any more: `zfs destroy {}`; else {KEEP}",
                quoted(bookmark.as_str())
            )
        }
    })
}

const KEEP: &str = "keep it, and send all in full again: `--on-divergence rename-aside`";
