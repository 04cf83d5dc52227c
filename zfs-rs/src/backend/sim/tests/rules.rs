//! I ask for what is not allowed, and expect the kernel's number.

use super::*;
use crate::Source;
use crate::name::HoldTag;

fn tag(text: &str) -> HoldTag {
    text.parse().unwrap()
}

#[test]
fn creation_wants_a_parent_and_a_free_name() {
    let (_, zfs) = machine();
    let create = |name: &str| errno(zfs.create_filesystem(&ds(name)).create());
    assert_eq!(create("tank/a"), Errno::EEXIST);
    assert_eq!(create("tank/none/b"), Errno::ENOENT);
    assert_eq!(create("nowhere/b"), Errno::ENOENT);
    zfs.create_volume(&ds("tank/v"), 1 << 20).create().unwrap();
    assert_eq!(create("tank/v/b"), Errno::ZFS_ERR_WRONG_PARENT);
    assert_eq!(zfs.properties(&ds("tank/v")).unwrap().number("volsize"), Some(1 << 20));
    let error = zfs.create_filesystem(&ds("tank/b")).property("nonsense", "1").create().unwrap_err();
    assert_eq!(error.items(), [("nonsense".to_owned(), Errno::EINVAL)]);
    assert!(zfs.dataset(&ds("tank/b")).is_err());
}

#[test]
fn a_dataset_with_snapshots_or_children_stays() {
    let (_, zfs) = machine();
    take(&zfs, "tank/a@1");
    assert_eq!(errno(zfs.destroy_dataset(&ds("tank/a"))), Errno::EBUSY);
    zfs.destroy_snapshots(&[snap("tank/a@1")]).unwrap();
    zfs.create_filesystem(&ds("tank/a/b")).create().unwrap();
    assert_eq!(errno(zfs.destroy_dataset(&ds("tank/a"))), Errno::EEXIST);
    assert_eq!(errno(zfs.destroy_dataset(&ds("tank"))), Errno::EEXIST);
    zfs.destroy_dataset(&ds("tank/a/b")).unwrap();
    zfs.destroy_dataset(&ds("tank/a")).unwrap();
    assert_eq!(errno(zfs.destroy_dataset(&ds("tank/a"))), Errno::ENOENT);
}

#[test]
fn snapshots_are_all_or_none_and_each_refusal_is_named() {
    let (_, zfs) = machine();
    zfs.create_filesystem(&ds("tank/b")).create().unwrap();
    take(&zfs, "tank/a@1");
    let names = [snap("tank/a@1"), snap("tank/b@1"), snap("tank/c@1")];
    let error = zfs.create_snapshots(&names, &[]).unwrap_err();
    // Whose dataset is missing comes first and alone.
    assert_eq!(error.items(), [("tank/c@1".to_owned(), Errno::ENOENT)]);
    let error = zfs.create_snapshots(&names[..2], &[]).unwrap_err();
    assert_eq!(error.items(), [("tank/a@1".to_owned(), Errno::EEXIST)]);
    assert!(zfs.snapshot(&snap("tank/b@1")).is_err());
    assert_eq!(
        errno(zfs.create_snapshots(&[snap("tank/a@2"), snap("tank/a@3")], &[])),
        Errno::EXDEV
    );
    assert_eq!(
        errno(zfs.create_snapshots(&[snap("tank/a@2"), snap("backup@2")], &[])),
        Errno::EXDEV
    );
    zfs.create_snapshots(&[snap("tank/a@2"), snap("tank/b@2")], &[("org.example:by", "test")])
        .unwrap();
    let (a, b) = (zfs.snapshot(&snap("tank/a@2")).unwrap(), zfs.snapshot(&snap("tank/b@2")).unwrap());
    assert_eq!(a.createtxg, b.createtxg);
    assert_ne!(a.guid, b.guid);
    assert!(a.createtxg > zfs.snapshot(&snap("tank/a@1")).unwrap().createtxg);
    let properties = zfs.properties(&snap("tank/a@2")).unwrap();
    assert_eq!(properties.text("org.example:by").as_deref(), Some("test"));
}

#[test]
fn held_and_cloned_snapshots_stay_and_missing_ones_are_no_matter() {
    let (sim, zfs) = machine();
    zfs.create_snapshots(&[snap("tank/a@1")], &[]).unwrap();
    take(&zfs, "tank/a@2");
    zfs.hold(&[(snap("tank/a@1"), tag("mine"))]).unwrap();
    sim.clone_snapshot(&snap("tank/a@2"), &ds("tank/clone")).unwrap();
    let error = zfs
        .destroy_snapshots(&[snap("tank/a@1"), snap("tank/a@2"), snap("tank/a@3")])
        .unwrap_err();
    assert_eq!(
        error.items(),
        [("tank/a@1".to_owned(), Errno::EBUSY), ("tank/a@2".to_owned(), Errno::EEXIST)]
    );
    assert_eq!(zfs.snapshot(&snap("tank/a@2")).unwrap().clones, 1);
    assert_eq!(zfs.dataset(&ds("tank/clone")).unwrap().origin, Some(snap("tank/a@2")));
    zfs.release(&[(snap("tank/a@1"), tag("mine"))]).unwrap();
    zfs.destroy_dataset(&ds("tank/clone")).unwrap();
    zfs.destroy_snapshots(&[snap("tank/a@1"), snap("tank/a@2"), snap("tank/a@3")])
        .unwrap();
    assert_eq!(zfs.snapshots(&ds("tank/a")).count(), 0);
}

