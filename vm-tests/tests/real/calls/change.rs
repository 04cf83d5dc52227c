//! What is created, destroyed, renamed and set is what the oracle sees then; what is refused leaves nothing behind.

use zfs_rs::{Base, DatasetName, Errno, ErrorKind, SnapshotName, Zfs};

use super::{bookmark, items, snapshot};
use crate::support::{
    oracle,
    pool::{home, other_place, place},
};

both!(
    filesystems_and_volumes_are_created shows [create_filesystem, create_volume],
    an_encrypted_filesystem_is_created_with_its_key,
    snapshots_are_created_in_one_group_or_not_at_all shows [create_snapshots],
    snapshots_are_destroyed_together_or_not_at_all shows [destroy_snapshots],
    a_dataset_is_destroyed_only_when_nothing_hangs_on_it shows [destroy_dataset],
    bookmarks_are_made_of_snapshots_and_of_bookmarks shows [create_bookmark, create_bookmarks, destroy_bookmarks],
    a_dataset_is_renamed_with_all_below_it shows [rename_dataset],
    properties_are_set_and_inherited shows [set_properties, inherit_property],
);

fn filesystems_and_volumes_are_created(zfs: &Zfs) {
    let root = place("created");
    let made = zfs
        .create_filesystem(&root)
        .property("compression", "zstd")
        .property("org.example:owner", "ada");
    made.property("recordsize", "1048576")
        .property("canmount", "noauto")
        .create()
        .unwrap();
    for (property, value) in [
        ("compression", "zstd"),
        ("recordsize", "1048576"),
        ("canmount", "noauto"),
        ("org.example:owner", "ada"),
        ("type", "filesystem"),
    ] {
        assert_eq!(oracle::get(root.as_str(), property), value);
    }
    let volume = root.child("volume").unwrap();
    zfs.create_volume(&volume, 16 << 20)
        .property("volblocksize", "8192")
        .create()
        .unwrap();
    assert_eq!(oracle::get(volume.as_str(), "volsize"), "16777216");
    assert_eq!(oracle::get(volume.as_str(), "volblocksize"), "8192");
    assert_eq!(oracle::get(volume.as_str(), "type"), "volume");

    let again = zfs.create_filesystem(&root).create().unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Exists, "{again}");
    let orphan = zfs.create_filesystem(&root.child("no/child").unwrap()).create().unwrap_err();
    assert_eq!(orphan.kind(), ErrorKind::NotFound, "{orphan}");
    let strange = zfs
        .create_filesystem(&root.child("strange").unwrap())
        .property("canmount", "maybe")
        .create();
    let strange = strange.unwrap_err();
    assert_eq!(
        (strange.kind(), items(&strange)),
        (ErrorKind::Invalid, vec![("canmount", Errno::EINVAL)]),
        "{strange}"
    );
    let unknown = zfs
        .create_filesystem(&root.child("strange").unwrap())
        .property("nosuchproperty", "1")
        .create();
    assert_eq!(unknown.unwrap_err().kind(), ErrorKind::Invalid);
    assert!(!oracle::exists(&format!("{root}/strange")));
}

fn an_encrypted_filesystem_is_created_with_its_key(zfs: &Zfs) {
    let name = place("keyed");
    let order = zfs
        .create_filesystem(&name)
        .property("encryption", "aes-256-gcm")
        .property("keyformat", "raw");
    order.property("keylocation", "prompt").key([7; 32]).create().unwrap();
    for (property, value) in [
        ("encryption", "aes-256-gcm"),
        ("keyformat", "raw"),
        ("keylocation", "prompt"),
        ("keystatus", "available"),
        ("encryptionroot", name.as_str()),
    ] {
        assert_eq!(oracle::get(name.as_str(), property), value);
    }
    // The key is the one we gave.
    oracle::sh(&format!(
        r"zfs unload-key {name}; head -c 32 /dev/zero | tr '\0' '\a' | zfs load-key {name}"
    ));
}

