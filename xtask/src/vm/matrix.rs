//! I run the same tests on every release of OpenZFS and print one table.

use std::{process::ExitCode, time::Duration};

use clap::Args;
use vm_tests::{Matrix, Progress, Tests, VmOptions, host::surface};

use super::Suites;
use crate::Failure;

/// What `matrix` takes.
#[derive(Debug, Args)]
pub(crate) struct Command {
    #[command(flatten)]
    suites: Suites,
    /// The longest that one release's tests may run, in seconds
    #[arg(long, default_value_t = 3600, value_name = "SECONDS")]
    limit: u64,
    /// Print the table alone, without what the tests say
    #[arg(long)]
    quiet: bool,
    /// Only tests whose name contains one of these words
    filter: Vec<String>,
}

impl Command {
    /// Does it. A release that fails does not keep the others from running.
    pub(crate) fn run(self, progress: &mut Progress) -> Result<ExitCode, Failure> {
        let suites = self.suites.chosen();
        // Of some tests nobody expects all functions.
        let functions = if self.filter.is_empty() {
            surface::functions()?
        } else {
            Vec::new()
        };
        let options = VmOptions {
            limit: Duration::from_secs(self.limit),
            ..VmOptions::default()
        };
        let mut runs = Vec::new();
        for suite in suites {
            let tests = Tests::new().filter(self.filter.clone()).machine(options.clone());
            let run = tests.ran(suite, progress, |line| {
                if !self.quiet {
                    println!("{line}");
                }
            });
            println!("\n{suite}: {}\n", run.verdict);
            runs.push(run);
        }
        let matrix = Matrix::of(runs, functions);
        print!("{matrix}");
        Ok(if matrix.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
