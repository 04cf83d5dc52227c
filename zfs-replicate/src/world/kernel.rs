//! I do what a machine orders, as the kernel would, and refuse what the kernel would refuse.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::num::NonZeroUsize;
use std::time::Duration;

use zfs_rs::identity::{Guid, Txg};
use zfs_rs::name::DatasetName;

use crate::plan::{AbortPartial, Cursor, Kept, Marked, Placeholder, Plan, Rename, Transfer, plan};
use crate::policy::Wish;
use crate::reason::{Failure, FailureKind, Part, Side};
use crate::run::report::Report;
use crate::run::{Action, Answer, Limits, Machine, Next, Seen};
use crate::view::{Base, Dataset, Encryption, Key, Kind, Mark, Origin, Partial, Point, ResumeAt, Room, SavedReceive, Version, View};
use crate::world::ALL;

mod divergence;

/// Two sides that can be acted upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct World {
    pub(crate) source: View,
    pub(crate) target: View,
    /// What was set aside with the target's root.
    beside: Vec<Dataset>,
    /// What is wanted when a dataset is planned again.
    pub(crate) wish: Wish,
    txg: u64,
}

/// How a run in this world ended.
#[derive(Debug)]
pub(crate) enum End {
    Killed,
    Over(Box<Report>),
}

impl World {
    pub(crate) fn new(source: View, target: View) -> Self {
        Self {
            source,
            target,
            beside: Vec::new(),
            wish: ALL.clone(),
            txg: 100_000,
        }
    }

    pub(crate) fn plan(&self, wish: &Wish) -> Plan {
        plan(&self.source, &self.target, wish).unwrap()
    }

    /// Plans and runs. With `kill_at`, the process dies at that point: before an order, or in the middle of one that has a middle.
    pub(crate) fn run(&mut self, wish: &Wish, kill_at: Option<usize>, check: &mut dyn FnMut(&Self, &Action)) -> End {
        self.wish = wish.clone();
        let mut machine = Machine::new(self.plan(wish), two_at_a_time());
        let mut in_hand = VecDeque::new();
        let mut point = 0;
        let mut late = Duration::ZERO;
        for tick in 0..10_000 {
            let now = Duration::from_millis(tick).saturating_add(late);
            match machine.poll(now) {
                Next::WaitUntil(until) if in_hand.is_empty() => late = until,
                Next::Do(order) => {
                    for is_middle in [false, true] {
                        let has_middle = matches!(order.action, Action::Transfer(_) | Action::RollBack(_));
                        if is_middle && !has_middle {
                            continue;
                        }
                        if kill_at == Some(point) {
                            if is_middle {
                                self.act_half(&order.action);
                                check(self, &order.action);
                            }
                            return End::Killed;
                        }
                        point += 1;
                    }
                    let answer = self.act(&order.action);
                    check(self, &order.action);
                    in_hand.push_back((order.dataset, answer));
                }
                Next::Wait | Next::WaitUntil(_) => {
                    let (dataset, answer) = in_hand.pop_front().expect("the machine waits for nothing");
                    machine.handle(now, dataset, answer);
                }
                Next::Done => {
                    assert!(in_hand.is_empty(), "the machine is done with orders in hand");
                    return End::Over(Box::new(machine.report()));
                }
            }
        }
        panic!("the machine does not come to an end");
    }

