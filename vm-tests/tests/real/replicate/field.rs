//! What went wrong in the field and only a real kernel can show: what it mounts, what it counts as written, whom it lets do what.

use std::{
    collections::BTreeSet,
    io::Write as _,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, Stdio},
};

use zfs_replicate::{
    Replicator,
    event::Event,
    policy::{
        Wish,
        pattern::{Pattern, Verb},
    },
    reason::{FailureKind, Outcome, Part},
};
use zfs_rs::{DatasetName, Zfs};

use super::{Ended, TORN, command, guids, holds, partial, refuse::NOBODY, replicate, tear};
use crate::support::{
    files::{assortment, contents, mountpoint, noise, sha256},
    oracle,
    pool::{home, other_place, place},
    release::running,
    wait_until,
};

both!(
    a_copy_that_was_only_looked_at_goes_on,
    who_may_only_append_can_replicate_and_destroys_nothing,
    a_volume_arrives_without_a_device,
    what_the_source_mounts_is_not_mounted_there,
    a_lineage_stays_raw_or_not_whoever_wraps_its_keys,
    a_property_that_came_with_a_stream_is_nobodys_wish_here,
    a_run_takes_nothing_away_from_a_receive_that_runs,
    what_gets_further_than_its_plan_is_planned_anew,
);

fn a_copy_that_was_only_looked_at_goes_on(zfs: &Zfs) {
    let (source, target) = (home("looked"), other_place("looked"));
    assortment(&mountpoint(&source), 1);
    oracle::sh(&format!("zfs snapshot {source}@one"));
    replicate(zfs, &source, &target, &[]).well();
    let read = format!("zfs mount {target}; find /{target} -type f -exec cat {{}} + >/dev/null; zfs unmount {target}; zpool sync");
    oracle::sh(&format!(
        "zfs set atime=on relatime=off compression=off org.example:note=seen {target}; {read}; zfs snapshot {source}@two"
    ));
    replicate(zfs, &source, &target, &[]).well();
    assert_eq!(guids(target.as_str()), guids(source.as_str()));

    // Where it may be written to, reading is writing.
    oracle::sh(&format!("zfs set readonly=off {target}; {read}; zfs snapshot {source}@three"));
    let before = oracle::everything(target.as_str());
    replicate(zfs, &source, &target, &[]).badly(1, &["was changed since", "--on-divergence rollback", "zfs set readonly=on"]);
    assert_eq!(oracle::everything(target.as_str()), before);
    replicate(zfs, &source, &target, &["--on-divergence", "rollback"]).well();
    assert_eq!(guids(target.as_str()), guids(source.as_str()));
    assert_eq!(contents(format!("{target}@three")), contents(format!("{source}@three")));
}

fn who_may_only_append_can_replicate_and_destroys_nothing(zfs: &Zfs) {
    let (source, target) = (home("append"), other_place("append"));
    oracle::sh(&format!("zfs snapshot {source}@one"));
    replicate(zfs, &source, &target, &[]).well();
    // A kernel that knows this right refuses to receive by force with it.
    let receive = if running() >= "2.3".parse().unwrap() {
        "receive:append"
    } else {
        "receive"
    };
    oracle::sh(&format!(
        "zfs allow -u {NOBODY} send,hold,release,bookmark,destroy {source}; zfs allow -u {NOBODY} {receive},create,mount {target}; \
         zfs snapshot {source}@two"
    ));
    let as_nobody = |more: &[&str]| {
        let mut order = command(zfs, &[&["replicate", source.as_str(), target.as_str()], more].concat());
        Ended::of(order.uid(NOBODY).gid(NOBODY).output().unwrap())
    };
    as_nobody(&[]).well();
    assert_eq!(guids(target.as_str()), guids(source.as_str()));
    oracle::sh(&format!("zfs snapshot {target}@own; zfs snapshot {source}@three"));
    let before = oracle::everything(target.as_str());
    as_nobody(&[]).badly(1, &["1 snapshot of its own"]);
    as_nobody(&["--on-divergence", "rollback"]).badly(1, &["permission"]);
    assert_eq!(oracle::everything(target.as_str()), before);
}

