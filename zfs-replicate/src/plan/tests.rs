//! I check plans on paper: a world in, a list of steps out.

use crate::plan::{DatasetPlan, Plan, PlanError, Step, Work, plan};
use crate::policy::Wish;
use crate::reason::{Blocked, Note, Side, Skipped};
use crate::view::StreamFlags;
use crate::world::{World, guid, name, number, world};

const ALL: Wish = Wish {
    recursive: true,
    raw: false,
};
const RAW: Wish = Wish {
    recursive: true,
    raw: true,
};

/// A plan in one line for each dataset: name, then steps or the code of what blocks it.
fn told(text: &str, wish: Wish) -> String {
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
                Step::AbortPartial(abort) => format!("abort {}", abort.why.code()),
                Step::Mark(cursor) => format!("mark {}", number(cursor.of.guid())),
                Step::Transfer(transfer) => {
                    let from = transfer.from.as_ref().map_or_else(|| "0".to_owned(), |from| number(from.guid()));
                    let how = if transfer.resume.is_some() { "resume" } else { "send" };
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

fn plan_of(text: &str, wish: Wish) -> Plan {
    world(text).plan(wish)
}

fn blocked(text: &str, wish: Wish) -> Blocked {
    match &plan_of(text, wish).datasets[0].work {
        Work::Blocked { why } => why.clone(),
        Work::Steps { steps } => panic!("{steps:?}"),
    }
}

#[test]
fn what_is_new_is_sent_in_full_and_then_step_by_step() {
    // I2: every snapshot has its cursor before it travels. I3: the two newest stay marked.
    assert_eq!(told("src: @1", ALL), "src: mark 1, send 0→1");
    assert_eq!(
        told("src: @1 @2 @3", ALL),
        "src: mark 1, send 0→1, mark 2, send 1→2, mark 3, send 2→3, unmark 1 keeping 3"
    );
}

#[test]
fn increments_go_on_from_the_newest_in_common() {
    assert_eq!(
        told("src: @1 @2 @3 *1 *2 | dst: @1 @2", ALL),
        "src: mark 3, send 2→3, unmark 1 keeping 3"
    );
    // The source's order counts, whatever order names and target suggest.
    assert_eq!(
        told("src: @1 @2 @3 @4 *2 *3 | dst: @2 @3", ALL),
        "src: mark 4, send 3→4, unmark 2 keeping 4"
    );
}

#[test]
fn a_bookmark_is_base_enough() {
    // I2: the base snapshot is gone on the source, what is left of it serves.
    assert_eq!(told("src: @3 *1 *2 | dst: @1 @2", ALL), "src: mark 3, send 2→3, unmark 1 keeping 3");
    assert_eq!(told("src: @3 #2 | dst: @2", ALL), "src: mark 2, mark 3, send 2→3");
    // A stranger's bookmark is used and left alone.
    let plan = plan_of("src: @3 #2 | dst: @2", ALL);
    let transfer = plan.datasets[0].transfers().next().unwrap();
    assert_eq!(transfer.from.as_ref().unwrap().as_str(), "left/src#2");
}

#[test]
fn at_the_goal_nothing_is_done() {
    // I7
    assert_eq!(told("src: @1 *1 | dst: @1", ALL), "src: ");
    assert_eq!(told("src: @1 @2 @3 *2 *3 | dst: @1 @2 @3", ALL), "src: ");
    assert_eq!(told("src: @2 *1 *2 | dst: @1 @2", ALL), "src: ");
}

#[test]
fn marks_are_brought_to_where_they_should_be() {
    // A target that somebody else filled: its bases are marked from now on.
    assert_eq!(told("src: @1 @2 @3 | dst: @1 @2 @3", ALL), "src: mark 2, mark 3");
    // I8: what a killed run left over goes, tentative or confirmed; strangers' bookmarks stay.
    assert_eq!(told("src: @3 *1 *2 *3 #1 | dst: @1 @2 @3", ALL), "src: unmark 1 keeping 3");
    assert_eq!(told("src: @3 *2 *3 *4 | dst: @2 @3", ALL), "src: unmark 4 keeping 3");
    // I2: while the target has nothing, no mark goes, whatever it looks like.
    assert_eq!(told("src: @3 *1 *2", ALL), "src: mark 3, send 0→3, unmark 1,2 keeping 3");
    // I3: a target that was rewound to @1 gets its base from the cursor that was kept for this.
    assert_eq!(told("src: @3 *1 *2 | dst: @1", ALL), "src: mark 3, send 1→3, unmark 2 keeping 3");
}

#[test]
fn names_are_nobodys_identity() {
    // I6
    assert_eq!(told("src: @a=1 @2 *1 | dst: @b=1", ALL), "src: mark 2, send 1→2");
    let why = blocked("src: @1 @2 | dst: @1 @2!", ALL);
    let Blocked::Diverged { common, beyond } = why else {
        panic!("{why}")
    };
    assert_eq!(common.unwrap().guid, guid("", "1"));
    assert_eq!(beyond[0].guid, guid("", "2!"));
    let why = blocked("src: @1 @2 @3 | dst: @3! @2", ALL);
    let Blocked::SnapshotNameTaken { name, source_guid, target } = why else {
        panic!("{why}")
    };
    assert_eq!((name.short(), source_guid, target), ("3", guid("", "3"), guid("", "3!")));
}

#[test]
fn what_the_target_has_of_its_own_is_never_rolled_back() {
    // I4
    let why = blocked("src: @1 @2 @3 | dst: @1 @x @y", ALL);
    assert_eq!(
        why.to_string(),
        format!("the target has 2 snapshots of its own since right/dst@1 (guid {})", guid("", "1"))
    );
    assert_eq!(
        blocked("src: @1 | dst: @x", ALL).to_string(),
        "the target has 1 snapshot of its own and none in common with the source"
    );
    assert_eq!(blocked("src: @1 | dst:", ALL).code(), "diverged");
    // The source went back to an older snapshot.
    assert_eq!(blocked("src: @1 | dst: @1 @2", ALL).code(), "diverged");
    // What is older than the base stops nothing.
    assert_eq!(told("src: @2 @3 *2 | dst: @x @2", ALL), "src: mark 3, send 2→3");
}

#[test]
fn what_was_written_on_the_target_is_never_rolled_back() {
    // I5
    let Blocked::TargetModified { bytes, since } = blocked("src: @1 @2 | dst: @1 +8192", ALL) else {
        panic!()
    };
    assert_eq!((bytes, since.guid), (8192, guid("", "1")));
    let plan = plan_of("src: @1 *1 | dst: @1 +8192", ALL);
    assert_eq!(plan.datasets[0].notes, [Note::TargetModified { bytes: 8192 }]);
    assert_eq!(plan.datasets[0].steps(), []);
}

#[test]
fn an_interrupted_receive_goes_on_where_it_stopped() {
    assert_eq!(told("src: @1 @2 *1 | dst: ~1", ALL), "src: resume 0→1, mark 2, send 1→2");
    assert_eq!(
        told("src: @1 @2 @3 *1 *2 | dst: @1 ~1>2", ALL),
        "src: resume 1→2, mark 3, send 2→3, unmark 1 keeping 3"
    );
    // From a bookmark too, and the hold that kept its snapshot goes after the proof.
    assert_eq!(told("src: @2 *1 *2 held:2 | dst: @1 ~1>2", ALL), "src: resume 1→2, release 2");
    let plan = plan_of("src: @1 *1 | dst: ~1", ALL);
    let transfer = plan.datasets[0].transfers().next().unwrap();
    assert_eq!(transfer.resume.unwrap().bytes, 500);
    assert!(!transfer.flags.compress, "the rest of a stream is made like its beginning");
}

#[test]
fn an_interrupted_receive_that_does_not_fit_is_given_up_in_the_same_run() {
    assert_eq!(told("src: @1 *1 | dst: ~?", ALL), "src: abort unreadable, send 0→1");
    assert_eq!(
        told("src: @2 *1 | dst: ~1", ALL),
        "src: abort snapshot_gone, mark 2, send 0→2, unmark 1 keeping 2"
    );
    assert_eq!(
        told("src: @3 *1 *2 | dst: @1 ~1>2", ALL),
        "src: abort snapshot_gone, mark 3, send 1→3, unmark 2 keeping 3"
    );
    assert_eq!(
        told("src: @1 @2 @3 *2 | dst: @2 ~1>3", ALL),
        "src: abort base_gone, mark 3, send 2→3"
    );
    assert_eq!(told("src: @1 @2 *1 *2 | dst: ~2", ALL), "src: abort leaves_out, send 0→1, send 1→2");
    assert_eq!(told("src: @1 *1 | dst: @1 ~1>2", ALL), "src: abort snapshot_gone");
    assert_eq!(
        told("src: enc @1 *1 | dst: ~1 raw | right: enc", ALL),
        "src: abort raw_differs, send 0→1"
    );
    assert_eq!(told("src: enc @1 *1 | dst: ~1", RAW), "src: abort raw_differs, send 0→1");
    assert_eq!(told("src: @1 *1 | dst: ~1", RAW), "src: resume 0→1");
    // The hold goes with what it was for, and also when that has gone by itself.
    assert_eq!(
        told("src: @1 @2 *1 *2 held:2 | dst: ~2", ALL),
        "src: abort leaves_out, release 2, send 0→1, send 1→2"
    );
    assert_eq!(told("src: @1 *1 held:1 | dst: @1", ALL), "src: release 1");
}

#[test]
fn a_partial_receive_is_left_alone_while_the_dataset_is_blocked() {
    assert_eq!(blocked("src: @1 @2 | dst: @1 @x ~1>2", ALL).code(), "diverged");
    assert_eq!(blocked("src: @1 | dst: unfinished", ALL).code(), "target_unfinished");
}

#[test]
fn a_dataset_without_snapshots_is_loud_and_so_is_what_needs_it() {
    assert_eq!(
        told("src: | src/a: @1 | src/a/b: @1", ALL),
        "src: BLOCKED no_snapshots\na: BLOCKED parent_missing\nb: BLOCKED parent_missing"
    );
    assert_eq!(
        told("src: | src/a: @1 | dst:", ALL),
        "src: BLOCKED no_snapshots\na: mark 1, send 0→1"
    );
}

#[test]
fn only_the_named_one_unless_all_are_wanted() {
    let plan = plan_of("src: @1 | src/a: @1 | dst/x: @1", Wish::default());
    assert_eq!(plan.datasets.len(), 1);
    assert_eq!(plan.skipped[0].why, Skipped::NotRecursive);
    assert_eq!(plan.orphans, []);
}

#[test]
fn children_come_after_their_parents() {
    let plan = plan_of("src/a/b: @1 | src: @1 | src/a: @1 | dst: @1", ALL);
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
        told("src: @1 *1 | src/b=a: @1 @2 *1 | dst: @1 | dst/a: @1", ALL),
        "src: \nb: rename a→b, mark 2, send 1→2"
    );
    // Known by a bookmark alone, and with what lies below.
    let text = "src: @1 *1 | src/b=a: @2 *1 | src/b/c=a/c: @1 @2 *1 | dst: @1 | dst/a: @1 | dst/a/c: @1";
    assert_eq!(told(text, ALL), "src: \nb: rename a→b, mark 2, send 1→2\nc: mark 2, send 1→2");
    let plan = plan_of(text, ALL);
    assert_eq!(plan.datasets[2].needs, [1]);
    assert_eq!(plan.orphans, []);
    // In the middle of its first receive.
    assert_eq!(
        told("src: @1 *1 | src/b=a: @1 *1 | dst: @1 | dst/a: ~1", ALL),
        "src: \nb: rename a→b, resume 0→1"
    );
}

#[test]
fn a_name_is_freed_before_it_is_used() {
    let text = "src: @1 *1 | src/a=new: @1 | src/z=a: @1 *1 | dst: @1 | dst/a: @1";
    assert_eq!(told(text, ALL), "src: \nz: rename a→z\na: mark 1, send 0→1");
    assert_eq!(plan_of(text, ALL).datasets[2].needs, [1]);
    // A chain.
    let text = "src: @1 *1 | src/b=a: @1 *1 | src/c=b: @1 *1 | dst: @1 | dst/a: @1 | dst/b: @1";
    assert_eq!(told(text, ALL), "src: \nc: rename b→c\nb: rename a→b");
}

#[test]
fn a_name_that_stays_occupied_blocks() {
    // Two that changed places, and what lies below one of them.
    let text = "src: @1 *1 | src/a=b: @1 | src/b=a: @1 | src/a/c: @1 | dst: @1 | dst/a: @1 | dst/b: @1";
    assert_eq!(
        told(text, ALL),
        "src: \na: BLOCKED name_occupied\nc: BLOCKED parent_missing\nb: BLOCKED name_occupied"
    );
    // Something new must not take the place of what waits to be moved, least of all give up its partial receive.
    let text = "src: @1 *1 | src/a=new: @1 | src/b=a: @1 *1 | src/a/b=b: @1 *1 | dst: @1 | dst/a: ~1 | dst/b: @1 +1";
    assert_eq!(
        told(text, ALL),
        "src: \na: BLOCKED name_occupied\nb: BLOCKED parent_missing\nb: BLOCKED name_occupied"
    );
    // A stranger.
    assert_eq!(
        told("src: @1 *1 | src/b=a: @1 | dst: @1 | dst/a: @1 | dst/b: @x", ALL),
        "src: \nb: BLOCKED name_occupied"
    );
}

#[test]
fn a_copy_does_not_take_its_originals_counterpart() {
    // Sent and received on the source itself: same GUIDs, another dataset.
    assert_eq!(
        told("src: @1 *1 | src/a: @1 *1 | src/0=a: @1 | dst: @1 | dst/a: @1", ALL),
        "src: \n0: mark 1, send 0→1\na: "
    );
}

#[test]
fn what_the_source_has_no_more_is_reported() {
    let plan = plan_of("src: @1 *1 | dst: @1 | dst/gone: @1 @2", ALL);
    assert_eq!(plan.orphans.len(), 1);
    assert_eq!((plan.orphans[0].name.as_str(), plan.orphans[0].snapshots), ("right/dst/gone", 2));
    assert!(plan.datasets.iter().all(|dataset| dataset.steps().is_empty()));
}

#[test]
fn a_clone_sent_in_full_says_so() {
    let plan = plan_of("src: @1 *1 | src/c: @1 clone:1 | dst: @1", ALL);
    assert_eq!(plan.datasets[1].notes[0].code(), "sent_as_full");
}

#[test]
fn encrypted_stays_encrypted() {
    // I13
    assert_eq!(blocked("src: enc @1", ALL).code(), "would_store_decrypted");
    assert_eq!(
        blocked("src: enc nokey @1 | right: enc", ALL).to_string(),
        "the key of left is not loaded on the source"
    );
    assert_eq!(
        blocked("src: enc @1 | right: enc nokey", ALL).to_string(),
        "the key of right is not loaded on the target"
    );
    assert_eq!(blocked("src: enc @1 @2 | dst: encroot @1", ALL).code(), "raw_lineage");
    assert_eq!(blocked("src: enc @1 @2 | dst: @1", ALL).code(), "would_store_decrypted");
    assert_eq!(blocked("src: enc @1 @2 | dst: @1", RAW).code(), "not_raw_lineage");
    assert_eq!(told("src: enc @1 | right: enc", ALL), "src: mark 1, send 0→1");
    assert_eq!(told("src: enc nokey @1", RAW), "src: mark 1, send 0→1");
    assert_eq!(
        told("src: enc nokey @1 @2 *1 | dst: encroot nokey @1", RAW),
        "src: mark 2, send 1→2"
    );
    // What is not encrypted under what arrived raw would need the target's key.
    assert_eq!(
        told("src: enc @1 | src/a: @1", RAW),
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
    assert_eq!(flags("src: @1", ALL), usual);
    assert_eq!(flags("src: @1 | right: enc", ALL), usual);
    assert_eq!(flags("src: @1", RAW), StreamFlags { raw: true, ..usual });
    assert_eq!(flags("src: enc @1", RAW), StreamFlags { raw: true, ..usual });
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
    assert_eq!(told(&text, ALL).lines().last().unwrap(), format!("{long}: BLOCKED unnameable"));
    let mut world = world(&format!("src: @1 *1 | src/{long}: @1 | dst: @1"));
    world.target.root = name(&format!("right/{}", "d".repeat(140)));
    world.target.datasets.clear();
    let Work::Blocked { why } = &world.plan(ALL).datasets[1].work else {
        panic!()
    };
    assert_eq!(why.code(), "unnameable");
}

#[test]
fn too_little_space_is_noted_where_it_ends() {
    let mut plan = plan_of("src: @1 | src/a: @1 @2", ALL);
    plan.available = 250;
    for transfer in plan.transfers_mut() {
        transfer.estimate = Some(100);
    }
    plan.note_space();
    assert_eq!(plan.datasets[0].notes, []);
    assert_eq!(plan.datasets[1].notes, [Note::MayNotFit { need: 300, available: 250 }]);
}

#[test]
fn a_plan_survives_json_and_another_format_does_not() {
    let plan = plan_of(
        "src: @1 *1 | src/b=a: @2 @3 *1 held:3 | src/e: | dst: @1 | dst/a: @1 ~1>2 | dst/gone: @1",
        ALL,
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
    let why = blocked("src: @1 | dst:", ALL);
    assert_eq!(serde_json::to_value(&why).unwrap()["code"], why.code());
    let note = Note::MayNotFit { need: 1, available: 0 };
    assert_eq!(serde_json::to_value(&note).unwrap()["code"], note.code());
}
