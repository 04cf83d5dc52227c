//! I am the command line of the virtual machine.

mod crash;
mod differential;
mod matrix;
mod mutants;
mod record;
mod samples;
mod streams;

use std::{
    fs,
    num::NonZeroUsize,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{self, ExitCode},
    time::Duration,
};

use clap::{Args, Subcommand};
use vm_tests::{
    Image, Job, PoolDisks, Progress, Suite, Tests, Timing, Vm, VmOptions,
    host::{headers, image, peers},
};

use crate::{Failure, zts::Zts};

/// What can be done with virtual machines.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build an image: Debian with its ZFS module, kept in the cache (5 to 12 minutes, once)
    #[command(after_help = "Example:\n  cargo xtask vm build trixie")]
    Build {
        /// bullseye (2.0), bookworm (2.1), trixie (2.3) or trixie-backports (2.4)
        #[arg(default_value_t)]
        suite: Suite,
        /// Build even though the cache has it
        #[arg(long)]
        fresh: bool,
    },
    /// Run a script or a program in a fresh machine, as root, in /job
    ///
    /// A path of this host is carried in, and run by sh when it is not executable; anything else is looked for in the guest. Two blank disks for pools are
    /// /dev/disk/by-id/virtio-pool0 and virtio-pool1. What is left in /results comes back with --results.
    /// Ends with the program's own status; 2 when the machine fails.
    #[command(
        after_help = "Examples:\n  cargo xtask vm run ./script.sh one two\n  cargo xtask vm run --with target/debug/zfs-replicate -- sh -c \
                            './zfs-replicate --version; zpool version'"
    )]
    Run(Run),
    /// Run the tests of real ZFS in a fresh machine and print a verdict
    #[command(after_help = "Example:\n  cargo xtask vm test smoke")]
    Test {
        #[command(flatten)]
        machine: Machine,
        /// So many machines at once, each with a share of the tests
        #[arg(long, default_value = "1", value_name = "COUNT")]
        machines: NonZeroUsize,
        /// Only tests whose name contains one of these words
        filter: Vec<String>,
    },
    /// Run the tests of real ZFS on every release, one after the other, and print what each function does where
    ///
    /// The table has a row for every method of zfs-rs's handle. Status 0 only when every test passed and every function was shown by both ways to the
    /// kernel on every release: it did what it says, or said which release it needs.
    #[command(after_help = "Examples:\n  cargo xtask vm matrix\n  cargo xtask vm matrix --suite bookworm --suite trixie functions::")]
    Matrix(matrix::Command),
    /// Run random sequences of operations against the model and both ways to real ZFS
    ///
    /// Status 0 only when all of them end the same everywhere. One that does not is told by its seed and shortened.
    #[command(
        after_help = "Examples:\n  cargo xtask vm differential --sequences 10000 --limit 7200\n  cargo xtask vm differential --one 1785688653077942466"
    )]
    Differential(differential::Command),
    /// Let real kernels receive mutants of streams that the verifier lets through
    ///
    /// Streams of all kinds are made to say something else, with sums that are right. Status 0 only when no kernel dies, stands still or complains, and
    /// each mutant is received whole or leaves its target as it was. One of which that is not so is told by its number.
    #[command(
        after_help = "Examples:\n  cargo xtask vm mutants --suite bookworm --suite trixie\n  cargo xtask vm mutants --suite trixie --seed 7 --one 1234"
    )]
    Mutants(mutants::Command),
    /// Kill replications of a changing tree at random instants, cut the power during others, and see that they converge
    ///
    /// A tree of filesystems and volumes, some encrypted, changes all the time: snapshots come and are pruned, datasets are made and renamed. After kills
    /// and cuts the pools must import, and within two undisturbed runs every snapshot be on the target by GUID, with the same contents by SHA-256; no
    /// hold, half receive or fourth bookmark is left, and one more run moves nothing. Status 0 only when all of it is so, on every release.
    #[command(after_help = "Examples:\n  cargo xtask vm crash\n  cargo xtask vm crash --suite trixie --kills 50 --cuts 13 --seed 7")]
    Crash(crash::Command),
    /// Compare what we read in genuine streams with what `zstream dump -v` reads, record for record
    ///
    /// Filesystems and volumes with random histories are sent in many ways, in a machine of each release. Each stream must also keep every rule of the
    /// verifier, in both byte orders, and be written again byte for byte. Status 0 only when all of it is so.
    #[command(
        after_help = "Examples:\n  cargo xtask vm streams --histories 200\n  cargo xtask vm streams --suite bookworm --seed 7 --keep target/streams"
    )]
    Streams(streams::Command),
    /// Make the genuine streams of tests/data/streams anew: one of every kind, of each release
    #[command(after_help = "Example:\n  cargo xtask vm record --suite trixie")]
    Record(record::Command),
    /// Compare what we read in the sample streams of OpenZFS's package zfs-test with what zstream reads, and receive what we make of them
    #[command(after_help = "Example:\n  cargo xtask vm samples --suite bookworm")]
    Samples(samples::Command),
    /// Run OpenZFS's own tests of send and receive with its `zfs` and with ours in front of it, and compare
    ///
    /// Those of package zfs-test that need streams of one dataset each. The example program `zfs-shim` of zfs-rs answers `zfs send` and `zfs
    /// receive` there and hands on what it does not serve; it counts both. An emulated machine takes an hour and more for each side.
    #[command(
        after_help = "Examples:\n  cargo xtask vm zts send_mixed_raw zfs_receive_raw\n  cargo xtask vm zts --keep target/zts --baseline-only"
    )]
    Zts(Zts),
    /// A root shell in a fresh machine, on this terminal
    #[command(
        after_help = "Example:\n  cargo xtask vm shell --with target/debug/zfs-replicate\n\n'exit' ends the machine; so does Ctrl-A x, at once."
    )]
    Shell {
        #[command(flatten)]
        machine: Machine,
        /// Carry this file in, beside the program in /job
        #[arg(long, value_name = "FILE")]
        with: Vec<PathBuf>,
    },
    /// List the images in the cache
    #[command(after_help = "Example:\n  cargo xtask vm list")]
    List,
    /// Remove images of older recipes from the cache, or all
    #[command(after_help = "Example:\n  cargo xtask vm clean --all")]
    Clean {
        /// Remove current images too
        #[arg(long)]
        all: bool,
    },
}

