//! I keep mutants that break no rule, for real kernels to receive.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;

use super::streams::Made;

/// A directory with mutants, and an index of them: file, base, snapshot, and what was done to it, with tabs between them.
#[derive(Debug)]
pub struct Keep {
    directory: PathBuf,
    index: File,
    count: usize,
}

impl Keep {
    /// A directory, which is made.
    ///
    /// # Errors
    /// It cannot be made or written to.
    pub fn new(directory: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&directory)?;
        let mut index = File::create(directory.join("index.tsv"))?;
        writeln!(index, "file\tkind\tbase\tsnapshot\twhat")?;
        Ok(Self {
            directory,
            index,
            count: 0,
        })
    }

    /// How many it holds.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    pub(super) fn take(&mut self, made: &Made, bytes: &[u8], what: &str) -> io::Result<()> {
        if self.count >= MOST {
            return Ok(());
        }
        let name = format!("{:05}.zstream", self.count);
        fs::write(self.directory.join(&name), bytes)?;
        let kind = if made.is_package { "package" } else { "stream" };
        let from = made.from.map_or_else(|| "-".to_owned(), |guid| guid.to_string());
        writeln!(self.index, "{name}\t{kind}\t{from}\t{}\t{what}", made.to)?;
        self.count += 1;
        Ok(())
    }
}

/// More than kernels get through in a night.
const MOST: usize = 10_000;
