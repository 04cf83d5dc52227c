//! What arrives is what was sent; what does not fit is refused and changes nothing.

use std::io::Write;

use zfs_rs::{Base, DatasetName, ErrorKind, Incoming, SendFlags, Zfs, pipe::pipe};

use super::{at, capture, copied, copy, dense, seeded, since, sources};
use crate::support::{
    files::{contents, mountpoint, sha256},
    oracle,
    pool::other_place,
};

both!(
    a_full_stream_and_its_increment_arrive shows [receive],
    an_increment_from_a_bookmark_arrives,
    a_raw_stream_arrives_sealed shows [receive_raw],
    a_volume_arrives,
    what_the_oracle_sends_we_receive,
    what_we_send_the_oracle_receives,
    a_stream_for_another_base_is_refused,
    a_target_that_was_modified_is_refused,
    a_stream_that_is_there_already_is_refused,
    a_target_without_a_parent_is_refused,
    the_key_of_the_parent_is_wanted,
);

fn a_full_stream_and_its_increment_arrive(zfs: &Zfs) {
    let (plain, target) = (&sources().plain, other_place("whole"));
    let stream = capture(zfs.send(&at(plain, "a")).flags(dense()));
    let order = zfs
        .receive(&target)
        .named("first")
        .property("canmount", "noauto")
        .property("org.example:by", "hand");
    let mut receiving = order.spawn().unwrap();
    receiving.write_all(&stream).unwrap();
    let receipt = receiving.finish().unwrap();
    assert_eq!(receipt.snapshot, at(&target, "first"));
    assert_eq!(usize::try_from(receipt.bytes).unwrap(), stream.len() - 312);
    assert_eq!(receipt.property_errors, []);
    assert_eq!(oracle::get(target.as_str(), "canmount"), "noauto");
    assert_eq!(oracle::get(target.as_str(), "org.example:by"), "hand");
    assert_eq!(oracle::get(target.as_str(), "mounted"), "no");
    assert_eq!(
        oracle::get(&format!("{target}@first"), "guid"),
        oracle::get(&format!("{plain}@a"), "guid")
    );

    let increment = zfs.send(&at(plain, "b")).flags(dense()).since(since(plain, "a"));
    let receipt = copied(increment, zfs.receive(&target).resumable(true));
    assert_eq!(receipt.snapshot, at(&target, "b"), "named as on the sender");
    assert_eq!(oracle::versions(target.as_str()), ["@first", "@b"]);
    assert_eq!(contents(format!("{target}@first")), contents(format!("{plain}@a")));
    assert_eq!(contents(format!("{target}@b")), contents(format!("{plain}@b")));
    assert_ne!(contents(format!("{target}@b")), contents(format!("{target}@first")));
}

fn an_increment_from_a_bookmark_arrives(zfs: &Zfs) {
    let (plain, target) = (&sources().plain, other_place("marked"));
    seeded(zfs, plain, &target);
    let order = zfs
        .send(&at(plain, "b"))
        .flags(dense())
        .since(Base::Bookmark(plain.bookmark("a").unwrap()));
    copied(order, zfs.receive(&target));
    assert_eq!(contents(format!("{target}@b")), contents(format!("{plain}@b")));
}

fn a_raw_stream_arrives_sealed(zfs: &Zfs) {
    let (sealed, target) = (&sources().sealed, other_place("sealed"));
    let raw = SendFlags::RAW | dense();
    copied(zfs.send(&at(sealed, "a")).flags(raw), zfs.receive(&target).resumable(true));
    copied(
        zfs.send(&at(sealed, "b")).flags(raw).since(since(sealed, "a")),
        zfs.receive(&target).resumable(true),
    );
    assert_eq!(oracle::get(target.as_str(), "keystatus"), "unavailable");
    assert_eq!(oracle::get(target.as_str(), "encryptionroot"), target.as_str());
    // The key of the source opens it.
    oracle::sh(&format!("head -c 32 /dev/zero | zfs load-key {target}"));
    for short in ["a", "b"] {
        assert_eq!(contents(format!("{target}@{short}")), contents(format!("{sealed}@{short}")));
    }
}

fn a_volume_arrives(zfs: &Zfs) {
    let (volume, target) = (&sources().volume, other_place("volume"));
    copied(zfs.send(&at(volume, "a")).flags(dense()), zfs.receive(&target));
    assert_eq!(oracle::get(target.as_str(), "type"), "volume");
    assert_eq!(oracle::get(target.as_str(), "volsize"), "16777216");
    oracle::run("udevadm", &["settle"]);
    let device = |name: &DatasetName| mountpoint(format!("dev/zvol/{name}"));
    assert_eq!(sha256(&device(&target)), sha256(&device(volume)));
}

