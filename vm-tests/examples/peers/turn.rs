//! I let one racer do its work once, measure it, and see that it is done.

use std::{
    fs,
    time::{Duration, Instant},
};

use nix::sys::{
    resource::{UsageWho, getrusage},
    time::{TimeVal, TimeValLike},
};

use crate::{
    Result, proof,
    racer::Racer,
    run::{run, shell},
    world,
};

/// What it took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Turn {
    pub(crate) took: Duration,
    /// Of that, the programs themselves.
    pub(crate) user: Duration,
    /// And the kernel on their behalf; what its own threads do meanwhile is not in it.
    pub(crate) kernel: Duration,
    /// Transaction groups that went by, in both pools together.
    pub(crate) groups: u64,
    /// Processes and threads that were started.
    pub(crate) started: u64,
}

/// Does what a line says and fails where the copy is not whole afterwards. Nothing is left to be written when it begins.
pub(crate) fn work(racer: Racer, line: &str) -> Result<Turn> {
    run("zpool", &["sync"])?;
    let before = Turn::so_far()?;
    let begun = Instant::now();
    shell(line)?;
    let took = begun.elapsed();
    let after = Turn::so_far()?;
    proof::complete(racer.name())?;
    Ok(Turn {
        took,
        user: after.user.saturating_sub(before.user),
        kernel: after.kernel.saturating_sub(before.kernel),
        groups: after.groups.saturating_sub(before.groups),
        started: after.started.saturating_sub(before.started),
    })
}

impl Turn {
    /// What the counters say now.
    fn so_far() -> Result<Self> {
        let children = getrusage(UsageWho::RUSAGE_CHILDREN)?;
        let groups = world::POOLS.into_iter().map(world::open_group);
        Ok(Self {
            took: Duration::ZERO,
            user: duration(children.user_time())?,
            kernel: duration(children.system_time())?,
            groups: groups.sum::<Result<u64>>()?,
            started: started()?,
        })
    }
}

fn duration(time: TimeVal) -> Result<Duration> {
    Ok(Duration::from_micros(time.num_microseconds().try_into()?))
}

fn started() -> Result<u64> {
    let counters = fs::read_to_string("/proc/stat")?;
    let line = counters.lines().find_map(|line| line.strip_prefix("processes "));
    Ok(line
        .ok_or("the kernel does not tell how many processes were started")?
        .trim()
        .parse()?)
}
