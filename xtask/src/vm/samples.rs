//! I have a machine with OpenZFS's own tests read the sample streams among them as we do.

use std::process::ExitCode;

use clap::Args;
use vm_tests::{Image, Job, Kit, PoolDisks, Progress, Suite, Vm, VmOptions, host::cargo};

use crate::Failure;

/// What `vm samples` takes.
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// The release whose samples are taken: bullseye, bookworm, trixie or trixie-backports
    #[arg(long, default_value_t)]
    suite: Suite,
}

impl Command {
    /// Does it: status 0 only when all of it is so.
    pub(crate) fn run(self, progress: &mut Progress) -> Result<ExitCode, Failure> {
        let program = cargo::release("vm-tests", "--example", "samples")?;
        let image = Image::ensure_with(self.suite, Kit::Zts, progress)?;
        let job = Job::new().file(program, "samples").program("./samples", Vec::<String>::new());
        let vm = Vm::boot(&image, &job, &PoolDisks::blank(DISK)?, &VmOptions::default())?;
        progress.say(&format!("OpenZFS {} on Linux {}", vm.zfs_version(), vm.kernel()));
        let outcome = vm.wait(|line| println!("{line}"))?;
        Ok(if outcome.status == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// The pool's disk; sparse.
const DISK: u64 = 4 << 30;
