//! A run that is killed in the middle of a large step costs its second half only.

use std::{
    io::{self, Write},
    process::Stdio,
};

use zfs_rs::{DatasetName, Wish, Zfs, stream::token::ResumeToken};

use super::{command, guids, holds, marks, replicate};
use crate::support::{
    by,
    files::{mountpoint, noise},
    oracle,
    pool::Pool,
    wait_until,
};

/// One test for both ways to the kernel, as they share a source that takes long to make.
#[test]
fn a_killed_run_goes_on_where_it_was_by_either_way() {
    let (here, there) = (Pool::on_disk(0), Pool::on_disk(1));
    let source = here.dataset("large");
    oracle::sh(&format!("zfs create -o recordsize=1M -o compression=off {source}"));
    noise(mountpoint(&source).join("noise"), 11, STEP);
    oracle::sh(&format!("zfs snapshot {source}@one"));
    for wish in [Wish::Ioctl, Wish::LibzfsCore] {
        let target = there.dataset(&format!("{wish:?}").to_lowercase());
        interrupted_and_resumed(&by(wish), &source, &target);
        oracle::sh(&format!("zfs list -H -t bookmark -o name -r {source} | xargs -rn 1 zfs destroy"));
    }
}

fn interrupted_and_resumed(zfs: &Zfs, source: &DatasetName, target: &DatasetName) {
    let mut order = command(zfs, &["replicate", "--bwlimit", "48MiB", source.as_str(), target.as_str()]);
    let mut child = order.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("half of the step is saved", || {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before it could be killed");
        saved(zfs, target) > STEP * 45 / 100
    });
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until("the kernel has let go", || !is_at_work());
    let saved = saved(zfs, target);
    assert!(saved < STEP, "{saved}");
    assert!(
        holds(source).lines().count() <= 1,
        "at most the hold for what is saved: {}",
        holds(source)
    );

    let report = replicate(zfs, source, target, &["--json"]).well().json();
    let moved = report["bytes"].as_u64().unwrap();
    // Past the harness, which keeps what a passed test prints: these are the figures.
    let percent = moved * 100 / STEP;
    writeln!(
        io::stderr(),
        "\n  {target}: {saved} bytes were saved, the second run moved {moved}: {percent} % of the step"
    )
    .unwrap();
    assert!(moved < STEP * 60 / 100, "{moved} of {STEP}: {report:#}");
    assert!(moved + saved > STEP, "the count is honest: {report:#}");
    assert!(
        report["datasets"][0]["bytes_saved"].as_u64().unwrap() >= STEP * 40 / 100,
        "{report:#}"
    );
    assert_eq!(guids(source.as_str()), guids(target.as_str()));
    assert_same_bytes(&format!("{source}@one"), &format!("{target}@one"), STEP);
    assert_eq!((holds(source), holds(target)), (String::new(), String::new()));
    assert!(marks(source) <= 3 && marks(target) == 0, "{} bookmarks", marks(source));
    let third = replicate(zfs, source, target, &["--json"]).well().json();
    assert_eq!(third["bytes"].as_u64(), Some(0));
}

/// The one file in both snapshots is the same: compared by its bytes, as the hash of so many takes minutes here.
pub(super) fn assert_same_bytes(ours: &str, theirs: &str, length: u64) {
    let places = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [ours, theirs] = [(ours, &places[0]), (theirs, &places[1])].map(|(snapshot, place)| {
        oracle::run("mount", &["-t", "zfs", "-o", "ro", snapshot, place.path().to_str().unwrap()]);
        place.path().join("noise").to_str().unwrap().to_owned()
    });
    assert_eq!(std::fs::metadata(&ours).unwrap().len(), length);
    oracle::run("cmp", &[&ours, &theirs]);
    for place in &places {
        oracle::run("umount", &[place.path().to_str().unwrap()]);
    }
}

/// Bytes of the stream that the target has on disk.
pub(super) fn saved(zfs: &Zfs, target: &DatasetName) -> u64 {
    let token = zfs.receive_resume_token(target).unwrap_or_default();
    token.map_or(0, |token| token.parse::<ResumeToken>().unwrap().point().bytes)
}

/// Whether a thread of the killed program is still in the kernel.
pub(super) fn is_at_work() -> bool {
    let text = oracle::run("ps", &["-eLo", "comm"]);
    text.lines()
        .any(|name| name.starts_with("zfs-receive") || name.starts_with("zfs-send"))
}

/// Not compressible, in records of 1 MiB.
const STEP: u64 = 420 << 20;
