//! I answer a machine's orders by hand, well and badly, and look at what it makes of that.

use std::num::NonZeroUsize;
use std::time::Duration;

use zfs_rs::identity::Guid;

use crate::event::Event;
use crate::plan::mark::TargetKey;
use crate::plan::tests::divergence;
use crate::policy::Wish;
use crate::policy::divergence::OnDivergence;
use crate::reason::{Broken, Failure, FailureKind, NotBegun, Outcome, Part, Side};
use crate::run::kill_points::check_no_leak;
use crate::run::report::Report;
use crate::run::{Action, Answer, Limits, Machine, Next, Seen};
use crate::view::{ResumeAt, SavedReceive, StreamFlags};
use crate::world::{ALL, World, guid, world};

/// A machine by hand: orders are taken as they come and answered as the test likes.
struct Hand {
    machine: Machine,
    world: World,
    now: Duration,
}

impl Hand {
    fn new(text: &str, jobs: usize) -> Self {
        Self::wishing(text, jobs, &ALL)
    }

    fn wishing(text: &str, jobs: usize, wish: &Wish) -> Self {
        let mut world = world(text);
        world.wish = wish.clone();
        let jobs = NonZeroUsize::new(jobs).unwrap();
        Self {
            machine: Machine::new(world.plan(wish), Limits::datasets(jobs)),
            world,
            now: Duration::ZERO,
        }
    }

    /// Goes on to the end, where the dataset `a` finds no room for its first snapshot.
    fn finish_without_room_for_a(&mut self) -> Report {
        let is_of_a = |action: &Action| matches!(action, Action::Transfer(transfer) if transfer.to.name.dataset().last() == "a");
        let (dataset, _) = self.until(is_of_a);
        let result = Err(failure(FailureKind::NoSpace).into());
        self.answer(dataset, Answer::Transferred { bytes: 0, result });
        self.finish()
    }

    /// All orders that are given out before an answer is needed: dataset and kind.
    fn orders(&mut self) -> Vec<(usize, Action)> {
        let mut orders = Vec::new();
        loop {
            match self.machine.poll(self.now) {
                Next::Do(order) => orders.push((order.dataset, order.action)),
                Next::WaitUntil(until) if orders.is_empty() && self.now < until => self.now = until,
                Next::Wait | Next::WaitUntil(_) | Next::Done => return orders,
            }
        }
    }

    fn answer(&mut self, dataset: usize, answer: Answer) {
        self.machine.handle(self.now, dataset, answer);
    }

    /// Does orders properly until `stop` says that this one is the test's.
    fn until(&mut self, stop: impl Fn(&Action) -> bool) -> (usize, Action) {
        for _ in 0..1000 {
            let mut mine = None;
            for (dataset, action) in self.orders() {
                if mine.is_none() && stop(&action) {
                    mine = Some((dataset, action));
                } else {
                    let answer = self.world.act(&action);
                    self.answer(dataset, answer);
                }
            }
            if let Some(mine) = mine {
                return mine;
            }
        }
        panic!("the order never comes");
    }

    fn finish(&mut self) -> Report {
        for _ in 0..1000 {
            let orders = self.orders();
            if orders.is_empty() {
                assert_eq!(self.machine.poll(self.now), Next::Done, "everything is answered");
                return self.machine.report();
            }
            for (dataset, action) in orders {
                let answer = self.world.act(&action);
                self.answer(dataset, answer);
            }
        }
        panic!("the machine does not come to an end");
    }
}

fn failure(kind: FailureKind) -> Failure {
    Failure {
        side: Side::Target,
        part: Part::Receive,
        object: "right/dst@1".to_owned(),
        kind,
        errno: Some(28),
        detail: String::new(),
    }
}

fn is_transfer(action: &Action) -> bool {
    matches!(action, Action::Transfer(_))
}

