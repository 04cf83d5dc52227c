//! I pack the first files a kernel sees: a shell, the disk's drivers, and a note where to go.

use std::{fs, path::Path};

use crate::error::{Doing, Result};

/// A cpio archive ("newc") with busybox, our first script and the modules in `modules`.
pub(crate) fn pack(modules: &Path) -> Result<Vec<u8>> {
    let mut archive = Archive::default();
    for directory in ["bin", "dev", "proc", "sys", "root", "modules"] {
        archive.entry(directory, DIRECTORY, &[]);
    }
    let busybox = Path::new("/bin/busybox");
    archive.entry("bin/busybox", PROGRAM, &fs::read(busybox).at("reading", busybox)?);
    for name in ["sh", "mount", "insmod", "switch_root", "cat", "sleep", "mkdir"] {
        archive.entry(&format!("bin/{name}"), LINK, b"busybox");
    }
    archive.entry("init", PROGRAM, include_bytes!("../../guest/initrd.sh"));
    for entry in fs::read_dir(modules).at("reading", modules)? {
        let entry = entry.at("reading", modules)?;
        let name = entry.file_name();
        archive.entry(
            &format!("modules/{}", name.to_string_lossy()),
            FILE,
            &fs::read(entry.path()).at("reading", &entry.path())?,
        );
    }
    archive.entry("TRAILER!!!", 0, &[]);
    Ok(archive.bytes)
}

#[derive(Default)]
struct Archive {
    bytes: Vec<u8>,
    files: usize,
}

impl Archive {
    fn entry(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.files += 1;
        let header = [
            self.files,
            usize::try_from(mode).unwrap_or_default(),
            0,
            0,
            1,
            0,
            content.len(),
            0,
            0,
            0,
            0,
            name.len() + 1,
            0,
        ];
        self.bytes.extend_from_slice(b"070701");
        for field in header {
            self.bytes.extend_from_slice(format!("{field:08X}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(content);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

const DIRECTORY: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const FILE: u32 = 0o100_644;
const LINK: u32 = 0o120_777;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_a_header_a_name_and_bytes_each_on_a_multiple_of_four() {
        let mut archive = Archive::default();
        archive.entry("init", PROGRAM, b"hello");
        assert_eq!(archive.bytes.len(), 6 + 13 * 8 + 6 + 8);
        assert_eq!(&archive.bytes[..30], b"07070100000001000081ED00000000");
        assert_eq!(&archive.bytes[110..], b"init\0\0hello\0\0\0");
    }
}
