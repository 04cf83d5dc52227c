//! I am the command line of what makes a stream anew.

use std::path::PathBuf;

use zfs_rs::stream::transform::codec::Compression;

use crate::cli::args::with_status;

// From where to where. What stands here as documentation would be the commands' own.
#[derive(Debug, clap::Args)]
pub(in crate::cli::stream) struct Ways {
    /// The file with the stream; - is the standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Write to this file instead of the standard output. It must not be there yet, and is there only once all of it is
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Write one JSON document to the standard output: what was read and what was written
    #[arg(long, requires = "out")]
    pub(in crate::cli::stream) json: bool,
}

/// Make the same stream with every block as it is, not compressed
///
/// For receivers that lack an algorithm, or to have the target compress by its own property. Sums of what is read are checked, and what is
/// written is held to every rule that `verify` knows. Raw streams have encrypted blocks and are refused.
#[derive(Debug, clap::Args)]
#[command(after_long_help = with_status("\
Examples:
  zfs-replicate stream decompress /archive/home.zfs --out /archive/home-plain.zfs
  zfs-replicate stream decompress /archive/home.zfs | zfs receive backup/home"))]
pub(in crate::cli::stream) struct Decompress {
    #[command(flatten)]
    pub(in crate::cli::stream) ways: Ways,
}

/// Make the same stream with every block compressed as told
///
/// As `zfs send -c` sends it from a dataset with this compression; a receiver stores the blocks as they come. Sums of what is read are checked, and what
/// is written is held to every rule that `verify` knows. Raw streams have encrypted blocks and are refused.
#[derive(Debug, clap::Args)]
#[command(after_long_help = with_status("\
Example:
  zfs-replicate stream recompress /archive/home.zfs --to zstd-19 --out /archive/home-small.zfs"))]
pub(in crate::cli::stream) struct Recompress {
    /// The compression, as the property of this name has it: lz4, zstd, zstd-1 to -19, zstd-fast, zstd-fast-1 to -1000, gzip, gzip-1 to -9
    #[arg(long, value_name = "COMPRESSION")]
    pub(super) to: Compression,
    #[command(flatten)]
    pub(in crate::cli::stream) ways: Ways,
}

/// Make of a deduplicated stream one that kernels receive
///
/// `zfs send -D` made deduplicated streams until OpenZFS 2.0, and no later kernel takes them. Where one refers to a block that came before, that
/// block is put. Earlier blocks are read again, so FILE is a file, or the standard input where that is one, and nobody may write to it meanwhile. Sums
/// of what is read are checked, and what is written is held to every rule that `verify` knows.
#[derive(Debug, clap::Args)]
#[command(after_long_help = with_status("\
Example:
  zfs-replicate stream redup /archive/old.zfs --out /archive/old-plain.zfs"))]
pub(in crate::cli::stream) struct Redup {
    #[command(flatten)]
    pub(in crate::cli::stream) ways: Ways,
}

/// Make the same stream without some of its objects
///
/// To get at the rest of a stream of which some object cannot be received. Nothing tells the receiver that something is missing: directories go
/// on naming a file that was left out, and an increment may rely on it. Sums of what is read are checked, and what is written is held to every rule that
/// `verify` knows. Raw and deduplicated streams are refused.
#[derive(Debug, clap::Args)]
#[command(after_long_help = with_status("\
Example:
  zfs-replicate stream drop /archive/home.zfs --object 128 --object 131 --out /archive/home-rest.zfs
      `stream dump` and errors of `stream verify` say which number an object has; so does `ls -i` for files"))]
pub(in crate::cli::stream) struct Drop {
    /// The number of an object to leave out; may be given again
    #[arg(long = "object", value_name = "N", required = true)]
    pub(super) objects: Vec<u64>,
    #[command(flatten)]
    pub(in crate::cli::stream) ways: Ways,
}

/// Put each stream of a package into a file of its own
///
/// `zfs send -R` and -I make packages. Each stream in one is written as it is, to a file called by its number in the package and the snapshot's name:
/// in that order they can be received one by one. The package's list of properties is left out. Sums are checked, and what is written is
/// held to every rule that `verify` knows; of a damaged package the streams before the damage are written.
#[derive(Debug, clap::Args)]
#[command(after_long_help = with_status("\
Example:
  zfs-replicate stream split /archive/tank.zfs --into /archive/tank
      writes /archive/tank/0001-tank-home@monday.zfs and so on"))]
pub(in crate::cli::stream) struct Split {
    /// The file with the package; - is the standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The directory to write to; it is made if it is not there. No file that is in it is written over
    #[arg(long, value_name = "DIR")]
    pub(super) into: PathBuf,
    /// Write one JSON document to the standard output: the files, what was read and what was written
    #[arg(long)]
    pub(in crate::cli::stream) json: bool,
}
