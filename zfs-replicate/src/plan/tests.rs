//! I check plans on paper: a world in, a list of steps out.

use crate::plan::{DatasetPlan, Plan, PlanError, Step, Work, plan};
use crate::policy::Wish;
use crate::policy::age::Ages;
use crate::policy::pattern::{Pattern, Verb};
use crate::reason::{Blocked, Note, Selected, Side, Skipped};
use crate::view::{Encryption, StreamFlags};
use crate::world::{ALL, RAW, World, guid, name, number, world};

pub(crate) mod divergence;

/// A plan in one line for each dataset: name, then steps or the code of what blocks it.
fn told(text: &str, wish: &Wish) -> String {
    let lines: Vec<_> = plan_of(text, wish).datasets.iter().map(line).collect();
    lines.join("\n")
}

pub(crate) fn line(dataset: &DatasetPlan) -> String {
    let words: Vec<_> = match &dataset.work {
        Work::Blocked { why } => vec![format!("BLOCKED {}", why.code())],
        Work::Steps { steps } => steps
            .iter()
            .map(|step| match step {
                Step::Rename(rename) => format!("rename {}→{}", rename.from.last(), rename.to.last()),
                Step::SetAside(aside) => format!("set aside {} with {}", aside.from.last(), aside.below.len()),
                Step::RollBack(back) => {
                    let lost: Vec<_> = back.lost.iter().map(|lost| lost.name.short()).collect();
                    format!("back to {} losing {} +{}", number(back.to.guid), lost.join(","), back.written)
                }
                Step::Placeholder(_) => "stand in".to_owned(),
                Step::AbortPartial(abort) => format!("abort {}", abort.why.code()),
                Step::Mark(marking) => {
                    let made: Vec<_> = marking.cursors.iter().map(|cursor| number(cursor.of.guid())).collect();
                    format!("mark {}", made.join(","))
                }
                Step::Transfer(transfer) => {
                    let from = transfer.from.as_ref().map_or_else(|| "0".to_owned(), |from| number(from.guid()));
                    let how = match (&transfer.resume, &transfer.origin) {
                        (Some(_), _) => "resume",
                        (None, Some(_)) => "clone",
                        (None, None) => "send",
                    };
                    format!("{how} {from}→{}", number(transfer.to.guid))
                }
                Step::Release(kept) => format!("release {}", number(kept.snapshot.guid)),
                Step::Unmark(unmark) => {
                    let gone: Vec<_> = unmark.cursors.iter().map(|marked| number(marked.guid)).collect();
                    format!("unmark {} keeping {}", gone.join(","), number(unmark.stays.guid))
                }
            })
            .collect(),
    };
    format!("{}: {}", dataset.source.last(), words.join(", "))
}

fn plan_of(text: &str, wish: &Wish) -> Plan {
    world(text).plan(wish)
}

fn blocked(text: &str, wish: &Wish) -> Blocked {
    match &plan_of(text, wish).datasets[0].work {
        Work::Blocked { why } => why.clone(),
        Work::Steps { steps } => panic!("{steps:?}"),
    }
}

#[test]
fn what_is_new_is_sent_in_full_and_then_step_by_step() {
    // I2: every snapshot has its cursor before it travels. I3: the two newest stay marked.
    assert_eq!(told("src: @1", &ALL), "src: mark 1, send 0→1");
    assert_eq!(
        told("src: @1 @2 @3", &ALL),
        "src: mark 1,2,3, send 0→1, send 1→2, send 2→3, unmark 1 keeping 3"
    );
}

#[test]
fn increments_go_on_from_the_newest_in_common() {
    assert_eq!(
        told("src: @1 @2 @3 *1 *2 | dst: @1 @2", &ALL),
        "src: mark 3, send 2→3, unmark 1 keeping 3"
    );
    // The source's order counts, whatever order names and target suggest.
    assert_eq!(
        told("src: @1 @2 @3 @4 *2 *3 | dst: @2 @3", &ALL),
        "src: mark 4, send 3→4, unmark 2 keeping 4"
    );
}

#[test]
fn a_bookmark_is_base_enough() {
    // I2: the base snapshot is gone on the source, what is left of it serves.
    assert_eq!(
        told("src: @3 *1 *2 | dst: @1 @2", &ALL),
        "src: mark 3, send 2→3, unmark 1 keeping 3"
    );
    assert_eq!(told("src: @3 #2 | dst: @2", &ALL), "src: mark 2,3, send 2→3");
    // A stranger's bookmark is used and left alone.
    let plan = plan_of("src: @3 #2 | dst: @2", &ALL);
    let transfer = plan.datasets[0].transfers().next().unwrap();
    assert_eq!(transfer.from.as_ref().unwrap().as_str(), "left/src#2");
}

#[test]
fn at_the_goal_nothing_is_done() {
    // I7
    assert_eq!(told("src: @1 *1 | dst: @1", &ALL), "src: ");
    assert_eq!(told("src: @1 @2 @3 *2 *3 | dst: @1 @2 @3", &ALL), "src: ");
    assert_eq!(told("src: @2 *1 *2 | dst: @1 @2", &ALL), "src: ");
}

