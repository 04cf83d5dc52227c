//! Filesystems, volumes and their properties by a user who is not root.

use zfs_rs::Zfs;

use super::{ask, below, grant, needs, tree, user};
use crate::support::{oracle, pool::Pool};

both!(
    creating_needs_create_and_mount_above,
    creating_with_properties_needs_each_of_them_too,
    a_volume_needs_no_more_than_a_filesystem,
    destroying_needs_destroy_and_mount,
    cloning_needs_clone_on_the_origin_and_create_above,
    promoting_needs_promote_on_both_sides,
    renaming_needs_rename_there_and_create_above_the_new_name,
    a_property_needs_its_own_name,
    a_user_property_needs_userprop,
    mounting_is_for_root_only_whatever_was_delegated,
    a_pool_whose_delegation_is_off_says_so,
);

fn creating_needs_create_and_mount_above(zfs: &Zfs) {
    let root = tree("dmake", &[]);
    needs(zfs, &format!("create {root}/new"), &[("create,mount", &root)]);
    assert_eq!(oracle::get(&format!("{root}/new"), "mounted"), "no");
}

fn creating_with_properties_needs_each_of_them_too(zfs: &Zfs) {
    let root = tree("dmakep", &["a", "b"]);
    let (a, b) = (below(&root, "a"), below(&root, "b"));
    needs(
        zfs,
        &format!("create-with {a}/new compression lz4"),
        &[("create,mount,compression", &a)],
    );
    assert_eq!(oracle::get(&format!("{a}/new"), "compression"), "lz4");
    needs(
        zfs,
        &format!("create-with {b}/new org.example:a 1"),
        &[("create,mount,userprop", &b)],
    );
    // What only a new dataset can be given is asked for by nobody.
    needs(
        zfs,
        &format!("create-with {root}/new normalization formD"),
        &[("create,mount", &root)],
    );
}

fn a_volume_needs_no_more_than_a_filesystem(zfs: &Zfs) {
    let root = tree("dvol", &[]);
    needs(zfs, &format!("create-volume {root}/v"), &[("create,mount", &root)]);
    assert_eq!(oracle::get(&format!("{root}/v"), "volsize"), "1048576");
}

fn destroying_needs_destroy_and_mount(zfs: &Zfs) {
    let root = tree("dend", &["a"]);
    let a = below(&root, "a");
    needs(zfs, &format!("destroy {a}"), &[("destroy,mount", &a)]);
    assert!(!oracle::exists(a.as_str()));
}

fn cloning_needs_clone_on_the_origin_and_create_above(zfs: &Zfs) {
    let root = tree("dclone", &["origin", "new"]);
    let (origin, new) = (below(&root, "origin"), below(&root, "new"));
    oracle::zfs(&["snapshot", &format!("{origin}@1")]);
    needs(
        zfs,
        &format!("clone {origin}@1 {new}/c"),
        &[("clone", &origin), ("create,mount", &new)],
    );
    assert_eq!(oracle::get(&format!("{new}/c"), "origin"), format!("{origin}@1"));
}

fn promoting_needs_promote_on_both_sides(zfs: &Zfs) {
    let root = tree("dprom", &["origin"]);
    let (origin, clone) = (below(&root, "origin"), below(&root, "clone"));
    oracle::sh(&format!("zfs snapshot {origin}@1; zfs clone {origin}@1 {clone}"));
    needs(zfs, &format!("promote {clone}"), &[("promote,mount", &clone), ("promote", &origin)]);
    assert_eq!(oracle::get(origin.as_str(), "origin"), format!("{clone}@1"));
}

fn renaming_needs_rename_there_and_create_above_the_new_name(zfs: &Zfs) {
    let root = tree("dmove", &["a", "b", "a/x"]);
    let (x, b) = (below(&root, "a/x"), below(&root, "b"));
    needs(zfs, &format!("rename {x} {b}/y"), &[("rename,mount", &x), ("create,mount", &b)]);
    assert!(oracle::exists(&format!("{b}/y")));
}

fn a_property_needs_its_own_name(zfs: &Zfs) {
    let root = tree("dset", &[]);
    needs(zfs, &format!("set {root} quota 104857600"), &[("quota", &root)]);
    assert_eq!(oracle::get(root.as_str(), "quota"), "104857600");
    needs(zfs, &format!("set {root} compression lz4"), &[("compression", &root)]);
    let other = tree("dset", &[]);
    oracle::zfs(&["set", "compression=lz4", other.as_str()]);
    needs(zfs, &format!("inherit {other} compression"), &[("compression", &other)]);
    assert_ne!(oracle::get(other.as_str(), "compression"), "lz4");
}

fn a_user_property_needs_userprop(zfs: &Zfs) {
    let (root, other) = (tree("duser", &[]), tree("duser", &[]));
    needs(zfs, &format!("set {root} org.example:a 1"), &[("userprop", &root)]);
    assert_eq!(oracle::get(root.as_str(), "org.example:a"), "1");
    oracle::zfs(&["set", "org.example:a=1", other.as_str()]);
    needs(zfs, &format!("inherit {other} org.example:a"), &[("userprop", &other)]);
    assert_eq!(oracle::get(other.as_str(), "org.example:a"), "-");
}

/// Linux lets nobody else mount(2), and `zfs` knows no other way.
fn mounting_is_for_root_only_whatever_was_delegated(zfs: &Zfs) {
    let root = tree("dmount", &[]);
    grant("create,mount,canmount,mountpoint", &root);
    let new = format!("{root}/new");
    ask(zfs, &format!("create {new}")).assert_done();
    assert!(!user::runs("zfs", &["mount", &new]));
    assert_eq!(oracle::get(&new, "mounted"), "no");
    // The same order by root is done: nothing else was in its way.
    oracle::zfs(&["mount", &new]);
    assert_eq!(oracle::get(&new, "mounted"), "yes");
}

fn a_pool_whose_delegation_is_off_says_so(zfs: &Zfs) {
    let pool = Pool::in_memory(100);
    let root = pool.dataset("off");
    oracle::zfs(&["create", "-o", "canmount=noauto", root.as_str()]);
    grant("snapshot", &root);
    oracle::zpool(&["set", "delegation=off", pool.name()]);
    let refused = ask(zfs, &format!("snapshot {root}@1"));
    assert_eq!(refused.kind.as_deref(), Some("NoPermission"), "{refused:#?}");
    let way_out = format!("zpool set delegation=on {}", pool.name());
    assert!(
        refused.commands.is_empty() && refused.text.contains(&format!("`{way_out}`")),
        "{refused:#?}"
    );
    oracle::sh(&way_out);
    ask(zfs, &format!("snapshot {root}@1")).assert_done();
}
