//! I write into files of filesystems that nobody has mounted: I mount them for as long as it takes.

use std::{fs, io, path::Path};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use ring_tests::sequence::Hands;
use zfs_rs::{DatasetName, Errno};

/// A hand of this machine.
#[derive(Debug)]
pub(super) struct Mounting;

impl Hands for Mounting {
    fn write(&self, dataset: &DatasetName, file: u8, bytes: &[u8]) -> Result<(), Errno> {
        within(dataset, |top| fs::write(top.join(format!("file{file}")), bytes))
    }

    fn remove(&self, dataset: &DatasetName, file: u8) -> Result<(), Errno> {
        within(dataset, |top| match fs::remove_file(top.join(format!("file{file}"))) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        })
    }
}

fn within(dataset: &DatasetName, act: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), Errno> {
    let place = tempfile::tempdir().map_err(|error| number(&error))?;
    mount(Some(dataset.as_str()), place.path(), Some("zfs"), MsFlags::MS_NOATIME, None::<&str>).map_err(Errno::from)?;
    let done = act(place.path());
    // Everything is on disk when this returns.
    umount2(place.path(), MntFlags::empty()).map_err(Errno::from)?;
    done.map_err(|error| number(&error))
}

fn number(error: &io::Error) -> Errno {
    Errno(error.raw_os_error().unwrap_or(0))
}
