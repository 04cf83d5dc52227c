//! I plant bugs in the engine, one at a time, in a copy of this repository, and see that the simulation notices each.
//!
//! The product has no switch for them: a bug is a piece of its text and what to put in its place. A piece that is not found exactly once is an error here, so a
//! drill cannot go stale unnoticed.

mod bugs;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{self, ExitCode, Stdio},
    time::Instant,
};

use clap::Args;
use vm_tests::Progress;

use self::bugs::{BUGS, Bug};
use crate::{Failure, tidy};

/// What `drill` takes.
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// So many worlds at most, until one breaks
    #[arg(long, default_value_t = 20_000, value_name = "COUNT")]
    seeds: u64,
    /// Only bugs whose name contains one of these words
    filter: Vec<String>,
}

impl Command {
    /// Does it: status 0 only when every bug was noticed.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let mut progress = Progress::to_stderr();
        let top = tidy::top();
        let room = top.join("target/drill");
        let tree = room.join("tree");
        copy(&top, &tree)?;
        progress.say("building the worlds without a bug");
        let program = build(&tree, &room)?.map_err(|text| format!("the copy does not compile:\n{text}"))?;
        if !until_broken(&program, SOUND)?.0 {
            return Err("the engine breaks without any bug planted; see cargo xtask sim".into());
        }
        let is_meant = |bug: &&Bug| self.filter.is_empty() || self.filter.iter().any(|word| bug.name.contains(word.as_str()));
        let (mut noticed, mut missed) = (0, Vec::new());
        for bug in BUGS.iter().filter(is_meant) {
            progress.say(bug.name);
            let begun = Instant::now();
            let file = tree.join(bug.file);
            let sound = fs::read_to_string(&file)?;
            fs::write(&file, bug.plant(&sound)?)?;
            let built = build(&tree, &room)?;
            fs::write(&file, &sound)?;
            let program = built.map_err(|text| format!("{}: what is planted does not compile:\n{text}", bug.name))?;
            let (is_sound, said) = until_broken(&program, self.seeds)?;
            let took = begun.elapsed().as_secs();
            if is_sound {
                println!("MISSED: {}: {} worlds, {took} s", bug.name, self.seeds);
                missed.push(bug.name);
            } else {
                noticed += 1;
                println!("noticed: {}: {said}, {took} s", bug.name);
            }
        }
        println!("{noticed} of {} bugs noticed", noticed + missed.len());
        Ok(if missed.is_empty() && noticed > 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

impl Bug {
    /// The text with the bug in it.
    fn plant(&self, sound: &str) -> Result<String, Failure> {
        match sound.matches(self.found).count() {
            1 => Ok(sound.replacen(self.found, self.planted, 1)),
            count => Err(format!("{}: its place is {count} times in {}: {:?}", self.name, self.file, self.found).into()),
        }
    }
}

/// Everything that git knows or would take, as it lies here now; what has not changed keeps its time, so that it is not compiled again.
fn copy(top: &Path, tree: &Path) -> Result<(), Failure> {
    let output = process::Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(top)
        .output()?;
    if !output.status.success() {
        return Err(format!("git ls-files ended with {}", output.status).into());
    }
    let names = String::from_utf8(output.stdout)?;
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        let (from, to) = (top.join(name), tree.join(name));
        let Ok(now) = fs::read(&from) else { continue };
        if fs::read(&to).is_ok_and(|there| there == now) {
            continue;
        }
        if let Some(above) = to.parent() {
            fs::create_dir_all(above)?;
        }
        fs::write(to, now)?;
    }
    Ok(())
}

/// The program that lets worlds happen, of a tree; what the compiler says, if it does not compile.
fn build(tree: &Path, room: &Path) -> Result<Result<PathBuf, String>, Failure> {
    let target = room.join("target");
    let output = process::Command::new("cargo")
        .args(["build", "--release", "-q", "-p", "ring-tests", "--bin", "sim"])
        .current_dir(tree)
        .env("CARGO_TARGET_DIR", &target)
        // Compiled two dozen times, run for seconds.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        .env("CARGO_PROFILE_RELEASE_INCREMENTAL", "true")
        .stdin(Stdio::null())
        .output()?;
    Ok(if output.status.success() {
        Ok(target.join("release/sim"))
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    })
}

/// Whether all worlds were sound, and else what was said of the first that was not.
fn until_broken(program: &Path, seeds: u64) -> Result<(bool, String), Failure> {
    let output = process::Command::new(program)
        .args(["until-broken", "1", &seeds.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = text.lines().find_map(|line| line.strip_prefix("FAILED: ")).unwrap_or_default();
    Ok((output.status.success(), first.to_owned()))
}

/// Worlds that the engine without a bug must survive before anything is planted.
const SOUND: u64 = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bug_has_its_place() {
        for bug in &BUGS {
            let sound = fs::read_to_string(tidy::top().join(bug.file)).unwrap();
            assert_ne!(bug.plant(&sound).unwrap(), sound, "{}", bug.name);
        }
    }
}
