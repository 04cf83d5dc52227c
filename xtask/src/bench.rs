//! I am the host of the race between the program and `zfs send | zfs receive`.

use std::process::ExitCode;

use clap::Args;
use vm_tests::Suite;

use crate::{Failure, demo};

/// What `bench` takes.
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// The image: bullseye, bookworm, trixie or trixie-backports
    #[arg(long, default_value_t)]
    suite: Suite,
    /// How often each of the two runs
    #[arg(long, default_value_t = 5, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    repetitions: u32,
}

impl Command {
    /// Does it. The ratio is printed and never judged.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        demo::play(self.suite, &["bench", &self.repetitions.to_string()])
    }
}
