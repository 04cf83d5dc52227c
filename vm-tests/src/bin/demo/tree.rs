//! I am the tree: pools, datasets and files of many kinds, always the same bytes, and what a week does to them.

use std::{
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    os::unix::fs::{FileExt, PermissionsExt, chown, symlink},
    path::{Path, PathBuf},
};

use crate::{Result, oracle};

/// What is replicated.
pub(crate) const SOURCE: &str = "tank/data";

/// What becomes its copy.
pub(crate) const TARGET: &str = "backup/data";

/// The key of the encrypted datasets: the source's alone until the proof.
pub(crate) const KEY: &str = "/run/vault.key";

/// Makes the two pools on the machine's two blank disks.
pub(crate) fn pools() -> Result<()> {
    let disk = |number| format!("/dev/disk/by-id/virtio-pool{number}");
    oracle::zpool([
        "create",
        "-f",
        "-o",
        "ashift=12",
        "-O",
        "mountpoint=/tank",
        "-O",
        "atime=off",
        "-O",
        "xattr=sa",
        "tank",
        &disk(0),
    ])?;
    oracle::zpool(["create", "-f", "-o", "ashift=12", "-O", "mountpoint=none", "backup", &disk(1)])?;
    Ok(())
}

/// Makes the tree as it is on Monday.
pub(crate) fn plant() -> Result<()> {
    oracle::zfs(["create", SOURCE])?;
    for name in [
        "home",
        "home/ada",
        "home/bob",
        "home/carol",
        "www",
        "www/logs",
        "www/assets",
        "projects",
        "projects/alpha",
        "inbox",
    ] {
        oracle::zfs(["create", &format!("{SOURCE}/{name}")])?;
    }
    oracle::zfs(["create", "-o", "recordsize=1M", "tank/data/media"])?;
    oracle::zfs(["create", "-V", "16M", "tank/data/disk0"])?;
    fs::write(KEY, Noise::new(99).bytes(32))?;
    fs::set_permissions(KEY, fs::Permissions::from_mode(0o600))?;
    let location = format!("keylocation=file://{KEY}");
    oracle::zfs([
        "create",
        "-o",
        "encryption=aes-256-gcm",
        "-o",
        "keyformat=raw",
        "-o",
        &location,
        "tank/data/vault",
    ])?;
    oracle::zfs(["create", "tank/data/vault/letters"])?;
    logs()?;
    monday()?;
    oracle::zfs(["snapshot", "-r", "tank/data@monday"]).map(drop)
}

/// One dataset is older than the rest, by three snapshots.
fn logs() -> Result<()> {
    for (number, day) in [(1, "friday"), (2, "saturday"), (3, "sunday")] {
        text(&place("www/logs").join("access.log"), number, 400 << 10)?;
        text(&place("www/logs").join(format!("{day}.log")), number, 100 << 10)?;
        oracle::zfs(["snapshot", &format!("tank/data/www/logs@{day}")])?;
    }
    Ok(())
}

fn monday() -> Result<()> {
    text(&place("readme.txt"), 10, 4 << 10)?;
    let ada = place("home/ada");
    text(&ada.join("letter to the editor.txt"), 11, 300 << 10)?;
    text(&ada.join("süß & \"quoted\".txt"), 12, 20 << 10)?;
    fs::hard_link(ada.join("letter to the editor.txt"), ada.join("the same letter"))?;
    symlink("letter to the editor.txt", ada.join("newest"))?;
    symlink("/nowhere/at all", ada.join("dangling"))?;
    oracle::zfs(["snapshot", "tank/data/home/ada@sunday"])?;
    let bob = place("home/bob");
    fs::create_dir(bob.join("mail"))?;
    for number in 0..150 {
        text(&bob.join(format!("mail/{number:03}")), 1000 + number, 200 + 9 * number)?;
    }
    File::create(bob.join("empty"))?;
    let carol = place("home/carol");
    noise(&carol.join("photo.raw"), 13, 3 << 20)?;
    holes(&carol.join("sparse.img"), 14)?;
    text(&carol.join("tagged"), 15, 900)?;
    xattr::set(carol.join("tagged"), "user.colour", b"blue")?;
    xattr::set(carol.join("tagged"), "user.big", &Noise::new(16).bytes(2000))?;
    xattr::set(&carol, "user.of-a-directory", b"yes")?;
    chown(carol.join("tagged"), Some(1000), Some(100))?;
    fs::set_permissions(carol.join("tagged"), fs::Permissions::from_mode(0o4751))?;
    for number in 0..6 {
        noise(&place("www/assets").join(format!("picture {number}.bin")), 20 + number, 1 << 20)?;
    }
    text(&place("projects/alpha").join("main.rs"), 30, 60 << 10)?;
    noise(&place("projects/alpha").join("model.bin"), 31, 2 << 20)?;
    text(&place("inbox").join("unsorted"), 32, 10 << 10)?;
    noise(&place("media").join("trailer.mkv"), 33, 4 << 20)?;
    text(&place("vault").join("secret.txt"), 34, 50 << 10)?;
    noise(&place("vault").join("secret.bin"), 35, 1 << 20)?;
    for number in 0..20 {
        text(&place("vault/letters").join(format!("{number}")), 2000 + number, 700)?;
    }
    blocks(0, 40, 4 << 20)
}

