//! I read a snapshot whole: every file, what it is called, whose it is, and the SHA-256 of what it holds.

use std::{
    fs::{self, File},
    io::Read,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::Path,
};

use nix::mount::{MsFlags, mount, umount};
use sha2::{Digest, Sha256};

use crate::{Result, oracle, proof::Manifest};

/// What a snapshot of a filesystem holds, mounted read-only at `at` for as long as that takes.
pub(crate) fn filesystem(snapshot: &str, at: &Path) -> Result<Manifest> {
    mounted(snapshot, at, MsFlags::MS_RDONLY, tree)
}

/// What a snapshot of a volume holds, read through a clone that is gone afterwards.
pub(crate) fn volume(snapshot: &str, clone: &str) -> Result<Manifest> {
    oracle::zfs(["clone", "-o", "readonly=on", "-o", "volmode=full", snapshot, clone])?;
    let mut manifest = Manifest::default();
    let read = oracle::device(clone).and_then(|device| Ok(hash(&mut File::open(device)?)?));
    oracle::destroy(clone)?;
    let (digest, bytes) = read?;
    manifest.files = 1;
    manifest.bytes = bytes;
    manifest.entries.insert("volume".into(), format!("size {bytes} sha256 {digest}"));
    Ok(manifest)
}

/// Does something with a dataset or snapshot while it is mounted.
pub(crate) fn mounted<T>(dataset: &str, at: &Path, flags: MsFlags, act: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    fs::create_dir_all(at)?;
    mount(Some(dataset), at, Some("zfs"), flags, None::<&str>).map_err(|errno| format!("{dataset} cannot be mounted: {errno}"))?;
    let done = act(at);
    umount(at).map_err(|errno| format!("{dataset} cannot be unmounted: {errno}"))?;
    done
}

/// Everything below a directory, itself included.
pub(crate) fn tree(root: &Path) -> Result<Manifest> {
    let mut manifest = Manifest::default();
    visit(root, root, &mut manifest)?;
    Ok(manifest)
}

fn visit(root: &Path, path: &Path, manifest: &mut Manifest) -> Result<()> {
    let meta = fs::symlink_metadata(path)?;
    let mut facts = format!(
        "mode {:o} owner {}:{} links {} size {} time {}.{:09}",
        meta.mode(),
        meta.uid(),
        meta.gid(),
        meta.nlink(),
        meta.size(),
        meta.mtime(),
        meta.mtime_nsec()
    );
    if path != root {
        // A replica has the same objects, so hard links show as equal numbers. The root of a mounted snapshot has one of the mount's own.
        facts += &format!(" object {}", meta.ino());
    }
    if meta.is_symlink() {
        facts += &format!(" to {:?}", fs::read_link(path)?);
    } else if meta.is_file() {
        let (digest, bytes) = hash(&mut File::open(path)?)?;
        facts += &format!(" sha256 {digest}");
        manifest.files += 1;
        manifest.bytes += bytes;
    }
    facts += &attributes(path)?;
    let name = if path == root { Path::new(".") } else { path.strip_prefix(root)? };
    manifest.entries.insert(name.to_owned(), facts);
    if meta.is_dir() {
        for entry in fs::read_dir(path)? {
            visit(root, &entry?.path(), manifest)?;
        }
    }
    Ok(())
}

fn attributes(path: &Path) -> Result<String> {
    let mut found = Vec::new();
    for name in xattr::list(path)? {
        let value = xattr::get(path, &name)?.unwrap_or_default();
        found.push(format!(
            " {}={}",
            String::from_utf8_lossy(name.as_bytes()),
            hex(&Sha256::digest(value))
        ));
    }
    found.sort();
    Ok(found.concat())
}

fn hash(from: &mut impl Read) -> std::io::Result<(String, u64)> {
    let mut sha = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0_u64;
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok((hex(&sha.finalize()), bytes));
        }
        sha.update(buffer.get(..read).unwrap_or_default());
        bytes += u64::try_from(read).unwrap_or_default();
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::other_contents;

    #[test]
    fn one_changed_byte_behind_the_same_name_size_and_time_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a file");
        fs::write(&path, b"0123456789").unwrap();
        let before = tree(dir.path()).unwrap();
        assert_eq!((before.files, before.bytes), (1, 10));
        assert_eq!(other_contents(&before, &tree(dir.path()).unwrap()), Vec::<String>::new());

        let time = fs::metadata(&path).unwrap().modified().unwrap();
        fs::write(&path, b"0123406789").unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        let after = tree(dir.path()).unwrap();
        let found = other_contents(&before, &after);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("a file: "), "{found:?}");
    }

    #[test]
    fn names_links_and_modes_are_part_of_what_is_compared() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), b"x").unwrap();
        std::os::unix::fs::symlink("a", dir.path().join("b")).unwrap();
        let before = tree(dir.path()).unwrap();
        fs::hard_link(dir.path().join("a"), dir.path().join("c")).unwrap();
        let linked = tree(dir.path()).unwrap();
        let found = other_contents(&before, &linked);
        assert!(found.iter().any(|line| line.starts_with("c: not there / ")), "{found:?}");
        assert!(found.iter().any(|line| line.starts_with("a: ")), "its number of links: {found:?}");
    }
}