fn why(outcome: &Outcome) -> &Broken {
    match outcome {
        Outcome::Failed { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn success_is_what_was_read_back() {
    // I1: the transfer says yes, the target has nothing, or something else.
    for found in [None, Some(guid("", "1!"))] {
        let mut hand = Hand::new("src: @1", 1);
        let (dataset, _) = hand.until(is_transfer);
        hand.answer(dataset, Answer::Transferred { bytes: 9, result: Ok(()) });
        let orders = hand.orders();
        assert!(matches!(orders[0].1, Action::Confirm(_)));
        hand.answer(
            dataset,
            Answer::Confirmed(Ok(Seen {
                snapshot: found,
                partial: None,
            })),
        );
        let report = hand.finish();
        let expected = guid("", "1");
        assert_eq!(
            why(&report.datasets[0].outcome).cause.kind,
            FailureKind::NotProved { expected, found }
        );
        assert!(!report.complete);
    }
}

#[test]
fn an_estimate_is_a_hint_however_wrong() {
    for (estimate, moved) in [(u64::MAX, 1), (0, u64::MAX), (u64::MAX, u64::MAX)] {
        let mut hand = Hand::new("src: @1 @2 | src/a: @1", 2);
        let mut plan = hand.machine.plan().clone();
        plan.transfers_mut().for_each(|transfer| transfer.estimate = Some(estimate));
        let jobs = NonZeroUsize::new(2).unwrap();
        hand.machine = Machine::new(plan, Limits::datasets(jobs));
        let (dataset, action) = hand.until(is_transfer);
        for seconds in [1, 2] {
            hand.machine.moved(Duration::from_secs(seconds), dataset, moved);
        }
        let answer = hand.world.act(&action);
        hand.answer(dataset, answer);
        assert!(hand.finish().complete);
        let told: Vec<_> = std::iter::from_fn(|| hand.machine.poll_event()).collect();
        assert!(
            matches!(told[0], Event::Planned { bytes: Some(bytes), .. } if bytes == estimate),
            "{told:#?}"
        );
        let progress = |event: &Event| matches!(event, Event::Progress { bytes, .. } if *bytes == moved);
        assert!(told.iter().any(progress), "{told:#?}");
    }
}

#[test]
fn what_is_lost_was_listed_before_the_run_began() {
    // I4 I5: what passes by itself is planned anew, and somebody made a snapshot on the target meanwhile.
    let rollback = divergence::wish(OnDivergence::Rollback);
    let mut hand = Hand::wishing("src: @1 @2 *1 | dst: @1 @x", 1, &rollback);
    let mut own = hand.world.target.datasets[0].versions[1].clone();
    own.guid = 7.into();
    let (dataset, _) = hand.until(is_transfer);
    let result = Err(failure(FailureKind::Busy).into());
    hand.answer(dataset, Answer::Transferred { bytes: 9, result });
    hand.world.target.datasets[0].versions.push(own);
    let report = hand.finish();
    assert_eq!(why(&report.datasets[0].outcome).cause.kind, FailureKind::Moved);
    assert_eq!(hand.world.target.datasets[0].versions.len(), 2);
    // Nothing is tried again where the target has more than is listed.
    let mut hand = Hand::wishing("src: @1 @2 *1 | dst: @1 @x", 1, &rollback);
    let mut more = hand.world.target.datasets[0].versions[1].clone();
    (more.guid, more.createtxg) = (7.into(), 9999.into());
    hand.world.target.datasets[0].versions.push(more);
    let report = hand.finish();
    assert_eq!(why(&report.datasets[0].outcome).cause.kind, FailureKind::Moved);
    assert_eq!(report.datasets[0].attempts, 1);
    assert_eq!(hand.world.target.datasets[0].versions.len(), 3);
}

#[test]
fn what_is_listed_is_tried_again() {
    for (what, kind) in [
        (OnDivergence::Rollback, FailureKind::Busy),
        (OnDivergence::RenameAside, FailureKind::Busy),
    ] {
        let mut hand = Hand::wishing("src: @1 @2 *1 | dst: @1 @x", 1, &divergence::wish(what));
        let (dataset, _) = hand.until(|action| matches!(action, Action::RollBack(_) | Action::SetAside(_)));
        hand.answer(dataset, Answer::Done(Err(failure(kind))));
        let report = hand.finish();
        assert!(report.complete, "{report:#?}");
        assert_eq!(report.datasets[0].attempts, 2);
    }
}

#[test]
fn what_failed_has_failed_even_if_the_snapshot_is_there() {
    // I1: both are needed. The next run finds the snapshot and says so then.
    let mut hand = Hand::new("src: @1", 1);
    let (dataset, action) = hand.until(is_transfer);
    let _done = hand.world.act(&action);
    let result = Err(failure(FailureKind::Io).into());
    hand.answer(dataset, Answer::Transferred { bytes: 9, result });
    let report = hand.finish();
    assert_eq!(why(&report.datasets[0].outcome).cause.kind, FailureKind::Io);
    assert_eq!(hand.world.run_clean(&ALL), hand.world.clone().run_clean(&ALL));
    assert!(hand.world.run_clean(&ALL).0.complete);
}

#[test]
fn what_a_partial_receive_waits_for_is_kept() {
    let mut hand = Hand::new("src: @1 @2 *1 | dst: @1", 1);
    let (dataset, action) = hand.until(is_transfer);
    let Action::Transfer(transfer) = action else { unreachable!() };
    hand.world.interrupt(&transfer);
    let result = Err(failure(FailureKind::NoSpace).into());
    hand.answer(dataset, Answer::Transferred { bytes: 400, result });
    let report = hand.finish();
    let Outcome::Failed { to, from, why } = &report.datasets[0].outcome else {
        panic!()
    };
    assert_eq!(to.as_ref().unwrap().as_str(), "left/src@2");
    assert_eq!(from.as_deref(), Some("left/src@1"));
    assert_eq!(why.cause.errno, Some(28));
    let version = hand.world.source.datasets[0].version(guid("", "2")).unwrap();
    assert_eq!(version.holds, [TargetKey::new(&hand.world.target).hold_tag().unwrap()]);
    // The next run resumes, says what that saved, and lets go.
    let (report, _) = hand.world.run_clean(&ALL);
    assert!(report.complete);
    assert_eq!(report.datasets[0].bytes_saved, 400);
    check_no_leak(&hand.world, 0);
}

#[test]
fn what_does_not_fit_is_tried_again_only_where_another_receive_got_further() {
    let saved = |to: &str, bytes: u64| SavedReceive {
        to_guid: guid("", to),
        from_guid: None,
        point: ResumeAt {
            object: 7,
            offset: 131_072,
            bytes,
        },
        flags: StreamFlags::default(),
    };
    let seen = |snapshot: Option<Guid>, partial: Option<SavedReceive>| Ok(Seen { snapshot, partial });
    for (text, seen, is_tried_again) in [
        ("src: @1 | dst: ~1", seen(None, Some(saved("1", 500))), false),
        ("src: @1 | dst: ~1", Err(failure(FailureKind::Io)), false),
        ("src: @1 | dst: ~1", seen(None, Some(saved("1", 600))), true),
        ("src: @1 | dst: ~1", seen(None, None), true),
        ("src: @1 | dst: ~1", seen(Some(guid("", "1")), None), true),
        ("src: @1", seen(None, None), false),
        ("src: @1", seen(None, Some(saved("1", 600))), true),
        ("src: @1", seen(Some(guid("", "1")), None), true),
        ("src: @1", seen(Some(guid("", "1!")), None), false),
    ] {
        let mut hand = Hand::new(text, 1);
        let (dataset, _) = hand.until(is_transfer);
        let result = Err(failure(FailureKind::Mismatch).into());
        hand.answer(dataset, Answer::Transferred { bytes: 9, result });
        assert!(matches!(hand.orders()[..], [(0, Action::Confirm(_))]));
        hand.answer(dataset, Answer::Confirmed(seen.clone()));
        let report = hand.finish();
        let attempts = if is_tried_again { 2 } else { 1 };
        assert_eq!(report.datasets[0].attempts, attempts, "{text}, {seen:?}: {report:#?}");
        assert_eq!(report.complete, is_tried_again);
    }
}

#[test]
fn one_failure_stops_its_own_dataset_and_what_lies_below_only() {
    let mut hand = Hand::new("src: @1 *1 | src/a: @1 | src/a/x: @1 | src/b: @1 | dst: @1", 2);
    let report = hand.finish_without_room_for_a();
    assert!(!report.complete);
    let outcomes: Vec<_> = report.datasets.iter().map(|dataset| &dataset.outcome).collect();
    assert_eq!(outcomes[0], &Outcome::AtGoal);
    assert!(matches!(outcomes[1], Outcome::Failed { .. }));
    let why = NotBegun::Needs {
        dataset: report.datasets[1].source.clone(),
    };
    assert_eq!(outcomes[2], &Outcome::NotBegun { why });
    assert_eq!(outcomes[3], &Outcome::Replicated);
}

#[test]
fn what_a_killed_run_left_half_is_kept_though_its_dataset_cannot_begin() {
    let mut hand = Hand::new("src: @1 *1 | src/a: @1 | src/a/b: @1 *1 | dst: @1 | dst/b=a/b: ~1", 2);
    let report = hand.finish_without_room_for_a();
    assert!(matches!(report.datasets[2].outcome, Outcome::NotBegun { .. }));
    let holds = |world: &World| world.source.datasets[2].version(guid("/a/b", "1")).unwrap().holds.clone();
    assert_eq!(holds(&hand.world), [TargetKey::new(&hand.world.target).hold_tag().unwrap()]);
    let (report, _) = hand.world.run_clean(&ALL);
    assert!(report.complete);
    assert!(report.datasets[2].bytes_saved > 0);
    assert_eq!(holds(&hand.world), []);
}

#[test]
fn no_more_datasets_at_once_than_allowed_and_children_as_soon_as_they_can() {
    let text = "src: @1 @2 @3 | src/a: @1 | src/b: @1 | src/c: @1";
    let mut hand = Hand::new(text, 2);
    let (_, guard) = hand.orders().remove(0);
    assert!(matches!(guard, Action::Guard { snapshots, cursors } if snapshots.len() == 3 && cursors.len() == 3));
    assert!(hand.orders().is_empty(), "nothing can be below what is not there");
    hand.answer(0, Answer::Done(Ok(())));
    let (_, transfer) = hand.orders().remove(0);
    assert!(is_transfer(&transfer));
    hand.answer(0, Answer::Transferred { bytes: 1, result: Ok(()) });
    assert!(matches!(hand.orders()[..], [(0, Action::Confirm(_))]));
    let snapshot = Some(guid("", "1"));
    hand.answer(0, Answer::Confirmed(Ok(Seen { snapshot, partial: None })));
    // The first snapshot is there: one child may go beside what is left of the parent.
    let orders = hand.orders();
    assert_eq!(orders.iter().map(|(dataset, _)| *dataset).collect::<Vec<_>>(), [0, 1]);
}

// I15
#[test]
fn many_small_datasets_go_at_once_and_of_large_ones_as_many_as_memory_allows() {
    let children = |count: usize| (0..count).fold("src: @1 *1 | dst: @1".to_owned(), |text, child| format!("{text} | src/{child}: @1"));
    let begun = |limits: Limits, estimates: &[Option<u64>]| {
        let mut hand = Hand::new(&children(estimates.len()), 1);
        let mut plan = hand.machine.plan().clone();
        plan.transfers_mut()
            .zip(estimates)
            .for_each(|(transfer, estimate)| transfer.estimate = *estimate);
        hand.machine = Machine::new(plan, limits);
        hand.orders().len()
    };
    let (small, large) = (Some(1000), Some(5 << 30));
    assert_eq!(begun(Limits::default(), &[small; 20]), 16);
    assert_eq!(begun(Limits::default(), &[large; 20]), 4);
    assert_eq!(begun(Limits::default(), &[None; 20]), 4, "what is not known may be large");
    // Small ones pass those that wait for room.
    assert_eq!(begun(Limits::default(), &[[large; 6], [small; 6]].concat()), 4 + 6);
    // As many as is said, whatever they are like; and always one.
    assert_eq!(begun(Limits::datasets(NonZeroUsize::new(6).unwrap()), &[large; 20]), 6);
    let queued = 1;
    assert_eq!(
        begun(
            Limits {
                queued,
                ..Limits::default()
            },
            &[large; 20]
        ),
        1
    );
}

#[test]
fn marks_go_only_after_what_stays_was_read_back() {
    // I3, I10: between planning and now the target lost its newest snapshot.
    let mut hand = Hand::new("src: @3 *1 *2 *3 | dst: @1 @2 @3", 1);
    let orders = hand.orders();
    assert!(matches!(&orders[..], [(0, Action::Confirm(wanted))] if wanted.name.short() == "3"));
    hand.answer(0, Answer::Confirmed(Ok(Seen::default())));
    let report = hand.finish();
    assert!(!report.complete);
    assert_eq!(hand.world.source.datasets[0].marks.len(), 3);
}

#[test]
fn a_cancelled_run_begins_nothing_and_says_so() {
    let mut hand = Hand::new("src: @1 @2 | src/a: @1", 1);
    let (dataset, action) = hand.until(is_transfer);
    hand.machine.cancel();
    let answer = hand.world.act(&action);
    hand.answer(dataset, answer);
    let report = hand.finish();
    assert!(!report.complete);
    assert_eq!(why(&report.datasets[0].outcome).cause.kind, FailureKind::Cancelled);
    assert_eq!(report.datasets[0].steps_done, 1);
    assert_eq!(report.datasets[1].outcome, Outcome::NotBegun { why: NotBegun::Cancelled });
}

#[test]
fn an_answer_to_another_question_is_no_success() {
    // I1
    let mut hand = Hand::new("src: @1", 1);
    let (dataset, _) = hand.until(is_transfer);
    hand.answer(dataset, Answer::Done(Ok(())));
    assert_eq!(
        hand.finish().datasets[0].steps_done,
        0,
        "an order is answered by its own kind of answer"
    );
}

#[test]
fn a_blocked_dataset_makes_the_run_incomplete() {
    // I19
    let (report, _) = world("src: @1 *1 | src/a: | dst: @1").run_clean(&ALL);
    assert!(!report.complete);
    assert!(report.datasets[0].outcome.is_at_goal());
}

#[test]
fn listeners_hear_everything_once_and_in_order() {
    let mut hand = Hand::new("src: @1 *1 | src/b=a: @1 @2 *1 | src/e: | dst: @1 | dst/a: @1 ~1>3", 2);
    let report = hand.finish();
    let names: Vec<_> = std::iter::from_fn(|| hand.machine.poll_event())
        .map(|event| serde_json::to_value(event).unwrap()["event"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "planned",
            "dataset_finished", // blocked from the beginning
            "dataset_finished", // at its goal from the beginning
            "dataset_started",
            "renamed",
            "partial_aborted",
            "step_started",
            "step_proved",
            "dataset_finished",
            "finished",
        ]
    );
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
}

#[test]
fn a_clone_waits_for_the_snapshot_it_grows_from_and_for_nothing_more() {
    let mut hand = Hand::new("src: @1 *1 | src/a: @1 @2 @3 | src/c: @4 clone:a@2 | dst: @1", 4);
    let is_sent = |number: &'static str| move |action: &Action| matches!(action, Action::Transfer(to) if to.to.guid == guid("/a", number));
    // The dataset stands when its first snapshot is there, and the clone cannot begin.
    let (dataset, action) = hand.until(is_sent("2"));
    assert!(hand.orders().is_empty());
    let answer = hand.world.act(&action);
    hand.answer(dataset, answer);
    let (dataset, _) = hand.until(is_sent("3"));
    // What comes after its origin does not matter to it.
    let result = Err(failure(FailureKind::NoSpace).into());
    hand.answer(dataset, Answer::Transferred { bytes: 0, result });
    let report = hand.finish();
    let outcomes: Vec<_> = report.datasets.iter().map(|dataset| dataset.outcome.is_at_goal()).collect();
    assert_eq!(outcomes, [true, false, true]);
}

#[test]
fn what_passes_is_planned_anew_and_goes_on_where_it_stopped() {
    let mut hand = Hand::new("src: @1 @2 @3 *1 | src/a: @1 | dst: @1", 2);
    let (dataset, action) = hand.until(|action| matches!(action, Action::Transfer(transfer) if transfer.to.name.short() == "2"));
    let Action::Transfer(transfer) = action else { unreachable!() };
    hand.world.interrupt(&transfer);
    let result = Err(failure(FailureKind::Truncated).into());
    hand.answer(dataset, Answer::Transferred { bytes: 400, result });
    let report = hand.finish();
    assert!(report.complete, "{report:#?}");
    let root = &report.datasets[0];
    assert_eq!(
        (root.attempts, root.steps_done, root.steps_planned, root.bytes_saved),
        (2, 2, 2, 400)
    );
    assert_eq!(report.datasets[1].attempts, 1, "the others are not tried again");
    assert_eq!(hand.now, Duration::from_secs(2));
    let events: Vec<_> = std::iter::from_fn(|| hand.machine.poll_event()).collect();
    let retried = |event: &&Event| matches!(event, Event::Retrying { after, .. } if *after == Duration::from_secs(2));
    assert_eq!(events.iter().filter(retried).count(), 1);
    let ends = |event: &&Event| matches!(event, Event::DatasetFinished { dataset, .. } if dataset.index == 0);
    assert_eq!(events.iter().filter(ends).count(), 1, "one end is told");
    check_no_leak(&hand.world, 0);
}

#[test]
fn what_does_not_pass_is_given_up_and_what_needs_it_waits_for_that() {
    let mut hand = Hand::new("src: @1 | src/a: @1", 2);
    for _ in 0..4 {
        let (dataset, _) = hand.until(is_transfer);
        let result = Err(failure(FailureKind::Busy).into());
        hand.answer(dataset, Answer::Transferred { bytes: 0, result });
    }
    let report = hand.finish();
    assert_eq!(why(&report.datasets[0].outcome).cause.kind, FailureKind::Busy);
    assert_eq!(report.datasets[0].attempts, 4);
    assert!(matches!(
        report.datasets[1].outcome,
        Outcome::NotBegun {
            why: NotBegun::Needs { .. }
        }
    ));
    assert_eq!(hand.now, Duration::from_secs(2 + 8 + 32));
}

#[test]
fn who_rests_when_the_run_is_cancelled_has_failed_as_it_did() {
    let mut hand = Hand::new("src: @1", 1);
    let (dataset, _) = hand.until(is_transfer);
    let result = Err(failure(FailureKind::Busy).into());
    hand.answer(dataset, Answer::Transferred { bytes: 0, result });
    loop {
        match hand.machine.poll(Duration::ZERO) {
            Next::Do(order) => {
                let answer = hand.world.act(&order.action);
                hand.answer(order.dataset, answer);
            }
            Next::WaitUntil(until) => break assert_eq!(until, Duration::from_secs(2)),
            other => panic!("{other:?}"),
        }
    }
    hand.machine.cancel();
    assert_eq!(hand.machine.poll(Duration::ZERO), Next::Done);
    assert_eq!(why(&hand.machine.report().datasets[0].outcome).cause.kind, FailureKind::Busy);
}