#[test]
fn marks_are_brought_to_where_they_should_be() {
    // A target that somebody else filled: its bases are marked from now on.
    assert_eq!(told("src: @1 @2 @3 | dst: @1 @2 @3", &ALL), "src: mark 2,3");
    // I8: what a killed run left over goes, tentative or confirmed; strangers' bookmarks stay.
    assert_eq!(told("src: @3 *1 *2 *3 #1 | dst: @1 @2 @3", &ALL), "src: unmark 1 keeping 3");
    assert_eq!(told("src: @3 *2 *3 *4 | dst: @2 @3", &ALL), "src: unmark 4 keeping 3");
    // I2: while the target has nothing, no mark goes, whatever it looks like.
    assert_eq!(told("src: @3 *1 *2", &ALL), "src: mark 3, send 0→3, unmark 1,2 keeping 3");
    // I3: a target that was rewound to @1 gets its base from the cursor that was kept for this.
    assert_eq!(told("src: @3 *1 *2 | dst: @1", &ALL), "src: mark 3, send 1→3, unmark 2 keeping 3");
}

#[test]
fn names_are_nobodys_identity() {
    // I6
    assert_eq!(told("src: @a=1 @2 *1 | dst: @b=1", &ALL), "src: mark 2, send 1→2");
    let why = blocked("src: @1 @2 | dst: @1 @2!", &ALL);
    let Blocked::Diverged { common, beyond } = why else {
        panic!("{why}")
    };
    assert_eq!(common.unwrap().guid, guid("", "1"));
    assert_eq!(beyond[0].guid, guid("", "2!"));
    let why = blocked("src: @1 @2 @3 | dst: @3! @2", &ALL);
    let Blocked::SnapshotNameTaken { name, source_guid, target } = why else {
        panic!("{why}")
    };
    assert_eq!((name.short(), source_guid, target), ("3", guid("", "3"), guid("", "3!")));
}

#[test]
fn what_the_target_has_of_its_own_is_never_rolled_back() {
    // I4
    let why = blocked("src: @1 @2 @3 | dst: @1 @x @y", &ALL);
    assert_eq!(
        why.to_string(),
        format!("the target has 2 snapshots of its own since right/dst@1 (guid {})", guid("", "1"))
    );
    assert_eq!(
        blocked("src: @1 | dst: @x", &ALL).to_string(),
        "the target has 1 snapshot of its own and none in common with the source"
    );
    assert_eq!(blocked("src: @1 | dst:", &ALL).code(), "diverged");
    // The source went back to an older snapshot.
    assert_eq!(blocked("src: @1 | dst: @1 @2", &ALL).code(), "diverged");
    // What is older than the base stops nothing.
    assert_eq!(told("src: @2 @3 *2 | dst: @x @2", &ALL), "src: mark 3, send 2→3");
}

#[test]
fn what_was_written_on_the_target_is_never_rolled_back() {
    // I5
    let Blocked::TargetModified { bytes, since } = blocked("src: @1 @2 | dst: @1 +8192", &ALL) else {
        panic!()
    };
    assert_eq!((bytes, since.guid), (8192, guid("", "1")));
    let plan = plan_of("src: @1 *1 | dst: @1 +8192", &ALL);
    assert_eq!(plan.datasets[0].notes, [Note::TargetModified { bytes: 8192 }]);
    assert_eq!(plan.datasets[0].steps(), []);
}

#[test]
fn an_interrupted_receive_goes_on_where_it_stopped() {
    assert_eq!(told("src: @1 @2 *1 | dst: ~1", &ALL), "src: mark 2, resume 0→1, send 1→2");
    assert_eq!(
        told("src: @1 @2 @3 *1 *2 | dst: @1 ~1>2", &ALL),
        "src: mark 3, resume 1→2, send 2→3, unmark 1 keeping 3"
    );
    // From a bookmark too, and the hold that kept its snapshot goes after the proof.
    assert_eq!(told("src: @2 *1 *2 held:2 | dst: @1 ~1>2", &ALL), "src: resume 1→2, release 2");
    let plan = plan_of("src: @1 *1 | dst: ~1", &ALL);
    let transfer = plan.datasets[0].transfers().next().unwrap();
    assert_eq!(transfer.resume.unwrap().bytes, 500);
    assert!(!transfer.flags.compress, "the rest of a stream is made like its beginning");
}

#[test]
fn an_interrupted_receive_that_does_not_fit_is_given_up_in_the_same_run() {
    assert_eq!(told("src: @1 *1 | dst: ~?", &ALL), "src: abort unreadable, send 0→1");
    assert_eq!(
        told("src: @2 *1 | dst: ~1", &ALL),
        "src: mark 2, abort snapshot_gone, send 0→2, unmark 1 keeping 2"
    );
    assert_eq!(
        told("src: @3 *1 *2 | dst: @1 ~1>2", &ALL),
        "src: mark 3, abort snapshot_gone, send 1→3, unmark 2 keeping 3"
    );
    assert_eq!(
        told("src: @1 @2 @3 *2 | dst: @2 ~1>3", &ALL),
        "src: mark 3, abort base_gone, send 2→3"
    );
    assert_eq!(
        told("src: @1 @2 *1 *2 | dst: ~2", &ALL),
        "src: abort leaves_out, send 0→1, send 1→2"
    );
    assert_eq!(told("src: @1 *1 | dst: @1 ~1>2", &ALL), "src: abort snapshot_gone");
    assert_eq!(
        told("src: enc @1 *1 | dst: ~1 raw | right: enc", &ALL),
        "src: abort raw_differs, send 0→1"
    );
    assert_eq!(told("src: enc @1 *1 | dst: ~1", &RAW), "src: abort raw_differs, send 0→1");
    assert_eq!(told("src: @1 *1 | dst: ~1", &RAW), "src: resume 0→1");
    // The hold goes with what it was for, and also when that has gone by itself.
    assert_eq!(
        told("src: @1 @2 *1 *2 held:2 | dst: ~2", &ALL),
        "src: abort leaves_out, release 2, send 0→1, send 1→2"
    );
    assert_eq!(told("src: @1 *1 held:1 | dst: @1", &ALL), "src: release 1");
}

