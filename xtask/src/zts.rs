//! I compare what OpenZFS's own tests say of its zfs and of ours.

use std::{fs, path::PathBuf, process::ExitCode, time::Duration};

use clap::Args;
use vm_tests::{
    Progress, Suite, VmOptions,
    zts::{Comparison, Ran, Side, Table},
};

use crate::Failure;

/// What `vm zts` takes.
#[derive(Debug, Args)]
pub(crate) struct Zts {
    /// The release whose tests are run
    #[arg(long, default_value_t)]
    suite: Suite,
    /// Memory in MiB
    #[arg(long, default_value_t = 4096, value_name = "MIB")]
    memory: u32,
    /// Processors
    #[arg(long, default_value_t = 2, value_name = "COUNT")]
    cpus: u32,
    /// The longest one side may run, in seconds
    #[arg(long, default_value_t = 14400, value_name = "SECONDS")]
    limit: u64,
    /// Run the side of the real zfs only
    #[arg(long)]
    baseline_only: bool,
    /// Run the side of the shim only
    #[arg(long, conflicts_with = "baseline_only")]
    shim_only: bool,
    /// Keep what is said in this directory, and do not run again what it has a result of
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Only tests that have one of these words in their name or directory
    test: Vec<String>,
}

impl Zts {
    pub(crate) fn run(self, progress: &mut Progress) -> Result<ExitCode, Failure> {
        let table = Table::class_a().filter(&self.test);
        if table.is_empty() {
            return Err("no test has such a name".into());
        }
        let options = VmOptions {
            memory_mib: self.memory,
            cpus: self.cpus,
            limit: Duration::from_secs(self.limit),
            ..VmOptions::default()
        };
        let passing = tempfile::tempdir()?;
        let logs = self.keep.clone().unwrap_or_else(|| passing.path().to_owned());
        fs::create_dir_all(&logs)?;
        let log = |side: Side| logs.join(format!("{}.log", side.name()));
        for (side, is_left_out) in [(Side::Baseline, self.shim_only), (Side::Shim, self.baseline_only)] {
            let table = table.clone().without(&Ran::load(&log(side))?);
            if is_left_out || table.is_empty() {
                continue;
            }
            side.run(&table, self.suite, &options, &log(side), progress, |line| println!("{line}"))?;
        }
        let (baseline, shim) = (Ran::load(&log(Side::Baseline))?, Ran::load(&log(Side::Shim))?);
        let compared = Comparison {
            table: &table,
            baseline: &baseline,
            shim: &shim,
        };
        println!("{compared}");
        let is_good = self.baseline_only || self.shim_only || compared.equal() == table.len();
        Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
