//! I am a user who is not root: in a process of my own I do one thing, and say how it ended.

use std::{env, fs::File, io, os::unix::process::CommandExt, process::Command};

use serde::{Deserialize, Serialize};
use zfs_rs::{Base, DatasetName, Error, Missing, Receipt, SendFlags, SnapshotName, Wish, Zfs};

use crate::support::{by, module, oracle, pool::home};

/// How an order ended.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Said {
    /// What kind of no it was, if it was one.
    pub(super) kind: Option<String>,
    /// The refusal in words.
    pub(super) text: String,
    /// What is to be run, for the refusal or for what was received without its properties.
    pub(super) commands: Vec<String>,
}

impl Said {
    #[track_caller]
    pub(super) fn assert_done(self) -> Self {
        assert_eq!(self.kind, None, "{self:#?}");
        self
    }

    /// It was refused for want of these and says so: as values and in words.
    #[track_caller]
    pub(super) fn assert_missing(&self, grants: &[super::Grant<'_>]) {
        let commands: Vec<String> = grants.iter().map(|(all, on)| format!("zfs allow -u {USER} {all} {on}")).collect();
        assert_eq!(self.kind.as_deref(), Some("NoPermission"), "{self:#?}");
        assert_eq!(self.commands, commands, "{self:#?}");
        for command in &commands {
            assert!(self.text.contains(&format!("`{command}`")), "{self:#?}");
        }
    }

    /// It was refused, and nothing that root could delegate would change that.
    #[track_caller]
    pub(super) fn assert_for_root_only(&self) {
        assert_eq!(self.kind.as_deref(), Some("NoPermission"), "{self:#?}");
        assert!(self.commands.is_empty() && self.text.contains("only root may"), "{self:#?}");
    }

    fn refused(error: &Error) -> Self {
        Self {
            kind: Some(format!("{:?}", error.kind())),
            text: error.to_string(),
            commands: commands(error.missing()),
        }
    }

    fn received(receipt: &Receipt) -> Self {
        Self {
            commands: commands(receipt.missing()),
            ..Self::default()
        }
    }
}

fn commands(missing: Option<Missing>) -> Vec<String> {
    match missing {
        Some(Missing::Delegations(all)) => all.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

/// Has the user do something by the same way to the kernel.
pub(super) fn ask(zfs: &Zfs, order: &str) -> Said {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "--nocapture", ME]).env(ORDER, order).env(WAY, module(zfs));
    let number: u32 = USER.parse().unwrap();
    let output = child.uid(number).gid(number).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let answer = text.lines().find_map(|line| Some(line.split_once(MARK)?.1));
    let answer = answer.unwrap_or_else(|| panic!("{order}: {text}{}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(answer).unwrap()
}

/// Runs a program as the user; whether it succeeds.
pub(super) fn runs(program: &str, args: &[&str]) -> bool {
    let number: u32 = USER.parse().unwrap();
    let mut child = Command::new(program);
    child.args(args).uid(number).gid(number).output().unwrap().status.success()
}

/// Started for a user by [`ask`] it does that user's order. Among the other tests it shows that root needs no delegation for the same.
#[test]
fn an_order_is_done_by_whoever_it_is_given_to() {
    let Ok(order) = env::var(ORDER) else {
        let root = home("root");
        obey(&by(Wish::Ioctl), &format!("snapshot {root}@a")).unwrap();
        assert!(oracle::exists(&format!("{root}@a")));
        return;
    };
    let wish = match env::var(WAY).unwrap().as_str() {
        "lzc" => Wish::LibzfsCore,
        _ => Wish::Ioctl,
    };
    let said = obey(&by(wish), &order).unwrap_or_else(|error| Said::refused(&error));
    println!("\n{MARK}{}", serde_json::to_string(&said).unwrap());
}

fn obey(zfs: &Zfs, order: &str) -> zfs_rs::Result<Said> {
    let words: Vec<&str> = order.split(' ').collect();
    let done = match words[..] {
        ["send", snapshot] => sent(zfs, snapshot, SendFlags::empty()),
        ["send-raw", snapshot] => sent(zfs, snapshot, SendFlags::RAW),
        ["receive", target, file] => return received(zfs, target, file, &[]),
        ["receive-with", target, file, name, value] => return received(zfs, target, file, &[(name, value)]),
        ["abort", target] => zfs.abort_receive(&dataset(target)),
        ["load-key", root] => zfs.load_key(&dataset(root), &KEY),
        ["unload-key", root] => zfs.unload_key(&dataset(root)),
        ["change-key", name] => zfs.change_key(&dataset(name), &[9; 32], &[("keyformat", "raw"), ("keylocation", "prompt")]),
        ["redact", snapshot] => zfs.redact(&version(snapshot), "redacted", &[]).map(drop),
        _ => changed(zfs, &words),
    };
    done.map(|()| Said::default())
}

fn changed(zfs: &Zfs, words: &[&str]) -> zfs_rs::Result<()> {
    match words {
        ["snapshot", names @ ..] => zfs.create_snapshots(&versions(names), &[]),
        ["snapshot-with", name, property, value] => zfs.create_snapshots(&versions(&[name]), &[(property, value)]),
        ["destroy-snapshots", names @ ..] => zfs.destroy_snapshots(&versions(names)),
        ["rename-snapshot", from, to] => zfs.rename_snapshot(&version(from), &version(to)),
        ["bookmark", name, of] => zfs.create_bookmarks(&[(name.parse().unwrap(), Base::Snapshot(version(of)))]),
        ["destroy-bookmark", name] => zfs.destroy_bookmarks(&[name.parse().unwrap()]),
        ["hold", names @ ..] => zfs.hold(&tagged(names)),
        ["hold-while-open", name] => zfs.hold_while_open(&tagged(&[name])).map(drop),
        ["release", names @ ..] => zfs.release(&tagged(names)),
        ["rollback", name] => zfs.rollback(&dataset(name)).map(drop),
        ["create", name] => zfs.create_filesystem(&dataset(name)).create(),
        ["create-with", name, property, value] => zfs.create_filesystem(&dataset(name)).property(property, value).create(),
        ["create-volume", name] => zfs.create_volume(&dataset(name), 1 << 20).create(),
        ["destroy", name] => zfs.destroy_dataset(&dataset(name)),
        ["clone", origin, name] => zfs.clone_snapshot(&version(origin), &dataset(name)).create(),
        ["promote", name] => zfs.promote(&dataset(name)),
        ["rename", from, to] => zfs.rename_dataset(&dataset(from), &dataset(to)),
        ["set", name, property, value] => zfs.set_properties(&dataset(name), &[(property, value)]),
        ["inherit", name, property] => zfs.inherit_property(&dataset(name), &property.parse().unwrap()),
        other => panic!("nobody knows how to {other:?}"),
    }
}

fn sent(zfs: &Zfs, snapshot: &str, flags: SendFlags) -> zfs_rs::Result<()> {
    let mut stream = zfs.send(&version(snapshot)).flags(flags).spawn()?;
    io::copy(&mut stream, &mut io::sink()).unwrap();
    stream.finish()
}

/// Receives a file, whose end may be missing, so that it can be gone on with.
fn received(zfs: &Zfs, target: &str, file: &str, properties: &[(&str, &str)]) -> zfs_rs::Result<Said> {
    let mut order = zfs.receive(&dataset(target)).resumable(true);
    for (name, value) in properties {
        order = order.property(name, value);
    }
    let mut stream = order.spawn()?;
    // A refused receive does not read to the end: that is an echo.
    io::copy(&mut File::open(file).unwrap(), &mut stream).ok();
    Ok(Said::received(&stream.finish()?))
}

fn dataset(name: &str) -> DatasetName {
    name.parse().unwrap()
}

fn version(name: &str) -> SnapshotName {
    name.parse().unwrap()
}

fn versions(names: &[&str]) -> Vec<SnapshotName> {
    names.iter().map(|name| version(name)).collect()
}

fn tagged(names: &[&str]) -> Vec<(SnapshotName, zfs_rs::HoldTag)> {
    versions(names).into_iter().map(|name| (name, "user".parse().unwrap())).collect()
}

/// Nobody the guest knows by name: that a number is enough is part of what is shown.
pub(super) const USER: &str = "4711";

const KEY: [u8; 32] = [0; 32];
const ME: &str = "delegated::user::an_order_is_done_by_whoever_it_is_given_to";
const ORDER: &str = "VM_TESTS_ORDER";
const WAY: &str = "VM_TESTS_WAY";
const MARK: &str = "the user says: ";
