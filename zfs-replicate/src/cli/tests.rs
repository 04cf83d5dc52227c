//! I look at everything people see, word by word.

use clap::CommandFactory as _;
use zfs_rs::stream::token::ResumePoint;

use super::hint::Roots;
use super::*;
use crate::plan::explain::Explanation;
use crate::plan::{Plan, Work};
use crate::reason::{Blocked, Failure, FailureKind, NotBegun, Outcome, Part};
use crate::run::report::Report;
use crate::view::View;

fn help(path: &[&str]) -> String {
    let mut command = Args::command().term_width(100);
    command.build();
    let command = path.iter().fold(&mut command, |command, name| {
        command.find_subcommand_mut(name).expect("there is such a command")
    });
    command.render_long_help().to_string()
}

#[test]
fn the_help_of_every_command_is_as_it_was() {
    insta::assert_snapshot!("help", help(&[]));
    insta::assert_snapshot!("help_replicate", help(&["replicate"]));
    insta::assert_snapshot!("help_plan", help(&["plan"]));
    insta::assert_snapshot!("help_apply", help(&["apply"]));
    insta::assert_snapshot!("help_explain", help(&["explain"]));
    insta::assert_snapshot!("help_list", help(&["list"]));
    insta::assert_snapshot!("help_token", help(&["token"]));
    insta::assert_snapshot!("help_stream", help(&["stream"]));
    for command in [
        "verify",
        "summary",
        "dump",
        "compare",
        "rules",
        "decompress",
        "recompress",
        "split",
        "redup",
        "drop",
    ] {
        insta::assert_snapshot!(format!("help_stream_{command}"), help(&["stream", command]));
    }
    Args::command().debug_assert();
}

#[test]
fn a_plan_is_told_in_its_order_with_its_reasons() {
    insta::assert_snapshot!(Page::of(|page| text::plan(page, &sample::plan())));
}

#[test]
fn each_dataset_and_snapshot_is_explained() {
    let explained = sample::explanations();
    insta::assert_snapshot!("explain_text", Page::of(|page| text::explanations(page, &explained)));
    let document = serde_json::to_string(&explained).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Explanation>>(&document).unwrap(), explained);
}

#[test]
fn a_kept_plan_that_does_not_hold_is_told_beside_what_does() {
    let kept = sample::plan();
    let mut now = kept.clone();
    now.datasets.remove(1);
    now.datasets[1].work = Work::Blocked { why: Blocked::NoSnapshots };
    let moved = kept.moved(&now);
    assert_eq!(moved.len(), 2);
    insta::assert_snapshot!(Page::of(|page| text::moved(page, &moved)));
}

#[test]
fn patterns_keep_the_order_in_which_they_were_written() {
    let words = "x replicate a b --exclude a/** --include a/b --exclude-snapshots 1 --exclude a/b/c";
    let args = Args::try_parse_from(words.split(' ')).unwrap();
    let Command::Replicate(wish) = args.command else { panic!() };
    let wish = wish.scope.wish().unwrap();
    let mean = |name| wish.datasets.mean(name);
    assert_eq!(["a/x", "a/b", "a/b/c", "a"].map(mean), [false, true, false, true]);
    assert_eq!(["1", "2"].map(|name| wish.snapshots.mean(name)), [false, true]);
    let refused = Args::try_parse_from("x replicate a b --exclude a/[".split(' '))
        .unwrap_err()
        .to_string();
    assert!(refused.contains("is no pattern"), "{refused}");
    let refused = Args::try_parse_from("x replicate a b --property backup".split(' '))
        .unwrap_err()
        .to_string();
    assert!(refused.contains("not a user property and its value"), "{refused}");
}

#[test]
fn ages_and_a_property_of_snapshots_are_wished_for() {
    let words = "x replicate a b --snapshots-newer-than 30d --snapshots-older-than 1h --snapshot-property a:b=yes";
    let args = Args::try_parse_from(words.split(' ')).unwrap();
    let Command::Replicate(wish) = args.command else { panic!() };
    let wish = wish.scope.wish().unwrap();
    let ages = wish.ages.unwrap();
    assert_eq!((ages.newer_than, ages.older_than), (Some(30 * 86_400), Some(3600)));
    assert_eq!(wish.snapshot_property.unwrap().to_string(), "a:b=yes");
}

