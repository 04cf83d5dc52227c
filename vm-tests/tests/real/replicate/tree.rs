//! A tree arrives, follows its changes, and is proved to be the same.

use std::{collections::BTreeSet, fs, process::Command};

use zfs_replicate::{Replicator, reason::Outcome, run::report::Report};
use zfs_rs::{DatasetName, Zfs};

use super::{Ended, PROGRAM, command, guids, holds, marks, replicate, run};
use crate::support::{
    files::{assortment, contents, mountpoint, noise},
    oracle,
    pool::{home, other_place},
};

both!(
    a_tree_arrives_and_follows,
    attributes_beside_the_dnode_arrive,
    a_cursor_is_base_enough,
    an_encrypted_tree_stays_encrypted,
    no_other_program_is_run,
    a_dry_run_changes_nothing,
    what_is_listed_is_what_the_oracle_lists,
    a_target_with_a_life_of_its_own_is_left_alone,
);

/// So short when compressed that kernels keep their block in a block pointer.
fn attributes_beside_the_dnode_arrive(zfs: &Zfs) {
    let (source, target) = (home("attributes"), other_place("attributes"));
    oracle::sh(&format!("zfs set xattr=sa compression=on {source}"));
    let file = mountpoint(&source).join("file");
    noise(&file, 1, 200_000);
    xattr::set(&file, "user.long", &[b'x'; 700]).unwrap();
    oracle::sh(&format!("zfs snapshot {source}@one"));
    let report = by_library(zfs, &source, &target);
    assert!(report.complete, "{report:#?}");
    let arrived = contents(format!("{target}@one"));
    assert!(arrived.values().any(|what| what.contains("user.long")), "{arrived:?}");
    assert_eq!(arrived, contents(format!("{source}@one")));
}

// I12
fn a_tree_arrives_and_follows(zfs: &Zfs) {
    let (source, target) = (tree("tree"), other_place("copy"));
    let first = by_library(zfs, &source, &target);
    assert!(first.complete, "{first:#?}");
    assert_eq!(first.datasets.len(), 5);
    assert_copied(&source, &target, &["@first", "@second"]);
    let local = oracle::zfs(&[
        "get",
        "-H",
        "-r",
        "-s",
        "local,received",
        "-o",
        "property,value,source",
        "all",
        target.as_str(),
    ]);
    // A volume's size is its contents.
    let local: BTreeSet<&str> = local.lines().filter(|line| !line.starts_with("volsize\t")).collect();
    let forced = BTreeSet::from(["canmount\tnoauto\tlocal", "readonly\ton\tlocal", "volmode\tnone\tlocal"]);
    assert!(local.is_subset(&forced), "nothing comes from the source: {local:?}");
    for child in ["", "/a", "/a/deep", "/b c"] {
        assert_eq!(oracle::get(&format!("{target}{child}"), "readonly"), "on");
        assert_eq!(oracle::get(&format!("{target}{child}"), "canmount"), "noauto");
    }
    assert_eq!(oracle::get(&format!("{target}/a/deep"), "mounted"), "no");

    oracle::sh(&format!("zfs create {source}/late"));
    for child in ["", "/a", "/late"] {
        assortment(&mountpoint(format!("{source}{child}")), 3);
    }
    oracle::sh(&format!("zfs snapshot -r {source}@third"));
    let second = by_library(zfs, &source, &target);
    assert!(second.complete, "{second:#?}");
    assert!(second.bytes < first.bytes, "{} after {}", second.bytes, first.bytes);
    assert_copied(&source, &target, &["@third"]);

    let third = by_library(zfs, &source, &target);
    assert!(
        third.datasets.iter().all(|dataset| dataset.outcome == Outcome::AtGoal),
        "{third:#?}"
    );
    assert_eq!(third.bytes, 0);
    assert!(marks(&source) <= 6 * 2, "at most two cursors a dataset: {}", marks(&source));
    assert_eq!((holds(&source), holds(&target)), (String::new(), String::new()));
}

