//! Sequences of operations end the same with the model and with the kernel, by either way to it: those that were chosen and kept, and random ones.
//!
//! A run is told by its seed and each sequence by one of its own, which replays it. Sequences run side by side in places of one pair of
//! pools: a transaction group then serves many of them, and it is what takes most of the time.

mod hands;

use std::{
    env, fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use ring_tests::sequence::{Depth, Mismatch, Op, Recorded, Side, agree, agree::seeds, compare, run, sequence, shrink};
use zfs_rs::backend::{ioctl::Ioctl, lzc::Lzc};

use self::hands::Mounting;
use crate::support::{next, number, pool::Pool, release::running};

#[test]
fn random_sequences_agree_between_the_model_and_both_ways_to_the_kernel() {
    let asked = number("DIFFERENTIAL_SEQUENCES");
    let count = asked.unwrap_or(SEQUENCES);
    let seed = number("DIFFERENTIAL_SEED").unwrap_or(1);
    let all: Vec<u64> = match number("DIFFERENTIAL_ONE") {
        Some(one) => vec![one],
        None => seeds(seed).take(usize::try_from(count).unwrap()).collect(),
    };
    let _inhibited = NoVolumeDevices::inhibit();
    let begun = Instant::now();
    // Nobody who did not ask for so many waits longer.
    let until = asked.is_none().then(|| begun + BUDGET);
    let mut wrong = Vec::new();
    let mut done = 0;
    for batch in all.chunks(BATCH) {
        let pools = Pools::new();
        let (complaints, run) = each(batch, until, |seed| pools.random(*seed));
        wrong.extend(complaints);
        done += run;
        let rate = f64::from(u32::try_from(done).unwrap()) / begun.elapsed().as_secs_f64();
        println!("{done} sequences, {} mismatches, {rate:.1} sequences/s", wrong.len());
    }
    println!("{done} sequences from seed {seed}: {} mismatches", wrong.len());
    assert!(done >= WORKERS.min(all.len()), "only {done} sequences were run");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The conformance suite of the three that implement the seam.
#[test]
fn kept_sequences_end_as_they_did() {
    let kept: Vec<Recorded> = RECORDED.lines().map(|line| line.parse().unwrap()).collect();
    assert!(kept.len() > 50, "{}", kept.len());
    let _inhibited = NoVolumeDevices::inhibit();
    let pools = Pools::new();
    let (wrong, done) = each(&kept, None, |recorded| pools.recorded(recorded));
    assert_eq!(done, kept.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether this kernel is one that the model is a model of; earlier ones refuse for other reasons, and are held only against themselves.
fn is_modelled() -> bool {
    running() >= "2.3".parse().unwrap()
}

const RECORDED: &str = include_str!("../../../../tests/recorded/openzfs-2.3.9");

/// While it lives, no devices of volumes are made: that is udev's work and would take longer than all the rest, and nobody reads them.
#[derive(Debug)]
struct NoVolumeDevices;

impl NoVolumeDevices {
    const SWITCH: &str = "/sys/module/zfs/parameters/zvol_inhibit_dev";

    fn inhibit() -> Self {
        fs::write(Self::SWITCH, "1").unwrap();
        Self
    }
}

impl Drop for NoVolumeDevices {
    fn drop(&mut self) {
        // The tests that come after want theirs.
        fs::write(Self::SWITCH, "0").ok();
    }
}

/// Two pools in which many sequences have their places.
#[derive(Debug)]
struct Pools {
    pools: [Pool; 2],
    ioctl: Ioctl,
    lzc: Arc<Lzc>,
    places: AtomicU64,
}

impl Pools {
    fn new() -> Self {
        Self {
            pools: [Pool::unmounted(POOL_MIB), Pool::unmounted(POOL_MIB)],
            ioctl: Ioctl::open().unwrap(),
            lzc: Arc::new(Lzc::open().unwrap()),
            places: AtomicU64::new(0),
        }
    }

    /// What is wrong with what the kernel makes of a sequence that was kept; the model is held against it where there is no kernel.
    fn recorded(&self, recorded: &Recorded) -> Option<String> {
        let Recorded { seed, ops, run: kept } = recorded;
        let [_, kernels @ ..] = self.sides();
        let mut runs = Vec::new();
        if is_modelled() {
            runs.push(("recorded", kept.clone()));
        }
        runs.extend(kernels.map(|mut side| (side.name, run(&mut side, ops, Depth::of(*seed)))));
        compare(ops, &runs).err().map(|mismatch| format!("seed {seed}: {mismatch}"))
    }

    fn random(&self, seed: u64) -> Option<String> {
        let ops = sequence(seed);
        let runs = self.sides().map(|mut side| (side.name, run(&mut side, &ops, Depth::of(seed))));
        let is_recorded = env::var_os("DIFFERENTIAL_RECORD").is_some();
        if is_recorded {
            // One write, so that lines of other workers do not come between.
            println!("{}", Recorded::new(seed, &ops, &runs[1].1));
        }
        if is_recorded || !is_modelled() {
            return compare(&ops, &runs[1..]).err().map(|mismatch| format!("seed {seed}: {mismatch}"));
        }
        let mismatch = compare(&ops, &runs).err()?;
        let (few, last) = shrink(&ops, SHRINKING, |ops| self.differs(ops, Depth::of(seed)));
        let lines: Vec<String> = few.iter().map(Op::to_string).collect();
        let last = last.map_or_else(|| "not again".to_owned(), |mismatch| mismatch.to_string());
        Some(format!("seed {seed}: {mismatch}shortened, {last}{}", lines.join("\n")))
    }

    fn differs(&self, ops: &[Op], depth: Depth) -> Option<Mismatch> {
        agree(&mut self.sides(), ops, depth).err()
    }

    fn sides(&self) -> [Side; 3] {
        let [a, b] = self.pools.each_ref().map(Pool::name);
        let place = self.places.fetch_add(1, Ordering::Relaxed);
        let device = Arc::new(self.ioctl.clone());
        [
            Side::model(place, &format!("{a}/s{place}"), &format!("{b}/s{place}")),
            Side::new(
                "ioctl",
                Arc::new(self.ioctl.clone()),
                device.clone(),
                Arc::new(Mounting),
                &format!("{a}/i{place}"),
                &format!("{b}/i{place}"),
            ),
            Side::new(
                "lzc",
                self.lzc.clone(),
                device,
                Arc::new(Mounting),
                &format!("{a}/l{place}"),
                &format!("{b}/l{place}"),
            ),
        ]
    }
}

/// Does it with each of them, many at once, until the time is over; complaints, and how many were done.
fn each<T: Sync>(batch: &[T], until: Option<Instant>, act: impl Fn(&T) -> Option<String> + Sync) -> (Vec<String>, usize) {
    let left = Mutex::new(batch.iter().enumerate());
    let done = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some((index, one)) = next(&left) {
                    // The first of each worker are run however late it is: a run of nothing shows nothing.
                    if index >= WORKERS && until.is_some_and(|until| Instant::now() > until) {
                        break;
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                    if let Some(complaint) = act(one) {
                        println!("{complaint}");
                        wrong.lock().unwrap().push(complaint);
                    }
                }
            });
        }
    });
    (wrong.into_inner().unwrap(), done.into_inner())
}

/// More than a run of all tests has time for.
const SEQUENCES: u64 = 60;

/// How long a run of all tests does this.
const BUDGET: Duration = Duration::from_secs(20);

/// After so many new pools are made: what sequences leave is never cleaned up.
const BATCH: usize = 400;

/// More than there are processors, for they wait for transaction groups.
const WORKERS: usize = 16;

/// Runs spent on making a sequence that differs shorter.
const SHRINKING: usize = 40;

/// Sparse.
const POOL_MIB: u64 = 1500;
