//! I am what is left to the real zfs.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::{End, Failure, Outcome};

pub(crate) const ZFS: &str = "/usr/sbin/zfs";

/// Becomes the real zfs; comes back only if that cannot be had.
pub(crate) fn become_it(args: &[String]) -> io::Error {
    Command::new(ZFS).args(args).exec()
}

/// Hands a call on after its beginning was read: what was read, then the rest.
pub(crate) fn receive(why: &str, args: &[String], begun: &[u8], mut rest: File) -> Outcome {
    let mut child = Command::new(ZFS).args(args).stdin(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let fed = stdin.write_all(begun).and_then(|()| io::copy(&mut rest, &mut stdin));
        // That the real zfs stopped reading, it says by itself.
        fed.ok();
    }
    let status = child.wait()?;
    Ok(End::HandedOn {
        why: why.to_owned(),
        status: status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1),
    })
}

/// Runs the real zfs and says whether it did what it should; it says nothing.
pub(crate) fn quietly(args: &[&str]) -> Result<bool, Failure> {
    let mut command = Command::new(ZFS);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command.status()?.success())
}
