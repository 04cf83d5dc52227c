//! I let libFuzzer look for bytes that break a promise of the pure formats.

use std::{
    fs,
    path::Path,
    process::{Command as Process, ExitCode, Stdio},
};

use clap::{Args, builder::PossibleValuesParser};
use fuzz_targets::{Recorded, TARGETS, Target};
use vm_tests::{
    Progress,
    host::cargo::{NIGHTLY, TARGET},
    packages,
};

use crate::{Failure, sanitize::has_nightly, tidy::top};

/// What `fuzz` takes.
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// What to fuzz; all in turn when nothing is named
    #[arg(value_parser = PossibleValuesParser::new(TARGETS.map(|target| target.name)))]
    target: Vec<String>,
    /// How long each is fuzzed
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
}

impl Command {
    /// Does it: status 0 only when nothing was found.
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        if !has_nightly() {
            return Err("fuzzing wants a nightly compiler ('rustup toolchain install nightly'); \
                        'cargo test -p fuzz-targets' runs the same targets without one, over known inputs and changes of them"
                .into());
        }
        let mut progress = Progress::to_stderr();
        packages::ensure(&["g++"], &mut progress)?;
        progress.say("building the targets (nightly); cargo fetches libfuzzer-sys and what it needs, by fuzz/Cargo.lock");
        build()?;
        let is_wanted = |target: &&Target| self.target.is_empty() || self.target.iter().any(|name| name == target.name);
        let mut found = Vec::new();
        for target in TARGETS.iter().filter(is_wanted) {
            println!("== {}", target.name);
            if !fuzz(target, self.seconds)? {
                found.push(target.name);
            }
        }
        if found.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        println!(
            "found by {}: the inputs are in target/fuzz/artifacts; once in fuzz/regressions/TARGET, `cargo test -p fuzz-targets` runs them too",
            found.join(" ")
        );
        Ok(ExitCode::FAILURE)
    }
}

/// Compiles the programs as cargo-fuzz does: what they call tells libFuzzer which way it went and what it compared.
fn build() -> Result<(), Failure> {
    let top = top();
    let [program, before @ ..] = NIGHTLY;
    let status = Process::new(program)
        .args(before)
        .args(["build", "--release", "--bins", "--locked", "--target", TARGET, "--manifest-path"])
        .arg(top.join("fuzz/Cargo.toml"))
        .env("CARGO_TARGET_DIR", top.join("target/fuzz"))
        .env("RUSTFLAGS", FLAGS.join(" "))
        .stdin(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("the targets do not build: cargo ended with {status}").into())
    }
}

/// Fuzzes one target from its seeds, from what was found before and from what earlier runs learned; says whether all was well.
fn fuzz(target: &Target, seconds: u32) -> Result<bool, Failure> {
    let top = top();
    let made = top.join("target/fuzz");
    let corpus = made.join("corpus").join(target.name);
    let seeds = made.join("seeds").join(target.name);
    let artifacts = made.join("artifacts").join(target.name);
    for folder in [&corpus, &seeds, &artifacts] {
        fs::create_dir_all(folder)?;
    }
    sow(target, &seeds)?;
    let mut program = Process::new(made.join(TARGET).join("release").join(target.name));
    program.arg(&corpus).arg(&seeds);
    let regressions = top.join("fuzz/regressions").join(target.name);
    if regressions.is_dir() {
        program.arg(regressions);
    }
    program
        .args(LIMITS)
        .arg(format!("-max_total_time={seconds}"))
        // libFuzzer puts the file's name right behind.
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .env("ASAN_OPTIONS", ASAN)
        .stdin(Stdio::null());
    Ok(program.status()?.success())
}

fn sow(target: &Target, folder: &Path) -> Result<(), Failure> {
    let recorded = Recorded::read(&top().join("tests/data/streams"))?;
    for (number, seed) in (target.seeds)(&recorded).into_iter().enumerate() {
        fs::write(folder.join(number.to_string()), seed)?;
    }
    Ok(())
}

/// Coverage of edges, of comparisons, and AddressSanitizer for the one unsafe place among the formats.
const FLAGS: [&str; 8] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Zsanitizer=address",
    "-Ccodegen-units=1",
    "--cfg=fuzzing",
];

/// Whatever lengths an input claims: so much memory in all, so much at once, so many seconds, so long an input.
const LIMITS: [&str; 5] = [
    "-rss_limit_mb=256",
    "-malloc_limit_mb=64",
    "-timeout=20",
    "-max_len=65536",
    "-print_final_stats=1",
];

/// AddressSanitizer keeps what was freed for a while; less than its usual 256 MB, which are all we give.
const ASAN: &str = "quarantine_size_mb=16";
