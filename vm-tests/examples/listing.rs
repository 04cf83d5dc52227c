//! I am the race between `zfs list` and a listing by zfs-rs, on datasets that are not mounted. I run in a guest, by `cargo xtask bench listing`.

use std::{
    env,
    error::Error,
    num::NonZeroUsize,
    process::{Command, ExitCode},
    thread,
    time::{Duration, Instant},
};

use zfs_rs::{DatasetName, ListingCache, SnapshotName, Wish, Zfs};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let ended = match args.as_slice() {
        ["race", repetitions, datasets, snapshots] => numbers(repetitions, datasets, snapshots).and_then(race),
        // What strace counts.
        ["list", listings] => listings.parse().map_err(Into::into).and_then(again),
        _ => Err("want 'race REPETITIONS DATASETS SNAPSHOTS'".into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn numbers(repetitions: &str, datasets: &str, snapshots: &str) -> Result<[usize; 3]> {
    Ok([repetitions.parse()?, datasets.parse()?, snapshots.parse()?])
}

/// Lets each way run that often, in turn, checks that all say the same, and prints medians and ratios.
fn race([repetitions, datasets, snapshots]: [usize; 3]) -> Result<()> {
    let zfs = Zfs::open_by(Wish::Ioctl)?;
    let processors = thread::available_parallelism()?;
    println!("making {datasets} datasets with {snapshots} snapshots each, not mounted; {processors} processors");
    make(&zfs, datasets, snapshots)?;
    // What changed a moment ago is not believed.
    thread::sleep(Duration::from_secs(4));
    let mut cache = ListingCache::new();
    rows(&zfs, Some(&mut cache), None)?;
    let mut times: [Vec<Duration>; WAYS.len()] = Default::default();
    for round in 1..=repetitions {
        let mut all = Vec::new();
        for (name, times) in WAYS.iter().zip(&mut times) {
            let begun = Instant::now();
            let rows = match *name {
                THEIRS => theirs()?,
                ALONE => rows(&zfs, None, NonZeroUsize::new(1))?,
                COLD => rows(&zfs, None, None)?,
                _ => rows(&zfs, Some(&mut cache), None)?,
            };
            let took = begun.elapsed();
            println!("round {round}: {name:<42} {:>8.3} s, {} rows", took.as_secs_f64(), rows.len());
            times.push(took);
            all.push((*name, rows));
        }
        agree(&all, datasets.saturating_mul(snapshots))?;
    }
    report(times);
    count()
}

fn report(times: [Vec<Duration>; WAYS.len()]) {
    let medians = times.map(median);
    let [theirs, ..] = medians;
    for (name, took) in WAYS.iter().zip(medians) {
        let ratio = theirs.as_secs_f64() / took.as_secs_f64();
        println!(
            "median: {name:<42} {:>8.3} s, {ratio:>6.2} times as fast as zfs list",
            took.as_secs_f64()
        );
    }
}

/// Fails unless all ways name the same snapshots, and so many.
fn agree(all: &[(&str, Vec<String>)], wanted: usize) -> Result<()> {
    for (name, rows) in all {
        if rows.len() != wanted {
            return Err(format!("{name}: {} rows, not {wanted}", rows.len()).into());
        }
    }
    for pair in all.windows(2) {
        if let [(first, one), (second, other)] = pair
            && let Some((one, other)) = one.iter().zip(other).find(|(one, other)| one != other)
        {
            return Err(format!("{first} says {one:?} where {second} says {other:?}").into());
        }
    }
    Ok(())
}

fn make(zfs: &Zfs, datasets: usize, snapshots: usize) -> Result<()> {
    run("zpool", &["create", "-f", "-O", "mountpoint=none", POOL, DISK])?;
    let root: DatasetName = ROOT.parse()?;
    zfs.create_filesystem(&root).create()?;
    let names = (0..datasets).map(|number| format!("{root}/data{number:04}").parse());
    let names: Vec<DatasetName> = names.collect::<std::result::Result<_, _>>()?;
    // Many at once share a transaction group.
    for some in names.chunks(50) {
        thread::scope(|scope| {
            let makers: Vec<_> = some
                .iter()
                .map(|name| scope.spawn(|| zfs.create_filesystem(name).create()))
                .collect();
            makers.into_iter().try_for_each(|maker| match maker.join() {
                Ok(made) => Ok(made?),
                Err(_) => Err("a thread died".into()),
            })
        })
        .map_err(|why: Box<dyn Error + Send + Sync>| why)?;
    }
    for number in 0..snapshots {
        let names = names.iter().map(|name| format!("{name}@snap{number:03}").parse());
        zfs.create_snapshots(&names.collect::<std::result::Result<Vec<SnapshotName>, _>>()?, &[])?;
    }
    run("zpool", &["sync"]).map(drop)
}

fn theirs() -> Result<Vec<String>> {
    let text = run("zfs", &["list", "-Hp", "-t", "snapshot", "-o", "name,guid,createtxg", "-r", ROOT])?;
    let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
    rows.sort_unstable();
    Ok(rows)
}

fn rows(zfs: &Zfs, cache: Option<&mut ListingCache>, threads: Option<NonZeroUsize>) -> Result<Vec<String>> {
    let mut listing = zfs.list(&ROOT.parse()?).recursive().snapshots();
    if let Some(cache) = cache {
        listing = listing.cached(cache);
    }
    if let Some(threads) = threads {
        listing = listing.threads(threads);
    }
    let mut rows = Vec::new();
    for entry in listing {
        let line = |snapshot: &zfs_rs::SnapshotEntry| format!("{}\t{}\t{}", snapshot.name, snapshot.guid, snapshot.createtxg);
        rows.extend(entry?.snapshots.iter().map(line));
    }
    rows.sort_unstable();
    Ok(rows)
}

/// Lists that often with one cache.
fn again(listings: u32) -> Result<()> {
    let zfs = Zfs::open_by(Wish::Ioctl)?;
    let mut cache = ListingCache::new();
    for _ in 0..listings {
        rows(&zfs, Some(&mut cache), None)?;
    }
    Ok(())
}

/// Prints how many ioctls each way takes, by strace.
fn count() -> Result<()> {
    let myself = env::current_exe()?.display().to_string();
    let cold = ioctls(&[&myself, "list", "1"])?;
    let both = ioctls(&[&myself, "list", "2"])?;
    let theirs = ioctls(&["zfs", "list", "-Hp", "-t", "snapshot", "-o", "name,guid,createtxg", "-r", ROOT])?;
    println!(
        "ioctls: zfs list {theirs}, zfs-rs cold {cold} (companions' included), warm {}",
        both.saturating_sub(cold)
    );
    Ok(())
}

fn ioctls(command: &[&str]) -> Result<u64> {
    let script = "strace -f -c -e trace=ioctl -o counted \"$@\" >/dev/null && cat counted";
    let text = run("sh", &[&["-c", script, "sh"], command].concat())?;
    let line = text.lines().find(|line| line.trim_end().ends_with(" ioctl"));
    let calls = line
        .and_then(|line| line.split_whitespace().nth(3))
        .ok_or_else(|| format!("strace says {text:?}"))?;
    Ok(calls.parse()?)
}

fn run(program: &str, args: &[&str]) -> Result<String> {
    let output = Command::new(program).args(args).output()?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    Err(format!("{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

const THEIRS: &str = "zfs list";
const ALONE: &str = "zfs-rs, one thread";
const COLD: &str = "zfs-rs, threads as by default";
const WARM: &str = "zfs-rs, the same with a warm cache";
const WAYS: [&str; 4] = [THEIRS, ALONE, COLD, WARM];
const POOL: &str = "tank";
const ROOT: &str = "tank/backup";
const DISK: &str = "/dev/disk/by-id/virtio-pool0";
