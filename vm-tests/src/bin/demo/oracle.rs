//! I am the administrator: I ask ZFS's own programs, which the product never does.

use std::{
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use crate::{Result, proof::Listing};

/// Runs `zfs` with these words and returns what it wrote.
pub(crate) fn zfs<const N: usize>(args: [&str; N]) -> Result<String> {
    run("zfs", &args)
}

/// Runs `zpool` with these words and returns what it wrote.
pub(crate) fn zpool<const N: usize>(args: [&str; N]) -> Result<String> {
    run("zpool", &args)
}

/// Runs a program to its end; anything but success is an error with its own words.
pub(crate) fn run(program: &str, args: &[&str]) -> Result<String> {
    let output = Command::new(program).args(args).output()?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    let why = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} {}: {}", args.join(" "), why.trim()).into())
}

/// One property, as a script reads it.
pub(crate) fn property(name: &str, of: &str) -> Result<String> {
    Ok(zfs(["get", "-Hp", "-o", "value", name, of])?.trim().to_owned())
}

/// Everything below `root`, with the GUIDs of its snapshots.
pub(crate) fn listing(root: &str) -> Result<Listing> {
    let text = zfs(["list", "-Hp", "-r", "-t", "filesystem,volume,snapshot", "-o", "name,guid", root])?;
    let mut listing = Listing::new(root);
    for line in text.lines() {
        let (name, guid) = line.split_once('\t').ok_or_else(|| format!("zfs list says {line:?}"))?;
        match name.split_once('@') {
            None => listing.dataset(name),
            Some((dataset, snapshot)) => listing.snapshot(dataset, snapshot, guid.parse()?),
        }
    }
    Ok(listing)
}

/// The device of a volume, once udev has made it.
pub(crate) fn device(volume: &str) -> Result<PathBuf> {
    let path = Path::new("/dev/zvol").join(volume);
    for _ in 0..PATIENCE {
        if path.exists() {
            return Ok(path);
        }
        thread::sleep(PAUSE);
    }
    Err(format!("{} does not appear", path.display()).into())
}

/// Destroys a dataset that udev may still be looking at.
pub(crate) fn destroy(dataset: &str) -> Result<()> {
    for _ in 0..PATIENCE {
        if zfs(["destroy", "-r", dataset]).is_ok() {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
    zfs(["destroy", "-r", dataset]).map(drop)
}

const PAUSE: Duration = Duration::from_millis(100);

/// How many pauses udev is given: an emulated machine is slow.
const PATIENCE: u32 = 200;
