//! I am the command line as it may be written.

use std::num::NonZeroU64;

use clap::{Parser, Subcommand, ValueEnum};
use zfs_rs::Wish;
use zfs_rs::name::DatasetName;

use super::rate::Rate;
use super::status::Status;
use super::stream::Stream;

/// Replicates ZFS datasets: incremental, resumable, proved by GUID
///
/// It talks to the kernel itself and runs no other program. A run first looks at both sides, then says what it is going to do, then does it,
/// and calls a snapshot replicated only after reading it back on the target. No snapshot and no data of the target is rolled back or destroyed.
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
    List(List),
    Token(Token),
    Stream(Stream),
}

/// Bring every snapshot of a dataset to another place
///
/// Sends what the target lacks, oldest first: in full where it has nothing, as increments from the newest snapshot that both have, and from
/// where it stopped where an earlier transfer was interrupted. Snapshots are the same when their GUIDs are; names and clocks decide nothing.
/// A target with snapshots of its own is reported and left as it is.
///
/// What is going to be done and the table at the end go to the standard output, progress and errors to the standard error.
#[derive(Debug, clap::Args)]
#[command(after_long_help = with_status("\
Examples:
  zfs-replicate replicate --recursive --dry-run tank/home backup/home
      says what would be sent, how much, and what stands in the way
  zfs-replicate replicate --recursive --raw --bwlimit 20MiB tank/home backup/home
      keeps what is encrypted encrypted, at no more than 20 MiB a second"))]
pub(super) struct Replicate {
    /// The dataset to replicate
    #[arg(value_name = "SRC", value_parser = dataset)]
    pub(super) source: DatasetName,
    /// The dataset that becomes its copy; it is made if it is not there, the one above it must be
    #[arg(value_name = "DST", value_parser = dataset)]
    pub(super) target: DatasetName,
    /// Everything below SRC too
    #[arg(short, long)]
    pub(super) recursive: bool,
    /// Say what would be done, with estimated sizes, and do nothing
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
    /// Write one JSON document to the standard output: the plan with --dry-run, else the report
    #[arg(long)]
    pub(super) json: bool,
    /// Send encrypted datasets as they lie on disk: the target needs no key and cannot read them
    #[arg(short = 'w', long)]
    pub(super) raw: bool,
    /// Send no more than this many bytes a second: 20MiB (1024) or 20M (1000), with or without /s
    #[arg(long, value_name = "RATE", allow_hyphen_values = true)]
    pub(super) bwlimit: Option<Rate>,
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

impl From<Backend> for Wish {
    fn from(backend: Backend) -> Self {
        match backend {
            Backend::Auto => Self::Auto,
            Backend::LibzfsCore => Self::LibzfsCore,
            Backend::Ioctl => Self::Ioctl,
        }
    }
}

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
