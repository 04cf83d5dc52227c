//! A hold lasts as long as was said: until it is released, until its handle is dropped, until its process is gone.

use std::{
    env,
    io::Read as _,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::Duration,
};

use zfs_rs::{Errno, ErrorKind, HoldTag, SnapshotName, Zfs};

use super::{items, snapshot};
use crate::support::{module, oracle, pool::home, wait_until};

both!(
    holds_are_placed_seen_and_released shows [hold, holds, release],
    a_hold_names_what_it_cannot_hold,
    a_temporary_hold_ends_with_its_handle shows [hold_while_open],
    a_temporary_hold_ends_with_its_handle_whatever_else_runs,
    a_temporary_hold_ends_with_its_process,
);

fn holds_are_placed_seen_and_released(zfs: &Zfs) {
    let root = home("held");
    oracle::sh(&format!("zfs snapshot {root}@a; zfs snapshot {root}@b"));
    let (a, b) = (snapshot(format!("{root}@a")), snapshot(format!("{root}@b")));
    zfs.hold(&[(a.clone(), tag("one")), (b.clone(), tag("one"))]).unwrap();
    zfs.hold(&[(a.clone(), tag("two words"))]).unwrap();
    assert_eq!(tags_by_oracle(&a), ["one", "two words"]);
    let ours = zfs.holds(&a).unwrap();
    assert_eq!(ours.iter().map(|hold| hold.tag.as_str()).collect::<Vec<_>>(), ["one", "two words"]);
    let created: u64 = oracle::get(a.as_str(), "creation").parse().unwrap();
    assert!((created..created + 120).contains(&ours[0].since), "{ours:?} created {created}");
    assert_eq!(oracle::get(a.as_str(), "userrefs"), "2");

    let busy = zfs.destroy_snapshots(std::slice::from_ref(&a)).unwrap_err();
    assert_eq!(items(&busy), [(a.as_str(), Errno::EBUSY)]);
    zfs.release(&[(a.clone(), tag("one")), (b.clone(), tag("one"))]).unwrap();
    zfs.release(&[(a.clone(), tag("two words"))]).unwrap();
    assert_eq!(zfs.holds(&a).unwrap(), []);
    zfs.destroy_snapshots(&[a, b]).unwrap();
}

fn a_hold_names_what_it_cannot_hold(zfs: &Zfs) {
    let root = home("unheld");
    oracle::sh(&format!("zfs snapshot {root}@a; zfs snapshot {root}@b; zfs hold mine {root}@a"));
    let (a, b, gone) = (
        snapshot(format!("{root}@a")),
        snapshot(format!("{root}@b")),
        snapshot(format!("{root}@gone")),
    );
    let twice = zfs.hold(&[(a.clone(), tag("mine")), (b.clone(), tag("mine"))]).unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::Exists, "{twice}");
    assert_eq!(items(&twice), [(a.as_str(), Errno::EEXIST)]);
    assert_eq!(tags_by_oracle(&b), [""; 0], "nothing is held then");

    let missing = zfs.hold(&[(b.clone(), tag("yours")), (gone.clone(), tag("yours"))]).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound, "{missing}");
    assert_eq!(items(&missing), [(gone.as_str(), Errno::ENOENT)]);
    assert_eq!(tags_by_oracle(&b), ["yours"], "the others are held");

    let nobodys = zfs.release(&[(b.clone(), tag("yours")), (a.clone(), tag("yours"))]).unwrap_err();
    assert_eq!(nobodys.kind(), ErrorKind::NotFound, "{nobodys}");
    assert_eq!(zfs.holds(&b).unwrap(), [], "the others are released");
    assert_eq!(zfs.holds(&gone).unwrap_err().kind(), ErrorKind::NotFound);
    oracle::zfs(&["release", "mine", a.as_str()]);
}

fn a_temporary_hold_ends_with_its_handle(zfs: &Zfs) {
    let root = home("handle");
    oracle::sh(&format!("zfs snapshot {root}@a; zfs snapshot {root}@b"));
    let (a, b) = (snapshot(format!("{root}@a")), snapshot(format!("{root}@b")));
    let held = zfs.hold_while_open(&[(a.clone(), tag("copy")), (b.clone(), tag("copy"))]).unwrap();
    let seen = tags_by_oracle(&a);
    assert!(matches!(seen.as_slice(), [one] if one.starts_with("copy")), "{seen:?}");
    assert_eq!(zfs.destroy_snapshots(std::slice::from_ref(&a)).unwrap_err().kind(), ErrorKind::Busy);
    held.release();
    assert_eq!(zfs.holds(&a).unwrap(), []);
    assert_eq!(zfs.holds(&b).unwrap(), []);

    let missing = zfs.hold_while_open(&[(a.clone(), tag("copy")), (snapshot(format!("{root}@gone")), tag("copy"))]);
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(zfs.holds(&a).unwrap(), [], "nothing stays held");
}

/// A call that runs apart began with a copy of the handle; many begin while handles go.
fn a_temporary_hold_ends_with_its_handle_whatever_else_runs(zfs: &Zfs) {
    let root = home("beside");
    oracle::sh(&format!(
        "dd if=/dev/urandom of=/{root}/file bs=1M count=4; zfs snapshot {root}@a; zfs snapshot {root}@b"
    ));
    let (a, b) = (snapshot(format!("{root}@a")), snapshot(format!("{root}@b")));
    let held = zfs.hold_while_open(&[(a.clone(), tag("copy"))]).unwrap();
    let mut waiting = zfs.send(&b).spawn().unwrap();
    waiting.read_exact(&mut [0; 312]).unwrap();
    held.release();
    assert_eq!(zfs.holds(&a).unwrap(), [], "while a send waits for its reader");

    let are_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !are_over.load(Relaxed) {
                drop(zfs.send(&b).spawn().unwrap());
            }
        });
        for round in 0..20 {
            zfs.hold_while_open(&[(a.clone(), tag("copy"))]).unwrap().release();
            assert_eq!(zfs.holds(&a).unwrap(), [], "round {round}");
        }
        are_over.store(true, Relaxed);
    });
    drop(waiting);
    zfs.destroy_snapshots(&[a, b]).unwrap();
}

fn a_temporary_hold_ends_with_its_process(zfs: &Zfs) {
    // The same test in a child is the process to be killed.
    if let Ok(name) = env::var(TO_BE_KILLED) {
        let _held = zfs.hold_while_open(&[(snapshot(name), tag("dying"))]).unwrap();
        thread::sleep(Duration::from_secs(600));
    }
    let root = home("process");
    let name = snapshot(format!("{root}@a"));
    oracle::zfs(&["snapshot", name.as_str()]);
    let test = format!("calls::hold::{}::a_temporary_hold_ends_with_its_process", module(zfs));
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", &test, "--test-threads=1"])
        .env(TO_BE_KILLED, name.as_str())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the child holds the snapshot", || zfs.holds(&name).unwrap().len() == 1);
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until("the hold is gone", || zfs.holds(&name).unwrap().is_empty());
    zfs.destroy_snapshots(&[name]).unwrap();
}

fn tag(text: &str) -> HoldTag {
    text.parse().unwrap()
}

fn tags_by_oracle(of: &SnapshotName) -> Vec<String> {
    let text = oracle::zfs(&["holds", "-H", of.as_str()]);
    let mut tags: Vec<String> = text.lines().map(|line| line.split('\t').nth(1).unwrap().to_owned()).collect();
    tags.sort();
    tags
}

const TO_BE_KILLED: &str = "VM_TESTS_TO_BE_KILLED";
