//! I give mutants of streams, those that the verifier lets through, to a real kernel, by `cargo xtask vm mutants`: on the host I pick their numbers, in the
//! guest I draw them again and have them received.

mod guest;
mod offered;
mod oracle;
mod watch;

use std::{env, error::Error, process::ExitCode};

use ring_tests::mutants::Offer;
use zfs_rs::{Release, stream::Profile};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<()> {
    let [verb, release, seed, numbers @ ..] = words else {
        return Err("usage: mutants pick RELEASE SEED COUNT | receive RELEASE SEED NUMBER...".into());
    };
    let profile = Profile::of(release.parse::<Release>()?);
    let seed = seed.parse()?;
    match (*verb, numbers) {
        ("pick", [count]) => {
            for number in Offer::pick(seed, count.parse()?, &profile) {
                println!("{number}");
            }
            Ok(())
        }
        ("receive", numbers) => {
            let draw = |number: &&str| {
                let offer = Offer::draw(seed, number.parse()?, &profile);
                Ok(((*number).to_owned(), offer.ok_or_else(|| format!("there is no mutant {number}"))?))
            };
            guest::receive(numbers.iter().map(draw).collect::<Result<_>>()?, &profile)
        }
        _ => Err(format!("what is '{verb}'?").into()),
    }
}
