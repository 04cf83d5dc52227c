//! A copy that diverged is set aside or taken back when that is asked for, and nothing is lost but what was listed.

use std::{collections::BTreeSet, fs};

use zfs_rs::{DatasetName, Zfs};

use super::choose::apply;
use super::{guids, replicate, run, tear};
use crate::support::{
    files::{contents, mountpoint, noise},
    oracle,
    pool::{Pool, home, other_place},
};

both!(
    what_diverged_is_set_aside_and_sent_anew,
    what_diverged_goes_back_with_a_listed_loss,
    nothing_is_lost_that_came_after_the_plan,
    what_is_in_use_is_not_lost,
    a_raw_copy_needs_no_key_for_either,
    an_interrupted_receive_goes_on_after_going_back,
    the_root_of_a_pool_stays_where_it_is,
);

const ASIDE: [&str; 3] = ["-r", "--on-divergence", "rename-aside"];
const BACK: [&str; 3] = ["-r", "--on-divergence", "rollback"];

/// A tree, and its copy with a snapshot of its own in the middle, which is mounted and was written to before and after.
fn diverged(zfs: &Zfs, purpose: &str) -> (DatasetName, DatasetName) {
    let (source, target) = (home(purpose), other_place(purpose));
    oracle::sh(&format!("zfs create {source}/a; zfs create {source}/a/b"));
    for path in ["", "/a", "/a/b"] {
        fs::write(mountpoint(format!("{source}{path}")).join("file"), "one").unwrap();
    }
    oracle::sh(&format!("zfs snapshot -r {source}@one"));
    replicate(zfs, &source, &target, &["-r"]).well();
    let copy = format!("{target}/a");
    oracle::sh(&format!("zfs set readonly=off {copy}; zfs mount {copy}"));
    fs::write(mountpoint(&copy).join("own"), "own").unwrap();
    oracle::sh(&format!("zfs snapshot {copy}@own"));
    fs::write(mountpoint(&copy).join("later"), "later").unwrap();
    fs::write(mountpoint(format!("{source}/a")).join("file"), "two").unwrap();
    oracle::sh(&format!("zfs snapshot -r {source}@two; zpool sync"));
    (source, target)
}

