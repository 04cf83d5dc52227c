//! I let programs that were linked here run in a guest whose C library is older.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    error::{Doing, Error, Result, tail},
    host::{image::Suite, job::Job, packages, progress::Progress, scratch::Scratch},
};

/// Programs on their way into a guest; their copies live as long as this does.
#[derive(Debug)]
pub(crate) struct Programs {
    suite: Suite,
    /// The copies that bring this host's C library along, where the guest's is too old for them.
    copies: Option<Scratch>,
}

impl Programs {
    /// Finds out whether they need more than themselves there. Installs what that takes.
    pub(crate) fn of(suite: Suite, progress: &mut Progress) -> Result<Self> {
        let copies = if glibc()? > suite.glibc() {
            progress.say(&format!("the C library of {suite} is older than this host's, which goes along"));
            packages::ensure(&["patchelf"], progress)?;
            Some(Scratch::new("programs")?)
        } else {
            None
        };
        Ok(Self { suite, copies })
    }

    /// Carries them in as `/job/NAME`.
    ///
    /// Each is told where its own loader and libraries are, so that what it starts in its turn (zfs, a shell, itself) runs as it would without us: no variable
    /// is set. A library of the guest that is opened by them, such as libzfs_core, is content with a C library newer than its own.
    pub(crate) fn carry(&self, job: Job, programs: &[(PathBuf, &str)]) -> Result<Job> {
        let Some(copies) = &self.copies else {
            return Ok(programs.iter().fold(job, |job, (host, name)| job.file(host, *name)));
        };
        let mut job = job;
        for (host, name) in programs {
            let copy = copies.path().join(name);
            fs::copy(host, &copy).at("copying", host)?;
            patch(&copy, self.suite)?;
            job = job.file(copy, *name);
        }
        for library in LIBRARIES {
            job = job.file(Path::new(HERE).join(library), format!("{THERE}/{library}"));
        }
        Ok(job)
    }
}

fn patch(program: &Path, suite: Suite) -> Result<()> {
    // RPATH and not RUNPATH: it holds for the libraries of the libraries too.
    let output = Command::new("patchelf")
        .args([
            "--set-interpreter",
            &format!("/job/{THERE}/{LOADER}"),
            "--force-rpath",
            "--set-rpath",
        ])
        .arg(format!("/job/{THERE}"))
        .arg(program)
        .output()
        .doing("starting patchelf")?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Program {
        program: format!("patchelf for {suite}"),
        status: output.status.to_string(),
        tail: tail(&String::from_utf8_lossy(&output.stderr), 10),
    })
}

/// The version of this host's C library.
fn glibc() -> Result<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().doing("starting getconf")?;
    let text = String::from_utf8_lossy(&output.stdout);
    version(&text).ok_or_else(|| Error::Unusable(format!("getconf names no C library: {text:?}")))
}

fn version(text: &str) -> Option<(u32, u32)> {
    let (major, rest) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    let minor = rest.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// All of the C library's parts that a program or a guest's library may ask for: parts of two versions do not go together.
const LIBRARIES: [&str; 9] = [
    LOADER,
    "libc.so.6",
    "libm.so.6",
    "libgcc_s.so.1",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "libresolv.so.2",
    "libutil.so.1",
];
const LOADER: &str = "ld-linux-x86-64.so.2";
/// Where Debian has them.
const HERE: &str = "/lib/x86_64-linux-gnu";
/// Below `/job`.
const THERE: &str = "libc";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("glibc 2.36\n"), Some((2, 36)));
        assert!(version("glibc 2.4.1") < version("glibc 2.31"));
        assert_eq!(version("musl 1.2"), None);
    }

    #[test]
    fn this_hosts_programs_need_nothing_more_where_the_library_is_as_new() {
        assert!(Suite::Bullseye.glibc() < Suite::Bookworm.glibc());
        let job = Programs {
            suite: Suite::Trixie,
            copies: None,
        }
        .carry(Job::new(), &[("/bin/sh".into(), "real")]);
        assert_eq!(format!("{:?}", job.unwrap()), format!("{:?}", Job::new().file("/bin/sh", "real")));
    }

    #[test]
    fn every_part_of_the_library_is_there_to_be_carried() {
        for library in LIBRARIES {
            assert!(Path::new(HERE).join(library).exists(), "{library}");
        }
    }
}
