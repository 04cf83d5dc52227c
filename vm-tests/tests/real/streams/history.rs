//! I am a dataset with a past that a seed decides: made with some properties, changed in rounds, and a snapshot after each.

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use nix::{
    fcntl::{FallocateFlags, fallocate},
    mount::{MntFlags, MsFlags, mount, umount2},
};
use zfs_rs::{BookmarkName, DatasetName, SnapshotName, Zfs};

use crate::support::{files::Noise, oracle, release::running, wait_until};

/// What a seed decides, one choice after the other.
#[derive(Clone, Debug)]
pub(super) struct Chance(Noise);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(Noise::new(seed))
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0.next() % bound.max(1)
    }

    pub(super) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(u64::try_from(of.len()).unwrap())).unwrap()]
    }
}

/// A dataset and its snapshots `@0` and on, each with a bookmark of the same name.
#[derive(Debug)]
pub(super) struct History {
    pub(super) dataset: DatasetName,
    pub(super) is_volume: bool,
    /// Encrypted, with its key loaded.
    pub(super) is_sealed: bool,
    pub(super) snapshots: u64,
}

impl History {
    /// Makes one at this place, which must not be there yet.
    pub(super) fn make(zfs: &Zfs, dataset: DatasetName, chance: &mut Chance) -> Self {
        let mut history = Self {
            is_volume: chance.one_in(8),
            is_sealed: chance.one_in(4),
            dataset,
            snapshots: 0,
        };
        history.create(chance);
        if chance.one_in(2) {
            history.snapshot(zfs);
        }
        for _ in 0..2 + chance.below(2) {
            history.change(chance);
            history.snapshot(zfs);
        }
        history
    }

    pub(super) fn snapshot_at(&self, index: u64) -> SnapshotName {
        self.dataset.snapshot(&index.to_string()).unwrap()
    }

    pub(super) fn bookmark_at(&self, index: u64) -> BookmarkName {
        self.dataset.bookmark(&index.to_string()).unwrap()
    }

    /// By the administrator's program, which knows more properties than we do.
    fn create(&self, chance: &mut Chance) {
        let newest = if running() < "2.2".parse().unwrap() { "skein" } else { "blake3" };
        let mut properties = vec![
            (
                "compression",
                chance.pick(&["off", "lz4", "zstd", "gzip-1", "gzip-9", "lzjb", "zle", "zstd-fast-5"]),
            ),
            ("checksum", chance.pick(&["on", "on", "sha256", "sha512", "edonr", newest])),
        ];
        if self.is_volume {
            properties.push(("volblocksize", chance.pick(&["4k", "16k", "128k"])));
        } else {
            properties.extend([
                ("recordsize", chance.pick(&["512", "4k", "16k", "128k", "128k", "1M"])),
                ("xattr", chance.pick(&["sa", "sa", "on"])),
                ("dnodesize", chance.pick(&["legacy", "auto", "1k", "4k"])),
                ("canmount", "noauto"),
            ]);
        }
        if self.is_sealed {
            fs::write(KEY, [7; 32]).unwrap();
            properties.extend([("encryption", "on"), ("keyformat", "raw"), ("keylocation", KEY_LOCATION)]);
        }
        let words: Vec<String> = properties.iter().map(|(name, value)| format!("-o {name}={value}")).collect();
        let volume = if self.is_volume { "-s -V 8M" } else { "" };
        oracle::sh(&format!("zfs create {volume} {} {} 2>/dev/null", words.join(" "), self.dataset));
    }

    fn snapshot(&mut self, zfs: &Zfs) {
        let name = self.snapshot_at(self.snapshots);
        zfs.create_snapshots(std::slice::from_ref(&name), &[]).unwrap();
        zfs.create_bookmark(&self.bookmark_at(self.snapshots), &name).unwrap();
        self.snapshots += 1;
    }

    /// A round of changes; all of it is in the pool afterwards.
    pub(super) fn change(&self, chance: &mut Chance) {
        if self.is_volume {
            write_volume(&self.dataset, chance).unwrap();
        } else {
            change_files(&self.dataset, chance);
        }
    }
}

