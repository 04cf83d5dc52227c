//! I know which number when: each rule names the kernel function it mirrors (OpenZFS 2.3).
//!
//! Rules look and change nothing. Their order is the kernel's, since the first one broken gives the number.

use super::pool::{Dataset, Encryption, Point, Pool, Snapshot, State, above};
use crate::backend::{Base, DatasetKind};
use crate::errno::Errno;
use crate::name::{BookmarkName, DEPTH_MAX, DatasetName, NAME_MAX, PoolName, SnapshotName};

type Allowed = Result<(), Errno>;

/// `dmu_objset_create_check` and `dmu_objset_create_crypt_check`.
pub(super) fn create(pool: &Pool, name: &DatasetName, kind: DatasetKind, encrypts: bool) -> Allowed {
    let parent = above(name.as_str()).ok_or(Errno::EEXIST)?;
    let above = pool.state.get(parent)?;
    if kind == DatasetKind::Filesystem {
        // What it is to be like its parent in is read before anything else (`zfs_fill_zplprops`).
        below(above)?;
    }
    if pool.state.get(name.as_str()).is_ok() {
        return Err(Errno::EEXIST);
    }
    below(above)?;
    if above.encryption.is_some() && !encrypts && !pool.has_key(parent) {
        return Err(Errno::EACCES);
    }
    room(pool)
}

/// A sync task that takes space is refused when there is none (`dsl_sync_task_common`).
pub(super) fn room(pool: &Pool) -> Allowed {
    refuse(pool.is_full_for(1), Errno::ENOSPC)
}

/// Nothing lies below a volume.
pub(super) fn below(parent: &Dataset) -> Allowed {
    refuse(parent.kind != DatasetKind::Filesystem, Errno::ZFS_ERR_WRONG_PARENT)
}

/// `dsl_destroy_head_check_impl`. The kernel keeps datasets of its own below a pool's root, so that is never without children.
pub(super) fn destroy_head(state: &State, name: &str) -> Allowed {
    let dataset = state.get(name)?;
    refuse(dataset.owner.is_some(), Errno::EBUSY)?;
    refuse(!dataset.snapshots.is_empty(), Errno::EBUSY)?;
    refuse(above(name).is_none() || state.children(name).next().is_some(), Errno::EEXIST)
}

/// `dsl_destroy_snapshot_check_impl`.
pub(super) fn destroy_snapshot(pool: &Pool, dataset: &Dataset, snapshot: &Snapshot, defer: bool) -> Allowed {
    refuse(pool.sending.iter().any(|(_, sent)| *sent == dataset.point(snapshot)), Errno::EBUSY)?;
    if defer {
        return Ok(());
    }
    refuse(!snapshot.holds.is_empty(), Errno::EBUSY)?;
    refuse(!pool.state.clones(dataset.point(snapshot)).is_empty(), Errno::EEXIST)
}

/// `dsl_dir_rename_check`, `dsl_valid_rename` and `dsl_dir_rename_crypt_check`.
pub(super) fn rename(pool: &Pool, from: &DatasetName, to: &DatasetName) -> Allowed {
    let state = &pool.state;
    let moved = state.get(from.as_str())?;
    let (old_parent, new_parent) = (above(from.as_str()).ok_or(Errno::EINVAL)?, above(to.as_str()));
    refuse(from.pool() != to.pool(), Errno::EXDEV)?;
    let new_parent = new_parent.ok_or(Errno::EEXIST)?;
    let parent = state.get(new_parent)?;
    refuse(state.get(to.as_str()).is_ok(), Errno::EEXIST)?;
    below(parent)?;
    for (name, dataset) in &state.datasets {
        let Some(path) = name
            .strip_prefix(from.as_str())
            .filter(|path| path.is_empty() || path.starts_with('/'))
        else {
            continue;
        };
        let longest = dataset.snapshots.keys().map(|short| short.len() + 1).max().unwrap_or(0);
        let depth = to.depth() + path.matches('/').count();
        refuse(
            to.as_str().len() + path.len() + longest > NAME_MAX || depth > DEPTH_MAX,
            Errno::ENAMETOOLONG,
        )?;
    }
    if new_parent == old_parent {
        return Ok(());
    }
    let stays = state.root_of(new_parent).map(|(root, _)| root) == state.root_of(from.as_str()).map(|(root, _)| root);
    let carries = moved.encryption.as_ref().is_none_or(|encryption| encryption.root == moved.id);
    refuse(!carries && !stays, Errno::EACCES)?;
    refuse(to.below(from).is_some(), Errno::EINVAL)
}

