//! I am where a stream is read from: a file, or what comes in.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::os::fd::AsFd as _;
use std::path::Path;

use indicatif::ProgressBar;
use zfs_rs::stream::Intake;

use crate::cli::complaint::Complaint;
use crate::cli::live;

/// A stream that is read, with a bar for who waits.
#[derive(Debug)]
pub(super) struct Input {
    name: String,
    file: File,
    bar: Option<ProgressBar>,
}

impl Input {
    /// Opens what was named; `-` is the standard input.
    pub(super) fn open(path: &Path) -> Result<Self, Complaint> {
        let is_standard = path == Path::new(STANDARD);
        let name = if is_standard {
            "the standard input".to_owned()
        } else {
            path.display().to_string()
        };
        if is_standard && io::stdin().is_terminal() {
            return Err(Complaint::terminal());
        }
        let file = if is_standard {
            io::stdin().as_fd().try_clone_to_owned().map(File::from)
        } else {
            File::open(path)
        };
        let file = file.map_err(|error| Complaint::unread_file(&name, &error))?;
        Ok(Self { name, file, bar: None })
    }

    /// Shows on a terminal how far it is, where that takes long.
    pub(super) fn watched(mut self) -> Self {
        let length = self.file.metadata().ok().filter(std::fs::Metadata::is_file);
        self.bar = live::reading(&self.name, length.map(|metadata| metadata.len()));
        self
    }

    /// Hands on the bytes that are there until all are used, of which `take` says how many it did, and says how many there were.
    pub(super) fn each<E: From<Complaint>>(&mut self, mut take: impl FnMut(&[u8]) -> Result<usize, E>) -> Result<u64, E> {
        let mut intake = Intake::new();
        let mut all = 0_u64;
        loop {
            let bytes = intake.fill(self).map_err(|error| Complaint::unread_file(&self.name, &error))?;
            if bytes.is_empty() {
                return Ok(all);
            }
            let used = take(bytes)?;
            all = all.saturating_add(u64::try_from(used).unwrap_or(u64::MAX));
            intake.used(used);
        }
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        if let Some(bar) = &self.bar {
            bar.inc(u64::try_from(length).unwrap_or(u64::MAX));
        }
        Ok(length)
    }
}

/// What was shown on the terminal goes away with it.
impl Drop for Input {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// What stands for the standard input.
pub(super) const STANDARD: &str = "-";
