//! Streams out of the ordinary: that leave something out, that are half, that mend, that take a target back.

use std::fs;

use zfs_rs::{DatasetName, ErrorKind, Incoming, SendFlags, Zfs, pipe::pipe, stream::token::ResumeToken};

use super::{at, capture, copied, copy, cut, dense, read, receive, seeded, since, sources};
use crate::support::{
    files::{self, contents, mountpoint, sha256},
    oracle,
    pool::{Pool, home, other_place},
};

both!(
    a_redacted_stream_lacks_what_was_taken_out shows [redact, send_redacted],
    a_redacted_stream_goes_on_where_it_was_cut shows [send_redacted_resume],
    what_was_saved_is_sent_on shows [send_saved],
    what_was_saved_of_an_increment_is_sent_on_alone,
    a_damaged_snapshot_is_healed shows [heal] since 2.2,
    a_target_is_rolled_back_only_if_told_so shows [receive_roll_back],
    properties_arrive_as_received shows [receive_received_properties],
    a_stream_becomes_an_encryption_root shows [receive_key],
    a_clone_arrives_as_a_clone shows [receive_origin],
);

/// A filesystem with a secret, and a clone without it; returns the name of the first.
fn with_secret(purpose: &str) -> DatasetName {
    let root = home(purpose);
    oracle::sh(&format!("zfs create -o recordsize=128k {root}/all"));
    let all = root.child("all").unwrap();
    files::noise(mountpoint(&all).join("public"), 1, 1 << 20);
    files::noise(mountpoint(&all).join("secret"), 2, 1 << 20);
    oracle::sh(&format!(
        "zfs snapshot {all}@now; zfs clone {all}@now {root}/clean; head -c 1M /dev/zero | tr '\\0' x > /{root}/clean/secret; zfs snapshot {root}/clean@done"
    ));
    all
}

fn a_redacted_stream_lacks_what_was_taken_out(zfs: &Zfs) {
    let all = with_secret("redacted");
    let clean = at(&all.parent().unwrap().child("clean").unwrap(), "done");
    let bookmark = zfs.redact(&at(&all, "now"), "book", std::slice::from_ref(&clean)).unwrap();
    assert_eq!(bookmark, all.bookmark("book").unwrap());
    assert_eq!(oracle::versions(all.as_str()), ["@now", "#book"]);
    let again = zfs.redact(&at(&all, "now"), "book", &[clean]).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Exists, "{again}");
    let stranger = at(&sources().plain, "a");
    let foreign = zfs.redact(&at(&all, "now"), "other", &[stranger]).unwrap_err();
    assert_eq!(foreign.kind(), ErrorKind::Invalid, "{foreign}");

    let ours = capture(zfs.send(&at(&all, "now")).redacted("book").unwrap());
    let path = "/var/tmp/redacted.zfs";
    oracle::sh(&format!("zfs send --redact book {all}@now > {path}"));
    assert_eq!(ours, fs::read(path).unwrap());
    let whole = capture(zfs.send(&at(&all, "now")));
    assert!(ours.len() < whole.len() - 900_000, "{} of {}", ours.len(), whole.len());
    let target = other_place("redacted");
    copied(zfs.send(&at(&all, "now")).redacted("book").unwrap(), zfs.receive(&target));
    assert!(!oracle::get(target.as_str(), "redacted").is_empty());
}

fn a_redacted_stream_goes_on_where_it_was_cut(zfs: &Zfs) {
    let all = with_secret("redactedresume");
    let clean = at(&all.parent().unwrap().child("clean").unwrap(), "done");
    zfs.redact(&at(&all, "now"), "book", &[clean]).unwrap();
    let stream = capture(zfs.send(&at(&all, "now")).redacted("book").unwrap());
    let target = other_place("redactedresume");
    cut(zfs, &stream, stream.len() / 2, &target);
    let token = zfs.receive_resume_token(&target).unwrap().unwrap();
    let point = token.parse::<ResumeToken>().unwrap().into_point();
    let rest = zfs
        .send(&at(&all, "now"))
        .redacted("book")
        .unwrap()
        .resume((&point).into())
        .flags((&point).into());
    assert!(rest.estimate().unwrap() < u64::try_from(stream.len()).unwrap());
    copied(rest, zfs.receive(&target).resumable(true));
    assert_eq!(oracle::versions(target.as_str()), ["@now"]);
}