/// `dmu_objset_clone_check`. That nothing lies below a volume is checked by libzfs alone.
pub(super) fn clone(pool: &Pool, name: &DatasetName, origin: &SnapshotName) -> Allowed {
    let parent = above(name.as_str()).ok_or(Errno::EEXIST)?;
    pool.state.get(parent)?;
    refuse(pool.state.get(name.as_str()).is_ok(), Errno::EEXIST)?;
    refuse(origin.dataset().pool() != name.pool(), Errno::EXDEV)?;
    pool.state.snapshot(origin)?;
    room(pool)
}

/// `zfs_ioc_promote`, then `dsl_dataset_promote_check`. Answers with the origin and the clone.
pub(super) fn promote(pool: &Pool, name: &DatasetName) -> Result<(Point, u64), Errno> {
    let clone = pool.state.get(name.as_str())?;
    let origin = clone.origin.ok_or(Errno::EINVAL)?;
    let (parent_name, parent) = pool.state.by_id(origin.dataset).ok_or(Errno::ENOENT)?;
    // The root of the keys may not change but from parent to clone (`dsl_dataset_promote_crypt_check`).
    if let Some(encryption) = parent.encryption.as_ref().filter(|_| parent.origin.is_none())
        && encryption.root != parent.id
    {
        let root = |name: &str| above(name).and_then(|above| pool.state.root_of(above)).map(|(_, root)| root.id);
        refuse(
            root(parent_name).is_none() || root(parent_name) != root(name.as_str()),
            Errno::EACCES,
        )?;
    }
    let sent = |(_, sent): &(u64, Point)| sent.dataset == origin.dataset && sent.txg <= origin.txg;
    refuse(pool.sending.iter().any(sent), Errno::EBUSY)?;
    Ok((origin, clone.id))
}

/// `dsl_dataset_rollback_check`. Answers with the snapshot it goes back to.
pub(super) fn rollback(pool: &Pool, name: &DatasetName, to: Option<&SnapshotName>) -> Result<Point, Errno> {
    let state = &pool.state;
    let dataset = state.get(name.as_str())?;
    let newest = dataset.newest().map(|snapshot| dataset.point(snapshot)).or(dataset.origin);
    let newest = newest.ok_or(Errno::ESRCH)?;
    if let Some(to) = to {
        refuse(to.dataset().pool() != name.pool(), Errno::ESRCH)?;
        let (other, snapshot) = state.snapshot(to).map_err(|_missing| Errno::ESRCH)?;
        let wanted = other.point(snapshot);
        let is_ours = wanted.dataset == dataset.id || dataset.origin == Some(wanted);
        refuse(wanted != newest, if is_ours { Errno::EEXIST } else { Errno::ESRCH })?;
    }
    let marked = dataset.bookmarks.values().map(|bookmark| bookmark.createtxg).max();
    refuse(marked.is_some_and(|txg| txg > newest.txg), Errno::EEXIST)?;
    refuse(dataset.owner.is_some(), Errno::EBUSY)?;
    Ok(newest)
}

/// `zfs_ioc_rename`, then `dsl_dataset_rename_snapshot_check_impl`.
pub(super) fn rename_snapshot(state: &State, from: &SnapshotName, to: &SnapshotName) -> Allowed {
    let (dataset, _) = state.snapshot(from)?;
    refuse(from.dataset() != to.dataset(), Errno::EXDEV)?;
    refuse(dataset.snapshots.contains_key(to.short()), Errno::EEXIST)?;
    refuse(to.as_str().len() >= NAME_MAX, Errno::ENAMETOOLONG)
}

/// `spa_keystore_load_wkey`: an encryption root, by its number.
pub(super) fn key_root(state: &State, name: &DatasetName) -> Result<u64, Errno> {
    let dataset = state.get(name.as_str())?;
    let is_root = dataset.encryption.as_ref().is_some_and(|encryption| encryption.root == dataset.id);
    refuse(!is_root, Errno::EINVAL)?;
    Ok(dataset.id)
}

/// The beginning of `spa_keystore_change_key_check`: a dataset and its root, by their numbers.
pub(super) fn changing_key(pool: &Pool, name: &DatasetName) -> Result<(u64, u64), Errno> {
    let dataset = pool.state.get(name.as_str())?;
    let encryption = dataset.encryption.as_ref().ok_or(Errno::EINVAL)?;
    refuse(dataset.origin.is_some(), Errno::EINVAL)?;
    Ok((dataset.id, encryption.root))
}

/// `dsl_dataset_snapshot_check_impl`.
pub(super) fn snapshot(pool: &Pool, name: &SnapshotName) -> Allowed {
    let dataset = pool.state.get(name.dataset().as_str())?;
    refuse(dataset.snapshots.contains_key(name.short()), Errno::EEXIST)?;
    refuse(dataset.inconsistent, Errno::EBUSY)?;
    room(pool)
}

