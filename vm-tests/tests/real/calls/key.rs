//! Keys are loaded, checked, forgotten and changed as the oracle sees it, and a wrong one is called wrong.

use zfs_rs::{DatasetName, ErrorKind, KeyFormat, WrappingKey, Zfs};

use crate::support::{oracle, pool::home};

both!(
    a_key_is_loaded_checked_and_forgotten shows [load_key, check_key, unload_key],
    encryption_is_told_as_it_is shows [encryption],
    a_key_is_changed_and_inherited shows [change_key, inherit_key],
    an_inherited_key_is_believed_without_a_look shows [claim_inherited_key],
);

const RIGHT: WrappingKey = [0; 32];
const WRONG: WrappingKey = [7; 32];

/// An encrypted filesystem, not mounted, wrapped by [`RIGHT`].
fn sealed(purpose: &str) -> DatasetName {
    let name = home(purpose).child("sealed").unwrap();
    oracle::sh(&format!(
        "head -c 32 /dev/zero | zfs create -o canmount=noauto -o encryption=aes-256-gcm -o keyformat=raw -o keylocation=prompt {name}"
    ));
    name
}

fn status(dataset: &DatasetName) -> String {
    oracle::get(dataset.as_str(), "keystatus")
}

fn a_key_is_loaded_checked_and_forgotten(zfs: &Zfs) {
    let sealed = sealed("keyed");
    assert_eq!(zfs.load_key(&sealed, &RIGHT).unwrap_err().kind(), ErrorKind::Exists);
    zfs.check_key(&sealed, &RIGHT).unwrap();
    zfs.unload_key(&sealed).unwrap();
    assert_eq!(status(&sealed), "unavailable");
    assert_eq!(zfs.unload_key(&sealed).unwrap_err().kind(), ErrorKind::KeyUnavailable);
    for wrong in [
        zfs.check_key(&sealed, &WRONG).unwrap_err(),
        zfs.load_key(&sealed, &WRONG).unwrap_err(),
    ] {
        assert_eq!((wrong.kind(), wrong.object()), (ErrorKind::WrongKey, sealed.as_str()), "{wrong}");
    }
    zfs.check_key(&sealed, &RIGHT).unwrap();
    assert_eq!(status(&sealed), "unavailable", "a check loads nothing");
    zfs.load_key(&sealed, &RIGHT).unwrap();
    assert_eq!(status(&sealed), "available");

    oracle::sh(&format!("zfs mount {sealed}"));
    assert_eq!(zfs.unload_key(&sealed).unwrap_err().kind(), ErrorKind::Busy);
    let plain = sealed.parent().unwrap();
    assert_eq!(zfs.load_key(&plain, &RIGHT).unwrap_err().kind(), ErrorKind::Invalid);
}

fn encryption_is_told_as_it_is(zfs: &Zfs) {
    let sealed = sealed("told");
    let child = sealed.child("child").unwrap();
    oracle::sh(&format!("zfs create -o canmount=noauto {child}"));
    for dataset in [&sealed, &child] {
        let told = zfs.encryption(dataset).unwrap().unwrap();
        assert_eq!(
            (&told.root, told.cipher.as_deref(), told.key_format),
            (&sealed, Some("aes-256-gcm"), KeyFormat::Raw)
        );
        assert!(told.is_unlocked);
    }
    oracle::sh(&format!("zfs unload-key {sealed}"));
    assert!(!zfs.encryption(&child).unwrap().unwrap().is_unlocked);
    assert_eq!(zfs.encryption(&sealed.parent().unwrap()).unwrap(), None);
}

fn a_key_is_changed_and_inherited(zfs: &Zfs) {
    let sealed = sealed("changed");
    let child = sealed.child("child").unwrap();
    oracle::sh(&format!("zfs create -o canmount=noauto {child}"));
    let root = || oracle::get(child.as_str(), "encryptionroot");
    zfs.change_key(&child, &WRONG, &[("keyformat", "raw"), ("keylocation", "prompt")])
        .unwrap();
    assert_eq!(root(), child.as_str());
    zfs.unload_key(&child).unwrap();
    let locked = zfs.inherit_key(&child).unwrap_err();
    assert_eq!(locked.kind(), ErrorKind::KeyUnavailable, "{locked}");
    zfs.load_key(&child, &WRONG).unwrap();
    zfs.inherit_key(&child).unwrap();
    assert_eq!(root(), sealed.as_str());
    let plain = zfs.change_key(&sealed.parent().unwrap(), &WRONG, &[]).unwrap_err();
    assert_eq!(plain.kind(), ErrorKind::Invalid, "{plain}");
}

fn an_inherited_key_is_believed_without_a_look(zfs: &Zfs) {
    let sealed = sealed("claimed");
    let child = sealed.child("child").unwrap();
    oracle::sh(&format!(
        "head -c 32 /dev/zero | zfs create -o canmount=noauto -o encryption=on -o keyformat=raw -o keylocation=prompt {child}; zfs unload-key -r {sealed}"
    ));
    zfs.claim_inherited_key(&child).unwrap();
    assert_eq!(oracle::get(child.as_str(), "encryptionroot"), sealed.as_str());
}
