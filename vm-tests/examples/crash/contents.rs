//! I say whether two snapshots hold the same, as the kernel shows their files and volumes and SHA-256 sums them up.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use nix::mount::{MsFlags, mount, umount};
use sha2::{Digest, Sha256};
use zfs_rs::{DatasetName, Zfs};

use super::{
    Result,
    listing::Listing,
    tree::{KEY, device},
    watchdog::stir,
};

/// A snapshot of the source and its copy.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    ours: String,
    theirs: String,
    pub(crate) guid: u64,
    is_volume: bool,
    is_encrypted: bool,
}

/// What each path in a snapshot is, contents by their hash.
type Manifest = BTreeMap<PathBuf, String>;

impl Pair {
    /// All snapshots of the source with their copies.
    pub(crate) fn all(source: &Listing, target: &Listing) -> Vec<Self> {
        let mut pairs = Vec::new();
        for (name, dataset) in &source.datasets {
            pairs.extend(dataset.snapshots.iter().map(|snapshot| Self {
                ours: format!("{}@{}", source.full(name), snapshot.short),
                theirs: format!("{}@{}", target.full(name), snapshot.short),
                guid: snapshot.guid,
                is_volume: dataset.is_volume,
                is_encrypted: dataset.is_encrypted,
            }));
        }
        pairs
    }

    /// Whether it takes neither a key nor a device to read it.
    pub(crate) const fn is_plain(&self) -> bool {
        !self.is_volume && !self.is_encrypted
    }

    /// It holds the same on both sides, and it holds something.
    pub(crate) fn is_same(&self, zfs: &Zfs) -> Result<()> {
        stir();
        let (ours, theirs) = (self.read(zfs, &self.ours)?, self.read(zfs, &self.theirs)?);
        if ours.is_empty() {
            return Err(format!("{} holds nothing", self.ours).into());
        }
        match differences(&ours, &theirs).as_slice() {
            [] => Ok(()),
            found => Err(format!("{} and {} differ: {}", self.ours, self.theirs, found.join("; ")).into()),
        }
    }

    fn read(&self, zfs: &Zfs, snapshot: &str) -> Result<Manifest> {
        if !self.is_volume {
            return mounted(snapshot, "/run/proof", true, |place| {
                let mut found = Manifest::new();
                walk(place, place, &mut found)?;
                Ok(found)
            });
        }
        let manifest = cloned(zfs, snapshot, |clone| Ok(hash(&mut device(clone)?)?));
        Ok(Manifest::from([(PathBuf::new(), manifest?)]))
    }
}

/// Does something with a dataset or snapshot while it is mounted.
pub(crate) fn mounted<T>(name: &str, at: &str, is_read_only: bool, done: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    fs::create_dir_all(at)?;
    let flags = if is_read_only { MsFlags::MS_RDONLY } else { MsFlags::empty() };
    mount(Some(name), at, Some("zfs"), flags, None::<&str>).map_err(|why| format!("{name} cannot be mounted: {why}"))?;
    let result = done(Path::new(at));
    umount(at).map_err(|why| format!("{name} cannot be unmounted: {why}"))?;
    result
}

/// Does something with a clone of a snapshot, which is gone afterwards.
fn cloned<T>(zfs: &Zfs, snapshot: &str, done: impl FnOnce(&str) -> Result<T>) -> Result<T> {
    let pool = snapshot.split('/').next().unwrap_or_default();
    let clone: DatasetName = format!("{pool}/clone").parse()?;
    zfs.clone_snapshot(&snapshot.parse()?, &clone).create()?;
    let result = done(clone.as_str());
    // udev may still be looking at it.
    let mut tries = 0..PATIENCE;
    while let Err(why) = zfs.destroy_dataset(&clone) {
        tries.next().ok_or(why)?;
        thread::sleep(Duration::from_millis(100));
    }
    result
}

