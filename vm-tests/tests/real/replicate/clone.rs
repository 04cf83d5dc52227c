//! What is a clone on the source is one on the target, where its origin is there.

use std::{fs, io::Write as _, process::Command};

use serde_json::Value;
use zfs_rs::{DatasetName, Zfs};

use super::{guids, holds, replicate};
use crate::support::{
    files::{contents, mountpoint, noise},
    oracle,
    pool::{home, other_place},
};

both!(
    a_clone_arrives_as_a_clone,
    an_interrupted_clone_goes_on,
    a_chain_of_clones_arrives_as_one,
    a_clone_below_and_one_above_its_origin,
    a_clone_whose_origin_is_elsewhere_arrives_in_full,
    a_raw_clone_has_the_key_of_its_origin,
    a_clone_below_an_encrypted_target_is_encrypted,
);

/// A dataset with four mebibytes of noise, and a clone of it with a little more. The clone's name comes first.
fn tree(purpose: &str) -> DatasetName {
    let root = home(purpose);
    oracle::sh(&format!("zfs snapshot {root}@one; zfs create {root}/base"));
    noise(mountpoint(format!("{root}/base")).join("noise"), 5, BULK);
    oracle::sh(&format!(
        "zfs snapshot {root}/base@one; zfs snapshot {root}/base@two; zfs clone {root}/base@two {root}/a-clone"
    ));
    fs::write(mountpoint(format!("{root}/a-clone")).join("more"), "more").unwrap();
    oracle::sh(&format!("zfs snapshot {root}/a-clone@three"));
    root
}

const BULK: u64 = 4 << 20;

fn bytes(report: &Value, source: &str) -> u64 {
    let datasets = report["datasets"].as_array().unwrap();
    let dataset = datasets.iter().find(|dataset| dataset["source"] == source);
    dataset.unwrap()["bytes"].as_u64().unwrap()
}

/// The copy is a clone of the copy of that snapshot, holds the same, and takes no room for what both have.
fn assert_clone(source: &DatasetName, target: &DatasetName, path: &str, origin: &str) {
    let (ours, theirs) = (format!("{source}{path}"), format!("{target}{path}"));
    assert_eq!(oracle::get(&ours, "origin"), format!("{source}{origin}"));
    assert_eq!(oracle::get(&theirs, "origin"), format!("{target}{origin}"));
    assert_eq!(
        oracle::get(&format!("{target}{origin}"), "guid"),
        oracle::get(&format!("{source}{origin}"), "guid")
    );
    assert_eq!(guids(&ours), guids(&theirs));
    let used: u64 = oracle::get(&theirs, "used").parse().unwrap();
    assert!(used < BULK / 4, "{theirs} takes {used} bytes");
    assert_eq!(oracle::get(&theirs, "readonly"), "on");
    assert_eq!(oracle::get(&theirs, "mounted"), "no");
}

fn assert_still(zfs: &Zfs, source: &DatasetName, target: &DatasetName, more: &[&str]) {
    let report = replicate(zfs, source, target, &[&["-r", "--json"], more].concat()).well().json();
    assert_eq!(report["bytes"].as_u64(), Some(0), "{report:#}");
    assert_eq!((holds(source), holds(target)), (String::new(), String::new()));
}

