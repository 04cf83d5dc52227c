//! I bring the tools that people use for the same work, to race against.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    error::{Doing, Error, Result},
    host::{fetch, image, image::Suite, job::Job, progress::Progress, scratch::Scratch},
};

/// A tool that replicates ZFS by running `zfs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Of Debian's package sanoid, in Perl.
    Syncoid,
    /// In Python.
    Bzfs,
    /// In Python.
    ZfsAutobackup,
}

impl Peer {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Syncoid, Self::Bzfs, Self::ZfsAutobackup];

    /// What its program is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Syncoid => "syncoid",
            Self::Bzfs => "bzfs",
            Self::ZfsAutobackup => "zfs-autobackup",
        }
    }

    /// Carries its packages into the guest, as `/job/peers/NAME/`: from the cache, or fetched by apt from the guest's release, by pip from where this host has
    /// Python's packages. Nothing is installed on this host.
    ///
    /// # Errors
    /// They are not to be had; the job stays as it was.
    pub fn carry(self, mut job: Job, suite: Suite, progress: &mut Progress) -> Result<Job> {
        let place = self.ensure(suite, progress)?;
        for entry in fs::read_dir(&place).at("reading", &place)? {
            let path = entry.at("reading", &place)?.path();
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            job = job.file(path, format!("{THERE}/{}/{file}", self.name()));
        }
        Ok(job)
    }

    /// The directory with its packages.
    fn ensure(self, suite: Suite, progress: &mut Progress) -> Result<PathBuf> {
        let cache = image::cache()?.join(THERE);
        let (release, _) = suite.sources();
        let place = cache.join(format!("{release}-{}", self.name()));
        if place.exists() {
            return Ok(place);
        }
        progress.say(&format!("fetching {} for {release}; nothing is installed here", self.name()));
        fs::create_dir_all(&cache).at("making", &cache)?;
        let scratch = Scratch::inside(&cache, "peer")?;
        let packages = scratch.path().join("packages");
        fs::create_dir(&packages).at("making", &packages)?;
        for fetched in self.fetch(release, scratch.path())? {
            let name = fetched.file_name().unwrap_or_default();
            fs::rename(&fetched, packages.join(name)).at("moving", &fetched)?;
        }
        // Another process may have been quicker; what it has is the same.
        if fs::rename(&packages, &place).is_err() && !place.exists() {
            return Err(Error::Unusable(format!("{} cannot be moved into place", packages.display())));
        }
        Ok(place)
    }

    /// Perl and Python themselves are in every guest: the module's build needs one, zfs's own programs need the other.
    fn fetch(self, release: &str, work: &Path) -> Result<Vec<PathBuf>> {
        match self {
            Self::Syncoid => fetch::debian(release, "main", &["sanoid", "libcapture-tiny-perl"], work),
            Self::Bzfs => fetch::python(&["bzfs"], work),
            Self::ZfsAutobackup => fetch::python(&["zfs-autobackup"], work),
        }
    }
}

/// Removes what was fetched.
///
/// # Errors
/// The host refuses.
pub fn forget() -> Result<()> {
    let cache = image::cache()?.join(THERE);
    if cache.exists() {
        fs::remove_dir_all(&cache).at("removing", &cache)
    } else {
        Ok(())
    }
}

/// In the cache, and in the guest below `/job`.
const THERE: &str = "peers";
