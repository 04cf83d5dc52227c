//! What lies below something that is left out has a place on the target all the same.

use std::fs;

use zfs_rs::{DatasetName, Zfs};

use super::{replicate, run};
use crate::support::{
    files::{contents, mountpoint},
    oracle,
    pool::{home, other_place},
};

both!(
    what_is_left_out_is_stood_in_for,
    a_placeholder_set_aside_makes_room,
    a_placeholder_has_the_key_of_what_lies_above,
);

/// A child that is to be left out, and one below it with a file.
fn tree(purpose: &str) -> DatasetName {
    let root = home(purpose);
    oracle::sh(&format!(
        "zfs create {root}/out; zfs create {root}/out/in; zfs create {root}/out/in/deep"
    ));
    fs::write(mountpoint(format!("{root}/out/in")).join("file"), "text").unwrap();
    oracle::sh(&format!("zfs snapshot -r {root}@one"));
    root
}

/// What leaves out the middle one.
fn but(root: &DatasetName) -> [String; 5] {
    [
        "-r".to_owned(),
        "--exclude".to_owned(),
        format!("{root}/out"),
        "--include".to_owned(),
        format!("{root}/out/in"),
    ]
}

fn words(but: &[String]) -> Vec<&str> {
    but.iter().map(String::as_str).collect()
}

fn what_is_left_out_is_stood_in_for(zfs: &Zfs) {
    let (source, target) = (tree("stand-in"), other_place("stand-in"));
    let but = but(&source);
    let told = replicate(zfs, &source, &target, &[&words(&but)[..], &["--dry-run"]].concat()).well();
    assert!(told.out.contains(&format!("make {target}/out, empty")), "{told:#?}");
    assert!(!oracle::exists(target.as_str()));
    replicate(zfs, &source, &target, &words(&but)).well();
    let out = format!("{target}/out");
    assert_eq!(oracle::versions(&out), [""; 0]);
    for (property, value) in [("readonly", "on"), ("canmount", "off"), ("mounted", "no"), ("type", "filesystem")] {
        assert_eq!(oracle::get(&out, property), value, "{property}");
    }
    assert_eq!(
        oracle::zfs(&["get", "-H", "-o", "value,source", "org.zfs-replicate:placeholder", &out]),
        "on\tlocal\n"
    );
    assert_eq!(contents(format!("{out}/in@one")), contents(format!("{source}/out/in@one")));
    assert!(oracle::exists(&format!("{out}/in/deep@one")));
    // It stays, is nobody's orphan, and is told of by who explains.
    let again = replicate(zfs, &source, &target, &[&words(&but)[..], &["--json"]].concat())
        .well()
        .json();
    assert_eq!(
        (again["bytes"].as_u64(), again["orphans"].as_array().map(Vec::len)),
        (Some(0), Some(0)),
        "{again:#}"
    );
    let other = other_place("stand-in-explained");
    let explained = run(zfs, &[&["explain", source.as_str(), other.as_str()][..], &words(&but)].concat()).well();
    assert!(explained.out.contains(&format!("make {other}/out, empty")), "{explained:#?}");
}

fn a_placeholder_set_aside_makes_room(zfs: &Zfs) {
    let (source, target) = (tree("aside"), other_place("aside"));
    let but = but(&source);
    replicate(zfs, &source, &target, &words(&but)).well();
    let ended = replicate(zfs, &source, &target, &["-r"]);
    let hint = format!("zfs rename {target}/out {target}/out-aside");
    ended.badly(1, &["is an empty placeholder", &hint]);
    oracle::sh(&hint);
    let report = replicate(zfs, &source, &target, &["-r", "--json"]).well().json();
    assert_eq!(report["orphans"].as_array().map(Vec::len), Some(1), "{report:#}");
    oracle::sh(&format!("zfs destroy {target}/out-aside"));
    assert_eq!(oracle::versions(&format!("{target}/out")), ["@one"]);
    assert_eq!(contents(format!("{target}/out/in@one")), contents(format!("{source}/out/in@one")));
    let still = replicate(zfs, &source, &target, &["-r", "--json"]).well().json();
    assert_eq!(still["bytes"].as_u64(), Some(0), "{still:#}");
}

fn a_placeholder_has_the_key_of_what_lies_above(zfs: &Zfs) {
    let (source, place) = (tree("stand-in-key"), other_place("stand-in-key"));
    oracle::sh(&format!(
        "head -c 32 /dev/zero | zfs create -o encryption=on -o keyformat=raw -o keylocation=prompt -o canmount=off {place}"
    ));
    let target: DatasetName = format!("{place}/copy").parse().unwrap();
    let but = but(&source);
    replicate(
        zfs,
        &source,
        &target,
        &[&words(&but)[..], &["--exclude", &format!("{source}/out/in")]].concat(),
    )
    .well();
    assert!(!oracle::exists(&format!("{target}/out")), "nothing below it is wanted");
    oracle::sh(&format!("zfs unload-key {place}"));
    let ended = replicate(zfs, &source, &target, &words(&but));
    ended.badly(1, &[&format!("the key of {place} is not loaded"), "zfs load-key"]);
    oracle::sh(&format!("head -c 32 /dev/zero | zfs load-key {place}"));
    replicate(zfs, &source, &target, &words(&but)).well();
    for name in ["out", "out/in"] {
        assert_eq!(oracle::get(&format!("{target}/{name}"), "encryptionroot"), place.to_string());
    }
}