fn a_volume_arrives_without_a_device(zfs: &Zfs) {
    let (source, target, look) = (place("disk"), other_place("disk"), other_place("look"));
    let device = |name: &DatasetName| PathBuf::from(format!("/dev/zvol/{name}"));
    oracle::sh(&format!("zfs create -s -V 8M {source}; udevadm settle"));
    for (seed, short) in [(1, "one"), (2, "two")] {
        noise(device(&source), seed, 1 << 20);
        oracle::sh(&format!("zfs snapshot {source}@{short}"));
        replicate(zfs, &source, &target, &[]).well();
        oracle::run("udevadm", &["settle"]);
        let volmode = oracle::zfs(&["get", "-H", "-o", "value,source", "volmode", target.as_str()]);
        assert_eq!((volmode.as_str(), device(&target).exists()), ("none\tlocal\n", false));
    }
    assert_eq!(guids(target.as_str()), guids(source.as_str()));
    // It is there all the same.
    oracle::sh(&format!("zfs clone -o volmode=dev {target}@two {look}; udevadm settle"));
    assert_eq!(sha256(&device(&look)), sha256(&device(&source)));
}

fn what_the_source_mounts_is_not_mounted_there(zfs: &Zfs) {
    let (source, target) = (home("mounts"), other_place("mounts"));
    oracle::sh(&format!(
        "zfs set exec=on setuid=on devices=on overlay=on snapdir=visible {source}; zfs create -o canmount=noauto -o mountpoint=/ {source}/top; \
         zfs create -o canmount=noauto -o mountpoint=legacy {source}/top/var"
    ));
    for short in ["one", "two"] {
        oracle::sh(&format!("zfs snapshot -r {source}@{short}"));
        replicate(zfs, &source, &target, &["-r"]).well();
        for path in ["", "/top", "/top/var"] {
            let copy = format!("{target}{path}");
            assert_eq!(oracle::versions(&copy).last().unwrap(), &format!("@{short}"));
            assert_eq!(oracle::get(&copy, "mounted"), "no");
            assert_eq!(oracle::get(&copy, "mountpoint"), format!("/{copy}"));
            let set = oracle::zfs(&["get", "-H", "-s", "local,received", "-o", "property,value", "all", &copy]);
            assert_eq!(
                set.lines().collect::<BTreeSet<_>>(),
                BTreeSet::from(["readonly\ton", "canmount\tnoauto"])
            );
        }
        let mounts = oracle::run("cat", &["/proc/self/mounts"]);
        assert!(!mounts.contains(target.as_str()), "{mounts}");
    }
}

fn a_lineage_stays_raw_or_not_whoever_wraps_its_keys(zfs: &Zfs) {
    let (source, target) = (home("lineage").child("e").unwrap(), other_place("lineage"));
    let (safe, key) = (other_place("safe"), "head -c 32 /dev/zero | zfs");
    let wrapped = "-o keyformat=raw -o keylocation=prompt";
    oracle::sh(&format!(
        "{key} create -o encryption=on {wrapped} {source}; zfs create {source}/child; zfs snapshot -r {source}@one"
    ));
    replicate(zfs, &source, &target, &["-r", "--raw"]).well();
    oracle::sh(&format!(
        "{key} load-key {target}; {key} load-key {target}/child; zfs change-key -i {target}/child; zfs snapshot -r {source}@two"
    ));
    assert_eq!(oracle::get(&format!("{target}/child"), "encryptionroot"), target.as_str());
    let before = oracle::everything(target.as_str());
    let child = format!("{target}/child was received raw");
    replicate(zfs, &source, &target, &["-r"]).badly(1, &[&format!("{target} was received raw"), &child, "add `--raw`"]);
    assert_eq!(oracle::everything(target.as_str()), before);
    replicate(zfs, &source, &target, &["-r", "--raw"]).well();

    // Encrypted here, and given a key of its own since.
    oracle::sh(&format!("{key} create -o encryption=on {wrapped} -o canmount=off {safe}"));
    let copy = safe.child("copy").unwrap();
    replicate(zfs, &source, &copy, &["-r"]).well();
    oracle::sh(&format!("{key} change-key {wrapped} {copy}; zfs snapshot -r {source}@three"));
    replicate(zfs, &source, &copy, &["-r", "--raw"]).badly(1, &[&format!("{copy} was not received raw"), "leave out `--raw`"]);
    replicate(zfs, &source, &copy, &["-r"]).well();
    for (to, more) in [(&target, &["-r", "--raw"][..]), (&copy, &["-r"][..])] {
        replicate(zfs, &source, to, more).well();
        for path in ["", "/child"] {
            assert_eq!(guids(&format!("{to}{path}")), guids(&format!("{source}{path}")));
        }
    }
}

