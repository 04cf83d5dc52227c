//! I keep in a file what listings remember, from one run to the next.
//!
//! The file only saves time: what is wrong with it is told, and everything is asked of the kernel as if there were none.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::Uid;
use serde::{Deserialize, Serialize};
use zfs_rs::ListingCache;

use super::say;
use crate::drive::Memory;

/// A file, and what it had.
#[derive(Debug)]
pub(super) struct Cache {
    file: PathBuf,
    memory: Memory,
}

/// What is in the file.
#[derive(Debug, Serialize, Deserialize)]
struct Kept<L> {
    version: u32,
    listing: L,
}

impl Cache {
    /// Reads a file, if there is one.
    pub(super) fn open(file: &Path) -> Self {
        let known = read(file).unwrap_or_else(|why| {
            say(&format!(
                "warning: {} is not used as a cache: {why}; all is asked anew",
                file.display()
            ));
            ListingCache::new()
        });
        Self {
            file: file.to_owned(),
            memory: Memory::new(known),
        }
    }

    /// What it remembers.
    pub(super) fn memory(&self) -> Memory {
        self.memory.clone()
    }

    /// Puts into the file what is remembered by now.
    pub(super) fn save(&self) {
        if let Err(why) = self.write() {
            say(&format!(
                "warning: {} cannot be written, and the next run asks all anew: {why}",
                self.file.display()
            ));
        }
    }

    /// As a whole or not at all, and for nobody else to write to.
    fn write(&self) -> io::Result<()> {
        let kept = Kept {
            version: VERSION,
            listing: &*self.memory.lock(),
        };
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut new = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        new.write_all(&serde_json::to_vec(&kept)?)?;
        // After a power cut it may be old, or gone; it must not be half of it.
        new.as_file().sync_data()?;
        new.persist(&self.file)?;
        Ok(())
    }
}

fn read(file: &Path) -> Result<ListingCache, String> {
    let mut opened = match File::open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(ListingCache::new()),
        opened => opened.map_err(|error| error.to_string())?,
    };
    let facts = opened.metadata().map_err(|error| error.to_string())?;
    if !is_ours(&facts) {
        return Err("others could have written to it".to_owned());
    }
    let text = io::read_to_string(&mut opened).map_err(|error| error.to_string())?;
    let kept: Kept<serde_json::Value> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if kept.version != VERSION {
        return Err(format!(
            "it is of version {}, and this program writes version {VERSION}",
            kept.version
        ));
    }
    serde_json::from_value(kept.listing).map_err(|error| error.to_string())
}

/// Whether only root and who runs this can have written to a file.
fn is_ours(facts: &fs::Metadata) -> bool {
    let owner = facts.uid();
    (owner == 0 || owner == Uid::effective().as_raw()) && facts.mode() & 0o022 == 0
}

/// The version of the file's form.
const VERSION: u32 = 1;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_was_saved_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cache");
        Cache::open(&file).save();
        assert!(read(&file).unwrap().is_empty());
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        assert!(read(&folder.path().join("none")).unwrap().is_empty(), "there need not be one");
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cache");
        let why = |text: &str, mode: u32| {
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            read(&file).unwrap_err()
        };
        assert_eq!(why("{}", 0o620), "others could have written to it");
        assert_eq!(why("{}", 0o602), "others could have written to it");
        assert!(why("", 0o600).contains("EOF"));
        assert!(why(r#"{"version":1,"listing":7}"#, 0o600).contains("invalid type"));
        assert!(why(r#"{"version":2,"listing":{}}"#, 0o600).contains("version 2"));
        assert!(why("{}", 0o600).contains("version"));
    }
}
