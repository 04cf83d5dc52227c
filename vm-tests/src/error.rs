//! I say what went wrong on the way to a guest, in it, or back.

use std::{io, path::Path, time::Duration};

/// Why a virtual machine could not be built, booted or heard to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host refused a file or a process.
    #[error("{doing}: {source}")]
    Host {
        /// What was being done, with its object.
        doing: String,
        /// What the host said.
        source: io::Error,
    },
    /// A program of the host ended badly.
    #[error("{program} failed ({status}){tail}")]
    Program {
        /// The program's name.
        program: String,
        /// How it ended.
        status: String,
        /// The last lines it wrote, each after a line break.
        tail: String,
    },
    /// Packages are missing and this user may not install them.
    #[error("missing packages: {packages}\nThis user may not install them. Run as root:\n\n{command}")]
    MayNotInstall {
        /// The missing packages.
        packages: String,
        /// The exact commands that install them.
        command: String,
    },
    /// The guest ended or broke before it could report.
    #[error("the guest {why}{console}")]
    Guest {
        /// What it did.
        why: String,
        /// The end of its console, each line after a line break.
        console: String,
    },
    /// The guest ran longer than it was given.
    #[error("the guest was stopped after its limit of {} s{console}", limit.as_secs())]
    TimeLimit {
        /// What it was given.
        limit: Duration,
        /// The end of its console, each line after a line break.
        console: String,
    },
    /// Something the harness reads is not what it must be.
    #[error("{0}")]
    Unusable(String),
}

/// What every fallible call of the harness returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Names what was being done when the host said no.
pub(crate) trait Doing<T> {
    /// Adds `doing` to an error of the host.
    fn doing(self, doing: impl Into<String>) -> Result<T>;
    /// Adds a verb and the path it was meant for.
    fn at(self, verb: &str, path: &Path) -> Result<T>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: impl Into<String>) -> Result<T> {
        self.map_err(|source| Error::Host {
            doing: doing.into(),
            source,
        })
    }

    fn at(self, verb: &str, path: &Path) -> Result<T> {
        self.doing(format!("{verb} {}", path.display()))
    }
}

/// The last `count` lines of a text, each after a line break, so that it can follow a sentence.
pub(crate) fn tail(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(count);
    lines.iter().skip(from).map(|line| format!("\n  | {line}")).collect()
}
