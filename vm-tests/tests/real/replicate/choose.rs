//! Only what is wanted arrives; a plan that was kept is carried out as it is, or not at all.

use std::{fs, io::Write as _, process::Stdio};

use serde_json::Value;
use zfs_rs::{DatasetName, Zfs};

use super::{Ended, TORN, command, guids, partial, replicate, run, tear};
use crate::support::{
    files::{assortment, mountpoint, noise},
    oracle,
    pool::{home, other_place},
};

both!(
    patterns_and_a_property_choose,
    ages_of_snapshots_choose,
    a_property_of_snapshots_chooses,
    a_kept_plan_is_carried_out,
    a_kept_plan_that_does_not_hold_is_refused,
    what_was_begun_and_is_not_wanted_any_more_is_given_up,
);

/// Two children, one of which has a child and a mark that it inherits; `@daily_1` and `@hourly_1`.
fn tree(name: &str) -> DatasetName {
    let root = home(name);
    oracle::sh(&format!(
        "zfs create {root}/a; zfs create {root}/a/deep; zfs create {root}/tmp; zfs set org.example:backup=yes {root}"
    ));
    oracle::sh(&format!("zfs set org.example:backup=no {root}/tmp; zfs snapshot -r {root}@daily_1"));
    for child in ["", "/a", "/a/deep"] {
        assortment(&mountpoint(format!("{root}{child}")), 1);
    }
    oracle::sh(&format!("zfs snapshot -r {root}@hourly_1"));
    root
}

/// What is on a target, without its own name.
fn there(target: &DatasetName) -> Vec<String> {
    let listed = oracle::zfs(&["list", "-Hr", "-t", "filesystem,snapshot", "-o", "name", target.as_str()]);
    let mut names: Vec<String> = listed.lines().map(|line| line[target.as_str().len()..].to_owned()).collect();
    names.sort();
    names
}