/// The target is given the keys while something is done, and has none before and after.
pub(crate) fn unlocked(zfs: &Zfs, target: &Listing, done: impl FnOnce() -> Result<()>) -> Result<()> {
    let mut unlocked = Vec::new();
    for (name, _) in target.datasets.iter().filter(|(_, dataset)| dataset.is_encrypted) {
        let name: DatasetName = target.full(name).parse()?;
        // What came raw may have the key of the one above it, or one of its own, which is the same.
        if zfs.encryption(&name)?.is_some_and(|encryption| !encryption.is_unlocked) {
            zfs.load_key(&name, &KEY)?;
            unlocked.push(name);
        }
    }
    done()?;
    for name in unlocked {
        zfs.unload_key(&name)?;
    }
    Ok(())
}

/// A copy of which one byte is another is found to differ: of a file, and of a volume.
pub(crate) fn finds_what_is_planted(zfs: &Zfs, pairs: &[Pair]) -> Result<()> {
    for is_volume in [false, true] {
        let mut pairs = pairs.iter().filter(|pair| pair.is_volume == is_volume);
        let pair = pairs.next().ok_or("there is nothing to plant a difference in")?;
        let (good, bent) = cloned(zfs, &pair.theirs, |clone| {
            if is_volume {
                let mut device = device(clone)?;
                let good = hash(&mut device)?;
                bend(&mut device)?;
                device.sync_all()?;
                return Ok((
                    Manifest::from([(PathBuf::new(), good)]),
                    Manifest::from([(PathBuf::new(), hash(&mut device)?)]),
                ));
            }
            mounted(clone, "/run/bent", false, |place| {
                let (mut good, mut bent) = (Manifest::new(), Manifest::new());
                walk(place, place, &mut good)?;
                bend(&mut File::options().read(true).write(true).open(place.join("base"))?)?;
                walk(place, place, &mut bent)?;
                Ok((good, bent))
            })
        })?;
        let ours = pair.read(zfs, &pair.ours)?;
        if !differences(&ours, &good).is_empty() || differences(&ours, &bent).len() != 1 {
            return Err(format!(
                "one byte of {} was changed, and this found: {:?}",
                pair.theirs,
                differences(&ours, &bent)
            )
            .into());
        }
    }
    Ok(())
}

/// Turns one byte.
fn bend(file: &mut File) -> Result<()> {
    let mut byte = [0];
    file.seek(SeekFrom::Start(500))?;
    file.read_exact(&mut byte)?;
    file.seek(SeekFrom::Start(500))?;
    file.write_all(&byte.map(|byte| !byte))?;
    Ok(file.seek(SeekFrom::Start(0)).map(drop)?)
}

fn differences(ours: &Manifest, theirs: &Manifest) -> Vec<String> {
    let mut paths: Vec<&PathBuf> = ours.keys().chain(theirs.keys()).collect();
    paths.sort();
    paths.dedup();
    let unlike = paths.into_iter().filter(|path| ours.get(*path) != theirs.get(*path));
    unlike
        .map(|path| format!("'{}': {:?} / {:?}", path.display(), ours.get(path), theirs.get(path)))
        .collect()
}

fn walk(root: &Path, directory: &Path, found: &mut Manifest) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let facts = fs::symlink_metadata(&path)?;
        let what = if facts.is_dir() {
            walk(root, &path, found)?;
            "directory".to_owned()
        } else {
            hash(&mut File::open(&path)?)?
        };
        let facts = format!("{:o} {} {} {what}", facts.mode(), facts.size(), facts.mtime());
        found.insert(path.strip_prefix(root)?.to_owned(), facts);
    }
    Ok(())
}

fn hash(file: &mut File) -> std::io::Result<String> {
    file.seek(SeekFrom::Start(0))?;
    let mut sum = Sha256::new();
    std::io::copy(file, &mut sum)?;
    Ok(format!("{:x}", sum.finalize()))
}

/// In tenths of a second: an emulated machine is slow.
const PATIENCE: u32 = 600;
