//! Streams by a user who is not root.

use std::{fs, path::PathBuf};

use zfs_rs::{DatasetName, Zfs};

use super::{ask, below, grant, needs, other_tree, tree};
use crate::support::{
    files::{mountpoint, noise},
    oracle,
    pool::{home, unique},
    release::{Release, running},
};

both!(
    sending_needs_send,
    a_raw_send_needs_send_or_since_2_4_send_raw,
    receiving_something_new_needs_receive_create_and_mount_above,
    receiving_an_increment_needs_the_same_on_the_target,
    giving_a_partial_receive_up_needs_destroy,
    an_increment_can_do_with_receive_append_where_that_is_known,
    what_may_not_be_set_on_a_copy_is_told_and_fails_nothing,
);

/// Streams in files, gone with this value.
struct Streams {
    source: DatasetName,
    full: PathBuf,
    increment: PathBuf,
    torn: PathBuf,
}

impl Streams {
    fn new() -> Self {
        let source = home("dsource");
        let file = |kind: &str| PathBuf::from(format!("/dev/shm/{}", unique(kind)));
        let made = Self {
            full: file("full"),
            increment: file("increment"),
            torn: file("torn"),
            source,
        };
        let Self {
            source,
            full,
            increment,
            torn,
        } = &made;
        noise(mountpoint(source).join("noise"), 3, 3 << 20);
        oracle::sh(&format!("zfs snapshot {source}@1"));
        fs::write(mountpoint(source).join("more"), "more").unwrap();
        let (full, increment, torn) = (full.display(), increment.display(), torn.display());
        oracle::sh(&format!(
            "zfs snapshot {source}@2; zfs send {source}@1 > {full}; zfs send -i @1 {source}@2 > {increment}; head -c 2000000 {full} > {torn}"
        ));
        made
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        for file in [&self.full, &self.increment, &self.torn] {
            fs::remove_file(file).ok();
        }
    }
}

fn sending_needs_send(zfs: &Zfs) {
    let root = tree("dsend", &[]);
    oracle::zfs(&["snapshot", &format!("{root}@1")]);
    needs(zfs, &format!("send {root}@1"), &[("send", &root)]);
}

fn a_raw_send_needs_send_or_since_2_4_send_raw(zfs: &Zfs) {
    let (root, other) = (tree("draw", &[]), tree("draw", &[]));
    oracle::sh(&format!("zfs snapshot {root}@1; zfs snapshot {other}@1"));
    needs(zfs, &format!("send-raw {root}@1"), &[("send", &root)]);
    if running() >= since("2.4") {
        grant("send:raw", &other);
        ask(zfs, &format!("send-raw {other}@1")).assert_done();
        ask(zfs, &format!("send {other}@1")).assert_missing(&[("send", &other)]);
    }
}

fn receiving_something_new_needs_receive_create_and_mount_above(zfs: &Zfs) {
    let (streams, root) = (Streams::new(), other_tree("dnew", &[]));
    let order = format!("receive {root}/copy {}", streams.full.display());
    needs(zfs, &order, &[("receive,create,mount", &root)]);
    assert_same(&streams.source, &below(&root, "copy"), "@1");
    assert_eq!(oracle::get(&format!("{root}/copy"), "mounted"), "no");
}

fn receiving_an_increment_needs_the_same_on_the_target(zfs: &Zfs) {
    let (streams, root) = (Streams::new(), other_tree("dnext", &[]));
    let copy = below(&root, "copy");
    oracle::sh(&format!("zfs receive -u {copy} < {}", streams.full.display()));
    let order = format!("receive {copy} {}", streams.increment.display());
    needs(zfs, &order, &[("receive,create,mount", &copy)]);
    assert_same(&streams.source, &copy, "@2");
}

fn giving_a_partial_receive_up_needs_destroy(zfs: &Zfs) {
    let (streams, root) = (Streams::new(), other_tree("dabort", &[]));
    let copy = below(&root, "copy");
    grant("receive,create,mount", &root);
    let torn = ask(zfs, &format!("receive {copy} {}", streams.torn.display()));
    assert_eq!(torn.kind.as_deref(), Some("Truncated"), "{torn:#?}");
    assert_ne!(oracle::get(copy.as_str(), "receive_resume_token"), "-");
    let token = oracle::get(copy.as_str(), "receive_resume_token");
    let rest = format!("{}.rest", streams.torn.display());
    oracle::sh(&format!("zfs send -t {token} > {rest}"));
    // Going on with it needs what beginning it needed, and that is there.
    ask(zfs, &format!("receive {copy} {rest}")).assert_done();
    fs::remove_file(rest).unwrap();
    assert_same(&streams.source, &copy, "@1");

    let other = below(&root, "other");
    let torn = ask(zfs, &format!("receive {other} {}", streams.torn.display()));
    assert_eq!(torn.kind.as_deref(), Some("Truncated"), "{torn:#?}");
    ask(zfs, &format!("abort {other}")).assert_missing(&[("destroy,mount", &other)]);
    oracle::sh(&ask(zfs, &format!("abort {other}")).commands[0]);
    ask(zfs, &format!("abort {other}")).assert_done();
    assert!(!oracle::exists(other.as_str()));
}

fn an_increment_can_do_with_receive_append_where_that_is_known(zfs: &Zfs) {
    let (streams, root) = (Streams::new(), other_tree("dappend", &[]));
    let copy = below(&root, "copy");
    oracle::sh(&format!("zfs receive -u {copy} < {}", streams.full.display()));
    grant("create,mount", &copy);
    let order = format!("receive {copy} {}", streams.increment.display());
    if running() >= since("2.3") {
        grant("receive:append", &copy);
        ask(zfs, &order).assert_done();
        assert_same(&streams.source, &copy, "@2");
    } else {
        assert!(!oracle::succeeds(
            "zfs",
            &["allow", "-u", super::USER, "receive:append", copy.as_str()]
        ));
        ask(zfs, &order).assert_missing(&[("receive,create,mount", &copy)]);
    }
}

fn what_may_not_be_set_on_a_copy_is_told_and_fails_nothing(zfs: &Zfs) {
    let (streams, root) = (Streams::new(), other_tree("dtold", &[]));
    grant("receive,create,mount", &root);
    let order = |copy: &str| format!("receive-with {root}/{copy} {} readonly on", streams.full.display());
    let said = ask(zfs, &order("a")).assert_done();
    assert_same(&streams.source, &below(&root, "a"), "@1");
    assert_eq!(oracle::get(&format!("{root}/a"), "readonly"), "off");
    assert_eq!(said.commands, [format!("zfs allow -u {} readonly {root}/a", super::USER)]);
    grant("readonly", &root);
    let said = ask(zfs, &order("b")).assert_done();
    assert_eq!(oracle::get(&format!("{root}/b"), "readonly"), "on");
    assert!(said.commands.is_empty(), "{said:#?}");
}

fn assert_same(source: &DatasetName, copy: &DatasetName, short: &str) {
    let guid = |of: &DatasetName| oracle::get(&format!("{of}{short}"), "guid");
    assert_eq!(guid(source), guid(copy));
}

fn since(release: &str) -> Release {
    release.parse().unwrap()
}
