//! I am the tree that is replicated, and those who change it: people who write, rename and begin anew, and a pruner.
//!
//! By our own library, as every start of `zfs` takes a second of an emulated machine; what is true is asked of `zfs` all the same.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::Path,
    thread,
    time::Duration,
};

use ring_tests::chance::Chance;
use zfs_rs::{DatasetName, ErrorKind, SnapshotName, Zfs};

use super::{
    Result,
    contents::mounted,
    count,
    listing::{Dataset, Listing, Snapshot},
    oracle::run,
};

/// What is replicated.
pub(crate) const SOURCE: &str = "source/tree";
/// What becomes its copy.
pub(crate) const TARGET: &str = "target/copy";
/// The key of what is encrypted.
pub(crate) const KEY: [u8; 32] = [7; 32];

/// The tree, and who changes it.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) zfs: Zfs,
    /// What is there by what was done, with snapshots in the order they were made.
    pub(crate) known: Listing,
    /// No name of a snapshot comes twice.
    boot: u64,
    made: u64,
}

impl Tree {
    /// Makes the pools and the tree, with a first snapshot of all.
    pub(crate) fn plant(chance: &mut Chance) -> Result<Self> {
        for (pool, disk) in [("source", 0), ("target", 1)] {
            let disk = format!("{DISKS}/virtio-pool{disk}");
            run("zpool", &["create", "-f", "-O", "atime=off", pool, &disk])?;
        }
        let mut tree = Self {
            zfs: Zfs::open()?,
            known: Listing::empty(SOURCE),
            boot: 0,
            made: 0,
        };
        tree.filesystem("", &[("mountpoint", "none")], None)?;
        for name in ["/people", "/people/ada", "/www", "/www/logs"] {
            tree.filesystem(name, &[], None)?;
        }
        tree.filesystem("/media", &[("recordsize", "1048576")], None)?;
        let encrypted = [("encryption", "aes-256-gcm"), ("keyformat", "raw"), ("keylocation", "prompt")];
        tree.filesystem("/vault", &encrypted, Some(KEY))?;
        tree.filesystem("/vault/letters", &[], None)?;
        for name in ["/disk", "/www/disk"] {
            tree.volume(name)?;
        }
        let names: Vec<String> = tree.known.datasets.keys().cloned().collect();
        for name in &names {
            tree.write(chance, name)?;
        }
        tree.snapshot(&names)?;
        Ok(tree)
    }

    /// Brings back the pools that lost their power; that one of them is not whole is an error.
    pub(crate) fn import(boot: u64) -> Result<Self> {
        run("zpool", &["import", "-a", "-d", DISKS])?;
        let status = run("zpool", &["status", "-x"])?;
        if !status.contains("all pools are healthy") {
            return Err(format!("the pools are not healthy: {status}").into());
        }
        let zfs = Zfs::open()?;
        let known = Listing::of(SOURCE)?;
        for (name, dataset) in &known.datasets {
            if dataset.is_encrypted && !zfs.encryption(&full(name)?)?.is_some_and(|encryption| encryption.is_unlocked) {
                zfs.load_key(&full(name)?, &KEY)?;
            }
        }
        Ok(Self { zfs, known, boot, made: 0 })
    }

    /// What happens between two runs: something is always new then.
    pub(crate) fn change(&mut self, chance: &mut Chance) -> Result<()> {
        self.prune(chance)?;
        for _ in 0..=chance.below(3) {
            let name = self.any(chance);
            self.write(chance, &name)?;
        }
        if chance.percent(50) {
            self.snapshot_all()?;
        } else {
            for _ in 0..=chance.below(3) {
                let name = self.any(chance);
                self.snapshot(&[name])?;
            }
        }
        if chance.percent(20) {
            self.child(chance)?;
        }
        if chance.percent(25) {
            self.rename(chance)?;
        }
        Ok(())
    }

    /// One thing that happens during a run.
    pub(crate) fn meddle(&mut self, chance: &mut Chance) -> Result<()> {
        match chance.below(6) {
            0 | 1 => self.prune(chance),
            2 => self.child(chance),
            3 => self.rename(chance),
            4 => self.snapshot_all(),
            _ => {
                let name = self.any(chance);
                self.snapshot(&[name])
            }
        }
    }

