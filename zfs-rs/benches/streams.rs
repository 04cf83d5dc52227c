//! I say how fast a stream is summed and read, next to how fast its bytes can be read at all. I print; nobody asserts on time.
//!
//! `cargo xtask bench streams`

#![expect(clippy::print_stdout, reason = "a race says how it went")]

use std::env;
use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use zfs_rs::stream::fletcher::Implementation;
use zfs_rs::stream::record::{End, Write};
use zfs_rs::stream::{Begin, ByteOrder, Reader, Writer};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Who reads bytes, and how.
struct Racer {
    name: String,
    run: Box<Run>,
}

type Run = dyn Fn(&[u8]) -> Result<()>;

fn main() -> Result<()> {
    let rounds = env::args().find_map(|word| word.parse().ok()).unwrap_or(ROUNDS);
    println!("Plain adds 64 bits at a time in a loop and, unlike the others, leaves it to the processor what memory it will need next.");
    println!("Medians of {rounds} rounds, everyone in turn, by the processor's time.");
    race("in memory", &stream(4096)?, 1, rounds)?;
    race("in the cache", &stream(1)?, 1024, rounds)
}

/// Lets everyone read a stream so often in each round, and prints bytes for a second and the ratio to the first of them.
fn race(place: &str, stream: &[u8], repeats: u32, rounds: usize) -> Result<()> {
    let racers = racers();
    let mut times = vec![Vec::new(); racers.len()];
    for _ in 0..rounds {
        for (racer, times) in racers.iter().zip(&mut times) {
            let begun = now()?;
            for _ in 0..repeats {
                (racer.run)(black_box(stream))?;
            }
            times.push((now()? - begun) / repeats);
        }
    }
    let bytes = u32::try_from(stream.len())?;
    println!("\n{place}: a stream of {bytes} bytes, WRITE records of {BLOCK}");
    let first = times.first().cloned().unwrap_or_default();
    for (racer, times) in racers.iter().zip(times) {
        let ratios = first
            .iter()
            .zip(&times)
            .map(|(first, time)| first.as_secs_f64() / time.as_secs_f64());
        let speed = f64::from(bytes) / median(times.iter().map(Duration::as_secs_f64)) / 1e9;
        println!("{:<26} {speed:>7.2} GB/s {:>7.2} of plain", racer.name, median(ratios));
    }
    Ok(())
}

fn racers() -> Vec<Racer> {
    let other = match ByteOrder::HOST {
        ByteOrder::Little => ByteOrder::Big,
        ByteOrder::Big => ByteOrder::Little,
    };
    let mut racers = vec![Racer {
        name: "plain".into(),
        run: Box::new(|bytes| {
            let (words, _) = bytes.as_chunks();
            black_box(words.iter().fold(0, |sum: u64, word| sum.wrapping_add(u64::from_ne_bytes(*word))));
            Ok(())
        }),
    }];
    for (order, words) in [(ByteOrder::HOST, ""), (other, ", other byte order")] {
        racers.extend(Implementation::available().map(|one| Racer {
            name: format!("{}{words}", one.name()),
            run: Box::new(move |bytes| {
                black_box(one.sum(order, bytes));
                Ok(())
            }),
        }));
    }
    racers.push(Racer {
        name: "Reader".into(),
        run: Box::new(read),
    });
    racers
}

fn read(stream: &[u8]) -> Result<()> {
    let mut reader = Reader::new();
    let mut rest = stream;
    while !rest.is_empty() {
        let (step, used) = reader.step(rest)?;
        black_box(step);
        rest = rest.get(used..).unwrap_or_default();
    }
    black_box(reader.finish()?);
    Ok(())
}

/// A whole stream of so many blocks, no two alike.
fn stream(blocks: u64) -> Result<Vec<u8>> {
    let mut stream = Vec::new();
    let mut writer = Writer::new(ByteOrder::HOST);
    writer.put(&mut stream, Begin::new("tank@a", 5), &[])?;
    let mut state = 1_u64;
    for block in 0..blocks {
        let payload: Vec<u8> = (0..BLOCK / 8)
            .flat_map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state.to_le_bytes()
            })
            .collect();
        let write = Write {
            object: 7,
            offset: block * BLOCK,
            logical_size: BLOCK,
            to_guid: 5,
            ..Write::default()
        };
        writer.put(&mut stream, write, &payload)?;
    }
    let end = End {
        to_guid: 5,
        ..End::default()
    };
    writer.put(&mut stream, end, &[])?;
    Ok(stream)
}

/// The time this thread has had a processor: others on this machine are to slow nobody down.
fn now() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A usual recordsize.
const BLOCK: u64 = 128 << 10;

const ROUNDS: usize = 21;
