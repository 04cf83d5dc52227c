//! I am who races, and the words it is given.

use std::{thread, time::Duration};

use crate::{
    Result,
    run::{run, shell},
    scene::{Kind, Scene},
    world::{self, SOURCE, TARGET},
};

/// Who races.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Racer {
    /// The product.
    Ours,
    /// The product, which remembers what it saw the last time.
    Remembering,
    /// A pair of them for each dataset, in a loop of a shell; two where there is no copy yet.
    Loop,
    /// One such pair for all.
    Package,
    /// `zfs list` of both sides: what there is to see when there is nothing to do.
    List,
    Syncoid,
    Bzfs,
    ZfsAutobackup,
}

impl Racer {
    /// What the tables call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "zfs-replicate",
            Self::Remembering => "zfs-replicate --cache",
            Self::Loop => "zfs send | zfs receive",
            Self::Package => "zfs send -R | zfs receive",
            Self::List => "zfs list of both sides",
            Self::Syncoid => "syncoid",
            Self::Bzfs => "bzfs",
            Self::ZfsAutobackup => "zfs-autobackup",
        }
    }

    /// Ours, where they have something to show.
    pub(crate) fn ours(scene: &Scene) -> &'static [Self] {
        match scene.kind {
            Kind::Nothing => &[Self::Ours, Self::Remembering],
            Kind::Incremental | Kind::Scratch => &[Self::Ours],
        }
    }

    /// Gets ready for a turn that has begun: what is remembered of a pool is not believed after it was imported anew, nor is what was just changed.
    pub(crate) fn warm_up(self, line: &str) -> Result<()> {
        if self == Self::Remembering {
            thread::sleep(AGE);
            shell(line)?;
        }
        Ok(())
    }

    /// Those of ZFS itself that have something to do there.
    pub(crate) fn of_zfs(scene: &Scene) -> &'static [Self] {
        match scene.kind {
            Kind::Nothing => &[Self::List],
            Kind::Incremental | Kind::Scratch => &[Self::Loop, Self::Package],
        }
    }

    /// One of them is told by a property what to replicate.
    pub(crate) fn choose_source(self) -> Result<()> {
        match self {
            Self::ZfsAutobackup => run("zfs", &["set", "autobackup:race=true", SOURCE]).map(drop),
            _ => Ok(()),
        }
    }

    /// What a shell is told. Each replicates every snapshot there is and makes none.
    pub(crate) fn line(self, scene: &Scene, before: &str, newest: &str) -> String {
        match self {
            Self::Ours => format!("./zfs-replicate --backend ioctl replicate --recursive {SOURCE} {TARGET}"),
            Self::Remembering => format!("./zfs-replicate --backend ioctl replicate --recursive --cache ./cache {SOURCE} {TARGET}"),
            Self::Loop if scene.kind == Kind::Scratch => {
                format!(
                    "zfs send {SOURCE}@{before} | zfs receive -u {TARGET} && zfs send -I @{before} {SOURCE}@{newest} | zfs receive -u {TARGET}"
                )
            }
            Self::Loop => {
                let names: Vec<String> = (0..scene.datasets).map(world::below).collect();
                let pair = format!("zfs send -i @{before} {SOURCE}$d@{newest} | zfs receive -u {TARGET}$d");
                format!("for d in '{}'; do {pair} || exit 1; done", names.join("' '"))
            }
            Self::Package if scene.kind == Kind::Scratch => format!("zfs send -R {SOURCE}@{newest} | zfs receive -u {TARGET}"),
            Self::Package => format!("zfs send -R -I @{before} {SOURCE}@{newest} | zfs receive -u {TARGET}"),
            Self::List => {
                let list = "zfs list -Hp -t snapshot -o name,guid,createtxg -r";
                format!("{list} {SOURCE} && {list} {TARGET}")
            }
            Self::Syncoid => format!("syncoid --recursive --no-sync-snap --no-privilege-elevation {SOURCE} {TARGET}"),
            Self::Bzfs => format!("bzfs --recursive {SOURCE} {TARGET}"),
            Self::ZfsAutobackup => {
                let (pool, _) = TARGET.split_once('/').unwrap_or_default();
                format!("zfs-autobackup --other-snapshots --no-snapshot --no-thinning --strip-path=1 race {pool}")
            }
        }
    }
}

/// The kernel tells by the second when something was last changed.
const AGE: Duration = Duration::from_secs(3);