    fn any(&self, chance: &mut Chance) -> String {
        let names: Vec<&String> = self.known.datasets.keys().collect();
        chance.of(&names).clone()
    }

    fn snapshot_all(&mut self) -> Result<()> {
        let names: Vec<String> = self.known.datasets.keys().cloned().collect();
        self.snapshot(&names)
    }

    /// At one instant.
    fn snapshot(&mut self, names: &[String]) -> Result<()> {
        self.made += 1;
        let short = format!("s{}-{}", self.boot, self.made);
        let full = names.iter().map(|name| Ok(full(name)?.snapshot(&short)?));
        self.zfs.create_snapshots(&full.collect::<Result<Vec<_>>>()?, &[])?;
        for name in names {
            let dataset = self.known.datasets.entry(name.clone()).or_default();
            dataset.snapshots.push(Snapshot::named(&short));
        }
        Ok(())
    }

    /// Old ones go, whether they were replicated or not; what is held or being read stays.
    fn prune(&mut self, chance: &mut Chance) -> Result<()> {
        for (name, dataset) in &mut self.known.datasets {
            let newest = dataset.snapshots.len().saturating_sub(KEPT);
            let at = chance.below(2 * newest);
            let Some(snapshot) = dataset.snapshots.get(at).filter(|_| at < newest) else {
                continue;
            };
            let full: SnapshotName = full(name)?.snapshot(&snapshot.short)?;
            match self.zfs.destroy_snapshots(&[full]) {
                Ok(()) => {
                    dataset.snapshots.remove(at);
                    count("old snapshots pruned");
                }
                Err(why) if why.kind() == ErrorKind::Busy => count("old snapshots not pruned, as they were in use"),
                Err(why) => return Err(why.into()),
            }
        }
        Ok(())
    }

    /// A new dataset, with a snapshot.
    fn child(&mut self, chance: &mut Chance) -> Result<()> {
        let above = chance.of(&self.parents(|name, _| depth(name) < DEPTH_MAX));
        let Some(name) = self.free(chance, &above) else { return Ok(()) };
        if self.known.datasets.len() >= DATASETS_MAX {
            return Ok(());
        }
        let is_encrypted = self.known.datasets.get(&above).is_some_and(|above| above.is_encrypted);
        if !is_encrypted && chance.percent(20) {
            self.volume(&name)?;
        } else {
            self.filesystem(&name, &[], None)?;
        }
        self.snapshot(&[name])?;
        count("datasets made");
        Ok(())
    }

    /// A dataset and all below it gets another name or place. What is encrypted stays where its key is.
    fn rename(&mut self, chance: &mut Chance) -> Result<()> {
        let movable: Vec<&String> = self.known.datasets.keys().filter(|name| !name.is_empty()).collect();
        let from = chance.of(&movable).clone();
        let is_encrypted = self.known.datasets.get(&from).is_some_and(|dataset| dataset.is_encrypted);
        let inside = format!("{from}/");
        let elsewhere =
            self.parents(|name, is_encrypted| !is_encrypted && *name != from && !name.starts_with(&inside) && depth(name) < DEPTH_MAX);
        let above = if is_encrypted || chance.percent(50) {
            from.rsplit_once('/').map_or("", |(above, _)| above).to_owned()
        } else {
            chance.of(&elsewhere)
        };
        let Some(to) = self.free(chance, &above) else { return Ok(()) };
        self.zfs.rename_dataset(&full(&from)?, &full(&to)?)?;
        let moved: Vec<String> = self
            .known
            .datasets
            .keys()
            .filter(|name| **name == from || name.starts_with(&inside))
            .cloned()
            .collect();
        for name in moved {
            if let Some(dataset) = self.known.datasets.remove(&name) {
                self.known.datasets.insert(name.replacen(&from, &to, 1), dataset);
            }
        }
        count("datasets renamed");
        Ok(())
    }

    /// The filesystems of which this is so.
    fn parents(&self, is_so: impl Fn(&String, bool) -> bool) -> Vec<String> {
        let all = self.known.datasets.iter().filter(|(_, dataset)| !dataset.is_volume);
        let chosen = all.filter(|(name, dataset)| is_so(name, dataset.is_encrypted));
        chosen.map(|(name, _)| name.clone()).collect()
    }

