//! What is cloned, promoted, renamed and rolled back has the history the oracle sees.

use std::fs;

use zfs_rs::{DatasetName, Errno, ErrorKind, OptionalExt as _, Zfs};

use super::{items, snapshot};
use crate::support::{
    files::mountpoint,
    oracle,
    pool::{home, other_place},
};

both!(
    a_clone_grows_from_a_snapshot shows [clone_snapshot, exists],
    a_promoted_clone_owns_its_history shows [promote],
    a_snapshot_keeps_its_identity_under_another_name shows [rename_snapshot],
    a_dataset_goes_back_to_its_newest_snapshot shows [rollback],
    a_dataset_goes_back_to_no_other_snapshot shows [rollback_to],
    a_range_of_snapshots_says_what_it_holds shows [snapshot_range_space],
    a_snapshot_in_use_goes_with_its_last_use shows [destroy_snapshots_when_unused],
    a_bookmark_is_looked_at_alone shows [bookmark],
    a_received_property_comes_back shows [received_properties, revert_property],
);

fn a_clone_grows_from_a_snapshot(zfs: &Zfs) {
    let root = home("grown");
    oracle::sh(&format!("zfs create -o canmount=noauto {root}/a; zfs snapshot {root}/a@1"));
    let (clone, origin) = (root.child("b").unwrap(), snapshot(format!("{root}/a@1")));
    assert!(!zfs.exists(&clone).unwrap());
    zfs.clone_snapshot(&origin, &clone)
        .property("org.example:by", "hand")
        .property("canmount", "noauto")
        .create()
        .unwrap();
    assert!(zfs.exists(&clone).unwrap() && zfs.exists(&origin).unwrap());
    assert_eq!(oracle::get(clone.as_str(), "origin"), origin.as_str());
    assert_eq!(oracle::get(clone.as_str(), "org.example:by"), "hand");
    assert_eq!(zfs.dataset(&clone).unwrap().origin, Some(origin.clone()));
    assert_eq!(zfs.snapshot(&origin).unwrap().clones, 1);

    let kind = |error: zfs_rs::Error| (error.kind(), error.object().to_owned());
    let again = zfs.clone_snapshot(&origin, &clone).create().unwrap_err();
    assert_eq!(kind(again), (ErrorKind::Exists, clone.to_string()));
    let gone = snapshot(format!("{root}/a@gone"));
    let c = root.child("c").unwrap();
    assert_eq!(
        kind(zfs.clone_snapshot(&gone, &c).create().unwrap_err()),
        (ErrorKind::NotFound, c.to_string())
    );
    let elsewhere = other_place("grown");
    let foreign = zfs.clone_snapshot(&origin, &elsewhere).create().unwrap_err();
    assert_eq!(kind(foreign), (ErrorKind::Invalid, elsewhere.to_string()));
}

fn a_promoted_clone_owns_its_history(zfs: &Zfs) {
    let root = home("promoted");
    oracle::sh(&format!(
        "zfs create -o canmount=noauto {root}/a; zfs snapshot {root}/a@1; zfs clone {root}/a@1 {root}/b; zfs snapshot {root}/b@2"
    ));
    let (a, b) = (root.child("a").unwrap(), root.child("b").unwrap());
    zfs.promote(&b).unwrap();
    assert_eq!(oracle::versions(b.as_str()), ["@1", "@2"]);
    assert_eq!(oracle::get(a.as_str(), "origin"), format!("{b}@1"));
    let no_clone = zfs.promote(&b).unwrap_err();
    assert_eq!((no_clone.kind(), no_clone.object()), (ErrorKind::Invalid, b.as_str()), "{no_clone}");
    // The way back is barred by a name that both have.
    oracle::sh(&format!("zfs snapshot {a}@1"));
    let taken = zfs.promote(&a).unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::Exists, "{taken}");
    assert_eq!(items(&taken), [(format!("{a}@1").as_str(), Errno::EEXIST)]);
    assert!(taken.to_string().contains("has the name of one of its own"), "{taken}");
}

fn a_snapshot_keeps_its_identity_under_another_name(zfs: &Zfs) {
    let root = home("renamedsnap");
    oracle::sh(&format!(
        "zfs snapshot {root}@1; zfs snapshot {root}@2; zfs create -o canmount=noauto {root}/a"
    ));
    let (one, three) = (snapshot(format!("{root}@1")), snapshot(format!("{root}@3")));
    let guid = oracle::get(one.as_str(), "guid");
    zfs.rename_snapshot(&one, &three).unwrap();
    assert_eq!(oracle::versions(root.as_str()), ["@3", "@2"]);
    assert_eq!(oracle::get(three.as_str(), "guid"), guid);
    let taken = zfs.rename_snapshot(&three, &snapshot(format!("{root}@2"))).unwrap_err();
    assert_eq!((taken.kind(), taken.object()), (ErrorKind::Exists, three.as_str()), "{taken}");
    let moved = zfs.rename_snapshot(&three, &snapshot(format!("{root}/a@3"))).unwrap_err();
    assert_eq!(moved.kind(), ErrorKind::Invalid, "{moved}");
    assert_eq!(zfs.rename_snapshot(&one, &three).unwrap_err().kind(), ErrorKind::NotFound);
}

