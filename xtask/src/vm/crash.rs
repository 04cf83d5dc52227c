//! I kill replications of a changing tree, and cut their power, on every release.

use std::{process::ExitCode, time::Duration};

use clap::Args;
use vm_tests::{Crash, Progress, VmOptions};

use super::Suites;
use crate::Failure;

/// What `vm crash` takes.
#[derive(Debug, Args)]
pub(crate) struct Command {
    #[command(flatten)]
    suites: Suites,
    /// How many runs are killed in all, dealt out to the suites
    #[arg(long, default_value_t = 200, value_name = "COUNT")]
    kills: u64,
    /// How often the power is cut in all, dealt out to the suites; each takes a boot
    #[arg(long, default_value_t = 50, value_name = "COUNT")]
    cuts: u64,
    /// What trees, changes and instants are drawn from; only how fast the machine is comes on top
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Processors
    #[arg(long, default_value_t = 2, value_name = "COUNT")]
    cpus: u32,
    /// The longest that one boot may take, in seconds
    #[arg(long, default_value_t = 3600, value_name = "SECONDS")]
    limit: u64,
}

impl Command {
    /// Does it. A release that fails does not keep the others from running.
    pub(crate) fn run(self, progress: &mut Progress) -> Result<ExitCode, Failure> {
        let suites = self.suites.chosen();
        let among = u64::try_from(suites.len())?;
        let crash = Crash {
            seed: self.seed,
            kills: self.kills.div_ceil(among),
            cuts: self.cuts.div_ceil(among),
            options: VmOptions {
                cpus: self.cpus,
                limit: Duration::from_secs(self.limit),
                ..VmOptions::default()
            },
        };
        let mut ended = ExitCode::SUCCESS;
        let mut verdicts = Vec::new();
        for suite in suites {
            let crashed = crash.run(suite, progress, |line| println!("{line}"))?;
            for (what, count) in crashed.counts() {
                println!("{count:>6}  {what}");
            }
            verdicts.push(format!("{suite}, seed {}, {crashed}", self.seed));
            if !crashed.is_good() {
                ended = ExitCode::FAILURE;
            }
        }
        println!("\n{}", verdicts.join("\n"));
        Ok(ended)
    }
}
