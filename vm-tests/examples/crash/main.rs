//! I am in the guests of `cargo xtask vm crash`: a tree changes and is replicated, what replicates it is killed or loses its power, and I see what is left.

mod contents;
mod life;
mod listing;
#[path = "../mutants/oracle.rs"]
mod oracle;
mod proof;
mod run;
mod tree;
mod watchdog;

use std::{env, error::Error, process::ExitCode};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match live(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("! {}", why.to_string().trim_end().replace('\n', "\n! "));
            ExitCode::FAILURE
        }
    }
}

/// What happens is told line by line: `+` something to count, `!` a failure, `cut` that the power is to go now; the rest is for people.
fn live(words: &[&str]) -> Result<()> {
    let [seed, boot, kills, end @ ("cut" | "end")] = words else {
        return Err("usage: crash SEED BOOT KILLS cut|end".into());
    };
    watchdog::watch();
    let mut life = life::Life::begin(seed.parse()?, boot.parse()?)?;
    life.shoot(kills.parse()?)?;
    if *end == "cut" { life.cut() } else { life.end() }
}

fn count(what: &str) {
    watchdog::stir();
    println!("+ {what}");
}
