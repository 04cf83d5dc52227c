//! I let a machine with real ZFS and the model do the same at random.

use std::process::ExitCode;

use clap::Args;
use vm_tests::{Progress, Tests};

use super::{Machine, test};
use crate::Failure;

/// What `differential` takes.
#[derive(Debug, Args)]
pub(crate) struct Command {
    #[command(flatten)]
    machine: Machine,
    /// How many sequences
    #[arg(long, default_value_t = 1000, value_name = "COUNT")]
    sequences: u64,
    /// What they are drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only the sequence of this seed, as a mismatch names it
    #[arg(long, value_name = "SEED")]
    one: Option<u64>,
    /// Print what the kernel made of each, for the model to be held against where there is no kernel
    #[arg(long)]
    record: bool,
}

impl Command {
    /// Does it.
    pub(crate) fn run(self, progress: &mut Progress) -> Result<ExitCode, Failure> {
        let mut tests = Tests::new()
            .filter(["differential::random".to_owned()])
            .env("DIFFERENTIAL_SEQUENCES", self.sequences.to_string())
            .env("DIFFERENTIAL_SEED", self.seed.to_string())
            .loud();
        if let Some(one) = self.one {
            tests = tests.env("DIFFERENTIAL_ONE", one.to_string());
        }
        if self.record {
            tests = tests.env("DIFFERENTIAL_RECORD", "1");
        }
        test(&self.machine, tests, progress)
    }
}
