//! I know the steps of one dataset, from what the target has to what the source has.

use zfs_rs::name::{DatasetName, NAME_MAX, NameError};

use crate::plan::ability::Pools;
use crate::plan::base::{self, Common};
use crate::plan::encrypt::{self, Place, Stem};
use crate::plan::mark::{Marks, TargetKey};
use crate::plan::{AbortPartial, Kept, Marking, Step, Transfer, Unmark, diverge, resume};
use crate::policy::Wish;
use crate::reason::{Blocked, Note};
use crate::view::{Base, Dataset, Encryption, Point, SavedReceive, StreamFlags, Version, View};

/// What the steps of one dataset are made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case<'a> {
    /// The dataset on the source.
    pub(super) source: &'a Dataset,
    /// Its counterpart on the target, wherever it lies now.
    pub(super) found: Option<&'a Dataset>,
    /// What it grows from, if it is a clone and the target has or will have its origin.
    pub(super) growth: Option<&'a Growth>,
    /// What the target has.
    pub(super) target: &'a View,
    /// Where its counterpart belongs.
    pub(super) home: &'a DatasetName,
    /// How the dataset above its home is or will be encrypted.
    pub(super) above: &'a Encryption,
    /// Whether encrypted blocks are to travel encrypted.
    pub(super) raw: bool,
    /// What is wanted: which snapshots are to travel.
    pub(super) wish: &'a Wish,
    /// What streams can be made, and taken.
    pub(super) pools: &'a Pools<'a>,
    /// Who the target is.
    pub(super) key: TargetKey,
}

/// What a clone can grow from on the target.
#[derive(Debug)]
pub(super) struct Growth {
    /// The snapshot on the source.
    pub(super) from: Point,
    /// The same one on the target, as it is called when its turn comes.
    pub(super) there: Point,
    /// The place in the plan that sends it; nothing if it is there.
    pub(super) sent_by: Option<usize>,
    /// The dataset that has it.
    pub(super) stem: Stem,
}

/// What the first stream starts from.
#[derive(Debug, Default)]
struct Start {
    from: Option<Base>,
    origin: Option<Point>,
}

/// What is to be done for one dataset.
#[derive(Debug)]
pub(super) struct Done {
    /// Steps, but for the renaming.
    pub(super) steps: Vec<Step>,
    /// What a reader should know.
    pub(super) notes: Vec<Note>,
    /// Whether it only comes to be on the target by these steps.
    pub(super) is_born: bool,
    /// Whether it does so as a clone.
    pub(super) is_clone: bool,
    /// How it is or will be encrypted on the target.
    pub(super) stem: Stem,
}

impl<'a> Case<'a> {
    /// The steps, or why there are none.
    pub(super) fn plan(&self) -> Result<Done, Blocked> {
        if self.source.versions.is_empty() {
            return Err(Blocked::NoSnapshots);
        }
        self.check_name()?;
        let settled = self.settled()?;
        let common = settled.and_then(|target| base::newest(self.source, target));
        if let Some(target) = settled {
            diverge::check_history(target, common.as_ref())?;
        }
        let pending = self.pending(common.as_ref());
        if settled.is_none() && pending.is_empty() {
            return Err(Blocked::NoneChosen {
                snapshots: self.source.versions.len(),
            });
        }
        if !pending.is_empty() {
            self.pools.check(self.source, self.raw)?;
        }
        let mut notes = Vec::new();
        if let Some(target) = settled {
            diverge::check_names(target, &pending)?;
            match diverge::check_head(target) {
                Err(blocked) if !pending.is_empty() => return Err(blocked),
                Err(_) => notes.push(Note::TargetModified { bytes: target.written }),
                Ok(()) => {}
            }
        }
        let (stem, start) = match settled {
            Some(target) => {
                let encryption = if pending.is_empty() {
                    target.encryption.clone()
                } else {
                    encrypt::check(self.source, Place::Existing(target), self.raw)?
                };
                let start = Start {
                    from: common.as_ref().map(|common| common.base.clone()),
                    origin: None,
                };
                let name = target.name.clone();
                (Stem { name, encryption }, start)
            }
            None => self.birth(&pending)?,
        };
        let is_clone = start.origin.is_some();
        if let (None, false, Some(origin)) = (settled, is_clone, &self.source.origin) {
            notes.push(Note::SentAsFull { origin: origin.clone() });
        }
        let (flags, said) = self.pools.flags(self.source, self.raw, self.begun(&start));
        if !pending.is_empty() {
            notes.extend(said);
        }
        let steps = self.steps(common.as_ref(), start, flags, &pending).map_err(unnameable)?;
        Ok(Done {
            steps,
            notes,
            is_born: settled.is_none(),
            is_clone,
            stem,
        })
    }

