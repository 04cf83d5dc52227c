//! I am the host of the race beside the tools people use for the same work.

use std::{process::ExitCode, time::Duration};

use clap::{Args, ValueEnum};
use vm_tests::{Job, Peer, Progress, Suite, VmOptions, host::cargo};

use crate::{Failure, demo};

/// What the race beside the tools takes, besides what all races do.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Snapshots of the one dataset that is copied from scratch (peers)
    #[arg(long, default_value_t = 50, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(2..))]
    history: u32,
    /// What is raced over (peers)
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Scene::ALL)]
    scenes: Vec<Scene>,
    /// Which tools race, besides ZFS's own programs; without a name none do (peers)
    #[arg(long, value_enum, value_delimiter = ',', num_args = 0.., default_values_t = Tool::ALL)]
    peers: Vec<Tool>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Scene {
    /// A new snapshot of each of many datasets
    Incremental,
    /// Many datasets with many snapshots, all of which are there
    Nothing,
    /// Many snapshots of one dataset, none of which is there
    Snapshots,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Tool {
    /// Of Debian's package sanoid
    Syncoid,
    /// By pip
    Bzfs,
    /// By pip
    ZfsAutobackup,
}

impl Options {
    /// Lets them race in a fresh machine. A tool that cannot be had is told of and left out.
    pub(crate) fn race(
        &self,
        suite: Suite,
        repetitions: u32,
        datasets: u32,
        snapshots: u32,
        options: &VmOptions,
    ) -> Result<ExitCode, Failure> {
        let mut progress = Progress::to_stderr();
        progress.say("building the program and what runs the race in the guest (release)");
        let product = cargo::release("zfs-replicate", "--bin", "zfs-replicate")?;
        let race = cargo::release("vm-tests", "--example", "peers")?;
        let mut job = Job::new().file(product, "zfs-replicate").file(race, "race");
        for tool in &self.peers {
            let peer = tool.peer();
            match peer.carry(job.clone(), suite, &mut progress) {
                Ok(with) => job = with,
                Err(why) => println!("{} is not there: {why}", peer.name()),
            }
        }
        let mut words = [repetitions, datasets, snapshots, self.history]
            .map(|count| count.to_string())
            .to_vec();
        words.extend(self.scenes.iter().map(|scene| scene.name().to_owned()));
        let options = VmOptions {
            limit: LIMIT,
            memory_mib: options.memory_mib.saturating_add(datasets.saturating_mul(MEMORY_OF_EACH)),
            ..*options
        };
        demo::act(suite, &job.program("./race", words), &options, &mut progress)
    }
}

impl Scene {
    const ALL: [Self; 3] = [Self::Incremental, Self::Nothing, Self::Snapshots];

    /// What the guest calls it.
    const fn name(self) -> &'static str {
        match self {
            Self::Incremental => "incremental",
            Self::Nothing => "nothing",
            Self::Snapshots => "snapshots",
        }
    }
}

impl Tool {
    const ALL: [Self; 3] = [Self::Syncoid, Self::Bzfs, Self::ZfsAutobackup];

    const fn peer(self) -> Peer {
        match self {
            Self::Syncoid => Peer::Syncoid,
            Self::Bzfs => Peer::Bzfs,
            Self::ZfsAutobackup => Peer::ZfsAutobackup,
        }
    }
}

/// What a dataset more takes, in MiB: whoever races has pools of its own, in a filesystem in memory that takes half of what there is.
const MEMORY_OF_EACH: u32 = 80;

/// All of them, with a clock that counts instructions, on a busy host.
const LIMIT: Duration = Duration::from_secs(4 * 3600);
