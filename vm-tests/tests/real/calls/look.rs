//! What is read equals what the oracle prints.

use std::collections::BTreeMap;

use zfs_rs::{DatasetKind, DatasetName, Properties, PropertyValue, Source, Zfs};

use super::snapshot;
use crate::support::{
    files, oracle,
    pool::{home, other_place, place},
};

both!(
    pools_are_those_of_the_oracle shows [pools, pool_properties],
    a_tree_with_its_versions_is_that_of_the_oracle shows [tree, children, snapshots, snapshot, bookmarks],
    a_dataset_says_its_kind_and_origin shows [dataset],
    properties_and_their_sources_are_those_of_the_oracle shows [properties],
    received_properties_are_told_from_local_ones,
    an_encrypted_dataset_shows_its_encryption,
);

fn pools_are_those_of_the_oracle(zfs: &Zfs) {
    place("pools");
    other_place("pools");
    let ours: Vec<String> = zfs
        .pools()
        .unwrap()
        .iter()
        .map(|pool| format!("{}\t{}", pool.name, pool.guid))
        .collect();
    let mut theirs: Vec<String> = oracle::zpool(&["list", "-Hp", "-o", "name,guid"])
        .lines()
        .map(str::to_owned)
        .collect();
    theirs.sort();
    assert_eq!(ours, theirs);
    assert!(ours.len() >= 2, "{ours:?}");
    let pool = &zfs.pools().unwrap()[0].name;
    let properties = zfs.pool_properties(pool).unwrap();
    for name in ["size", "guid"] {
        let theirs = oracle::zpool(&["get", "-Hp", "-o", "value", name, pool.as_str()]);
        assert_eq!(properties.number(name).unwrap().to_string(), theirs.trim());
    }
}

fn a_tree_with_its_versions_is_that_of_the_oracle(zfs: &Zfs) {
    let root = home("tree");
    oracle::sh(&format!(
        "zfs create {root}/b; zfs create {root}/b/c; zfs create -s -V 8M {root}/a; zfs create '{root}/b c'; zfs snapshot -r {root}@one; \
         zfs snapshot {root}/b@two; zfs bookmark {root}/b@two {root}/b#mark; zfs bookmark {root}@one {root}#mark"
    ));
    let mut ours = Vec::new();
    let tree = zfs.tree(&root).unwrap();
    for dataset in &tree {
        ours.push(format!("{}\t{}\t{}", dataset.name, dataset.guid, dataset.createtxg));
        for found in zfs.snapshots(&dataset.name) {
            let found = found.unwrap();
            assert_eq!(zfs.snapshot(&found.name).unwrap(), found);
            ours.push(format!("{}\t{}\t{}", found.name, found.guid, found.createtxg));
        }
        for found in zfs.bookmarks(&dataset.name).unwrap() {
            assert_eq!(found.creation.to_string(), oracle::get(found.name.as_str(), "creation"));
            ours.push(format!("{}\t{}\t{}", found.name, found.guid, found.createtxg));
        }
    }
    ours.sort();
    assert_eq!(ours, oracle::everything(root.as_str()));
    assert_eq!(ours.len(), 13);
    let order: Vec<&str> = tree.iter().map(|dataset| dataset.name.below(&root).unwrap_or("")).collect();
    assert_eq!(order, ["", "a", "b", "b/c", "b c"]);
    let mut children: Vec<DatasetName> = zfs.children(&root).map(|child| child.unwrap().name).collect();
    children.sort();
    assert_eq!(children, ["a", "b", "b c"].map(|child| root.child(child).unwrap()));
}

fn a_dataset_says_its_kind_and_origin(zfs: &Zfs) {
    let root = home("kinds");
    oracle::sh(&format!(
        "zfs create -s -V 8M {root}/volume; zfs snapshot {root}@base; zfs clone {root}@base {root}/clone"
    ));
    assert_eq!(zfs.dataset(&root).unwrap().kind, DatasetKind::Filesystem);
    assert_eq!(zfs.dataset(&root.child("volume").unwrap()).unwrap().kind, DatasetKind::Volume);
    let clone = zfs.dataset(&root.child("clone").unwrap()).unwrap();
    assert_eq!(clone.origin, Some(snapshot(format!("{root}@base"))));
    assert!(!clone.inconsistent);
    assert_eq!(zfs.snapshot(&snapshot(format!("{root}@base"))).unwrap().clones, 1);
}

