//! I am what one side has, as `zfs list` says it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Result, oracle::run};

/// Datasets by their names below a root; the root's own is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listing {
    pub(crate) root: String,
    pub(crate) datasets: BTreeMap<String, Dataset>,
}

/// A filesystem or volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dataset {
    pub(crate) is_volume: bool,
    pub(crate) is_encrypted: bool,
    /// What is half received.
    pub(crate) token: Option<String>,
    /// Oldest first.
    pub(crate) snapshots: Vec<Snapshot>,
    /// The short names of its bookmarks.
    pub(crate) marks: Vec<String>,
}

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) short: String,
    pub(crate) guid: u64,
    pub(crate) holds: u64,
}

impl Snapshot {
    /// One that was just made: `zfs` was not asked about it yet.
    pub(crate) fn named(short: &str) -> Self {
        Self {
            short: short.to_owned(),
            guid: 0,
            holds: 0,
        }
    }
}

impl Listing {
    /// Nothing.
    pub(crate) fn empty(root: &str) -> Self {
        Self {
            root: root.to_owned(),
            datasets: BTreeMap::new(),
        }
    }

    /// Everything below and including a root.
    pub(crate) fn of(root: &str) -> Result<Self> {
        let mut listing = Self::empty(root);
        let text = run("zfs", &[&LIST[..], &[root]].concat())?;
        text.lines().try_for_each(|line| listing.read(line))?;
        Ok(listing)
    }

    /// Everything on two sides.
    pub(crate) fn of_both(source: &str, target: &str) -> Result<(Self, Self)> {
        let (mut here, mut there) = (Self::empty(source), Self::empty(target));
        let text = run("zfs", &[&LIST[..], &[source, target]].concat())?;
        for line in text.lines() {
            if line.starts_with(source) {
                here.read(line)?;
            } else {
                there.read(line)?;
            }
        }
        Ok((here, there))
    }

    fn read(&mut self, line: &str) -> Result<()> {
        let odd = || format!("zfs list says {line:?}");
        let fields: Vec<&str> = line.split('\t').collect();
        let &[name, kind, guid, holds, key, token] = fields.as_slice() else {
            return Err(odd().into());
        };
        let name = name.strip_prefix(&self.root).ok_or_else(odd)?;
        if let Some((dataset, short)) = name.split_once('@') {
            let (short, guid, holds) = (short.to_owned(), guid.parse()?, holds.parse()?);
            let dataset = self.datasets.entry(dataset.to_owned()).or_default();
            dataset.snapshots.push(Snapshot { short, guid, holds });
        } else if let Some((dataset, short)) = name.split_once('#') {
            let dataset = self.datasets.entry(dataset.to_owned()).or_default();
            dataset.marks.push(short.to_owned());
        } else {
            let dataset = self.datasets.entry(name.to_owned()).or_default();
            dataset.is_volume = kind == "volume";
            dataset.is_encrypted = key != "-";
            dataset.token = Some(token).filter(|token| *token != "-").map(str::to_owned);
        }
        Ok(())
    }

    /// The names of all datasets and snapshots.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        let mut names: BTreeSet<String> = self.datasets.keys().cloned().collect();
        for (name, dataset) in &self.datasets {
            names.extend(dataset.snapshots.iter().map(|snapshot| format!("{name}@{}", snapshot.short)));
        }
        names
    }

    /// The identities of all snapshots.
    pub(crate) fn guids(&self) -> BTreeSet<u64> {
        let snapshots = self.datasets.values().flat_map(|dataset| &dataset.snapshots);
        snapshots.map(|snapshot| snapshot.guid).collect()
    }

    /// How many datasets are half received.
    pub(crate) fn half_received(&self) -> usize {
        self.datasets.values().filter(|dataset| dataset.token.is_some()).count()
    }

    /// The full name of a dataset.
    pub(crate) fn full(&self, name: &str) -> String {
        format!("{}{name}", self.root)
    }
}

const LIST: [&str; 9] = [
    "list",
    "-Hp",
    "-r",
    "-t",
    "all",
    "-s",
    "createtxg",
    "-o",
    "name,type,guid,userrefs,encryptionroot,receive_resume_token",
];
