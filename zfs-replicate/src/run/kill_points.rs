//! I run plans in small worlds, kill them everywhere, and look at what is left.

use std::collections::BTreeSet;

use zfs_rs::identity::{Guid, Txg};

use crate::plan::mark::TargetKey;
use crate::plan::tests::divergence;
use crate::policy::Wish;
use crate::policy::divergence::OnDivergence;
use crate::policy::pattern::{Pattern, Verb};
use crate::run::Action;
use crate::view::{Base, Dataset, View};
use crate::world::{ALL, End, World, world};

/// The invariants that hold after every single action, whoever dies then.
pub(super) struct Watch {
    before: World,
    /// The newest base of each dataset of the source, by its GUID.
    bases: Vec<(Guid, Option<Txg>)>,
    /// What the target had when our runs began: only what came later is ours to have marked.
    foreign: BTreeSet<Guid>,
}

impl Watch {
    pub(super) fn new(world: &World) -> Self {
        Self {
            before: world.clone(),
            bases: bases(world),
            foreign: world.received().into_values().flatten().collect(),
        }
    }

    pub(super) fn check(&mut self, world: &World, action: &Action) {
        // I2: the newest base never goes back.
        let now = bases(world);
        for ((dataset, before), (_, after)) in self.bases.iter().zip(&now) {
            assert!(
                before <= after,
                "I2: the base of {dataset} went back from {before:?} to {after:?} by {action:?}"
            );
        }
        self.bases = now;
        // I4: no snapshot of the target ever goes, unless it is listed to.
        let guids = |world: &World| world.received().into_values().flatten().collect::<BTreeSet<_>>();
        let mut kept = guids(world);
        if let Action::RollBack(back) = action {
            kept.extend(back.lost.iter().map(|lost| lost.guid));
        }
        assert!(kept.is_superset(&guids(&self.before)), "I4: {action:?}");
        // I3: after an unmarking the two newest bases are marked; I2: what we sent is marked from the first instant.
        let key = TargetKey::new(&world.target);
        for dataset in &world.source.datasets {
            let common = common(dataset, world);
            let is_marked = |guid: Guid| {
                dataset
                    .marks
                    .iter()
                    .any(|mark| mark.guid == guid && is_ours(key, dataset, guid, mark.name.short()))
            };
            if let Action::Unmark(gone) = action
                && gone.iter().any(|gone| *gone.name.dataset() == dataset.name)
            {
                assert!(common.iter().rev().take(2).all(|(_, guid)| is_marked(*guid)), "I3: {action:?}");
            }
            if let Some((_, newest)) = common.last() {
                assert!(
                    self.foreign.contains(newest) || is_marked(*newest),
                    "I2: {newest} came unmarked by {action:?}"
                );
            }
        }
        self.before = world.clone();
    }
}

fn is_ours(key: TargetKey, dataset: &Dataset, guid: Guid, short: &str) -> bool {
    let of = Base::Bookmark {
        name: dataset.name.bookmark("x").unwrap(),
        guid,
    };
    key.cursor(&dataset.name, of).unwrap().name.short() == short
}

/// What source and target have in common for a dataset, oldest first.
fn common(dataset: &Dataset, world: &World) -> BTreeSet<(Txg, Guid)> {
    let there: BTreeSet<_> = world.received().into_values().flatten().collect();
    let snapshots = dataset.versions.iter().map(|version| (version.createtxg, version.guid));
    let bookmarks = dataset.marks.iter().map(|mark| (mark.createtxg, mark.guid));
    snapshots.chain(bookmarks).filter(|(_, guid)| there.contains(guid)).collect()
}

fn bases(world: &World) -> Vec<(Guid, Option<Txg>)> {
    let newest = |dataset: &Dataset| common(dataset, world).last().map(|(createtxg, _)| *createtxg);
    world
        .source
        .datasets
        .iter()
        .map(|dataset| (dataset.guid, newest(dataset)))
        .collect()
}