fn a_clone_arrives_as_a_clone(zfs: &Zfs) {
    let (source, target) = (tree("cloned"), other_place("cloned"));
    let told = replicate(zfs, &source, &target, &["-r", "--dry-run"]).well();
    assert!(told.out.contains(&format!("clone of {target}/base@two")), "{told:#?}");
    let report = replicate(zfs, &source, &target, &["-r", "--json"]).well().json();
    assert!(bytes(&report, &format!("{source}/a-clone")) < BULK / 4, "{report:#}");
    assert_clone(&source, &target, "/a-clone", "/base@two");
    assert_still(zfs, &source, &target, &[]);

    // From then on it is a dataset like any other, and so is another clone of what is there.
    fs::write(mountpoint(format!("{source}/a-clone")).join("most"), "most").unwrap();
    oracle::sh(&format!(
        "zfs snapshot {source}/a-clone@four; zfs clone {source}/base@one {source}/late; zfs snapshot {source}/late@five"
    ));
    replicate(zfs, &source, &target, &["-r"]).well();
    assert_clone(&source, &target, "/a-clone", "/base@two");
    assert_clone(&source, &target, "/late", "/base@one");
    for short in ["three", "four"] {
        let name = |root: &DatasetName| format!("{root}/a-clone@{short}");
        assert_eq!(contents(name(&target)), contents(name(&source)));
    }
    // Who owns what the two share is nobody's identity.
    fs::write(mountpoint(format!("{source}/base")).join("later"), "later").unwrap();
    oracle::sh(&format!("zfs snapshot {source}/base@six"));
    replicate(zfs, &source, &target, &["-r"]).well();
    oracle::sh(&format!("zfs promote {source}/a-clone"));
    assert_still(zfs, &source, &target, &[]);
}

/// By what the kernel saved of our own order.
fn an_interrupted_clone_goes_on(zfs: &Zfs) {
    let (source, target) = (tree("cut"), other_place("cut"));
    noise(mountpoint(format!("{source}/a-clone")).join("own"), 6, BULK);
    oracle::sh(&format!("zfs destroy {source}/a-clone@three; zfs snapshot {source}/a-clone@three"));
    let clone = format!("{source}/a-clone");
    replicate(zfs, &source, &target, &["-r", "--exclude", &clone]).well();
    let args = ["send", "-Lc", "-i", &format!("{source}/base@two"), &format!("{clone}@three")];
    let stream = Command::new("zfs").args(args).output().unwrap().stdout;
    let copy: DatasetName = format!("{target}/a-clone").parse().unwrap();
    let origin = format!("{target}/base@two").parse().unwrap();
    let mut receiving = zfs.receive(&copy).origin(origin).resumable(true).spawn().unwrap();
    receiving.write_all(&stream[..stream.len() * 3 / 4]).unwrap();
    assert!(receiving.finish().is_err());
    assert_ne!(oracle::get(copy.as_str(), "receive_resume_token"), "-");

    let report = replicate(zfs, &source, &target, &["-r", "--json"]).well().json();
    let moved = bytes(&report, &clone);
    assert!(moved < BULK / 2, "{moved}: {report:#}");
    assert_eq!(oracle::get(copy.as_str(), "origin"), format!("{target}/base@two"));
    assert_eq!(contents(format!("{copy}@three")), contents(format!("{clone}@three")));
    assert_still(zfs, &source, &target, &[]);
}

fn a_chain_of_clones_arrives_as_one(zfs: &Zfs) {
    let (source, target) = (tree("chain"), other_place("chain"));
    oracle::sh(&format!(
        "zfs clone {source}/a-clone@three {source}/0; zfs snapshot {source}/0@x; zfs clone {source}/0@x {source}/z; zfs snapshot {source}/z@y"
    ));
    replicate(zfs, &source, &target, &["-r"]).well();
    for (path, origin) in [("/a-clone", "/base@two"), ("/0", "/a-clone@three"), ("/z", "/0@x")] {
        assert_clone(&source, &target, path, origin);
    }
    assert_still(zfs, &source, &target, &[]);
}

fn a_clone_below_and_one_above_its_origin(zfs: &Zfs) {
    let (source, target) = (tree("above"), other_place("above"));
    oracle::sh(&format!(
        "zfs clone {source}/base@one {source}/base/below; zfs snapshot {source}/base/below@x; \
         zfs create {source}/deep; zfs snapshot {source}/deep@x; zfs clone {source}/deep@x {source}/over; \
         zfs snapshot {source}/over@y; zfs rename {source}/deep {source}/over/deep"
    ));
    let told = replicate(zfs, &source, &target, &["-r", "--dry-run"]).well();
    assert!(told.out.contains("sent in full, without sharing blocks"), "{told:#?}");
    replicate(zfs, &source, &target, &["-r"]).well();
    assert_clone(&source, &target, "/base/below", "/base@one");
    assert_eq!(oracle::get(&format!("{target}/over"), "origin"), "-");
    assert_still(zfs, &source, &target, &[]);
}

