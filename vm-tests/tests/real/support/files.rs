//! I write files that can be told apart, and say what a snapshot holds.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    os::unix::fs::{MetadataExt, symlink},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::oracle;

/// Bytes that no compressor shortens, the same for the same seed.
#[derive(Clone, Debug)]
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

impl Read for Noise {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        for piece in buffer.chunks_mut(8) {
            let bytes = self.next().to_le_bytes();
            piece.copy_from_slice(&bytes[..piece.len()]);
        }
        Ok(buffer.len())
    }
}

/// Writes a file of noise.
pub(crate) fn noise(path: impl AsRef<Path>, seed: u64, bytes: u64) {
    let mut file = fs::File::create(path).unwrap();
    let mut left = bytes;
    let mut buffer = vec![0; 1 << 20];
    let mut noise = Noise::new(seed);
    while left > 0 {
        let piece = usize::try_from(left.min(1 << 20)).unwrap();
        noise.read_exact(&mut buffer[..piece]).unwrap();
        file.write_all(&buffer[..piece]).unwrap();
        left -= u64::try_from(piece).unwrap();
    }
}

/// Writes a few files of every common kind below a directory.
pub(crate) fn assortment(root: &Path, seed: u64) {
    let path = |name: &str| root.join(format!("{name}{seed}"));
    noise(path("noise"), seed, 300_000);
    fs::write(path("tiny"), format!("tiny {seed}")).unwrap();
    let text: String = (0..9000).map(|line| format!("line {line} of a text of {seed}\n")).collect();
    fs::write(path("text"), text).unwrap();
    fs::write(path("empty"), "").unwrap();
    let holed = fs::File::create(path("holed")).unwrap();
    holed.set_len(600_000).unwrap();
    fs::create_dir_all(path("directory").join("deep")).unwrap();
    fs::write(path("directory").join("deep/leaf"), [u8::try_from(seed % 251).unwrap(); 2000]).unwrap();
    symlink("text", path("link")).unwrap();
    fs::hard_link(path("tiny"), path("twin")).unwrap();
}

/// Where a filesystem made by the tests is mounted.
pub(crate) fn mountpoint(dataset: impl AsRef<str>) -> PathBuf {
    Path::new("/").join(dataset.as_ref())
}

/// What each path in a snapshot is: kind, mode, and the contents' SHA-256 or the link's target.
pub(crate) fn contents(snapshot: impl AsRef<str>) -> BTreeMap<PathBuf, String> {
    let place = tempfile::tempdir().unwrap();
    oracle::run(
        "mount",
        &["-t", "zfs", "-o", "ro", snapshot.as_ref(), place.path().to_str().unwrap()],
    );
    let mut found = BTreeMap::new();
    walk(place.path(), place.path(), &mut found);
    oracle::run("umount", &[place.path().to_str().unwrap()]);
    // A comparison of nothing with nothing has shown nothing.
    assert!(!found.is_empty(), "{} holds no file", snapshot.as_ref());
    found
}

fn walk(root: &Path, directory: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        let what = if metadata.is_symlink() {
            format!("link to {}", fs::read_link(&path).unwrap().display())
        } else if metadata.is_dir() {
            walk(root, &path, found);
            "directory".to_owned()
        } else {
            format!("{} bytes {}", metadata.len(), sha256(&path))
        };
        let name = path.strip_prefix(root).unwrap().to_owned();
        found.insert(name, format!("{:o} ×{} {what}", metadata.mode(), metadata.nlink()));
    }
}

/// The SHA-256 of a file or device.
pub(crate) fn sha256(path: &Path) -> String {
    let mut file = fs::File::open(path).unwrap();
    let mut sum = Sha256::new();
    std::io::copy(&mut file, &mut sum).unwrap();
    format!("{:x}", sum.finalize())
}
