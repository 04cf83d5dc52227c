//! I am the pools of the tests, and the places in them that no two tests share.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use zfs_rs::DatasetName;

use super::{oracle, release};

/// A pool of its own name, destroyed with this value.
#[derive(Debug)]
pub(crate) struct Pool {
    name: String,
    place: PathBuf,
}

impl Pool {
    /// A pool in memory.
    pub(crate) fn in_memory(mebibytes: u64) -> Self {
        let name = unique("pool");
        Self::create_in_memory(&name, mebibytes, &["atime=off", &format!("mountpoint=/{name}")])
    }

    /// A pool in memory whose root is not mounted and has no property that its children inherit, and that writes as little as it can.
    pub(crate) fn unmounted(mebibytes: u64) -> Self {
        let redundant = if release::running() < "2.2".parse().unwrap() {
            "most"
        } else {
            "none"
        };
        let redundant = format!("redundant_metadata={redundant}");
        Self::create_in_memory(&unique("pool"), mebibytes, &["canmount=off", "checksum=off", &redundant])
    }

    /// A pool in memory without a feature, and without those that came later than the others.
    pub(crate) fn lacking(mebibytes: u64, feature: &str) -> Self {
        let name = unique("pool");
        let file = Self::file(&name, mebibytes);
        // Features that depend on others bring these along, so all are disabled first.
        let had = FEATURES.iter().filter(|had| **had != feature);
        let had: Vec<String> = had.map(|had| format!("feature@{had}=enabled")).collect();
        let mut options = vec!["-d"];
        had.iter().for_each(|had| options.extend(["-o", had.as_str()]));
        Self::create(&name, file, &options, &["atime=off", &format!("mountpoint=/{name}")])
    }

    /// A pool on one of the two disks.
    pub(crate) fn on_disk(number: u32) -> Self {
        let name = unique("disk");
        let device = Path::new(DISKS).join(format!("virtio-pool{number}"));
        Self::create(&name, device, &[], &["atime=off", &format!("mountpoint=/{name}")])
    }

    fn create_in_memory(name: &str, mebibytes: u64, properties: &[&str]) -> Self {
        Self::create(name, Self::file(name, mebibytes), &[], properties)
    }

    fn file(name: &str, mebibytes: u64) -> PathBuf {
        let file = Path::new(MEMORY).join(name);
        File::create(&file).and_then(|made| made.set_len(mebibytes << 20)).unwrap();
        file
    }

    fn create(name: &str, place: PathBuf, options: &[&str], properties: &[&str]) -> Self {
        // An unclean end of an earlier test may have left its label.
        let mut order = vec!["create", "-f", "-o", "cachefile=none"];
        order.extend(options);
        properties.iter().for_each(|property| order.extend(["-O", property]));
        order.extend([name, place.to_str().unwrap()]);
        oracle::zpool(&order);
        Self {
            name: name.to_owned(),
            place,
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The file or the disk it lies on.
    pub(crate) fn place(&self) -> &Path {
        &self.place
    }

    /// Takes away all room but so much; destroying `filler` gives it back.
    pub(crate) fn fill_but(&self, mebibytes: u64) {
        let free: u64 = oracle::get(&self.name, "available").parse().unwrap();
        let filler = format!("{}/filler", self.name);
        oracle::zfs(&[
            "create",
            "-o",
            "canmount=noauto",
            "-o",
            &format!("reservation={}", free - (mebibytes << 20)),
            &filler,
        ]);
    }

    /// Imports it again, after an export.
    pub(crate) fn import(&self, more: &[&str]) {
        let directory = self.place.parent().unwrap().to_str().unwrap();
        oracle::zpool(&[&["import", "-d", directory, "-o", "cachefile=none"], more, &[self.name()]].concat());
    }

    /// A name in it.
    pub(crate) fn dataset(&self, path: &str) -> DatasetName {
        format!("{}/{path}", self.name).parse().unwrap()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // A test that failed half-way may have exported it; the machine is thrown away in the end.
        Command::new("zpool").args(["destroy", "-f", &self.name]).output().ok();
        if self.place.starts_with(MEMORY) {
            fs::remove_file(&self.place).ok();
        } else {
            // The next pool on this disk must not take this one's partition for its own, which goes away as that comes.
            Command::new("wipefs").arg("--all").arg(&self.place).output().ok();
            Command::new("udevadm").arg("settle").output().ok();
        }
    }
}

/// A place for one test in the pool most tests share: making a pool takes seconds here. Not mounted, and not there yet.
pub(crate) fn place(purpose: &str) -> DatasetName {
    shared(&FIRST).dataset(&unique(purpose))
}

/// Such a place in another pool.
pub(crate) fn other_place(purpose: &str) -> DatasetName {
    shared(&SECOND).dataset(&unique(purpose))
}

/// A filesystem at such a place, mounted below `/` by its name.
pub(crate) fn home(purpose: &str) -> DatasetName {
    let name = place(purpose);
    oracle::zfs(&["create", name.as_str()]);
    name
}

/// A name that no other test of this run has.
pub(crate) fn unique(purpose: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("{purpose}{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

static FIRST: OnceLock<Pool> = OnceLock::new();
static SECOND: OnceLock<Pool> = OnceLock::new();

fn shared(which: &'static OnceLock<Pool>) -> &'static Pool {
    which.get_or_init(|| Pool::in_memory(SHARED_SIZE))
}

/// What every tested release has, and streams or bookmarks may need.
const FEATURES: [&str; 12] = [
    "extensible_dataset",
    "async_destroy",
    "bookmarks",
    "bookmark_v2",
    "enabled_txg",
    "hole_birth",
    "embedded_data",
    "lz4_compress",
    "large_blocks",
    "large_dnode",
    "zstd_compress",
    "encryption",
];

/// Sparse; what the tests leave in them stays below a third of it.
const SHARED_SIZE: u64 = 900;

/// Where the two disks are.
const DISKS: &str = "/dev/disk/by-id";

/// A filesystem in memory.
const MEMORY: &str = "/dev/shm";
