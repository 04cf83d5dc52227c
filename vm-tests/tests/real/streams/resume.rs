//! An interrupted receive says where it stopped, goes on from there, or is thrown away.

use std::{io::Write, process::Command};

use zfs_rs::{Base, DatasetName, ErrorKind, SendFlags, SendRequest, Zfs, stream::token::ResumeToken};

use super::{assert_alike, at, capture, copied, copy, cut, dense, seeded, since, sources, verify};
use crate::support::{files::contents, oracle, pool::other_place};

both!(
    a_full_receive_goes_on_from_its_token shows [send_resume, receive_resumable, receive_resume_token],
    an_incremental_receive_goes_on_from_its_token,
    a_raw_receive_goes_on_from_its_token,
    a_partial_full_receive_is_thrown_away shows [abort_receive],
    a_partial_incremental_receive_is_thrown_away,
    what_was_received_whole_is_never_thrown_away,
    an_interrupted_receive_stands_in_the_way_of_another,
    a_receive_that_is_not_resumable_leaves_nothing,
);

fn a_full_receive_goes_on_from_its_token(zfs: &Zfs) {
    let (plain, target) = (&sources().plain, other_place("full"));
    let token: ResumeToken = interrupt(zfs, zfs.send(&at(plain, "a")).flags(dense()), &target).parse().unwrap();
    assert!(token.point().offset > 0, "in the middle of a file: {token:?}");
    assert!(zfs.dataset(&target).unwrap().inconsistent);
    go_on(zfs, &target, plain, None);
    assert_eq!(contents(format!("{target}@a")), contents(format!("{plain}@a")));
}

fn an_incremental_receive_goes_on_from_its_token(zfs: &Zfs) {
    let (plain, target) = (&sources().plain, other_place("increment"));
    seeded(zfs, plain, &target);
    let mark = Base::Bookmark(plain.bookmark("a").unwrap());
    interrupt(zfs, zfs.send(&at(plain, "b")).flags(dense()).since(mark.clone()), &target);
    go_on(zfs, &target, plain, Some(mark));
    assert_eq!(contents(format!("{target}@b")), contents(format!("{plain}@b")));
}

fn a_raw_receive_goes_on_from_its_token(zfs: &Zfs) {
    let (sealed, target) = (&sources().sealed, other_place("raw"));
    interrupt(zfs, zfs.send(&at(sealed, "a")).flags(SendFlags::RAW | dense()), &target);
    go_on(zfs, &target, sealed, None);
    oracle::sh(&format!("head -c 32 /dev/zero | zfs load-key {target}"));
    assert_eq!(contents(format!("{target}@a")), contents(format!("{sealed}@a")));
}

fn a_partial_full_receive_is_thrown_away(zfs: &Zfs) {
    let (plain, target) = (&sources().plain, other_place("thrown"));
    interrupt(zfs, zfs.send(&at(plain, "a")).flags(dense()), &target);
    zfs.abort_receive(&target).unwrap();
    assert!(!oracle::exists(target.as_str()));
    assert_eq!(zfs.abort_receive(&target).unwrap_err().kind(), ErrorKind::NotFound);
}

fn a_partial_incremental_receive_is_thrown_away(zfs: &Zfs) {
    let (plain, target) = (&sources().plain, other_place("shortened"));
    seeded(zfs, plain, &target);
    let before = oracle::everything(target.as_str());
    let order = zfs.send(&at(plain, "b")).flags(dense()).since(since(plain, "a"));
    interrupt(zfs, order.clone(), &target);
    zfs.abort_receive(&target).unwrap();
    assert_eq!(zfs.receive_resume_token(&target).unwrap(), None);
    assert_eq!(oracle::everything(target.as_str()), before);
    copied(order, zfs.receive(&target));
}

fn what_was_received_whole_is_never_thrown_away(zfs: &Zfs) {
    let target = other_place("kept");
    seeded(zfs, &sources().plain, &target);
    assert_eq!(zfs.abort_receive(&target).unwrap_err().kind(), ErrorKind::NotFound);
    // Not even one that has no snapshot to protect it.
    let bare = other_place("bare");
    oracle::zfs(&["create", "-o", "canmount=noauto", bare.as_str()]);
    assert_eq!(zfs.abort_receive(&bare).unwrap_err().kind(), ErrorKind::NotFound);
    assert!(oracle::exists(bare.as_str()) && oracle::exists(&format!("{target}@a")));
}

