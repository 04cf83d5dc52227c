//! I know the way out.
//!
//! For every reason there is either something to do, with the exact command, or a decision that nothing need be said. The matches have no
//! rest, so that a new reason does not compile before its way out was thought of. Nothing here is ever done by this program.

mod divergence;
mod stream;

use zfs_rs::ErrorKind;
use zfs_rs::name::{DatasetName, PoolName};

pub(super) use self::stream::{misfit, refused, unfit};
use super::words::{dataset_of, pool_of, quoted};
use crate::plan::PlanError;
use crate::reason::{Blocked, Failure, FailureKind, NotBegun, Note, Part, Side};

/// Where a replication goes from and to: rights and keys are given at the roots.
#[derive(Debug, Clone, Copy)]
pub(super) struct Roots<'a> {
    pub(super) source: &'a DatasetName,
    pub(super) target: &'a DatasetName,
}

/// The names of one dataset on both sides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) source: &'a str,
    pub(super) target: &'a str,
}

/// What to do when the kernel cannot be reached.
pub(super) fn open(kind: ErrorKind) -> Option<String> {
    match kind {
        ErrorKind::NoModule => Some(
            "load the kernel module with `modprobe zfs`; if there is none, install it first (Debian: `apt install zfs-dkms zfsutils-linux`, \
             from contrib)"
                .to_owned(),
        ),
        ErrorKind::NoPermission => Some("run as root, or give the device back the mode that its udev rule sets: `chmod 666 /dev/zfs`".to_owned()),
        ErrorKind::NoLibrary => {
            Some("install libzfs_core (Debian: `apt install zfsutils-linux`), or go without it: `--backend ioctl`".to_owned())
        }
        // The kinds that answer a request do not come from opening.
        _ => None,
    }
}

/// What to do when there is no plan.
pub(super) fn unplannable(error: &PlanError) -> Option<String> {
    Some(match error {
        PlanError::NothingSelected { root } => absent(root),
        PlanError::AllSkipped { .. } => {
            "patterns are compared with full names, the last that matches decides, and * stands for one part of a name, ** for any number"
                .to_owned()
        }
        PlanError::Overlap { source_root, .. } => {
            format!("give a target that neither contains {source_root} nor lies in it, at best on another pool")
        }
        PlanError::TargetParentMissing { target } => match target.parent() {
            Some(parent) if parent.parent().is_some() => format!("make it: `zfs create -p {}`", quoted(parent.as_str())),
            _ => format!("import or create the pool: `zpool import {}`", target.pool()),
        },
        PlanError::ReadOnlyPool { root, .. } => writable(root.as_str()),
    })
}

/// What to do about a dataset that is not there.
pub(super) fn absent(root: &DatasetName) -> String {
    look(root.as_str())
}

fn look(name: &str) -> String {
    format!(
        "`zfs list -r {0}` shows what is there; a pool that is not imported: `zpool import {0}`",
        pool_of(name)
    )
}

