//! I let worlds with faults happen, seed after seed, or every fault at every call, and say what became of them: status 0 only when every invariant held.

#![expect(clippy::disallowed_methods, reason = "progress is told by the clock")]

use std::env;
use std::io::{self, Write as _};
use std::panic::catch_unwind;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Instant;

use ring_tests::simulation::{Broken, SCENARIOS, Struck, Tale, each, simulate};

fn main() -> io::Result<ExitCode> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |word: &str| word.parse::<u64>().map_err(|_| io::Error::other(format!("no number: {word}")));
    let is_good = match words.as_slice() {
        ["seeds", first, count] => seeds(number(first)?, number(count)?, false),
        ["until-broken", first, count] => seeds(number(first)?, number(count)?, true),
        ["each"] => everything(),
        _ => {
            return Err(io::Error::other(
                "usage: sim seeds FIRST COUNT | sim until-broken FIRST COUNT | sim each",
            ));
        }
    };
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn seeds(first: u64, count: u64, is_one_enough: bool) -> bool {
    let (mut sum, mut broken) = (Tale::default(), 0_u64);
    let next = AtomicU64::new(0);
    let work = |tell: &Sender<(u64, Result<Tale, Box<Broken>>)>| {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count || tell.send((first + index, caught(first + index))).is_err() {
                return;
            }
        }
    };
    let take = |(seed, told): (u64, Result<Tale, Box<Broken>>)| match told {
        Ok(tale) => {
            sum.runs += tale.runs;
            sum.deaths += tale.deaths;
            sum.calls += tale.calls;
            sum.names += tale.names;
            sum.blocked += tale.blocked;
            if count == 1 {
                print!("{}", tale.log);
            }
        }
        Err(why) => {
            broken += 1;
            if is_one_enough {
                next.store(count, Ordering::Relaxed);
            }
            println!("FAILED: seed {seed}: {}", why.why);
            println!("replay: cargo xtask sim --seeds 1 --seed {seed}");
            if count == 1 {
                print!("{}", why.tale.log);
            }
        }
    };
    side_by_side(count, work, take);
    println!(
        "{count} seeds from {first}: {} runs, {} of them killed, {} calls of the kernel, {} names given, {} times a dataset was blocked by what only \
         somebody else can mend; {broken} with a broken invariant",
        sum.runs, sum.deaths, sum.calls, sum.names, sum.blocked
    );
    broken == 0
}

/// Whoever panics has broken a promise too.
fn caught(seed: u64) -> Result<Tale, Box<Broken>> {
    catch_unwind(|| simulate(seed)).unwrap_or_else(|_| {
        Err(Box::new(Broken {
            why: "the panic told above".to_owned(),
            tale: Tale::default(),
        }))
    })
}

fn everything() -> bool {
    let (mut calls, mut runs, mut broken) = (0, 0, 0);
    let next = AtomicUsize::new(0);
    let work = |tell: &Sender<(usize, Struck)>| {
        while let Some((index, scenario)) = SCENARIOS.iter().enumerate().nth(next.fetch_add(1, Ordering::Relaxed)) {
            if tell.send((index, each(scenario))).is_err() {
                return;
            }
        }
    };
    let take = |(index, struck): (usize, Struck)| {
        let name = SCENARIOS[index].name;
        println!(
            "{name}: {} calls, {} runs, {} with a broken invariant",
            struck.calls,
            struck.runs,
            struck.broken.len()
        );
        for (place, call, kind, why) in struck.broken.iter().take(TOLD) {
            println!("FAILED: {name}: {kind:?} at call {place}, {call:?}: {}", why.why);
        }
        if let Some((.., why)) = struck.broken.first() {
            print!("{}", why.tale.log);
        }
        calls += struck.calls;
        runs += struck.runs;
        broken += struck.broken.len();
    };
    side_by_side(u64::try_from(SCENARIOS.len()).unwrap_or(0), work, take);
    println!(
        "{} scenarios, {calls} calls, {runs} runs with one fault each; {broken} with a broken invariant",
        SCENARIOS.len()
    );
    broken == 0
}

/// Lets every processor work, and takes what they find as it comes.
fn side_by_side<T: Send>(count: u64, work: impl Fn(&Sender<T>) + Sync, mut take: impl FnMut(T)) {
    let begun = Instant::now();
    let (tell, told) = mpsc::channel();
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            let (tell, work) = (tell.clone(), &work);
            scope.spawn(move || work(&tell));
        }
        drop(tell);
        let mut said = begun;
        for (done, found) in (1_u64..).zip(told) {
            take(found);
            if said.elapsed().as_secs() >= 5 {
                said = Instant::now();
                eprint!("\r{done} of {count}, {} s", begun.elapsed().as_secs());
                drop(io::stderr().flush());
            }
        }
    });
    eprintln!("\r{} s", begun.elapsed().as_secs());
}

/// Broken invariants of one scenario that are told one by one.
const TOLD: usize = 5;
