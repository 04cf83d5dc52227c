//! I run a round of mutants and say what became of them: status 0 only when the verifiers agreed on each, and every rule was broken by some.

#![expect(clippy::disallowed_methods, reason = "progress is told by the clock")]

use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use ring_tests::mutants::flips::{Flips, all_of_headers, some};
use ring_tests::mutants::{Round, long_package};
use zfs_rs::stream::ByteOrder;

fn main() -> io::Result<ExitCode> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [seed, blind, mutants] = words.as_slice() else {
        return Err(io::Error::other("usage: mutants SEED BLIND MUTANTS"));
    };
    let number = |word: &String| word.parse::<u64>().map_err(|_| io::Error::other(format!("no number: {word}")));
    let round = Round {
        seed: number(seed)?,
        blind: number(blind)?,
        mutants: number(mutants)?,
    };
    let flips_are_seen = flips(round.seed);
    let begun = Instant::now();
    let mut said = begun;
    let tally = round.run(|done, all| {
        if said.elapsed().as_secs() >= 5 {
            said = Instant::now();
            eprint!("\r{done} of {all}, {} s", begun.elapsed().as_secs());
            drop(io::stderr().flush());
        }
    });
    eprintln!("\r{} s", begun.elapsed().as_secs());
    print!("{tally}");
    for failure in tally.failures.iter().take(FAILURES) {
        println!("FAILED: {failure}");
    }
    let never = tally.never_broken();
    if round.mutants > 0 && !never.is_empty() {
        println!(
            "FAILED: no mutant broke {}",
            never.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        );
    }
    let is_good = flips_are_seen && tally.failures.is_empty() && (round.mutants == 0 || never.is_empty());
    println!("seed {}: {}", round.seed, if is_good { "ok" } else { "FAILED" });
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Flips bits of two long packages, one in each byte order; whether all were seen.
fn flips(seed: u64) -> bool {
    let mut are_seen = true;
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let short = long_package(seed, order, 200_000);
        let long = long_package(seed + 1, order, 4_000_000);
        let says = [
            ("every bit of the records of a package of", &short, all_of_headers(&short)),
            ("bits anywhere in a package of", &long, some(&long, seed, 10_000)),
        ];
        for (what, made, flips) in says {
            let Flips { tried, seen, missed } = flips;
            println!("{what} {} bytes: {seen} of {tried} flips seen", made.bytes.len());
            missed.iter().take(FAILURES).for_each(|missed| println!("FAILED: {missed}"));
            are_seen &= missed.is_empty();
        }
    }
    are_seen
}

/// As many are shown as one reads.
const FAILURES: usize = 40;
