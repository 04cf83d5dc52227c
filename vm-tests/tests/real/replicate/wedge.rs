//! Interrupted receives that wedge other tools for good: each is resumed or given up by what it is, and the same run comes to its goal.

use zfs_rs::{DatasetName, Zfs};

use super::{TORN, guids, holds, partial, replicate, tear};
use crate::support::{
    files::{contents, mountpoint, noise},
    oracle,
    pool::{home, other_place},
};

both!(
    the_snapshot_it_was_receiving_is_gone,
    its_base_is_gone_from_the_source,
    the_dataset_was_made_anew,
    an_older_snapshot_would_be_left_out,
    it_was_not_begun_raw,
    the_dataset_was_renamed,
);

fn the_snapshot_it_was_receiving_is_gone(zfs: &Zfs) {
    let (source, target) = followed(zfs, "gone");
    grow(&source, "two");
    tear("-i @one", &format!("{source}@two"), &target);
    oracle::sh(&format!("zfs destroy {source}@two"));
    grow(&source, "three");
    let said = converges(zfs, &source, &target, &[]);
    assert!(said.contains("is not on the source"), "{said}");
}

/// The cursor bookmark of the run before is base enough, for what is torn too.
fn its_base_is_gone_from_the_source(zfs: &Zfs) {
    let (source, target) = followed(zfs, "baseless");
    grow(&source, "two");
    tear("-i @one", &format!("{source}@two"), &target);
    oracle::sh(&format!("zfs destroy {source}@one"));
    let torn = partial(&target);
    let ended = replicate(zfs, &source, &target, &["--json"]).well();
    let dataset = &ended.json()["datasets"][0];
    assert!(dataset["bytes_saved"].as_u64().unwrap() > 0, "{torn} is resumed: {ended:#?}");
    assert_eq!(guids(target.as_str()).last(), guids(source.as_str()).last());
    assert_eq!(contents(format!("{target}@two")), contents(format!("{source}@two")));
    assert_eq!(partial(&target), "-");
}

fn the_dataset_was_made_anew(zfs: &Zfs) {
    let (source, target) = (home("anew"), other_place("anew"));
    grow(&source, "one");
    tear("", &format!("{source}@one"), &target);
    oracle::sh(&format!("zfs destroy -r {source}; zfs create {source}"));
    grow(&source, "one");
    let said = converges(zfs, &source, &target, &[]);
    assert!(said.contains("is not on the source"), "{said}");
}

fn an_older_snapshot_would_be_left_out(zfs: &Zfs) {
    let (source, target) = followed(zfs, "between");
    grow(&source, "two");
    grow(&source, "three");
    tear("-i @one", &format!("{source}@three"), &target);
    let said = converges(zfs, &source, &target, &[]);
    assert!(said.contains("would leave out older snapshots"), "{said}");
}

fn it_was_not_begun_raw(zfs: &Zfs) {
    let (source, target) = (home("sealed"), other_place("sealed"));
    oracle::sh(&format!(
        "zfs destroy {source}; echo a long password | zfs create -o encryption=on -o keyformat=passphrase {source}"
    ));
    grow(&source, "one");
    tear("", &format!("{source}@one"), &target);
    let said = replicate(zfs, &source, &target, &["--raw"]).well().out;
    assert!(said.contains("it was begun not raw"), "{said}");
    assert_eq!(guids(source.as_str()), guids(target.as_str()));
    assert_eq!(oracle::get(target.as_str(), "encryptionroot"), target.as_str());
    assert_eq!(partial(&target), "-");
}

fn the_dataset_was_renamed(zfs: &Zfs) {
    let (source, target) = (home("house"), other_place("house"));
    let child = |root: &DatasetName, name: &str| -> DatasetName { format!("{root}/{name}").parse().unwrap() };
    let (old, new) = (child(&source, "old"), child(&source, "new"));
    oracle::zfs(&["create", old.as_str()]);
    oracle::sh(&format!("zfs snapshot {source}@one"));
    grow(&old, "one");
    replicate(zfs, &source, &target, &["-r"]).well();
    grow(&old, "two");
    tear("-i @one", &format!("{old}@two"), &child(&target, "old"));
    oracle::sh(&format!("zfs rename {old} {new}"));
    let report = replicate(zfs, &source, &target, &["-r", "--json"]).well().json();
    let saved = report["datasets"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|dataset| dataset["bytes_saved"].as_u64());
    assert!(saved.sum::<u64>() > 0, "what was torn goes on under its new name: {report:#}");
    assert!(!oracle::exists(child(&target, "old").as_str()));
    is_same(&new, &child(&target, "new"));
}

/// A dataset that was replicated with its first snapshot.
fn followed(zfs: &Zfs, name: &str) -> (DatasetName, DatasetName) {
    let (source, target) = (home(name), other_place(name));
    grow(&source, "one");
    replicate(zfs, &source, &target, &[]).well();
    (source, target)
}

/// A file more, and a snapshot of all.
fn grow(dataset: &DatasetName, snapshot: &str) {
    let path = mountpoint(dataset).join(snapshot);
    noise(&path, 5, TORN * 3 / 2);
    oracle::sh(&format!("zfs snapshot {dataset}@{snapshot}"));
}

/// One run brings all, nothing is left over, and the next has nothing to do; what the first said.
fn converges(zfs: &Zfs, source: &DatasetName, target: &DatasetName, more: &[&str]) -> String {
    let said = replicate(zfs, source, target, more).well().out;
    is_same(source, target);
    let again = replicate(zfs, source, target, &[more, &["--json"]].concat()).well();
    assert_eq!(again.json()["bytes"], 0, "{again:#?}");
    said
}

fn is_same(source: &DatasetName, target: &DatasetName) {
    assert_eq!(guids(source.as_str()), guids(target.as_str()));
    assert_eq!(partial(target), "-");
    assert_eq!(holds(source), "");
    for snapshot in oracle::versions(source.as_str()).iter().filter(|version| version.starts_with('@')) {
        assert_eq!(contents(format!("{target}{snapshot}")), contents(format!("{source}{snapshot}")));
    }
}