/// Kills a run at every point and demands what I7 and I8 say. Gives the number of points.
fn kill_everywhere(text: &str, wish: &Wish) -> usize {
    let mut whole = world(text);
    let mut watch = Watch::new(&whole);
    let _end = whole.run(wish, None, &mut |world, action| watch.check(world, action));
    let _end = whole.run_clean(wish);

    for point in 0.. {
        let mut world = world(text);
        let mut watch = Watch::new(&world);
        let end = world.run(wish, Some(point), &mut |world, action| watch.check(world, action));
        if let End::Over(..) = end {
            return point;
        }
        let mut watch = Watch {
            before: world.clone(),
            bases: bases(&world),
            ..watch
        };
        for _ in 0..2 {
            let _end = world.run(wish, None, &mut |world, action| watch.check(world, action));
        }
        // I7: two clean runs, and the third has nothing to do.
        let (report, mutations) = world.run_clean(wish);
        assert_eq!(mutations, 0, "I7: killed at {point}: {:#?}", world.plan(wish));
        assert!(report.complete, "killed at {point}: {report:#?}");
        assert_eq!(world.received(), whole.received(), "killed at {point}");
        check_no_leak(&world, point);
    }
    unreachable!()
}

/// I8: at the fixpoint no hold, no partial receive, and no more marks than stated.
pub(super) fn check_no_leak(world: &World, point: usize) {
    let key = TargetKey::new(&world.target);
    let tag = key.hold_tag().unwrap();
    for dataset in &world.source.datasets {
        let is_kept = dataset.versions.iter().any(|version| version.holds.contains(&tag));
        assert!(!is_kept, "killed at {point}");
        let own = dataset
            .marks
            .iter()
            .filter(|mark| is_ours(key, dataset, mark.guid, mark.name.short()));
        assert!(own.count() <= 2, "killed at {point}: {:?}", dataset.marks);
    }
    let has_source = |there: &&Dataset| {
        let path = |side: &View, dataset: &Dataset| side.path(dataset).unwrap().to_owned();
        world
            .source
            .datasets
            .iter()
            .any(|dataset| path(&world.source, dataset) == path(&world.target, there))
    };
    let mut counterparts = world.target.datasets.iter().filter(has_source);
    assert!(counterparts.all(|dataset| dataset.partial.is_none()), "killed at {point}");
}

/// A stranger destroys every snapshot of the source but the newest, those that are held, and those from which clones grew.
fn prune(world: &mut World) {
    let origins = world.source.datasets.iter().filter_map(|dataset| dataset.origin.as_ref()?.guid);
    let origins: BTreeSet<_> = origins.collect();
    for dataset in &mut world.source.datasets {
        let newest = dataset.newest().map(|version| version.guid);
        dataset
            .versions
            .retain(|version| !version.holds.is_empty() || Some(version.guid) == newest || origins.contains(&version.guid));
    }
}

const SCENARIO: &str = "src: @1 @2 @3 *1 | dst: @1
    src/full: @1 @2 @3
    src/full/below: @1
    src/named=was: @1 @2 @3 *2 | dst/was: @1 @2
    src/named/below=was/below: @2 *1 | dst/was/below: @1
    src/resumed: @1 @2 @3 *1 *2 held:2 | dst/resumed: @1 ~1>2
    src/begun: @1 @2 *1 | dst/begun: ~1
    src/stale: @2 @3 *1 *2 | dst/stale: @1 ~1>4
    src/gone: @5 @6 *4 | dst/gone: ~4
    src/done: @1 @2 *1 *2 | dst/done: @1 @2
    src/clone: @4 @5 clone:full@2
    src/again: @6 clone:clone@5
    src/cut: @4 @5 *4 clone:done@1 | dst/cut: ~done@1>4 clone:done@1";

#[test]
fn killed_at_any_point_it_comes_to_the_same_end() {
    let points = kill_everywhere(SCENARIO, &ALL);
    println!("{points} kill points");
    assert!(points > 80, "{points}");
}

/// What diverged: with a half received snapshot, with something below, by what was written, where another belongs, and with nothing in common.
const DIVERGED: &str = "src: @1 @2 @3 *1 | dst: @1
    src/own: @1 @2 *1 | dst/own: @1 @x
    src/own/below: @1 @2 *1 | dst/own/below: @1
    src/half: @1 @2 *1 *2 held:2 | dst/half: @1 @y ~1>2
    src/given: @1 @2 *1 | dst/given: @1 @4 ~4>2
    src/wrote: @1 @2 *1 | dst/wrote: @1 +512
    src/old=new: @1 | src/moved=old: @1 @2 *1 | dst/old: @1 @z
    src/clone: @4 *4 clone:own@1 | dst/clone: @4 @x clone:own@1";