#[test]
fn a_plan_is_json_that_can_be_read_back() {
    let document = json::plan(&sample::plan()).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&document).unwrap(), sample::plan());
    insta::assert_snapshot!(document);
}

fn told(report: &Report) -> String {
    let (source, target) = ("tank/data".parse().unwrap(), "backup/data".parse().unwrap());
    let roots = Roots {
        source: &source,
        target: &target,
    };
    Page::of(|page| text::report(page, report, roots))
}

#[test]
fn a_report_names_the_first_cause_and_the_way_out() {
    insta::assert_snapshot!(told(&sample::report()));
}

#[test]
fn a_report_is_one_document_with_a_version() {
    let document = json::report(&sample::report()).unwrap();
    let read: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(read["format"], 1);
    assert_eq!(serde_json::from_str::<Report>(&document).unwrap(), sample::report());
    insta::assert_snapshot!(document);
}

#[test]
fn a_view_shows_snapshots_bookmarks_holds_and_partial_receives() {
    insta::assert_snapshot!("list_text", Page::of(|page| text::list(page, &sample::view())));
    let document = json::list(&sample::view()).unwrap();
    assert!(!document.contains('\u{202e}'), "{document}");
    assert_eq!(serde_json::from_str::<View>(&document).unwrap(), sample::view());
    insta::assert_snapshot!("list_json", document);
}

#[test]
fn a_token_from_a_stranger_cannot_write_on_the_screen() {
    let point = ResumePoint {
        object: 7,
        offset: 131_072,
        bytes: 325_058_560,
        to_guid: u64::MAX,
        to_name: "tank/data@\x1b]0;owned\x07\u{9b}2J\ntue".to_owned(),
        from_guid: None,
        raw_ok: true,
        redact_snaps: Some(vec![1, 2]),
        ..ResumePoint::default()
    };
    insta::assert_snapshot!("token_text", Page::of(|page| text::token(page, &point, None)));
    let document = json::token(&point, None).unwrap();
    let read: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(read["to_name"], point.to_name);
    insta::assert_snapshot!("token_json", document);
}

fn finished(outcome: Outcome) -> Report {
    let mut report = sample::report();
    report.complete = outcome.is_at_goal();
    report.datasets.truncate(1);
    report.datasets[0].outcome = outcome;
    report
}

fn failed(kind: FailureKind) -> Outcome {
    let cause = Failure {
        side: Side::Source,
        part: Part::Send,
        object: "tank/data@mon".to_owned(),
        kind,
        errno: None,
        detail: String::new(),
    };
    Outcome::Failed {
        to: None,
        from: None,
        why: cause.into(),
    }
}

#[test]
fn the_status_tells_the_truth() {
    let of = |outcome| Status::of_report(&finished(outcome)).number();
    assert_eq!(of(Outcome::AtGoal), 0);
    assert_eq!(of(Outcome::Replicated), 0);
    assert_eq!(of(Outcome::Blocked { why: Blocked::NoSnapshots }), 1);
    assert_eq!(of(failed(FailureKind::NoSpace)), 1);
    assert_eq!(of(failed(FailureKind::Cancelled)), 4);
    assert_eq!(of(Outcome::NotBegun { why: NotBegun::Cancelled }), 4);
    assert_eq!(Status::of_report(&sample::report()).number(), 1);

    // A sum that does not fit its items is not believed, in neither direction.
    let mut report = finished(Outcome::Replicated);
    report.complete = false;
    assert_eq!(Status::of_report(&report).number(), 1);
    let mut report = finished(failed(FailureKind::NoSpace));
    report.complete = true;
    assert_eq!(Status::of_report(&report).number(), 1);
    assert!(told(&report).contains("NOT complete"));
}

#[test]
fn a_dry_run_has_the_status_of_the_run_that_would_follow() {
    let mut plan = sample::plan();
    assert_eq!(Status::of_plan(&plan).number(), 1);
    plan.datasets.retain(|dataset| matches!(dataset.work, Work::Steps { .. }));
    assert_eq!(Status::of_plan(&plan).number(), 0);
}
