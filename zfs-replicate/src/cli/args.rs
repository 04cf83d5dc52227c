//! I am the command line as it may be written.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use zfs_rs::name::DatasetName;

use super::age::Kinds;
use super::complaint::Complaint;
use super::patterns::Chosen;
use super::rate::Rate;
use super::status::Status;
use super::stream::Stream;
use crate::policy::divergence::OnDivergence;
use crate::policy::{PropertyWish, Wish};

/// Replicates ZFS datasets: incremental, resumable, proved by GUID
///
/// It talks to the kernel itself and runs no other program. A run first looks at both sides, then says what it is going to do, then does it,
/// and calls a snapshot replicated only after reading it back on the target. No snapshot and no data of the target is rolled back or destroyed,
/// unless `--on-divergence rollback` says so and the plan lists it.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 100, after_long_help = Status::table())]
pub(super) struct Args {
    /// The way to the kernel
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(super) backend: Backend,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Replicate(Replicate),
    Plan(MakePlan),
    Apply(Apply),
    Explain(Explain),
    List(List),
    Token(Token),
    Stream(Stream),
}

/// What is replicated where, however it is looked at.
#[derive(Debug, clap::Args)]
pub(super) struct Scope {
    /// The dataset to replicate
    #[arg(value_name = "SRC", value_parser = dataset)]
    pub(super) source: DatasetName,
    /// The dataset that becomes its copy; it is made if it is not there, the one above it must be
    #[arg(value_name = "DST", value_parser = dataset)]
    pub(super) target: DatasetName,
    /// Everything below SRC too
    #[arg(short, long)]
    pub(super) recursive: bool,
    /// Send encrypted datasets as they lie on disk: the target needs no key and cannot read them
    #[arg(short = 'w', long)]
    pub(super) raw: bool,
    #[command(flatten)]
    pub(super) chosen: Chosen,
    #[command(flatten)]
    pub(super) kinds: Kinds,
    /// Take only datasets on which this user property, their own or inherited, has this value
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) property: Option<PropertyWish>,
    /// What to do with a target that has snapshots of its own, or was written to
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub(super) on_divergence: Divergence,
    /// Remember in this file which snapshots there are, and ask only about datasets that have others since: much faster where little changed
    ///
    /// What is remembered is believed as long as the kernel says that it has not changed (OpenZFS 2.2 and later), and only to say that nothing is to be done.
    /// The file is made if it is not there. It is not used if others than root and you could write to it.
    #[arg(long, value_name = "FILE")]
    pub(super) cache: Option<PathBuf>,
}

/// How fast it may go.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Pace {
    /// Work on so many datasets at a time, 1 to 64 [default: 16, and fewer while streams are large]
    ///
    /// A large stream may fill 64 MiB of memory in the kernel; unless it is said how many datasets, no more than 256 MiB are filled.
    #[arg(long, value_name = "COUNT", value_parser = jobs)]
    pub(super) jobs: Option<NonZeroUsize>,
    /// Send no more than this many bytes a second: 20MiB (1024) or 20M (1000), with or without /s
    #[arg(long, value_name = "RATE", allow_hyphen_values = true)]
    pub(super) bwlimit: Option<Rate>,
}

/// Bring every snapshot of a dataset to another place
///
/// Sends what the target lacks, oldest first: in full where it has nothing, as increments from the newest snapshot that both have, and from
/// where it stopped where an earlier transfer was interrupted. Snapshots are the same when their GUIDs are; names and clocks decide nothing.
/// A target with snapshots of its own is reported and left as it is, unless --on-divergence says otherwise.
///
/// What is going to be done and the table at the end go to the standard output, progress and errors to the standard error.
#[derive(Debug, clap::Args)]
#[command(after_long_help = with_status("\
Examples:
  zfs-replicate replicate --recursive --dry-run tank/home backup/home
      says what would be sent, how much, and what stands in the way
  zfs-replicate replicate --recursive --raw --bwlimit 20MiB tank/home backup/home
      keeps what is encrypted encrypted, at no more than 20 MiB a second
  zfs-replicate replicate --recursive --exclude 'tank/home/*/cache' --include-snapshots 'daily_*' tank/home backup/home
      leaves out the caches, and all snapshots but the daily ones
  zfs-replicate replicate --recursive --snapshots-newer-than 30d --snapshot-property org.example:keep=yes tank/home backup/home
      takes the snapshots of the last thirty days that are marked so
  zfs-replicate replicate --on-divergence rename-aside tank/home backup/home
      keeps a target that has something of its own under another name, and sends it anew"))]
pub(super) struct Replicate {
    #[command(flatten)]
    pub(super) scope: Scope,
    /// Say what would be done, with estimated sizes, and do nothing
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
    /// Write one JSON document to the standard output: the plan with --dry-run, else the report
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) pace: Pace,
}

/// Say what would be done, with estimated sizes, and do nothing
///
/// As JSON it can be kept, looked at, and carried out by `zfs-replicate apply`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = with_status("\
Examples:
  zfs-replicate plan --recursive --json tank/home backup/home > plan.json
  zfs-replicate plan --on-divergence rollback tank/home backup/home
      lists what would be lost if the target went back to the newest snapshot that both have"))]
pub(super) struct MakePlan {
    #[command(flatten)]
    pub(super) scope: Scope,
    /// Write one JSON document to the standard output
    #[arg(long)]
    pub(super) json: bool,
}

