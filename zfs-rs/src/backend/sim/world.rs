//! I am everything behind the one lock: pools, processes, running sends and temporary holds.

use std::collections::BTreeMap;
use std::os::fd::{OwnedFd, RawFd};

use super::deed::Deed;
use super::fault::{self, Call, Fault, OnCall};
use super::gate::Gate;
use super::pool::{Dataset, Point, Pool, Snapshot, State};
use super::receive;
use super::turn::Taker;
use crate::backend::{Outcome, SendProgress};
use crate::errno::Errno;
use crate::name::SnapshotName;

#[derive(Debug)]
pub(super) struct World {
    pub(super) pools: BTreeMap<String, Pool>,
    pub(super) chance: Chance,
    pub(super) processes: BTreeMap<u64, Life>,
    /// Temporary holds, by the descriptor that keeps them.
    pub(super) cleanups: BTreeMap<RawFd, Cleanups>,
    /// Running sends, by the descriptor they write to.
    pub(super) sends: BTreeMap<RawFd, Sending>,
    /// Receives of sends in turn, by their pipe.
    pub(super) takers: BTreeMap<u64, Taker>,
}

/// What the model draws: numbers that look random and are the same for the same seed.
#[derive(Debug)]
pub(super) struct Chance {
    seed: u64,
    /// How often something of a name was born.
    births: BTreeMap<String, u64>,
    next: u64,
    clock: u64,
}

/// A process that uses the model.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) alive: bool,
    /// Whether its streams pass in turn.
    pub(super) in_turn: bool,
    pub(super) calls: Vec<Call>,
    pub(super) faults: Vec<Fault>,
    /// Closed at its death, which wakes those of its calls that wait for a stream.
    pub(super) heart: Option<OwnedFd>,
}

#[derive(Debug)]
pub(super) struct Cleanups {
    pub(super) process: u64,
    pub(super) holds: Vec<Kept>,
}

/// A temporary hold, wherever its snapshot is renamed to.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) pool: u64,
    pub(super) snapshot: Point,
    pub(super) tag: String,
}

#[derive(Debug)]
pub(super) struct Sending {
    pub(super) process: u64,
    pub(super) snapshot: SnapshotName,
    pub(super) progress: SendProgress,
}

/// What becomes of a call that was begun.
pub(super) enum Fate {
    /// It is made and its result told.
    Plain,
    /// It is made, and this is told instead.
    Told(Errno),
    /// It is made, and the process ends.
    Unheard,
}