    /// Plans, runs, and cancels before the order of that number; its transfer, and those after, are cut off. Says whether there was such
    /// an order.
    pub(crate) fn cancel(&mut self, wish: &Wish, at: usize, check: &mut dyn FnMut(&Self, &Action)) -> bool {
        let mut machine = Machine::new(self.plan(wish), two_at_a_time());
        let mut in_hand = VecDeque::new();
        let mut point = 0;
        loop {
            match machine.poll(Duration::ZERO) {
                Next::Do(order) => {
                    if point == at {
                        machine.cancel();
                    }
                    let answer = match &order.action {
                        Action::Transfer(transfer) if point >= at => {
                            self.interrupt(transfer);
                            let result = Err(no(FailureKind::Cancelled, transfer.to.name.as_str()).into());
                            Answer::Transferred { bytes: 400, result }
                        }
                        action => self.act(action),
                    };
                    check(self, &order.action);
                    in_hand.push_back((order.dataset, answer));
                    point += 1;
                }
                Next::Wait | Next::WaitUntil(_) => {
                    let (dataset, answer) = in_hand.pop_front().expect("the machine waits for nothing");
                    machine.handle(Duration::ZERO, dataset, answer);
                }
                Next::Done => return point > at,
            }
        }
    }

    /// Runs to the end and says how, and how many orders changed something.
    pub(crate) fn run_clean(&mut self, wish: &Wish) -> (Report, usize) {
        let mut mutations = 0;
        let end = self.run(wish, None, &mut |_, action| {
            mutations += usize::from(!matches!(action, Action::Confirm(_)));
        });
        match end {
            End::Over(report) => (*report, mutations),
            End::Killed => panic!("nobody asked for it"),
        }
    }

    /// Every snapshot of the target, by dataset.
    pub(crate) fn received(&self) -> BTreeMap<DatasetName, BTreeSet<Guid>> {
        let guids = |dataset: &Dataset| dataset.versions.iter().map(|version| version.guid).collect();
        let there = self.target.datasets.iter().chain(&self.beside);
        there.map(|dataset| (dataset.name.clone(), guids(dataset))).collect()
    }

    /// Does what of an action is done when the process dies in the middle of it.
    fn act_half(&mut self, action: &Action) {
        match action {
            Action::Transfer(transfer) => self.interrupt(transfer),
            Action::RollBack(back) => self.half_roll_back(back),
            _ => {}
        }
    }

    pub(crate) fn act(&mut self, action: &Action) -> Answer {
        Answer::Done(match action {
            Action::Guard { snapshots, cursors } => self.guard(snapshots, cursors),
            Action::Rename(rename) => self.rename(rename),
            Action::SetAside(aside) => self.set_aside(aside),
            Action::RollBack(back) => self.roll_back(back),
            Action::StandIn(placeholder) => self.stand_in(placeholder),
            Action::AbortPartial(abort) => self.abort(abort),
            Action::Unmark(marked) => self.unmark(marked),
            Action::KeepPartial(kept) => self.hold(kept, true),
            Action::ReleaseKept(kept) => self.hold(kept, false),
            Action::DropHold => Ok(()),
            Action::PlanAgain(dataset) => {
                let plan = self.plan(&self.wish).datasets.into_iter().find(|plan| plan.source == *dataset);
                let gone = || no(FailureKind::NotFound, dataset.as_str());
                return Answer::Planned(plan.map(Box::new).ok_or_else(gone));
            }
            Action::Transfer(transfer) => {
                let result = self.transfer(transfer).map_err(Into::into);
                return Answer::Transferred { bytes: 1000, result };
            }
            Action::Confirm(wanted) => {
                let dataset = self.target.dataset(wanted.name.dataset());
                let snapshot = dataset
                    .and_then(|dataset| dataset.versions.iter().find(|version| version.name == wanted.name))
                    .map(|version| version.guid);
                let unproved = dataset.filter(|_| snapshot != Some(wanted.guid));
                return Answer::Confirmed(Ok(Seen {
                    snapshot,
                    partial: unproved.and_then(saved).copied(),
                }));
            }
        })
    }

    fn guard(&mut self, snapshots: &[Point], cursors: &[Cursor]) -> Result<(), Failure> {
        snapshots.iter().try_for_each(|point| self.find(point).map(|_| ()))?;
        cursors.iter().try_for_each(|cursor| self.mark(cursor))
    }

