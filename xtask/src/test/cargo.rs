//! I start cargo, pass on what it says, and count the tests in it.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use serde_json::Value;

use super::Count;
use crate::{Failure, tidy};

/// Runs cargo at the top of the repository.
pub(super) fn cargo(args: &[&str]) -> Result<Count, Failure> {
    with(args, &[])
}

/// Runs cargo with more variables. Failed tests are a count; any other end but success is an error.
pub(super) fn with(args: &[&str], variables: &[(&str, &str)]) -> Result<Count, Failure> {
    let mut command = command(args);
    command.envs(variables.iter().copied());
    println!("$ cargo {}", args.join(" "));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut tally = Tally::default();
    for line in BufReader::new(child.stdout.take().ok_or("cargo has no output")?).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        println!("{line}");
        tally.hear(&line);
    }
    tally.judge(child.wait()?.success(), args)
}

/// The answer of `cargo metadata` for the workspace of this manifest, for the targets named.
pub(super) fn metadata(manifest: &str, targets: &[String]) -> Result<Value, Failure> {
    let filters = targets.iter().flat_map(|target| ["--filter-platform", target]);
    let args: Vec<&str> = ["metadata", "--format-version=1", "--all-features", "--manifest-path", manifest]
        .into_iter()
        .chain(filters)
        .collect();
    let output = command(&args).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("cargo metadata ended with {}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Every feature of every package of the workspace, as `--features` takes them; but the one that wants headers and minutes.
pub(super) fn features() -> Result<String, Failure> {
    let metadata = metadata("Cargo.toml", &[])?;
    let members = metadata
        .get("workspace_members")
        .and_then(Value::as_array)
        .ok_or("metadata without members")?;
    let packages = metadata
        .get("packages")
        .and_then(Value::as_array)
        .ok_or("metadata without packages")?;
    let mut all = Vec::new();
    for package in packages
        .iter()
        .filter(|package| package.get("id").is_some_and(|id| members.contains(id)))
    {
        let name = package.get("name").and_then(Value::as_str).ok_or("a package without a name")?;
        let features = package
            .get("features")
            .and_then(Value::as_object)
            .ok_or("a package without features")?;
        all.extend(features.keys().map(|feature| format!("{name}/{feature}")));
    }
    all.retain(|feature| feature != SLOW);
    Ok(all.join(","))
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(tidy::top());
    command
}

/// What a run of tests said.
#[derive(Debug, Default)]
struct Tally {
    count: Count,
    ignored: usize,
}

impl Tally {
    fn hear(&mut self, line: &str) {
        // "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.10s"
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
            return;
        };
        let number = |what: &str| {
            counts
                .split("; ")
                .find_map(|part| part.strip_suffix(what)?.trim().parse().ok())
                .unwrap_or(0)
        };
        self.count.passed += number(" passed");
        self.count.failed += number(" failed");
        self.ignored += number(" ignored");
    }

    fn judge(self, is_success: bool, args: &[&str]) -> Result<Count, Failure> {
        match (is_success, self.count.failed, self.ignored) {
            (true, 0, 0) => Ok(self.count),
            (true, 0, ignored) => Err(format!("{ignored} tests are ignored, and a skip is a failure").into()),
            (true, _, _) => Err("cargo took failed tests for a success".into()),
            (false, 0, _) => Err(format!("cargo {} failed", args.first().unwrap_or(&"")).into()),
            (false, _, _) => Ok(self.count),
        }
    }
}

const SLOW: &str = "zfs-sys/buildtime-bindgen";

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(said: &str, is_success: bool) -> Result<Count, String> {
        let mut tally = Tally::default();
        said.lines().for_each(|line| tally.hear(line));
        tally.judge(is_success, &["test"]).map_err(|why| why.to_string())
    }

    const GOOD: &str = "test a ... ok\ntest result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.10s\n";
    const BAD: &str = "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s\n";

    #[test]
    fn counts_are_summed_over_all_programs() {
        assert_eq!(judge(&GOOD.repeat(2), true), Ok(Count { passed: 6, failed: 0 }));
        assert_eq!(judge(&format!("{GOOD}{BAD}"), false), Ok(Count { passed: 4, failed: 2 }));
    }

    #[test]
    fn an_end_that_does_not_add_up_is_an_error() {
        assert_eq!(judge(GOOD, false), Err("cargo test failed".into()), "a package did not compile");
        assert!(judge(BAD, true).is_err());
        assert!(judge(&GOOD.replace("0 ignored", "1 ignored"), true).is_err());
    }
}