/// What to do about a dataset that is blocked.
pub(super) fn blocked(why: &Blocked, pair: Pair<'_>) -> Option<String> {
    Some(match why {
        Blocked::NoSnapshots => format!("make one: `zfs snapshot {}@NAME`", quoted(pair.source)),
        Blocked::NoneChosen { .. } => {
            "`zfs-replicate explain` tells of each why; patterns for snapshots are compared with what stands behind the @".to_owned()
        }
        Blocked::ParentMissing { parent } => format!(
            "see what stops {parent}; replicate it first, or make it: `zfs create -p {}`",
            quoted(parent)
        ),
        Blocked::PlaceholderInTheWay { dataset } => format!(
            "set it aside, with what lies below: `zfs rename {0} {1}`; the next run sends the dataset and renames what lies there back; then remove what is \
             left: `zfs destroy {1}`",
            quoted(dataset.as_str()),
            quoted(&aside(dataset.as_str()))
        ),
        Blocked::Diverged { common, beyond } => divergence::diverged(common.as_ref(), beyond),
        Blocked::Unresolved { why, .. } => return divergence::unresolved(why, pair),
        Blocked::SnapshotNameTaken { name, .. } => {
            format!(
                "give the target's another name: `zfs rename {} {}`",
                quoted(name.as_str()),
                quoted(&aside(name.as_str()))
            )
        }
        Blocked::TargetModified { since, .. } => divergence::modified(since, pair.target),
        Blocked::TargetUnfinished { dataset } => format!(
            "if no receive is running there, remove what it left, which is no complete snapshot: `zfs destroy {}`",
            quoted(dataset.as_str())
        ),
        Blocked::NameOccupied { to, .. } => {
            format!(
                "give the dataset in the way another name: `zfs rename {} {}`",
                quoted(to.as_str()),
                quoted(&aside(to.as_str()))
            )
        }
        Blocked::BoundToKey { from, root, .. } => format!(
            "give it a key of its own, which wants that of {root} loaded: `zfs change-key -o keyformat=passphrase {}`",
            quoted(from.as_str())
        ),
        Blocked::KeyNotLoaded { side: Side::Source, root } => {
            format!(
                "load it: `zfs load-key {}`; or send without needing it: `--raw`",
                quoted(root.as_str())
            )
        }
        Blocked::KeyNotLoaded { side: Side::Target, root } => format!("load it: `zfs load-key {}`", quoted(root.as_str())),
        Blocked::WouldStoreDecrypted { .. } => {
            "keep it encrypted with the source's key: `--raw`; or give a target below an encrypted dataset".to_owned()
        }
        Blocked::RawLineage { .. } => "add `--raw`".to_owned(),
        Blocked::NotRawLineage { .. } => "leave out `--raw`, or give another target, which is then sent to in full".to_owned(),
        Blocked::PoolLacks { pool, feature } => enable(pool, feature),
        Blocked::Unnameable { .. } => format!("give a target with a shorter name, or rename {} on the source", quoted(pair.source)),
    })
}

/// What to do about a dataset that had to wait for another.
pub(super) fn not_begun(why: &NotBegun) -> Option<String> {
    Some(match why {
        NotBegun::Needs { dataset } => format!("see {dataset}; this one follows in the next run"),
        NotBegun::Cancelled => again(),
    })
}

/// What to do about what stops nothing.
pub(super) fn note(note: &Note, pair: Pair<'_>) -> Option<String> {
    match note {
        // It is so and stays so: nothing to be done.
        Note::SentAsFull { .. } | Note::BegunWithoutLargeBlocks { .. } => None,
        Note::WithoutLargeBlocks { pool } => Some(format!("before it is first sent, {}", enable(pool, "large_blocks"))),
        Note::Uncompressed { pool, feature } | Note::MayNeed { pool, feature } => Some(enable(pool, feature)),
        Note::TargetModified { .. } => Some(format!(
            "keep others from writing there: `zfs set readonly=on {}`",
            quoted(pair.target)
        )),
        Note::MayNotFit { quota: None, .. } => Some(format!("make room on {0}: `zfs list -o space -r {0}`", pool_of(pair.target))),
        Note::MayNotFit {
            quota: Some(quota), need, ..
        } => Some(format!(
            "raise it: `zfs set {}={} {}`",
            quota.kind.property(),
            quota.used.saturating_add(*need),
            quoted(quota.dataset.as_str())
        )),
    }
}