#[test]
fn a_partial_receive_is_left_alone_while_the_dataset_is_blocked() {
    assert_eq!(blocked("src: @1 @2 | dst: @1 @x ~1>2", &ALL).code(), "diverged");
    assert_eq!(blocked("src: @1 | dst: unfinished", &ALL).code(), "target_unfinished");
}

#[test]
fn a_dataset_without_snapshots_is_loud_and_so_is_what_needs_it() {
    assert_eq!(
        told("src: | src/a: @1 | src/a/b: @1", &ALL),
        "src: BLOCKED no_snapshots\na: BLOCKED parent_missing\nb: BLOCKED parent_missing"
    );
    assert_eq!(
        told("src: | src/a: @1 | dst:", &ALL),
        "src: BLOCKED no_snapshots\na: mark 1, send 0→1"
    );
}

#[test]
fn only_the_named_one_unless_all_are_wanted() {
    let plan = plan_of("src: @1 | src/a: @1 | dst/x: @1", &Wish::default());
    assert_eq!(plan.datasets.len(), 1);
    assert_eq!(plan.skipped[0].why, Skipped::NotRecursive);
    assert_eq!(plan.orphans, []);
}

#[test]
fn children_come_after_their_parents() {
    let plan = plan_of("src/a/b: @1 | src: @1 | src/a: @1 | dst: @1", &ALL);
    let needs: Vec<_> = plan
        .datasets
        .iter()
        .map(|dataset| (dataset.source.last(), dataset.needs.as_slice()))
        .collect();
    assert_eq!(needs, [("src", &[][..]), ("a", &[]), ("b", &[1])]);
}

#[test]
fn a_renamed_dataset_keeps_its_past() {
    // I6: lineage is a set of GUIDs, not a path.
    assert_eq!(
        told("src: @1 *1 | src/b=a: @1 @2 *1 | dst: @1 | dst/a: @1", &ALL),
        "src: \nb: mark 2, rename a→b, send 1→2"
    );
    // Known by a bookmark alone, and with what lies below.
    let text = "src: @1 *1 | src/b=a: @2 *1 | src/b/c=a/c: @1 @2 *1 | dst: @1 | dst/a: @1 | dst/a/c: @1";
    assert_eq!(told(text, &ALL), "src: \nb: mark 2, rename a→b, send 1→2\nc: mark 2, send 1→2");
    let plan = plan_of(text, &ALL);
    assert_eq!(plan.datasets[2].needs, [1]);
    assert_eq!(plan.orphans, []);
    // In the middle of its first receive.
    assert_eq!(
        told("src: @1 *1 | src/b=a: @1 *1 | dst: @1 | dst/a: ~1", &ALL),
        "src: \nb: rename a→b, resume 0→1"
    );
}

#[test]
fn a_name_is_freed_before_it_is_used() {
    let text = "src: @1 *1 | src/a=new: @1 | src/z=a: @1 *1 | dst: @1 | dst/a: @1";
    assert_eq!(told(text, &ALL), "src: \nz: rename a→z\na: mark 1, send 0→1");
    assert_eq!(plan_of(text, &ALL).datasets[2].needs, [1]);
    // A chain.
    let text = "src: @1 *1 | src/b=a: @1 *1 | src/c=b: @1 *1 | dst: @1 | dst/a: @1 | dst/b: @1";
    assert_eq!(told(text, &ALL), "src: \nc: rename b→c\nb: rename a→b");
}

#[test]
fn a_name_that_stays_occupied_blocks() {
    // Two that changed places, and what lies below one of them.
    let text = "src: @1 *1 | src/a=b: @1 | src/b=a: @1 | src/a/c: @1 | dst: @1 | dst/a: @1 | dst/b: @1";
    assert_eq!(
        told(text, &ALL),
        "src: \na: BLOCKED name_occupied\nc: BLOCKED parent_missing\nb: BLOCKED name_occupied"
    );
    // Something new must not take the place of what waits to be moved, least of all give up its partial receive.
    let text = "src: @1 *1 | src/a=new: @1 | src/b=a: @1 *1 | src/a/b=b: @1 *1 | dst: @1 | dst/a: ~1 | dst/b: @1 +1";
    assert_eq!(
        told(text, &ALL),
        "src: \na: BLOCKED name_occupied\nb: BLOCKED parent_missing\nb: BLOCKED name_occupied"
    );
    // A stranger.
    assert_eq!(
        told("src: @1 *1 | src/b=a: @1 | dst: @1 | dst/a: @1 | dst/b: @x", &ALL),
        "src: \nb: BLOCKED name_occupied"
    );
}

