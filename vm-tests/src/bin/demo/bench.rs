//! I am the race: one big dataset, by the program and by `zfs send | zfs receive`, in turn and under the same conditions.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{Result, oracle, tree};

/// Lets both run that often and prints each time and the ratio of the medians. A slow time is no failure, a wrong copy is.
pub(crate) fn race(repetitions: u32) -> Result<bool> {
    println!("making {} MiB of noise in records of 1 MiB", SIZE >> 20);
    tree::pools()?;
    oracle::zfs(["create", "-o", "recordsize=1M", SOURCE])?;
    tree::noise(&Path::new("/").join(SOURCE).join("noise"), 1, SIZE)?;
    oracle::zfs(["snapshot", SNAPSHOT])?;
    let mut times = [Vec::new(), Vec::new()];
    // One run that nobody counts: the first would find a pool that was never written.
    for (name, script) in RUNNERS.iter().rev().take(1) {
        println!("warming up: {name:<21} {:>7.2} s", run(script)?.as_secs_f64());
    }
    for round in 1..=repetitions {
        // Who comes first takes turns too.
        let order = if round % 2 == 1 { [0, 1] } else { [1, 0] };
        for who in order {
            let (Some(times), Some((name, script))) = (times.get_mut(who), RUNNERS.get(who)) else {
                continue;
            };
            let took = run(script)?;
            println!(
                "round {round}: {name:<24} {:>7.2} s  {:>6.1} MiB/s",
                took.as_secs_f64(),
                speed(took)
            );
            times.push(took);
        }
    }
    let [ours, theirs] = times.map(median);
    for ((name, _), time) in RUNNERS.iter().zip([ours, theirs]) {
        println!(
            "median of {repetitions}: {name:<21} {:>7.2} s  {:>6.1} MiB/s",
            time.as_secs_f64(),
            speed(time)
        );
    }
    println!("ours / theirs: {:.3}", ours.as_secs_f64() / theirs.as_secs_f64());
    Ok(true)
}

/// One run from a clean start: no target, nothing of an older one left to free, nothing to write, nothing cached that can be dropped.
fn run(script: &str) -> Result<Duration> {
    if oracle::zfs(["list", TARGET]).is_ok() {
        oracle::destroy(TARGET)?;
    }
    oracle::zpool(["sync"])?;
    // A destroyed dataset's blocks are freed in the background for some seconds.
    while oracle::zpool(["get", "-Hp", "-o", "value", "freeing", "backup"])?.trim() != "0" {
        thread::sleep(Duration::from_millis(200));
    }
    oracle::zpool(["sync"])?;
    fs::write("/proc/sys/vm/drop_caches", "3")?;
    let begun = Instant::now();
    let output = Command::new("sh").args(["-c", script]).stdin(Stdio::null()).output()?;
    let took = begun.elapsed();
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        return Err(format!("{script}: {}\n{}", output.status, String::from_utf8_lossy(&said)).into());
    }
    let copy = SNAPSHOT.replace(SOURCE, TARGET);
    if oracle::property("guid", SNAPSHOT)? != oracle::property("guid", &copy)? {
        return Err(format!("{script}: {copy} is another snapshot").into());
    }
    Ok(took)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    let middle = times.len() / 2;
    let at = |place: usize| times.get(place).copied().unwrap_or_default();
    if times.len() % 2 == 1 {
        at(middle)
    } else {
        (at(middle.saturating_sub(1)) + at(middle)) / 2
    }
}

/// MiB a second.
fn speed(took: Duration) -> f64 {
    f64::from(u32::try_from(SIZE >> 20).unwrap_or_default()) / took.as_secs_f64()
}

const SIZE: u64 = 700 << 20;
const SOURCE: &str = "tank/bulk";
const TARGET: &str = "backup/bulk";
const SNAPSHOT: &str = "tank/bulk@one";

/// Both through the same shell, so that neither pays for it alone.
const RUNNERS: [(&str, &str); 2] = [
    ("zfs-replicate", "./zfs-replicate replicate tank/bulk backup/bulk"),
    ("zfs send | zfs receive", "zfs send -Lec tank/bulk@one | zfs receive -u backup/bulk"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two_middles() {
        let seconds = |list: &[u64]| median(list.iter().map(|number| Duration::from_secs(*number)).collect());
        assert_eq!(seconds(&[9, 1, 5]), Duration::from_secs(5));
        assert_eq!(seconds(&[1, 9, 3, 5]), Duration::from_secs(4));
        assert_eq!(seconds(&[7]), Duration::from_secs(7));
        assert_eq!(seconds(&[]), Duration::ZERO);
    }
}