fn what_was_saved_is_sent_on(zfs: &Zfs) {
    let (plain, first, second) = (&sources().plain, other_place("saved"), other_place("savedagain"));
    let nothing = zfs.send_saved(plain).spawn().unwrap().finish().unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::Invalid, "{nothing}");
    let stream = capture(zfs.send(&at(plain, "a")).flags(dense()));
    cut(zfs, &stream, stream.len() / 2, &first);

    let (reader, writer) = pipe().unwrap();
    let sending = zfs.send_saved(&first).flags(dense()).spawn_to(writer).unwrap();
    let received = Incoming::open(reader).and_then(|incoming| zfs.receive(&second).resumable(true).from_stream(incoming));
    sending.join().unwrap();
    // What is half ends early; what there was of it is saved again.
    let ended = received.unwrap_err();
    assert_eq!(ended.kind(), ErrorKind::Truncated, "{ended}");
    let token = zfs.receive_resume_token(&second).unwrap().unwrap();
    let point = token.parse::<ResumeToken>().unwrap().into_point();
    copied(
        zfs.send(&at(plain, "a")).flags((&point).into()).resume((&point).into()),
        zfs.receive(&second).resumable(true),
    );
    assert_eq!(contents(format!("{second}@a")), contents(format!("{plain}@a")));
}

fn what_was_saved_of_an_increment_is_sent_on_alone(zfs: &Zfs) {
    let (plain, first, second) = (&sources().plain, other_place("savedpart"), other_place("savedparton"));
    seeded(zfs, plain, &first);
    seeded(zfs, plain, &second);
    let whole = capture(zfs.send(&at(plain, "a")).flags(dense()));
    let increment = capture(zfs.send(&at(plain, "b")).flags(dense()).since(since(plain, "a")));
    cut(zfs, &increment, increment.len() * 2 / 3, &first);

    let saved = read(zfs.send_saved(&first).flags(dense()).since(since(&first, "a")).spawn().unwrap()).unwrap();
    assert!(saved.len() < increment.len(), "{} of {}", saved.len(), increment.len());
    let along = read(zfs.send_saved(&first).flags(dense()).spawn().unwrap()).unwrap();
    assert!(along.len() > whole.len() / 2, "without a base it is sent along");
    let error = receive(zfs, &saved, &second).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated, "{error}");
    let token = zfs.receive_resume_token(&second).unwrap().unwrap();
    let point = token.parse::<ResumeToken>().unwrap().into_point();
    assert!(point.bytes > 0 && point.from_guid.is_some(), "{point:?}");
    let rest = zfs.send(&at(plain, "b")).flags((&point).into()).since(since(plain, "a"));
    copied(rest.resume((&point).into()), zfs.receive(&second).resumable(true));
    assert_eq!(contents(format!("{second}@b")), contents(format!("{plain}@b")));
}

fn a_damaged_snapshot_is_healed(zfs: &Zfs) -> zfs_rs::Result<()> {
    let pool = Pool::in_memory(128);
    let name = pool.dataset("file");
    oracle::sh(&format!(
        "zfs create -o compression=off -o recordsize=128k -o primarycache=none {name}"
    ));
    let file = mountpoint(&name).join("noise");
    files::noise(&file, 3, 1 << 20);
    oracle::sh(&format!("zfs snapshot {name}@now; zpool sync {}", pool.name()));
    let whole = sha256(&file);
    let stream = std::path::PathBuf::from(format!("/var/tmp/{}.zfs", pool.name()));
    oracle::sh(&format!("zfs send {name}@now > {}", stream.display()));
    damage(&pool, &file);
    oracle::sh(&format!("zpool scrub -w {}", pool.name()));
    assert_ne!(
        oracle::zpool(&["status", "-v", pool.name()]).matches("noise").count(),
        0,
        "the damage was not found"
    );
    let incoming = Incoming::open(fs::File::open(&stream).unwrap())?;
    zfs.heal(&at(&name, "now"), incoming)?;
    oracle::sh(&format!("zpool clear {0}; zpool scrub -w {0}; zpool scrub -w {0}", pool.name()));
    assert!(oracle::zpool(&["status", "-v", pool.name()]).contains("No known data errors"));
    // The live file shares the blocks. The snapshot itself cannot be mounted any more, by whatever hand it was healed: see `Zfs::heal`.
    assert_eq!(sha256(&file), whole);
    Ok(())
}

