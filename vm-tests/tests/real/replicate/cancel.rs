//! A run that is told to end ends, says so, and the next one goes on from there.

use std::{
    io::{self, Write},
    os::unix::process::ExitStatusExt,
    process::{Child, Stdio},
    time::Instant,
};

use serde_json::Value;
use zfs_rs::{DatasetName, Wish, Zfs};

use super::{
    Ended, command, guids, holds,
    kill::{assert_same_bytes, is_at_work, saved},
    marks, replicate,
};
use crate::support::{
    by,
    files::{mountpoint, noise},
    oracle,
    pool::Pool,
    wait_until,
};

/// One test for both ways to the kernel, as they share a source that takes long to make.
#[test]
fn a_run_that_gets_a_signal_keeps_what_came_and_a_second_one_ends_it_at_once() {
    let (here, there) = (Pool::on_disk(0), Pool::on_disk(1));
    let source = here.dataset("long");
    oracle::sh(&format!("zfs create -o recordsize=1M -o compression=off {source}"));
    noise(mountpoint(&source).join("noise"), 12, STEP);
    oracle::sh(&format!("zfs snapshot {source}@one"));
    for wish in [Wish::Ioctl, Wish::LibzfsCore] {
        let zfs = by(wish);
        let place = |purpose: &str| there.dataset(&format!("{wish:?}-{purpose}").to_lowercase());
        // With a limit a pipe lies on each side of us, without one both kernel calls share one.
        once(&zfs, &source, &place("limited"), "INT", &["--bwlimit", "16MiB"]);
        once(&zfs, &source, &place("free"), "TERM", &[]);
        twice(&zfs, &source, &place("twice"));
        oracle::sh(&format!("zfs list -H -t bookmark -o name -r {source} | xargs -rn 1 zfs destroy"));
    }
}

fn once(zfs: &Zfs, source: &DatasetName, target: &DatasetName, signal: &str, more: &[&str]) {
    let child = begun(zfs, source, target, more);
    tell(&child, signal);
    let told = Instant::now();
    let ended = Ended::of(child.wait_with_output().unwrap()).badly(4, &["a second signal ends the program at once"]);
    let took = told.elapsed();
    assert!(!is_at_work(), "nothing is left in the kernel");

    let report = ended.json();
    let dataset = &report["datasets"][0];
    assert_eq!(report["complete"], Value::Bool(false));
    assert_eq!(dataset["outcome"]["state"], "failed", "{report:#}");
    assert_eq!(dataset["outcome"]["why"]["cause"]["kind"]["code"], "cancelled", "{report:#}");
    let saved = saved(zfs, target);
    assert!(saved > 0 && saved < STEP, "{saved}");
    assert_eq!(holds(source).lines().count(), 1, "the one for what is saved: {}", holds(source));
    let echoes: Vec<String> = dataset["outcome"]["why"]["echoes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|echo| format!("{} {}", echo["part"], echo["errno"]))
        .collect();
    writeln!(
        io::stderr(),
        "\n  {target}: ended {took:?} after SIG{signal}, {saved} bytes are saved; {}",
        echoes.join(", ")
    )
    .unwrap();
    goes_on(zfs, source, target, saved);
}

fn twice(zfs: &Zfs, source: &DatasetName, target: &DatasetName) {
    let mut child = begun(zfs, source, target, &["--bwlimit", "16MiB"]);
    tell(&child, "INT");
    tell(&child, "TERM");
    let status = child.wait().unwrap();
    assert!(status.signal().is_some(), "{status}");
    wait_until("the kernel has let go", || !is_at_work());
    let saved = saved(zfs, target);
    goes_on(zfs, source, target, saved);
}

/// A run that has got somewhere.
fn begun(zfs: &Zfs, source: &DatasetName, target: &DatasetName, more: &[&str]) -> Child {
    let args = [&["replicate", "--json", source.as_str(), target.as_str()], more].concat();
    let mut child = command(zfs, &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("a part of the step is saved", || {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before it could be told");
        saved(zfs, target) > STEP / 20
    });
    child
}

fn tell(child: &Child, signal: &str) {
    oracle::run("kill", &["-s", signal, &child.id().to_string()]);
}

fn goes_on(zfs: &Zfs, source: &DatasetName, target: &DatasetName, saved: u64) {
    let report = replicate(zfs, source, target, &["--json"]).well().json();
    let moved = report["bytes"].as_u64().unwrap();
    assert!(moved < STEP + SLACK - saved, "{moved} moved after {saved}: {report:#}");
    assert_eq!(guids(source.as_str()), guids(target.as_str()));
    assert_same_bytes(&format!("{source}@one"), &format!("{target}@one"), STEP);
    assert_eq!((holds(source), holds(target)), (String::new(), String::new()));
    assert!(marks(target) == 0, "{} bookmarks", marks(target));
    let third = replicate(zfs, source, target, &["--json"]).well().json();
    assert_eq!(third["bytes"].as_u64(), Some(0));
}

/// Not compressible, in records of 1 MiB.
const STEP: u64 = 160 << 20;
/// What is not the file's own.
const SLACK: u64 = 8 << 20;