fn a_property_that_came_with_a_stream_is_nobodys_wish_here(zfs: &Zfs) {
    let (other, source, target) = (home("marked"), home("came"), other_place("came"));
    oracle::sh(&format!(
        "zfs set org.example:backup=yes {other}; zfs snapshot {other}@one; zfs send -p {other}@one | zfs receive -u {source}/theirs; \
         zfs create {source}/theirs/below; zfs create -o org.example:backup=yes {source}/mine; zfs create {source}/mine/below; \
         zfs snapshot -r {source}@two"
    ));
    assert_eq!(oracle::get(&format!("{source}/theirs/below"), "org.example:backup"), "yes");
    let words = ["-r", "--property", "org.example:backup=yes"];
    replicate(zfs, &source, &target, &words).well();
    let copied = oracle::zfs(&["list", "-H", "-r", "-o", "name", target.as_str()]);
    assert_eq!(copied, format!("{target}\n{target}/mine\n{target}/mine/below\n"));
    // Where it was set, or came to, lies above all that is looked at.
    let below = |path: &str| replicate(zfs, &source.child(path).unwrap(), &other_place("came-below"), &words);
    below("mine/below").well();
    below("theirs/below").badly(3, &["nothing is selected", "org.example:backup"]);
}

fn a_run_takes_nothing_away_from_a_receive_that_runs(zfs: &Zfs) {
    let (source, target) = (home("two"), other_place("two"));
    oracle::sh(&format!("zfs snapshot {source}@one"));
    replicate(zfs, &source, &target, &[]).well();
    noise(mountpoint(&source).join("noise"), 3, 4 << 20);
    oracle::sh(&format!("zfs snapshot {source}@two; zfs snapshot {source}@three"));
    let order = ["send", "-Lc", "-i", "@one", &format!("{source}@two")];
    let stream = Command::new("zfs").args(order).output().unwrap().stdout;
    let mut first = Command::new("zfs")
        .args(["receive", "-s", "-u", target.as_str()])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = first.stdin.take().unwrap();
    let (half, rest) = stream.split_at(stream.len() / 2);
    pipe.write_all(half).unwrap();
    wait_until("it is receiving", || oracle::get(target.as_str(), "receive_resume_token") != "-");

    assert_eq!(first_failure(zfs, &source, &target, &[]), (Part::Receive, FailureKind::Busy));
    assert_eq!(first_failure(zfs, &source, &target, &["two"]), (Part::Abort, FailureKind::Busy));
    pipe.write_all(rest).unwrap();
    drop(pipe);
    assert!(first.wait().unwrap().success());
    replicate(zfs, &source, &target, &[]).well();
    assert_eq!(guids(target.as_str()), guids(source.as_str()));
    assert_eq!(contents(format!("{target}@two")), contents(format!("{source}@two")));
    assert_eq!(holds(&source), "");
}

/// As the receive of a killed program does, which is at work for a moment longer than the program.
fn what_gets_further_than_its_plan_is_planned_anew(zfs: &Zfs) {
    // Another receive gets a little further, or to the end.
    for (purpose, until) in [("further", format!("head -c {TORN}")), ("to-the-end", "cat".to_owned())] {
        let (source, target) = (home(purpose), other_place(purpose));
        oracle::sh(&format!("zfs snapshot {source}@one"));
        replicate(zfs, &source, &target, &[]).well();
        noise(mountpoint(&source).join("noise"), 4, 8 << 20);
        oracle::sh(&format!("zfs snapshot {source}@two"));
        tear("-Lc -i @one", &format!("{source}@two"), &target);
        let replication = Replicator::local(zfs.clone(), source.clone(), target.clone());
        let plan = replication.plan().unwrap();
        let token = partial(&target);
        oracle::sh(&format!("(zfs send -t {token} | {until} | zfs receive -s -u {target}) || true"));
        assert_ne!(partial(&target), token);

        let run = replication.run(plan);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let report = runtime.block_on(run.finish());
        assert!(report.complete, "{report:#?}");
        assert_eq!(report.datasets[0].attempts, 2, "{report:#?}");
        assert_eq!(guids(target.as_str()), guids(source.as_str()));
        assert_eq!(contents(format!("{target}@two")), contents(format!("{source}@two")));
        assert_eq!(holds(&source), "");
    }
}

/// How a run fails at first that leaves out these snapshots; it is not waited for what it tries again.
fn first_failure(zfs: &Zfs, source: &DatasetName, target: &DatasetName, but: &[&str]) -> (Part, FailureKind) {
    let mut wish = Wish::default();
    for short in but {
        wish.snapshots.push(Pattern::new(Verb::Exclude, short).unwrap());
    }
    let replication = Replicator::local(zfs.clone(), source.clone(), target.clone()).wish(wish);
    let mut run = replication.run(replication.plan().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let report = runtime.block_on(async {
        while let Some(event) = run.next_event().await {
            if matches!(event, Event::Retrying { .. }) {
                run.cancel();
            }
        }
        run.finish().await
    });
    match &report.datasets[0].outcome {
        Outcome::Failed { why, .. } => (why.cause.part, why.cause.kind),
        _ => panic!("{report:#?}"),
    }
}
