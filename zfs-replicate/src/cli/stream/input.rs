//! I am where a stream is read from: a file, or what comes in.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Seek, SeekFrom};
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
    at: u64,
    furthest: u64,
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
        Ok(Self {
            name,
            file,
            bar: None,
            at: 0,
            furthest: 0,
        })
    }

    /// Shows on a terminal how far it is, where that takes long.
    pub(super) fn watched(mut self) -> Self {
        let length = self.file.metadata().ok().filter(std::fs::Metadata::is_file);
        self.bar = live::reading(&self.name, length.map(|metadata| metadata.len()));
        self
    }

    /// Hands on the bytes that are there until all are used, of which `take` says how many it did.
    pub(super) fn each<E: From<Complaint>>(&mut self, mut take: impl FnMut(&[u8]) -> Result<usize, E>) -> Result<(), E> {
        let mut intake = Intake::new();
        loop {
            let bytes = intake.fill(self).map_err(|error| Complaint::unread_file(&self.name, &error))?;
            if bytes.is_empty() {
                return Ok(());
            }
            let used = take(bytes)?;
            intake.used(used);
        }
    }

    /// Whether nothing came of it.
    pub(super) const fn is_empty(&self) -> bool {
        self.furthest == 0
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.at = self.at.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        self.furthest = self.furthest.max(self.at);
        if let Some(bar) = &self.bar {
            bar.set_position(self.furthest);
        }
        Ok(length)
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
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