#[test]
fn killed_at_any_point_what_diverged_is_set_aside_once() {
    // I4 I7
    let text = format!("{DIVERGED} | src/strange: @1 | dst/strange: @x | dst/strange/below: @1");
    let points = kill_everywhere(&text, &divergence::wish(OnDivergence::RenameAside));
    assert!(points > 70, "{points}");
    let points = kill_everywhere(
        "src: @1 @2 *1 | src/a: @1 *1 | dst: @1 @x | dst/a: @1",
        &divergence::wish(OnDivergence::RenameAside),
    );
    assert!(points > 10, "{points}");
}

#[test]
fn killed_at_any_point_what_diverged_goes_back_and_on() {
    // I4 I5 I7
    let points = kill_everywhere(DIVERGED, &divergence::wish(OnDivergence::Rollback));
    assert!(points > 50, "{points}");
}

#[test]
fn killed_at_any_point_placeholders_are_made_once() {
    let mut wish = ALL.clone();
    for (verb, pattern) in [
        (Verb::Exclude, "left/src/a"),
        (Verb::Include, "left/src/a/*"),
        (Verb::Exclude, "left/src/a/c"),
    ] {
        wish.datasets.push(Pattern::new(verb, pattern).unwrap());
    }
    wish.datasets.push(Pattern::new(Verb::Include, "left/src/a/c/d").unwrap());
    let points = kill_everywhere("src: @1 | src/a: @1 | src/a/b: @1 @2 | src/a/c: @1 | src/a/c/d: @1", &wish);
    assert!(points >= 20, "{points}");
}

#[test]
fn killed_at_any_point_a_stranger_who_prunes_costs_no_base() {
    // What is gone on the source cannot be sent any more; but nothing has to be sent in full a second time.
    for point in 0.. {
        let mut world = world(SCENARIO);
        let mut watch = Watch::new(&world);
        let end = world.run(&ALL, Some(point), &mut |world, action| watch.check(world, action));
        if let End::Over(..) = end {
            break;
        }
        let before = bases(&world);
        prune(&mut world);
        for ((dataset, before), (_, after)) in before.iter().zip(bases(&world)) {
            // The cursors of the scenario cover what was there; ours cover what came.
            assert_eq!(*before, after, "I2: pruning after point {point} took the base of {dataset}");
        }
        let plan = world.plan(&ALL);
        for dataset in &plan.datasets {
            let had_base = before.iter().any(|(_, base)| base.is_some())
                && world
                    .source
                    .dataset(&dataset.source)
                    .is_some_and(|source| !common(source, &world).is_empty());
            assert!(
                !had_base || dataset.transfers().all(|transfer| transfer.from.is_some()),
                "full again after point {point}: {dataset:#?}"
            );
        }
        let _end = world.run_clean(&ALL);
        let (report, mutations) = world.run_clean(&ALL);
        assert!(report.complete && mutations == 0, "point {point}: {report:#?}");
    }
}

#[test]
fn killed_twice_it_still_comes_to_its_end() {
    let text = "src: @1 @2 *1 | src/b=a: @1 @2 @3 *1 | dst: @1 | dst/a: @1 ~1>2";
    let mut pairs = 0;
    for first in 0..40 {
        for second in 0..40 {
            let mut world = world(text);
            let mut watch = Watch::new(&world);
            for point in [first, second] {
                let _end = world.run(&ALL, Some(point), &mut |world, action| watch.check(world, action));
            }
            let _end = world.run_clean(&ALL);
            let _end = world.run_clean(&ALL);
            let (report, mutations) = world.run_clean(&ALL);
            assert!(report.complete && mutations == 0, "I7: {first}, {second}");
            check_no_leak(&world, second);
            pairs += 1;
        }
    }
    assert_eq!(pairs, 1600);
}

/// Cancels a run at every point, answers what is in hand as a driver does that cuts it off, and demands what I7 and I8 say.
#[test]
fn cancelled_at_any_point_it_comes_to_the_same_end() {
    let mut whole = world(SCENARIO);
    let _end = whole.run_clean(&ALL);
    for point in 0.. {
        let mut world = world(SCENARIO);
        let mut watch = Watch::new(&world);
        if !world.cancel(&ALL, point, &mut |world, action| watch.check(world, action)) {
            assert!(point > 60, "{point}");
            return;
        }
        let (report, _) = world.run_clean(&ALL);
        assert!(report.complete, "cancelled at {point}: {report:#?}");
        let (_, mutations) = world.run_clean(&ALL);
        assert_eq!(mutations, 0, "I7: cancelled at {point}");
        assert_eq!(world.received(), whole.received(), "cancelled at {point}");
        check_no_leak(&world, point);
    }
}
