//! Streams are made as the target's pool can take them, and what it cannot take is said before.

use std::fs;

use zfs_rs::{DatasetName, Zfs};

use super::{guids, replicate};
use crate::support::{
    files::{contents, mountpoint, noise},
    oracle,
    pool::{Pool, home, other_place},
};

both!(
    a_pool_without_large_blocks_gets_none,
    a_pool_without_zstd_gets_what_is_decompressed,
    a_pool_without_encryption_takes_nothing_raw,
);

const MIB: u64 = 1 << 20;

/// Both have the same snapshots, and the same files in one of them.
fn assert_same(source: &DatasetName, target: &DatasetName, snapshot: &str) {
    assert_eq!(guids(target.as_str()), guids(source.as_str()));
    assert_eq!(contents(format!("{target}@{snapshot}")), contents(format!("{source}@{snapshot}")));
}

fn state(pool: &Pool, feature: &str) -> String {
    let property = format!("feature@{feature}");
    oracle::zpool(&["get", "-H", "-o", "value", &property, pool.name()])
        .trim_end()
        .to_owned()
}

fn a_pool_without_large_blocks_gets_none(zfs: &Zfs) {
    let (source, pool) = (home("large"), Pool::lacking(100, "large_blocks"));
    let target = pool.dataset("copy");
    oracle::sh(&format!("zfs set recordsize=1M {source}"));
    let files = mountpoint(&source);
    noise(files.join("noise"), 1, 3 * MIB);
    oracle::sh(&format!("zfs snapshot {source}@one"));
    let said = format!("note: sent without large blocks because pool {} lacks large_blocks", pool.name());
    let ended = replicate(zfs, &source, &target, &[]).well();
    assert!(
        ended.out.contains(&said) && ended.out.contains("zpool set feature@large_blocks=enabled"),
        "{ended:#?}"
    );
    assert_same(&source, &target, "one");

    // The pool learns it; the copy goes on as it was begun, and what is new is whole.
    oracle::zpool(&["set", "feature@large_blocks=enabled", pool.name()]);
    fs::OpenOptions::new()
        .append(true)
        .open(files.join("noise"))
        .unwrap()
        .set_len(5 * MIB / 2)
        .unwrap();
    noise(files.join("more"), 2, 2 * MIB);
    oracle::sh(&format!("zfs snapshot {source}@two"));
    let plan = replicate(zfs, &source, &target, &["--dry-run", "--json"]).well().json();
    assert_eq!(plan["datasets"][0]["notes"][0]["code"], "begun_without_large_blocks", "{plan:#}");
    replicate(zfs, &source, &target, &[]).well();
    assert_same(&source, &target, "two");
    let fresh = pool.dataset("fresh");
    let ended = replicate(zfs, &source, &fresh, &[]).well();
    assert!(!ended.out.contains("without large blocks"), "{ended:#?}");
    assert_same(&source, &fresh, "two");
    assert_eq!(state(&pool, "large_blocks"), "active");
}

fn a_pool_without_zstd_gets_what_is_decompressed(zfs: &Zfs) {
    let (source, pool) = (home("packed"), Pool::lacking(100, "zstd_compress"));
    let target = pool.dataset("copy");
    oracle::sh(&format!("zfs set compression=zstd {source}"));
    fs::write(mountpoint(&source).join("text"), "much of the same\n".repeat(20_000)).unwrap();
    oracle::sh(&format!("zfs snapshot {source}@one"));
    let ended = replicate(zfs, &source, &target, &[]).well();
    let said = format!("note: sent uncompressed because pool {} lacks zstd_compress", pool.name());
    assert!(ended.out.contains(&said), "{ended:#?}");
    assert_same(&source, &target, "one");
}

fn a_pool_without_encryption_takes_nothing_raw(zfs: &Zfs) {
    let (source, pool) = (other_place("secret"), Pool::lacking(100, "encryption"));
    let target = pool.dataset("copy");
    oracle::sh(&format!(
        "echo passphrase | zfs create -o encryption=on -o keyformat=passphrase {source}; zfs snapshot {source}@one"
    ));
    let lacks = format!("pool {} lacks encryption", pool.name());
    let words = [lacks.as_str(), "hint: ", "zpool set feature@encryption=enabled"];
    replicate(zfs, &source, &target, &["--raw"]).badly(1, &words);
    oracle::zpool(&["set", "feature@encryption=enabled", pool.name()]);
    replicate(zfs, &source, &target, &["--raw"]).well();
    assert_eq!(guids(target.as_str()), guids(source.as_str()));
}
