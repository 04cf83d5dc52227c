//! I let worlds of the model happen in which faults strike, and the real engine live in them.

use std::path::Path;
use std::process::{self, ExitCode};

use clap::Args;
use vm_tests::{Progress, host::cargo};

use crate::Failure;

/// What `sim` takes.
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// So many worlds, each of the next seed
    #[arg(long, default_value_t = 5000, value_name = "COUNT")]
    seeds: u64,
    /// The first seed: the same seed makes the same world, to the last call of its kernel, which is told where it is the only one
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Nothing drawn: one fault a run, of every kind, at every call of the runs of two dozen scenarios
    #[arg(long, conflicts_with_all = ["seeds", "seed"])]
    each: bool,
}

impl Command {
    /// Does it: status 0 only when every invariant held in each.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        Progress::to_stderr().say("building the worlds (release)");
        let program = cargo::release("ring-tests", "--bin", "sim")?;
        let is_good = if self.each {
            each(&program)?
        } else {
            worlds(&program, self.seed, self.seeds)?
        };
        Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// As many worlds as every check has time for, always the same, and every fault at every call.
///
/// As it is compiled for the tests and with some of them, so that nothing is left to compile then, and arithmetic that overflows is noticed.
pub(crate) fn check(features: &str) -> Result<(), Failure> {
    let how = [
        "--profile",
        "test",
        "--workspace",
        "--features",
        features,
        "--test",
        "rings",
        "--bin",
        "sim",
    ];
    let program = cargo::program(&how, "sim")?;
    if worlds(&program, 1, CHECKED)? && each(&program)? {
        Ok(())
    } else {
        Err("the invariants named above".into())
    }
}

fn worlds(program: &Path, first: u64, count: u64) -> Result<bool, Failure> {
    let words = [first, count].map(|number| number.to_string());
    let status = process::Command::new(program).arg("seeds").args(words).status()?;
    Ok(status.success())
}

fn each(program: &Path) -> Result<bool, Failure> {
    Ok(process::Command::new(program).arg("each").status()?.success())
}

/// Worlds of every check.
const CHECKED: u64 = 5000;
