//! Snapshots, bookmarks and holds by a user who is not root.

use std::fs;

use zfs_rs::Zfs;

use super::{ask, below, grant, needs, other_tree, tree};
use crate::support::{files::mountpoint, oracle, pool::home};

both!(
    snapshotting_needs_snapshot_on_each_dataset,
    a_snapshot_with_properties_needs_userprop_too,
    destroying_a_snapshot_needs_destroy_and_mount,
    renaming_a_snapshot_needs_what_making_one_a_dataset_would,
    a_bookmark_needs_bookmark_and_its_end_destroy,
    a_hold_needs_hold_and_its_end_release,
    rolling_back_needs_rollback,
    what_is_granted_on_one_dataset_is_granted_below_it_and_nowhere_else,
    redacting_is_for_root_only,
);

fn snapshotting_needs_snapshot_on_each_dataset(zfs: &Zfs) {
    let root = tree("dsnap", &["a", "b"]);
    let order = format!("snapshot {root}/a@1 {root}/b@1");
    needs(zfs, &order, &[("snapshot", &below(&root, "a")), ("snapshot", &below(&root, "b"))]);
    assert_eq!(oracle::versions(&format!("{root}/b")), ["@1"]);
}

fn a_snapshot_with_properties_needs_userprop_too(zfs: &Zfs) {
    let root = tree("dprop", &[]);
    needs(
        zfs,
        &format!("snapshot-with {root}@1 org.example:by ada"),
        &[("snapshot,userprop", &root)],
    );
    assert_eq!(oracle::get(&format!("{root}@1"), "org.example:by"), "ada");
}

fn destroying_a_snapshot_needs_destroy_and_mount(zfs: &Zfs) {
    let root = tree("dkill", &[]);
    oracle::sh(&format!("zfs snapshot {root}@1; zfs snapshot {root}@2"));
    needs(zfs, &format!("destroy-snapshots {root}@1"), &[("destroy,mount", &root)]);
    assert_eq!(oracle::versions(root.as_str()), ["@2"]);
    // What is not there is passed over, also by whoever may not.
    let other = tree("dkill", &[]);
    ask(zfs, &format!("destroy-snapshots {other}@gone")).assert_done();
}

fn renaming_a_snapshot_needs_what_making_one_a_dataset_would(zfs: &Zfs) {
    let root = tree("dname", &[]);
    oracle::zfs(&["snapshot", &format!("{root}@old")]);
    needs(
        zfs,
        &format!("rename-snapshot {root}@old {root}@new"),
        &[("rename,mount,create", &root)],
    );
    assert_eq!(oracle::versions(root.as_str()), ["@new"]);
}

fn a_bookmark_needs_bookmark_and_its_end_destroy(zfs: &Zfs) {
    let root = tree("dmark", &[]);
    oracle::zfs(&["snapshot", &format!("{root}@1")]);
    needs(zfs, &format!("bookmark {root}#1 {root}@1"), &[("bookmark", &root)]);
    needs(zfs, &format!("destroy-bookmark {root}#1"), &[("destroy", &root)]);
    assert_eq!(oracle::versions(root.as_str()), ["@1"]);
}

fn a_hold_needs_hold_and_its_end_release(zfs: &Zfs) {
    let root = tree("dhold", &["a", "b"]);
    oracle::zfs(&["snapshot", "-r", &format!("{root}@1")]);
    let (a, b) = (below(&root, "a"), below(&root, "b"));
    needs(zfs, &format!("hold {a}@1 {b}@1"), &[("hold", &a), ("hold", &b)]);
    assert!(oracle::zfs(&["holds", "-H", &format!("{b}@1")]).contains("user"));
    needs(zfs, &format!("release {a}@1 {b}@1"), &[("release", &a), ("release", &b)]);
    assert_eq!(oracle::zfs(&["holds", "-H", &format!("{a}@1")]), "");
    // A hold that ends by itself needs no release.
    let other = tree("dhold", &[]);
    oracle::zfs(&["snapshot", &format!("{other}@1")]);
    needs(zfs, &format!("hold-while-open {other}@1"), &[("hold", &other)]);
}

fn rolling_back_needs_rollback(zfs: &Zfs) {
    let root = home("droll");
    fs::write(mountpoint(&root).join("kept"), "kept").unwrap();
    oracle::zfs(&["snapshot", &format!("{root}@1")]);
    fs::write(mountpoint(&root).join("lost"), "lost").unwrap();
    needs(zfs, &format!("rollback {root}"), &[("rollback", &root)]);
    assert!(mountpoint(&root).join("kept").exists() && !mountpoint(&root).join("lost").exists());
}

fn what_is_granted_on_one_dataset_is_granted_below_it_and_nowhere_else(zfs: &Zfs) {
    let (root, other) = (tree("dscope", &["a", "b", "a/deep"]), other_tree("dscope", &[]));
    let a = below(&root, "a");
    grant("snapshot", &a);
    ask(zfs, &format!("snapshot {a}/deep@1")).assert_done();
    for elsewhere in [below(&root, "b"), root, other] {
        ask(zfs, &format!("snapshot {elsewhere}@1")).assert_missing(&[("snapshot", &elsewhere)]);
    }
}

fn redacting_is_for_root_only(zfs: &Zfs) {
    let root = tree("dredact", &[]);
    oracle::zfs(&["snapshot", &format!("{root}@1")]);
    ask(zfs, &format!("redact {root}@1")).assert_for_root_only();
}
