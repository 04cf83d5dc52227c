//! What cannot be done is refused by name, with a way out, a status that tells, and nothing lost.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

use zfs_rs::Zfs;

use super::{Ended, PROGRAM, command, guids, replicate, run, tear};
use crate::support::{
    files::{assortment, contents, mountpoint, noise},
    oracle,
    pool::{Pool, home, other_place, place},
};

both!(
    an_unknown_dataset,
    a_dataset_without_snapshots,
    a_target_inside_its_source,
    a_target_whose_parent_is_not_there,
    a_user_without_rights_and_with_them,
    a_pool_imported_readonly,
    a_pool_that_is_full_and_then_is_not,
    a_token_of_something_else_on_the_target,
);

fn an_unknown_dataset(zfs: &Zfs) {
    let (source, target) = (place("unknown"), other_place("unknown"));
    replicate(zfs, &source, &target, &[]).badly(3, &[source.as_str(), "hint: ", "zfs list"]);
    let nowhere = "nosuchpool/data".parse().unwrap();
    replicate(zfs, &nowhere, &target, &[]).badly(3, &["nosuchpool", "zpool import nosuchpool"]);
    run(zfs, &["list", source.as_str()]).badly(3, &[source.as_str(), "hint: "]);
    let ended = replicate(zfs, &source, &target, &["--json"]).badly(3, &[]);
    assert!(ended.json()["error"]["message"].as_str().unwrap().contains(source.as_str()));
    assert!(!oracle::exists(target.as_str()));
}

fn a_dataset_without_snapshots(zfs: &Zfs) {
    let (source, target) = (home("bare"), other_place("bare"));
    replicate(zfs, &source, &target, &[]).badly(1, &[source.as_str(), "no snapshot", &format!("zfs snapshot {source}@")]);
    assert!(!oracle::exists(target.as_str()));
    // Its children are not kept from their goal when it has one later.
    oracle::sh(&format!("zfs snapshot {source}@now"));
    replicate(zfs, &source, &target, &[]).well();
}

fn a_target_inside_its_source(zfs: &Zfs) {
    let source = home("outer");
    oracle::sh(&format!("zfs snapshot {source}@one"));
    let before = oracle::everything(source.as_str());
    for target in [source.clone(), source.child("inner").unwrap()] {
        replicate(zfs, &source, &target, &["--recursive"]).badly(3, &[source.as_str(), target.as_str(), "another pool"]);
    }
    assert_eq!(oracle::everything(source.as_str()), before);
}

fn a_target_whose_parent_is_not_there(zfs: &Zfs) {
    let (source, parent) = (home("child"), other_place("parent"));
    oracle::sh(&format!("zfs snapshot {source}@one"));
    let target = parent.child("deep").unwrap();
    replicate(zfs, &source, &target, &[]).badly(3, &[parent.as_str(), &format!("zfs create -p {parent}")]);
}

fn a_user_without_rights_and_with_them(zfs: &Zfs) {
    let (source, parent) = (home("right"), other_place("right"));
    oracle::sh(&format!("zfs create -o canmount=noauto {parent}"));
    let target = parent.child("copy").unwrap();
    assortment(&mountpoint(&source), 1);
    oracle::sh(&format!("zfs snapshot {source}@one"));
    let before = oracle::everything(source.as_str());
    let as_nobody = || {
        let mut order = command(zfs, &["replicate", source.as_str(), target.as_str()]);
        Ended::of(order.uid(NOBODY).gid(NOBODY).output().unwrap())
    };
    let refused = as_nobody().badly(1, &[source.as_str(), "permission", "hint: ", "zfs allow USER "]);
    assert_eq!(oracle::everything(source.as_str()), before);
    assert!(!oracle::exists(target.as_str()));

    // The way out is one: what the hints say is enough, for each side.
    allow_as_told(&refused);
    let refused = as_nobody().badly(1, &["permission", "zfs allow USER receive"]);
    allow_as_told(&refused);
    as_nobody().well();
    assert_eq!(contents(format!("{target}@one")), contents(format!("{source}@one")));
}

/// Runs every `zfs allow` that was said.
fn allow_as_told(said: &Ended) {
    let text = format!("{}{}", said.out, said.err);
    let orders: Vec<&str> = text.split('`').filter(|words| words.starts_with("zfs allow USER ")).collect();
    assert!(!orders.is_empty(), "{said:#?}");
    for order in orders {
        oracle::sh(&order.replace("USER", &format!("-u {NOBODY}")));
    }
}

fn a_pool_imported_readonly(zfs: &Zfs) {
    let pool = Pool::in_memory(100);
    let (source, target) = (home("frozen"), pool.dataset("frozen"));
    oracle::sh(&format!("zfs snapshot {source}@one"));
    replicate(zfs, &source, &target, &[]).well();
    oracle::sh(&format!("zfs snapshot {source}@two; zpool export {}", pool.name()));
    pool.import(&["-o", "readonly=on"]);
    let said = replicate(zfs, &source, &target, &[]);
    said.badly(3, &[pool.name(), "read-only", &format!("zpool export {}", pool.name())]);
    assert_eq!(oracle::versions(target.as_str()), ["@one"]);
    oracle::zpool(&["export", pool.name()]);
    pool.import(&[]);
    replicate(zfs, &source, &target, &[]).well();
    assert_eq!(oracle::versions(target.as_str()), ["@one", "@two"]);
}

