//! I know the marks we leave on a source: what they are called, when they are made, when they go.
//!
//! # One name, two meanings
//!
//! A cursor is a bookmark on the source that keeps a snapshot usable as a base after the snapshot itself was destroyed. It is made *before*
//! the snapshot is sent, so that there is no instant in which the target has a snapshot whose base could be lost on the source. Until the
//! target has it the cursor is *tentative*, from then on *confirmed*.
//!
//! Which of the two it is is not written down. It is read from the target: a cursor is confirmed when the target has a snapshot with its
//! GUID. A second name for confirmed cursors would have to be given after the proof, in a step of its own, and between the two a crash would
//! leave a cursor whose name is wrong: a record of the truth besides the truth. Here promotion is the receive itself, cannot be half done, and
//! is undone by itself when the target loses the snapshot again (a pool imported with rewind, a restored copy).
//!
//! # Whose
//!
//! Cursors of several targets live side by side on one source, so each name carries a key made of the target pool's GUID and the target
//! root's name. The root and not the single dataset: a dataset renamed below the root keeps its cursors, and no crash between the renaming
//! and new marks can leave old ones behind that nobody knows.
//!
//! # Origins
//!
//! The first stream of a clone starts from its origin, a snapshot of another dataset, and that gets no mark for the clone's sake: kernels destroy
//! no snapshot that has a clone (`dsl_destroy_snapshot_check_impl`), so it goes with or after the clone only, when there is nothing left to
//! send. For the same reason no run holds it. A promotion gives it, and its bookmarks, to the clone; from then on it is one of the clone's own.
//! What the clone's next increments start from are snapshots of its own, marked like all others.

use std::collections::BTreeSet;

use zfs_rs::identity::{Guid, Txg};
use zfs_rs::name::{DatasetName, HoldTag, NameError};

use crate::plan::{Cursor, Marked};
use crate::view::{Base, Dataset, Version, View};

/// Who the target is, in the names of marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetKey(u64);

/// What happens to a dataset's marks in one run.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    /// Made before anything is sent: of bases and of what is sent, whatever has no mark of ours.
    pub(super) first: Vec<Cursor>,
    /// Removed after everything is proved.
    pub(super) last: Vec<Marked>,
    /// The newest base that stays.
    pub(super) stays: Option<Guid>,
}

impl TargetKey {
    /// The key of a target root.
    pub fn new(target: &View) -> Self {
        // FNV-1a, 64 bits: the same in every release and on every machine, which a hasher of the standard library does not promise.
        let pool = target.pool.guid.0.to_le_bytes();
        let bytes = pool.iter().chain(target.root.as_str().as_bytes());
        Self(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    /// The tag of a hold that keeps the snapshot of a partial receive.
    ///
    /// # Errors
    ///
    /// [`NameError`]: never, as the tag is short and plain; the caller need not know that.
    pub fn hold_tag(self) -> Result<HoldTag, NameError> {
        format!("{PREFIX}_{:016x}", self.0).parse()
    }

    /// The cursor for something on a dataset of the source.
    ///
    /// # Errors
    ///
    /// [`NameError`] when the dataset's name is so long that no cursor's fits behind it.
    pub fn cursor(self, dataset: &DatasetName, of: Base) -> Result<Cursor, NameError> {
        let name = dataset.bookmark(&self.short(of.guid()))?;
        Ok(Cursor { name, of })
    }

    fn short(self, guid: Guid) -> String {
        format!("{PREFIX}_{:016x}_{:016x}", self.0, guid.0)
    }

    /// Our cursors on a dataset of the source. A bookmark whose name and GUID disagree was made by somebody else.
    fn own(self, source: &Dataset) -> impl Iterator<Item = (Txg, Guid)> {
        source
            .marks
            .iter()
            .filter(move |mark| mark.name.short() == self.short(mark.guid))
            .map(|mark| (mark.createtxg, mark.guid))
    }
}

impl Marks {
    /// What happens to the marks when `pending` is sent to a target that has the snapshots `there`.
    ///
    /// Afterwards the two newest bases are marked and nothing else is, as long as there is a base at all: one would be enough until the
    /// target's pool is imported with a rewind.
    pub(super) fn plan(key: TargetKey, source: &Dataset, there: &[Version], pending: &[&Version]) -> Result<Self, NameError> {
        let common = common(source, there, pending);
        let stays: BTreeSet<_> = common.iter().rev().take(KEPT).copied().collect();
        let newest = common.last().map(|(_, guid)| *guid);
        let own: BTreeSet<_> = key.own(source).collect();
        let waiting: BTreeSet<_> = pending.iter().map(|version| (version.createtxg, version.guid)).collect();

        let here: Vec<_> = common.difference(&waiting).copied().collect();
        let base = here.last().filter(|_| !pending.is_empty());
        let wanted: BTreeSet<_> = here.iter().filter(|at| stays.contains(at)).chain(base).copied().collect();
        let made: BTreeSet<_> = wanted.union(&waiting).copied().collect();
        let first = made
            .difference(&own)
            .filter_map(|(_, guid)| source.base(*guid))
            .map(|of| key.cursor(&source.name, of))
            .collect::<Result<_, _>>()?;

        let goes = |at: &&(Txg, Guid)| newest.is_some() && !stays.contains(at);
        let last = own
            .union(&made)
            .filter(goes)
            .map(|(_, guid)| {
                let name = source.name.bookmark(&key.short(*guid))?;
                Ok(Marked { name, guid: *guid })
            })
            .collect::<Result<_, NameError>>()?;
        Ok(Self {
            first,
            last,
            stays: newest,
        })
    }
}

/// What both sides have when all is done, oldest first by the source's order.
fn common(source: &Dataset, there: &[Version], pending: &[&Version]) -> BTreeSet<(Txg, Guid)> {
    let target: BTreeSet<_> = there.iter().chain(pending.iter().copied()).map(|version| version.guid).collect();
    let snapshots = source.versions.iter().map(|version| (version.createtxg, version.guid));
    let bookmarks = source.marks.iter().map(|mark| (mark.createtxg, mark.guid));
    snapshots.chain(bookmarks).filter(|(_, guid)| target.contains(guid)).collect()
}

/// How many of the newest bases stay marked.
const KEPT: usize = 2;

/// What our marks begin with.
const PREFIX: &str = "zfs-replicate";
