//! I am two pools in files: what one racer has, and nobody else while it races. Kept aside and brought back, they are the same each time.

use std::{fs, path::PathBuf, thread, time::Duration};

use crate::{
    Result,
    run::{run, shell},
};

/// What is replicated, on the pool that is mounted.
pub(crate) const SOURCE: &str = "tank/data";

/// What becomes its copy, on the pool that is not.
pub(crate) const TARGET: &str = "backup/data";

/// A state of both pools, kept aside.
#[derive(Debug)]
pub(crate) struct World {
    name: String,
}

impl World {
    /// Makes the pools, the source with so many datasets, itself counted.
    pub(crate) fn make(datasets: u32) -> Result<()> {
        fs::create_dir_all(live())?;
        for pool in POOLS {
            let file = live().join(pool);
            fs::File::create(&file)?.set_len(SIZE)?;
            let mountpoint = if pool == "tank" { "mountpoint=/tank" } else { "mountpoint=none" };
            let options = ["create", "-f", "-o", "cachefile=none", "-O", "atime=off", "-O", mountpoint, pool];
            run("zpool", &[&options[..], &[&file.to_string_lossy()]].concat())?;
        }
        self::datasets(datasets).try_for_each(|name| run("zfs", &["create", &name]).map(drop))
    }

    /// Takes the pools away and keeps them under a name.
    pub(crate) fn keep(name: &str) -> Result<Self> {
        export()?;
        let world = Self { name: name.to_owned() };
        copy(&live(), &world.place())?;
        fs::remove_dir_all(live())?;
        Ok(world)
    }

    /// Brings a copy of them back, at rest.
    pub(crate) fn enter(&self) -> Result<()> {
        copy(&self.place(), &live())?;
        for pool in POOLS {
            run("zpool", &["import", "-o", "cachefile=none", "-d", &live().to_string_lossy(), pool])?;
        }
        rest()
    }

    fn place(&self) -> PathBuf {
        PathBuf::from(ROOM).join(&self.name)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // What is left takes memory, and nothing else.
        fs::remove_dir_all(self.place()).ok();
    }
}

/// Takes the pools away, as if nothing had been done to them.
pub(crate) fn leave() -> Result<()> {
    export()?;
    Ok(fs::remove_dir_all(live())?)
}

/// A little is written to each dataset, and all get a snapshot of that name.
pub(crate) fn day(datasets: u32, snapshot: &str) -> Result<()> {
    for (place, name) in self::datasets(datasets).enumerate() {
        let line = format!("{name}, number {place}, on the day of {snapshot}\n");
        fs::write(format!("/{name}/{snapshot}"), line.repeat(200))?;
    }
    run("zfs", &["snapshot", "-r", &format!("{SOURCE}@{snapshot}")]).map(drop)
}

/// The datasets of the source, the one that has the others first.
pub(crate) fn datasets(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("{SOURCE}{}", below(number)))
}

/// What comes behind the name of either side.
pub(crate) fn below(number: u32) -> String {
    if number == 0 { String::new() } else { format!("/part{number:03}") }
}

/// The transaction group that is open in a pool.
pub(crate) fn open_group(pool: &str) -> Result<u64> {
    let table = fs::read_to_string(format!("/proc/spl/kstat/zfs/{pool}/txgs"))?;
    let last = table.lines().last().and_then(|line| line.split_whitespace().next());
    Ok(last.ok_or("the kernel tells no transaction group")?.parse()?)
}

/// Nothing is left to be written, and what follows an import is over.
fn rest() -> Result<()> {
    run("zpool", &["sync"])?;
    thread::sleep(REST);
    run("zpool", &["sync"]).map(drop)
}

fn export() -> Result<()> {
    POOLS.into_iter().try_for_each(|pool| run("zpool", &["export", pool]).map(drop))
}

/// With their holes.
fn copy(from: &std::path::Path, to: &std::path::Path) -> Result<()> {
    fs::create_dir_all(to)?;
    shell(&format!("cp --sparse=auto {}/* {}", from.display(), to.display())).map(drop)
}

fn live() -> PathBuf {
    PathBuf::from(ROOM).join("live")
}

pub(crate) const POOLS: [&str; 2] = ["tank", "backup"];

/// In memory: what the host's disk does meanwhile is no part of the race.
const ROOM: &str = "/dev/shm/peers";

/// Of each pool; sparse.
const SIZE: u64 = 512 << 20;

const REST: Duration = Duration::from_millis(500);
