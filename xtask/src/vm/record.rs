//! I fetch genuine streams from machines of every release.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use vm_tests::{Image, Job, PoolDisks, Progress, Suite, Vm, VmOptions};

use super::Suites;
use crate::Failure;

/// What `record` takes.
#[derive(Debug, Args)]
pub(crate) struct Command {
    #[command(flatten)]
    suites: Suites,
    /// Processors
    #[arg(long, default_value_t = 2, value_name = "COUNT")]
    cpus: u32,
}

impl Command {
    /// Does it.
    pub(crate) fn run(self, progress: &mut Progress) -> Result<ExitCode, Failure> {
        let suites = self.suites.chosen();
        let options = VmOptions {
            cpus: self.cpus,
            ..VmOptions::default()
        };
        for suite in suites {
            record(suite, &options, progress)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn record(suite: Suite, options: &VmOptions, progress: &mut Progress) -> Result<(), Failure> {
    let image = Image::ensure(suite, progress)?;
    let streams = streams();
    let job = Job::new()
        .file(streams.join(SCRIPT), SCRIPT)
        .program("bash", [format!("./{SCRIPT}")]);
    let vm = Vm::boot(&image, &job, &PoolDisks::blank(DISK)?, options)?;
    let outcome = vm.wait(|line| println!("{line}"))?;
    if outcome.status != 0 {
        return Err(format!("{SCRIPT} ended with status {} on {suite}", outcome.status).into());
    }
    for release in fs::read_dir(outcome.results().join("streams"))? {
        let release = release?;
        let kept = streams.join(release.file_name());
        // A kind that is no longer made must not stay.
        if kept.exists() {
            fs::remove_dir_all(&kept)?;
        }
        fs::create_dir(&kept)?;
        for file in fs::read_dir(release.path())? {
            let file = file?;
            fs::copy(file.path(), kept.join(file.file_name()))?;
        }
        progress.say(&format!("{suite}: {}", kept.display()));
    }
    Ok(())
}

fn streams() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/streams")
}

const SCRIPT: &str = "record.sh";
/// Not used: its pool lies in memory.
const DISK: u64 = 64 << 20;