#[test]
fn holds_name_what_is_missing_and_hold_the_rest() {
    let (_, zfs) = machine();
    take(&zfs, "tank/a@1");
    let error = zfs.hold(&[(snap("tank/a@1"), tag("x")), (snap("tank/a@9"), tag("x"))]).unwrap_err();
    assert_eq!(error.items(), [("tank/a@9".to_owned(), Errno::ENOENT)]);
    assert_eq!(zfs.holds(&snap("tank/a@1")).unwrap().len(), 1);
    assert_eq!(errno(zfs.hold(&[(snap("tank/a@1"), tag("x"))])), Errno::EEXIST);
    let error = zfs.release(&[(snap("tank/a@1"), tag("y"))]).unwrap_err();
    assert_eq!(error.items(), [("tank/a@1#y".to_owned(), Errno::ENOENT)]);
}

#[test]
fn a_temporary_hold_goes_with_its_handle_whatever_the_dataset_is_called_by_then() {
    let (_, zfs) = machine();
    take(&zfs, "tank/a@1");
    let held = zfs.hold_while_open(&[(snap("tank/a@1"), tag("copying"))]).unwrap();
    assert_eq!(errno(zfs.destroy_snapshots(&[snap("tank/a@1")])), Errno::EBUSY);
    zfs.rename_dataset(&ds("tank/a"), &ds("tank/z")).unwrap();
    held.release();
    assert!(zfs.holds(&snap("tank/z@1")).unwrap().is_empty());
}

#[test]
fn bookmarks_are_of_snapshots_and_bookmarks_of_the_same_history() {
    let (_, zfs) = machine();
    take(&zfs, "tank/a@1");
    zfs.create_bookmark(&"tank/a#1".parse().unwrap(), &snap("tank/a@1")).unwrap();
    zfs.create_bookmarks(&[("tank/a#copy".parse().unwrap(), since("tank/a#1"))])
        .unwrap();
    assert_eq!(
        errno(zfs.create_bookmark(&"tank/a#1".parse().unwrap(), &snap("tank/a@1"))),
        Errno::EEXIST
    );
    assert_eq!(
        errno(zfs.create_bookmark(&"tank/a#2".parse().unwrap(), &snap("tank/a@2"))),
        Errno::ENOENT
    );
    assert_eq!(
        errno(zfs.create_bookmarks(&[("tank/a#3".parse().unwrap(), since("tank/a#none"))])),
        Errno::ESRCH
    );
    zfs.create_filesystem(&ds("tank/b")).create().unwrap();
    let foreign = zfs.create_bookmark(&"tank/b#1".parse().unwrap(), &snap("tank/a@1"));
    assert_eq!(errno(foreign), Errno::ZFS_ERR_BOOKMARK_SOURCE_NOT_ANCESTOR);
    let snapshot = zfs.snapshot(&snap("tank/a@1")).unwrap();
    zfs.destroy_snapshots(&[snap("tank/a@1")]).unwrap();
    let marks = zfs.bookmarks(&ds("tank/a")).unwrap();
    assert!(
        marks.len() == 2
            && marks
                .iter()
                .all(|mark| mark.guid == snapshot.guid && mark.createtxg == snapshot.createtxg)
    );
    zfs.destroy_bookmarks(&[
        "tank/a#1".parse().unwrap(),
        "tank/a#9".parse().unwrap(),
        "tank/n#1".parse().unwrap(),
    ])
    .unwrap();
    assert_eq!(zfs.bookmarks(&ds("tank/a")).unwrap().len(), 1);
}

#[test]
fn renaming_takes_all_below_along() {
    let (_, zfs) = machine();
    zfs.create_filesystem(&ds("tank/a/b")).create().unwrap();
    zfs.create_filesystem(&ds("tank/ab")).create().unwrap();
    let guid = zfs.dataset(&ds("tank/a/b")).unwrap().guid;
    assert_eq!(errno(zfs.rename_dataset(&ds("tank/a"), &ds("tank/ab"))), Errno::EEXIST);
    assert_eq!(errno(zfs.rename_dataset(&ds("tank/a"), &ds("tank/a/b/c"))), Errno::EINVAL);
    assert_eq!(errno(zfs.rename_dataset(&ds("tank/a"), &ds("backup/a"))), Errno::EXDEV);
    assert_eq!(errno(zfs.rename_dataset(&ds("tank/a"), &ds("tank/x/y"))), Errno::ENOENT);
    zfs.rename_dataset(&ds("tank/a"), &ds("tank/ab/c")).unwrap();
    assert_eq!(zfs.dataset(&ds("tank/ab/c/b")).unwrap().guid, guid);
    let tree: Vec<String> = zfs
        .tree(&ds("tank"))
        .unwrap()
        .iter()
        .map(|dataset| dataset.name.to_string())
        .collect();
    assert_eq!(tree, ["tank", "tank/ab", "tank/ab/c", "tank/ab/c/b"]);
}

