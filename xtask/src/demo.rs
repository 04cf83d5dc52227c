//! I am the demonstration's host: I build the product, boot real OpenZFS, and pass on what happens there.

use std::{
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use vm_tests::{Image, Job, PoolDisks, Progress, Suite, Vm, VmOptions, host::cargo};

use crate::Failure;

/// What `demo` takes.
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// The image: bullseye, bookworm, trixie or trixie-backports
    #[arg(long, default_value_t)]
    suite: Suite,
}

impl Command {
    /// Does it: status 0 only when everything that was checked held.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        play(self.suite, &["demo"])
    }
}

/// Carries the product and the player into a fresh machine and lets it play.
pub(crate) fn play(suite: Suite, words: &[&str]) -> Result<ExitCode, Failure> {
    let mut progress = Progress::to_stderr();
    progress.say("building the program and what runs it in the guest (release)");
    let product = cargo::release("zfs-replicate", "--bin", "zfs-replicate")?;
    let player = cargo::release("vm-tests", "--bin", "demo")?;
    let job = Job::new()
        .file(product, "zfs-replicate")
        .file(player, "demo")
        .program("./demo", words);
    act(suite, &job, &VmOptions::default(), &mut progress)
}

/// Does a job in a fresh machine and passes on what it says.
pub(crate) fn act(suite: Suite, job: &Job, options: &VmOptions, progress: &mut Progress) -> Result<ExitCode, Failure> {
    let image = Image::ensure(suite, progress)?;
    progress.say("booting a machine with two blank disks");
    let disks = PoolDisks::blank(DISK)?;
    let vm = Vm::boot(&image, job, &disks, options)?;
    progress.say(&format!(
        "OpenZFS {} on Linux {}, up in {:.1} s",
        vm.zfs_version(),
        vm.kernel(),
        vm.boot_time().as_secs_f32()
    ));
    let outcome = listen(vm)?;
    progress.say(&format!("status {} after {:.1} s", outcome.status, outcome.ran.as_secs_f32()));
    Ok(u8::try_from(outcome.status).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Prints what the guest says, and a sign of life when it says nothing for long.
fn listen(vm: Vm) -> vm_tests::Result<vm_tests::Outcome> {
    let heard = Mutex::new(Instant::now());
    let (end, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let heard = &heard;
        scope.spawn(move || {
            while ended.recv_timeout(SILENCE) == Err(RecvTimeoutError::Timeout) {
                let silent = heard.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
                if silent >= SILENCE {
                    eprintln!("   ... still at it: nothing said for {} s", silent.as_secs());
                }
            }
        });
        let outcome = vm.wait(|line| {
            println!("{line}");
            *heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        });
        drop(end);
        outcome
    })
}

/// Each of the two blank disks; sparse.
const DISK: u64 = 4 << 30;

/// How long the guest may say nothing before we do.
const SILENCE: Duration = Duration::from_secs(10);
