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
    file: Option<PathBuf>,
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

    /// A pool on one of the two disks.
    pub(crate) fn on_disk(number: u32) -> Self {
        let name = unique("disk");
        let device = format!("/dev/disk/by-id/virtio-pool{number}");
        Self::create(&name, &device, None, &["atime=off", &format!("mountpoint=/{name}")])
    }

    fn create_in_memory(name: &str, mebibytes: u64, properties: &[&str]) -> Self {
        let file = PathBuf::from(format!("/dev/shm/{name}"));
        File::create(&file).and_then(|made| made.set_len(mebibytes << 20)).unwrap();
        Self::create(name, file.to_str().unwrap(), Some(file.clone()), properties)
    }

    fn create(name: &str, device: &str, file: Option<PathBuf>, properties: &[&str]) -> Self {
        // An unclean end of an earlier test may have left its label.
        let mut order = vec!["create", "-f", "-o", "cachefile=none"];
        properties.iter().for_each(|property| order.extend(["-O", property]));
        order.extend([name, device]);
        oracle::zpool(&order);
        Self {
            name: name.to_owned(),
            file,
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The file it lies in, if it is in memory.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
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
        let directory = if self.file.is_some() { "/dev/shm" } else { "/dev/disk/by-id" };
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
        if let Some(file) = &self.file {
            fs::remove_file(file).ok();
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

/// Sparse; what the tests leave in them stays below a third of it.
const SHARED_SIZE: u64 = 900;
