//! I say what a call costs beside its ioctl, in the guest, by `cargo xtask bench overhead`: the time in this program against the time in the kernel. I
//! print; nobody asserts on time.

use std::{
    env,
    error::Error,
    fs::{self, File},
    hint::black_box,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use nix::sys::{
    resource::{Usage, UsageWho, getrusage},
    time::TimeValLike,
};
use zfs_rs::{DatasetName, SnapshotName, Wish, Zfs};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let calls = env::args().nth(1).and_then(|calls| calls.parse().ok());
    let measured = calls.map_or_else(|| Err("want the number of calls".into()), measure);
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("error: {why}");
            ExitCode::from(2)
        }
    }
}

/// Makes so many calls of each kind and prints what one of them took.
fn measure(calls: u32) -> Result<()> {
    let place = Place::make()?;
    println!(
        "{calls} calls of each kind, one ioctl each; µs for one call by getrusage(2): here | in the kernel | here to kernel; page faults for 100 calls"
    );
    for (what, call) in KINDS {
        // One that nobody counts: the first finds nothing in the caches.
        let mut done = 0;
        call(&place, calls / 20, &mut done)?;
        let mut done = 0;
        let (before, begun) = (getrusage(UsageWho::RUSAGE_THREAD)?, Instant::now());
        call(&place, calls, &mut done)?;
        let (took, after) = (begun.elapsed(), getrusage(UsageWho::RUSAGE_THREAD)?);
        report(what, done, took, &before, &after);
    }
    Ok(())
}

fn report(what: &str, calls: u32, took: Duration, before: &Usage, after: &Usage) {
    let each = |microseconds: i64| f64::from(i32::try_from(microseconds).unwrap_or(i32::MAX)) / f64::from(calls.max(1));
    let here = each((after.user_time() - before.user_time()).num_microseconds());
    let kernel = each((after.system_time() - before.system_time()).num_microseconds());
    let faults = each(after.minor_page_faults() - before.minor_page_faults()) * 100.0;
    println!(
        "{what:<34} {calls:>6} calls  {here:>7.2} | {kernel:>8.2} | {:>5.2} %  {faults:>6.0} faults  {:>8.2} µs by the clock",
        here / kernel * 100.0,
        took.as_secs_f64() * 1e6 / f64::from(calls.max(1)),
    );
}

/// Makes so many calls and counts them.
type Calls = fn(&Place, u32, &mut u32) -> Result<()>;

const KINDS: [(&str, Calls); 6] = [
    ("dataset (OBJSET_STATS)", |place, calls, done| {
        repeat(calls, done, || Ok(place.zfs.dataset(&place.dataset)?))
    }),
    ("snapshot (OBJSET_STATS)", |place, calls, done| {
        repeat(calls, done, || Ok(place.zfs.snapshot(&place.snapshot)?))
    }),
    ("snapshots (SNAPSHOT_LIST_NEXT)", |place, calls, done| {
        while *done < calls {
            for snapshot in place.zfs.snapshots(&place.dataset) {
                black_box(snapshot?);
                *done += 1;
            }
            // The last step finds nothing more.
            *done += 1;
        }
        Ok(())
    }),
    ("holds (GET_HOLDS)", |place, calls, done| {
        repeat(calls, done, || Ok(place.zfs.holds(&place.snapshot)?))
    }),
    ("estimate (SEND_SPACE)", |place, calls, done| {
        repeat(calls, done, || Ok(place.zfs.send(&place.snapshot).estimate()?))
    }),
    ("properties (OBJSET_STATS, all)", |place, calls, done| {
        repeat(calls, done, || Ok(place.zfs.properties(&place.dataset)?))
    }),
];

fn repeat<T>(calls: u32, done: &mut u32, mut call: impl FnMut() -> Result<T>) -> Result<()> {
    for _ in 0..calls {
        black_box(call()?);
        *done += 1;
    }
    Ok(())
}

/// A mounted filesystem, the cheapest there is for the kernel and so the dearest for us, with snapshots.
#[derive(Debug)]
struct Place {
    zfs: Zfs,
    dataset: DatasetName,
    snapshot: SnapshotName,
}

impl Place {
    fn make() -> Result<Self> {
        File::create(DISK)?.set_len(256 << 20)?;
        run("zpool", &["create", "-O", "atime=off", POOL, DISK])?;
        let dataset: DatasetName = format!("{POOL}/place").parse()?;
        run("zfs", &["create", dataset.as_str()])?;
        fs::write(format!("/{dataset}/file"), "some bytes")?;
        for number in 0..SNAPSHOTS {
            run("zfs", &["snapshot", &format!("{dataset}@{number}")])?;
        }
        run("zfs", &["hold", "one", &format!("{dataset}@0")])?;
        Ok(Self {
            zfs: Zfs::open_by(Wish::Ioctl)?,
            snapshot: dataset.snapshot("0")?,
            dataset,
        })
    }
}

fn run(program: &str, args: &[&str]) -> Result<()> {
    let output = Command::new(program).args(args).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
}

const POOL: &str = "bench";
const DISK: &str = "/dev/shm/bench";
const SNAPSHOTS: u32 = 50;
