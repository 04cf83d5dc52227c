//! I know which delegations of `zfs allow` a call needs, where, and the command that grants them.
//!
//! The kernel says only that something was refused, not for want of what. What it asks for is in the functions `zfs_secpolicy_*` of its
//! `zfs_ioctl.c`, the same from OpenZFS 2.0 to 2.4 but for what is said in [`Missing`].

use std::fmt;

use nix::unistd::geteuid;

use crate::errno::Errno;
use crate::name::{DatasetName, PoolName, SnapshotName};
use crate::operation::Operation;

/// What lets a call through that was refused for want of permission.
///
/// It is what the call needs: some of it the user may have already, and of a call on many datasets the kernel does not say which of them was
/// refused. Two finer permissions suffice on newer releases and are not proposed, because older ones do not know them: `receive:append` instead
/// of `receive` since 2.3.2 for a receive that rolls nothing back, `send:raw` instead of `send` since 2.4 for a raw stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Missing {
    /// All of these.
    Delegations(Vec<Delegation>),
    /// It cannot be delegated: only root may.
    Root,
    /// The pool's property `delegation` is off, so that nothing that was delegated counts.
    SwitchedOff(PoolName),
}

/// Permissions of one user on one dataset and all below it.
///
/// It is shown as the command by which root, or a user who has these permissions and may `allow`, grants them. The user is a number: this crate
/// reads no list of users.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Delegation {
    /// The user's number: the effective user of the thread that was refused.
    pub user: u32,
    /// Where.
    pub on: DatasetName,
    /// What, as `zfs allow` calls it.
    pub permissions: Vec<String>,
}

impl Delegation {
    /// So much for this process's user.
    pub(crate) fn new<T: AsRef<str>>(on: &DatasetName, permissions: impl IntoIterator<Item = T>) -> Self {
        let mut it = Self {
            user: geteuid().as_raw(),
            on: on.clone(),
            permissions: Vec::new(),
        };
        it.extend(permissions);
        it
    }

    fn extend<T: AsRef<str>>(&mut self, permissions: impl IntoIterator<Item = T>) {
        for permission in permissions {
            if !self.permissions.iter().any(|has| has == permission.as_ref()) {
                self.permissions.push(permission.as_ref().to_owned());
            }
        }
    }
}

impl fmt::Display for Delegation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, on, permissions } = self;
        // The one character a name may have that means something to a shell.
        let quote = if on.as_str().contains(' ') { "'" } else { "" };
        write!(f, "zfs allow -u {user} {} {quote}{on}{quote}", permissions.join(","))
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("only root may, it cannot be delegated"),
            Self::SwitchedOff(pool) => write!(
                f,
                "delegation is switched off for the pool: `zpool set delegation=on {pool}` switches it on"
            ),
            Self::Delegations(all) => {
                let shown = all.iter().take(SHOWN).map(|one| format!("`{one}`"));
                f.write_str(&shown.collect::<Vec<_>>().join(" and "))?;
                match all.len().saturating_sub(SHOWN) {
                    0 if all.len() == 1 => f.write_str(" grants it"),
                    0 => f.write_str(" grant it"),
                    more => write!(f, " and the same for {more} more grant it"),
                }
            }
        }
    }
}

/// Delegations beyond these are counted, not shown.
const SHOWN: usize = 3;

/// Where a call's permissions are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Anybody may.
    Nothing,
    /// Nothing that can be given away suffices.
    Root,
    /// These on the dataset itself.
    At(&'static [&'static str]),
    /// These on the dataset above it.
    Above(&'static [&'static str]),
}

/// What the kernel asks for, as far as it depends on the operation alone.
fn need(operation: Operation) -> Need {
    match operation {
        Operation::Open
        | Operation::Read
        | Operation::Estimate
        | Operation::Sync
        | Operation::Wait
        | Operation::WaitForExpansion
        | Operation::ReadDevice => Need::Nothing,
        Operation::Create | Operation::Clone => Need::Above(CREATE),
        Operation::Promote => Need::At(PROMOTE),
        Operation::Destroy => Need::At(&["destroy", "mount"]),
        Operation::Rename => Need::At(RENAME),
        Operation::Rollback => Need::At(&["rollback"]),
        // By the properties' names.
        Operation::SetProperty => Need::At(&[]),
        Operation::Snapshot => Need::At(&["snapshot"]),
        Operation::Bookmark => Need::At(&["bookmark"]),
        Operation::DestroyBookmark => Need::At(&["destroy"]),
        Operation::Hold => Need::At(&["hold"]),
        Operation::Release => Need::At(&["release"]),
        Operation::Send => Need::At(&["send"]),
        Operation::Receive | Operation::Heal => Need::At(&["receive", "create", "mount"]),
        Operation::LoadKey | Operation::UnloadKey => Need::At(&["load-key"]),
        Operation::ChangeKey => Need::At(&["change-key"]),
        Operation::Diff => Need::At(&["diff"]),
        Operation::Redact
        | Operation::RunProgram
        | Operation::Initialize
        | Operation::Trim
        | Operation::Scrub
        | Operation::Checkpoint
        | Operation::DiscardCheckpoint
        | Operation::Reopen
        | Operation::SetBootEnvironment
        | Operation::SetDevice
        | Operation::PrefetchDedup
        | Operation::PruneDedup
        | Operation::ReadEvents => Need::Root,
    }
}