fn patterns_and_a_property_choose(zfs: &Zfs) {
    let source = tree("chosen");
    let by_property = other_place("by-property");
    let words = ["-r", "--property", "org.example:backup=yes", "--include-snapshots", "daily_*"];
    replicate(zfs, &source, &by_property, &words).well();
    assert_eq!(
        there(&by_property),
        ["", "/a", "/a/deep", "/a/deep@daily_1", "/a@daily_1", "@daily_1"]
    );

    let by_pattern = other_place("by-pattern");
    let pattern = format!("{source}/*/deep");
    let words = ["-r", "--exclude", &pattern, "--exclude-snapshots", "daily_*"];
    replicate(zfs, &source, &by_pattern, &words).well();
    assert_eq!(there(&by_pattern), ["", "/a", "/a@hourly_1", "/tmp", "/tmp@hourly_1", "@hourly_1"]);

    let explained = run(
        zfs,
        &[&["explain", source.as_str(), by_pattern.as_str(), "--json"][..], &words].concat(),
    );
    let explained = explained.well().json();
    let datasets = explained["datasets"].as_array().unwrap();
    let told = |name: &str| {
        datasets
            .iter()
            .find(|dataset| dataset["source"] == format!("{source}{name}"))
            .unwrap()
    };
    assert_eq!(told("/a/deep")["standing"]["why"]["code"], "excluded");
    let fates = |name: &str| {
        told(name)["snapshots"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["fate"]["code"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(fates("/a"), ["left_out", "there"]);

    let nothing = other_place("nothing");
    replicate(zfs, &source, &nothing, &["-r", "--property", "org.example:backup=maybe"]).badly(3, &["nothing is selected", "maybe"]);
}

/// Seconds since 1970 at which a snapshot was made.
fn made(snapshot: &str) -> u64 {
    oracle::zfs(&["get", "-Hp", "-o", "value", "creation", snapshot])
        .trim()
        .parse()
        .unwrap()
}

fn ages_of_snapshots_choose(zfs: &Zfs) {
    let (source, target) = (home("aged"), other_place("aged"));
    // So far apart that a slow start of the program does not blur them.
    oracle::sh(&format!("zfs snapshot {source}@old; sleep 20; zfs snapshot {source}@new"));
    let now = || oracle::sh("date +%s").trim().parse::<u64>().unwrap();
    let between = || format!("{}s", now() + 10 - made(&format!("{source}@new")));
    replicate(zfs, &source, &target, &["--snapshots-older-than", &between()]).well();
    assert_eq!(there(&target), ["", "@old"]);

    // What has the wrong age is a base all the same.
    let age = between();
    let words = ["--snapshots-newer-than", age.as_str(), "--json"];
    let explained = run(zfs, &[&["explain", source.as_str(), target.as_str()][..], &words].concat());
    let explained = explained.well().json();
    let fate = &explained["datasets"][0]["snapshots"][1]["fate"];
    assert_eq!(
        (fate["code"].as_str(), fate["from"].as_str()),
        (Some("planned"), Some(format!("{source}@old").as_str()))
    );
    let plan = run(zfs, &[&["plan", source.as_str(), target.as_str()][..], &words].concat())
        .well()
        .out;
    // Nothing that was new when the plan was made is old when it is carried out.
    oracle::sh("sleep 12");
    apply(zfs, &plan).well();
    assert_eq!(there(&target), ["", "@new", "@old"]);

    let nothing = other_place("aged-nothing");
    let ended = replicate(zfs, &source, &nothing, &["--snapshots-older-than", "52w"]);
    ended.badly(1, &["what is wanted of snapshots leaves out all 2"]);
    let words = ["--snapshots-older-than", "52w", "--snapshots-newer-than", "1d"];
    replicate(zfs, &source, &nothing, &words).badly(3, &["no snapshot is newer than", "hint: "]);
}

fn a_property_of_snapshots_chooses(zfs: &Zfs) {
    let (source, target) = (tree("kinds"), other_place("kinds"));
    oracle::sh(&format!(
        "zfs set org.example:keep=yes {source}@daily_1 {source}/a; zfs set org.example:keep=no {source}/a@hourly_1"
    ));
    let words = ["-r", "--snapshot-property", "org.example:keep=yes"];
    // One has it of its own, others inherit it; those of /tmp have not.
    replicate(zfs, &source, &target, &words).badly(1, &["what is wanted of snapshots leaves out all 2"]);
    assert_eq!(
        there(&target),
        ["", "/a", "/a/deep", "/a/deep@daily_1", "/a/deep@hourly_1", "/a@daily_1", "@daily_1"]
    );
    let explained = run(zfs, &[&["explain", source.as_str(), target.as_str()][..], &words].concat());
    let said = format!(
        "@hourly_1 (guid {}): left out: org.example:keep is no, not yes",
        guids(&format!("{source}/a"))[1]
    );
    assert!(explained.out.contains(&said), "{said:?} is not said: {explained:#?}");
    // What is marked now goes on from what is not any more.
    oracle::sh(&format!(
        "zfs set org.example:keep=no {source}@daily_1; zfs set org.example:keep=yes {source}@hourly_1"
    ));
    replicate(zfs, &source, &target, &words[1..]).well();
    assert_eq!(guids(target.as_str()), guids(source.as_str()));
}

/// A plan as the program writes it.
fn kept(zfs: &Zfs, source: &DatasetName, target: &DatasetName) -> String {
    run(zfs, &["plan", "-r", "--json", source.as_str(), target.as_str()]).well().out
}

/// Carries out a plan from its standard input.
pub(super) fn apply(zfs: &Zfs, plan: &str) -> Ended {
    let mut command = command(zfs, &["apply", "-"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(plan.as_bytes()).unwrap();
    Ended::of(child.wait_with_output().unwrap())
}

fn a_kept_plan_is_carried_out(zfs: &Zfs) {
    let (source, target) = (tree("kept"), other_place("kept"));
    let plan = kept(zfs, &source, &target);
    assert_eq!(
        serde_json::from_str::<Value>(&plan).unwrap()["datasets"].as_array().unwrap().len(),
        4
    );
    apply(zfs, &plan).well();
    assert_eq!(there(&target).len(), 12);
    // What it planned is done: it does not hold any more, and says so.
    apply(zfs, &plan).badly(3, &["nothing was done", "planned:", "now:"]);
    apply(zfs, "{}").badly(3, &["is no plan"]);
}

fn a_kept_plan_that_does_not_hold_is_refused(zfs: &Zfs) {
    let (source, target) = (tree("moved"), other_place("moved"));
    let plan = kept(zfs, &source, &target);
    oracle::sh(&format!("zfs snapshot {source}/a@later"));
    apply(zfs, &plan).badly(3, &["nothing was done", &format!("{source}/a")]);
    assert!(!zfs.exists(&target).unwrap());
}

fn what_was_begun_and_is_not_wanted_any_more_is_given_up(zfs: &Zfs) {
    let (source, target) = (tree("unwanted"), other_place("unwanted"));
    replicate(zfs, &source, &target, &["--include-snapshots", "daily_1"]).well();
    noise(mountpoint(&source).join("noise"), 1, TORN * 3 / 2);
    oracle::sh(&format!("zfs snapshot {source}@hourly_2"));
    tear("-i @daily_1", &format!("{source}@hourly_2"), &target);
    fs::write(mountpoint(&source).join("more"), "more").unwrap();
    oracle::sh(&format!("zfs snapshot {source}@daily_2"));
    let ended = replicate(zfs, &source, &target, &["--include-snapshots", "daily_*"]).well();
    assert!(
        ended
            .out
            .contains("what is wanted of snapshots leaves out the one it was receiving"),
        "{ended:#?}"
    );
    assert_eq!(there(&target), ["", "@daily_1", "@daily_2"]);
    assert_eq!(partial(&target), "-");
}
