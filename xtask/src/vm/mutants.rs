//! I let real kernels receive mutants of streams that the verifier lets through.

use std::{collections::BTreeMap, fmt, path::Path, process, process::ExitCode, time::Duration};

use clap::Args;
use vm_tests::{Image, Job, PoolDisks, Progress, Suite, Vm, VmOptions, host::cargo};

use super::Suites;
use crate::Failure;

/// What `vm mutants` takes.
#[derive(Debug, Args)]
pub(crate) struct Command {
    #[command(flatten)]
    suites: Suites,
    /// How many mutants, on each release
    #[arg(long, default_value_t = 500)]
    count: u64,
    /// What they are drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only the mutant of this number, as a failure names it
    #[arg(long, value_name = "NUMBER")]
    one: Option<u64>,
    /// Processors
    #[arg(long, default_value_t = 2, value_name = "COUNT")]
    cpus: u32,
    /// The longest that a machine may take for 100 mutants, in seconds
    #[arg(long, default_value_t = 3600, value_name = "SECONDS")]
    limit: u64,
}

/// What is found on one release.
#[derive(Default)]
struct Findings {
    counts: BTreeMap<String, u64>,
    failures: u64,
}

impl Findings {
    /// Says it at once: the rest takes long.
    fn fail(&mut self, why: impl fmt::Display) {
        println!("FAILED: {why}");
        self.failures += 1;
    }
}

impl Command {
    /// Does it: status 0 only when no kernel failed.
    pub(crate) fn run(self, progress: &mut Progress) -> Result<ExitCode, Failure> {
        progress.say("building what draws and receives them (release)");
        let program = cargo::release("vm-tests", "--example", "mutants")?;
        let mut ended = ExitCode::SUCCESS;
        for suite in self.suites.clone().chosen() {
            let Findings { counts, failures } = self.suite(suite, &program, progress)?;
            for (what, count) in &counts {
                println!("{count:>6}  {what}");
            }
            println!("{suite}, seed {}: {failures} failures\n", self.seed);
            if failures > 0 {
                ended = ExitCode::FAILURE;
            }
        }
        Ok(ended)
    }

    /// All mutants on one release. One that a machine dies of costs none of the others: the next machine goes on behind it.
    fn suite(&self, suite: Suite, program: &Path, progress: &mut Progress) -> Result<Findings, Failure> {
        let image = Image::ensure(suite, progress)?;
        let release: Vec<&str> = image.facts.zfs_module.splitn(3, '.').take(2).collect();
        let release = release.join(".");
        let numbers = match self.one {
            Some(one) => vec![one.to_string()],
            None => self.pick(program, &release)?,
        };
        progress.say(&format!(
            "{} mutants that the verifier lets through, for OpenZFS {release}",
            numbers.len()
        ));
        let mut findings = Findings::default();
        let mut left = numbers.as_slice();
        while !left.is_empty() {
            let batch = left.get(..BATCH).unwrap_or(left);
            let args = ["receive", release.as_str(), &self.seed.to_string()];
            let args = args.into_iter().chain(batch.iter().map(String::as_str));
            let job = Job::new().file(program, "mutants").program("./mutants", args);
            let begun = self.machine(&image, &job, &mut findings)?;
            left = left.get(begun..).unwrap_or_default();
            progress.say(&format!("{} left, {} failures", left.len(), findings.failures));
        }
        Ok(findings)
    }

    fn pick(&self, program: &Path, release: &str) -> Result<Vec<String>, Failure> {
        let (seed, count) = (self.seed.to_string(), self.count.to_string());
        let output = process::Command::new(program).args(["pick", release, &seed, &count]).output()?;
        if !output.status.success() {
            return Err(format!("no mutants are drawn ({})", output.status).into());
        }
        Ok(String::from_utf8(output.stdout)?.lines().map(str::to_owned).collect())
    }

    /// One machine; how many mutants it was given. Where it dies or stands still, what it did last is named.
    fn machine(&self, image: &Image, job: &Job, findings: &mut Findings) -> Result<usize, Failure> {
        let options = VmOptions {
            cpus: self.cpus,
            limit: Duration::from_secs(self.limit),
            ..VmOptions::default()
        };
        let disks = PoolDisks::blank(DISK)?;
        let mut vm = Vm::boot(image, job, &disks, &options)?;
        let (mut step, mut begun) = (String::new(), 0);
        loop {
            let line = match vm.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(why) => {
                    findings.fail(format_args!("{step}: {why}"));
                    return if begun > 0 { Ok(begun) } else { Err(why.into()) };
                }
            };
            match line.split_once(' ') {
                Some((">", what)) => {
                    begun += usize::from(!what.starts_with('-'));
                    what.clone_into(&mut step);
                }
                Some(("+", what)) => *findings.counts.entry(what.to_owned()).or_default() += 1,
                Some(("!", failure)) => findings.fail(failure),
                Some(("hangs:", what)) => {
                    findings.fail(format_args!("{what} does not come to an end"));
                    vm.cut_power()?;
                    return Ok(begun);
                }
                _ => println!("{line}"),
            }
        }
        let outcome = vm.wait(|_| {})?;
        if outcome.status != 0 {
            findings.fail(format_args!("{step}: status {}", outcome.status));
        }
        if begun == 0 {
            return Err(format!("nothing was received, status {}", outcome.status).into());
        }
        Ok(begun)
    }
}

/// So many mutants to a machine, and to its pool.
const BATCH: usize = 100;
/// The pool's disk; sparse.
const DISK: u64 = 4 << 30;
