//! I let every single thing go wrong at every single call of a run, one at a time.

use std::sync::Arc;

use zfs_rs::Errno;
use zfs_rs::backend::sim::{Call, Process, after};

use super::operator::Operator;
use super::scenario::Scenario;
use super::{Broken, Simulation, lock};
use crate::chance::Chance;

/// What goes wrong at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The program is killed before it.
    Kill,
    /// It is done, and the program killed before it hears of it.
    DoneButKilled,
    /// The power goes before it.
    PowerCut,
    /// It is done, and then the power goes.
    DoneButPowerCut,
    /// It is refused.
    Refused(Errno),
    /// It is done, and refused all the same.
    DoneButRefused(Errno),
    /// What it asks for is said not to be there, or the list that it goes on with to be at its end.
    Lie(Errno),
    /// Another program replicates the same meanwhile, from beginning to end.
    Another,
    /// Somebody prunes all that can go meanwhile.
    Pruned,
    /// Somebody gives every snapshot of the source another name meanwhile.
    Renamed,
}

/// All kinds.
const KINDS: [Kind; 17] = [
    Kind::Kill,
    Kind::DoneButKilled,
    Kind::PowerCut,
    Kind::DoneButPowerCut,
    Kind::Refused(Errno::EIO),
    Kind::Refused(Errno::ENOSPC),
    Kind::Refused(Errno::EDQUOT),
    Kind::Refused(Errno::EBUSY),
    Kind::Refused(Errno::EINTR),
    Kind::DoneButRefused(Errno::EIO),
    Kind::DoneButRefused(Errno::EINTR),
    Kind::DoneButRefused(Errno::EBUSY),
    Kind::Lie(Errno::ENOENT),
    Kind::Lie(Errno::ESRCH),
    Kind::Another,
    Kind::Pruned,
    Kind::Renamed,
];

/// What came of one scenario.
#[derive(Debug, Default)]
pub struct Struck {
    /// Calls that a run makes when nothing goes wrong.
    pub calls: usize,
    /// Runs in each of which one thing went wrong.
    pub runs: u64,
    /// Those that broke an invariant: the call's place and name, what went wrong, and what came of it.
    pub broken: Vec<(usize, Call, Kind, Box<Broken>)>,
}

/// Does it for one scenario.
pub fn each(scenario: &Scenario) -> Struck {
    let mut struck = Struck::default();
    let mut simulation = begin(scenario, false);
    let process = simulation.start();
    if let Err(why) = simulation.run(&process) {
        let broken = Broken {
            why,
            tale: simulation.tale(),
        };
        struck.broken.push((0, Call::Pools, Kind::Kill, Box::new(broken)));
        return struck;
    }
    let calls = process.calls();
    struck.calls = calls.len();
    for (place, call) in calls.into_iter().enumerate() {
        for kind in KINDS.into_iter().filter(|kind| kind.is_for(call)) {
            struck.runs += 1;
            if let Err(broken) = one(scenario, place, kind) {
                struck.broken.push((place, call, kind, broken));
            }
        }
    }
    struck
}

impl Kind {
    /// Whether it can happen at such a call.
    fn is_for(self, call: Call) -> bool {
        match self {
            Self::Lie(Errno::ESRCH) => matches!(call, Call::NextChild | Call::NextSnapshot),
            Self::Lie(_) => !matches!(call, Call::NextChild | Call::NextSnapshot),
            Self::DoneButRefused(_) | Self::DoneButKilled | Self::DoneButPowerCut => call.is_change(),
            _ => true,
        }
    }
}

/// `is_misled` where what is done may be in the way afterwards, as what a meddler does is.
fn begin(scenario: &Scenario, is_misled: bool) -> Simulation {
    Simulation::new(Chance(1), Operator::new(scenario.world(), Chance(1), is_misled))
}

fn one(scenario: &Scenario, place: usize, kind: Kind) -> Result<(), Box<Broken>> {
    let mut simulation = begin(scenario, matches!(kind, Kind::Lie(_)));
    let process = simulation.start();
    inject(&simulation, &process, place, kind);
    let result = simulation.run(&process).and_then(|ran| {
        process.kill();
        let mut operator = simulation.operator();
        match ran {
            Some(ran) if !matches!(kind, Kind::Lie(_)) => ran.watch.believes(&operator, &ran.report)?,
            _ => {}
        }
        if matches!(kind, Kind::PowerCut | Kind::DoneButPowerCut) {
            operator.world.power_cut();
        }
        drop(operator);
        simulation.converges()
    });
    result.map_err(|why| {
        Box::new(Broken {
            why,
            tale: simulation.tale(),
        })
    })
}

fn inject(simulation: &Simulation, process: &Process, place: usize, kind: Kind) {
    let moment = after(u64::try_from(place).unwrap_or(0));
    let operator = Arc::clone(&simulation.operator);
    let other = move |act: fn(&mut Operator)| moment.meanwhile(move || act(&mut lock(&operator)));
    process.inject(match kind {
        Kind::Kill | Kind::PowerCut => moment.kill(),
        Kind::DoneButKilled | Kind::DoneButPowerCut => moment.done_but_killed(),
        Kind::Refused(errno) | Kind::Lie(errno) => moment.errno(errno),
        Kind::DoneButRefused(errno) => moment.done_but_errno(errno),
        Kind::Another => other(Operator::replicate),
        Kind::Pruned => other(Operator::prune_all),
        Kind::Renamed => other(Operator::rename_all),
    });
}