#[test]
fn what_has_its_key_from_elsewhere_stays_below_it() {
    let raw = |words: &str| format!("src: enc @1 *1 | src/b=a: enc @1 *1 | dst: encroot nokey @1 | dst/a: {words} nokey @1");
    assert_eq!(told(&raw("encroot"), &RAW), "src: \nb: rename a→b");
    assert_eq!(told(&raw("enc"), &RAW), "src: \nb: BLOCKED bound_to_key");
}

#[test]
fn a_copy_does_not_take_its_originals_counterpart() {
    // Sent and received on the source itself: same GUIDs, another dataset.
    assert_eq!(
        told("src: @1 *1 | src/a: @1 *1 | src/0=a: @1 | dst: @1 | dst/a: @1", &ALL),
        "src: \n0: mark 1, send 0→1\na: "
    );
}

#[test]
fn what_the_source_has_no_more_is_reported() {
    let plan = plan_of("src: @1 *1 | dst: @1 | dst/gone: @1 @2", &ALL);
    assert_eq!(plan.orphans.len(), 1);
    assert_eq!((plan.orphans[0].name.as_str(), plan.orphans[0].snapshots), ("right/dst/gone", 2));
    assert!(plan.datasets.iter().all(|dataset| dataset.steps().is_empty()));
}

#[test]
fn a_clone_is_sent_as_a_clone() {
    let plan = plan_of("src: @1 *1 | src/c: @2 @3 clone:@1 | dst: @1", &ALL);
    assert_eq!(line(&plan.datasets[1]), "c: mark 2,3, clone 1→2, send 2→3");
    let transfer = plan.datasets[1].transfers().next().unwrap();
    assert_eq!(transfer.from.as_ref().unwrap().as_str(), "left/src@1");
    let origin = transfer.origin.as_ref().unwrap();
    assert_eq!((origin.name.as_str(), origin.guid), ("right/dst@1", guid("", "1")));
    assert_eq!((plan.datasets[1].notes.len(), plan.datasets[1].needs.len()), (0, 0));
    // By its GUID, whatever it is called there and wherever it lies.
    assert_eq!(
        told("src: @2 *2 | src/c=b: @1 clone:a@1 | dst: @2 | dst/a: @x=1 | dst/y: @1", &ALL),
        "src: \nc: mark 1, clone 1→1"
    );
    // What is there goes on as anything else.
    assert_eq!(
        told("src: @1 *1 | src/c: @2 @3 *2 clone:@1 | dst: @1 | dst/c: @2 clone:@1", &ALL),
        "src: \nc: mark 3, send 2→3"
    );
    // The direction is turned round by a promotion, the snapshots are the same: nothing to do.
    let text = "src: @9 *9 | src/a: @3 *3 clone:c@1 | src/c: @1=1 @2 *1 *2 | dst: @9 | dst/a: @3 | dst/c: @1 @2 clone:a@3";
    assert_eq!(told(text, &ALL), "src: \na: \nc: ");
}

#[test]
fn an_origin_comes_before_its_clone() {
    // A chain, against the order of names: each waits for the one before.
    let plan = plan_of(
        "src: @1 *1 | src/a: @4 clone:b@3 | src/b: @2 @3 clone:c@1 | src/c: @1 @2 | dst: @1",
        &ALL,
    );
    let lines: Vec<_> = plan.datasets.iter().map(line).collect();
    let expected = [
        "src: ",
        "c: mark 1,2, send 0→1, send 1→2",
        "b: mark 2,3, clone 1→2, send 2→3",
        "a: mark 4, clone 3→4",
    ];
    assert_eq!(lines, expected);
    assert_eq!((&plan.datasets[2].needs[..], &plan.datasets[3].needs[..]), (&[1][..], &[2][..]));
    // An origin that is renamed is named as it will be then.
    let plan = plan_of("src: @1 *1 | src/a=new: @2 clone:z@1 | src/z=a: @1 *1 | dst: @1 | dst/a: @1", &ALL);
    assert_eq!(line(&plan.datasets[1]), "z: rename a→z");
    // `clone:z@1` is by GUID another snapshot than a's: nothing on the target.
    assert_eq!(line(&plan.datasets[2]), "a: mark 2, send 0→2");
    let plan = plan_of("src: @1 *1 | src/c=new: @2 clone:b@1 | src/z=b: @1 *1 | dst: @1 | dst/b: @1", &ALL);
    let names: Vec<_> = plan.datasets.iter().map(|dataset| dataset.source.last()).collect();
    assert_eq!(names, ["src", "z", "c"]);
    assert_eq!(plan.datasets[2].origin().unwrap().name.as_str(), "right/dst/z@1");
    assert_eq!(plan.datasets[2].needs, [1]);
}

