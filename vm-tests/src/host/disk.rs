//! I am the disks that outlive a boot.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use crate::{
    error::{Doing, Result},
    host::scratch::Scratch,
};

/// Two sparse disks for pools; in the guest `/dev/disk/by-id/virtio-pool0` and `virtio-pool1`.
///
/// They keep what was written when a machine ends or loses its power, so the next one can be booted with them. A write that the guest's disk
/// had confirmed survives; what the guest held in memory does not.
#[derive(Debug)]
pub struct PoolDisks {
    scratch: Scratch,
}

impl PoolDisks {
    /// Two blank disks of `size` bytes each. They take no room until written.
    ///
    /// # Errors
    /// The host's temporary directory cannot hold them.
    pub fn blank(size: u64) -> Result<Self> {
        let disks = Self {
            scratch: Scratch::new("pools")?,
        };
        for path in disks.paths() {
            sparse(&path, size)?;
        }
        Ok(disks)
    }

    /// The two files, in the order of their serials `pool0` and `pool1`.
    #[must_use]
    pub fn paths(&self) -> [PathBuf; 2] {
        ["pool0", "pool1"].map(|name| self.scratch.path().join(name))
    }
}

/// A file of zeros that takes no room.
pub(crate) fn sparse(path: &Path, size: u64) -> Result<()> {
    File::create(path).and_then(|file| file.set_len(size)).at("making the disk", path)
}
