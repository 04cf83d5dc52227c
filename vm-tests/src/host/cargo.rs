//! I have cargo make programs: those a guest is given, and those the host runs.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::error::{Doing, Error, Result};

/// The tests of this package's target `real`, compiled and not run.
pub(crate) fn tests() -> Result<PathBuf> {
    make(&["--test", "real"], "real")
}

/// The same, compiled by a nightly compiler so that each touch of memory is watched (AddressSanitizer).
pub(crate) fn watched_tests() -> Result<PathBuf> {
    let [program, before @ ..] = NIGHTLY;
    let order = ["test", "--target", TARGET, "--package", "vm-tests", "--test", "real", "--no-run"];
    let mut cargo = Command::new(program);
    built(&said(cargo.args(before).args(order).envs(WATCHED))?, "real")
}

/// The cargo of a nightly compiler.
pub const NIGHTLY: [&str; 4] = ["rustup", "run", "nightly", "cargo"];

/// Named, so that flags reach what is tested and not what builds it.
pub const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Lets a nightly compiler watch each touch of memory. In a directory of its own, so that neither build throws the other's away.
pub const WATCHED: [(&str, &str); 2] = [
    ("RUSTFLAGS", "-Zsanitizer=address"),
    ("CARGO_TARGET_DIR", concat!(env!("CARGO_MANIFEST_DIR"), "/../target/asan")),
];

/// A program of this workspace as users get it; `kind` is cargo's word for it: `--bin`, `--example` or `--bench`.
///
/// # Errors
/// It does not compile.
pub fn release(package: &str, kind: &str, name: &str) -> Result<PathBuf> {
    program(&["--release", "--package", package, kind, name], name)
}

/// The program of that name which `cargo build` makes when it is told so much.
///
/// # Errors
/// It does not compile.
pub fn program(how: &[&str], name: &str) -> Result<PathBuf> {
    built(&build(how)?, name)
}

/// The program `zfs-replicate`.
///
/// # Errors
/// It does not compile.
pub fn product() -> Result<PathBuf> {
    // With tests of its own, as cargo makes what is for tests with other features of what it stands on, and all of that twice.
    make(&["--bin", PRODUCT, "--test", "cli"], PRODUCT)
}

/// The example programs that talk to a kernel, by name.
pub(crate) fn examples() -> Result<Vec<(PathBuf, &'static str)>> {
    let chosen: Vec<&str> = EXAMPLES.iter().flat_map(|name| ["--example", name]).collect();
    let said = build(&[&AS_TESTS[..], &chosen].concat())?;
    EXAMPLES.into_iter().map(|name| Ok((built(&said, name)?, name))).collect()
}

const EXAMPLES: [&str; 9] = [
    "list",
    "snapshot-and-hold",
    "send-to-file-and-verify",
    "receive",
    "watch-progress",
    "delegated-user",
    "replicate-tree",
    "plan-and-apply",
    "progress-to-your-own-ui",
];

/// The example program of this package that changes a tree and kills what replicates it.
pub(crate) fn crash() -> Result<PathBuf> {
    make(&["--example", CRASH], CRASH)
}

/// What the guest knows it as.
pub(crate) const CRASH: &str = "crash";

/// The example program of `zfs-rs` that stands in for `zfs send` and `zfs receive`.
pub(crate) fn shim() -> Result<PathBuf> {
    make(&["--example", SHIM], SHIM)
}

/// What the guest knows the example as.
pub(crate) const SHIM: &str = "zfs-shim";

/// What the guest knows the product as.
pub(crate) const PRODUCT: &str = "zfs-replicate";

fn make(chosen: &[&str], name: &str) -> Result<PathBuf> {
    program(&[&AS_TESTS[..], chosen].concat(), name)
}

/// In the way of the tests of the whole workspace: so all have everything else in common, and that is compiled once.
const AS_TESTS: [&str; 3] = ["--profile", "test", "--workspace"];

/// What cargo says once it has made what is chosen.
fn build(how: &[&str]) -> Result<String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    said(Command::new(cargo).arg("build").args(how))
}

fn said(cargo: &mut Command) -> Result<String> {
    let output = cargo
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .doing("starting cargo")?;
    if !output.status.success() {
        return Err(Error::Program {
            program: format!("{cargo:?}"),
            status: output.status.to_string(),
            tail: String::new(),
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn built(said: &str, target: &str) -> Result<PathBuf> {
    executable(said, target).ok_or_else(|| Error::Unusable(format!("cargo built no program {target}")))
}

/// The executable cargo names for a target.
fn executable(messages: &str, target: &str) -> Option<PathBuf> {
    let word = |message: &serde_json::Value, path: &str| message.pointer(path).and_then(|value| value.as_str().map(str::to_owned));
    let values = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut ours = values.filter(|message| word(message, "/target/name").as_deref() == Some(target));
    // A library can have the name of its program, and has no executable.
    ours.find_map(|message| word(&message, "/executable")).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_the_one_cargo_names() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"serde"},"executable":null}
not json
{"reason":"compiler-artifact","target":{"name":"real"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"real"},"executable":"/t/real-1"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages, "real"), Some("/t/real-1".into()));
        assert_eq!(executable(messages, "serde"), None);
        assert_eq!(executable("", "real"), None);
    }
}