fn a_clone_whose_origin_is_elsewhere_arrives_in_full(zfs: &Zfs) {
    let (source, target) = (tree("outside"), other_place("outside"));
    let clone: DatasetName = format!("{source}/a-clone").parse().unwrap();
    let told = replicate(zfs, &clone, &target, &["-r", "--dry-run"]).well();
    assert!(told.out.contains("sent in full, without sharing blocks"), "{told:#?}");
    replicate(zfs, &clone, &target, &["-r"]).well();
    assert_eq!(oracle::get(target.as_str(), "origin"), "-");
    assert_eq!(contents(format!("{target}@three")), contents(format!("{clone}@three")));
    assert_still(zfs, &clone, &target, &[]);
}

/// A clone of an encrypted dataset, and both with their key for reading.
fn secret(root: &DatasetName) {
    oracle::sh(&format!(
        "head -c 32 /dev/zero | zfs create -o encryption=on -o keyformat=raw -o keylocation=prompt {root}/s; zfs snapshot {root}@one"
    ));
    noise(mountpoint(format!("{root}/s")).join("noise"), 7, BULK);
    oracle::sh(&format!("zfs snapshot {root}/s@one; zfs clone {root}/s@one {root}/s-clone"));
    fs::write(mountpoint(format!("{root}/s-clone")).join("more"), "more").unwrap();
    oracle::sh(&format!("zfs snapshot {root}/s-clone@two"));
}

fn a_raw_clone_has_the_key_of_its_origin(zfs: &Zfs) {
    let (source, target) = (home("raw-clone"), other_place("raw-clone"));
    secret(&source);
    replicate(zfs, &source, &target, &["-r", "--raw"]).well();
    assert_clone(&source, &target, "/s-clone", "/s@one");
    assert_eq!(oracle::get(&format!("{target}/s-clone"), "encryptionroot"), format!("{target}/s"));
    assert_eq!(oracle::get(&format!("{target}/s-clone"), "keystatus"), "unavailable");
    fs::write(mountpoint(format!("{source}/s-clone")).join("most"), "most").unwrap();
    oracle::sh(&format!("zfs snapshot {source}/s-clone@three"));
    replicate(zfs, &source, &target, &["-r", "--raw"]).well();
    assert_still(zfs, &source, &target, &["--raw"]);
    // Once raw, always raw, for the clone of what came raw too.
    oracle::sh(&format!(
        "head -c 32 /dev/zero | zfs load-key {target}/s; zfs snapshot {source}/s-clone@four"
    ));
    replicate(zfs, &source, &target, &["-r"]).badly(1, &[&format!("{target}/s-clone was received raw"), "--raw"]);
    for short in ["two", "three"] {
        let name = |root: &DatasetName| format!("{root}/s-clone@{short}");
        assert_eq!(contents(name(&target)), contents(name(&source)));
    }
}

fn a_clone_below_an_encrypted_target_is_encrypted(zfs: &Zfs) {
    let (source, place) = (home("plain-clone"), other_place("plain-clone"));
    secret(&source);
    oracle::sh(&format!(
        "head -c 32 /dev/zero | zfs create -o encryption=on -o keyformat=raw -o keylocation=prompt -o canmount=off {place}"
    ));
    let target: DatasetName = format!("{place}/copy").parse().unwrap();
    replicate(zfs, &source, &target, &["-r"]).well();
    assert_clone(&source, &target, "/s-clone", "/s@one");
    assert_eq!(oracle::get(&format!("{target}/s-clone"), "encryptionroot"), place.to_string());
    assert_eq!(contents(format!("{target}/s-clone@two")), contents(format!("{source}/s-clone@two")));
    assert_still(zfs, &source, &target, &[]);
}
