//! I fetch the source that each release's module is built from, for its headers.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    error::{Doing, Error, Result, tail},
    host::{image, image::Suite, packages, progress::Progress, scratch::Scratch},
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
    let from = other.unwrap_or(release);
    let lists = work.join("lists");
    let cache = work.join("cache");
    for directory in [lists.join("partial"), cache.join("archives/partial")] {
        fs::create_dir_all(&directory).at("making", &directory)?;
    }
    let list = work.join("sources.list");
    let line = packages::source_of(from, "contrib")?;
    fs::write(&list, format!("{line}\n")).at("writing", &list)?;
    let own = [
        format!("Dir::Etc::sourcelist={}", list.display()),
        "Dir::Etc::sourceparts=-".into(),
        format!("Dir::State::lists={}", lists.display()),
        format!("Dir::Cache={}", cache.display()),
        // Files of a directory of ours are not for apt's own user.
        "APT::Sandbox::User=root".into(),
    ];
    let apt = |what: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            .arg("-q")
            .args(own.iter().flat_map(|option| ["-o", option]))
            .args(what)
            .current_dir(work);
        run(command)
    };
    apt(&["update"])?;
    apt(&["download", "zfs-dkms"])?;
    let package = fs::read_dir(work)
        .at("reading", work)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|end| end == "deb"))
        .ok_or_else(|| Error::Unusable("apt-get fetched no package".into()))?;
    let mut unpack = Command::new("dpkg-deb");
    unpack.arg("-x").args([&package, &work.join(TREE)]);
    run(unpack)
}

fn run(mut command: Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().doing(format!("starting {program}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Program {
        program,
        status: output.status.to_string(),
        tail: tail(&String::from_utf8_lossy(&output.stderr), 10),
    })
}

const TREE: &str = "tree";