fn a_cursor_is_base_enough(zfs: &Zfs) {
    let (source, target) = (home("cursor"), other_place("cursor"));
    assortment(&mountpoint(&source), 1);
    oracle::sh(&format!("zfs snapshot {source}@one"));
    replicate(zfs, &source, &target, &[]).well();
    fs::write(mountpoint(&source).join("more"), "more").unwrap();
    oracle::sh(&format!("zfs destroy {source}@one; zfs snapshot {source}@two"));
    let ended = replicate(zfs, &source, &target, &["--json"]).well();
    assert!(ended.json()["bytes"].as_u64().unwrap() < 100_000, "an increment: {ended:#?}");
    assert_eq!(oracle::versions(target.as_str()), ["@one", "@two"]);
    assert_eq!(contents(format!("{target}@two")), contents(format!("{source}@two")));
    assert!(marks(&source) <= 3);
}

fn an_encrypted_tree_stays_encrypted(zfs: &Zfs) {
    let (source, target) = (home("secret"), other_place("secret"));
    oracle::sh(&format!(
        "head -c 32 /dev/zero | zfs create -o encryption=on -o keyformat=raw -o keylocation=prompt {source}/e; zfs create {source}/e/child"
    ));
    assortment(&mountpoint(format!("{source}/e/child")), 1);
    oracle::sh(&format!("zfs snapshot -r {source}@one"));
    let bare = replicate(zfs, &source, &target, &["--recursive"]);
    bare.badly(1, &["encrypted", "--raw", &format!("{source}/e")]);
    assert!(!oracle::exists(&format!("{target}/e")));

    replicate(zfs, &source, &target, &["--recursive", "--raw"]).well();
    oracle::sh(&format!(
        "zfs unmount {source}/e/child; zfs unmount {source}/e; zfs unload-key {source}/e; zfs snapshot -r {source}@two"
    ));
    // Raw, it needs no key on either side.
    replicate(zfs, &source, &target, &["--recursive", "--raw"]).well();
    assert_eq!(oracle::get(&format!("{target}/e/child"), "keystatus"), "unavailable");
    oracle::sh(&format!(
        "head -c 32 /dev/zero | zfs load-key {source}/e; head -c 32 /dev/zero | zfs load-key {target}/e; \
         [ $(zfs get -H -o value keystatus {target}/e/child) = available ] || head -c 32 /dev/zero | zfs load-key {target}/e/child"
    ));
    for short in ["one", "two"] {
        assert_eq!(
            contents(format!("{target}/e/child@{short}")),
            contents(format!("{source}/e/child@{short}"))
        );
    }
}

fn no_other_program_is_run(zfs: &Zfs) {
    let (source, target) = (tree("traced"), other_place("traced"));
    let order = command(zfs, &["replicate", "--recursive", source.as_str(), target.as_str()]);
    let programs = traced(order.get_args().map(|arg| arg.to_str().unwrap()), PROGRAM);
    assert_eq!(programs, BTreeSet::from([PROGRAM.to_owned()]));
    assert_copied(&source, &target, &["@second"]);
    // The trace does see what a program runs.
    let programs = traced(["-c", "/bin/true; zfs version >/dev/null"].into_iter(), "/bin/sh");
    assert!(programs.iter().any(|program| program.ends_with("/zfs")), "{programs:?}");
}

fn a_dry_run_changes_nothing(zfs: &Zfs) {
    let (source, target) = (tree("dry"), other_place("dry"));
    let before = oracle::everything(source.as_str());
    let ended = replicate(zfs, &source, &target, &["--recursive", "--dry-run"]).well();
    assert!(ended.out.contains(&format!("{source}/a/deep")), "{ended:#?}");
    assert_eq!(oracle::everything(source.as_str()), before, "no bookmark is made");
    assert!(!oracle::exists(target.as_str()));
}

fn what_is_listed_is_what_the_oracle_lists(zfs: &Zfs) {
    let source = tree("listed");
    oracle::sh(&format!(
        "zfs bookmark {source}/a@first {source}/a#mark; zfs hold keep {source}@second"
    ));
    let ended = run(zfs, &["list", "--recursive", "--json", source.as_str()]).well();
    let mut ours = Vec::new();
    let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let listed = ended.json();
    for dataset in listed["datasets"].as_array().unwrap() {
        ours.push((word(&dataset["name"]), word(&dataset["guid"])));
        for kind in ["versions", "marks"] {
            for found in dataset[kind].as_array().unwrap() {
                let name = word(&found["name"]);
                assert_eq!(word(&found["createtxg"]), oracle::get(&name, "createtxg"));
                ours.push((name, word(&found["guid"])));
            }
        }
    }
    ours.sort();
    let theirs: Vec<(String, String)> = oracle::everything(source.as_str())
        .iter()
        .map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>())
        .map(|fields| (fields[0].clone(), fields[1].clone()))
        .collect();
    assert_eq!(ours, theirs);
    assert!(ended.out.contains("keep"), "the hold is shown: {}", ended.out);
}

