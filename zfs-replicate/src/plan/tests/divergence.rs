//! I diverge, and look at the ways out.

use super::{line, plan_of};
use crate::plan::{Plan, RollBack, SetAside, Step, Work};
use crate::policy::Wish;
use crate::policy::divergence::OnDivergence;
use crate::policy::pattern::{Pattern, Verb};
use crate::reason::{Blocked, Unresolved};
use crate::world::{ALL, guid, world};

pub(crate) fn wish(on_divergence: OnDivergence) -> Wish {
    Wish {
        on_divergence,
        ..ALL.clone()
    }
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.datasets.iter().map(line).collect()
}

fn aside(text: &str) -> Vec<String> {
    lines(&plan_of(text, &wish(OnDivergence::RenameAside)))
}

fn back(text: &str) -> Vec<String> {
    lines(&plan_of(text, &wish(OnDivergence::Rollback)))
}

fn first(plan: &Plan, dataset: usize) -> &Step {
    let mut steps = plan.datasets[dataset].steps().iter();
    steps.find(|step| !matches!(step, Step::Mark(_))).unwrap()
}

/// Why the first dataset stays as it is.
fn unresolved(plan: &Plan) -> &Unresolved {
    match &plan.datasets[0].work {
        Work::Blocked {
            why: Blocked::Unresolved { why, .. },
        } => why,
        work => panic!("{work:?}"),
    }
}

#[test]
fn what_diverged_is_set_aside_and_sent_anew() {
    // I4: its partial receive goes along, and what that waits for is let go.
    assert_eq!(
        aside("src: @1 *1 @2 held:2 | dst: @1 @x ~1>2"),
        ["src: mark 2, set aside dst with 0, release 2, send 0→1, send 1→2"]
    );
    assert_eq!(aside("src: @1 | dst: @x"), ["src: mark 1, set aside dst with 0, send 0→1"]);
    assert_eq!(aside("src: @1 | dst:"), ["src: mark 1, set aside dst with 0, send 0→1"]);
    // I5
    assert_eq!(
        aside("src: @1 *1 @2 | dst: @1 +8192"),
        ["src: mark 2, set aside dst with 0, send 0→1, send 1→2"]
    );
    assert_eq!(aside("src: @1 *1 | dst: @1 +8192"), ["src: "], "nothing has to be received");
    let plan = plan_of("src: @1 | dst: @1 @x", &wish(OnDivergence::RenameAside));
    let Step::SetAside(SetAside {
        from, to, guid: own, why, ..
    }) = first(&plan, 0)
    else {
        panic!("{plan:#?}")
    };
    assert_eq!((from.as_str(), why.code()), ("right/dst", "diverged"));
    assert_eq!(to.to_string(), format!("right/dst.aside-{:016x}", own.0));
}

#[test]
fn what_lies_below_goes_along_and_is_sent_anew() {
    let text = "src: @1 *1 | src/a: @1 *1 | src/a/b: @1 *1 | dst: @1 | dst/a: @1 @x | dst/a/b: @1 | dst/a/own: @7";
    let plan = plan_of(text, &wish(OnDivergence::RenameAside));
    assert_eq!(lines(&plan), ["src: ", "a: set aside a with 2, send 0→1", "b: send 0→1"]);
    assert_eq!(plan.datasets[2].needs, [1]);
    let Step::SetAside(SetAside { below, .. }) = first(&plan, 1) else {
        panic!()
    };
    let below: Vec<_> = below.iter().map(ToString::to_string).collect();
    assert_eq!(below, ["right/dst/a/b", "right/dst/a/own"]);
    // With the root goes everything.
    assert_eq!(
        aside("src: @1 *1 | src/a: @1 *1 | dst: @1 @x | dst/a: @1"),
        ["src: set aside dst with 1, send 0→1", "a: send 0→1"]
    );
}

