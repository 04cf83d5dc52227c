//! I know which release of OpenZFS runs, and tell the matrix what a test has shown of a function.

use std::{fmt, fs, io::Write as _, str::FromStr};

use zfs_rs::{ErrorKind, Wish, Zfs};

use super::by;

/// A release of OpenZFS, by the two numbers that say what it can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Release(u32, u32);

impl FromStr for Release {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut numbers = text.split(['.', '-']).map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => Ok(Self(major, minor)),
            _ => Err(format!("{text} is no release of OpenZFS")),
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// The release of the module that is loaded.
pub(crate) fn running() -> Release {
    fs::read_to_string("/sys/module/zfs/version").unwrap().trim().parse().unwrap()
}

/// What a test of a function may return: nothing, or what the function said.
pub(crate) trait Ended {
    fn said(self) -> zfs_rs::Result<()>;
}

impl Ended for () {
    fn said(self) -> zfs_rs::Result<()> {
        Ok(())
    }
}

impl Ended for zfs_rs::Result<()> {
    fn said(self) -> zfs_rs::Result<()> {
        self
    }
}

/// Runs a test by one way to the kernel. Where the running release is older than `since`, a typed refusal is what passes.
pub(crate) fn show<T: Ended>(functions: &'static [&'static str], since: Option<&str>, wish: Wish, test: impl FnOnce(&Zfs) -> T) {
    let mut shown = Shown {
        functions,
        backend: if wish == Wish::Ioctl { "ioctl" } else { "lzc" },
        how: "failed".into(),
    };
    let needed: Option<Release> = since.map(|release| release.parse().unwrap());
    let lacked = needed.filter(|needed| running() < *needed);
    let said = test(&by(wish)).said();
    match lacked {
        None => said.unwrap(),
        Some(needed) => assert_refused(said, needed),
    }
    shown.how = lacked.map_or_else(|| "done".into(), |needed| format!("needs {needed}"));
}

/// A release that lacks a function says which release has it.
fn assert_refused(said: zfs_rs::Result<()>, needed: Release) {
    let refusal = said.expect_err("a release before the function's first one cannot have it");
    let ErrorKind::Unsupported { needs: Some(release) } = refusal.kind() else {
        panic!("no word of a release that is needed: {refusal}");
    };
    assert_eq!(release.to_string(), format!("OpenZFS {needed}"), "{refusal}");
}

/// Told when the test ends, however it ends.
struct Shown {
    functions: &'static [&'static str],
    backend: &'static str,
    how: String,
}

impl Drop for Shown {
    fn drop(&mut self) {
        if std::env::var_os(TELL).is_none() {
            return;
        }
        // Past the capture of libtest, which has left the line of the test's name open.
        let mut out = std::io::stdout();
        for (index, function) in self.functions.iter().enumerate() {
            let end = if index == 0 { "\n" } else { "" };
            writeln!(out, "{end}function {function} {} {}", self.backend, self.how).ok();
        }
        out.flush().ok();
    }
}

/// Set by the matrix, whose lines they are.
const TELL: &str = "VM_TESTS_TELL_FUNCTIONS";