/// Carry out a plan that was made earlier
///
/// Both sides are looked at again. Where they ask for something else than was planned, nothing is done at all and the difference is told.
#[derive(Debug, clap::Args)]
#[command(after_long_help = with_status("\
Example:
  zfs-replicate apply plan.json"))]
pub(super) struct Apply {
    /// The file with the plan, as `zfs-replicate plan --json` writes it; - is the standard input
    #[arg(value_name = "PLAN")]
    pub(super) plan: PathBuf,
    /// Write one JSON document to the standard output: the report
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) pace: Pace,
}

/// Say of each dataset and snapshot why it is or is not in the plan
#[derive(Debug, clap::Args)]
#[command(after_long_help = with_status("\
Example:
  zfs-replicate explain --recursive tank/home backup/home tank/home/anna"))]
pub(super) struct Explain {
    #[command(flatten)]
    pub(super) scope: Scope,
    /// Only this one of the source's datasets
    #[arg(value_name = "DATASET", value_parser = dataset)]
    pub(super) dataset: Option<DatasetName>,
    /// Write one JSON document to the standard output
    #[arg(long)]
    pub(super) json: bool,
}

/// Show what one side has
///
/// Datasets with their encryption, snapshots with GUID, createtxg, time and holds, bookmarks, and what interrupted receives left behind.
#[derive(Debug, clap::Args)]
#[command(after_long_help = with_status("\
Example:
  zfs-replicate list --recursive backup/home"))]
pub(super) struct List {
    /// The dataset to look at
    #[arg(value_name = "DATASET", value_parser = dataset)]
    pub(super) dataset: DatasetName,
    /// Everything below DATASET too
    #[arg(short, long)]
    pub(super) recursive: bool,
    /// Write one JSON document to the standard output
    #[arg(long)]
    pub(super) json: bool,
}

/// Say in words what a resume token means, and whether it is of the stream that is wanted
///
/// A resume token is the property receive_resume_token of a dataset whose receive was interrupted. ZFS is not needed to read it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = with_status("\
Examples:
  zfs-replicate token \"$(zfs get -H -o value receive_resume_token backup/home)\"
  zfs-replicate token 1-e604ea4bf-e0-789c63a2... --to 11962353180293674594 --from 7
      says whether the stream from the snapshot with GUID 7 to that one was interrupted"))]
pub(super) struct Token {
    /// The token, beginning with 1-
    #[arg(value_name = "TOKEN")]
    pub(super) token: String,
    /// Say whether it fits the stream of the snapshot with this GUID: the full one, unless --from is given
    #[arg(long, value_name = "GUID")]
    pub(super) to: Option<NonZeroU64>,
    /// Say whether it fits the stream that starts from the snapshot or bookmark with this GUID
    #[arg(long, value_name = "GUID", requires = "to")]
    pub(super) from: Option<NonZeroU64>,
    /// Write one JSON document to the standard output
    #[arg(long)]
    pub(super) json: bool,
}

/// What to do where the target diverged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Divergence {
    /// Say so, and leave it as it is
    #[default]
    Error,
    /// Give it another name, with all that lies below, and send it anew: nothing is lost
    RenameAside,
    /// Take it back to the newest snapshot that both have: what came later is lost for good. The plan lists it, and no more than that goes
    Rollback,
}

/// Which way to the kernel is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Backend {
    /// libzfs_core where it loads, else the ioctls
    #[default]
    Auto,
    /// libzfs_core or nothing
    #[value(name = "libzfs_core")]
    LibzfsCore,
    /// /dev/zfs directly, whatever is installed
    Ioctl,
}

impl Scope {
    /// What is wanted.
    ///
    /// # Errors
    ///
    /// A complaint when no snapshot could ever be meant.
    pub(super) fn wish(&self) -> Result<Wish, Complaint> {
        Ok(Wish {
            recursive: self.recursive,
            raw: self.raw,
            datasets: self.chosen.datasets.clone(),
            property: self.property.clone(),
            snapshots: self.chosen.snapshots.clone(),
            ages: self.kinds.ages()?,
            snapshot_property: self.kinds.snapshot_property.clone(),
            on_divergence: self.on_divergence.into(),
        })
    }
}

impl From<Divergence> for OnDivergence {
    fn from(what: Divergence) -> Self {
        match what {
            Divergence::Error => Self::Error,
            Divergence::RenameAside => Self::RenameAside,
            Divergence::Rollback => Self::Rollback,
        }
    }
}

impl From<Backend> for zfs_rs::Wish {
    fn from(backend: Backend) -> Self {
        match backend {
            Backend::Auto => Self::Auto,
            Backend::LibzfsCore => Self::LibzfsCore,
            Backend::Ioctl => Self::Ioctl,
        }
    }
}

/// Each dataset that is worked on takes a few threads and some memory.
fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    let jobs = text.parse().ok().filter(|jobs: &NonZeroUsize| jobs.get() <= JOBS_MAX);
    jobs.ok_or_else(|| format!("a number from 1 to {JOBS_MAX} is wanted"))
}

const JOBS_MAX: usize = 64;

/// Tells those who name a host or a snapshot what is wanted instead.
fn dataset(text: &str) -> Result<DatasetName, String> {
    text.parse().map_err(|error: zfs_rs::NameError| match text.split_once('@') {
        Some((dataset, _)) if dataset.parse::<DatasetName>().is_ok() => {
            format!("{error}; give the dataset alone, all its snapshots are replicated")
        }
        _ => error.to_string(),
    })
}

pub(super) fn with_status(examples: &str) -> String {
    format!("{examples}\n\n{}", Status::table())
}