fn snapshots_are_created_in_one_group_or_not_at_all(zfs: &Zfs) {
    let root = home("atomic");
    oracle::sh(&format!(
        "for n in 1 2 3 4; do zfs create -o canmount=off {root}/$n; done; zfs snapshot {root}/3@now"
    ));
    let named = |short: &str| -> Vec<SnapshotName> { (1..5).map(|n| snapshot(format!("{root}/{n}@{short}"))).collect() };

    let refused = zfs.create_snapshots(&named("now"), &[]).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Exists, "{refused}");
    assert_eq!(items(&refused), [(format!("{root}/3@now").as_str(), Errno::EEXIST)]);
    assert!(refused.to_string().contains(&format!("{root}/3@now")), "{refused}");
    assert_eq!(oracle::versions(&format!("{root}/1")), [""; 0], "all or none");

    let mut with_a_stranger = named("then");
    with_a_stranger.push(snapshot(format!("{root}/9@then")));
    let refused = zfs.create_snapshots(&with_a_stranger, &[]).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound, "{refused}");
    assert_eq!(items(&refused), [(format!("{root}/9@then").as_str(), Errno::ENOENT)]);
    assert_eq!(oracle::versions(&format!("{root}/4")), [""; 0], "all or none");

    zfs.create_snapshots(&named("then"), &[("org.example:by", "hand")]).unwrap();
    let groups: Vec<String> = named("then").iter().map(|name| oracle::get(name.as_str(), "createtxg")).collect();
    assert_eq!(groups, vec![groups[0].clone(); 4]);
    assert_eq!(oracle::get(named("then")[2].as_str(), "org.example:by"), "hand");

    let elsewhere = snapshot(format!("{}@then", other_place("elsewhere")));
    let refused = zfs
        .create_snapshots(&[snapshot(format!("{root}@then")), elsewhere], &[])
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid, "{refused}");
    assert!(!oracle::exists(&format!("{root}@then")));
}

fn snapshots_are_destroyed_together_or_not_at_all(zfs: &Zfs) {
    let root = home("destroyed");
    oracle::sh(&format!(
        "for n in 1 2 3 4; do zfs snapshot {root}@$n; done; zfs hold keep {root}@2; zfs clone {root}@3 {root}/clone"
    ));
    let all: Vec<SnapshotName> = ["1", "2", "3", "4", "gone"].map(|short| snapshot(format!("{root}@{short}"))).into();
    let refused = zfs.destroy_snapshots(&all).unwrap_err();
    assert_eq!(
        items(&refused),
        [
            (format!("{root}@2").as_str(), Errno::EBUSY),
            (format!("{root}@3").as_str(), Errno::EEXIST)
        ],
        "{refused}"
    );
    assert_eq!(oracle::versions(root.as_str()).len(), 4, "all or none");
    zfs.destroy_snapshots(&[all[0].clone(), all[3].clone(), all[4].clone()]).unwrap();
    assert_eq!(oracle::versions(root.as_str()), ["@2", "@3"]);
}

fn a_dataset_is_destroyed_only_when_nothing_hangs_on_it(zfs: &Zfs) {
    let root = place("hung");
    oracle::sh(&format!(
        "zfs create -o canmount=noauto {root}; zfs create -o canmount=noauto {root}/child; zfs snapshot {root}/child@a"
    ));
    let child = root.child("child").unwrap();
    let parent = zfs.destroy_dataset(&root).unwrap_err();
    assert_eq!(parent.kind(), ErrorKind::Exists, "{parent}");
    let versioned = zfs.destroy_dataset(&child).unwrap_err();
    assert_eq!(versioned.kind(), ErrorKind::Busy, "{versioned}");
    zfs.destroy_snapshots(&[snapshot(format!("{child}@a"))]).unwrap();
    zfs.destroy_dataset(&child).unwrap();
    zfs.destroy_dataset(&root).unwrap();
    assert!(!oracle::exists(root.as_str()));
    assert_eq!(zfs.destroy_dataset(&root).unwrap_err().kind(), ErrorKind::NotFound);
    let mounted = home("mounted");
    assert_eq!(zfs.destroy_dataset(&mounted).unwrap_err().kind(), ErrorKind::Busy);
}