fn a_target_with_a_life_of_its_own_is_left_alone(zfs: &Zfs) {
    let (source, target) = (home("apart"), other_place("apart"));
    oracle::sh(&format!("zfs snapshot {source}@one"));
    replicate(zfs, &source, &target, &[]).well();
    oracle::sh(&format!("zfs snapshot {target}@mine; zfs snapshot {source}@two"));
    let before = oracle::everything(target.as_str());
    replicate(zfs, &source, &target, &[]).badly(1, &[target.as_str(), "1 snapshot of its own", "--on-divergence rename-aside"]);
    assert_eq!(oracle::everything(target.as_str()), before);

    // The same name is not the same snapshot.
    let foreign = other_place("foreign");
    oracle::sh(&format!("zfs create -o canmount=noauto {foreign}; zfs snapshot {foreign}@one"));
    replicate(zfs, &source, &foreign, &[]).badly(1, &[foreign.as_str(), "none in common"]);
    assert_eq!(oracle::versions(foreign.as_str()), ["@one"]);
}

/// Five datasets with two generations of snapshots; one has only the second.
fn tree(purpose: &str) -> DatasetName {
    let root = home(purpose);
    oracle::sh(&format!(
        "zfs create -o recordsize=1M {root}/a; zfs create {root}/a/deep; zfs create -s -V 8M {root}/volume"
    ));
    assortment(&mountpoint(&root), 1);
    assortment(&mountpoint(format!("{root}/a")), 1);
    oracle::sh(&format!(
        "zfs set org.example:owner=ada {root}; zfs snapshot -r {root}@first; zfs create '{root}/b c'"
    ));
    assortment(&mountpoint(format!("{root}/a")), 2);
    assortment(&mountpoint(format!("{root}/b c")), 2);
    fs::remove_dir_all(mountpoint(format!("{root}/a/directory1"))).unwrap();
    oracle::sh(&format!("zfs snapshot -r {root}@second"));
    root
}

/// Every dataset and snapshot of the source is on the target by GUID, and those of these names by the contents of every file.
fn assert_copied(source: &DatasetName, target: &DatasetName, shorts: &[&str]) {
    let text = oracle::zfs(&["list", "-H", "-r", "-o", "name", source.as_str()]);
    for name in text.lines() {
        let copy = name.replacen(source.as_str(), target.as_str(), 1);
        assert_eq!(guids(name), guids(&copy), "{name}");
        assert!(!guids(name).is_empty());
    }
    let mut compared = 0;
    for child in ["", "/a", "/b c", "/late"] {
        for short in shorts {
            let name = format!("{source}{child}{short}");
            if text.contains(&format!("{source}{child}\n")) && oracle::exists(&name) {
                assert_eq!(contents(format!("{target}{child}{short}")), contents(&name), "{name}");
                compared += 1;
            }
        }
    }
    assert!(compared >= 3, "{compared} snapshots were compared");
}

/// A recursive run of the library.
fn by_library(zfs: &Zfs, source: &DatasetName, target: &DatasetName) -> Report {
    let replication = Replicator::local(zfs.clone(), source.clone(), target.clone()).recursive(true);
    let plan = replication.plan().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(replication.run(plan).finish())
}

/// Every program that a program runs, itself included.
fn traced<'a>(args: impl Iterator<Item = &'a str>, program: &str) -> BTreeSet<String> {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-qq", "-e", "trace=execve,execveat", "-o"])
        .arg(log.path())
        .arg(program)
        .args(args);
    Ended::of(strace.output().unwrap()).well();
    let text = fs::read_to_string(log.path()).unwrap();
    let calls = text.lines().filter(|line| line.contains("exec") && line.ends_with("= 0"));
    calls.map(|line| line.split('"').nth(1).unwrap().to_owned()).collect()
}