fn an_interrupted_receive_stands_in_the_way_of_another(zfs: &Zfs) {
    let (plain, target) = (&sources().plain, other_place("blocked"));
    seeded(zfs, plain, &target);
    let order = zfs.send(&at(plain, "b")).flags(dense()).since(since(plain, "a"));
    let token = interrupt(zfs, order.clone(), &target);
    let error = copy(order, zfs.receive(&target).resumable(true)).1.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    assert!(error.to_string().contains("interrupted"), "{error}");
    assert_eq!(zfs.receive_resume_token(&target).unwrap(), Some(token), "what is saved stays");
}

fn a_receive_that_is_not_resumable_leaves_nothing(zfs: &Zfs) {
    let (plain, target) = (&sources().plain, other_place("forgotten"));
    let stream = capture(zfs.send(&at(plain, "a")).flags(dense()));
    let mut receiving = zfs.receive(&target).spawn().unwrap();
    receiving.write_all(&stream[..stream.len() / 2]).unwrap();
    let error = receiving.finish().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated, "{error}");
    assert!(!oracle::exists(target.as_str()));
}

/// Receives most of a stream and gives the token that is left.
fn interrupt(zfs: &Zfs, order: SendRequest, target: &DatasetName) -> String {
    let stream = capture(order);
    cut(zfs, &stream, stream.len() * 3 / 4, target);
    let token = zfs.receive_resume_token(target).unwrap().unwrap();
    assert_eq!(token, oracle::get(target.as_str(), "receive_resume_token"));
    token
}

/// Reads the token as the oracle does, sends on as the oracle does, and comes to the end.
fn go_on(zfs: &Zfs, target: &DatasetName, source: &DatasetName, base: Option<Base>) {
    let token: ResumeToken = zfs.receive_resume_token(target).unwrap().unwrap().parse().unwrap();
    let point = token.point();
    let told = oracle::sh(&format!("zfs send -nvt {token} 2>&1"));
    let mut expected = vec![
        format!("object = {:#x}", point.object),
        format!("offset = {:#x}", point.offset),
        format!("bytes = {:#x}", point.bytes),
        format!("toguid = {:#x}", point.to_guid),
        format!("toname = {}", point.to_name),
    ];
    expected.extend(point.from_guid.map(|guid| format!("fromguid = {guid:#x}")));
    for (name, is_set) in [
        ("largeblockok", point.large_block_ok),
        ("embedok", point.embed_ok),
        ("compressok", point.compress_ok),
        ("rawok", point.raw_ok),
    ] {
        assert_eq!(told.contains(name), is_set, "{name}: {told}");
    }
    for line in expected {
        assert!(told.lines().any(|said| said.trim() == line), "{line} is not in {told}");
    }
    assert!(point.bytes > 0 && point.object > 0, "{point:?}");

    let name = point.to_name.parse().unwrap();
    assert_eq!(zfs.snapshot(&name).unwrap().guid.0, point.to_guid);
    assert_eq!(base.is_some(), point.from_guid.is_some());
    let mut order = zfs.send(&name).flags(point.into()).resume(point.into());
    if let Some(base) = base {
        order = order.since(base);
    }
    let whole = capture(zfs.send(&name).flags(point.into()));
    let rest = capture(order.clone());
    verify(&rest);
    let theirs = Command::new("zfs").args(["send", "-t", token.text()]).output().unwrap();
    assert!(theirs.status.success());
    assert_alike(&rest, &theirs.stdout, "-t");
    assert!(rest.len() < whole.len(), "{} of {}", rest.len(), whole.len());

    copied(order, zfs.receive(target).resumable(true));
    assert_eq!(zfs.receive_resume_token(target).unwrap(), None);
    assert!(!zfs.dataset(target).unwrap().inconsistent);
    let arrived = at(target, name.short());
    assert_eq!(zfs.snapshot(&arrived).unwrap().guid.0, point.to_guid);
    assert!(name.dataset() == source);
}
