//! I hold snapshots and let them go.

use std::os::fd::{AsRawFd, BorrowedFd};

use super::pool::Hold;
use super::rules;
use super::world::{Kept, World};
use crate::backend::{Outcome, Refusal};
use crate::errno::Errno;
use crate::name::{HoldTag, NAME_MAX, SnapshotName};

/// `dsl_dataset_user_hold_check`: what is missing is named and passed over, anything else refuses the whole.
pub(super) fn hold(world: &mut World, holds: &[(SnapshotName, HoldTag)], until: Option<BorrowedFd<'_>>) -> Outcome<()> {
    let Some((first, _)) = holds.first() else { return Ok(()) };
    let until = until.map(|descriptor| descriptor.as_raw_fd());
    if let Some(descriptor) = until {
        rules::refuse(!world.cleanups.contains_key(&descriptor), Errno::EBADF)?;
    }
    let temporary = until.is_some();
    let (kept, missing) = world.change(first.dataset().pool().as_str(), |pool, chance| {
        let mut missing = Vec::new();
        let mut wanted = Vec::new();
        for (name, tag) in by_snapshot(holds) {
            if name.dataset().pool() != first.dataset().pool() {
                return Err(elsewhere(missing, name));
            }
            rules::refuse(temporary && tag.as_str().len() + TEMPORARY_PREFIX > NAME_MAX, Errno::E2BIG)?;
            match pool.state.snapshot(name) {
                Err(errno) => missing.push((name.to_string(), errno)),
                Ok((_, snapshot)) if snapshot.holds.contains_key(tag.as_str()) => {
                    missing.push((name.to_string(), Errno::EEXIST));
                    return Err(Refusal {
                        errno: Errno::EEXIST,
                        items: missing,
                    });
                }
                Ok((dataset, snapshot)) => wanted.push((name, tag, dataset.point(snapshot))),
            }
        }
        rules::room(pool)?;
        let mut kept = Vec::new();
        for (name, tag, snapshot) in wanted {
            let hold = Hold {
                since: chance.now(),
                temporary,
            };
            pool.state.snapshot_mut(name)?.holds.insert(tag.to_string(), hold);
            kept.push(Kept {
                pool: pool.guid,
                snapshot,
                tag: tag.to_string(),
            });
        }
        Ok((kept, missing))
    })?;
    if let Some(cleanups) = until.and_then(|descriptor| world.cleanups.get_mut(&descriptor)) {
        cleanups.holds.extend(kept);
    }
    although(missing)
}

/// One tag for each snapshot, in the order of the first: the kernel's list has snapshots for names, so that of two tags for one snapshot the
/// later stays.
fn by_snapshot(holds: &[(SnapshotName, HoldTag)]) -> Vec<(&SnapshotName, &HoldTag)> {
    let mut wanted: Vec<(&SnapshotName, &HoldTag)> = Vec::new();
    for (snapshot, tag) in holds {
        match wanted.iter_mut().find(|(known, _)| *known == snapshot) {
            Some(known) => known.1 = tag,
            None => wanted.push((snapshot, tag)),
        }
    }
    wanted
}

/// `dsl_dataset_user_release_check`: what is not there is named and passed over, a missing tag as `snapshot#tag`.
pub(super) fn release(world: &mut World, holds: &[(SnapshotName, HoldTag)]) -> Outcome<()> {
    // The kernel's list has each snapshot once, and ours are sorted.
    let mut holds: Vec<&(SnapshotName, HoldTag)> = holds.iter().collect();
    holds.sort_by_key(|(name, _)| name);
    let Some((first, _)) = holds.first() else { return Ok(()) };
    let missing = world.change(first.dataset().pool().as_str(), |pool, _| {
        let mut missing = Vec::new();
        let (here, there) = holds.split_at(holds.partition_point(|(name, _)| name.dataset().pool() == first.dataset().pool()));
        if let Some((name, _)) = there.first() {
            for (name, tag) in here {
                match pool.state.snapshot(name) {
                    Err(errno) => missing.push((name.to_string(), errno)),
                    Ok((_, snapshot)) if !snapshot.holds.contains_key(tag.as_str()) => {
                        missing.push((format!("{name}#{tag}"), Errno::ENOENT));
                    }
                    Ok(_) => {}
                }
            }
            return Err(elsewhere(missing, name));
        }
        for (name, tag) in here {
            match pool.state.release(name, tag.as_str()) {
                Ok(true) => {}
                Ok(false) => missing.push((format!("{name}#{tag}"), Errno::ENOENT)),
                Err(errno) => missing.push((name.to_string(), errno)),
            }
        }
        Ok(missing)
    })?;
    although(missing)
}

/// A snapshot of another pool ends the whole call; what was missing before it is told.
fn elsewhere(mut missing: Vec<(String, Errno)>, name: &SnapshotName) -> Refusal {
    missing.push((name.to_string(), Errno::EXDEV));
    Refusal {
        errno: Errno::EXDEV,
        items: missing,
    }
}

/// A call that went well but for some items, as the seam tells it.
fn although(items: Vec<(String, Errno)>) -> Outcome<()> {
    match items.first() {
        None => Ok(()),
        Some((_, errno)) => Err(Refusal { errno: *errno, items }),
    }
}

/// What the kernel puts before the tag of a temporary hold (`MAX_TAG_PREFIX_LEN`).
const TEMPORARY_PREFIX: usize = 17;