/// A machine of its own for each command.
#[derive(Debug, Args)]
pub(crate) struct Machine {
    /// The image: bullseye, bookworm, trixie or trixie-backports
    #[arg(long, default_value_t)]
    suite: Suite,
    /// Memory in MiB
    #[arg(long, default_value_t = 4096, value_name = "MIB")]
    memory: u32,
    /// Processors
    #[arg(long, default_value_t = 2, value_name = "COUNT")]
    cpus: u32,
    /// The longest the program may run, in seconds
    #[arg(long, default_value_t = 3600, value_name = "SECONDS")]
    limit: u64,
    /// Size of each of the two disks for pools, in MiB (sparse)
    #[arg(long, default_value_t = 4096, value_name = "MIB")]
    disk: u64,
    /// Let the guest's clock count instructions: slow, but repeatable
    #[arg(long)]
    icount: bool,
}

/// The releases that something is done on, one after the other.
#[derive(Clone, Debug, Args)]
pub(crate) struct Suites {
    /// Only this suite; may be given again
    #[arg(long, value_name = "SUITE")]
    suite: Vec<Suite>,
}

impl Suites {
    /// Those that were named; all, where none was.
    fn chosen(self) -> Vec<Suite> {
        if self.suite.is_empty() { Suite::ALL.to_vec() } else { self.suite }
    }
}

/// What `run` takes.
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    machine: Machine,
    /// Carry this file in, beside the program in /job
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,
    /// Set a variable for the program
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,
    /// Put what the program left in /results into this directory
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
    /// The script or program, and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "PROGRAM")]
    program: Vec<String>,
}

impl Command {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let mut progress = Progress::to_stderr();
        match self {
            Self::Build { suite, fresh } => build(suite, fresh, &mut progress),
            Self::Run(run) => run.run(&mut progress),
            Self::Test { machine, machines, filter } => test(&machine, Tests::new().machines(machines).filter(filter), &mut progress),
            Self::Matrix(command) => command.run(&mut progress),
            Self::Differential(command) => command.run(&mut progress),
            Self::Mutants(command) => command.run(&mut progress),
            Self::Crash(command) => command.run(&mut progress),
            Self::Streams(command) => command.run(&mut progress),
            Self::Record(command) => command.run(&mut progress),
            Self::Samples(samples) => samples.run(&mut progress),
            Self::Zts(zts) => zts.run(&mut progress),
            Self::Shell { machine, with } => shell(&machine, &with, &mut progress),
            Self::List => list(),
            Self::Clean { all } => clean(all),
        }
    }
}

impl Machine {
    fn options(&self) -> VmOptions {
        VmOptions {
            memory_mib: self.memory,
            cpus: self.cpus,
            limit: Duration::from_secs(self.limit),
            timing: if self.icount { Timing::Icount } else { Timing::Host },
        }
    }

    fn disks(&self) -> vm_tests::Result<PoolDisks> {
        PoolDisks::blank(self.disk << 20)
    }
}

