//! With a cache nothing else is planned than without, whatever happened since it was written.

use std::{fs, os::unix::fs::MetadataExt as _};

use serde_json::Value;
use zfs_rs::{DatasetName, Zfs};

use super::{replicate, run};
use crate::support::{
    oracle,
    pool::{Pool, other_place},
};

both!(what_is_planned_with_a_cache_is_what_is_planned_without);

const CACHE: &str = "/run/listing-cache";

fn planned(zfs: &Zfs, source: &DatasetName, target: &DatasetName, more: &[&str]) -> Value {
    let words = ["plan", "-r", "--json", source.as_str(), target.as_str()];
    run(zfs, &[&words[..], more].concat()).json()["datasets"].take()
}

fn what_is_planned_with_a_cache_is_what_is_planned_without(zfs: &Zfs) {
    let pool = Pool::in_memory(100);
    let (source, target) = (pool.dataset("kept"), other_place("kept-listing"));
    oracle::sh(&format!(
        "rm -f {CACHE}; zfs create {source}; zfs create {source}/a; zfs create {source}/b; zfs snapshot -r {source}@one"
    ));
    let changes = [
        format!("zfs snapshot -r {source}@two; zfs snapshot {source}/a@three"),
        format!("zfs destroy {source}/a@one"),
        format!("zfs rename {source}/a@three {source}/a@third"),
        format!("zfs rename {source}/b {source}/a/b; zfs create {source}/b; zfs snapshot {source}/b@one"),
        format!("zfs destroy {source}/a@third; zfs snapshot {source}/a@third"),
        format!("zfs clone {source}/a@two {source}/clone; zfs snapshot {source}/clone@own"),
        format!("zfs promote {source}/clone"),
        format!("zfs destroy -r {source}/b; zfs create {source}/b; zfs snapshot {source}/b@one"),
        format!("zfs create {target}/stranger"),
        format!("zfs rename {target}/a {target}/elsewhere"),
        format!("zfs snapshot {target}/a@own"),
        format!("zfs rollback {source}@two"),
        format!("zpool export {}", pool.name()),
    ];
    for change in changes {
        // 1 where a change before took what both had in common, or put something in the way: a plan with that is compared too.
        let status = replicate(zfs, &source, &target, &["-r"]).status;
        assert!(matches!(status, 0 | 1), "{status} before {change}");
        // What changed a moment ago is not remembered.
        oracle::sh("sleep 3");
        planned(zfs, &source, &target, &["--cache", CACHE]);
        oracle::sh(&change);
        if change.starts_with("zpool export") {
            pool.import(&[]);
        }
        let plain = planned(zfs, &source, &target, &[]);
        assert_eq!(planned(zfs, &source, &target, &["--cache", CACHE]), plain, "{change}");
    }
    assert_eq!(fs::metadata(CACHE).unwrap().mode() & 0o777, 0o600);
    // Nobody else decides what is believed.
    oracle::sh(&format!("chmod 666 {CACHE}"));
    let ended = replicate(zfs, &source, &target, &["-r", "-n", "--cache", CACHE]);
    assert!(ended.err.contains("others could have written to it"), "{ended:#?}");
}
