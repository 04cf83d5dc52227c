//! What our ioctls say to the kernel is what the C library says, to the last byte, but for one question less; and what comes back is the same.
//!
//! This test starts itself twice as a player, once for each way to the kernel, in the same setting; both players make the same calls, and what goes over
//! the border is read in their memory.

mod calls;
mod exchange;
mod recorder;

use std::{
    env,
    fs::{self, File},
    path::Path,
    process::Command,
};

use zfs_rs::{
    DatasetName,
    backend::{Core, ioctl::Ioctl, lzc::Lzc},
};

use self::{calls::Play, exchange::Call};
use crate::support::{files, oracle, pool::home};

#[test]
fn every_call_is_said_as_the_c_library_says_it() {
    if let Ok(way) = env::var(WAY) {
        play(&way);
        return;
    }
    let work = tempfile::tempdir().unwrap();
    let root = home("encoded");
    streams(&root, work.path());
    let [ours, theirs] = ["ioctl", "lzc"].map(|way| {
        let place = root.child("place").unwrap();
        setting(&place, work.path());
        let calls = recorder::record(
            Command::new(env::current_exe().unwrap())
                .args([
                    "--exact",
                    "encoder::every_call_is_said_as_the_c_library_says_it",
                    "--test-threads=1",
                ])
                .env(WAY, way)
                .env(PLACE, place.as_str())
                .env(WORK, work.path()),
        );
        strike(&place);
        (calls, fs::read_to_string(work.path().join(way)).unwrap())
    });
    said(&ours.0, &theirs.0);
    came_back(&ours.1, &theirs.1);
}

/// Both said the same, and neither was silent.
fn said(ours: &[Call], theirs: &[Call]) {
    let names = |calls: &[Call]| calls.iter().map(|call| call.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(ours), names(theirs));
    let silent: Vec<_> = [ours, theirs]
        .iter()
        .flat_map(|calls| calls.iter())
        .filter(|call| call.exchanges.is_empty())
        .collect();
    assert!(
        silent.is_empty() && ours.len() > 100,
        "{} calls; nothing was heard of {silent:?}",
        ours.len()
    );
    let different: Vec<_> = ours
        .iter()
        .zip(theirs)
        .flat_map(|(ours, theirs)| ours.differences(theirs))
        .collect();
    let requests: usize = ours.iter().map(|call| call.exchanges.len()).sum();
    println!(
        "{} calls, {requests} requests of {} bytes and their lists, compared",
        ours.len(),
        exchange::COMMAND_SIZE
    );
    assert!(
        different.is_empty(),
        "{} differences, ours first:\n{}",
        different.len(),
        different.join("\n")
    );
}

/// Both were answered the same.
fn came_back(ours: &str, theirs: &str) {
    let different: Vec<_> = ours.lines().zip(theirs.lines()).filter(|(ours, theirs)| ours != theirs).collect();
    assert!(different.is_empty(), "{different:#?}");
    assert_eq!(ours.lines().count(), theirs.lines().count());
}

fn play(way: &str) {
    let (place, work) = (env::var(PLACE).unwrap(), env::var(WORK).unwrap());
    let device = Ioctl::open().unwrap();
    let core: Box<dyn Core> = match way {
        "lzc" => Box::new(Lzc::open().unwrap()),
        _ => Box::new(device.clone()),
    };
    let mut play = Play {
        core,
        device,
        root: place.parse().unwrap(),
        diary: File::create(Path::new(&work).join(way)).unwrap(),
        streams: work.into(),
    };
    recorder::present_myself();
    play.all();
}

/// What each player finds.
fn setting(place: &DatasetName, work: &Path) {
    oracle::sh(&format!(
        "zfs create -o canmount=noauto {place}; for child in a b; do zfs create {place}/$child; echo 1 >/{place}/$child/file; zfs snapshot {place}/$child@1; done; \
         zfs bookmark {place}/a@1 {place}/a#old; echo 2 >/{place}/a/file; zfs snapshot {place}/a@2; zfs snapshot {place}/a@held; \
         zfs hold mine {place}/a@held; zfs clone {place}/a@2 {place}/changed; echo 3 >/{place}/changed/file; zfs snapshot {place}/changed@1; \
         head -c 20000 {} | zfs receive -s {place}/partial 2>/dev/null || true",
        work.join("1").display()
    ));
    assert_ne!(oracle::get(&format!("{place}/partial"), "receive_resume_token"), "-");
}

/// Takes it away for the next player.
fn strike(place: &DatasetName) {
    oracle::sh(&format!(
        "zfs list -H -r -t snapshot -o name {place} | xargs zfs holds -H | while read -r name tag _; do zfs release $tag $name; done; \
         zfs destroy -R {place}"
    ));
}

/// The streams that each player receives: `1`, `2` that grows from it, and `clone` that grows from it elsewhere.
fn streams(root: &DatasetName, work: &Path) {
    let source = root.child("source").unwrap();
    oracle::zfs(&["create", source.as_str()]);
    files::noise(files::mountpoint(&source).join("one"), 1, 3000);
    oracle::sh(&format!("zfs snapshot {source}@1; zfs clone {source}@1 {root}/grown"));
    files::noise(files::mountpoint(&source).join("two"), 2, 3000);
    files::noise(files::mountpoint(root).join("grown/three"), 3, 3000);
    oracle::sh(&format!(
        "cd {}; zfs snapshot {source}@2; zfs snapshot {root}/grown@clone; zfs send {source}@1 >1; zfs send -i @1 {source}@2 >2; \
         zfs send -i {source}@1 {root}/grown@clone >clone",
        work.display()
    ));
}

const WAY: &str = "VM_TESTS_ENCODER_WAY";
const PLACE: &str = "VM_TESTS_ENCODER_PLACE";
const WORK: &str = "VM_TESTS_ENCODER_WORK";
