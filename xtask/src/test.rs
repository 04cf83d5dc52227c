//! I run every check there is, one stage after the other, and say in one line how it went.

mod cargo;
mod deny;

use std::{
    fmt,
    num::NonZeroUsize,
    ops::Add,
    process::{Command as Program, ExitCode, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use vm_tests::{Image, Progress, Suite, Tests, VmOptions, packages};

use self::cargo::cargo;
use crate::{Failure, api, sim, tidy};

/// What `test` takes.
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// Leave out the virtual machine
    #[arg(long)]
    no_vm: bool,
    /// Only this stage; may be given again
    #[arg(long, value_name = "STAGE")]
    only: Vec<Stage>,
}

/// Quick failures first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Stage {
    /// rustfmt has nothing to change
    Format,
    /// `cargo xtask tidy`
    Tidy,
    /// Licences, banned packages and sources, by deny.toml
    Deny,
    /// All packages with all features, and zfs-rs with few
    Clippy,
    /// Unit, property, simulation and documentation tests
    Unit,
    /// Worlds of the model in which what can go wrong does
    Sim,
    /// The declarations of zfs-sys against the installed headers, the layouts of zfs-rs against the module's, of four releases
    Agreement,
    /// Every public and private item's documentation
    Docs,
    /// What zfs-rs offers against zfs-rs/api.txt
    Api,
    /// Real OpenZFS in a virtual machine
    Vm,
}

/// Tests that ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
}

/// How a stage ended.
#[derive(Debug)]
struct Ended {
    stage: Stage,
    took: Duration,
    result: Result<Count, String>,
}

impl Command {
    /// Does it. A failed stage does not keep the others from running: one run shows all that is wrong.
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        components()?;
        let wanted = |stage: &&Stage| match self.only.as_slice() {
            [] => !self.no_vm || **stage != Stage::Vm,
            only => only.contains(stage),
        };
        let ended: Vec<Ended> = Stage::value_variants().iter().filter(wanted).map(|stage| stage.run()).collect();
        let (table, is_good) = table(&ended);
        print!("{table}");
        Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Stage {
    fn run(self) -> Ended {
        println!("\n== {self}");
        let begun = Instant::now();
        let result = with_heartbeat(self, || match self {
            Self::Format => cargo(&["fmt", "--all", "--check"]),
            Self::Tidy => tidy(),
            Self::Deny => deny::check(&tidy::top()).map(|()| Count::default()),
            Self::Clippy => clippy(),
            Self::Unit => unit(),
            Self::Sim => sim::check(&cargo::features()?).map(|()| Count::default()),
            Self::Agreement => agreement(),
            Self::Docs => docs(),
            Self::Api => api::check().map(|()| Count::default()),
            Self::Vm => vm(),
        });
        let ended = Ended {
            stage: self,
            took: begun.elapsed(),
            result: result.map_err(|why| why.to_string()),
        };
        println!("{}", ended.line());
        ended
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }
}

impl Ended {
    fn is_good(&self) -> bool {
        self.result.as_ref().is_ok_and(|count| count.failed == 0)
    }

    /// A stage that failed without a failed test counts as one.
    fn count(&self) -> Count {
        self.result.as_ref().copied().unwrap_or(Count { passed: 0, failed: 1 })
    }

    fn line(&self) -> String {
        let outcome = match &self.result {
            Ok(Count { passed: 0, failed: 0 }) => "ok".to_owned(),
            Ok(count) => count.to_string(),
            Err(why) => format!("FAILED: {why}"),
        };
        format!("{:<10} {:>7}  {outcome}", self.stage.to_string(), clock(self.took))
    }
}

impl Add for Count {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// All stages with their times, then one plain line of all tests; and whether all is well.
fn table(ended: &[Ended]) -> (String, bool) {
    let mut text = "\n".to_owned();
    for line in ended.iter().map(Ended::line) {
        text += &format!("{line}\n");
    }
    let all = ended.iter().map(Ended::count).fold(Count::default(), Count::add);
    let took: Duration = ended.iter().map(|ended| ended.took).sum();
    text += &format!("{:<10} {:>7}\n\n{all}\n", "all", clock(took));
    (text, !ended.is_empty() && ended.iter().all(Ended::is_good))
}

fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

/// Runs `stage` and says twice a minute that it still runs.
fn with_heartbeat<T>(stage: Stage, run: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let (end, ended) = mpsc::channel::<()>();
    let beat = thread::spawn(move || {
        while ended.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
            println!("-- {stage} has run for {}", clock(begun.elapsed()));
        }
    });
    let result = run();
    drop(end);
    // A heart that stopped early is no failure of the stage.
    beat.join().ok();
    result
}

/// rustfmt and clippy, which a minimal installation of Rust lacks.
fn components() -> Result<(), Failure> {
    let runs = |tool: &str| {
        let answer = Program::new("cargo")
            .args([tool, "--version"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        answer.is_ok_and(|status| status.success())
    };
    if runs("fmt") && runs("clippy") {
        return Ok(());
    }
    println!("rustfmt or clippy is missing; running: rustup component add rustfmt clippy");
    let added = Program::new("rustup")
        .args(["component", "add", "rustfmt", "clippy"])
        .stdin(Stdio::null())
        .status();
    match added {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("rustup ended with {status}").into()),
        Err(why) => Err(format!("install rustfmt and clippy for this Rust (rustup does not start: {why})").into()),
    }
}

fn tidy() -> Result<Count, Failure> {
    let report = tidy::check(&tidy::top())?;
    print!("{}", report.text());
    if report.is_clean() {
        return Ok(Count::default());
    }
    Err("the lines above that are no notes".into())
}

fn clippy() -> Result<Count, Failure> {
    let features = cargo::features()?;
    cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--features",
        &features,
        "--",
        "-D",
        "warnings",
    ])?;
    // What only runs in a machine is no test to cargo unless it is named.
    cargo(&["clippy", "--workspace", "--test", "*", "--", "-D", "warnings"])?;
    for features in ["", "ioctl", "sim"] {
        println!("zfs-rs with the features '{features}' alone");
        cargo(&[
            "clippy",
            "-p",
            "zfs-rs",
            "--all-targets",
            "--no-default-features",
            "--features",
            features,
            "--",
            "-D",
            "warnings",
        ])?;
    }
    Ok(Count::default())
}