    /// A name that nothing has now. There are few, so that what had it once may be still on the target.
    fn free(&self, chance: &mut Chance, above: &str) -> Option<String> {
        let names = NAMES.map(|name| format!("{above}/{name}"));
        let free: Vec<String> = names.into_iter().filter(|name| !self.known.datasets.contains_key(name)).collect();
        (!free.is_empty()).then(|| chance.of(&free))
    }

    /// With one file, so that comparing it never compares nothing.
    fn filesystem(&mut self, name: &str, properties: &[(&str, &str)], key: Option<[u8; 32]>) -> Result<()> {
        let full = full(name)?;
        let request = self.zfs.create_filesystem(&full);
        let request = properties
            .iter()
            .fold(request, |request, (name, value)| request.property(name, value));
        match key {
            Some(key) => request.key(key).create()?,
            None => request.create()?,
        }
        mounted(full.as_str(), "/run/tree", false, |place| {
            Ok(fs::write(place.join("base"), format!("{full} ").repeat(200))?)
        })?;
        let above = name.rsplit_once('/').and_then(|(above, _)| self.known.datasets.get(above));
        let is_encrypted = key.is_some() || above.is_some_and(|above| above.is_encrypted);
        let dataset = Dataset {
            is_encrypted,
            ..Dataset::default()
        };
        self.known.datasets.insert(name.to_owned(), dataset);
        Ok(())
    }

    fn volume(&mut self, name: &str) -> Result<()> {
        self.zfs.create_volume(&full(name)?, 2 << 20).create()?;
        device(full(name)?.as_str())?.write_all_at(name.repeat(100).as_bytes(), 0)?;
        let dataset = Dataset {
            is_volume: true,
            ..Dataset::default()
        };
        self.known.datasets.insert(name.to_owned(), dataset);
        Ok(())
    }

    /// Somebody writes.
    fn write(&self, chance: &mut Chance, name: &str) -> Result<()> {
        let full = full(name)?;
        if self.known.datasets.get(name).is_some_and(|dataset| dataset.is_volume) {
            let at = u64::try_from(64 + chance.below(1800))? << 10;
            let device = device(full.as_str())?;
            device.write_all_at(&noise(chance, 100 << 10), at)?;
            return Ok(device.sync_all()?);
        }
        mounted(full.as_str(), "/run/tree", false, |place| files(chance, place))
    }
}

fn files(chance: &mut Chance, place: &Path) -> Result<()> {
    let path = place.join(format!("file{}", chance.below(6)));
    match chance.below(10) {
        0 if path.exists() => fs::remove_file(&path)?,
        1 => {
            for number in 0..20 {
                fs::write(place.join(format!("small{number}")), noise(chance, 3000))?;
            }
        }
        2..5 => {
            let file = File::options().create(true).write(true).truncate(false).open(&path)?;
            let at = u64::try_from(chance.below(300 << 10))?;
            file.write_all_at(&noise(chance, 100 << 10), at)?;
        }
        5..7 => fs::write(&path, noise(chance, 4 << 20))?,
        _ => fs::write(&path, noise(chance, 400 << 10))?,
    }
    Ok(())
}

fn full(name: &str) -> Result<DatasetName> {
    Ok(format!("{SOURCE}{name}").parse()?)
}

fn depth(name: &str) -> usize {
    name.matches('/').count()
}

/// Up to so many bytes that no algorithm makes fewer.
fn noise(chance: &mut Chance, most: usize) -> Vec<u8> {
    let words = 1 + chance.below(most / 8);
    (0..words).flat_map(|_| chance.below(usize::MAX).to_le_bytes()).collect()
}

/// The device of a volume, once udev has made it.
pub(crate) fn device(volume: &str) -> Result<File> {
    let path = format!("/dev/zvol/{volume}");
    for _ in 0..PATIENCE {
        if let Ok(file) = File::options().read(true).write(true).open(&path) {
            return Ok(file);
        }
        thread::sleep(Duration::from_millis(100));
    }
    Err(format!("{path} does not appear").into())
}

const DISKS: &str = "/dev/disk/by-id";
const NAMES: [&str; 8] = ["ada", "bob", "disk", "logs", "media", "news", "people", "www"];
const DATASETS_MAX: usize = 14;
const DEPTH_MAX: usize = 3;
/// So many of the newest are no pruner's.
const KEPT: usize = 3;
/// In tenths of a second: an emulated machine is slow.
const PATIENCE: u32 = 600;