/// Overwrites the middle of a file of noise where it lies on the pool's only device.
fn damage(pool: &Pool, file: &std::path::Path) {
    use std::os::unix::fs::FileExt as _;
    let text = fs::read(file).unwrap();
    let wanted = &text[128 << 10..(128 << 10) + 512];
    let device = fs::File::options().read(true).write(true).open(pool.place()).unwrap();
    let mut block = vec![0; 512];
    let size = device.metadata().unwrap().len();
    let found = (0..size / 512).map(|sector| sector * 512).find(|place| {
        device.read_exact_at(&mut block, *place).unwrap();
        block == wanted
    });
    device
        .write_all_at(&[0xdb; 4096], found.expect("the file's block is on the device"))
        .unwrap();
}

fn a_target_is_rolled_back_only_if_told_so(zfs: &Zfs) {
    let (plain, target) = (&sources().plain, other_place("forced"));
    seeded(zfs, plain, &target);
    oracle::sh(&format!("zfs set readonly=off {target}; zfs mount {target}"));
    fs::write(mountpoint(&target).join("stranger"), "x").unwrap();
    oracle::sh(&format!("zfs snapshot {target}@stranger"));
    let increment = || zfs.send(&at(plain, "b")).flags(dense()).since(since(plain, "a"));
    let (_, refused) = copy(increment(), zfs.receive(&target));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::TargetModified);
    assert_eq!(oracle::versions(target.as_str()), ["@a", "@stranger"]);
    copied(increment(), zfs.receive(&target).dangerous().roll_back_target());
    assert_eq!(oracle::versions(target.as_str()), ["@a", "@b"]);
    assert_eq!(contents(format!("{target}@b")), contents(format!("{plain}@b")));
}

fn properties_arrive_as_received(zfs: &Zfs) {
    let (plain, target) = (&sources().plain, other_place("withprops"));
    let order = zfs
        .receive(&target)
        .received_property("atime", "off")
        .received_property("org.example:by", "ada");
    copied(zfs.send(&at(plain, "a")).flags(dense()), order.property("org.example:by", "bob"));
    let source = |property: &str| oracle::zfs(&["get", "-Hp", "-o", "value,received,source", property, target.as_str()]);
    assert_eq!(source("atime").trim_end(), "off\toff\treceived");
    assert_eq!(source("org.example:by").trim_end(), "bob\tada\tlocal");
}

fn a_stream_becomes_an_encryption_root(zfs: &Zfs) {
    let (plain, target) = (&sources().plain, other_place("sealedhere"));
    let order = zfs.receive(&target).key([5; 32]).property("encryption", "aes-256-gcm");
    // Embedded blocks do not go into what is encrypted.
    let flags = SendFlags::LARGE_BLOCK | SendFlags::COMPRESS;
    copied(
        zfs.send(&at(plain, "a")).flags(flags),
        order.property("keyformat", "raw").property("keylocation", "prompt"),
    );
    assert_eq!(oracle::get(target.as_str(), "encryptionroot"), target.as_str());
    assert_eq!(oracle::get(target.as_str(), "keystatus"), "available");
    assert_eq!(contents(format!("{target}@a")), contents(format!("{plain}@a")));
}

fn a_clone_arrives_as_a_clone(zfs: &Zfs) {
    let root = home("cloned");
    oracle::sh(&format!(
        "zfs create {root}/a; echo one > /{root}/a/file; zfs snapshot {root}/a@1; zfs clone {root}/a@1 {root}/b; echo two > /{root}/b/more; \
         zfs snapshot {root}/b@2"
    ));
    let (a, b) = (root.child("a").unwrap(), root.child("b").unwrap());
    let (copy_of_a, copy_of_b) = (other_place("cloned"), other_place("cloned"));
    copied(zfs.send(&at(&a, "1")), zfs.receive(&copy_of_a));
    copied(
        zfs.send(&at(&b, "2")).since(since(&a, "1")),
        zfs.receive(&copy_of_b).origin(at(&copy_of_a, "1")),
    );
    assert_eq!(oracle::get(copy_of_b.as_str(), "origin"), format!("{copy_of_a}@1"));
    assert_eq!(contents(format!("{copy_of_b}@2")), contents(format!("{b}@2")));
}
