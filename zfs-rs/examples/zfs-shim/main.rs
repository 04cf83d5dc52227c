//! I stand in for `zfs send` and `zfs receive`: streams of one dataset go through zfs-rs, all else goes to the real program.
//!
//! ```text
//! cargo build --example zfs-shim && sudo cp target/debug/examples/zfs-shim /usr/local/bin/zfs
//! ```
//!
//! OpenZFS's own tests take `zfs` from there before they look into `/usr/sbin`, and so run on this crate: `cargo xtask vm zts`. Where the file
//! `/var/tmp/zfs-shim.log` exists, each call of the two commands writes a line to it: who served it, and why not this crate.
//!
//! It is an example and no product: it starts the real program for what it does not do itself, mounting among it.

#![expect(
    clippy::disallowed_methods,
    reason = "an example may run the real zfs, and reads its own environment; the crate does neither"
)]

mod args;
mod find;
mod options;
mod real;
mod receive;
mod send;

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Write};
use std::process::ExitCode;

use zfs_rs::{Wish, Zfs};

use crate::args::{Ask, Refused};

/// How a call ended.
pub(crate) enum End {
    /// As asked.
    Done,
    /// By the real zfs, with its status.
    HandedOn { why: String, status: u8 },
}

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Outcome = Result<End, Failure>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    let command = args.first().cloned().unwrap_or_default();
    let is_ours = matches!(command.as_str(), "send" | "receive" | "recv");
    let outcome = match Ask::read(&args) {
        Err(Refused::HandOn(why)) => {
            if is_ours {
                log("handed", &command, &why);
            }
            say(format_args!("cannot start {}: {}", real::ZFS, real::become_it(&args)));
            return ExitCode::FAILURE;
        }
        Err(Refused::Wrong(why)) => {
            log("ours", &command, &why);
            say(format_args!("zfs {command}: {why}"));
            return ExitCode::from(2);
        }
        Ok(Ask::Send(order)) => open().and_then(|zfs| send::run(&zfs, &order, &args)),
        Ok(Ask::Receive(order)) => open().and_then(|zfs| receive::run(&zfs, &order, &args)),
        Ok(Ask::Abort(target)) => open().and_then(|zfs| {
            zfs.abort_receive(&target)?;
            Ok(End::Done)
        }),
    };
    match outcome {
        Ok(End::Done) => {
            log("ours", &command, "");
            ExitCode::SUCCESS
        }
        Ok(End::HandedOn { why, status }) => {
            log("handed", &command, &why);
            ExitCode::from(status)
        }
        Err(failure) => {
            log("ours", &command, &failure.to_string());
            say(format_args!("zfs {command}: {failure}"));
            ExitCode::FAILURE
        }
    }
}

/// The way to the kernel without its library, unless the environment names it.
fn open() -> Result<Zfs, Failure> {
    let wish = match std::env::var("ZFS_SHIM_BACKEND").as_deref() {
        Ok("libzfs_core") => Wish::LibzfsCore,
        _ => Wish::Ioctl,
    };
    Ok(Zfs::open_by(wish)?)
}

/// To people. Somebody who does not listen changes nothing.
pub(crate) fn say(words: impl Display) {
    writeln!(io::stderr(), "{words}").ok();
}

/// One line, in one write: several calls may end at once.
fn log(who: &str, command: &str, why: &str) {
    if let Ok(mut file) = File::options().append(true).open(LOG) {
        let line = format!("zfs-shim: {who}\t{command}\t{}\n", why.replace(['\n', '\t'], " "));
        file.write_all(line.as_bytes()).ok();
    }
}

const LOG: &str = "/var/tmp/zfs-shim.log";