/// What changes by Tuesday, with children born, one of them below another, and one renamed.
pub(crate) fn tuesday() -> Result<()> {
    let ada = place("home/ada");
    File::options()
        .append(true)
        .open(ada.join("the same letter"))?
        .write_all(b"\nP. S. One more thing.\n")?;
    fs::remove_file(ada.join("newest"))?;
    symlink("the same letter", ada.join("newest"))?;
    let bob = place("home/bob");
    for number in (0..150).step_by(3) {
        fs::remove_file(bob.join(format!("mail/{number:03}")))?;
    }
    fs::rename(bob.join("mail"), bob.join("old mail"))?;
    let carol = place("home/carol");
    File::options()
        .write(true)
        .open(carol.join("photo.raw"))?
        .write_all_at(&Noise::new(50).bytes(70_000), 1 << 20)?;
    File::options().write(true).open(carol.join("sparse.img"))?.set_len(5 << 20)?;
    xattr::set(carol.join("tagged"), "user.colour", b"green")?;
    xattr::remove(carol.join("tagged"), "user.big")?;
    fs::remove_file(place("www/assets").join("picture 3.bin"))?;
    text(&place("www/logs").join("monday.log"), 51, 100 << 10)?;
    text(&place("inbox").join("newer"), 52, 3 << 10)?;
    text(&place("vault/letters").join("the last"), 53, 900)?;
    blocks(6 << 20, 54, 1 << 20)?;
    oracle::zfs(["rename", "tank/data/projects/alpha", "tank/data/projects/omega"])?;
    text(&place("projects/omega").join("main.rs"), 55, 61 << 10)?;
    for name in ["projects/gamma", "home/dora", "home/dora/pictures"] {
        oracle::zfs(["create", &format!("tank/data/{name}")])?;
    }
    text(&place("projects/gamma").join("plan.txt"), 56, 5 << 10)?;
    text(&place("home/dora").join("hello"), 57, 100)?;
    noise(&place("home/dora/pictures").join("one.jpg"), 58, 1 << 20)?;
    oracle::zfs(["snapshot", "-r", "tank/data@tuesday"]).map(drop)
}

/// Two strangers on the target: a snapshot that has the name of one to come, and a dataset where a new child belongs.
pub(crate) fn strangers() -> Result<()> {
    oracle::zfs(["snapshot", "backup/data/inbox@tuesday"])?;
    oracle::zfs(["create", "-o", "mountpoint=none", "backup/data/projects/gamma"])?;
    oracle::zfs(["snapshot", "backup/data/projects/gamma@tuesday"]).map(drop)
}

/// The one big thing, in large records; nothing can compress it.
pub(crate) fn wednesday(bytes: u64) -> Result<()> {
    noise(&place("media").join("film.mkv"), 60, bytes)?;
    oracle::zfs(["snapshot", "tank/data/media@wednesday"]).map(drop)
}

/// Changes one byte of a file and nothing else: not its size, not its time.
pub(crate) fn bend(path: &Path) -> Result<()> {
    let file = File::options().read(true).write(true).open(path)?;
    let time = file.metadata()?.modified()?;
    let mut byte = [0];
    file.read_exact_at(&mut byte, 1000)?;
    file.write_all_at(&[!byte[0]], 1000)?;
    Ok(file.set_modified(time)?)
}

/// Where a dataset of the tree is mounted.
fn place(name: &str) -> PathBuf {
    Path::new("/").join(SOURCE).join(name)
}

/// Lines of words: compresses well.
fn text(path: &Path, seed: u64, bytes: u64) -> Result<()> {
    let mut noise = Noise::new(seed);
    let mut written = String::new();
    while u64::try_from(written.len())? < bytes {
        let number = noise.next();
        for place in 0..8 {
            let word = usize::try_from(number >> (8 * place) & 15)?;
            written.push_str(WORDS.get(word).unwrap_or(&""));
            written.push(' ');
        }
        written.push('\n');
    }
    written.truncate(usize::try_from(bytes)?);
    Ok(fs::write(path, written)?)
}

/// Bytes that no algorithm can make fewer.
pub(crate) fn noise(path: &Path, seed: u64, bytes: u64) -> Result<()> {
    let mut noise = Noise::new(seed);
    let mut file = File::create(path)?;
    let mut left = usize::try_from(bytes)?;
    while left > 0 {
        let portion = left.min(1 << 20);
        file.write_all(&noise.bytes(portion))?;
        left -= portion;
    }
    Ok(())
}

/// Little data and much nothing, with a hole at the end.
fn holes(path: &Path, seed: u64) -> Result<()> {
    let file = File::create(path)?;
    let mut noise = Noise::new(seed);
    for at in [0, 3_000_001, 9 << 20] {
        file.write_all_at(&noise.bytes(10_000), at)?;
    }
    Ok(file.set_len(12 << 20)?)
}

/// Writes to the volume.
fn blocks(at: u64, seed: u64, bytes: usize) -> Result<()> {
    let mut device = File::options().write(true).open(oracle::device("tank/data/disk0")?)?;
    device.seek(SeekFrom::Start(at))?;
    device.write_all(&Noise::new(seed).bytes(bytes))?;
    Ok(device.sync_all()?)
}

/// Numbers that look like chance and are the same every time (splitmix64).
struct Noise(u64);

impl Noise {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count.next_multiple_of(8));
        while bytes.len() < count {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}

const WORDS: [&str; 16] = [
    "water", "and", "stone", "the", "river", "of", "seven", "light", "under", "a", "bridge", "which", "nobody", "had", "ever", "crossed",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_the_same_every_time_and_another_for_each_seed() {
        assert_eq!(Noise::new(1).bytes(100), Noise::new(1).bytes(100));
        assert_ne!(Noise::new(1).bytes(100), Noise::new(2).bytes(100));
        assert_eq!(Noise::new(1).bytes(13).len(), 13);
    }

    #[test]
    fn files_have_the_size_that_was_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        text(&path, 1, 12_345).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 12_345);
        noise(&path, 1, (2 << 20) + 1).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), (2 << 20) + 1);
        holes(&path, 1).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 12 << 20);
    }
}