fn what_the_oracle_sends_we_receive(zfs: &Zfs) {
    let (plain, target) = (&sources().plain, other_place("theirs"));
    let mut child = std::process::Command::new("zfs")
        .args(["send", "-L", "-e", "-c", &format!("{plain}@a")])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let incoming = Incoming::open(child.stdout.take().unwrap()).unwrap();
    assert_eq!(incoming.begin().to_guid.to_string(), oracle::get(&format!("{plain}@a"), "guid"));
    assert_eq!(incoming.begin().from_guid, None);
    zfs.receive(&target).from_stream(incoming).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(contents(format!("{target}@a")), contents(format!("{plain}@a")));
}

fn what_we_send_the_oracle_receives(zfs: &Zfs) {
    let (plain, target) = (&sources().plain, other_place("ours"));
    let (reader, writer) = pipe().unwrap();
    let sending = zfs.send(&at(plain, "a")).flags(dense()).spawn_to(writer).unwrap();
    let status = std::process::Command::new("zfs")
        .args(["receive", "-u", target.as_str()])
        .stdin(reader)
        .status()
        .unwrap();
    sending.join().unwrap();
    assert!(status.success());
    assert_eq!(contents(format!("{target}@a")), contents(format!("{plain}@a")));
}

fn a_stream_for_another_base_is_refused(zfs: &Zfs) {
    let (plain, target) = (&sources().plain, other_place("stranger"));
    seeded(zfs, &sources().volume, &target);
    let before = oracle::everything(target.as_str());
    let order = zfs.send(&at(plain, "b")).flags(dense()).since(since(plain, "a"));
    let (sent, received) = copy(order, zfs.receive(&target).resumable(true));
    let error = received.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BaseMissing, "{error}");
    assert!(error.to_string().contains(&format!("{target}@b")), "{error}");
    // The stream is short enough for the pipe, so the sender may have ended before the receiver said no.
    if let Err(echo) = sent {
        assert_eq!(echo.kind(), ErrorKind::Interrupted, "{echo}");
    }
    assert_eq!(oracle::everything(target.as_str()), before);
    assert_eq!(zfs.receive_resume_token(&target).unwrap(), None);
}

fn a_target_that_was_modified_is_refused(zfs: &Zfs) {
    let (plain, target) = (&sources().plain, other_place("modified"));
    seeded(zfs, plain, &target);
    oracle::zfs(&["mount", target.as_str()]);
    std::fs::write(mountpoint(&target).join("scribble"), "here").unwrap();
    oracle::zfs(&["snapshot", &format!("{target}@mine")]);
    let order = zfs.send(&at(plain, "b")).flags(dense()).since(since(plain, "a"));
    let error = copy(order, zfs.receive(&target).resumable(true)).1.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TargetModified, "{error}");
    assert_eq!(oracle::versions(target.as_str()), ["@a", "@mine"], "nothing is rolled back");
    assert!(mountpoint(&target).join("scribble").exists());
}

fn a_stream_that_is_there_already_is_refused(zfs: &Zfs) {
    let (plain, target) = (&sources().plain, other_place("twice"));
    seeded(zfs, plain, &target);
    for (order, kind) in [
        (zfs.send(&at(plain, "a")), ErrorKind::Exists),
        (zfs.send(&at(&sources().volume, "a")), ErrorKind::Exists),
    ] {
        let error = copy(order, zfs.receive(&target)).1.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    assert_eq!(oracle::versions(target.as_str()), ["@a"]);
}

fn a_target_without_a_parent_is_refused(zfs: &Zfs) {
    let target = other_place("orphan").child("child").unwrap();
    let error = copy(zfs.send(&at(&sources().plain, "a")), zfs.receive(&target)).1.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(error.to_string().contains("its parent"), "{error}");
}

fn the_key_of_the_parent_is_wanted(zfs: &Zfs) {
    let parent = other_place("locked");
    oracle::sh(&format!(
        "head -c 32 /dev/zero | zfs create -o canmount=noauto -o encryption=on -o keyformat=raw -o keylocation=prompt {parent}; zfs unload-key {parent}"
    ));
    let target = parent.child("child").unwrap();
    let error = copy(zfs.send(&at(&sources().plain, "a")), zfs.receive(&target)).1.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeyUnavailable, "{error}");
    assert!(!oracle::exists(target.as_str()));
}

/// A descriptor that is no stream is refused before anything is touched.
#[test]
fn what_is_no_stream_is_refused_at_once() {
    let (reader, writer) = pipe().unwrap();
    std::fs::File::from(writer).write_all(&[0x55; 400]).unwrap();
    let error = Incoming::open(reader).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    let (reader, writer) = pipe().unwrap();
    drop(writer);
    let error = Incoming::open(reader).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated, "{error}");
}