    /// How it comes to be on the target: as a clone where it can, else in full.
    fn birth(&self, pending: &[&Version]) -> Result<(Stem, Start), Blocked> {
        let in_full = || {
            let encryption = encrypt::check(self.source, Place::New(self.home, self.above), self.raw)?;
            let name = self.home.clone();
            Ok((Stem { name, encryption }, Start::default()))
        };
        let Some(growth) = self.growth.filter(|_| !self.goes_on_in_full(pending)) else {
            return in_full();
        };
        match encrypt::check(self.source, Place::Clone(&growth.stem), self.raw) {
            Ok(encryption) => {
                let name = growth.stem.name.clone();
                let start = Start {
                    from: Some(Base::Snapshot(growth.from.clone())),
                    origin: Some(growth.there.clone()),
                };
                Ok((Stem { name, encryption }, start))
            }
            // A key can be loaded, and what was sent in full shares nothing ever after.
            Err(why @ Blocked::KeyNotLoaded { .. }) => Err(why),
            // Its origin has another key on the target than it would have.
            Err(_) => in_full(),
        }
    }

    /// The dataset of the target that its streams go on from: where it grows from, or what is there of it.
    fn begun(&self, start: &Start) -> Option<&'a Dataset> {
        let origin = start.origin.as_ref();
        let grown = origin.and_then(|origin| self.target.datasets.iter().find(|there| there.version(origin.guid).is_some()));
        grown.or(self.found)
    }

    /// Whether it was begun in full, when the target did not have its origin yet, and can be finished so.
    fn goes_on_in_full(&self, pending: &[&Version]) -> bool {
        let partial = self.found.and_then(|target| target.partial.as_ref());
        let is_raw = encrypt::is_raw(self.source, self.raw);
        partial.is_some_and(|partial| resume::fit(partial, self.source, None, None, pending, is_raw).is_ok())
    }

    /// The target's dataset if it has ever received something to the end. What an interrupted full receive made does not count.
    fn settled(&self) -> Result<Option<&'a Dataset>, Blocked> {
        let Some(target) = self.found else { return Ok(None) };
        let is_begun_only = target.versions.is_empty() && target.inconsistent;
        match &target.partial {
            Some(partial) if target.versions.is_empty() && (is_begun_only || partial.is_full()) => Ok(None),
            None if target.placeholder && target.versions.is_empty() => Err(Blocked::PlaceholderInTheWay {
                dataset: target.name.clone(),
            }),
            None if is_begun_only => Err(Blocked::TargetUnfinished {
                dataset: target.name.clone(),
            }),
            _ => Ok(Some(target)),
        }
    }

    fn pending(&self, common: Option<&Common<'_>>) -> Vec<&'a Version> {
        let is_newer = |version: &&Version| common.is_none_or(|common| version.createtxg > common.createtxg);
        let is_chosen = |version: &&Version| self.wish.means(version);
        let mut pending: Vec<_> = self.source.versions.iter().filter(is_newer).filter(is_chosen).collect();
        pending.sort_by_key(|version| version.createtxg);
        pending
    }

    fn steps(
        &self,
        common: Option<&Common<'_>>,
        start: Start,
        flags: StreamFlags,
        pending: &[&'a Version],
    ) -> Result<Vec<Step>, NameError> {
        let there = self.found.map_or(&[][..], |target| &target.versions);
        let marks = Marks::plan(self.key, self.source, there, pending)?;
        let Start { mut from, mut origin } = start;
        let (abort, saved) = self.partial(common, from.as_ref(), pending);

        let mut steps: Vec<_> = abort.into_iter().map(Step::AbortPartial).collect();
        let is_resumed = |version: &Version| saved.is_some_and(|saved| saved.to_guid == version.guid);
        for version in self.kept()?.filter(|version| !is_resumed(version)) {
            steps.push(self.release(version)?);
        }
        if !marks.first.is_empty() {
            steps.push(Step::Mark(Marking {
                cursors: marks.first.clone(),
            }));
        }
        for version in pending {
            let to = version.point();
            let base = Base::Snapshot(to.clone());
            let resumed = saved.filter(|_| is_resumed(version));
            steps.push(Step::Transfer(Transfer {
                from: from.replace(base),
                origin: origin.take(),
                to,
                target: self.home.snapshot(version.name.short())?,
                flags: resumed.map_or(flags, |saved| saved.flags),
                resume: resumed.map(|saved| saved.point),
                keep: self.key.hold_tag()?,
                estimate: None,
            }));
            if is_resumed(version) && self.kept()?.any(|kept| kept.guid == version.guid) {
                steps.push(self.release(version)?);
            }
        }
        steps.extend(self.unmark(&marks, there, pending)?.map(Step::Unmark));
        Ok(steps)
    }

    /// Which saved receive is given up, and which one goes on.
    fn partial(
        &self,
        common: Option<&Common<'_>>,
        from: Option<&Base>,
        pending: &[&Version],
    ) -> (Option<AbortPartial>, Option<&'a SavedReceive>) {
        let Some((target, partial)) = self.found.and_then(|target| Some((target, target.partial.as_ref()?))) else {
            return (None, None);
        };
        let is_raw = encrypt::is_raw(self.source, self.raw);
        match resume::fit(partial, self.source, common, from.map(Base::guid), pending, is_raw) {
            Ok(saved) => (None, Some(saved)),
            Err(why) => {
                let abort = AbortPartial {
                    dataset: self.home.clone(),
                    guid: target.guid,
                    is_full: target.versions.is_empty(),
                    why,
                };
                (Some(abort), None)
            }
        }
    }

    /// Snapshots of the source that are held for a partial receive of this target.
    fn kept(&self) -> Result<impl Iterator<Item = &'a Version>, NameError> {
        let tag = self.key.hold_tag()?;
        Ok(self.source.versions.iter().filter(move |version| version.holds.contains(&tag)))
    }

    fn release(&self, version: &Version) -> Result<Step, NameError> {
        Ok(Step::Release(Kept {
            snapshot: version.point(),
            tag: self.key.hold_tag()?,
        }))
    }

    fn unmark(&self, marks: &Marks, there: &[Version], pending: &[&Version]) -> Result<Option<Unmark>, NameError> {
        if marks.last.is_empty() {
            return Ok(None);
        }
        let stays = pending
            .iter()
            .copied()
            .chain(there)
            .find(|version| Some(version.guid) == marks.stays);
        stays
            .map(|stays| {
                Ok(Unmark {
                    cursors: marks.last.clone(),
                    stays: Point {
                        name: self.home.snapshot(stays.name.short())?,
                        guid: stays.guid,
                    },
                })
            })
            .transpose()
    }

    /// The kernel receives increments into a hidden child, whose name must fit too.
    fn check_name(&self) -> Result<(), Blocked> {
        let hidden = format!("{}{HIDDEN}", self.home);
        if hidden.len() > NAME_MAX {
            return Err(Blocked::Unnameable {
                name: hidden,
                rule: format!("it is longer than {NAME_MAX} bytes"),
            });
        }
        Ok(())
    }
}

/// A name that cannot be given, as a reason.
pub(super) fn unnameable(error: NameError) -> Blocked {
    Blocked::Unnameable {
        name: error.text,
        rule: error.reason.to_string(),
    }
}

/// `recv_clone_name` in the kernel's `dmu_recv.c`.
const HIDDEN: &str = "/%recv";