impl Run {
    fn run(self, progress: &mut Progress) -> Result<ExitCode, Failure> {
        let image = Image::ensure(self.machine.suite, progress)?;
        let mut job = carry(Job::new(), &self.with)?;
        let (program, args) = self.program.split_first().ok_or("no program")?;
        let host = Path::new(program);
        if host.is_file() {
            let name = name(host)?;
            let path = format!("./{name}");
            job = carry(job, &[host.to_owned()])?;
            let is_executable = fs::metadata(host)?.permissions().mode() & 0o111 != 0;
            job = if is_executable {
                job.program(path, args)
            } else {
                job.program("sh", [&path].into_iter().chain(args))
            };
        } else {
            job = job.program(program, args);
        }
        for (name, value) in &self.env {
            job = job.env(name, value);
        }
        let disks = self.machine.disks()?;
        let vm = Vm::boot(&image, &job, &disks, &self.machine.options())?;
        progress.say(&format!(
            "OpenZFS {} on Linux {}, up in {:.1} s",
            vm.zfs_version(),
            vm.kernel(),
            vm.boot_time().as_secs_f32()
        ));
        let outcome = vm.wait(|line| println!("{line}"))?;
        progress.say(&format!("status {} after {:.1} s", outcome.status, outcome.ran.as_secs_f32()));
        if let Some(results) = &self.results {
            outcome.keep(results)?;
        }
        Ok(u8::try_from(outcome.status).map_or(ExitCode::FAILURE, ExitCode::from))
    }
}

fn build(suite: Suite, fresh: bool, progress: &mut Progress) -> Result<ExitCode, Failure> {
    if let Some(old) = Image::find(suite)?.filter(|_| fresh) {
        old.remove()?;
    }
    let image = Image::ensure(suite, progress)?;
    println!("{}", image.dir().display());
    Ok(ExitCode::SUCCESS)
}

fn test(machine: &Machine, tests: Tests, progress: &mut Progress) -> Result<ExitCode, Failure> {
    let image = Image::ensure(machine.suite, progress)?;
    let verdict = tests.machine(machine.options()).run(&image, progress, |line| println!("{line}"))?;
    println!("{verdict}");
    Ok(if verdict.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn shell(machine: &Machine, with: &[PathBuf], progress: &mut Progress) -> Result<ExitCode, Failure> {
    let image = Image::ensure(machine.suite, progress)?;
    let job = carry(Job::new(), with)?;
    let disks = machine.disks()?;
    progress.say("booting; 'exit' ends the machine, Ctrl-A x cuts it off");
    Vm::shell(&image, &job, &disks, &machine.options(), terminal())?;
    Ok(ExitCode::SUCCESS)
}

fn list() -> Result<ExitCode, Failure> {
    let images = Image::cached()?;
    if images.is_empty() {
        println!("no image in {}; 'cargo xtask vm build' makes one", image::cache()?.display());
    }
    for image in images {
        let facts = &image.facts;
        let current = if image.is_current()? { "" } else { "  (older recipe)" };
        println!(
            "{:<17} OpenZFS {:<9} Linux {:<29} {:>5} MiB  {}  built in {} s{current}",
            image.label(),
            facts.zfs_module,
            facts.kernel,
            image.room() >> 20,
            age(image.age()),
            facts.build_seconds,
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn clean(all: bool) -> Result<ExitCode, Failure> {
    for image in Image::cached()? {
        if all || !image.is_current()? {
            println!("removing {}", image.dir().display());
            image.remove()?;
        }
    }
    if all {
        headers::forget()?;
        peers::forget()?;
    }
    Ok(ExitCode::SUCCESS)
}

fn carry(mut job: Job, files: &[PathBuf]) -> Result<Job, Failure> {
    for file in files {
        job = job.file(file, name(file)?);
    }
    Ok(job)
}

fn name(path: &Path) -> Result<String, Failure> {
    let name = path.file_name().and_then(|name| name.to_str());
    Ok(name
        .ok_or_else(|| format!("{} has no name the guest could use", path.display()))?
        .to_owned())
}

fn variable(word: &str) -> Result<(String, String), String> {
    word.split_once('=')
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "want NAME=VALUE".to_owned())
}

fn age(age: Duration) -> String {
    let minutes = age.as_secs() / 60;
    match minutes {
        0..120 => format!("{minutes} min old"),
        120..2880 => format!("{} h old", minutes / 60),
        _ => format!("{} days old", minutes / 1440),
    }
}

/// Rows and columns of this terminal, as stty knows them.
fn terminal() -> (u16, u16) {
    let output = process::Command::new("stty").arg("size").stdin(process::Stdio::inherit()).output();
    let text = output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let size = text
        .split_once(' ')
        .and_then(|(rows, cols)| Some((rows.parse().ok()?, cols.trim().parse().ok()?)));
    size.unwrap_or((24, 80))
}