/// What was missing, for an operation on an object and with what is known of its details.
pub(crate) fn missing(operation: Operation, object: &str, errno: Option<Errno>, details: &[Delegation]) -> Option<Missing> {
    let need = need(operation);
    let dataset = dataset_of(object);
    match (need, dataset) {
        (Need::Nothing, _) => None,
        (Need::Root, _) => Some(Missing::Root),
        (_, Some(dataset)) if errno == Some(Errno::ECANCELED) => Some(Missing::SwitchedOff(dataset.pool())),
        _ if !details.is_empty() => Some(Missing::Delegations(details.to_vec())),
        (Need::At(permissions), Some(on)) => Some(Missing::Delegations(vec![Delegation::new(&on, permissions)])),
        (Need::Above(permissions), Some(below)) => Some(
            below
                .parent()
                .map_or(Missing::Root, |on| Missing::Delegations(vec![Delegation::new(&on, permissions)])),
        ),
        (Need::At(_) | Need::Above(_), None) => None,
    }
}

/// Whether the kernel asks for something that can be given away.
pub(crate) fn is_delegable(operation: Operation) -> bool {
    matches!(need(operation), Need::At(_) | Need::Above(_))
}

/// What the operation needs on each of the datasets, and more.
pub(crate) fn each<'a>(operation: Operation, more: &[&str], datasets: impl IntoIterator<Item = &'a DatasetName>) -> Vec<Delegation> {
    let (Need::At(permissions) | Need::Above(permissions)) = need(operation) else {
        return Vec::new();
    };
    let all = || permissions.iter().chain(more);
    merged(datasets.into_iter().map(|on| Delegation::new(on, all())))
}

/// One for each dataset.
pub(crate) fn merged(all: impl IntoIterator<Item = Delegation>) -> Vec<Delegation> {
    let mut merged: Vec<Delegation> = Vec::new();
    for one in all {
        match merged.iter_mut().find(|has| has.on == one.on) {
            Some(has) => has.extend(one.permissions),
            None => merged.push(one),
        }
    }
    merged
}

/// What creating something with these properties needs on the dataset above it.
pub(crate) fn creating<'a>(name: &DatasetName, properties: impl IntoIterator<Item = &'a str>) -> Vec<Delegation> {
    let asked = properties.into_iter().filter(|name| !UNASKED.contains(name)).map(of_property);
    let all = CREATE.iter().copied().chain(asked);
    name.parent().map(|above| Delegation::new(&above, all)).into_iter().collect()
}

/// What growing a clone with these properties needs: something of its origin too.
pub(crate) fn cloning<'a>(name: &DatasetName, origin: &SnapshotName, properties: impl IntoIterator<Item = &'a str>) -> Vec<Delegation> {
    merged(
        [Delegation::new(origin.dataset(), ["clone"])]
            .into_iter()
            .chain(creating(name, properties)),
    )
}

/// What promoting a clone needs: on both sides, as snapshots go from one to the other.
pub(crate) fn promoting(clone: &DatasetName, origin: Option<&DatasetName>) -> Vec<Delegation> {
    let there = origin.map(|origin| Delegation::new(origin, ["promote"]));
    merged([Delegation::new(clone, PROMOTE)].into_iter().chain(there))
}

/// What moving something to another name needs: for a snapshot both places are its dataset.
pub(crate) fn renaming(from: &DatasetName, above_new: Option<DatasetName>) -> Vec<Delegation> {
    let there = above_new.map(|above| Delegation::new(&above, CREATE));
    merged([Delegation::new(from, RENAME)].into_iter().chain(there))
}