    fn find(&mut self, point: &Point) -> Result<&mut Version, Failure> {
        let versions = self.source.datasets.iter_mut().flat_map(|dataset| &mut dataset.versions);
        let found = versions
            .into_iter()
            .find(|version| version.name == point.name && version.guid == point.guid);
        found.ok_or_else(|| no(FailureKind::NotFound, point.name.as_str()))
    }

    fn there(&mut self, name: &DatasetName) -> Option<&mut Dataset> {
        self.target.datasets.iter_mut().find(|dataset| dataset.name == *name)
    }

    fn rename(&mut self, rename: &Rename) -> Result<(), Failure> {
        let from = self
            .there(&rename.from)
            .ok_or_else(|| no(FailureKind::NotFound, rename.from.as_str()))?;
        assert_eq!(from.guid, rename.guid, "the plan names the dataset it means");
        let parent = rename.to.parent().unwrap();
        if self.target.dataset(&rename.to).is_some() {
            return Err(no(FailureKind::Exists, rename.to.as_str()));
        }
        if self.target.dataset(&parent).is_none() || parent.below(&rename.from).is_some() {
            return Err(no(FailureKind::NotFound, parent.as_str()));
        }
        self.move_tree(&rename.from, &rename.to);
        Ok(())
    }

    fn move_tree(&mut self, from: &DatasetName, to: &DatasetName) {
        for dataset in &mut self.target.datasets {
            let Some(path) = dataset.name.below(from) else { continue };
            let new = if path.is_empty() { to.clone() } else { to.child(path).unwrap() };
            for version in &mut dataset.versions {
                version.name = new.snapshot(version.name.short()).unwrap();
            }
            dataset.name = new;
        }
        self.sort();
    }

    fn stand_in(&mut self, placeholder: &Placeholder) -> Result<(), Failure> {
        let name = &placeholder.dataset;
        let parent = name.parent().unwrap();
        let above = self.target.above.as_ref().filter(|above| above.name == parent);
        let above = above.map(|above| &above.encryption);
        let Some(above) = above.or(self.target.dataset(&parent).map(|parent| &parent.encryption)) else {
            return Err(no(FailureKind::NotFound, parent.as_str()));
        };
        if self.target.dataset(name).is_some() {
            return Err(no(FailureKind::Exists, name.as_str()));
        }
        let encryption = above.clone();
        if encryption.missing_key().is_some() {
            return Err(no(FailureKind::KeyNotLoaded, name.as_str()));
        }
        self.txg += 1;
        self.target.datasets.push(Dataset {
            name: name.clone(),
            guid: Guid(self.txg),
            kind: Kind::Filesystem,
            createtxg: Txg(self.txg),
            inconsistent: false,
            origin: None,
            encryption,
            versions: Vec::new(),
            marks: Vec::new(),
            partial: None,
            written: 0,
            used: 0,
            available: 1 << 40,
            room: Room::default(),
            placeholder: true,
            without_large_blocks: false,
            remembered: false,
            properties: BTreeMap::new(),
        });
        self.sort();
        Ok(())
    }

    fn abort(&mut self, abort: &AbortPartial) -> Result<(), Failure> {
        let dataset = self
            .there(&abort.dataset)
            .ok_or_else(|| no(FailureKind::NotFound, abort.dataset.as_str()))?;
        assert_eq!(dataset.guid, abort.guid, "the plan names the dataset it means");
        if !abort.is_full {
            dataset.partial = None;
            return Ok(());
        }
        assert!(dataset.versions.is_empty(), "I4: aborting never takes a snapshot");
        let is_parent = |other: &Dataset| other.name.below(&abort.dataset).is_some_and(|path| !path.is_empty());
        if self.target.datasets.iter().any(is_parent) {
            return Err(no(FailureKind::Busy, abort.dataset.as_str()));
        }
        self.target.datasets.retain(|dataset| dataset.name != abort.dataset);
        Ok(())
    }

