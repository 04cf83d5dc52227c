//! I keep what the crates offer in text files, so that nobody changes it without meaning to.

mod signature;
mod surface;

use std::{
    env, fs,
    process::{Command as Program, ExitCode, Stdio},
};

use clap::Args;
use serde_json::Value;

use crate::{Failure, tidy};

/// What `api` takes.
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// Write the files anew
    #[arg(long)]
    update: bool,
}

impl Command {
    /// Does it.
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        if self.update {
            let file = tidy::top().join(FILE);
            fs::write(&file, offered()?)?;
            println!("wrote {}", file.display());
            return Ok(ExitCode::SUCCESS);
        }
        check()?;
        println!("{FILE} says what {PACKAGE} offers");
        Ok(ExitCode::SUCCESS)
    }
}

/// Compares what is offered with what the file says.
pub(crate) fn check() -> Result<(), Failure> {
    let file = tidy::top().join(FILE);
    let known = fs::read_to_string(&file).map_err(|why| format!("{}: {why}", file.display()))?;
    let offered = offered()?;
    let differs = difference(&known, &offered);
    if differs.is_empty() {
        return Ok(());
    }
    differs.iter().for_each(|line| println!("{line}"));
    Err(format!(
        "{} lines differ from {FILE}; if they are meant: cargo xtask api --update",
        differs.len()
    )
    .into())
}

/// What is gone, then what is new.
fn difference(known: &str, offered: &str) -> Vec<String> {
    let lines = |text: &str, other: &str, sign: &str| -> Vec<String> {
        let others: Vec<&str> = other.lines().collect();
        let own = text.lines().filter(|line| !others.contains(line));
        own.map(|line| format!("{sign} {line}")).collect()
    };
    [lines(known, offered, "-"), lines(offered, known, "+")].concat()
}

/// One line for each thing that another crate can name, with all features.
fn offered() -> Result<String, Failure> {
    // A directory of its own: what is built under RUSTC_BOOTSTRAP would be built again without it, and the other way round.
    let target = tidy::top().join("target/api");
    let features = "--all-features";
    let ended = Program::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(tidy::top())
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["rustdoc", "--quiet", "--lib", "--package", PACKAGE, features, "--target-dir"])
        .arg(&target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json"])
        .stdin(Stdio::null())
        .status()?;
    if !ended.success() {
        return Err(format!("cargo rustdoc ended with {ended}").into());
    }
    let file = target.join(format!("doc/{}.json", PACKAGE.replace('-', "_")));
    let json: Value = serde_json::from_slice(&fs::read(file)?)?;
    match json.get("format_version").and_then(Value::as_u64) {
        Some(format) if FORMATS.contains(&format) => Ok(surface::lines(&json)),
        other => Err(format!("rustdoc wrote JSON of format {other:?}; xtask/src/api reads {FORMATS:?}").into()),
    }
}

const PACKAGE: &str = "zfs-rs";
const FILE: &str = "zfs-rs/api.txt";
/// What rustdoc's JSON is called in the versions of Rust that this was tried with.
const FORMATS: [u64; 1] = [57];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_says_what_went_and_what_came() {
        assert_eq!(difference("a\nb\n", "b\nc\n"), ["- a", "+ c"]);
        assert!(difference("a\nb\n", "a\nb\n").is_empty());
    }
}
