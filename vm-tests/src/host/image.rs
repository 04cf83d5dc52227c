//! I am a Debian with ZFS on a disk, built once and kept outside the tree.

use std::{
    fmt, fs,
    fs::File,
    path::{Path, PathBuf},
    process::Command,
    str::FromStr,
    time::{Duration, SystemTime},
};

use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    error::{Doing, Error, Result},
    host::{build, packages, progress::Progress},
};

/// A Debian release, and through it an OpenZFS release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suite {
    /// Debian 11: OpenZFS 2.0.
    Bullseye,
    /// Debian 12: OpenZFS 2.1.
    Bookworm,
    /// Debian 13: OpenZFS 2.3.
    #[default]
    Trixie,
    /// Debian 13 with the backported OpenZFS 2.4.
    TrixieBackports,
}

impl Suite {
    /// All of them, oldest first.
    pub const ALL: [Self; 4] = [Self::Bullseye, Self::Bookworm, Self::Trixie, Self::TrixieBackports];

    /// The name it has on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bullseye => "bullseye",
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
            Self::TrixieBackports => "trixie-backports",
        }
    }

    /// The release under it, and the suite ZFS is taken from when that is another.
    pub(crate) const fn sources(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Bullseye => ("bullseye", None),
            Self::Bookworm => ("bookworm", None),
            Self::Trixie => ("trixie", None),
            Self::TrixieBackports => ("trixie", Some("trixie-backports")),
        }
    }

    /// The version of its C library.
    pub(crate) const fn glibc(self) -> (u32, u32) {
        match self {
            Self::Bullseye => (2, 31),
            Self::Bookworm => (2, 36),
            Self::Trixie | Self::TrixieBackports => (2, 41),
        }
    }

    /// What the tests count on and nothing in these releases asks for.
    pub(crate) const fn more_packages(self) -> &'static str {
        match self {
            Self::Bullseye | Self::Bookworm => "mount",
            Self::Trixie | Self::TrixieBackports => "",
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Suite {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let known = || Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|suite| suite.name() == name);
        found.ok_or_else(|| Error::Unusable(format!("no suite is called '{name}'; there are {}", known())))
    }
}

/// What an image has besides Debian with ZFS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kit {
    /// Nothing.
    #[default]
    Plain,
    /// The tests of OpenZFS itself and the programs they call.
    Zts,
}

impl Kit {
    /// The packages it is made of, for apt.
    pub(crate) const fn packages(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Zts => "zfs-test bzip2 cpio file jq openssl passwd pax rsync",
        }
    }
}

/// An image's name without its recipe.
pub(crate) fn label(suite: Suite, kit: Kit) -> String {
    match kit {
        Kit::Plain => suite.to_string(),
        Kit::Zts => format!("{suite}-zts"),
    }
}

/// What an image holds, written beside it when it was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The suite it was built from.
    pub suite: Suite,
    /// What was added to it.
    #[serde(default)]
    pub kit: Kit,
    /// The kernel's release.
    pub kernel: String,
    /// The version of the module built by dkms, which is that of its source.
    pub zfs_module: String,
    /// The version of Debian's package of the programs.
    pub zfs_package: String,
    /// How long the build took, in seconds.
    pub build_seconds: u64,
}

/// A bootable image in the cache.
#[derive(Clone, Debug)]
pub struct Image {
    dir: PathBuf,
    /// What it holds.
    pub facts: Facts,
}

impl Image {
    /// The image of `suite` by today's recipe: the one in the cache, or a new one after 6 to 12 minutes. Installs what the host lacks for either.
    ///
    /// Several callers at once build it once: the others wait.
    ///
    /// # Errors
    /// Packages that may not be installed, or a build that failed, with the end of its log.
    pub fn ensure(suite: Suite, progress: &mut Progress) -> Result<Self> {
        Self::ensure_with(suite, Kit::Plain, progress)
    }

    /// As [`ensure`](Self::ensure), with a kit.
    ///
    /// # Errors
    /// As there.
    pub fn ensure_with(suite: Suite, kit: Kit, progress: &mut Progress) -> Result<Self> {
        packages::ensure(&packages::VM, progress)?;
        if let Some(image) = Self::find_with(suite, kit)? {
            return Ok(image);
        }
        let cache = cache()?;
        fs::create_dir_all(&cache).at("making", &cache)?;
        let lock = lock(&cache.join(format!("{}.lock", label(suite, kit))), progress)?;
        if let Some(image) = Self::find_with(suite, kit)? {
            return Ok(image);
        }
        build::build(suite, kit, &cache, &place(&cache, suite, kit), progress)?;
        drop(lock);
        Self::find_with(suite, kit)?.ok_or_else(|| Error::Unusable(format!("the image of {suite} is not where it was built")))
    }

    /// The image of `suite` by today's recipe, if it is in the cache.
    ///
    /// # Errors
    /// What lies in its place is no image.
    pub fn find(suite: Suite) -> Result<Option<Self>> {
        Self::find_with(suite, Kit::Plain)
    }

    fn find_with(suite: Suite, kit: Kit) -> Result<Option<Self>> {
        let dir = place(&cache()?, suite, kit);
        if dir.exists() { Self::load(dir).map(Some) } else { Ok(None) }
    }