fn unit() -> Result<Count, Failure> {
    let count = cargo(&["test", "--workspace", "--no-fail-fast", "--features", &cargo::features()?])?;
    ran(count)
}

fn agreement() -> Result<Count, Failure> {
    packages::ensure(&HEADERS, &mut Progress::to_stderr())?;
    let these = ["-p", "zfs-sys", "--features", "buildtime-bindgen"];
    cargo(&[&["clippy", "--all-targets"], &these[..], &["--", "-D", "warnings"]].concat())?;
    let declarations = ran(cargo(&[&["test", "--no-fail-fast"], &these[..]].concat())?)?;
    let layout = ran(cargo(&["test", "--no-fail-fast", "--workspace", "--test", "layout"])?)?;
    Ok(declarations + layout)
}

fn docs() -> Result<Count, Failure> {
    let features = cargo::features()?;
    let args = [
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
        "--features",
        &features,
    ];
    cargo::with(&args, &[("RUSTDOCFLAGS", "-D warnings")])
}

fn vm() -> Result<Count, Failure> {
    let mut progress = Progress::to_stderr();
    let image = Image::ensure(Suite::Trixie, &mut progress)?;
    let harness = ran(cargo(&["test", "--workspace", "--test", "machine", "--", "--test-threads=1"])?)?;
    let power = ran(cargo(&["test", "--workspace", "--test", "power", "--", "--nocapture"])?)?;
    let verdict = Tests::new()
        .machines(MACHINES)
        .machine(VmOptions {
            cpus: 1,
            ..VmOptions::default()
        })
        .run(&image, &mut progress, |line| println!("{line}"))?;
    println!("{verdict}");
    let count = Count {
        passed: verdict.passed,
        failed: verdict.failed,
    };
    if !verdict.is_good() && count.failed == 0 {
        return Err(verdict.to_string().replace('\n', "; ").into());
    }
    Ok(harness + power + count)
}

/// A run that executed no test shows nothing.
fn ran(count: Count) -> Result<Count, Failure> {
    if count == Count::default() {
        Err("no test ran".into())
    } else {
        Ok(count)
    }
}

/// Machines with real ZFS at once, of one processor each: an emulated one alone need not agree with others on each touch of memory.
const MACHINES: NonZeroUsize = NonZeroUsize::new(2).unwrap();

const BEAT: Duration = Duration::from_secs(30);

/// What bindgen reads, and with what; and what knows the layouts of other processors.
const HEADERS: [&str; 3] = ["libclang-dev", "libzfslinux-dev", "clang"];

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(stage: Stage, result: Result<Count, &str>) -> Ended {
        Ended {
            stage,
            took: Duration::from_secs(61),
            result: result.map_err(str::to_owned),
        }
    }

    #[test]
    fn the_last_line_counts_all_tests() {
        let unit = Count { passed: 7, failed: 0 };
        let (text, is_good) = table(&[ended(Stage::Format, Ok(Count::default())), ended(Stage::Unit, Ok(unit))]);
        assert!(is_good);
        assert!(text.contains("format        1:01  ok\n"), "{text}");
        assert!(text.ends_with("all           2:02\n\n7 passed, 0 failed\n"), "{text}");
    }

    #[test]
    fn a_stage_that_failed_is_counted_and_so_is_a_test() {
        let (text, is_good) = table(&[
            ended(Stage::Clippy, Err("why")),
            ended(Stage::Unit, Ok(Count { passed: 7, failed: 2 })),
        ]);
        assert!(!is_good);
        assert!(text.contains("clippy        1:01  FAILED: why\n"), "{text}");
        assert!(text.ends_with("7 passed, 3 failed\n"), "{text}");
    }

    #[test]
    fn nothing_run_is_nothing_shown() {
        assert!(!table(&[]).1);
        assert!(ran(Count::default()).is_err());
    }
}