/// What to do about something that went wrong.
pub(super) fn failure(failure: &Failure, roots: Roots<'_>) -> Option<String> {
    let object = failure.object.as_str();
    let dataset = dataset_of(object);
    let pool = pool_of(object);
    Some(match failure.kind {
        FailureKind::NoSpace => format!("make room on {pool}: `zfs list -o space -r {pool}`; {}", kept()),
        // The quota of a dataset above limits too, so the whole pool is asked.
        FailureKind::QuotaExceeded => format!(
            "raise what limits it, there or above: `zfs get -r -s local,received quota,refquota {pool}`; {}",
            kept()
        ),
        FailureKind::PermissionDenied if failure.part == Part::RollBack => {
            format!("as root: `zfs allow USER rollback,destroy,mount {}`", quoted(roots.target.as_str()))
        }
        FailureKind::PermissionDenied => allow(failure.side, roots),
        FailureKind::Busy => busy(failure.part, dataset),
        FailureKind::NotFound if failure.part == Part::Look => look(object),
        FailureKind::NotFound => format!(
            "somebody removed it meanwhile, or it never was: `zfs list -t all -r {}`; {}",
            quoted(dataset),
            again()
        ),
        FailureKind::Exists => format!("somebody made it meanwhile; {}", again()),
        FailureKind::ReadOnly => writable(object),
        FailureKind::KeyNotLoaded => format!(
            "load it: `zfs load-key -r {}`; or send without needing the source's: `--raw`",
            quoted(dataset)
        ),
        FailureKind::TargetModified => format!(
            "discard what was written: `zfs rollback {}@NEWEST`, and keep it from happening again: `zfs set readonly=on {0}`",
            quoted(dataset)
        ),
        FailureKind::Mismatch => format!(
            "compare the two sides: `zfs-replicate list {}` and `zfs-replicate list {}`; {}",
            roots.source,
            roots.target,
            again()
        ),
        FailureKind::Truncated => format!("the other side went away, see there; {}", again()),
        FailureKind::Interrupted => format!("the other side went away or a signal came; {}", again()),
        FailureKind::Damaged => format!(
            "nothing of it was kept; look for faults of memory and disks: `zpool status -v`; {}",
            again()
        ),
        FailureKind::Unsupported => {
            format!("compare releases and features: `zfs version`, `zpool get all {pool}`; a pool gains features by `zpool upgrade {pool}`")
        }
        FailureKind::Io | FailureKind::TryAgain => format!("see what the pool says: `zpool status -v {pool}`; {}", again()),
        FailureKind::Cancelled => format!("nothing is lost; {}", again()),
        FailureKind::Stale { .. } => format!("it changed after the plan was made; {}", again()),
        FailureKind::Moved => "nothing is lost but what was listed; the same command again lists what there is now".to_owned(),
        FailureKind::NotProved { .. } => format!(
            "do not count on it: keep the source's snapshots and look at the target: `zfs-replicate list {}`; {}",
            quoted(dataset),
            again()
        ),
        FailureKind::OutOfTurn => format!("this is a fault of zfs-replicate, please report it; {}", again()),
        FailureKind::Unexpected => "see whether the kernel says more: `dmesg`, `zpool events -v`; please report the number".to_owned(),
    })
}

fn busy(part: Part, dataset: &str) -> String {
    let dataset = quoted(dataset);
    match part {
        Part::Receive => format!("another receive runs there: wait for its end; {}", again()),
        Part::SetAside | Part::RollBack | Part::Rename | Part::StandIn | Part::Abort => format!(
            "see who uses it: `zfs get mounted {dataset}`, `zfs holds -r {dataset}`; {}",
            again()
        ),
        Part::Look | Part::Hold | Part::Mark | Part::Send | Part::Link | Part::Confirm | Part::Release | Part::Run => {
            format!("somebody else works on it; {}", again())
        }
    }
}

/// Everything one side needs, so that nobody finds out right by right.
fn allow(side: Side, roots: Roots<'_>) -> String {
    match side {
        // Bookmarks go by `destroy`, which without `mount` removes nothing else.
        Side::Source => format!(
            "as root: `zfs allow USER send,snapshot,hold,release,bookmark,destroy {}`",
            quoted(roots.source.as_str())
        ),
        Side::Target => {
            let above = roots.target.parent();
            let place = above.as_ref().unwrap_or(roots.target);
            format!(
                "as root: `zfs allow USER receive,create,mount,rename,destroy,{TARGET_PROPERTIES} {}`",
                quoted(place.as_str())
            )
        }
    }
}