fn a_dataset_goes_back_to_its_newest_snapshot(zfs: &Zfs) {
    let root = home("back");
    let file = mountpoint(&root).join("file");
    let none = zfs.rollback(&root).unwrap_err();
    assert_eq!((none.kind(), none.object()), (ErrorKind::NotFound, root.as_str()), "{none}");
    fs::write(&file, "before").unwrap();
    oracle::sh(&format!("zfs snapshot {root}@1"));
    fs::write(&file, "after").unwrap();
    assert_eq!(zfs.rollback(&root).unwrap(), snapshot(format!("{root}@1")));
    assert_eq!(fs::read_to_string(&file).unwrap(), "before");
    assert_eq!(oracle::get(root.as_str(), "mounted"), "yes");
    let gone: DatasetName = root.child("gone").unwrap();
    assert!(zfs.rollback(&gone).optional().unwrap().is_none());
}

fn a_dataset_goes_back_to_no_other_snapshot(zfs: &Zfs) {
    let root = home("backto");
    let file = mountpoint(&root).join("file");
    fs::write(&file, "first").unwrap();
    oracle::sh(&format!("zfs snapshot {root}@1"));
    fs::write(&file, "second").unwrap();
    oracle::sh(&format!("zfs snapshot {root}@2"));
    fs::write(&file, "third").unwrap();
    let older = zfs.rollback_to(&snapshot(format!("{root}@1"))).unwrap_err();
    assert_eq!(older.kind(), ErrorKind::Exists, "{older}");
    assert!(older.to_string().contains("there are newer snapshots"), "{older}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "third", "a refusal loses nothing");
    zfs.rollback_to(&snapshot(format!("{root}@2"))).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "second");
}

fn a_range_of_snapshots_says_what_it_holds(zfs: &Zfs) {
    let root = home("range");
    let file = mountpoint(&root).join("file");
    for (number, mebibytes) in [(1, 1), (2, 2), (3, 0)] {
        oracle::sh(&format!(
            "head -c {mebibytes}M /dev/urandom > {}; zfs snapshot {root}@{number}",
            file.display()
        ));
    }
    let at = |short: &str| snapshot(format!("{root}@{short}"));
    let all = zfs.snapshot_range_space(&at("1"), &at("2")).unwrap();
    assert!(all >= 3 << 20, "{all}");
    let dry = oracle::zfs(&["destroy", "-nvp", &format!("{root}@1%2")]);
    let told = dry.lines().find_map(|line| line.strip_prefix("reclaim\t")).unwrap();
    assert_eq!(all.to_string(), told.trim());
    let turned = zfs.snapshot_range_space(&at("2"), &at("1")).unwrap_err();
    assert_eq!(turned.kind(), ErrorKind::Invalid, "{turned}");
    assert!(zfs.snapshot_range_space(&at("1"), &at("gone")).optional().unwrap().is_none());
}

fn a_snapshot_in_use_goes_with_its_last_use(zfs: &Zfs) {
    let root = home("deferred");
    oracle::sh(&format!("zfs snapshot {root}@1; zfs hold keep {root}@1"));
    let one = snapshot(format!("{root}@1"));
    zfs.destroy_snapshots_when_unused(std::slice::from_ref(&one)).unwrap();
    assert_eq!(oracle::get(one.as_str(), "defer_destroy"), "on");
    oracle::zfs(&["release", "keep", one.as_str()]);
    assert!(!oracle::exists(one.as_str()));
}

fn a_bookmark_is_looked_at_alone(zfs: &Zfs) {
    let root = home("onebookmark");
    oracle::sh(&format!("zfs snapshot {root}@1; zfs bookmark {root}@1 {root}#1"));
    let name = root.bookmark("1").unwrap();
    let alone = zfs.bookmark(&name).unwrap();
    assert_eq!(vec![alone.clone()], zfs.bookmarks(&root).unwrap());
    assert_eq!(alone.guid.0.to_string(), oracle::get(&format!("{root}@1"), "guid"));
    for gone in [root.bookmark("2").unwrap(), root.child("gone").unwrap().bookmark("1").unwrap()] {
        assert!(zfs.bookmark(&gone).optional().unwrap().is_none(), "{gone}");
    }
}

fn a_received_property_comes_back(zfs: &Zfs) {
    let root = home("reverted");
    let target = root.child("copy").unwrap();
    oracle::sh(&format!(
        "zfs create -o canmount=noauto -o atime=off -o org.example:by=ada {root}/a; zfs snapshot {root}/a@1; zfs send -p {root}/a@1 | zfs receive -u {target}"
    ));
    zfs.set_properties(&target, &[("atime", "on"), ("org.example:by", "bob")]).unwrap();
    let received = zfs.received_properties(&target).unwrap();
    assert_eq!(received.word("atime"), Some("off"));
    assert_eq!(received.text("org.example:by").as_deref(), Some("ada"));
    zfs.revert_property(&target, &"atime".parse().unwrap()).unwrap();
    zfs.revert_property(&target, &"org.example:by".parse().unwrap()).unwrap();
    for (property, value) in [("atime", "off"), ("org.example:by", "ada")] {
        assert_eq!(
            oracle::zfs(&["get", "-Hp", "-o", "value,source", property, target.as_str()]).trim_end(),
            format!("{value}\treceived")
        );
    }
    // One that never received any has none.
    let plain = home("unreceived");
    assert_eq!(zfs.received_properties(&plain).unwrap().names().count(), 0);
}
