//! I let machines of every release send streams of random histories, and hear whether we read in them what zstream reads.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Args;
use vm_tests::{Progress, Tests, VmOptions};

use super::Suites;
use crate::Failure;

/// What `streams` takes.
#[derive(Debug, Args)]
pub(crate) struct Command {
    #[command(flatten)]
    suites: Suites,
    /// How many histories in all, dealt out to the suites
    #[arg(long, default_value_t = 200, value_name = "COUNT")]
    histories: u64,
    /// What they are drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only the history of this seed, as a mismatch names it
    #[arg(long, value_name = "SEED")]
    one: Option<u64>,
    /// Put the streams of at most 64 KiB into this directory
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Processors
    #[arg(long, default_value_t = 2, value_name = "COUNT")]
    cpus: u32,
    /// The longest that one release's histories may take, in seconds
    #[arg(long, default_value_t = 3600, value_name = "SECONDS")]
    limit: u64,
}

impl Command {
    /// Does it. A release that fails does not keep the others from running.
    pub(crate) fn run(self, progress: &mut Progress) -> Result<ExitCode, Failure> {
        let suites = self.suites.chosen();
        let share = self.histories.div_ceil(u64::try_from(suites.len())?);
        let options = VmOptions {
            cpus: self.cpus,
            limit: Duration::from_secs(self.limit),
            ..VmOptions::default()
        };
        let mut ended = ExitCode::SUCCESS;
        for suite in suites {
            let mut tests = Tests::new()
                .filter(["streams::zstream::random".to_owned()])
                .env("STREAMS_HISTORIES", share.to_string())
                .env("STREAMS_SEED", self.seed.to_string())
                .machine(options.clone())
                .loud();
            if let Some(one) = self.one {
                tests = tests.env("STREAMS_ONE", one.to_string());
            }
            if let Some(keep) = &self.keep {
                tests = tests.env("STREAMS_KEEP", "yes").keep(keep);
            }
            let run = tests.ran(suite, progress, |line| println!("{line}"));
            println!("\n{suite}: {}\n", run.verdict);
            if !run.verdict.is_good() {
                ended = ExitCode::FAILURE;
            }
        }
        Ok(ended)
    }
}