#[test]
fn a_clone_and_its_origin_may_lie_one_in_the_other() {
    assert_eq!(
        told("src: @1 *1 | src/a: @1 | src/a/c: @2 clone:a@1 | dst: @1", &ALL),
        "src: \na: mark 1, send 0→1\nc: mark 2, clone 1→2"
    );
    // Above what it grows from, it has to come first: in full, once, as its origin has nowhere to go.
    let text = "src: @1 *1 | src/a: @2 clone:a/b@1 | src/a/b: @1 | dst: @1";
    assert_eq!(told(text, &ALL), "src: \na: mark 2, send 0→2\nb: mark 1, send 0→1");
    assert_eq!(plan_of(text, &ALL).datasets[1].notes[0].code(), "sent_as_full");
    // Where the target has it already, elsewhere: it moves when the clone has grown from it.
    let text = "src: @1 *1 | src/c: @2 clone:a/b@1 | src/c/b=a/b: @1 *1 | dst: @1 | dst/a: @2 | dst/a/b: @1";
    let plan = plan_of(text, &ALL);
    assert_eq!(line(&plan.datasets[1]), "c: mark 2, clone 1→2");
    assert_eq!(plan.datasets[1].origin().unwrap().name.as_str(), "right/dst/a/b@1");
    assert_eq!(
        (line(&plan.datasets[2]).as_str(), &plan.datasets[2].needs[..]),
        ("b: rename b→b", &[1][..])
    );
}

#[test]
fn a_clone_without_its_origin_is_sent_in_full_and_says_so() {
    let mut wish = ALL.clone();
    wish.snapshots.push(Pattern::new(Verb::Exclude, "1").unwrap());
    for (text, wish) in [
        // Its origin is older than what the target has; left out by patterns; in another place.
        ("src: @1 @2 *2 | src/c: @3 clone:@1 | dst: @2", &ALL),
        ("src: @1 @2 | src/c: @3 clone:@1", &wish),
        ("src: @2 *2 | src/c: @3 clone:elsewhere@1 | dst: @2", &ALL),
    ] {
        let plan = plan_of(text, wish);
        assert_eq!(line(&plan.datasets[1]), "c: mark 3, send 0→3");
        assert_eq!(plan.datasets[1].notes[0].code(), "sent_as_full");
    }
}

#[test]
fn an_interrupted_clone_goes_on_as_it_was_begun() {
    assert_eq!(
        told("src: @1 *1 | src/c: @2 @3 *2 clone:@1 | dst: @1 | dst/c: ~@1>2 clone:@1", &ALL),
        "src: \nc: mark 3, resume 1→2, send 2→3"
    );
    // Under another name too.
    assert_eq!(
        told("src: @1 *1 | src/n=c: @2 *2 clone:@1 | dst: @1 | dst/c: ~@1>2 clone:@1", &ALL),
        "src: \nn: rename c→n, resume 1→2"
    );
    // Begun in full when its origin was not there: what has arrived is worth more.
    assert_eq!(
        told("src: @1 *1 | src/c: @2 *2 clone:@1 | dst: @1 | dst/c: ~2", &ALL),
        "src: \nc: resume 0→2"
    );
    assert_eq!(
        told("src: @1 *1 | src/c: @2 @3 *2 clone:@1 | dst: @1 | dst/c: ~3", &ALL),
        "src: \nc: mark 3, abort base_gone, clone 1→2, send 2→3"
    );
    // Not a clone any more.
    assert_eq!(
        told("src: @1 *1 | src/c: @2 *2 | dst: @1 | dst/c: ~@1>2 clone:@1", &ALL),
        "src: \nc: abort base_gone, send 0→2"
    );
}

#[test]
fn a_clone_is_encrypted_as_its_origin() {
    // I13
    let clone = |text: &str, wish| told(text, wish).lines().last().unwrap().to_owned();
    // Raw, its key comes with its origin; not raw, the target's must be there.
    let text = "src: enc nokey @1 *1 | src/c: enc nokey @2 clone:@1 | dst: encroot nokey @1";
    assert_eq!(clone(text, &RAW), "c: mark 2, clone 1→2");
    assert_eq!(
        clone("src: enc nokey @1 | src/c: enc nokey @2 clone:@1", &RAW),
        "c: mark 2, clone 1→2"
    );
    let text = "src: enc @1 *1 | src/c: enc @2 clone:@1 | dst: enc @1 | right: enc";
    assert_eq!(clone(text, &ALL), "c: mark 2, clone 1→2");
    let text = "src: enc @1 *1 | src/c: enc @2 clone:@1 | dst: enc nokey @1 | right: enc nokey";
    assert_eq!(clone(text, &ALL), "c: BLOCKED key_not_loaded");
    // An origin that arrived the other way is none: in full it is right by itself.
    let text = "src: enc @1 *1 | src/c: enc @2 clone:@1 | dst: @1";
    assert_eq!(clone(text, &RAW), "c: mark 2, send 0→2");
    let text = "src: @1 *1 | src/a: enc @1 *1 | src/c: enc @2 clone:a@1 | dst: @1 enc | dst/a: encroot @1 | right: enc";
    assert_eq!(clone(text, &ALL), "c: mark 2, send 0→2");
    // What went on from a clone that arrived raw goes on raw.
    let text = "src: @1 *1 | src/a: enc @1 *1 | src/c: enc @2 @3 *2 clone:a@1 | dst: @1 | dst/a: encroot @1 | dst/c: encroot @2 clone:a@1";
    let world = wrapped(text, "right/dst/a");
    assert_eq!(line(world.plan(&ALL).datasets.last().unwrap()), "c: BLOCKED raw_lineage");
    assert_eq!(line(world.plan(&RAW).datasets.last().unwrap()), "c: mark 3, send 2→3");
}

