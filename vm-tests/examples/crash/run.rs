//! I am one run of the program: let be, or killed.

use std::{
    fs::{self, File},
    os::unix::process::ExitStatusExt as _,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use ring_tests::chance::Chance;
use serde_json::Value;

use super::{
    Result,
    tree::{SOURCE, TARGET},
    watchdog::stir,
};

/// A run that is going on.
#[derive(Debug)]
pub(crate) struct Run {
    child: Child,
    begun: Instant,
    /// How it was begun.
    pub(crate) words: String,
    /// It is slow, and likely to leave something half received.
    pub(crate) is_slow: bool,
}

impl Run {
    /// Begins.
    pub(crate) fn start(chance: &mut Chance) -> Result<Self> {
        let mut words = vec!["--backend", chance.of(&["ioctl", "libzfs_core"]), "replicate"];
        let pace = chance.of(&[None, None, Some("256KiB"), Some("1MiB")]);
        words.extend(pace.into_iter().flat_map(|pace| ["--bwlimit", pace]));
        let mut command = Command::new(PROGRAM);
        command.args(&words).args(SCOPE);
        stir();
        let child = command.stdout(Stdio::null()).stderr(File::create(COMPLAINTS)?).spawn()?;
        Ok(Self {
            child,
            begun: Instant::now(),
            words: words.join(" "),
            is_slow: pace.is_some(),
        })
    }

    /// Waits for an instant of it. False when it ended before, as a run may; and how long it took then.
    pub(crate) fn reaches(&mut self, instant: Duration) -> Result<std::result::Result<(), Duration>> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                if !matches!(status.code(), Some(0 | 1)) {
                    return Err(format!("{} ended with {status}: {}", self.words, fs::read_to_string(COMPLAINTS)?).into());
                }
                return Ok(Err(self.begun.elapsed()));
            }
            let left = instant.saturating_sub(self.begun.elapsed());
            if left.is_zero() {
                return Ok(Ok(()));
            }
            thread::sleep(left.min(LOOK));
        }
    }

    /// Sends SIGKILL, and does not wait until it has gone.
    pub(crate) fn kill(&mut self) -> Result<()> {
        Ok(self.child.kill()?)
    }

    /// Waits until it has gone; whether it was the signal that ended it.
    pub(crate) fn was_killed(mut self) -> Result<bool> {
        Ok(self.child.wait()?.signal() == Some(SIGKILL))
    }
}

/// How a run ended that nobody disturbed.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) complete: bool,
    pub(crate) bytes: u64,
    /// Bytes that were there from an interrupted one.
    pub(crate) saved: u64,
    pub(crate) took: Duration,
    /// All it said.
    pub(crate) said: String,
}

impl Ended {
    /// A whole run.
    pub(crate) fn run(chance: &mut Chance) -> Result<Self> {
        stir();
        let begun = Instant::now();
        let mut command = Command::new(PROGRAM);
        command.args(["--backend", chance.of(&["ioctl", "libzfs_core"]), "replicate", "--json"]);
        let output = command.args(SCOPE).output()?;
        let took = begun.elapsed();
        let text = String::from_utf8_lossy(&output.stdout);
        let said = format!("{}\n{text}{}", output.status, String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_str(&text).map_err(|why| format!("{why}: {said}"))?;
        let datasets = report.get("datasets").and_then(Value::as_array);
        let saved = datasets
            .into_iter()
            .flatten()
            .filter_map(|dataset| dataset.get("bytes_saved")?.as_u64());
        Ok(Self {
            complete: output.status.success() && report.get("complete") == Some(&Value::Bool(true)),
            bytes: report.get("bytes").and_then(Value::as_u64).unwrap_or(0),
            saved: saved.sum(),
            took,
            said,
        })
    }
}

const PROGRAM: &str = "./zfs-replicate";
const SCOPE: [&str; 4] = ["--recursive", "--raw", SOURCE, TARGET];
const COMPLAINTS: &str = "/run/complaints";
const SIGKILL: i32 = 9;
const LOOK: Duration = Duration::from_millis(5);