/// What setting these properties needs.
pub(crate) fn setting(on: &DatasetName, properties: &[&str]) -> Vec<Delegation> {
    vec![Delegation::new(on, properties.iter().copied().map(of_property))]
}

/// The permission that a property is set by.
fn of_property(name: &str) -> &str {
    match name.split_once('@') {
        // `userquota@ada`
        Some((kind, _)) => kind,
        None if name.contains(':') => "userprop",
        None => name,
    }
}

/// The dataset of anything that has a name.
fn dataset_of(object: &str) -> Option<DatasetName> {
    object.split(['@', '#']).next().unwrap_or_default().parse().ok()
}

const CREATE: &[&str] = &["create", "mount"];
const PROMOTE: &[&str] = &["promote", "mount"];
const RENAME: &[&str] = &["rename", "mount"];

/// What the kernel takes from a new dataset's properties before it asks whether they may be set.
const UNASKED: [&str; 9] = [
    "volsize",
    "volblocksize",
    "normalization",
    "utf8only",
    "casesensitivity",
    "encryption",
    "keyformat",
    "pbkdf2iters",
    "pbkdf2salt",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset(name: &str) -> DatasetName {
        name.parse().unwrap()
    }

    fn shown(all: &[Delegation]) -> Vec<String> {
        let user = format!("-u {} ", geteuid());
        all.iter().map(|one| one.to_string().replace(&user, "")).collect()
    }

    fn of(operation: Operation, object: &str) -> Vec<String> {
        match missing(operation, object, Some(Errno::EPERM), &[]) {
            Some(Missing::Delegations(all)) => shown(&all),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_operation_has_its_permission_on_its_dataset() {
        assert_eq!(of(Operation::Send, "tank/a@b"), ["zfs allow send tank/a"]);
        assert_eq!(of(Operation::DestroyBookmark, "tank/a#b"), ["zfs allow destroy tank/a"]);
        assert_eq!(of(Operation::Create, "tank/a/b"), ["zfs allow create,mount tank/a"]);
        assert_eq!(of(Operation::Snapshot, "tank/a b@c"), ["zfs allow snapshot 'tank/a b'"]);
    }

    #[test]
    fn what_cannot_be_delegated_says_so() {
        for operation in [Operation::RunProgram, Operation::Redact, Operation::Scrub, Operation::ReadEvents] {
            assert_eq!(missing(operation, "tank", Some(Errno::EPERM), &[]), Some(Missing::Root));
        }
        assert_eq!(missing(Operation::Create, "tank", Some(Errno::EPERM), &[]), Some(Missing::Root));
        assert_eq!(missing(Operation::Read, "tank/a", Some(Errno::EPERM), &[]), None);
    }

    #[test]
    fn a_pool_without_delegation_is_named() {
        let off = missing(Operation::Send, "tank/a@b", Some(Errno::ECANCELED), &[]).unwrap();
        assert_eq!(
            off.to_string(),
            "delegation is switched off for the pool: `zpool set delegation=on tank` switches it on"
        );
    }

    #[test]
    fn what_is_needed_twice_on_a_dataset_is_said_once() {
        let (a, b) = (dataset("tank/a"), dataset("tank/b"));
        assert_eq!(
            shown(&each(Operation::Hold, &[], [&a, &b, &a])),
            ["zfs allow hold tank/a", "zfs allow hold tank/b"]
        );
        assert_eq!(shown(&renaming(&a, Some(a.clone()))), ["zfs allow rename,mount,create tank/a"]);
        assert_eq!(
            shown(&renaming(&a, Some(dataset("tank")))),
            ["zfs allow rename,mount tank/a", "zfs allow create,mount tank"]
        );
    }

    #[test]
    fn a_property_is_set_by_its_name_or_as_one_of_the_users() {
        let names = ["compression", "org.example:a", "org.example:b", "userquota@ada"];
        assert_eq!(
            shown(&setting(&dataset("tank/a"), &names)),
            ["zfs allow compression,userprop,userquota tank/a"]
        );
        let names = ["volsize", "encryption", "compression"];
        assert_eq!(
            shown(&creating(&dataset("tank/a/v"), names)),
            ["zfs allow create,mount,compression tank/a"]
        );
    }

    #[test]
    fn many_are_counted() {
        let names: Vec<DatasetName> = (0..5).map(|n| dataset(&format!("tank/{n}"))).collect();
        let text = Missing::Delegations(each(Operation::Hold, &[], &names)).to_string();
        assert!(text.ends_with("hold tank/2` and the same for 2 more grant it"), "{text}");
    }
}
