//! I am the host of what is measured in a guest.

use std::process::ExitCode;

use clap::Subcommand;
use vm_tests::{Image, Job, Progress, Vm};

use super::Machine;
use crate::{Failure, demo};

/// What can be measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// What a call costs beside its ioctl: time in the program against time in the kernel
    ///
    /// With --icount the guest's clock counts instructions, which repeats on any host.
    #[command(after_help = "Example:\n  cargo xtask vm bench overhead --icount")]
    Overhead {
        #[command(flatten)]
        machine: Machine,
        /// How many calls of each kind
        #[arg(long, default_value_t = 20_000, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(20..))]
        calls: u32,
    },
}

impl Bench {
    /// Does it.
    pub(super) fn run(self, progress: &mut Progress) -> Result<ExitCode, Failure> {
        match self {
            Self::Overhead { machine, calls } => measure(&machine, &["overhead", &calls.to_string()], progress),
        }
    }
}

/// Lets the measuring program run in a fresh machine with these words.
fn measure(machine: &Machine, words: &[&str], progress: &mut Progress) -> Result<ExitCode, Failure> {
    progress.say("building what measures (release)");
    let program = demo::build("vm-tests", "--example", "bench")?;
    let image = Image::ensure(machine.suite, progress)?;
    let job = Job::new().file(program, "bench").program("./bench", words);
    let vm = Vm::boot(&image, &job, &machine.disks()?, &machine.options())?;
    progress.say(&format!(
        "OpenZFS {} on Linux {}, up in {:.1} s",
        vm.zfs_version(),
        vm.kernel(),
        vm.boot_time().as_secs_f32()
    ));
    let outcome = vm.wait(|line| println!("{line}"))?;
    Ok(u8::try_from(outcome.status).map_or(ExitCode::FAILURE, ExitCode::from))
}
