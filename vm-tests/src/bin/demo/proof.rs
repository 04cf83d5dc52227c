//! I say whether two sides are the same, and where they are not; I touch nothing.

use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
};

/// The datasets below a root and the identities of their snapshots, by names relative to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listing {
    root: String,
    datasets: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Listing {
    /// Nothing yet, below `root`.
    pub(crate) fn new(root: &str) -> Self {
        Self {
            root: root.to_owned(),
            datasets: BTreeMap::new(),
        }
    }

    /// Adds a dataset by its full name.
    pub(crate) fn dataset(&mut self, name: &str) {
        self.datasets.entry(self.relative(name)).or_default();
    }

    /// Adds a snapshot of a dataset.
    pub(crate) fn snapshot(&mut self, dataset: &str, name: &str, guid: u64) {
        let snapshots = self.datasets.entry(self.relative(dataset)).or_default();
        snapshots.insert(name.to_owned(), guid);
    }

    /// Each dataset, relative to the root, and the names of its snapshots.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        self.datasets
            .iter()
            .map(|(dataset, snapshots)| (dataset.as_str(), snapshots.keys().map(String::as_str).collect()))
    }

    /// How many snapshots there are.
    pub(crate) fn snapshots(&self) -> usize {
        self.datasets.values().map(BTreeMap::len).sum()
    }

    fn relative(&self, name: &str) -> String {
        name.strip_prefix(&self.root).unwrap_or(name).to_owned()
    }
}

/// Everything that can be read in one snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Of each path, what is known of it, contents by their SHA-256.
    pub(crate) entries: BTreeMap<PathBuf, String>,
    /// How many files were hashed.
    pub(crate) files: u64,
    /// How many bytes that were.
    pub(crate) bytes: u64,
}

/// Where two listings differ, in words; empty when they are the same and not empty themselves.
pub(crate) fn other_guids(one: &Listing, other: &Listing) -> Vec<String> {
    let mut found = Vec::new();
    if one.snapshots() == 0 {
        found.push(format!("{} has no snapshot", one.root));
    }
    let show = |guid: Option<&u64>| guid.map_or_else(|| "nothing".to_owned(), u64::to_string);
    for (dataset, snapshots) in both(&one.datasets, &other.datasets) {
        let (Some(here), Some(there)) = snapshots else {
            let missing = if snapshots.0.is_none() { &one.root } else { &other.root };
            found.push(format!("{missing}{dataset} is not there"));
            continue;
        };
        for (name, (a, b)) in both(here, there) {
            if a != b {
                let (root, far) = (&one.root, &other.root);
                found.push(format!("{root}{dataset}@{name} is {}, {far}'s is {}", show(a), show(b)));
            }
        }
    }
    found
}

/// Where two snapshots differ, in words; empty when they are the same. Nothing read at all is a difference too.
pub(crate) fn other_contents(one: &Manifest, other: &Manifest) -> Vec<String> {
    let mut found = Vec::new();
    if one.entries.is_empty() {
        found.push("nothing was read".to_owned());
    }
    for (path, (a, b)) in both(&one.entries, &other.entries) {
        if a != b {
            let show = |facts: Option<&String>| facts.map_or_else(|| "not there".to_owned(), Clone::clone);
            found.push(format!("{}: {} / {}", Path::display(path), show(a), show(b)));
        }
    }
    found
}

/// One dataset's line of the last table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// Its name on the source.
    pub(crate) dataset: String,
    /// Snapshots compared.
    pub(crate) snapshots: usize,
    /// Files hashed on each side, over all its snapshots.
    pub(crate) files: u64,
    /// Bytes hashed on each side.
    pub(crate) bytes: u64,
    /// Whether the other side has the same.
    pub(crate) equal: bool,
}

