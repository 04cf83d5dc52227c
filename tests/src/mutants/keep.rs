//! I keep mutants that break no rule, for real kernels to receive.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;

use zfs_rs::stream::Features;

use super::streams::Made;
use crate::plain::bytes::{RECORD, Rec};
use crate::plain::fields::begin;

/// A directory with mutants, and an index of them with tabs between what it says of each: the file, whether it is a stream or a package, its features, the
/// GUIDs of base and snapshot, and what was done to it.
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
        writeln!(index, "file\tkind\tfeatures\tbase\tsnapshot\twhat")?;
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
        let first = Rec {
            header: &bytes[..RECORD],
            payload: &[],
            order: made.order,
        };
        let features = Features::from_bits(first.get(begin::VERSION) >> 2);
        let (base, snapshot) = (first.get(begin::BASE), first.get(begin::GUID));
        writeln!(self.index, "{name}\t{kind}\t{features}\t{base}\t{snapshot}\t{what}")?;
        self.count += 1;
        Ok(())
    }
}

/// More than kernels get through in a night.
const MOST: usize = 10_000;
