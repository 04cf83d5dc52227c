//! I am the host of the races between ours and ZFS's own programs, of the one beside other tools, and of the one against memory.

mod peers;
mod stream_verify;

use std::path::PathBuf;
use std::process::{self, ExitCode};

use clap::{Args, ValueEnum};
use vm_tests::{Job, Progress, Suite, Timing, VmOptions, host::cargo};

use crate::{Failure, demo};

/// What `bench` takes.
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// What races
    #[arg(value_enum, default_value_t = Race::Replicate)]
    race: Race,
    /// The image: bullseye, bookworm, trixie or trixie-backports
    #[arg(long, default_value_t)]
    suite: Suite,
    /// How often each of them runs [default: 5, streams: 21, stream-verify: 20]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    repetitions: Option<u32>,
    /// Datasets [default: 200, peers: 10] (listing and peers)
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    datasets: Option<u32>,
    /// Snapshots of each (listing and peers)
    #[arg(long, default_value_t = 20, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    snapshots: u32,
    /// Calls of each kind that are measured
    #[arg(long, default_value_t = 20_000, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(20..))]
    calls: u32,
    /// Let the guest's clock count instructions, on one processor: slow, but repeatable (listing, overhead and peers)
    #[arg(long)]
    icount: bool,
    #[command(flatten)]
    peers: peers::Options,
    /// The stream that is read [default: one of 160 MB that is made for it] (stream-verify)
    file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Race {
    /// zfs-replicate against zfs send | zfs receive
    Replicate,
    /// A listing by zfs-rs, cold and warm, against zfs list
    Listing,
    /// zfs-replicate beside syncoid, bzfs, zfs-autobackup and loops of zfs send | zfs receive
    Peers,
    /// What a call costs in the program, against what its ioctl costs in the kernel
    Overhead,
    /// How fast a stream is summed and read, against plain reading of its bytes; on this machine, no other one is booted
    Streams,
    /// zfs-replicate stream verify against zstream dump, on this machine
    StreamVerify,
}

impl Command {
    /// Does it. The ratio is printed and never judged.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let repetitions = self.repetitions.unwrap_or(5);
        let datasets = |default: u32| self.datasets.unwrap_or(default).to_string();
        match self.race {
            Race::Replicate => demo::play(self.suite, &["bench", &repetitions.to_string()]),
            Race::Listing => self.measure(
                "listing",
                &["race", &repetitions.to_string(), &datasets(200), &self.snapshots.to_string()],
            ),
            Race::Peers => self.beside_peers(repetitions),
            Race::Overhead => self.measure("overhead", &[&self.calls.to_string()]),
            Race::Streams => self.streams(),
            Race::StreamVerify => stream_verify::race(self.file, self.repetitions.unwrap_or(20)),
        }
    }

    /// Lets the bench of zfs-rs run here.
    fn streams(&self) -> Result<ExitCode, Failure> {
        Progress::to_stderr().say("building what measures (release)");
        let mut program = process::Command::new(cargo::release("zfs-rs", "--bench", "streams")?);
        let status = program.args(self.repetitions.map(|count| count.to_string())).status()?;
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Lets the product and the tools race.
    fn beside_peers(&self, repetitions: u32) -> Result<ExitCode, Failure> {
        let datasets = self.datasets.unwrap_or(10);
        self.peers.race(self.suite, repetitions, datasets, self.snapshots, &self.machine())
    }

    /// The machine they run in.
    fn machine(&self) -> VmOptions {
        let mut options = VmOptions::default();
        if self.icount {
            options.timing = Timing::Icount;
            options.cpus = 1;
        }
        options
    }

    /// Lets a measuring program of vm-tests run in a fresh machine.
    fn measure(&self, program: &str, words: &[&str]) -> Result<ExitCode, Failure> {
        let mut progress = Progress::to_stderr();
        progress.say("building what measures in the guest (release)");
        let path = cargo::release("vm-tests", "--example", program)?;
        let job = Job::new().file(path, program).program(format!("./{program}"), words);
        demo::act(self.suite, &job, &self.machine(), &mut progress)
    }
}
