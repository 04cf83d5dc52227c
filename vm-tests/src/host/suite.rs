//! I carry the tests of real ZFS into a guest and bring back a verdict.

use std::{
    num::NonZeroUsize,
    panic,
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc,
    thread,
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
    machines: Option<NonZeroUsize>,
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

    /// In so many machines at once, each with a share of the tests.
    ///
    /// A test waits for transaction groups more than it computes, and the tests of one machine run one after the other.
    #[must_use]
    pub fn machines(mut self, count: NonZeroUsize) -> Self {
        self.machines = Some(count);
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

    /// Compiles the tests and the product here, runs the tests in machines of `image`, those of each one after the other, and judges what they said; each
    /// line goes to `each`.
    ///
    /// # Errors
    /// They do not compile, or a guest breaks. Failed tests are a verdict, not an error.
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
        let programs = Programs::of(image.facts.suite, progress)?;
        let mut carried = cargo::examples()?;
        carried.extend([(program, "real"), (cargo::product()?, cargo::PRODUCT)]);
        let job = programs.carry(self.job.clone(), &carried)?;
        let shares = shares(&listed, self.machines);
        for share in &shares {
            progress.say(&format!("booting {} for {} tests", image.facts.suite, share.len()));
        }
        let (say, said) = mpsc::channel();
        thread::scope(|scope| {
            let run = |share: Vec<String>| {
                let (say, job, this) = (say.clone(), job.clone(), &self);
                scope.spawn(move || this.share(image, job, &share, &say))
            };
            let guests: Vec<_> = shares.into_iter().map(run).collect();
            drop(say);
            for word in said {
                match word {
                    Word::Line(line) => each(&line),
                    Word::Up(text) => progress.say(&text),
                }
            }
            let verdicts = guests.into_iter().map(|guest| match guest.join() {
                Ok(verdict) => verdict,
                Err(panic) => panic::resume_unwind(panic),
            });
            verdicts
                .reduce(|one, other| Ok(one?.and(other?)))
                .unwrap_or_else(|| Ok(Verdict::doubted("no machine")))
        })
    }

    /// One machine's share of the tests.
    fn share(&self, image: &Image, job: Job, share: &[String], say: &mpsc::Sender<Word>) -> Result<Verdict> {
        let words = ["--test-threads=1", "--exact", "--nocapture"];
        let words = words.into_iter().take(if self.is_loud { 3 } else { 2 });
        let args = words.chain(share.iter().map(String::as_str));
        let job = job.program("./real", args).env("RUST_BACKTRACE", "1");
        let disks = PoolDisks::blank(POOL_SIZE)?;
        let mut lines = Vec::new();
        let vm = Vm::boot(image, &job, &disks, &self.options)?;
        // Whoever listens does so to the end.
        let tell = |word| drop(say.send(word));
        tell(Word::Up(format!(
            "OpenZFS {} on Linux {}, up in {:.1} s",
            vm.zfs_version(),
            vm.kernel(),
            vm.boot_time().as_secs_f32()
        )));
        let outcome = vm.wait(|line| {
            tell(Word::Line(line.to_owned()));
            lines.push(line.to_owned());
        });
        match outcome {
            Ok(outcome) => {
                if let Some(directory) = &self.keep {
                    outcome.keep(directory)?;
                }
                Ok(Verdict::judge(share, &lines, outcome.status))
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

/// What a machine says while it runs.
enum Word {
    /// It is up.
    Up(String),
    /// A line of its tests.
    Line(String),
}

/// Deals the tests out, one to each machine in turn: neighbours take about as long.
fn shares(listed: &[String], machines: Option<NonZeroUsize>) -> Vec<Vec<String>> {
    let count = machines.map_or(1, NonZeroUsize::get).min(listed.len());
    (0..count)
        .map(|machine| listed.iter().skip(machine).step_by(count).cloned().collect())
        .collect()
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
