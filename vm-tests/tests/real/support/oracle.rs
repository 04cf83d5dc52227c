//! I am the administrator's own programs, which tests may ask and products may not.

use std::process::Command;

/// What `zfs` prints; it must succeed.
pub(crate) fn zfs(args: &[&str]) -> String {
    run("zfs", args)
}

/// What `zpool` prints; it must succeed.
pub(crate) fn zpool(args: &[&str]) -> String {
    run("zpool", args)
}

/// What a shell prints: for pipelines. Every part must succeed.
pub(crate) fn sh(script: &str) -> String {
    run("bash", &["-c", &format!("set -euo pipefail; {script}")])
}

/// What a program prints; it must succeed.
pub(crate) fn run(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    assert!(
        output.status.success(),
        "{program} {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// One property's exact value.
pub(crate) fn get(object: &str, property: &str) -> String {
    zfs(&["get", "-Hp", "-o", "value", property, object]).trim_end().to_owned()
}

/// Whether there is such a dataset, snapshot or bookmark.
pub(crate) fn exists(object: &str) -> bool {
    succeeds("zfs", &["list", "-H", "-o", "name", object])
}

/// Whether a program succeeds.
pub(crate) fn succeeds(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().unwrap().status.success()
}

/// Name, guid and createtxg of everything below and including a dataset: filesystems, volumes, snapshots and bookmarks, sorted.
pub(crate) fn everything(root: &str) -> Vec<String> {
    let text = zfs(&["list", "-Hp", "-r", "-t", "all", "-o", "name,guid,createtxg", root]);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// The names of a dataset's snapshots and bookmarks without the dataset, in their order of creation.
pub(crate) fn versions(dataset: &str) -> Vec<String> {
    let text = zfs(&[
        "list",
        "-H",
        "-d",
        "1",
        "-t",
        "snapshot,bookmark",
        "-s",
        "createtxg",
        "-o",
        "name",
        dataset,
    ]);
    text.lines()
        .map(|name| name.strip_prefix(dataset).unwrap_or(name).to_owned())
        .collect()
}