/// What comes before a call is made.
pub(super) enum First {
    /// It waits here.
    Wait(Gate),
    /// Somebody else does this.
    Let(Deed),
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            pools: BTreeMap::new(),
            chance: Chance {
                seed,
                births: BTreeMap::new(),
                next: 1,
                clock: EPOCH,
            },
            processes: BTreeMap::new(),
            cleanups: BTreeMap::new(),
            sends: BTreeMap::new(),
            takers: BTreeMap::new(),
        }
    }

    pub(super) fn pool(&self, name: &str) -> Result<&Pool, Errno> {
        self.pools.get(name).ok_or(Errno::ENOENT)
    }

    pub(super) fn pool_mut(&mut self, name: &str) -> Result<&mut Pool, Errno> {
        self.pools.get_mut(name).ok_or(Errno::ENOENT)
    }

    /// An administrative change of one pool. It is checked, made, and on disk before it returns, or it is nothing
    /// (`zfsdev_ioctl_common`: no such pool ENOENT, imported read-only EROFS; then the sync task).
    pub(super) fn change<T>(&mut self, pool: &str, change: impl FnOnce(&mut Pool, &mut Chance) -> Outcome<T>) -> Outcome<T> {
        let chance = &mut self.chance;
        let pool = self.pools.get_mut(pool).ok_or(Errno::ENOENT)?;
        if pool.read_only {
            return Err(Errno::EROFS.into());
        }
        chance.clock = chance.clock.saturating_add(1);
        let result = change(pool, chance);
        if result.is_ok() {
            pool.sync();
        }
        result
    }

    /// Notes a call and says what becomes of it, and what comes first.
    pub(super) fn begin(&mut self, process: u64, call: Call) -> Result<(Fate, Option<First>), Errno> {
        let life = self.processes.get_mut(&process).filter(|life| life.alive).ok_or(DEAD)?;
        life.calls.push(call);
        match fault::due(&mut life.faults, call) {
            None => Ok((Fate::Plain, None)),
            Some(OnCall::Refuse(errno)) => Err(errno),
            Some(OnCall::DoAndRefuse(errno)) => Ok((Fate::Told(errno), None)),
            Some(OnCall::DoAndKill) => Ok((Fate::Unheard, None)),
            Some(OnCall::Wait(gate)) => Ok((Fate::Plain, Some(First::Wait(gate)))),
            Some(OnCall::After(deed)) => Ok((Fate::Plain, Some(First::Let(deed)))),
            Some(OnCall::Kill) => {
                self.kill(process);
                Err(DEAD)
            }
        }
    }

    /// Turns what a call did into what is heard of it.
    pub(super) fn end<T>(&mut self, process: u64, fate: &Fate, result: Outcome<T>) -> Outcome<T> {
        match fate {
            _ if !self.is_alive(process) => Err(DEAD.into()),
            Fate::Plain => result,
            Fate::Told(errno) => result.and(Err((*errno).into())),
            Fate::Unheard => {
                self.kill(process);
                Err(DEAD.into())
            }
        }
    }

    pub(super) fn is_alive(&self, process: u64) -> bool {
        self.processes.get(&process).is_some_and(|life| life.alive)
    }

    /// Ends a process: its descriptors close, so its temporary holds go and its streams end. What it was receiving is settled here and now;
    /// the thread that reads the stream finds out later.
    pub(super) fn kill(&mut self, process: u64) {
        if let Some(life) = self.processes.get_mut(&process) {
            life.alive = false;
            life.heart = None;
        }
        for pool in self.pools.values_mut() {
            pool.sending.retain(|(sender, _)| *sender != process);
            let its = pool.receiving.iter().filter(|receiving| receiving.process == process);
            let its: Vec<u64> = its.map(|receiving| receiving.token).collect();
            its.into_iter().for_each(|token| receive::give_up(pool, token));
        }
        let its = self.cleanups.iter().filter(|(_, cleanups)| cleanups.process == process);
        let its: Vec<RawFd> = its.map(|(descriptor, _)| *descriptor).collect();
        for descriptor in its {
            self.close(descriptor);
        }
    }

    /// Closes a handle: its temporary holds go, and with them snapshots whose destruction waited for that
    /// (`dsl_dataset_user_release_onexit`).
    pub(super) fn close(&mut self, descriptor: RawFd) {
        let Some(cleanups) = self.cleanups.remove(&descriptor) else {
            return;
        };
        for Kept { pool, snapshot, tag } in cleanups.holds {
            let Some(pool) = self.pools.values_mut().find(|candidate| candidate.guid == pool) else {
                continue;
            };
            let name = pool.state.at(snapshot).and_then(|(name, _)| name.parse::<SnapshotName>().ok());
            if name.is_some_and(|name| pool.state.release(&name, &tag).is_ok()) {
                pool.sync();
            }
        }
    }
}

impl Chance {
    /// The identity of something new, told by its name and how often that was given, not by what else happens at the same time.
    pub(super) fn guid(&mut self, name: &str) -> u64 {
        let births = self.births.entry(name.to_owned()).or_default();
        *births += 1;
        let start = mix(self.seed ^ *births);
        let guid = name.bytes().fold(start, |sum, byte| mix(sum ^ u64::from(byte)));
        // Zero means "no snapshot" in streams.
        guid.max(1)
    }

    /// A number that nothing else has.
    pub(super) fn id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Seconds since 1970. Each change takes one.
    pub(super) const fn now(&self) -> u64 {
        self.clock
    }

    /// It is then, whatever it was.
    pub(super) const fn set_clock(&mut self, seconds: u64) {
        self.clock = seconds;
    }
}

impl State {
    /// Takes a hold away; true where it was there. A snapshot whose destruction waited for it goes
    /// (`dsl_dataset_user_release_sync_one`).
    pub(super) fn release(&mut self, name: &SnapshotName, tag: &str) -> Result<bool, Errno> {
        let released = self.snapshot_mut(name)?.holds.remove(tag).is_some();
        self.destroy_deferred(name);
        Ok(released)
    }

    /// Destroys a snapshot whose destruction was put off, if nothing needs it any more.
    pub(super) fn destroy_deferred(&mut self, name: &SnapshotName) {
        let unneeded = |dataset: &Dataset, snapshot: &Snapshot| {
            snapshot.deferred && snapshot.holds.is_empty() && self.clones(dataset.point(snapshot)).is_empty()
        };
        if self.snapshot(name).is_ok_and(|(dataset, snapshot)| unneeded(dataset, snapshot))
            && let Ok(dataset) = self.get_mut(name.dataset().as_str())
        {
            dataset.snapshots.remove(name.short());
        }
    }
}

/// A scrambling of 64 bits in which every bit of the input counts (the finaliser of SplitMix64).
pub(super) const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// What a process hears that is dead. Nothing hears it in truth; here it ends whatever would go on.
pub(super) const DEAD: Errno = Errno::EIO;

/// When every world begins, in seconds since 1970: 2025-01-01.
pub(super) const EPOCH: u64 = 1_735_689_600;
