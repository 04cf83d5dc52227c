//! I am what the demonstration runs in the guest: I make a tree, let the program replicate it, hurt both, and prove what came of it.
//!
//! Pools and files are made with ZFS's own programs and with plain writes, the replication by `zfs-replicate` alone.

mod bench;
mod interruption;
mod oracle;
mod proof;
mod reading;
mod scenes;
mod tale;
mod tree;

use std::{env, process::ExitCode};

/// Why the play cannot go on.
type Failure = Box<dyn std::error::Error + Send + Sync>;

type Result<T> = std::result::Result<T, Failure>;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let ended = match args.as_slice() {
        ["demo"] => scenes::play(),
        ["bench", repetitions] => match repetitions.parse() {
            Ok(repetitions) => bench::race(repetitions),
            Err(_) => Err(format!("{repetitions:?} is no number of repetitions").into()),
        },
        _ => Err("want 'demo' or 'bench REPETITIONS'".into()),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            println!("\nerror: {why}");
            ExitCode::from(2)
        }
    }
}