/// The identity of every snapshot there is below.
fn all(root: &str) -> BTreeSet<String> {
    let text = oracle::zfs(&["list", "-Hp", "-r", "-t", "snapshot", "-o", "guid,name", root]);
    text.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

fn assert_copied(source: &DatasetName, target: &DatasetName) {
    for path in ["", "/a", "/a/b"] {
        let (ours, theirs) = (format!("{source}{path}"), format!("{target}{path}"));
        assert_eq!(guids(&ours), guids(&theirs));
        assert_eq!(contents(format!("{theirs}@two")), contents(format!("{ours}@two")));
    }
}

fn aside_of(name: &str) -> String {
    let guid: u64 = oracle::get(name, "guid").parse().unwrap();
    format!("{name}.aside-{guid:016x}")
}

fn what_diverged_is_set_aside_and_sent_anew(zfs: &Zfs) {
    let (source, target) = diverged(zfs, "aside");
    replicate(zfs, &source, &target, &["-r", "--dry-run"]).badly(
        1,
        &["1 snapshot of its own", "--on-divergence rename-aside", "--on-divergence rollback"],
    );
    let (copy, aside) = (format!("{target}/a"), aside_of(&format!("{target}/a")));
    let before = all(target.as_str());
    // Kernels leave what is mounted where it is mounted.
    let mounted = mountpoint(&copy);
    let told = run(zfs, &[&["plan", source.as_str(), target.as_str()][..], &ASIDE].concat()).well();
    for words in [
        format!("set {copy} aside as {aside}"),
        format!("{copy}/b"),
        "full stream".to_owned(),
    ] {
        assert!(told.out.contains(&words), "{words}: {told:#?}");
    }
    let explained = run(zfs, &[&["explain", source.as_str(), target.as_str()][..], &ASIDE].concat()).well();
    assert!(explained.out.contains(&format!("set {copy} aside")), "{explained:#?}");
    assert!(oracle::exists(&format!("{copy}@own")), "nothing was done yet");

    replicate(zfs, &source, &target, &ASIDE).well();
    assert_copied(&source, &target);
    assert!(all(target.as_str()).is_superset(&before));
    assert_eq!(oracle::versions(&aside), ["@one", "@own"]);
    assert_eq!(oracle::versions(&format!("{aside}/b")), ["@one"]);
    assert!(contents(format!("{aside}@own")).keys().any(|path| path.ends_with("own")));
    assert_eq!(fs::read_to_string(mounted.join("later")).unwrap(), "later");
    // It is nobody's copy any more.
    oracle::sh(&format!("zfs rename {source}/a {source}/z; zfs snapshot -r {source}@three"));
    let report = replicate(zfs, &source, &target, &[&ASIDE[..], &["--json"]].concat()).well().json();
    assert_eq!(report["orphans"].as_array().map(Vec::len), Some(2), "{report:#}");
    assert_eq!(guids(&format!("{target}/z")), guids(&format!("{source}/z")));
    assert_eq!(oracle::versions(&aside), ["@one", "@own"]);
    let still = replicate(zfs, &source, &target, &[&ASIDE[..], &["--json"]].concat()).well().json();
    assert_eq!(still["bytes"].as_u64(), Some(0), "{still:#}");
}

fn what_diverged_goes_back_with_a_listed_loss(zfs: &Zfs) {
    let (source, target) = diverged(zfs, "back");
    let copy = format!("{target}/a");
    let guid = oracle::get(&format!("{copy}@own"), "guid");
    let before = all(target.as_str());
    let told = run(zfs, &[&["plan", source.as_str(), target.as_str()][..], &BACK].concat()).well();
    for words in [
        format!("roll {copy} back to @one"),
        format!("{copy}@own (guid {guid})"),
        "what was written since @own".to_owned(),
    ] {
        assert!(told.out.contains(&words), "{words}: {told:#?}");
    }
    assert!(oracle::exists(&format!("{copy}@own")), "nothing was done yet");

    replicate(zfs, &source, &target, &BACK).well();
    assert_copied(&source, &target);
    let after = all(target.as_str());
    let lost: Vec<_> = before.difference(&after).collect();
    assert_eq!(lost, [&guid]);
    // Only written to.
    fs::write(mountpoint(&copy).join("own"), "again").unwrap();
    oracle::sh(&format!("zfs snapshot -r {source}@three; zpool sync"));
    replicate(zfs, &source, &target, &["-r"]).badly(1, &["was changed since", "--on-divergence rollback"]);
    replicate(zfs, &source, &target, &BACK).well();
    assert_eq!(guids(&copy), guids(&format!("{source}/a")));
    assert!(!mountpoint(&copy).join("own").exists());
}

fn nothing_is_lost_that_came_after_the_plan(zfs: &Zfs) {
    let (source, target) = diverged(zfs, "unlisted");
    let copy = format!("{target}/a");
    for way in [BACK, ASIDE] {
        let words = [&["plan", source.as_str(), target.as_str(), "--json"][..], &way].concat();
        let plan = run(zfs, &words).well().out;
        oracle::sh(&format!("zfs snapshot {copy}@unlisted"));
        let before = oracle::everything(target.as_str());
        // What would be lost is named; of what is kept it is told how much there is.
        let told = if way == BACK {
            format!("{copy}@unlisted")
        } else {
            "2 snapshots of its own".to_owned()
        };
        apply(zfs, &plan).badly(3, &["nothing was done", &told]);
        assert_eq!(oracle::everything(target.as_str()), before);
        oracle::sh(&format!("zfs destroy {copy}@unlisted"));
    }
    let words = [&["plan", source.as_str(), target.as_str(), "--json"][..], &BACK].concat();
    let plan = run(zfs, &words).well().out;
    apply(zfs, &plan).well();
    assert_copied(&source, &target);
}

fn what_is_in_use_is_not_lost(zfs: &Zfs) {
    let (source, target) = diverged(zfs, "used");
    let own = format!("{target}/a@own");
    let clone = other_place("grown");
    let uses = [
        (
            format!("zfs hold legal {own}"),
            "is held by legal",
            format!("zfs release legal {own}"),
        ),
        (
            format!("zfs clone {own} {clone}"),
            "is the origin of a clone",
            format!("zfs destroy {clone}"),
        ),
        (
            format!("zfs bookmark {own} {target}/a#mark"),
            "behind a bookmark",
            format!("zfs destroy {target}/a#mark"),
        ),
    ];
    for (use_it, words, let_go) in uses {
        oracle::sh(&use_it);
        let before = oracle::everything(target.as_str());
        replicate(zfs, &source, &target, &[&BACK[..], &["--dry-run"]].concat()).badly(1, &[words, "hint: "]);
        assert_eq!(oracle::everything(target.as_str()), before);
        oracle::sh(&let_go);
    }
    // A kernel is as strict: the reason is no invention.
    oracle::sh(&format!("zfs bookmark {own} {target}/a#mark; zfs destroy {own}"));
    assert!(zfs.rollback_to(&format!("{target}/a@one").parse().unwrap()).is_err());
    // In the way of setting aside is none of these.
    replicate(zfs, &source, &target, &ASIDE).well();
    assert_copied(&source, &target);
}

fn a_raw_copy_needs_no_key_for_either(zfs: &Zfs) {
    let place = home("raw-place");
    let source: DatasetName = format!("{place}/secret").parse().unwrap();
    oracle::sh(&format!(
        "head -c 32 /dev/zero | zfs create -o encryption=on -o keyformat=raw -o keylocation=prompt {source}; zfs create {source}/below"
    ));
    fs::write(mountpoint(format!("{source}/below")).join("file"), "text").unwrap();
    oracle::sh(&format!("zfs snapshot -r {source}@one"));
    let target = other_place("raw");
    replicate(zfs, &source, &target, &["-r", "--raw"]).well();
    for (way, short) in [(BACK, "two"), (ASIDE, "three")] {
        oracle::sh(&format!("zfs snapshot {target}@own; zfs snapshot -r {source}@{short}"));
        let aside = aside_of(target.as_str());
        replicate(zfs, &source, &target, &[&way[..], &["--raw"]].concat()).well();
        for path in ["", "/below"] {
            assert_eq!(guids(&format!("{target}{path}")), guids(&format!("{source}{path}")));
            assert_eq!(oracle::get(&format!("{target}{path}"), "keystatus"), "unavailable");
        }
        assert_eq!(oracle::exists(&format!("{aside}@own")), way == ASIDE);
        assert_eq!(oracle::exists(&format!("{aside}/below@two")), way == ASIDE);
    }
}

fn an_interrupted_receive_goes_on_after_going_back(zfs: &Zfs) {
    let (source, target) = (home("torn-back"), other_place("torn-back"));
    oracle::sh(&format!("zfs snapshot {source}@one"));
    replicate(zfs, &source, &target, &[]).well();
    noise(mountpoint(&source).join("noise"), 3, 4 << 20);
    oracle::sh(&format!("zfs snapshot {source}@two"));
    tear("-Lc -i @one", &format!("{source}@two"), &target);
    oracle::sh(&format!("zfs snapshot {target}@own"));
    let report = replicate(zfs, &source, &target, &["--on-divergence", "rollback", "--json"])
        .well()
        .json();
    assert!(report["datasets"][0]["bytes_saved"].as_u64().unwrap() > 1 << 20, "{report:#}");
    assert_eq!(guids(target.as_str()), guids(source.as_str()));
    assert_eq!(contents(format!("{target}@two")), contents(format!("{source}@two")));
}

fn the_root_of_a_pool_stays_where_it_is(zfs: &Zfs) {
    let pool = Pool::in_memory(100);
    let (source, target) = (home("to-a-pool"), pool.name().parse().unwrap());
    oracle::sh(&format!("zfs snapshot {source}@one; zfs snapshot {target}@own"));
    let before = oracle::everything(pool.name());
    replicate(zfs, &source, &target, &["--on-divergence", "rename-aside"]).badly(1, &["is the root of its pool", "hint: "]);
    assert_eq!(oracle::everything(pool.name()), before);
}
