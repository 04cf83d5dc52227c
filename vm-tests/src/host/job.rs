//! I am what a guest is asked to do: files, one program, its surroundings.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    error::{Doing, Error, Result, tail},
    host::disk::sparse,
};

/// A program to run in the guest as root, in `/job`, with the files it needs.
///
/// What it leaves in `/results` comes back to the host.
#[derive(Clone, Debug, Default)]
pub struct Job {
    files: Vec<(PathBuf, String)>,
    command: Vec<Vec<u8>>,
    env: Vec<(String, Vec<u8>)>,
}

impl Job {
    /// Nothing yet: no file, and a program that does nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Carries a host file in as `/job/NAME`, with its permission bits.
    #[must_use]
    pub fn file(mut self, host: impl Into<PathBuf>, name: impl Into<String>) -> Self {
        self.files.push((host.into(), name.into()));
        self
    }

    /// What to run: a name to be found in the guest's PATH, or `./NAME` for a file carried in.
    #[must_use]
    pub fn program<A: AsRef<OsStr>>(mut self, program: impl AsRef<OsStr>, args: impl IntoIterator<Item = A>) -> Self {
        self.command = vec![program.as_ref().as_bytes().to_vec()];
        self.command.extend(args.into_iter().map(|arg| arg.as_ref().as_bytes().to_vec()));
        self
    }

    /// Sets a variable for the program. The name is written as it is.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.into(), value.as_ref().as_bytes().to_vec()));
        self
    }

    /// Writes the job's disk to `disk`, using `work` for its files.
    pub(crate) fn write_disk(&self, disk: &Path, work: &Path) -> Result<()> {
        let machine = work.join(".vm");
        fs::create_dir_all(&machine).at("making", &machine)?;
        for (name, content) in [
            ("init", include_bytes!("../../guest/init.sh").to_vec()),
            ("environment", self.environment()),
            ("command", self.command()),
        ] {
            let path = machine.join(name);
            fs::write(&path, content).at("writing", &path)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).at("writing", &path)?;
        }
        let mut size = 0;
        for (host, name) in &self.files {
            let path = work.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).at("making", parent)?;
            }
            size += fs::copy(host, &path).at("carrying into the guest", host)?;
        }
        // Metadata takes a few percent; a job may also write beside its files.
        sparse(disk, size + size / 8 + ROOM)?;
        let output = Command::new("mke2fs")
            .args([
                "-q",
                "-F",
                "-t",
                "ext4",
                "-O",
                "^has_journal",
                "-m",
                "0",
                "-E",
                "root_owner=0:0",
                "-d",
            ])
            .args([work, disk])
            .output()
            .doing("starting mke2fs")?;
        if !output.status.success() {
            return Err(Error::Program {
                program: "mke2fs".into(),
                status: output.status.to_string(),
                tail: tail(&String::from_utf8_lossy(&output.stderr), 10),
            });
        }
        fs::remove_dir_all(work).at("removing", work)
    }

    fn environment(&self) -> Vec<u8> {
        let mut script = Vec::new();
        for (name, value) in &self.env {
            script.extend_from_slice(format!("export {name}=").as_bytes());
            script.extend(quote(value));
            script.push(b'\n');
        }
        script
    }

    fn command(&self) -> Vec<u8> {
        let Some((first, rest)) = self.command.split_first() else {
            return b":\n".to_vec();
        };
        let mut script = b"exec ".to_vec();
        script.extend(quote(first));
        for arg in rest {
            script.push(b' ');
            script.extend(quote(arg));
        }
        script.push(b'\n');
        script
    }
}

/// A word that a POSIX shell reads back byte for byte.
fn quote(word: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for &byte in word {
        match byte {
            b'\'' => quoted.extend_from_slice(br"'\''"),
            other => quoted.push(other),
        }
    }
    quoted.push(b'\'');
    quoted
}

/// Free room on the job's disk, sparse on the host.
const ROOM: u64 = 256 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_words_back_byte_for_byte() {
        let words = ["plain", "two words", "it's", "$HOME `x` \\", "a\nb", ""];
        let job = Job::new()
            .program("printf", ["%s\\0"].iter().chain(&words))
            .env("GREETING", "don't");
        let output = Command::new("sh")
            .arg("-c")
            .arg(OsStr::from_bytes(&job.command()))
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            words.map(|word| format!("{word}\0")).concat()
        );
        assert_eq!(job.environment(), b"export GREETING='don'\\''t'\n");
    }
}