/// A round of changes to a filesystem that nobody has mounted.
pub(super) fn change_files(dataset: &DatasetName, chance: &mut Chance) {
    let place = tempfile::tempdir().unwrap();
    mount(Some(dataset.as_str()), place.path(), Some("zfs"), MsFlags::MS_NOATIME, None::<&str>).unwrap();
    for _ in 0..4 + chance.below(24) {
        // What is not there cannot be changed, and a few changes miss.
        change_file(place.path(), chance).ok();
    }
    // A program that another thread is about to start has our files open for an instant.
    wait_until("it is unmounted", || umount2(place.path(), MntFlags::empty()).is_ok());
}

fn change_file(top: &Path, chance: &mut Chance) -> io::Result<()> {
    let path = any_file(top, chance);
    match chance.below(16) {
        0..=3 => fs::write(&path, content(chance, 400_000)),
        4 | 5 => overwrite(&path, chance),
        6 => File::options().append(true).open(&path)?.write_all(&content(chance, 50_000)),
        7 => File::options().write(true).open(&path)?.set_len(chance.below(600_000)),
        8 => {
            let file = File::options().write(true).open(&path)?;
            let mode = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
            let [at, length] = [200_000, 150_000].map(|bound| i64::try_from(chance.below(bound)).unwrap());
            Ok(fallocate(&file, mode, at, length + 1)?)
        }
        9 => fs::remove_file(&path),
        10 => fs::rename(&path, any_file(top, chance)),
        11 => fs::hard_link(&path, any_file(top, chance)),
        12 => {
            let count = 1 + chance.below(12);
            let value = vec![b'v'; usize::try_from(chance.below(300)).unwrap()];
            (0..count).try_for_each(|number| xattr::set(&path, format!("user.name{number}"), &value))
        }
        13 => xattr::remove(&path, format!("user.name{}", chance.below(12))),
        14 => {
            // Dnodes come and go a block of them at a time.
            let directory = top.join(format!("many{}", chance.below(2)));
            if directory.exists() {
                return fs::remove_dir_all(directory);
            }
            fs::create_dir(&directory)?;
            (0..20 + chance.below(60)).try_for_each(|number| fs::write(directory.join(format!("file{number}")), b"small"))
        }
        _ => std::os::unix::fs::symlink("x".repeat(usize::try_from(1 + chance.below(300)).unwrap()), path),
    }
}

fn any_file(top: &Path, chance: &mut Chance) -> PathBuf {
    top.join(format!("file{}", chance.below(10)))
}

fn overwrite(path: &Path, chance: &mut Chance) -> io::Result<()> {
    let mut file = File::options().write(true).open(path)?;
    file.seek(SeekFrom::Start(chance.below(500_000)))?;
    file.write_all(&content(chance, 100_000))
}

/// Bytes of some kind: what compressors cannot shorten, what they like, and what fits into a block pointer or is none at all.
fn content(chance: &mut Chance, bound: u64) -> Vec<u8> {
    let bound = chance.pick(&[40, 3000, bound / 8, bound]);
    let length = usize::try_from(chance.below(bound)).unwrap();
    let mut noise = vec![0; length];
    let kind = chance.below(5);
    Noise::new(chance.below(u64::MAX)).read_exact(&mut noise).unwrap();
    match kind {
        0 | 1 => noise,
        2 => noise.iter().map(|byte| b'a' + byte % 4).collect(),
        3 => vec![b'x'; length],
        _ => vec![0; length],
    }
}

/// Writes some blocks of a volume and gives some back.
fn write_volume(dataset: &DatasetName, chance: &mut Chance) -> io::Result<()> {
    let device = Path::new("/dev/zvol").join(dataset.as_str());
    wait_until("a volume has its device", || device.exists());
    let mut file = File::options().write(true).open(&device)?;
    for _ in 0..2 + chance.below(6) {
        let at = chance.below(7 << 20);
        if chance.one_in(4) {
            let [at, length] = [at & !4095, 4096 * (1 + chance.below(64))].map(|number| number.to_string());
            file.sync_all()?;
            oracle::run("blkdiscard", &["-o", &at, "-l", &length, device.to_str().unwrap()]);
        } else {
            file.seek(SeekFrom::Start(at))?;
            file.write_all(&content(chance, 60_000))?;
        }
    }
    file.sync_all()
}

const KEY: &str = "/var/tmp/key-of-histories";
const KEY_LOCATION: &str = "file:///var/tmp/key-of-histories";