fn bookmarks_are_made_of_snapshots_and_of_bookmarks(zfs: &Zfs) {
    let root = home("marked");
    oracle::sh(&format!("zfs snapshot {root}@a; zfs snapshot {root}@b"));
    let (first, second, copy) = (
        bookmark(format!("{root}#first")),
        bookmark(format!("{root}#second")),
        bookmark(format!("{root}#copy")),
    );
    zfs.create_bookmark(&first, &snapshot(format!("{root}@a"))).unwrap();
    zfs.create_bookmarks(&[
        (second.clone(), Base::Snapshot(snapshot(format!("{root}@b")))),
        (copy.clone(), Base::Bookmark(first.clone())),
    ])
    .unwrap();
    for (mark, of) in [(&first, "@a"), (&second, "@b"), (&copy, "@a")] {
        assert_eq!(oracle::get(mark.as_str(), "guid"), oracle::get(&format!("{root}{of}"), "guid"));
    }
    let names: Vec<String> = zfs
        .bookmarks(&root)
        .unwrap()
        .iter()
        .map(|mark| mark.name.short().to_owned())
        .collect();
    assert_eq!(names, ["copy", "first", "second"], "oldest first, then by name");

    let refused = zfs.create_bookmarks(&[
        (bookmark(format!("{root}#new")), Base::Snapshot(snapshot(format!("{root}@a")))),
        (second.clone(), Base::Snapshot(snapshot(format!("{root}@b")))),
    ]);
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Exists, "{refused}");
    assert!(items(&refused).contains(&(second.as_str(), Errno::EEXIST)), "{refused}");
    assert!(!oracle::exists(&format!("{root}#new")), "all or none");
    let missing = zfs
        .create_bookmark(&bookmark(format!("{root}#new")), &snapshot(format!("{root}@gone")))
        .unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound, "{missing}");

    zfs.destroy_bookmarks(&[first, copy, bookmark(format!("{root}#gone"))]).unwrap();
    assert_eq!(oracle::versions(root.as_str()).len(), 3);
    // A bookmark outlives its snapshot.
    zfs.destroy_snapshots(&[snapshot(format!("{root}@b"))]).unwrap();
    assert_eq!(zfs.bookmarks(&root).unwrap()[0].name, second);
}

fn a_dataset_is_renamed_with_all_below_it(zfs: &Zfs) {
    let root = place("renamed");
    oracle::sh(&format!(
        "zfs create -o canmount=noauto {root}; zfs create -p -o canmount=noauto {root}/old/child; zfs snapshot {root}/old/child@a; zfs create -o canmount=noauto {root}/taken"
    ));
    let name = |path: &str| -> DatasetName { root.child(path).unwrap() };
    let guid = zfs.dataset(&name("old")).unwrap().guid;
    zfs.rename_dataset(&name("old"), &name("new")).unwrap();
    assert_eq!(zfs.dataset(&name("new")).unwrap().guid, guid);
    assert!(oracle::exists(&format!("{root}/new/child@a")));
    assert!(!oracle::exists(&format!("{root}/old")));
    let onto = zfs.rename_dataset(&name("new"), &name("taken")).unwrap_err();
    assert_eq!(onto.kind(), ErrorKind::Exists, "{onto}");
    let orphan = zfs.rename_dataset(&name("new"), &name("no/where")).unwrap_err();
    assert_eq!(orphan.kind(), ErrorKind::NotFound, "{orphan}");
    let away = zfs.rename_dataset(&name("new"), &other_place("renamed")).unwrap_err();
    assert_eq!(away.kind(), ErrorKind::Invalid, "{away}");
}

fn properties_are_set_and_inherited(zfs: &Zfs) {
    let root = home("set");
    let child = root.child("child").unwrap();
    oracle::zfs(&["create", child.as_str()]);
    zfs.set_properties(&root, &[("org.example:team", "blue"), ("readonly", "on")])
        .unwrap();
    zfs.set_properties(&child, &[("org.example:team", "red"), ("quota", "104857600"), ("readonly", "off")])
        .unwrap();
    assert_eq!(oracle::get(child.as_str(), "org.example:team"), "red");
    assert_eq!(oracle::get(child.as_str(), "quota"), "104857600");
    assert_eq!(oracle::get(child.as_str(), "readonly"), "off");
    for property in ["org.example:team", "readonly"] {
        zfs.inherit_property(&child, &property.parse().unwrap()).unwrap();
    }
    assert_eq!(oracle::get(child.as_str(), "org.example:team"), "blue");
    assert_eq!(oracle::get(child.as_str(), "readonly"), "on");
    let refused = zfs.set_properties(&child, &[("quota", "1")]).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NoSpace, "a quota below what is used: {refused}");
    assert_eq!(items(&refused), [("quota", Errno::ENOSPC)]);
    let unknown = zfs
        .set_properties(&root.child("gone").unwrap(), &[("org.example:a", "b")])
        .unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound, "{unknown}");
}