#[test]
fn what_belongs_elsewhere_leaves_before_the_rest_goes_aside() {
    let text = "src: @1 *1 | src/0=a/b: @1 *1 | src/a: @1 *1 | dst: @1 | dst/a: @1 @x | dst/a/b: @1";
    let plan = plan_of(text, &wish(OnDivergence::RenameAside));
    assert_eq!(lines(&plan), ["src: ", "0: rename b→0", "a: set aside a with 0, send 0→1"]);
    assert_eq!(plan.datasets[2].needs, [1]);
    // What diverged where another belongs frees that name, and goes nowhere else.
    let text = "src: @1 *1 | src/a=new: @1 | src/b=a: @1 *1 @2 | dst: @1 | dst/a: @1 @x";
    let plan = plan_of(text, &wish(OnDivergence::RenameAside));
    assert_eq!(
        lines(&plan),
        ["src: ", "b: mark 2, set aside a with 0, send 0→1, send 1→2", "a: mark 1, send 0→1"]
    );
    assert_eq!(plan.datasets[2].needs, [1]);
}

#[test]
fn what_was_set_aside_is_nobodys_copy_any_more() {
    // I6: neither renamed back, nor grown from.
    let aside = |words: &str| {
        let own = guid("dst", "/a").0;
        format!("dst: @1 | dst/a.aside-{own:016x}=a: {words} | dst/a.aside-{own:016x}/b=a/b: @1")
    };
    let there = aside("@1 @x");
    assert_eq!(
        back(&format!("src: @1 *1 | src/a: @1 *1 | src/a/b: @1 *1 | {there}")),
        ["src: ", "a: send 0→1", "b: send 0→1"]
    );
    assert_eq!(
        back(&format!("src: @1 *1 | src/c: @2 clone:a@1 | {there}")),
        ["src: ", "c: mark 2, send 0→2"]
    );
    // The same name with another identity is just a name.
    let text = "src: @1 *1 | src/a: @1 *1 | dst: @1 | dst/a.aside-0000000000000001=a: @1";
    assert_eq!(back(text), ["src: ", "a: rename a.aside-0000000000000001→a"]);
    let plan = plan_of(&format!("src: @1 *1 | {there}"), &ALL);
    assert_eq!(plan.orphans.len(), 2, "it is told of");
}

#[test]
fn what_diverged_goes_back_to_what_both_have() {
    let text = "src: @1 @2 @3 *1 *2 | dst: @1 @2 @x @y +512";
    assert_eq!(back(text), ["src: mark 3, back to 2 losing x,y +512, send 2→3, unmark 1 keeping 3"]);
    let plan = plan_of(text, &wish(OnDivergence::Rollback));
    let Step::RollBack(RollBack { dataset, to, lost, .. }) = first(&plan, 0) else {
        panic!()
    };
    assert_eq!((dataset.as_str(), to.guid), ("right/dst", guid("", "2")));
    let guids: Vec<_> = lost.iter().map(|lost| lost.guid).collect();
    assert_eq!(guids, [guid("", "x"), guid("", "y")]);
    // By a bookmark as by a snapshot, to the goal at once, and where only something was written.
    assert_eq!(back("src: @2 *1 | dst: @1 @x"), ["src: mark 2, back to 1 losing x +0, send 1→2"]);
    assert_eq!(back("src: @1 *1 | dst: @1 @2"), ["src: back to 1 losing 2 +0"]);
    assert_eq!(
        back("src: @1 *1 @2 | dst: @1 +8192"),
        ["src: mark 2, back to 1 losing  +8192, send 1→2"]
    );
    assert_eq!(back("src: @1 *1 | dst: @1 +8192"), ["src: "], "nothing has to be received");
    // Where it belongs elsewhere it is taken there first.
    assert_eq!(
        back("src: @1 *1 | src/b=a: @1 *1 | dst: @1 | dst/a: @1 @x"),
        ["src: ", "b: rename a→b, back to 1 losing x +0"]
    );
}