/// `dsl_bookmark_create_check_impl`.
pub(super) fn bookmark(state: &State, name: &BookmarkName, of: &Base) -> Allowed {
    let dataset = state.get(name.dataset().as_str())?;
    refuse(dataset.bookmarks.contains_key(name.short()), Errno::EEXIST)?;
    let strange = match of {
        Base::Snapshot(_) => Errno::EXDEV,
        Base::Bookmark(_) => Errno::ZFS_ERR_BOOKMARK_SOURCE_NOT_ANCESTOR,
    };
    refuse(pool_of(of) != name.dataset().pool(), strange)?;
    let source = base(state, of)?;
    refuse(!state.is_before(dataset, None, source), Errno::ZFS_ERR_BOOKMARK_SOURCE_NOT_ANCESTOR)
}

/// `dmu_send`: the dataset, its key, its snapshot, then the base.
pub(super) fn send(pool: &Pool, name: &SnapshotName, from: Option<&Base>, wants_key: bool) -> Allowed {
    pool.state.get(name.dataset().as_str())?;
    refuse(wants_key && !pool.has_key(name.dataset().as_str()), Errno::EACCES)?;
    let (dataset, snapshot) = pool.state.snapshot(name)?;
    let Some(from) = from else { return Ok(()) };
    refuse(pool_of(from) != name.dataset().pool(), Errno::EXDEV)?;
    let earlier = base(&pool.state, from)?;
    refuse(!pool.state.is_before(dataset, Some(snapshot.createtxg), earlier), Errno::EXDEV)
}

fn pool_of(base: &Base) -> PoolName {
    match base {
        Base::Snapshot(name) => name.dataset().pool(),
        Base::Bookmark(name) => name.dataset().pool(),
    }
}

/// A base's place in history.
pub(super) fn base(state: &State, base: &Base) -> Result<Point, Errno> {
    match base {
        Base::Snapshot(name) => state.snapshot(name).map(|(dataset, snapshot)| dataset.point(snapshot)),
        Base::Bookmark(name) => state.bookmark(name).map(|(dataset, bookmark)| Point {
            dataset: dataset.id,
            txg: bookmark.createtxg,
        }),
    }
}

/// What a stream says it is, as far as rules ask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stream {
    pub(super) kind: DatasetKind,
    pub(super) to_guid: u64,
    pub(super) from_guid: u64,
    pub(super) clone: bool,
    pub(super) raw: bool,
    pub(super) embed: bool,
}

/// `recv_begin_check_existing_impl`, after the first half of `dmu_recv_begin_check`: a stream into a dataset that is there. Answers with the
/// base.
pub(super) fn receive_existing(
    pool: &Pool,
    name: &SnapshotName,
    stream: Stream,
    has_origin: bool,
    force: bool,
) -> Result<Option<Point>, Errno> {
    let state = &pool.state;
    let path = name.dataset().as_str();
    let dataset = state.get(path)?;
    refuse(!stream.raw && !pool.has_key(path), Errno::EACCES)?;
    refuse(stream.clone || has_origin, Errno::EINVAL)?;
    refuse(state.get(&super::pool::receiving(name.dataset())).is_ok(), Errno::EBUSY)?;
    refuse(dataset.resume.is_some(), Errno::EBUSY)?;
    refuse(dataset.snapshots.contains_key(name.short()), Errno::EEXIST)?;
    refuse(
        stream.kind != DatasetKind::Filesystem && state.children(path).next().is_some(),
        Errno::ZFS_ERR_WRONG_PARENT,
    )?;
    if stream.from_guid == 0 {
        // A full stream replaces a dataset only by force, and nothing encrypted at all.
        refuse(!force, Errno::EEXIST)?;
        refuse(stream.raw || dataset.encryption.is_some(), Errno::EINVAL)?;
        room(pool)?;
        return Ok(None);
    }
    refuse(dataset.encryption.is_none() && stream.raw, Errno::EINVAL)?;
    refuse(dataset.encryption.is_some() && stream.embed, Errno::EINVAL)?;
    let base = dataset
        .snapshots
        .values()
        .find(|snapshot| snapshot.guid == stream.from_guid)
        .ok_or(Errno::ENODEV)?;
    if force {
        room(pool)?;
        return Ok(Some(dataset.point(base)));
    }
    let newest = dataset.newest().ok_or(Errno::ENODEV)?;
    // Newer snapshots are no matter while nothing changed, but for raw streams.
    let modified = dataset.live.changed() > base.createtxg;
    refuse(modified || (stream.raw && newest.createtxg != base.createtxg), Errno::ETXTBSY)?;
    room(pool)?;
    Ok(Some(dataset.point(newest)))
}

