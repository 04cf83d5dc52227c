//! I let the tests of the unsafe places run where each touch of memory is watched.

use std::process::{Command as Process, ExitCode, Stdio};

use clap::Args;
use vm_tests::{
    Image, Progress, Suite, Tests,
    host::cargo::{NIGHTLY, TARGET, WATCHED},
    packages,
};

use crate::Failure;

/// What `sanitize` takes.
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// Only valgrind, though there is a nightly compiler for AddressSanitizer
    #[arg(long)]
    valgrind_only: bool,
}

impl Command {
    /// Does it: status 0 only when nothing was found.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        packages::ensure(&["valgrind"], &mut Progress::to_stderr())?;
        let mut is_clean = watched(
            "valgrind",
            &["cargo"],
            &[("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER", VALGRIND)],
        )?;
        if self.valgrind_only {
            return Ok(status(is_clean));
        }
        if !has_nightly() {
            println!("AddressSanitizer: left out, it wants a nightly compiler ('rustup toolchain install nightly')");
            return Ok(status(is_clean));
        }
        is_clean &= watched("AddressSanitizer", &NIGHTLY, &WATCHED)?;
        is_clean &= watched_in_guest()?;
        Ok(status(is_clean))
    }
}

/// Runs the tests by this program, which is cargo, with these variables, and says how it went.
fn watched(by: &str, cargo: &[&str], variables: &[(&str, &str)]) -> Result<bool, Failure> {
    let mut is_clean = true;
    for tests in TESTS {
        println!("{by}: {}", tests.join(" "));
        let mut words = cargo
            .iter()
            .copied()
            .chain(["test", "--target", TARGET])
            .chain(tests.iter().copied());
        let mut command = Process::new(words.next().ok_or("no program")?);
        command.args(words).envs(variables.iter().copied()).stdin(Stdio::null());
        is_clean &= command.status()?.success();
    }
    println!(
        "{by}: {}",
        if is_clean {
            "clean"
        } else {
            "something was found, or a test failed"
        }
    );
    Ok(is_clean)
}

/// Runs what crosses to the kernel by either way, on real ZFS.
fn watched_in_guest() -> Result<bool, Failure> {
    println!("AddressSanitizer, on real ZFS: {}", IN_GUEST.join(" "));
    let mut progress = Progress::to_stderr();
    let image = Image::ensure(Suite::default(), &mut progress)?;
    let tests = Tests::new().filter(IN_GUEST.map(str::to_owned)).watched();
    let verdict = tests.run(&image, &mut progress, |line| println!("{line}"))?;
    println!("AddressSanitizer, on real ZFS: {verdict}");
    Ok(verdict.is_good())
}

/// Whether rustup has a nightly compiler.
pub(crate) fn has_nightly() -> bool {
    let asked = Process::new("rustup").args(["run", "nightly", "rustc", "--version"]).output();
    asked.is_ok_and(|answer| answer.status.success())
}

fn status(is_clean: bool) -> ExitCode {
    if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The unsafe places: zfs-sys, both ways to the kernel, the checksum.
const TESTS: [&[&str]; 2] = [
    &["-p", "zfs-sys", "--lib", "--test", "loading"],
    &[
        "-p",
        "zfs-rs",
        "--lib",
        "--features",
        "sim",
        "--",
        "backend::lzc",
        "backend::ioctl",
        "stream::fletcher",
    ],
];

/// The tests of all calls and streams. Listings are left out: they are many of the same few calls; and what compares whole streams or makes them anew,
/// which takes long and crosses to the kernel no otherwise.
const IN_GUEST: [&str; 11] = [
    "calls::change",
    "calls::history",
    "calls::hold",
    "calls::key",
    "calls::look",
    "functions::",
    "streams::broken",
    "streams::receive",
    "streams::resume",
    "streams::send",
    "streams::special",
];

/// What is lost for good is an error as a wrong touch is; what is still reachable at the end is not: the library stays loaded by design.
const VALGRIND: &str = "valgrind --quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=99";