    fn mark(&mut self, cursor: &Cursor) -> Result<(), Failure> {
        let dataset = self
            .source
            .datasets
            .iter_mut()
            .find(|dataset| dataset.name == *cursor.name.dataset());
        let dataset = dataset.ok_or_else(|| no(FailureKind::NotFound, cursor.name.as_str()))?;
        assert!(!dataset.marks.iter().any(|mark| mark.name == cursor.name), "no mark is made twice");
        let createtxg = match &cursor.of {
            Base::Snapshot(point) => dataset.version(point.guid).map(|version| version.createtxg),
            Base::Bookmark { name, guid } => dataset
                .marks
                .iter()
                .find(|mark| mark.name == *name && mark.guid == *guid)
                .map(|mark| mark.createtxg),
        };
        dataset.marks.push(Mark {
            name: cursor.name.clone(),
            guid: cursor.of.guid(),
            createtxg: createtxg.ok_or_else(|| no(FailureKind::NotFound, cursor.of.as_str()))?,
        });
        dataset.marks.sort_by_key(|mark| mark.createtxg);
        Ok(())
    }

    fn unmark(&mut self, marked: &[Marked]) -> Result<(), Failure> {
        for gone in marked {
            let mut datasets = self.source.datasets.iter_mut();
            let dataset = datasets.find(|dataset| dataset.name == *gone.name.dataset()).unwrap();
            let before = dataset.marks.len();
            dataset.marks.retain(|mark| !(mark.name == gone.name && mark.guid == gone.guid));
            assert_eq!(dataset.marks.len() + 1, before, "only marks that are there are removed");
        }
        Ok(())
    }

    fn hold(&mut self, kept: &Kept, is_held: bool) -> Result<(), Failure> {
        let version = self.find(&kept.snapshot)?;
        version.holds.retain(|tag| *tag != kept.tag);
        if is_held {
            version.holds.push(kept.tag.clone());
        }
        Ok(())
    }

    fn transfer(&mut self, transfer: &Transfer) -> Result<(), Failure> {
        self.check(transfer)?;
        self.begin(transfer);
        self.txg += 1;
        let txg = Txg(self.txg);
        let dataset = self.there(transfer.target.dataset()).unwrap();
        dataset.partial = None;
        dataset.inconsistent = false;
        dataset.versions.push(Version {
            name: transfer.target.clone(),
            guid: transfer.to.guid,
            createtxg: txg,
            creation: None,
            holds: Vec::new(),
            properties: BTreeMap::new(),
            clones: None,
        });
        Ok(())
    }

    /// What is left of a transfer whose process dies in the middle.
    pub(crate) fn interrupt(&mut self, transfer: &Transfer) {
        if self.check(transfer).is_err() {
            return;
        }
        self.begin(transfer);
        let dataset = self.there(transfer.target.dataset()).unwrap();
        dataset.partial = Some(Partial::Saved(SavedReceive {
            to_guid: transfer.to.guid,
            from_guid: transfer.from.as_ref().map(Base::guid),
            point: ResumeAt {
                object: 9,
                offset: 0,
                bytes: 400,
            },
            flags: transfer.flags,
        }));
    }

    fn begin(&mut self, transfer: &Transfer) {
        let name = transfer.target.dataset();
        if self.target.dataset(name).is_some() {
            return;
        }
        self.txg += 1;
        let source = self.source.dataset(transfer.to.name.dataset()).unwrap();
        let origin = transfer.origin.as_ref().map(|point| Origin {
            name: point.name.clone(),
            guid: Some(point.guid),
        });
        let encryption = if let Some(origin) = &origin {
            self.target.dataset(origin.name.dataset()).unwrap().encryption.clone()
        } else if transfer.flags.raw && source.encryption.is_on() {
            Encryption::On {
                root: name.clone(),
                key: Key::Missing,
                guid: source.encryption.guid(),
            }
        } else {
            let parent = name.parent().unwrap();
            let above = self.target.above.as_ref().unwrap();
            self.target
                .dataset(&parent)
                .map_or(&above.encryption, |parent| &parent.encryption)
                .clone()
        };
        let new = Dataset {
            name: name.clone(),
            guid: Guid(self.txg),
            createtxg: Txg(self.txg),
            inconsistent: true,
            encryption,
            versions: Vec::new(),
            marks: Vec::new(),
            origin,
            placeholder: false,
            without_large_blocks: !transfer.flags.large_block,
            partial: None,
            ..source.clone()
        };
        self.target.datasets.push(new);
        self.sort();
    }