/// The second half of `dmu_recv_begin_check`: a stream that makes a dataset. Answers with the origin.
pub(super) fn receive_new(pool: &Pool, name: &DatasetName, stream: Stream, origin: Option<&SnapshotName>) -> Result<Option<Point>, Errno> {
    refuse(stream.from_guid != 0 && !stream.clone && origin.is_none(), Errno::ENOENT)?;
    let parent = above(name.as_str()).ok_or(Errno::ENOENT)?;
    let above = pool.state.get(parent)?;
    if !stream.raw && origin.is_none() {
        refuse(above.encryption.is_some() && !pool.has_key(parent), Errno::EACCES)?;
        refuse(above.encryption.is_some() && stream.embed, Errno::EINVAL)?;
    }
    below(above)?;
    let Some(origin) = origin else {
        room(pool)?;
        return Ok(None);
    };
    refuse(origin.dataset().pool() != name.pool(), Errno::EXDEV)?;
    let (dataset, snapshot) = pool.state.snapshot(origin)?;
    refuse(stream.from_guid != 0 && snapshot.guid != stream.from_guid, Errno::ENODEV)?;
    refuse(dataset.encryption.is_some() && stream.embed, Errno::EINVAL)?;
    room(pool)?;
    Ok(Some(dataset.point(snapshot)))
}

/// `dmu_recv_resume_begin_check`. Answers with the path of the state to go on with.
pub(super) fn receive_resumed(pool: &Pool, name: &DatasetName, stream: Stream) -> Result<String, Errno> {
    let hidden = super::pool::receiving(name);
    let (path, is_hidden) = if pool.state.get(&hidden).is_ok() {
        (hidden, true)
    } else {
        (name.to_string(), false)
    };
    let dataset = pool.state.get(&path)?;
    refuse(!stream.raw && !pool.has_key(&path), Errno::EACCES)?;
    refuse(is_hidden && stream.from_guid == 0, Errno::ZFS_ERR_RESUME_EXISTS)?;
    refuse(!dataset.inconsistent, Errno::EINVAL)?;
    let resume = dataset.resume.as_ref().ok_or(Errno::EINVAL)?;
    refuse(resume.to_guid != stream.to_guid, Errno::EINVAL)?;
    refuse(dataset.owner.is_some(), Errno::EBUSY)?;
    refuse(resume.from_guid != stream.from_guid, Errno::EINVAL)?;
    Ok(path)
}

/// The key of a raw stream against what is there (`dsl_crypto_recv_raw_objset_check`, `dsl_crypto_recv_raw_key_check`).
pub(super) fn receive_key(there: Option<&Encryption>, base: Option<&Snapshot>, key: u64, from_ivset: u64) -> Allowed {
    refuse(
        base.is_some_and(|base| base.ivset != from_ivset),
        Errno::ZFS_ERR_FROM_IVSET_GUID_MISMATCH,
    )?;
    refuse(there.is_some_and(|encryption| encryption.key != key), Errno::EACCES)
}

/// `dmu_recv_end_check`: a stream that came whole, into a dataset that was there.
pub(super) fn receive_end(pool: &Pool, name: &SnapshotName, base: Option<Point>, arrived: &Dataset, force: bool) -> Allowed {
    let path = name.dataset().as_str();
    let head = pool.state.get(path)?;
    if force {
        for snapshot in head
            .snapshots
            .values()
            .filter(|snapshot| base.is_none_or(|base| snapshot.createtxg > base.txg))
        {
            destroy_snapshot(pool, head, snapshot, false)?;
        }
        // A full stream replaces all before it, and what a clone grew from is another dataset's.
        refuse(base.is_none() && head.origin.is_some(), Errno::EINVAL)?;
    } else {
        let newest = head.newest().map(|snapshot| head.point(snapshot));
        refuse(newest != base, Errno::EINVAL)?;
        refuse(newest.is_some_and(|newest| head.live.changed() > newest.txg), Errno::ETXTBSY)?;
    }
    end_space(pool, path, arrived)?;
    refuse(head.snapshots.contains_key(name.short()), Errno::EEXIST)
}

/// Quotas are enforced when the receive ends (`dsl_dataset_clone_swap_check_impl`, `dsl_dataset_snapshot_reserve_space`).
pub(super) fn end_space(pool: &Pool, path: &str, arrived: &Dataset) -> Allowed {
    let refquota = pool.state.number(path, "refquota").unwrap_or(0);
    refuse(refquota > 0 && arrived.live.born_after(0) > refquota, Errno::EDQUOT)?;
    let mut next = Some(path);
    while let Some(at) = next {
        let quota = pool.state.number(at, "quota").unwrap_or(0);
        refuse(quota > 0 && pool.state.used(at) > quota, Errno::EDQUOT)?;
        next = above(at);
    }
    Ok(())
}

/// `dsl_dir_set_quota_check`: a quota below what is used.
pub(super) fn quota(state: &State, name: &str, quota: u64) -> Allowed {
    refuse(quota > 0 && quota < state.used(name), Errno::ENOSPC)
}

pub(super) fn refuse(when: bool, errno: Errno) -> Allowed {
    if when { Err(errno) } else { Ok(()) }
}