fn properties_and_their_sources_are_those_of_the_oracle(zfs: &Zfs) {
    let root = home("properties");
    let child = root.child("child").unwrap();
    oracle::sh(&format!(
        "zfs set org.example:owner='Ada Ö' compression=zstd canmount=noauto {root}; zfs create -o quota=1G -o recordsize=1M \
         -o org.example:here=yes {child}"
    ));
    files::assortment(&files::mountpoint(&root), 1);
    oracle::sh(&format!(
        "zfs create -s -V 8M {root}/volume; zfs snapshot -r -o org.example:why=test {root}@one; zpool sync"
    ));
    for object in [root.to_string(), child.to_string(), format!("{root}/volume")] {
        assert_same(&zfs.properties(&object.parse::<DatasetName>().unwrap()).unwrap(), &object);
    }
    let object = format!("{root}@one");
    let properties = zfs.properties(&snapshot(&object)).unwrap();
    assert_same(&properties, &object);
    assert_eq!(properties.text("org.example:why").as_deref(), Some("test"));
    let inherited = zfs.properties(&child).unwrap();
    assert_eq!(
        inherited.source("org.example:owner", child.as_str()),
        Some(Source::Inherited(root.to_string()))
    );
    assert_eq!(inherited.text("org.example:owner").as_deref(), Some("Ada Ö"));
}

fn received_properties_are_told_from_local_ones(zfs: &Zfs) {
    let (from, to) = (home("sent"), other_place("received"));
    oracle::sh(&format!(
        "zfs set org.example:owner=ada org.example:desk=7 atime=on {from}; zfs snapshot {from}@a; zfs send -p {from}@a | zfs receive -u {to}; \
         zfs set org.example:desk=8 {to}"
    ));
    let properties = zfs.properties(&to).unwrap();
    assert_same(&properties, to.as_str());
    let source = |name| properties.source(name, to.as_str());
    assert_eq!(source("org.example:owner"), Some(Source::Received));
    assert_eq!(source("atime"), Some(Source::Received));
    assert_eq!(source("org.example:desk"), Some(Source::Local));
}

fn an_encrypted_dataset_shows_its_encryption(zfs: &Zfs) {
    let name = place("encrypted");
    oracle::sh(&format!(
        "head -c 32 /dev/zero | zfs create -o encryption=aes-128-gcm -o keyformat=raw -o keylocation=prompt {name}; zfs unmount {name}; \
         zfs unload-key {name}"
    ));
    let properties = zfs.properties(&name).unwrap();
    assert_same(&properties, name.as_str());
    assert_eq!(properties.word("encryption"), Some("aes-128-gcm"));
    assert_eq!(properties.word("keystatus"), Some("unavailable"));
    assert_eq!(properties.text("encryptionroot").as_deref(), Some(name.as_str()));
}

/// Everything the kernel said is what the oracle prints, and whatever else the oracle prints it made up from defaults.
fn assert_same(ours: &Properties, object: &str) {
    let text = oracle::zfs(&["get", "-Hp", "-o", "property,value,source", "all", object]);
    let mut theirs = BTreeMap::new();
    for line in text.lines() {
        let mut fields = line.split('\t');
        let (name, value, source) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        theirs.insert(name, (value, source));
    }
    let mut wrong = Vec::new();
    for (name, (value, source)) in &theirs {
        let Some(our_value) = ours.value(name) else {
            if !matches!(*source, "default" | "-") {
                wrong.push(format!("{name}={value} from {source} is missing"));
            }
            continue;
        };
        let said = said(ours, name, our_value);
        // The kernel gives a mountpoint as it was set, where the oracle adds the way down from there; and numbers where nobody sets words.
        if said != *value && !matches!(*name, "mountpoint" | "type" | "defer_destroy") {
            wrong.push(format!("{name} is {said}, not {value}"));
        }
        let from = match ours.source(name, object).unwrap() {
            Source::Local => "local".to_owned(),
            Source::Inherited(from) => format!("inherited from {from}"),
            Source::Received => "received".to_owned(),
            // Fixed values have a default as their source there.
            _ if *source == "default" => "default".to_owned(),
            // The kernel keeps a volume's size where it keeps no sources.
            _ if *name == "volsize" => "local".to_owned(),
            _ => "-".to_owned(),
        };
        if from != *source {
            wrong.push(format!("{name} is {from}, not {source}"));
        }
    }
    assert!(wrong.is_empty(), "{object}: {wrong:#?}");
    for needed in ["guid", "createtxg", "creation", "used", "type", "referenced"] {
        assert!(theirs.contains_key(needed), "the oracle does not know {needed}");
        assert!(needed == "type" || ours.value(needed).is_some(), "we do not know {needed}");
    }
}

/// A value in the words of `zfs get -p`.
fn said(of: &Properties, name: &str, value: PropertyValue<'_>) -> String {
    match value {
        PropertyValue::Text(text) => text.to_str_lossy().into_owned(),
        PropertyValue::Number(number) if name.ends_with("ratio") => format!("{}.{:02}", number / 100, number % 100),
        PropertyValue::Number(number) => of.word(name).map_or_else(|| number.to_string(), str::to_owned),
        _ => panic!("{name} is of a kind this test does not know"),
    }
}
