//! I am the race beside the tools people use for the same work: one boot, each in turn, each time from the same state. I run in a guest, by
//! `cargo xtask bench peers`.

mod figures;
mod install;
mod proof;
mod race;
mod racer;
mod run;
mod scene;
mod turn;
mod world;

use std::{env, error::Error, process::ExitCode};

use self::scene::Sizes;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match race(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn race(words: &[&str]) -> Result<()> {
    let [repetitions, datasets, snapshots, history, scenes @ ..] = words else {
        return Err("want REPETITIONS DATASETS SNAPSHOTS HISTORY SCENE...".into());
    };
    let sizes = Sizes {
        datasets: datasets.parse()?,
        snapshots: snapshots.parse()?,
        history: history.parse()?,
    };
    let scenes: Vec<_> = scenes.iter().map(|name| scene::named(name, sizes)).collect::<Result<_>>()?;
    race::race(repetitions.parse()?, &scenes)
}