    /// The kernel's own preconditions (`dmu_recv_begin_check`).
    fn check(&mut self, transfer: &Transfer) -> Result<(), Failure> {
        self.find(&transfer.to)?;
        if let Some(Base::Snapshot(from)) = &transfer.from {
            self.find(from)?;
        }
        if let Some(Base::Bookmark { name, guid }) = &transfer.from {
            let marks = &self.source.dataset(name.dataset()).unwrap().marks;
            assert!(marks.iter().any(|mark| mark.name == *name && mark.guid == *guid));
        }
        let name = transfer.target.dataset();
        let parent = name.parent().unwrap();
        if *name != self.target.root && self.target.dataset(&parent).is_none() {
            return Err(no(FailureKind::NotFound, parent.as_str()));
        }
        let there = self.target.dataset(name);
        let partial = there.and_then(|there| there.partial.as_ref());
        match (partial, transfer.resume) {
            (None, None) => {}
            (Some(Partial::Saved(saved)), Some(point)) => {
                let from = transfer.from.as_ref().map(Base::guid);
                assert_eq!((saved.to_guid, saved.from_guid, saved.point), (transfer.to.guid, from, point));
                return Ok(());
            }
            _ => return Err(no(FailureKind::Busy, name.as_str())),
        }
        if let Some(origin) = &transfer.origin {
            assert_eq!(
                Some(origin.guid),
                transfer.from.as_ref().map(Base::guid),
                "a clone grows from what it is sent from"
            );
            let grows = self.target.dataset(origin.name.dataset());
            let is_it = |version: &Version| version.name == origin.name && version.guid == origin.guid;
            return match there {
                Some(_) => Err(no(FailureKind::Mismatch, name.as_str())),
                None if grows.is_some_and(|grows| grows.versions.iter().any(is_it)) => Ok(()),
                None => Err(no(FailureKind::NotFound, origin.name.as_str())),
            };
        }
        match (&transfer.from, there) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(no(FailureKind::Exists, name.as_str())),
            (Some(_), None) => Err(no(FailureKind::NotFound, name.as_str())),
            (Some(from), Some(there)) if there.newest().map(|newest| newest.guid) != Some(from.guid()) => {
                Err(no(FailureKind::Mismatch, name.as_str()))
            }
            (Some(_), Some(there)) if there.written > 0 => Err(no(FailureKind::TargetModified, name.as_str())),
            (Some(_), Some(there)) if there.versions.iter().any(|version| version.name == transfer.target) => {
                Err(no(FailureKind::Exists, transfer.target.as_str()))
            }
            _ => Ok(()),
        }
    }

    fn sort(&mut self) {
        let target = &self.target;
        self.target = View::new(
            target.pool.clone(),
            target.root.clone(),
            target.above.clone(),
            target.datasets.clone(),
        );
    }
}

fn saved(dataset: &Dataset) -> Option<&SavedReceive> {
    match &dataset.partial {
        Some(Partial::Saved(saved)) => Some(saved),
        _ => None,
    }
}

fn two_at_a_time() -> Limits {
    Limits::datasets(NonZeroUsize::new(2).unwrap())
}

fn no(kind: FailureKind, object: &str) -> Failure {
    Failure {
        side: Side::Target,
        part: Part::Receive,
        object: object.to_owned(),
        kind,
        errno: None,
        detail: String::new(),
    }
}
