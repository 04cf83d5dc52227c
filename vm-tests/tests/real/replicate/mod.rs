//! Whole replications between real pools, by the library and by the program.

mod cache;
mod cancel;
mod choose;
mod clone;
mod divergence;
mod feature;
mod field;
mod kill;
mod placeholder;
mod refuse;
mod space;
mod tree;
mod wedge;

use std::process::{Command, Output};

use serde_json::Value;
use zfs_rs::{Backend, DatasetName, Zfs};

use crate::support::oracle;

/// The program, which lies beside the tests.
const PROGRAM: &str = "/job/zfs-replicate";

/// How the program ended.
#[derive(Debug)]
struct Ended {
    status: i32,
    out: String,
    err: String,
}

impl Ended {
    #[must_use = "how it ended is to be judged"]
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            status: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// It must have succeeded.
    fn well(self) -> Self {
        assert_eq!(self.status, 0, "{self:#?}");
        self
    }

    /// It must have failed with that status, and have said each of these words to a person.
    fn badly(self, status: i32, words: &[&str]) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        for word in words {
            assert!(
                self.err.contains(word) || self.out.contains(word),
                "{word:?} is not said: {self:#?}"
            );
        }
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|why| panic!("{why}: {self:#?}"))
    }
}

/// The program with these arguments, by this way to the kernel.
fn command(zfs: &Zfs, args: &[&str]) -> Command {
    let backend = match zfs.backend() {
        Backend::LibzfsCore { .. } => "libzfs_core",
        _ => "ioctl",
    };
    let mut command = Command::new(PROGRAM);
    command.args(["--backend", backend]).args(args);
    command
}

#[must_use = "how it ended is to be judged"]
fn run(zfs: &Zfs, args: &[&str]) -> Ended {
    Ended::of(command(zfs, args).output().unwrap())
}

#[must_use = "how it ended is to be judged"]
fn replicate(zfs: &Zfs, source: &DatasetName, target: &DatasetName, more: &[&str]) -> Ended {
    run(zfs, &[&["replicate", source.as_str(), target.as_str()], more].concat())
}

/// The bookmarks of a dataset and all below it.
fn marks(dataset: &DatasetName) -> usize {
    oracle::zfs(&["list", "-H", "-r", "-t", "bookmark", "-o", "name", dataset.as_str()])
        .lines()
        .count()
}

/// The holds on all snapshots of a dataset and all below it.
fn holds(dataset: &DatasetName) -> String {
    let snapshots = oracle::zfs(&["list", "-H", "-r", "-t", "snapshot", "-o", "name", dataset.as_str()]);
    let names: Vec<&str> = snapshots.lines().collect();
    if names.is_empty() {
        return String::new();
    }
    oracle::zfs(&[&["holds", "-H"], names.as_slice()].concat())
}

/// The GUIDs of a dataset's snapshots, oldest first.
fn guids(dataset: &str) -> Vec<String> {
    let text = oracle::zfs(&["list", "-Hp", "-d", "1", "-t", "snapshot", "-s", "createtxg", "-o", "guid", dataset]);
    text.lines().map(str::to_owned).collect()
}

/// Leaves a receive half-way, as a connection that breaks does, by `zfs send` with these options. The stream must be longer than [`TORN`].
fn tear(how: &str, snapshot: &str, target: &DatasetName) {
    oracle::sh(&format!(
        "! (zfs send {how} {snapshot} | head -c {TORN} | zfs receive -s -u {target})"
    ));
    assert_ne!(partial(target), "-");
}

/// The resume token of a target; `-` where nothing is half received.
fn partial(target: &DatasetName) -> String {
    oracle::get(target.as_str(), "receive_resume_token")
}

/// Where streams are torn.
const TORN: u64 = 2_000_000;
