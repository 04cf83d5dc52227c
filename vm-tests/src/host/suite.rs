//! I carry the tests of real ZFS into a guest and bring back a verdict.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    error::{Doing, Error, Result, tail},
    host::{
        cargo,
        disk::PoolDisks,
        hardware::VmOptions,
        image::{Image, Suite},
        job::Job,
        libc::Programs,
        matrix::{Ran, Shown},
        progress::Progress,
        qemu::Vm,
        verdict::{Verdict, parse_list},
    },
};

/// The tests of this package's target `real`, or some of them.
#[derive(Clone, Debug, Default)]
pub struct Tests {
    filter: Vec<String>,
    job: Job,
    options: VmOptions,
    is_loud: bool,
    is_watched: bool,
    keep: Option<PathBuf>,
}

impl Tests {
    /// All of them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only those whose name contains one of these words.
    #[must_use]
    pub fn filter(mut self, words: impl IntoIterator<Item = String>) -> Self {
        self.filter.extend(words);
        self
    }

    /// Carries a host file in beside the tests, as `/job/NAME`.
    #[must_use]
    pub fn file(mut self, host: impl Into<PathBuf>, name: impl Into<String>) -> Self {
        self.job = self.job.file(host, name);
        self
    }

    /// Sets a variable for the tests.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.job = self.job.env(name, value);
        self
    }

    /// What tests print is heard at once, not only when they fail.
    #[must_use]
    pub fn loud(mut self) -> Self {
        self.is_loud = true;
        self
    }

    /// They are compiled so that each touch of memory is watched, by a nightly compiler.
    #[must_use]
    pub fn watched(mut self) -> Self {
        self.is_watched = true;
        self
    }

    /// What they leave in `/results` is put into this directory.
    #[must_use]
    pub fn keep(mut self, directory: impl Into<PathBuf>) -> Self {
        self.keep = Some(directory.into());
        self
    }

    /// The machine they run in.
    #[must_use]
    pub fn machine(mut self, options: VmOptions) -> Self {
        self.options = options;
        self
    }

    /// As [`run`](Self::run), and says what was shown of each function; whatever stops the run is a doubt in its verdict.
    pub fn ran(self, suite: Suite, progress: &mut Progress, mut each: impl FnMut(&str)) -> Ran {
        let begun = progress.elapsed();
        let mut shown = Vec::new();
        let mut openzfs = String::new();
        let verdict = Image::ensure(suite, progress).and_then(|image| {
            openzfs.clone_from(&image.facts.zfs_module);
            self.env(TELL_FUNCTIONS, "yes").run(&image, progress, |line| {
                shown.extend(Shown::read(line));
                each(line);
            })
        });
        Ran {
            suite,
            openzfs,
            verdict: verdict.unwrap_or_else(|why| Verdict::doubted(why.to_string())),
            took: progress.elapsed().saturating_sub(begun),
            shown,
        }
    }

    /// Compiles the tests and the product here, runs the tests in `image` one after the other, and judges what they said; each line goes to `each`.
    ///
    /// # Errors
    /// They do not compile, or the guest breaks. Failed tests are a verdict, not an error.
    pub fn run(self, image: &Image, progress: &mut Progress, mut each: impl FnMut(&str)) -> Result<Verdict> {
        progress.say("compiling the tests");
        let program = if self.is_watched {
            cargo::watched_tests()?
        } else {
            cargo::tests()?
        };
        let listed = list(&program, &self.filter)?;
        if listed.is_empty() {
            return Ok(Verdict::doubted("no test has such a name"));
        }
        progress.say(&format!("booting {} for {} tests", image.facts.suite, listed.len()));
        let words = ["--test-threads=1", "--nocapture"];
        let words = words.into_iter().take(if self.is_loud { 2 } else { 1 }).map(str::to_owned);
        let args = words.chain(self.filter);
        let programs = Programs::of(image.facts.suite, progress)?;
        let mut carried = cargo::examples()?;
        carried.extend([(program, "real"), (cargo::product()?, cargo::PRODUCT)]);
        let job = programs.carry(self.job, &carried)?;
        let job = job.program("./real", args).env("RUST_BACKTRACE", "1");
        let disks = PoolDisks::blank(POOL_SIZE)?;
        let mut lines = Vec::new();
        let vm = Vm::boot(image, &job, &disks, &self.options)?;
        progress.say(&format!(
            "OpenZFS {} on Linux {}, up in {:.1} s",
            vm.zfs_version(),
            vm.kernel(),
            vm.boot_time().as_secs_f32()
        ));
        let outcome = vm.wait(|line| {
            each(line);
            lines.push(line.to_owned());
        });
        match outcome {
            Ok(outcome) => {
                if let Some(directory) = &self.keep {
                    outcome.keep(directory)?;
                }
                Ok(Verdict::judge(&listed, &lines, outcome.status))
            }
            // Tests that took their kernel down have failed.
            Err(why @ (Error::Guest { .. } | Error::TimeLimit { .. })) => Ok(Verdict::doubted(format!(
                "after {:?}: {why}",
                lines.last().map_or("nothing", |line| line)
            ))),
            Err(other) => Err(other),
        }
    }
}

fn list(program: &Path, filter: &[String]) -> Result<Vec<String>> {
    let output = Command::new(program)
        .args(["--list", "--format", "terse"])
        .args(filter)
        .output()
        .at("starting", program)?;
    if !output.status.success() {
        return Err(Error::Program {
            program: program.display().to_string(),
            status: output.status.to_string(),
            tail: tail(&String::from_utf8_lossy(&output.stderr), 10),
        });
    }
    Ok(parse_list(&String::from_utf8_lossy(&output.stdout)))
}

/// Has each test that shows a function say so in a line of its own.
const TELL_FUNCTIONS: &str = "VM_TESTS_TELL_FUNCTIONS";

/// Each of the two blank disks.
const POOL_SIZE: u64 = 4 << 30;