fn a_pool_that_is_full_and_then_is_not(zfs: &Zfs) {
    let pool = Pool::in_memory(300);
    let (source, target) = (home("wide"), pool.dataset("wide"));
    oracle::sh(&format!("zfs set recordsize=1M compression=off {source}"));
    fs::write(mountpoint(&source).join("first"), "first").unwrap();
    oracle::sh(&format!("zfs snapshot {source}@one"));
    replicate(zfs, &source, &target, &[]).well();
    noise(mountpoint(&source).join("noise"), 3, 40 << 20);
    oracle::sh(&format!("zfs snapshot {source}@two"));
    pool.fill_but(24);

    let before = oracle::everything(target.as_str());
    replicate(zfs, &source, &target, &[]).badly(1, &[target.as_str(), "out of space", "make room", pool.name()]);
    assert_eq!(oracle::everything(target.as_str()), before, "what was there stays");
    assert_eq!(contents(format!("{target}@one")), contents(format!("{source}@one")));

    oracle::sh(&format!("zfs destroy {}/filler", pool.name()));
    let ended = replicate(zfs, &source, &target, &["--json"]).well();
    assert!(
        ended.json()["bytes"].as_u64().unwrap() < 36 << 20,
        "it goes on from what had arrived: {ended:#?}"
    );
    assert_eq!(guids(source.as_str()), guids(target.as_str()));
    assert_eq!(contents(format!("{target}@two")), contents(format!("{source}@two")));
}

/// A partial receive of a snapshot this source never had is given up, and the run comes to its goal all the same.
fn a_token_of_something_else_on_the_target(zfs: &Zfs) {
    let (source, stranger, target) = (home("mine"), home("strange"), other_place("torn"));
    noise(mountpoint(&stranger).join("noise"), 4, 3 << 20);
    assortment(&mountpoint(&source), 1);
    oracle::sh(&format!("zfs snapshot {stranger}@one; zfs snapshot {source}@one"));
    tear("", &format!("{stranger}@one"), &target);
    replicate(zfs, &source, &target, &[]).well();
    assert_eq!(guids(source.as_str()), guids(target.as_str()));
}

#[test]
fn a_machine_without_the_device() {
    let (source, target) = (home("nodevice"), other_place("nodevice"));
    oracle::sh(&format!("zfs snapshot {source}@one"));
    for backend in ["auto", "ioctl", "libzfs_core"] {
        let script = format!("mount -t tmpfs tmpfs /dev && exec {PROGRAM} --backend {backend} replicate {source} {target}");
        let ended = Command::new("unshare").args(["--mount", "sh", "-c", &script]).output().unwrap();
        Ended::of(ended)
            .badly(3, &["/dev/zfs", "hint: ", "modprobe zfs"])
            .unsaid(&["panicked"]);
    }
    assert!(Path::new("/dev/zfs").exists() && !oracle::exists(target.as_str()));
}

#[test]
fn a_machine_without_the_library() {
    let (source, target) = (home("nolibrary"), other_place("nolibrary"));
    assortment(&mountpoint(&source), 1);
    oracle::sh(&format!("zfs snapshot {source}@one"));
    let by = |backend: &str| {
        let order = ["--backend", backend, "replicate", source.as_str(), target.as_str()];
        Ended::of(Command::new(PROGRAM).args(order).output().unwrap())
    };
    {
        let _hidden = Hidden::library();
        by("libzfs_core").badly(3, &["libzfs_core", "hint: ", "--backend ioctl"]);
        // Left to itself it goes the other way, and says so.
        let ended = by("auto").well();
        assert!(ended.err.contains("by ioctl (") && ended.err.contains("libzfs_core"), "{ended:#?}");
    }
    assert_eq!(contents(format!("{target}@one")), contents(format!("{source}@one")));
    assert!(by("auto").well().err.contains("by libzfs_core ("));
}

#[test]
fn a_token_that_is_none() {
    for token in ["1-abc", "nonsense", "1-ffff-e0-789c636064000310a500c4ec50360710e72765a5269740"] {
        let ended = Ended::of(Command::new(PROGRAM).args(["token", token]).output().unwrap());
        ended.badly(3, &["token", "hint: ", "receive_resume_token"]).unsaid(&["panicked"]);
    }
}

#[test]
fn a_command_line_that_makes_no_sense() {
    for args in [
        &["replicate", "tank"][..],
        &["replicate", "tank@one", "backup"],
        &["frobnicate"],
        &["replicate", "a", "b", "--bwlimit", "fast"],
    ] {
        Ended::of(Command::new(PROGRAM).args(args).output().unwrap())
            .badly(2, &["error: "])
            .unsaid(&["panicked"]);
    }
}

impl Ended {
    fn unsaid(&self, words: &[&str]) {
        for word in words {
            assert!(!self.err.contains(word) && !self.out.contains(word), "{self:#?}");
        }
    }
}

/// libzfs_core, out of the way for as long as this lives.
struct Hidden(Vec<PathBuf>);

impl Hidden {
    fn library() -> Self {
        // Where `/lib` is `/usr/lib`, what is found there twice is one file.
        let directories = ["/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu"].map(fs::canonicalize);
        let directories: BTreeSet<PathBuf> = directories.into_iter().map(Result::unwrap).collect();
        let files: Vec<PathBuf> = directories
            .iter()
            .flat_map(|directory| fs::read_dir(directory).unwrap())
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("libzfs_core.so"))
            .collect();
        assert!(!files.is_empty());
        for file in &files {
            fs::rename(file, Self::aside(file)).unwrap();
        }
        Self(files)
    }

    fn aside(file: &Path) -> PathBuf {
        // No name the loader would look at.
        file.with_file_name(format!("aside-{}", file.file_name().unwrap().to_str().unwrap()))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        for file in &self.0 {
            fs::rename(Self::aside(file), file).unwrap();
        }
    }
}

/// Somebody who may do nothing.
pub(super) const NOBODY: u32 = 65534;
