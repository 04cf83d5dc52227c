//! A user who is not root may do what was delegated, no more; and each refusal says by which command that changes.

mod datasets;
mod keys;
mod snapshots;
mod streams;
mod user;

use zfs_rs::{DatasetName, Zfs};

use crate::support::{
    module, oracle,
    pool::{other_place, place},
};
use user::{Said, USER, ask};

/// Permissions as `zfs allow` takes them, and where.
type Grant<'a> = (&'a str, &'a DatasetName);

/// Shows that an order needs these and nothing else: it is refused without them, and when any one is left out; and done when root has run exactly
/// the commands that the refusal said. What was not granted with them is refused still.
///
/// One by one they are left out on one way to the kernel only: it asks for the same on both, and each question is a process, which takes long here.
fn needs(zfs: &Zfs, order: &str, grants: &[Grant<'_>]) -> Said {
    let refused = ask(zfs, order);
    refused.assert_missing(grants);
    if module(zfs) == "ioctl" {
        leave_each_out(zfs, order, grants);
    }
    for command in &refused.commands {
        oracle::sh(command);
    }
    let said = ask(zfs, order).assert_done();
    for (_, on) in grants {
        assert_no_more(zfs, on, grants);
    }
    said
}

fn leave_each_out(zfs: &Zfs, order: &str, grants: &[Grant<'_>]) {
    for (place, (permissions, _)) in grants.iter().enumerate() {
        for left_out in permissions.split(',') {
            leave_out(grants, place, left_out);
            ask(zfs, order).assert_missing(grants);
            revoke(grants);
        }
    }
}

/// Grants all but one permission at one place.
fn leave_out(grants: &[Grant<'_>], at: usize, left_out: &str) {
    for (place, (permissions, on)) in grants.iter().enumerate() {
        let rest = permissions.split(',').filter(|one| place != at || *one != left_out);
        let rest: Vec<&str> = rest.collect();
        if !rest.is_empty() {
            grant(&rest.join(","), on);
        }
    }
}

fn grant(permissions: &str, on: &DatasetName) {
    oracle::zfs(&["allow", "-u", USER, permissions, on.as_str()]);
}

fn revoke(grants: &[Grant<'_>]) {
    for (_, on) in grants {
        oracle::zfs(&["unallow", "-u", USER, on.as_str()]);
    }
}

/// What needs another permission is refused on that dataset, if it is still there.
fn assert_no_more(zfs: &Zfs, on: &DatasetName, grants: &[Grant<'_>]) {
    let is_granted = |wanted: &str| grants.iter().any(|(all, _)| all.split(',').any(|one| one == wanted));
    for (permission, order) in [
        ("snapshot", format!("snapshot {on}@more")),
        ("userprop", format!("set {on} org.example:more 1")),
        ("create", format!("create {on}/more")),
    ] {
        if !is_granted(permission) && oracle::exists(on.as_str()) {
            assert_eq!(ask(zfs, &order).kind.as_deref(), Some("NoPermission"), "{order}");
        }
    }
}

/// A filesystem that is not mounted, with these below it.
fn tree(purpose: &str, children: &[&str]) -> DatasetName {
    made(place(purpose), children)
}

/// The same in the other pool.
fn other_tree(purpose: &str, children: &[&str]) -> DatasetName {
    made(other_place(purpose), children)
}

fn made(root: DatasetName, children: &[&str]) -> DatasetName {
    oracle::zfs(&["create", "-o", "canmount=noauto", root.as_str()]);
    for child in children {
        oracle::zfs(&["create", "-o", "canmount=noauto", &format!("{root}/{child}")]);
    }
    root
}

fn below(root: &DatasetName, child: &str) -> DatasetName {
    root.child(child).unwrap()
}
