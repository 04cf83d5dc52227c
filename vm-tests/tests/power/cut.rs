//! I cut the power in the middle of a large step and boot the same disks again: what was on disk counts, and nothing is sent twice for long.

use std::fs;

use serde_json::Value;
use vm_tests::{Image, Job, PoolDisks, Progress, Suite, Vm, VmOptions, host::cargo};

#[test]
fn a_run_without_power_goes_on_where_the_disks_were() {
    let disks = PoolDisks::blank(2 << 30).unwrap();
    let saved = cut_at_half(&disks);
    println!("{saved} of {STEP} bytes were on the target's disk when the power went");

    let outcome = boot(AFTER, &disks).wait(|line| println!("{line}")).unwrap();
    assert_eq!(outcome.status, 0);
    let read = |name: &str| fs::read_to_string(outcome.results().join(name)).unwrap();
    let report: Value = serde_json::from_str(&read("report")).unwrap();
    let moved = report["bytes"].as_u64().unwrap();
    println!("the next run moved {moved} bytes, {} %", moved * 100 / STEP);
    assert_eq!(report["complete"], true, "{report:#}");
    assert!(moved < STEP * 60 / 100, "{report:#}");
    assert_eq!(read("guid.source"), read("guid.target"));
    assert_eq!(read("size"), format!("{STEP}\n{STEP}\n"), "the bytes were compared by cmp");
    assert!(read("bookmarks").lines().count() <= 3, "{}", read("bookmarks"));
    assert_eq!(read("holds"), "");
    let again: Value = serde_json::from_str(&read("again")).unwrap();
    assert_eq!(again["bytes"], 0, "{again:#}");
}

/// Runs until half of the step is saved, and gives the bytes that were saved then.
///
/// The target tells what it saved in a transaction group that is still on its way to the disk. Only when it tells more, the group before is
/// there for good: that is what counts here.
fn cut_at_half(disks: &PoolDisks) -> u64 {
    let mut vm = boot(BEFORE, disks);
    let (mut safe, mut newest) = (0, 0);
    loop {
        let Some(line) = vm.next_line().unwrap() else {
            panic!("the run ended before the power went")
        };
        let Some(saved) = line.strip_prefix("saved ").map(|number| number.parse::<u64>().unwrap()) else {
            println!("{line}");
            continue;
        };
        if saved > newest {
            (safe, newest) = (newest, saved);
        }
        if safe > STEP * 45 / 100 {
            vm.cut_power().unwrap();
            assert!(newest < STEP * 90 / 100, "{newest} of {STEP} is not the middle");
            return safe;
        }
    }
}

fn boot(script: &str, disks: &PoolDisks) -> Vm {
    let image = Image::ensure(Suite::default(), &mut Progress::to_stderr()).unwrap();
    let job = Job::new()
        .file(cargo::product().unwrap(), "zfs-replicate")
        .program("sh", ["-euc", script]);
    let job = job.env("STEP", STEP.to_string());
    Vm::boot(&image, &job, disks, &VmOptions::default()).unwrap()
}

/// Makes the pools and a snapshot of noise, replicates it slowly, and tells all the time how much is saved.
const BEFORE: &str = r#"
zpool create -O atime=off -O recordsize=1M -O compression=off source /dev/disk/by-id/virtio-pool0
zpool create target /dev/disk/by-id/virtio-pool1
zfs create source/large
head -c "$STEP" /dev/urandom >/source/large/noise
zfs snapshot source/large@one
zpool sync
./zfs-replicate replicate --bwlimit 48MiB source/large target/large &
while kill -0 $!; do
    token=$(zfs get -H -o value receive_resume_token target/large 2>/dev/null || echo -)
    case $token in
        1-*) echo "saved $(./zfs-replicate token --json "$token" | sed -n 's/.*"bytes": *\([0-9]*\).*/\1/p')" ;;
    esac
    sleep 0.1
done
"#;

/// Replicates again and leaves what there is to be judged.
const AFTER: &str = r#"
zpool import source
zpool import target
./zfs-replicate replicate --json source/large target/large >/results/report
./zfs-replicate replicate --json source/large target/large >/results/again
for side in source target; do
    zfs get -H -o value guid "$side/large@one" >"/results/guid.$side"
    mkdir "/run/$side"
    mount -t zfs -o ro "$side/large@one" "/run/$side"
    stat -c %s "/run/$side/noise" >>/results/size
done
cmp /run/source/noise /run/target/noise
zfs list -H -r -t bookmark -o name source target >/results/bookmarks
zfs holds -H source/large@one target/large@one >/results/holds
"#;

/// Of one file with records of 1 MiB, not compressible.
const STEP: u64 = 420 << 20;