/// A world in which all that is encrypted on the target is wrapped by the key of one dataset.
fn wrapped(text: &str, by: &str) -> World {
    let mut world = world(text);
    for dataset in &mut world.target.datasets {
        if let Encryption::On { root, .. } = &mut dataset.encryption {
            *root = name(by);
        }
    }
    world
}

#[test]
fn a_lineage_is_told_by_its_master_key_whoever_wraps_it() {
    // I13
    let told = |text: &str, by: &str, wish| line(&wrapped(text, by).plan(wish).datasets[0]);
    // It came raw, and was given its parent's wrapping key since.
    let raw = "src: enc @1 @2 *1 | dst: encroot @1 | right: enc";
    assert_eq!(told(raw, "right", &ALL), "src: BLOCKED raw_lineage");
    assert_eq!(told(raw, "right", &RAW), "src: mark 2, send 1→2");
    // It was encrypted here, and was given a wrapping key of its own since.
    let plain = "src: enc @1 @2 *1 | dst: enc @1 | right: enc";
    assert_eq!(told(plain, "right/dst", &ALL), "src: mark 2, send 1→2");
    assert_eq!(told(plain, "right/dst", &RAW), "src: BLOCKED not_raw_lineage");
}

#[test]
fn encrypted_stays_encrypted() {
    // I13
    assert_eq!(blocked("src: enc @1", &ALL).code(), "would_store_decrypted");
    assert_eq!(
        blocked("src: enc nokey @1 | right: enc", &ALL).to_string(),
        "the key of left is not loaded on the source"
    );
    assert_eq!(
        blocked("src: enc @1 | right: enc nokey", &ALL).to_string(),
        "the key of right is not loaded on the target"
    );
    assert_eq!(blocked("src: enc @1 @2 | dst: encroot @1", &ALL).code(), "raw_lineage");
    assert_eq!(blocked("src: enc @1 @2 | dst: @1", &ALL).code(), "would_store_decrypted");
    assert_eq!(blocked("src: enc @1 @2 | dst: @1", &RAW).code(), "not_raw_lineage");
    assert_eq!(told("src: enc @1 | right: enc", &ALL), "src: mark 1, send 0→1");
    assert_eq!(told("src: enc nokey @1", &RAW), "src: mark 1, send 0→1");
    assert_eq!(
        told("src: enc nokey @1 @2 *1 | dst: encroot nokey @1", &RAW),
        "src: mark 2, send 1→2"
    );
    // What is not encrypted under what arrived raw would need the target's key.
    assert_eq!(
        told("src: enc @1 | src/a: @1", &RAW),
        "src: mark 1, send 0→1\na: BLOCKED key_not_loaded"
    );
}

#[test]
fn flags_follow_from_where_it_goes() {
    let flags = |text: &str, wish| plan_of(text, wish).datasets[0].transfers().next().unwrap().flags;
    let usual = StreamFlags {
        raw: false,
        large_block: true,
        embed: false,
        compress: true,
    };
    assert_eq!(flags("src: @1", &ALL), usual);
    assert_eq!(flags("src: @1 | right: enc", &ALL), usual);
    assert_eq!(flags("src: @1", &RAW), StreamFlags { raw: true, ..usual });
    assert_eq!(flags("src: enc @1", &RAW), StreamFlags { raw: true, ..usual });
}

#[test]
fn there_is_no_plan_for_nothing_or_into_itself() {
    let refused = |change: &dyn Fn(&mut World)| {
        let mut world = world("src: @1 | dst: @1");
        change(&mut world);
        plan(&world.source, &world.target, &ALL).unwrap_err()
    };
    let nothing = refused(&|world| world.source.datasets.clear());
    assert!(matches!(nothing, PlanError::NothingSelected { .. }));
    for (source, target) in [
        ("tank/a", "tank/a/b"),
        ("tank/a/b", "tank/a"),
        ("tank", "tank/b"),
        ("tank/a", "tank/a"),
    ] {
        let error = refused(&|world| {
            world.target.pool = world.source.pool.clone();
            world.source.root = name(source);
            world.source.datasets[0].name = name(source);
            world.target.root = name(target);
        });
        assert!(matches!(error, PlanError::Overlap { .. }), "{error}");
    }
    let error = refused(&|world| world.target.pool.readonly = true);
    assert!(matches!(error, PlanError::ReadOnlyPool { side: Side::Target, .. }));
    let error = refused(&|world| {
        world.target.datasets.clear();
        world.target.above = None;
    });
    assert!(matches!(error, PlanError::TargetParentMissing { .. }));
}

#[test]
fn every_name_is_tried_before_anything_is_done() {
    let long = "n".repeat(120);
    let text = format!("src: @1 *1 | src/{long}: @1 | src/{long}/{long}: @1 | dst: @1");
    // The cursor does not fit behind the deepest one's name, on the source.
    assert_eq!(told(&text, &ALL).lines().last().unwrap(), format!("{long}: BLOCKED unnameable"));
    let mut world = world(&format!("src: @1 *1 | src/{long}: @1 | dst: @1"));
    world.target.root = name(&format!("right/{}", "d".repeat(140)));
    world.target.datasets.clear();
    let Work::Blocked { why } = &world.plan(&ALL).datasets[1].work else {
        panic!()
    };
    assert_eq!(why.code(), "unnameable");
    // What lies below what is renamed gets a longer name too.
    let long = "n".repeat(125);
    assert_eq!(
        told(
            &format!("src: @1 *1 | src/{long}=a: @1 *1 | dst: @1 | dst/a: @1 | dst/a/{long}: @x"),
            &ALL
        ),
        format!("src: \n{long}: BLOCKED unnameable")
    );
    // And the kernel has a bound on how deep things lie.
    let mut world = self::world("src: @1 | src/a: @1 | src/a/b: @1");
    world.target.root = name(&format!("right{}", "/d".repeat(48)));
    let lines: Vec<_> = world.plan(&ALL).datasets.iter().map(line).collect();
    assert_eq!(lines, ["src: mark 1, send 0→1", "a: mark 1, send 0→1", "b: BLOCKED unnameable"]);
}

