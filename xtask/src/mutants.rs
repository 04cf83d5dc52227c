//! I let the mutants of streams loose on the verifier.

use std::process::{self, ExitCode};

use clap::Args;
use vm_tests::{Progress, host::cargo};

use crate::Failure;

/// What `mutants` takes.
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// Streams that are damaged blindly, sums and all
    #[arg(long, default_value_t = 1_000_000, value_name = "COUNT")]
    blind: u64,
    /// Streams that break rules, with sums that are right
    #[arg(long, default_value_t = 200_000, value_name = "COUNT")]
    mutants: u64,
    /// What all is drawn from: the same seed makes the same mutants
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Command {
    /// Does it: status 0 only when both verifiers said the same of each mutant, and every rule was broken by some.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        Progress::to_stderr().say("building what makes and judges them (release)");
        let mut program = process::Command::new(cargo::release("ring-tests", "--bin", "mutants")?);
        program.args([self.seed, self.blind, self.mutants].map(|number| number.to_string()));
        let status = program.status()?;
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