#[test]
fn an_interrupted_receive_goes_on_after_going_back_or_is_given_up_before() {
    assert_eq!(
        back("src: @1 @2 *1 *2 held:2 | dst: @1 @x ~1>2"),
        ["src: back to 1 losing x +0, resume 1→2, release 2"]
    );
    // What it grew from is lost.
    let text = "src: @1 @2 @3 *1 | dst: @1 @4 ~4>2";
    assert_eq!(
        back(text),
        ["src: mark 2,3, abort base_gone, back to 1 losing 4 +0, send 1→2, send 2→3, unmark 1 keeping 3"]
    );
    let mut grown = world(text);
    grown.target.datasets[0].versions[1].clones = Some(1);
    let line = lines(&grown.plan(&wish(OnDivergence::Rollback))).remove(0);
    assert!(line.contains("abort base_gone, back to 1"), "{line}");
    grown.target.datasets[0].versions[1].clones = Some(2);
    assert_eq!(unresolved(&grown.plan(&wish(OnDivergence::Rollback))).code(), "cloned");
}

#[test]
fn what_cannot_be_resolved_says_why() {
    let back = |text: &str| {
        let plan = plan_of(text, &wish(OnDivergence::Rollback));
        (unresolved(&plan).code(), plan.datasets[0].clone())
    };
    assert_eq!(back("src: @1 | dst: @x").0, "nothing_in_common");
    assert_eq!(back("src: @1 | dst: @1 @2 held:2").0, "held");
    assert_eq!(back("src: @1 | dst: @1 @x #2").0, "marked");
    // Another snapshot of that name stays, as it is older than what both have.
    assert_eq!(back("src: @1 @2 @3 | dst: @3! @2 @x").0, "in_vain");
    let (_, told) = back("src: @1 | dst: @x");
    let Work::Blocked { why } = told.work else { panic!() };
    assert_eq!(
        why.to_string(),
        "the target has 1 snapshot of its own and none in common with the source; there is nothing to roll back to"
    );
    let json = serde_json::to_value(&why).unwrap();
    assert_eq!(
        (&json["code"], &json["diverged"]["code"]),
        (&"unresolved".into(), &"diverged".into())
    );
    assert_eq!(json["why"]["code"], "nothing_in_common");

    let mut none = wish(OnDivergence::RenameAside);
    none.snapshots.push(Pattern::new(Verb::Exclude, "*").unwrap());
    assert_eq!(unresolved(&plan_of("src: @1 | dst: @x", &none)).code(), "in_vain");
    let long = "x".repeat(240);
    let text = format!("src: @1 | dst: @{long}");
    assert_eq!(
        unresolved(&plan_of(&text, &wish(OnDivergence::RenameAside))).code(),
        "aside_unnameable"
    );
}

#[test]
fn the_root_of_a_pool_stays_where_it_is() {
    let mut world = world("src: @1 | dst: @x");
    let root: zfs_rs::DatasetName = "right".parse().unwrap();
    let versions = &mut world.target.datasets[0].versions;
    versions[0].name = root.snapshot("x").unwrap();
    world.target.datasets[0].name = root.clone();
    world.target.root = root;
    world.target.above = None;
    let plan = world.plan(&wish(OnDivergence::RenameAside));
    assert_eq!(unresolved(&plan).code(), "pool_root");
}

#[test]
fn a_taken_name_blocks() {
    let own = guid("dst", "/a").0;
    let text = format!("src: @1 *1 | src/a: @1 | dst: @1 | dst/a: @x | dst/a.aside-{own:016x}=c: @1");
    let plan = plan_of(&text, &wish(OnDivergence::RenameAside));
    let Work::Blocked {
        why: Blocked::Unresolved { why, .. },
    } = &plan.datasets[1].work
    else {
        panic!("{plan:#?}")
    };
    assert_eq!(why.code(), "aside_taken");
}

#[test]
fn a_clone_that_is_set_aside_grows_anew_from_its_origins_new_copy() {
    let text = "src: @1 *1 | src/a: @1 *1 | src/c: @2 *2 clone:a@1 | dst: @1 | dst/a: @1 @x | dst/c: @2 @y clone:a@1";
    assert_eq!(
        aside(text),
        ["src: ", "a: set aside a with 0, send 0→1", "c: set aside c with 0, clone 1→2"]
    );
}