#[test]
fn a_plan_survives_json_and_another_format_does_not() {
    let plan = plan_of(
        "src: @1 *1 | src/b=a: @2 @3 *1 held:3 | src/e: | dst: @1 | dst/a: @1 ~1>2 | dst/gone: @1",
        &ALL,
    );
    let text = serde_json::to_string_pretty(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    let error = serde_json::from_str::<Plan>(&text.replace("\"format\": 1", "\"format\": 2")).unwrap_err();
    assert!(error.to_string().starts_with("a plan of format 2"), "{error}");
    // A GUID is text: readers that count in floating point would change it.
    assert!(text.contains(&format!("\"guid\": \"{}\"", guid("/a", "2"))), "{text}");
}

#[test]
fn code_and_json_say_the_same() {
    let why = blocked("src: @1 | dst:", &ALL);
    assert_eq!(serde_json::to_value(&why).unwrap()["code"], why.code());
    let note = Note::MayNotFit {
        dataset: name("right/dst"),
        quota: None,
        need: 1,
        available: 0,
    };
    assert_eq!(serde_json::to_value(&note).unwrap()["code"], note.code());
}

#[test]
fn the_copy_of_what_is_left_alone_is_no_orphan() {
    let mut wish = ALL.clone();
    wish.datasets.push(Pattern::new(Verb::Exclude, "left/src/a").unwrap());
    let plan = plan_of("src: @1 *1 | src/a: @1 *1 | dst: @1 | dst/a: @1 | dst/b: @1", &wish);
    let orphans: Vec<_> = plan.orphans.iter().map(|orphan| orphan.name.to_string()).collect();
    assert_eq!(orphans, ["right/dst/b"]);
}

/// What is not wanted is not sent, and an interrupted receive of it is given up.
#[test]
fn only_chosen_snapshots_travel() {
    let mut wish = ALL.clone();
    for left_out in ["2", "4"] {
        wish.snapshots.push(Pattern::new(Verb::Exclude, left_out).unwrap());
    }
    assert_eq!(told("src: @1 @2 @3 @4 | dst: @1", &wish), told("src: @1 @3 | dst: @1", &ALL));
    assert_eq!(told("src: @2 @4 *2 | dst: @2", &wish), told("src: @2 *2 | dst: @2", &ALL));
    assert_eq!(blocked("src: @2 @4", &wish), Blocked::NoneChosen { snapshots: 2 });
    let plan = plan_of("src: @1 *1 @2 @3 | dst: @1 ~1>2", &wish);
    let given_up = plan.datasets[0].steps().iter().find_map(|step| match step {
        Step::AbortPartial(abort) => Some(abort.why.code()),
        _ => None,
    });
    assert_eq!(given_up, Some("not_chosen"));
}

/// What is not wanted by its age is not sent, and is a base all the same: what both have is told by GUID.
#[test]
fn only_snapshots_of_the_wanted_age_travel_and_others_are_bases() {
    let mut aged = world("src: @1 *1 @2 @3 @4 | dst: @1");
    for (version, made) in aged.source.datasets[0].versions.iter_mut().zip([100, 200, 300, 400]) {
        version.creation = Some(made);
    }
    let between = |newer_than, older_than| Wish {
        ages: Some(Ages {
            now: 500,
            newer_than,
            older_than,
        }),
        ..ALL.clone()
    };
    let told = |wish: &Wish| line(&aged.plan(wish).datasets[0]);
    assert_eq!(
        told(&between(Some(250), None)),
        "src: mark 3,4, send 1→3, send 3→4, unmark 1 keeping 4"
    );
    assert_eq!(told(&between(Some(250), Some(150))), "src: mark 3, send 1→3");
    // The instant is in the plan: what is planned later by the same wish is the same.
    let kept = aged.plan(&between(Some(250), None));
    let text = serde_json::to_string(&kept).unwrap();
    let read: Plan = serde_json::from_str(&text).unwrap();
    assert_eq!(read.wish.ages.unwrap().now, 500);
    assert!(read.moved(&aged.plan(&read.wish)).is_empty());
    let later = Wish {
        ages: read.wish.ages.map(|ages| Ages { now: 600, ..ages }),
        ..read.wish.clone()
    };
    assert_eq!(read.moved(&aged.plan(&later)).len(), 1);
}

/// All but what these patterns exclude or, with a plus, include.
fn but(patterns: &str) -> Wish {
    let mut wish = ALL.clone();
    for word in patterns.split_whitespace() {
        let (verb, text) = word.strip_prefix('+').map_or((Verb::Exclude, word), |text| (Verb::Include, text));
        wish.datasets.push(Pattern::new(verb, text).unwrap());
    }
    wish
}

#[test]
fn what_is_left_out_gets_a_placeholder_where_something_lies_below() {
    let text = "src: @1 *1 | src/a: @1 | src/a/b: @1 | src/a/c: @1 | dst: @1";
    let plan = plan_of(text, &but("left/src/a +left/src/a/*"));
    let lines: Vec<_> = plan.datasets.iter().map(line).collect();
    assert_eq!(lines, ["src: ", "a: stand in", "b: mark 1, send 0→1", "c: mark 1, send 0→1"]);
    assert_eq!(plan.datasets[1].why, Selected::Above);
    assert_eq!((&plan.datasets[2].needs[..], &plan.datasets[3].needs[..]), (&[1][..], &[1][..]));
    assert_eq!((plan.skipped.len(), plan.orphans.len()), (1, 0));
    // None without need: nothing below is wanted, or there is something at its place.
    assert_eq!(told(text, &but("left/src/a")), "src: ");
    for there in ["placeholder", "@1", "@x"] {
        let text = format!("src: @1 *1 | src/a: @1 | src/a/b: @1 | dst: @1 | dst/a: {there}");
        assert_eq!(told(&text, &but("left/src/a +left/src/a/*")), "src: \nb: mark 1, send 0→1");
        assert_eq!(plan_of(&text, &but("left/src/a +left/src/a/*")).orphans, []);
    }
    // The root too, and one below the other.
    assert_eq!(
        told("src: @1 | src/a: @1 | src/a/b: @1", &but("+left/src/a/b")),
        "src: stand in\na: stand in\nb: mark 1, send 0→1"
    );
    // By a property as by patterns.
    let mut wish = ALL.clone();
    wish.property = Some("a:b=yes".parse().unwrap());
    let mut marked = world(text);
    marked.source.datasets[2].properties.insert("a:b".to_owned(), "yes".to_owned());
    let lines: Vec<_> = marked.plan(&wish).datasets.iter().map(line).collect();
    assert_eq!(lines, ["a: stand in", "b: mark 1, send 0→1"]);
}

#[test]
fn a_placeholder_waits_for_its_place_and_for_what_lies_above() {
    // What lies there belongs elsewhere and goes first.
    let text = "src: @1 *1 | src/a=new: @1 | src/a/b=a/b: @1 | src/c=a: @1 *1 | dst: @1 | dst/a: @1";
    let plan = plan_of(text, &but("left/src/a +left/src/a/*"));
    let lines: Vec<_> = plan.datasets.iter().map(line).collect();
    assert_eq!(lines, ["src: ", "c: rename a→c", "a: stand in", "b: mark 1, send 0→1"]);
    assert_eq!((&plan.datasets[2].needs[..], &plan.datasets[3].needs[..]), (&[1][..], &[1, 2][..]));
    // What is above never comes.
    assert_eq!(
        told("src: | src/a: @1 | src/a/b: @1", &but("left/src/a +left/src/a/*")),
        "src: BLOCKED no_snapshots\nb: BLOCKED parent_missing"
    );
    // It comes in this run.
    let plan = plan_of("src: @1 | src/a: @1 | src/a/b: @1", &but("left/src/a +left/src/a/*"));
    assert_eq!(plan.datasets[1].needs, [0]);
}

#[test]
fn a_placeholder_inherits_a_key_that_is_loaded() {
    let told = |text: &str, raw| {
        let wish = Wish {
            raw,
            ..but("left/src/a +left/src/a/*")
        };
        told(text, &wish).split_once('\n').unwrap().1.to_owned()
    };
    let text = "src: enc @1 *1 | src/a: enc @1 | src/a/b: enc @1 | dst: enc @1 | right: enc";
    assert_eq!(told(text, false), "a: stand in\nb: mark 1, send 0→1");
    // I13: without it there is none, and no unencrypted one, which would lay open what arrives below it later.
    let text = "src: enc @1 *1 | src/a: enc @1 | src/a/b: enc @1 | dst: encroot nokey @1";
    assert_eq!(told(text, true), "a: BLOCKED key_not_loaded\nb: BLOCKED parent_missing");
    // Where somebody made it, what is raw needs no key above it.
    let text = "src: enc @1 *1 | src/a: enc @1 | src/a/b: enc @1 | dst: encroot nokey @1 | dst/a:";
    assert_eq!(told(text, true), "b: mark 1, send 0→1");
}

#[test]
fn a_placeholder_is_in_the_way_of_what_is_wanted_later_until_it_is_set_aside() {
    let text = "src: @1 *1 | src/a: @1 | src/a/b: @1 *1 | dst: @1 | dst/a: placeholder | dst/a/b: @1";
    assert_eq!(told(text, &ALL), "src: \na: BLOCKED placeholder_in_the_way\nb: ");
    // As the hint says.
    let text = "src: @1 *1 | src/a: @1 | src/a/b: @1 *1 | dst: @1 | dst/a-aside: placeholder | dst/a-aside/b=a/b: @1";
    assert_eq!(told(text, &ALL), "src: \na: mark 1, send 0→1\nb: rename b→b");
    assert_eq!(plan_of(text, &ALL).orphans[0].name.as_str(), "right/dst/a-aside");
}
