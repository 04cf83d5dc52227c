//! I recognise a dataset by the snapshots it shares, wherever it lies and whatever it is called.

use zfs_rs::identity::{Guid, Txg};
use zfs_rs::name::DatasetName;

use crate::plan::aside;
use crate::view::{Dataset, Partial, View};

/// A dataset of the target that is the counterpart of one of the source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Match {
    /// Its place in the target's view.
    pub(super) index: usize,
    /// The newest snapshot by which it was recognised.
    pub(super) shares: Guid,
}

/// Finds the counterpart of each dataset, given with the name it should have on the target.
///
/// What shares a snapshot and lies where it belongs stays. Only what is left over is looked for elsewhere, so that a copy made on the source
/// never takes its original's counterpart away; and not among what was set aside. The target's root itself is never somebody else's counterpart: it was named by the user.
pub(super) fn matches(wanted: &[(&Dataset, &DatasetName)], target: &View) -> Vec<Option<Match>> {
    let mut found: Vec<_> = wanted
        .iter()
        .map(|(source, home)| {
            let index = target.datasets.iter().position(|there| there.name == **home)?;
            let (_, shares) = shared(source, target.datasets.get(index)?)?;
            Some(Match { index, shares })
        })
        .collect();
    let mut taken = aside::places(target);
    taken.extend(found.iter().flatten().map(|found| found.index));
    for ((source, home), found) in wanted.iter().zip(&mut found) {
        if found.is_some() || **home == target.root {
            continue;
        }
        let strays = target.datasets.iter().enumerate().filter(|(index, there)| {
            let is_free = !taken.contains(index);
            is_free && there.name != target.root
        });
        let best = strays
            .filter_map(|(index, there)| shared(source, there).map(|(createtxg, shares)| (createtxg, Match { index, shares })))
            .max_by_key(|(createtxg, _)| *createtxg);
        if let Some((_, best)) = best {
            taken.insert(best.index);
            *found = Some(best);
        }
    }
    found
}

/// The newest snapshot, by the source's order, that the target has or was in the middle of receiving as its first.
fn shared(source: &Dataset, target: &Dataset) -> Option<(Txg, Guid)> {
    let begun = match &target.partial {
        Some(Partial::Saved(saved)) if target.versions.is_empty() => Some(saved.to_guid),
        _ => None,
    };
    let has = |guid: Guid| target.version(guid).is_some() || begun == Some(guid);
    let snapshots = source.versions.iter().map(|version| (version.createtxg, version.guid));
    let bookmarks = source.marks.iter().map(|mark| (mark.createtxg, mark.guid));
    snapshots.chain(bookmarks).filter(|(_, guid)| has(*guid)).max()
}
