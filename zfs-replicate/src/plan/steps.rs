//! I know the steps of one dataset, from what the target has to what the source has.

use zfs_rs::name::{DatasetName, NAME_MAX, NameError};

use crate::plan::base::{self, Common};
use crate::plan::encrypt::{self, Place};
use crate::plan::mark::{Marks, TargetKey};
use crate::plan::{AbortPartial, Kept, Step, Transfer, Unmark, diverge, resume};
use crate::reason::{Blocked, Note};
use crate::view::{Base, Dataset, Encryption, Point, SavedReceive, Version};

/// What the steps of one dataset are made from.
#[derive(Debug)]
pub(super) struct Case<'a> {
    /// The dataset on the source.
    pub(super) source: &'a Dataset,
    /// Its counterpart on the target, wherever it lies now.
    pub(super) found: Option<&'a Dataset>,
    /// Where its counterpart belongs.
    pub(super) home: &'a DatasetName,
    /// How the dataset above its home is or will be encrypted.
    pub(super) above: &'a Encryption,
    /// Whether encrypted blocks are to travel encrypted.
    pub(super) raw: bool,
    /// Who the target is.
    pub(super) key: TargetKey,
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
    /// How it is or will be encrypted on the target.
    pub(super) encryption: Encryption,
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
        let mut notes = Vec::new();
        if let Some(target) = settled {
            diverge::check_names(target, &pending)?;
            match diverge::check_head(target) {
                Err(blocked) if !pending.is_empty() => return Err(blocked),
                Err(_) => notes.push(Note::TargetModified { bytes: target.written }),
                Ok(()) => {}
            }
        }
        let encryption = match settled {
            Some(target) if pending.is_empty() => target.encryption.clone(),
            Some(target) => encrypt::check(self.source, Place::Existing(target), self.raw)?,
            None => encrypt::check(self.source, Place::New(self.home, self.above), self.raw)?,
        };
        if let (None, Some(origin)) = (settled, &self.source.origin) {
            notes.push(Note::SentAsFull { origin: origin.clone() });
        }
        let steps = self.steps(common.as_ref(), &pending).map_err(unnameable)?;
        Ok(Done {
            steps,
            notes,
            is_born: settled.is_none(),
            encryption,
        })
    }

    /// The target's dataset if it has ever received something to the end. What an interrupted full receive made does not count.
    fn settled(&self) -> Result<Option<&'a Dataset>, Blocked> {
        let Some(target) = self.found else { return Ok(None) };
        let is_begun_only = target.versions.is_empty() && target.inconsistent;
        match &target.partial {
            Some(partial) if target.versions.is_empty() && (is_begun_only || partial.is_full()) => Ok(None),
            None if is_begun_only => Err(Blocked::TargetUnfinished {
                dataset: target.name.clone(),
            }),
            _ => Ok(Some(target)),
        }
    }

    fn pending(&self, common: Option<&Common<'_>>) -> Vec<&'a Version> {
        let is_newer = |version: &&Version| common.is_none_or(|common| version.createtxg > common.createtxg);
        let mut pending: Vec<_> = self.source.versions.iter().filter(is_newer).collect();
        pending.sort_by_key(|version| version.createtxg);
        pending
    }

    fn steps(&self, common: Option<&Common<'_>>, pending: &[&'a Version]) -> Result<Vec<Step>, NameError> {
        let there = self.found.map_or(&[][..], |target| &target.versions);
        let marks = Marks::plan(self.key, self.source, there, pending)?;
        let (abort, saved) = self.partial(common, pending);

        let mut steps: Vec<_> = abort.into_iter().map(Step::AbortPartial).collect();
        let is_resumed = |version: &Version| saved.is_some_and(|saved| saved.to_guid == version.guid);
        for version in self.kept()?.filter(|version| !is_resumed(version)) {
            steps.push(self.release(version)?);
        }
        steps.extend(marks.first.iter().cloned().map(Step::Mark));
        let mut from = common.map(|common| common.base.clone());
        for version in pending {
            let to = version.point();
            let base = Base::Snapshot(to.clone());
            if !marks.has(version.guid) {
                steps.push(Step::Mark(self.key.cursor(&self.source.name, base.clone())?));
            }
            let resumed = saved.filter(|_| is_resumed(version));
            steps.push(Step::Transfer(Transfer {
                from: from.replace(base),
                to,
                target: self.home.snapshot(version.name.short())?,
                flags: resumed.map_or_else(|| encrypt::flags(self.raw), |saved| saved.flags),
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
    fn partial(&self, common: Option<&Common<'_>>, pending: &[&Version]) -> (Option<AbortPartial>, Option<&'a SavedReceive>) {
        let Some((target, partial)) = self.found.and_then(|target| Some((target, target.partial.as_ref()?))) else {
            return (None, None);
        };
        match resume::fit(partial, self.source, common, pending, encrypt::is_raw(self.source, self.raw)) {
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