#[test]
fn properties_tell_where_they_come_from_and_defaults_are_silent() {
    let (_, zfs) = machine();
    zfs.create_filesystem(&ds("tank/a/b")).create().unwrap();
    let (a, b) = (ds("tank/a"), ds("tank/a/b"));
    zfs.set_properties(
        &a,
        &[
            ("readonly", "on"),
            ("org.example:k", "v"),
            ("quota", "100000"),
            ("canmount", "noauto"),
        ],
    )
    .unwrap();
    let properties = zfs.properties(&b).unwrap();
    assert_eq!(
        properties.source("readonly", b.as_str()),
        Some(Source::Inherited("tank/a".to_owned()))
    );
    assert_eq!(properties.text("org.example:k").as_deref(), Some("v"));
    assert_eq!(properties.source("guid", b.as_str()), Some(Source::Computed));
    assert_eq!(
        (properties.number("quota"), properties.source("canmount", b.as_str())),
        (Some(0), None)
    );
    assert_eq!(properties.value("atime"), None);
    assert_eq!(properties.number("available"), Some(100_000));
    let error = zfs.set_properties(&a, &[("nonsense", "1"), ("atime", "off")]).unwrap_err();
    assert_eq!(error.items(), [("nonsense".to_owned(), Errno::EINVAL)]);
    assert_eq!(zfs.properties(&a).unwrap().word("atime"), Some("off"));
    zfs.inherit_property(&a, &"readonly".parse().unwrap()).unwrap();
    assert_eq!(zfs.properties(&b).unwrap().value("readonly"), None);
    assert_eq!(errno(zfs.inherit_property(&a, &"quota".parse().unwrap())), Errno::EINVAL);
}

#[test]
fn encryption_is_told_by_root_and_key() {
    let (sim, zfs) = machine();
    let (root, child) = (ds("tank/e"), ds("tank/e/c"));
    let order = zfs
        .create_filesystem(&root)
        .property("encryption", "on")
        .property("keyformat", "raw");
    order.property("keylocation", "prompt").key([7; 32]).create().unwrap();
    zfs.create_filesystem(&child).create().unwrap();
    let properties = zfs.properties(&child).unwrap();
    assert_eq!(properties.word("encryption"), Some("aes-256-gcm"));
    assert_eq!(properties.text("encryptionroot").as_deref(), Some("tank/e"));
    assert_eq!(properties.word("keystatus"), Some("available"));
    assert_eq!(zfs.properties(&ds("tank/a")).unwrap().value("encryption"), None);
    sim.set_key_loaded(&root, false).unwrap();
    assert_eq!(zfs.properties(&child).unwrap().word("keystatus"), Some("unavailable"));
    assert_eq!(errno(zfs.create_filesystem(&ds("tank/e/d")).create()), Errno::EACCES);
    assert_eq!(sim.write(&child, 3, 0, b"x"), Err(Errno::EACCES));
    assert_eq!(errno(zfs.rename_dataset(&child, &ds("tank/out"))), Errno::EACCES);
}

#[test]
fn space_ends_and_quotas_too() {
    let (sim, zfs) = machine();
    let a = ds("tank/a");
    zfs.set_properties(&a, &[("quota", "10000")]).unwrap();
    sim.write(&a, 3, 0, &[1; 8000]).unwrap();
    assert_eq!(sim.write(&a, 4, 0, &[1; 8000]), Err(Errno::EDQUOT));
    assert_eq!(errno(zfs.set_properties(&a, &[("quota", "5000")])), Errno::ENOSPC);
    sim.set_capacity(&pool("tank"), 8192).unwrap();
    assert_eq!(errno(zfs.create_snapshots(&[snap("tank/a@1")], &[])), Errno::ENOSPC);
}

#[test]
fn a_read_only_pool_refuses_every_change_and_no_look() {
    let (sim, zfs) = machine();
    take(&zfs, "tank/a@1");
    sim.set_read_only(&pool("tank"), true).unwrap();
    assert_eq!(errno(zfs.create_snapshots(&[snap("tank/a@2")], &[])), Errno::EROFS);
    assert_eq!(errno(zfs.hold(&[(snap("tank/a@1"), tag("x"))])), Errno::EROFS);
    assert_eq!(zfs.snapshots(&ds("tank/a")).count(), 1);
    assert_eq!(zfs.pool_properties(&pool("tank")).unwrap().number("readonly"), Some(1));
}

#[test]
fn the_same_seed_draws_the_same_guids() {
    let guids = |seed| {
        let sim = Sim::new(seed);
        sim.add_pool("tank").unwrap();
        let zfs = sim.zfs();
        take(&zfs, "tank@1");
        (
            zfs.pools().unwrap()[0].guid,
            zfs.dataset(&ds("tank")).unwrap().guid,
            zfs.snapshot(&snap("tank@1")).unwrap().guid,
        )
    };
    assert_eq!(guids(1), guids(1));
    assert_ne!(guids(1), guids(2));
}
