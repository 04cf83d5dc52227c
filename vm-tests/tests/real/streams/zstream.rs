//! Streams of random histories are read by us as zstream reads them, keep every rule, and are written as they were read.
//!
//! A run is told by its seed and each history by one of its own, which replays it. Histories run side by side: a transaction group then serves many.

use std::{
    env, fmt, fs,
    fs::File,
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use ring_tests::{
    sequence::agree::seeds,
    stream::{Genuine, agree},
};
use zfs_rs::{Release, Wish, stream::Profile};

use super::{
    history::{Chance, History},
    ways::Ways,
};
use crate::support::{
    by, next, number,
    pool::{Pool, unique},
    release,
};

#[test]
fn random_histories_are_read_as_zstream_reads_them() {
    let asked = number("STREAMS_HISTORIES");
    let seed = number("STREAMS_SEED").unwrap_or(1);
    let all: Vec<u64> = match number("STREAMS_ONE") {
        Some(one) => vec![one],
        None => seeds(seed).take(usize::try_from(asked.unwrap_or(HISTORIES)).unwrap()).collect(),
    };
    // Nobody who did not ask for so many waits longer.
    let until = asked.is_none().then(|| Instant::now() + BUDGET);
    let mut tally = Tally::default();
    for batch in all.chunks(BATCH) {
        Run::new().all(batch, until, &mut tally);
        println!("{tally}");
    }
    let Tally { histories, streams, .. } = tally;
    assert!(
        streams >= all.len().min(WORKERS),
        "only {streams} streams of {histories} histories were compared"
    );
    assert!(tally.wrong.is_empty(), "{}", tally.wrong.join("\n"));
    // A kernel refuses a few, such as an increment on what was redacted otherwise; more would mean that little was shown.
    assert!(tally.refused.len() * 10 <= streams, "{}", tally.refused.join("\n"));
}

/// What was shown so far.
#[derive(Debug, Default)]
struct Tally {
    histories: usize,
    streams: usize,
    records: usize,
    bytes: usize,
    refused: Vec<String>,
    wrong: Vec<String>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            histories,
            streams,
            records,
            bytes,
            refused,
            wrong,
        } = self;
        let (mib, refused, wrong) = (bytes >> 20, refused.len(), wrong.len());
        write!(
            f,
            "{histories} histories, {streams} streams, {records} records, {mib} MiB, {refused} not sent, {wrong} mismatches"
        )
    }
}

/// Two pools in which many histories have their places.
#[derive(Debug)]
struct Run {
    ways: Ways,
    kept: AtomicUsize,
}

impl Run {
    fn new() -> Self {
        Self {
            ways: Ways {
                zfs: by(Wish::Ioctl),
                source: Pool::in_memory(POOL_MIB),
                target: Pool::in_memory(POOL_MIB),
            },
            kept: AtomicUsize::new(0),
        }
    }

    fn all(&self, batch: &[u64], until: Option<Instant>, tally: &mut Tally) {
        let (left, tally) = (Mutex::new(batch.iter().enumerate()), Mutex::new(tally));
        thread::scope(|scope| {
            for _ in 0..WORKERS {
                scope.spawn(|| {
                    while let Some((index, seed)) = next(&left) {
                        // The first of each worker are run however late it is: a run of nothing shows nothing.
                        if index >= WORKERS && until.is_some_and(|until| Instant::now() > until) {
                            break;
                        }
                        self.history(*seed, &tally);
                    }
                });
            }
        });
    }

    fn history(&self, seed: u64, tally: &Mutex<&mut Tally>) {
        let mut chance = Chance::new(seed);
        let history = History::make(&self.ways.zfs, self.ways.source.dataset(&unique("history")), &mut chance);
        for (how, made) in self.ways.send(&history, &mut chance) {
            let told = format!("history {seed}, {how}");
            let judged = made.map(|stream| (examine(&stream), stream));
            let mut tally = tally.lock().unwrap();
            match judged {
                Err(refusal) => tally.refused.push(format!("{told}: {refusal}")),
                Ok((Err(why), stream)) => {
                    println!("{told}: {why}");
                    self.keep(&format!("mismatch {told}"), &stream);
                    tally.wrong.push(format!("{told}: {why}"));
                }
                Ok((Ok(records), stream)) => {
                    tally.streams += 1;
                    tally.records += records;
                    tally.bytes += stream.len();
                    if stream.len() <= SMALL {
                        self.keep(&told, &stream);
                    }
                }
            }
        }
        tally.lock().unwrap().histories += 1;
    }

    fn keep(&self, told: &str, stream: &[u8]) {
        if env::var_os("STREAMS_KEEP").is_none() || self.kept.fetch_add(1, Ordering::Relaxed) >= KEPT {
            return;
        }
        let plain: String = told
            .chars()
            .map(|letter| if letter.is_alphanumeric() { letter } else { '-' })
            .collect();
        let release = release::running();
        fs::create_dir_all("/results/genuine").unwrap();
        fs::write(format!("/results/genuine/{release}-{plain}.zfs"), stream).unwrap();
    }
}

/// Compares what we read with what zstream reads, and has every rule kept; how many records there are, or what is wrong.
fn examine(stream: &[u8]) -> Result<usize, String> {
    let genuine = Genuine::read(stream)?;
    let mut profiles = vec![Profile::any()];
    if !genuine.is_package() {
        profiles.extend(receivers().map(Profile::of));
    }
    for profile in profiles {
        genuine.is_judged_well(&profile)?;
    }
    if !genuine.is_raw() {
        // It reads the other byte order too, but holds each sum against one that it has not swapped: without sums, then, which we have proved.
        let swapped = genuine.of_the_other_order()?;
        let again = Genuine::read(&swapped)?;
        agree(again.pieces(), &zstream(&swapped, "-Cv")).map_err(|why| format!("in the other byte order: {why}"))?;
    }
    agree(genuine.pieces(), &zstream(stream, "-v"))
}

/// This release and the newest.
fn receivers() -> impl Iterator<Item = Release> {
    let here = release::running().to_string();
    [here.parse().unwrap(), Release::V2_4].into_iter()
}

fn zstream(stream: &[u8], how: &str) -> String {
    let path = format!("/var/tmp/{}", unique("stream"));
    fs::write(&path, stream).unwrap();
    let output = Command::new("zstream")
        .args(["dump", how])
        .stdin(File::open(&path).unwrap())
        .output()
        .unwrap();
    fs::remove_file(path).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// More than a run of all tests has time for.
const HISTORIES: u64 = 40;

/// How long a run of all tests does this.
const BUDGET: Duration = Duration::from_secs(10);

/// After so many new pools are made: what histories leave is never cleaned up.
const BATCH: usize = 60;

/// More than there are processors, for they wait for transaction groups.
const WORKERS: usize = 6;

/// Sparse.
const POOL_MIB: u64 = 1200;

/// Longer streams are of little use to other tools.
const SMALL: usize = 64 << 10;

/// The most streams that a pair of pools leaves behind.
const KEPT: usize = 120;