/// The last table, with its sum.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut sum = Row {
        dataset: "all".to_owned(),
        equal: !rows.is_empty() && rows.iter().all(|row| row.equal),
        ..Row::default()
    };
    for row in rows {
        sum.snapshots += row.snapshots;
        sum.files += row.files;
        sum.bytes += row.bytes;
    }
    let lines: Vec<&Row> = rows.iter().chain([&sum]).collect();
    let width = lines.iter().map(|row| row.dataset.len()).max().unwrap_or_default();
    let mut text = format!("{:<width$}  snapshots  files hashed        bytes  equal\n", "dataset");
    for row in lines {
        let equal = if row.equal { "yes" } else { "NO" };
        writeln!(
            text,
            "{:<width$}  {:>9}  {:>12}  {:>11}  {equal}",
            row.dataset, row.snapshots, row.files, row.bytes
        )
        .ok();
    }
    text
}

/// The keys of both with what each has there.
fn both<'a, K: Ord, V>(one: &'a BTreeMap<K, V>, other: &'a BTreeMap<K, V>) -> BTreeMap<&'a K, (Option<&'a V>, Option<&'a V>)> {
    let keys = one.keys().chain(other.keys());
    keys.map(|key| (key, (one.get(key), other.get(key)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(root: &str) -> Listing {
        let mut listing = Listing::new(root);
        listing.dataset(root);
        listing.dataset(&format!("{root}/home"));
        listing.snapshot(root, "monday", 1);
        listing.snapshot(&format!("{root}/home"), "monday", 2);
        listing
    }

    fn manifest(files: &[(&str, &str)]) -> Manifest {
        let entries = files.iter().map(|(path, facts)| (path.into(), (*facts).to_owned()));
        Manifest {
            entries: entries.collect(),
            ..Manifest::default()
        }
    }

    #[test]
    fn the_same_identities_below_another_root_are_the_same() {
        assert_eq!(other_guids(&listing("tank/data"), &listing("backup/data")), Vec::<String>::new());
    }

    #[test]
    fn another_identity_a_lost_snapshot_and_a_lost_dataset_are_found_on_either_side() {
        let good = listing("tank/data");
        let mut other = listing("backup/data");
        other.snapshot("backup/data/home", "monday", 3);
        assert_eq!(other_guids(&good, &other), ["tank/data/home@monday is 2, backup/data's is 3"]);

        let mut more = listing("backup/data");
        more.snapshot("backup/data", "tuesday", 9);
        assert_eq!(other_guids(&good, &more), ["tank/data@tuesday is nothing, backup/data's is 9"]);
        assert_eq!(other_guids(&more, &good), ["backup/data@tuesday is 9, tank/data's is nothing"]);

        let mut wider = listing("backup/data");
        wider.dataset("backup/data/new");
        assert_eq!(other_guids(&good, &wider), ["tank/data/new is not there"]);
        assert_eq!(other_guids(&wider, &good), ["tank/data/new is not there"]);
    }

    #[test]
    fn two_empty_sides_prove_nothing() {
        assert_eq!(other_guids(&Listing::new("a"), &Listing::new("b")), ["a has no snapshot"]);
        assert_eq!(other_contents(&Manifest::default(), &Manifest::default()), ["nothing was read"]);
        assert!(table(&[]).contains("NO"));
    }

    #[test]
    fn one_byte_one_file_more_and_one_less_are_found() {
        let good = manifest(&[("a", "sha 1"), ("b", "sha 2")]);
        assert_eq!(other_contents(&good, &good.clone()), Vec::<String>::new());
        let bent = manifest(&[("a", "sha 1"), ("b", "sha 3")]);
        assert_eq!(other_contents(&good, &bent), ["b: sha 2 / sha 3"]);
        let less = manifest(&[("a", "sha 1")]);
        assert_eq!(other_contents(&good, &less), ["b: sha 2 / not there"]);
        assert_eq!(other_contents(&less, &good), ["b: not there / sha 2"]);
    }

    #[test]
    fn one_unequal_row_makes_the_sum_unequal() {
        let row = |equal| Row {
            dataset: "tank".into(),
            snapshots: 2,
            files: 3,
            bytes: 4,
            equal,
        };
        assert!(table(&[row(true), row(true)]).lines().last().unwrap().ends_with("yes"));
        assert!(table(&[row(true), row(false)]).lines().last().unwrap().ends_with("NO"));
    }
}
