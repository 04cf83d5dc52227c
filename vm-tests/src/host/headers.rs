//! I fetch the source that each release's module is built from, for its headers.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    error::{Doing, Error, Result},
    host::{fetch, image, image::Suite, progress::Progress, scratch::Scratch},
};

/// The directory `include` of the source that `zfs-dkms` of that suite builds, from the cache or from Debian's mirror.
///
/// Nothing is installed: apt fetches the package into a directory of its own, as any user.
///
/// # Errors
/// The mirror does not answer, or the package is not what it was.
pub fn include(suite: Suite, progress: &mut Progress) -> Result<PathBuf> {
    let cache = cache()?;
    let place = cache.join(suite.name());
    if !place.exists() {
        progress.say(&format!("fetching the source of zfs-dkms of {suite}"));
        fs::create_dir_all(&cache).at("making", &cache)?;
        let scratch = Scratch::inside(&cache, "source")?;
        fetch(suite, scratch.path())?;
        // Another process may have been quicker; what it has is the same.
        if fs::rename(scratch.path().join(TREE), &place).is_err() && !place.exists() {
            return Err(Error::Unusable(format!("{} cannot be moved into place", scratch.path().display())));
        }
    }
    let sources = place.join("usr/src");
    let mut found = Vec::new();
    for entry in fs::read_dir(&sources).at("reading", &sources)? {
        found.push(entry.at("reading", &sources)?.path().join("include"));
    }
    found.retain(|path| path.join("sys/zfs_ioctl.h").is_file());
    match found.as_slice() {
        [one] => Ok(one.clone()),
        _ => Err(Error::Unusable(format!("{} holds no source of ZFS", sources.display()))),
    }
}

/// Removes what was fetched.
///
/// # Errors
/// The host refuses.
pub fn forget() -> Result<()> {
    let cache = cache()?;
    if cache.exists() {
        fs::remove_dir_all(&cache).at("removing", &cache)
    } else {
        Ok(())
    }
}

fn cache() -> Result<PathBuf> {
    Ok(image::cache()?.join("sources"))
}

fn fetch(suite: Suite, work: &Path) -> Result<()> {
    let (release, other) = suite.sources();
    let packages = fetch::debian(other.unwrap_or(release), "contrib", &["zfs-dkms"], work)?;
    let mut unpack = Command::new("dpkg-deb");
    unpack.arg("-x").args(packages).arg(work.join(TREE));
    fetch::run(unpack)
}

const TREE: &str = "tree";
