//! I am the demonstration's host: I build the product, boot real OpenZFS, and pass on what happens there.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, ExitCode, Stdio},
    sync::{
        Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use vm_tests::{Image, Job, PoolDisks, Progress, Suite, Vm, VmOptions};

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
    let product = build("zfs-replicate", "--bin", "zfs-replicate")?;
    let player = build("vm-tests", "--bin", "demo")?;
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

/// The path of a program of this workspace, fresh from cargo; `kind` is cargo's word for it: `--bin`, `--example` or `--bench`.
pub(crate) fn build(package: &str, kind: &str, program: &str) -> Result<PathBuf, Failure> {
    built(&["--release", "--package", package, kind], program)
}

/// The same, chosen by all that cargo is told before its name.
pub(crate) fn built(how: &[&str], program: &str) -> Result<PathBuf, Failure> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = process::Command::new(cargo)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .arg("build")
        .args(how)
        .arg(program)
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{program} does not build ({})", output.status).into());
    }
    let path = executable(&String::from_utf8_lossy(&output.stdout), program);
    let path = path.ok_or_else(|| format!("cargo built no program {program}"))?;
    fs::metadata(&path).map_err(|why| format!("{}: {why}", path.display()))?;
    Ok(path)
}

/// The executable cargo names for a target.
fn executable(messages: &str, target: &str) -> Option<PathBuf> {
    let word = |message: &serde_json::Value, path: &str| message.pointer(path).and_then(|value| value.as_str().map(str::to_owned));
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| word(message, "/target/name").as_deref() == Some(target))
        .find_map(|message| word(&message, "/executable"))
        .map(PathBuf::from)
}

/// Each of the two blank disks; sparse.
const DISK: u64 = 4 << 30;

/// How long the guest may say nothing before we do.
const SILENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_the_one_that_cargo_names_not_the_library_of_that_name() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"demo"},"executable":null}
not json
{"reason":"compiler-artifact","target":{"name":"other"},"executable":"/t/other"}
{"reason":"compiler-artifact","target":{"name":"demo"},"executable":"/t/demo"}"#;
        assert_eq!(executable(messages, "demo"), Some("/t/demo".into()));
        assert_eq!(executable(messages, "none"), None);
    }
}