    /// All images in the cache, of older recipes too.
    ///
    /// # Errors
    /// The cache cannot be read.
    pub fn cached() -> Result<Vec<Self>> {
        let cache = cache()?;
        if !cache.exists() {
            return Ok(Vec::new());
        }
        let mut images = Vec::new();
        for entry in fs::read_dir(&cache).at("reading", &cache)? {
            let path = entry.at("reading", &cache)?.path();
            if path.join(FACTS).exists() {
                images.push(Self::load(path)?);
            }
        }
        images.sort_by(|a, b| a.dir.cmp(&b.dir));
        Ok(images)
    }

    /// Removes it from the cache.
    ///
    /// # Errors
    /// The host refuses.
    pub fn remove(self) -> Result<()> {
        fs::remove_dir_all(&self.dir).at("removing", &self.dir)
    }

    /// Whether today's recipe would build it again as it is.
    ///
    /// # Errors
    /// The cache has no place.
    pub fn is_current(&self) -> Result<bool> {
        Ok(place(&cache()?, self.facts.suite, self.facts.kit) == self.dir)
    }

    /// The name it goes by: its suite, and what was added.
    #[must_use]
    pub fn label(&self) -> String {
        label(self.facts.suite, self.facts.kit)
    }

    /// Where it lies.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The room it takes on the host, in bytes.
    #[must_use]
    pub fn room(&self) -> u64 {
        let output = Command::new("du").args(["-sk"]).arg(&self.dir).output();
        let text = output
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
            .unwrap_or_default();
        text.split_whitespace()
            .next()
            .and_then(|kib| kib.parse::<u64>().ok())
            .unwrap_or_default()
            * 1024
    }

    /// How long ago it was built.
    #[must_use]
    pub fn age(&self) -> Duration {
        let built = fs::metadata(self.dir.join(FACTS))
            .and_then(|meta| meta.modified())
            .unwrap_or_else(|_| SystemTime::now());
        built.elapsed().unwrap_or_default()
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.join(ROOT)
    }

    pub(crate) fn kernel(&self) -> PathBuf {
        self.dir.join(KERNEL)
    }

    pub(crate) fn modules(&self) -> PathBuf {
        self.dir.join(MODULES)
    }

    fn load(dir: PathBuf) -> Result<Self> {
        let path = dir.join(FACTS);
        let text = fs::read_to_string(&path).at("reading", &path)?;
        let facts = serde_json::from_str(&text).map_err(|why| Error::Unusable(format!("{}: {why}", path.display())))?;
        Ok(Self { dir, facts })
    }
}

/// Where images are kept: `zfs-rs-vm` in the user's cache directory.
///
/// # Errors
/// The environment names no home.
pub fn cache() -> Result<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    cache
        .map(|path| path.join("zfs-rs-vm"))
        .ok_or_else(|| Error::Unusable("neither XDG_CACHE_HOME nor HOME is set".into()))
}

/// The name today's recipe gives the image: the same recipe, the same name, and nothing else goes into it.
fn place(cache: &Path, suite: Suite, kit: Kit) -> PathBuf {
    let ingredients = build::ingredients(suite) + kit.packages();
    cache.join(format!("{}-{}", label(suite, kit), recipe(suite, &ingredients)))
}

fn recipe(suite: Suite, ingredients: &str) -> String {
    let digest = Sha256::digest(format!("{suite}\n{ingredients}"));
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

fn lock(path: &Path, progress: &mut Progress) -> Result<Flock<File>> {
    let open = || {
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .at("opening the lock", path)
    };
    if let Ok(lock) = Flock::lock(open()?, FlockArg::LockExclusiveNonblock) {
        return Ok(lock);
    }
    progress.say("another process builds this image; waiting for it");
    Flock::lock(open()?, FlockArg::LockExclusive).map_err(|(_, errno)| Error::Host {
        doing: "waiting for the lock".into(),
        source: errno.into(),
    })
}

pub(crate) const FACTS: &str = "image.json";
pub(crate) const ROOT: &str = "root.img";
pub(crate) const KERNEL: &str = "vmlinuz";
pub(crate) const MODULES: &str = "modules";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_names_an_image_and_any_change_renames_it() {
        let name = recipe(Suite::Trixie, "packages");
        assert_eq!(name.len(), 12);
        assert_eq!(name, recipe(Suite::Trixie, "packages"));
        assert_ne!(name, recipe(Suite::Bookworm, "packages"));
        assert_ne!(name, recipe(Suite::Trixie, "packages more"));
    }

    #[test]
    fn a_kit_makes_another_image_and_leaves_the_plain_one_its_name() {
        let cache = Path::new("/cache");
        let plain = place(cache, Suite::Trixie, Kit::Plain);
        assert_eq!(
            plain,
            cache.join(format!("trixie-{}", recipe(Suite::Trixie, &build::ingredients(Suite::Trixie))))
        );
        assert_ne!(plain, place(cache, Suite::Trixie, Kit::Zts));
    }

    #[test]
    fn every_suite_is_found_by_its_name() {
        for suite in Suite::ALL {
            assert_eq!(suite.to_string().parse::<Suite>().unwrap(), suite);
        }
        assert!(
            "sid"
                .parse::<Suite>()
                .unwrap_err()
                .to_string()
                .contains("bullseye, bookworm, trixie")
        );
    }
}
