//! I know the way out where a stream is not good, or not for what was asked.

use zfs_rs::stream::token::Misfit;
use zfs_rs::stream::transform::Reason;
use zfs_rs::stream::{Fault, Refused, Rule};

/// What to do about a stream that is not let through.
pub(in crate::cli) fn refused(refused: &Refused) -> &'static str {
    match refused {
        Refused::Corrupt(corrupt) => match corrupt.what {
            Fault::NotBegin => "a compressed or encrypted file is opened first: `zstd -dc FILE.zst | zfs-replicate stream verify -`",
            Fault::Truncated => "fetch it again; the sender or the link stopped before all of it was there",
            Fault::Trailing => "keep one stream in a file; what follows the first one's end is lost on a receiver",
            _ => "fetch it again or take another copy; what comes before that record is whole",
        },
        _ => match refused.rule() {
            Some(Rule::GatePackage) => {
                "`zfs receive` takes a package apart before a kernel sees it; leave out --release, --from and --to to verify all its streams"
            }
            Some(Rule::GateTarget | Rule::GateBase) => "`zfs get -H -o value guid SNAPSHOT` says which GUID a snapshot has",
            Some(Rule::GateType) => "it is of another type of dataset than --type says; receive it into one of its own type",
            Some(Rule::GateRaw) => "send it raw: `zfs send --raw`",
            Some(Rule::BeginFeatures) => "a newer release may take it: give it by --release",
            _ => "do not give it to a kernel; no OpenZFS sends such a record, so ask who made the stream",
        },
    }
}

/// What to do about a stream of which cannot be made what was asked for.
pub(in crate::cli) const fn unfit(reason: &Reason) -> &'static str {
    match reason {
        Reason::Raw => "only who has the key can: receive it, load the key, and send it anew without `--raw`",
        Reason::Deduplicated => "`zfs-replicate stream redup FILE` puts the blocks where it refers to them; then it can be done",
        Reason::Changed => "see that nobody writes to the file, and start again",
        _ => "no OpenZFS sends such a record, though its sums are right, so ask who made the stream",
    }
}

/// What to do about a token that is for another stream.
pub(in crate::cli) const fn misfit(misfit: &Misfit) -> &'static str {
    match misfit {
        Misfit::Base { wanted: None, .. } => {
            "give --from too where no full stream is meant; `zfs get -H -o value guid SNAPSHOT` says a GUID"
        }
        _ => {
            "`zfs get -H -o value guid SNAPSHOT` says which GUID a snapshot has; where the interrupted stream is not wanted any more, \
             `zfs receive -A DATASET` gives it up"
        }
    }
}
