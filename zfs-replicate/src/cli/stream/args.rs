//! I am the command line of what looks into streams.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use zfs_rs::Release;
use zfs_rs::stream::ObjsetType;

use super::transform::{Decompress, Drop, Recompress, Redup, Split};
use crate::cli::args::with_status;

/// Look into send streams and make them anew: in files, or as they come
///
/// ZFS is not needed for that, and nothing is received.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Stream {
    #[command(subcommand)]
    pub(super) task: Task,
}

#[derive(Debug, Subcommand)]
pub(super) enum Task {
    Verify(Verify),
    Summary(Summary),
    Dump(Dump),
    Compare(Compare),
    Rules(Rules),
    Decompress(Decompress),
    Recompress(Recompress),
    Split(Split),
    Redup(Redup),
    Drop(Drop),
}

/// Prove that a stream is whole and keeps every rule that kernels rely on
///
/// Every checksum is recalculated, and every field of every record is held to named rules: what breaks one would be refused by a kernel, lose
/// data or crash it. Of a refusal the record, its place, the value and the rule are said. Without --release it may be whatever OpenZFS 2.0
/// to 2.4 send, a package as of `zfs send -R` too.
#[derive(Debug, clap::Args)]
#[command(after_long_help = with_status("\
Examples:
  zfs-replicate stream verify /archive/home.zfs
  zstd -dc home.zfs.zst | zfs-replicate stream verify --release 2.1 --raw-only -
      is whole, is encrypted throughout, and can be received by OpenZFS 2.1"))]
pub(super) struct Verify {
    /// The file with the stream; - is the standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Let through only what the kernel of this release takes: 2.0, 2.1, 2.2, 2.3 or 2.4; no package, which kernels do not take
    #[arg(long, value_name = "RELEASE")]
    pub(super) release: Option<Release>,
    /// Let through only raw streams, in which encrypted data stays encrypted
    #[arg(long)]
    pub(super) raw_only: bool,
    /// Let through only streams of this type of dataset; say that of the target for an increment from a stranger, since no kernel asks
    #[arg(long = "type", value_name = "TYPE", value_parser = PossibleValuesParser::new(["filesystem", "volume"]).try_map(|word| word.parse::<ObjsetType>()))]
    pub(super) objset: Option<ObjsetType>,
    /// Let through only the stream that starts from the snapshot or bookmark with this GUID
    #[arg(long, value_name = "GUID", requires = "to")]
    pub(super) from: Option<NonZeroU64>,
    /// Let through only the stream of the snapshot with this GUID: the full one, unless --from is given
    #[arg(long, value_name = "GUID")]
    pub(super) to: Option<NonZeroU64>,
    /// Write one JSON document to the standard output
    #[arg(long)]
    pub(super) json: bool,
}

/// Count up what a stream holds
///
/// Snapshots and GUIDs, features, objects, bytes by type of record, compression, holes, the largest block. Checksums are recalculated; `verify`
/// holds the records to rules too.
#[derive(Debug, clap::Args)]
#[command(after_long_help = with_status("\
Example:
  zfs-replicate stream summary /archive/home.zfs"))]
pub(super) struct Summary {
    /// The file with the stream; - is the standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Write one JSON document to the standard output
    #[arg(long)]
    pub(super) json: bool,
}

/// Show every record of a stream
///
/// One line each: its number, its place in bytes, its type and all its fields by name, the length of its payload. Fields of plain bytes that are
/// all 0 are left out. Of the payload of BEGIN the list is shown.
#[derive(Debug, clap::Args)]
#[command(after_long_help = with_status("\
Examples:
  zfs-replicate stream dump /archive/home.zfs | less -S
  zfs-replicate stream dump --json /archive/home.zfs | jq 'select(.type == \"OBJECT\") | .fields.object'"))]
pub(super) struct Dump {
    /// The file with the stream; - is the standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Write one JSON document a line, with all fields
    #[arg(long)]
    pub(super) json: bool,
}

/// Say where two streams differ, and whether they bring the same all the same
///
/// Records are compared one by one until one brings something different. Data that is compressed in one and not in the other, or cut into other
/// blocks, may be the same: then the answer is that it is not proved. The status is 0 where both bring the same.
#[derive(Debug, clap::Args)]
#[command(after_long_help = with_status("\
Example:
  zfs-replicate stream compare /archive/home.zfs /backup/home.zfs"))]
pub(super) struct Compare {
    /// The file with the first stream; - is the standard input
    #[arg(value_name = "FIRST")]
    pub(super) first: PathBuf,
    /// The file with the second stream; - is the standard input
    #[arg(value_name = "SECOND")]
    pub(super) second: PathBuf,
    /// Write one JSON document to the standard output
    #[arg(long)]
    pub(super) json: bool,
}

/// List all rules that streams are held to, with their reasons
#[derive(Debug, clap::Args)]
#[command(after_long_help = with_status("\
Example:
  zfs-replicate stream rules"))]
pub(super) struct Rules {
    /// Write one JSON document to the standard output
    #[arg(long)]
    pub(super) json: bool,
}

impl Stream {
    /// Whether answers are for scripts.
    pub(in crate::cli) const fn is_json(&self) -> bool {
        match &self.task {
            Task::Verify(wish) => wish.json,
            Task::Summary(wish) => wish.json,
            Task::Dump(wish) => wish.json,
            Task::Compare(wish) => wish.json,
            Task::Rules(wish) => wish.json,
            Task::Decompress(wish) => wish.ways.json,
            Task::Recompress(wish) => wish.ways.json,
            Task::Split(wish) => wish.json,
            Task::Redup(wish) => wish.ways.json,
            Task::Drop(wish) => wish.ways.json,
        }
    }
}
