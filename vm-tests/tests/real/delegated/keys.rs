//! Keys by a user who is not root: who may load one need not be able to read anything.

use zfs_rs::{DatasetName, Zfs};

use super::{below, needs, tree};
use crate::support::oracle;

both!(loading_and_unloading_need_load_key, changing_needs_change_key);

/// An encryption root whose key is 32 zeros.
fn sealed(purpose: &str) -> DatasetName {
    let root = tree(purpose, &[]);
    let sealed = below(&root, "sealed");
    oracle::sh(&format!(
        "head -c 32 /dev/zero | zfs create -o canmount=noauto -o encryption=on -o keyformat=raw -o keylocation=prompt {sealed}"
    ));
    sealed
}

fn loading_and_unloading_need_load_key(zfs: &Zfs) {
    let (there, gone) = (sealed("dkey"), sealed("dkey"));
    needs(zfs, &format!("unload-key {there}"), &[("load-key", &there)]);
    assert_eq!(oracle::get(there.as_str(), "keystatus"), "unavailable");
    oracle::zfs(&["unload-key", gone.as_str()]);
    needs(zfs, &format!("load-key {gone}"), &[("load-key", &gone)]);
    assert_eq!(oracle::get(gone.as_str(), "keystatus"), "available");
}

fn changing_needs_change_key(zfs: &Zfs) {
    let root = sealed("drekey");
    needs(zfs, &format!("change-key {root}"), &[("change-key", &root)]);
    // The key is the new one.
    oracle::sh(&format!(
        r"zfs unload-key {root}; head -c 32 /dev/zero | tr '\0' '\t' | zfs load-key {root}"
    ));
}
