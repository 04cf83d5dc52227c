//! Room that will not do is named before a run, and what limits it after one that failed.

use zfs_rs::Zfs;

use super::{guids, replicate};
use crate::support::{
    files::{mountpoint, noise},
    oracle,
    pool::{home, other_place},
};

both!(a_quota_that_is_too_small_is_named_before_and_after, a_refquota_is_named_before);

const MIB: u64 = 1 << 20;

fn a_quota_that_is_too_small_is_named_before_and_after(zfs: &Zfs) {
    let (source, narrow) = (home("wide"), other_place("narrow"));
    noise(mountpoint(&source).join("noise"), 1, 6 * MIB);
    oracle::sh(&format!(
        "zfs snapshot {source}@one; zfs create -o canmount=noauto -o quota=3M {narrow}; zfs create {narrow}/above"
    ));
    // Neither the target nor what lies right above it has the quota.
    let target = narrow.child("above/copy").unwrap();
    let plan = replicate(zfs, &source, &target, &["--dry-run", "--json"]).well().json();
    let note = &plan["datasets"][0]["notes"][0];
    assert_eq!(note["code"], "may_not_fit", "{plan:#}");
    let quota = &note["quota"];
    assert_eq!(
        (quota["dataset"].as_str(), quota["kind"].as_str(), quota["limit"].as_u64()),
        (Some(narrow.as_str()), Some("quota"), Some(3 * MIB))
    );
    assert!(
        note["need"].as_u64().unwrap() >= 6 * MIB && note["available"].as_u64().unwrap() < 3 * MIB,
        "{note:#}"
    );

    let words = [
        "whose quota of 3145728 bytes leaves",
        &format!("{narrow}`"),
        "EDQUOT",
        "quota,refquota",
    ];
    replicate(zfs, &source, &target, &[]).badly(1, &words);
    oracle::sh(&format!("zfs set quota=20M {narrow}"));
    let ended = replicate(zfs, &source, &target, &[]).well();
    assert!(!ended.out.contains("note:"), "{ended:#?}");
    assert_eq!(guids(target.as_str()), guids(source.as_str()));
}

/// What the kernel makes of it is not asked: it lets a receive pass a refquota by as much as one transaction may take, 1.5 GiB
/// (`dsl_dataset_clone_swap_check_impl`).
fn a_refquota_is_named_before(zfs: &Zfs) {
    let (source, target) = (home("data"), other_place("data"));
    noise(mountpoint(&source).join("noise"), 2, 2 * MIB);
    oracle::sh(&format!("zfs snapshot {source}@one"));
    replicate(zfs, &source, &target, &[]).well();
    noise(mountpoint(&source).join("more"), 3, 4 * MIB);
    oracle::sh(&format!("zfs snapshot {source}@two; zfs set refquota=4M {target}"));
    let ended = replicate(zfs, &source, &target, &["--dry-run"]).well();
    for said in ["whose refquota of 4194304 bytes leaves", "zfs set refquota="] {
        assert!(ended.out.contains(said), "{said:?} is not said: {ended:#?}");
    }
    oracle::sh(&format!("zfs set refquota=none {target}"));
    replicate(zfs, &source, &target, &[]).well();
    assert_eq!(guids(target.as_str()), guids(source.as_str()));
}