fn enable(pool: &PoolName, feature: &str) -> String {
    format!("give the pool that feature, which older software may not read: `zpool set feature@{feature}=enabled {pool}`")
}

fn writable(object: &str) -> String {
    let pool = pool_of(object);
    format!("import it writable: `zpool export {pool}`, then `zpool import {pool}`")
}

fn aside(name: &str) -> String {
    format!("{name}-aside")
}

fn again() -> String {
    "run the same command again: it goes on from what is there".to_owned()
}

fn kept() -> &'static str {
    "what has arrived is kept, the next run goes on from there"
}

/// The properties that are set on what is received, and the one that marks placeholders.
const TARGET_PROPERTIES: &str = "readonly,canmount,volmode,userprop";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Evidence;

    fn failed(side: Side, part: Part, object: &str, kind: FailureKind) -> String {
        let (source, target) = ("tank/home".parse().unwrap(), "backup/home".parse().unwrap());
        let roots = Roots {
            source: &source,
            target: &target,
        };
        let it = Failure {
            side,
            part,
            object: object.to_owned(),
            kind,
            errno: None,
            detail: String::new(),
        };
        failure(&it, roots).unwrap()
    }

    #[test]
    fn a_missing_right_names_the_command_that_gives_it() {
        assert_eq!(
            failed(Side::Source, Part::Send, "tank/home/a@x", FailureKind::PermissionDenied),
            "as root: `zfs allow USER send,snapshot,hold,release,bookmark,destroy tank/home`"
        );
        assert_eq!(
            failed(Side::Target, Part::Receive, "backup/home/a@x", FailureKind::PermissionDenied),
            "as root: `zfs allow USER receive,create,mount,rename,destroy,readonly,canmount,volmode,userprop backup`"
        );
    }

    #[test]
    fn a_full_or_read_only_pool_is_named() {
        assert!(failed(Side::Target, Part::Receive, "backup/home@x", FailureKind::NoSpace).contains("`zfs list -o space -r backup`"));
        assert!(failed(Side::Target, Part::Receive, "backup/home@x", FailureKind::ReadOnly).contains("`zpool import backup`"));
    }

    #[test]
    fn no_module_names_the_module_and_its_package() {
        let hint = open(ErrorKind::NoModule).unwrap();
        assert!(hint.contains("`modprobe zfs`") && hint.contains("zfs-dkms"), "{hint}");
    }

    #[test]
    fn a_missing_place_is_made_and_a_missing_pool_imported() {
        let missing = |target: &str| {
            unplannable(&PlanError::TargetParentMissing {
                target: target.parse().unwrap(),
            })
            .unwrap()
        };
        assert_eq!(missing("backup/a b/c"), "make it: `zfs create -p 'backup/a b'`");
        assert_eq!(missing("backup/a"), "import or create the pool: `zpool import backup`");
    }

    #[test]
    fn divergence_offers_to_keep_before_it_offers_to_destroy() {
        let pair = Pair {
            source: "tank/a",
            target: "backup/a",
        };
        let evidence = |short: &str, guid: u64| Evidence {
            name: format!("backup/a@{short}").parse().unwrap(),
            guid: guid.into(),
            createtxg: guid.into(),
        };
        let why = Blocked::Diverged {
            common: Some(evidence("base", 1)),
            beyond: vec![evidence("own", 2)],
        };
        let hint = blocked(&why, pair).unwrap();
        let keep = hint.find("`--on-divergence rename-aside`").unwrap();
        let destroy = hint.find("`--on-divergence rollback`").unwrap();
        assert!(keep < destroy, "{hint}");
    }
}
