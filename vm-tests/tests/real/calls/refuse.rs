//! A refusal says which object, what is wrong in words, and what kind of no it is.

use zfs_rs::{Base, DatasetName, ErrorKind, Operation, OptionalExt, Zfs};

use super::snapshot;
use crate::support::{oracle, pool::home};

both!(
    what_is_not_there_is_named,
    a_send_of_an_unrelated_base_is_refused_in_words,
    a_dataset_without_its_key_says_so,
    an_order_for_nothing_is_done_at_once,
);

fn what_is_not_there_is_named(zfs: &Zfs) {
    let root = home("absent");
    let gone: DatasetName = root.child("gone").unwrap();
    let error = zfs.dataset(&gone).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.operation(), Operation::Read);
    assert_eq!(error.object(), gone.as_str());
    assert!(error.to_string().starts_with(&format!("{gone} cannot be read: ")), "{error}");
    assert!(zfs.tree(&gone).optional().unwrap().is_none());
    assert!(zfs.properties(&gone).optional().unwrap().is_none());
    assert!(zfs.bookmarks(&gone).optional().unwrap().is_none());
    assert!(zfs.snapshot(&snapshot(format!("{root}@gone"))).optional().unwrap().is_none());
    let nowhere: DatasetName = "nosuchpool/a".parse().unwrap();
    assert!(zfs.dataset(&nowhere).optional().unwrap().is_none());
    assert!(zfs.pool_properties(&nowhere.pool()).optional().unwrap().is_none());
}

fn a_send_of_an_unrelated_base_is_refused_in_words(zfs: &Zfs) {
    let root = home("unrelated");
    oracle::sh(&format!(
        "zfs create -o canmount=noauto {root}/a; zfs create -o canmount=noauto {root}/b; zfs snapshot {root}/a@1; zfs snapshot {root}/b@1; zfs snapshot {root}/b@2"
    ));
    let stranger = Base::Snapshot(snapshot(format!("{root}/a@1")));
    let error = zfs
        .send(&snapshot(format!("{root}/b@2")))
        .since(stranger)
        .spawn()
        .unwrap()
        .finish()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotAncestor, "{error}");
    assert!(error.to_string().contains("the base is no earlier point of its history"), "{error}");
    let later = Base::Snapshot(snapshot(format!("{root}/b@2")));
    let error = zfs.send(&snapshot(format!("{root}/b@1"))).since(later).estimate().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotAncestor, "{error}");
    for base in [
        Base::Snapshot(snapshot(format!("{root}/b@gone"))),
        Base::Bookmark(format!("{root}/b#gone").parse().unwrap()),
    ] {
        let error = zfs
            .send(&snapshot(format!("{root}/b@2")))
            .since(base)
            .spawn()
            .unwrap()
            .finish()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    }
}

fn a_dataset_without_its_key_says_so(zfs: &Zfs) {
    let root = home("keyless");
    oracle::sh(&format!(
        "head -c 32 /dev/zero | zfs create -o canmount=noauto -o encryption=on -o keyformat=raw -o keylocation=prompt {root}/e; zfs snapshot {root}/e@1; \
         zfs unload-key {root}/e"
    ));
    let error = zfs.send(&snapshot(format!("{root}/e@1"))).spawn().unwrap().finish().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeyUnavailable, "{error}");
    assert!(
        error.to_string().contains(&format!("{root}/e@1")) && error.to_string().contains("key"),
        "{error}"
    );
}

fn an_order_for_nothing_is_done_at_once(zfs: &Zfs) {
    zfs.create_snapshots(&[], &[]).unwrap();
    zfs.destroy_snapshots(&[]).unwrap();
    zfs.create_bookmarks(&[]).unwrap();
    zfs.destroy_bookmarks(&[]).unwrap();
    zfs.hold(&[]).unwrap();
    zfs.release(&[]).unwrap();
}
