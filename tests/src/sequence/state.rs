//! I am all that a side shows of its two places, as lines that are equal on every side.
//!
//! Identities become classes, numbered where they first appear; transaction groups become ranks in their pool.

use std::collections::BTreeMap;

use zfs_rs::backend::request::NextSnapshot;
use zfs_rs::backend::{Cursor, Detail, Listed, Object, Stats};
use zfs_rs::nvlist::{NvList, Value};

use super::agree::Depth;
use super::carry;
use super::generate::NAMES;
use super::op::Op;
use super::side::Side;

/// Reads a side after these operations.
pub fn read(side: &Side, ops: &[Op], depth: Depth) -> Vec<String> {
    let mut found = Found {
        depth,
        entries: BTreeMap::new(),
    };
    for root in ["A", "B"] {
        match depth {
            // Somewhere else than where they are put there should be none; that takes a listing, which opens each dataset twice and more.
            Depth::Quick => {
                for name in NAMES.iter().filter(|name| name.starts_with(root)) {
                    one(side, name, &mut found);
                }
                if is_named(root, ops) {
                    one(side, root, &mut found);
                }
            }
            Depth::Full => {
                one(side, root, &mut found);
                below(side, root, &mut found);
            }
        }
    }
    found.lines()
}

/// A place that no operation names itself has nothing to show but what is below it.
fn is_named(root: &str, ops: &[Op]) -> bool {
    ops.iter().any(|op| {
        let op = op.to_string();
        ["\"", "@", "#", "/%"].iter().any(|next| op.contains(&format!("\"{root}{next}")))
    })
}

/// What was found, before numbers are made comparable.
#[derive(Debug)]
struct Found {
    depth: Depth,
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug, Default)]
struct Entry {
    guid: u64,
    txg: u64,
    facts: Vec<Fact>,
}

/// One fact, and the identities in it.
#[derive(Debug)]
enum Fact {
    Text(String),
    Guid(&'static str, u64),
}

fn one(side: &Side, name: &str, found: &mut Found) {
    if let Ok((stats, properties)) = side.device.properties(Object::Dataset(&side.dataset(name))) {
        dataset(side, name, stats, &properties, found);
    }
}

/// What a listing tells is not asked again: the kernel opens a dataset anew for each question.
fn dataset(side: &Side, name: &str, stats: Stats, properties: &NvList, found: &mut Found) {
    let dataset = side.dataset(name);
    let mut entry = Entry {
        guid: stats.guid.0,
        txg: stats.createtxg.0,
        facts: vec![Fact::Text(format!("{:?} inconsistent={}", stats.kind, stats.inconsistent))],
    };
    if let Some(origin) = stats.origin {
        entry.facts.push(Fact::Text(format!("origin={}", side.relative(&origin))));
    }
    entry.properties(side, properties);
    entry.token(side, properties);
    found.entries.insert(name.to_owned(), entry);
    let detail = match found.depth {
        Depth::Quick => Detail::Stats,
        Depth::Full => Detail::Properties,
    };
    for listed in all(|cursor| {
        side.device
            .next_snapshot(&NextSnapshot::any(&dataset, cursor, detail))
            .ok()
            .flatten()
    }) {
        snapshot(side, &listed, found);
    }
    for (short, list) in &side.device.bookmarks(&dataset).unwrap_or_default() {
        if let Value::List(list) = list {
            bookmark(&format!("{name}#{}", short.to_str_lossy()), list, found);
        }
    }
}

fn below(side: &Side, name: &str, found: &mut Found) {
    let parent = side.dataset(name);
    for listed in all(|cursor| side.device.next_child(&parent, cursor, Detail::Properties).ok().flatten()) {
        let name = side.relative(&listed.name);
        dataset(side, &name, listed.stats, &listed.properties.unwrap_or_default(), found);
        below(side, &name, found);
    }
}

fn all(next: impl Fn(Cursor) -> Option<Listed>) -> Vec<Listed> {
    let mut listed = Vec::new();
    let mut cursor = Cursor::default();
    while let Some(entry) = next(cursor) {
        cursor = entry.cursor;
        listed.push(entry);
    }
    listed
}

fn snapshot(side: &Side, listed: &Listed, found: &mut Found) {
    let name = side.relative(&listed.name);
    let mut entry = Entry {
        guid: listed.stats.guid.0,
        txg: listed.stats.createtxg.0,
        facts: vec![Fact::Text(format!("clones={}", listed.stats.clones))],
    };
    let properties = listed.properties.clone().unwrap_or_default();
    entry.properties(side, &properties);
    // Not asked where it is known that there is none.
    if value(&properties, "userrefs") != Some(&Value::UInt64(0)) {
        let holds = side.device.holds(&side.snapshot(&name)).unwrap_or_default();
        let tags: Vec<String> = holds.iter().map(|(tag, _)| tag.to_str_lossy().into_owned()).collect();
        for tag in tags {
            entry.facts.push(Fact::Text(format!("held by {tag}")));
        }
    }
    found.entries.insert(name, entry);
}

fn bookmark(name: &str, list: &NvList, found: &mut Found) {
    let number = |name: &str| match value(list, name) {
        Some(Value::UInt64(number)) => *number,
        _ => 0,
    };
    let entry = Entry {
        guid: number("guid"),
        txg: number("createtxg"),
        facts: Vec::new(),
    };
    found.entries.insert(name.to_owned(), entry);
}

fn value<'a>(list: &'a NvList, name: &str) -> Option<&'a Value> {
    list.get::<&NvList>(name).ok()?.value("value")
}

impl Entry {
    /// Properties whose values do not depend on how a side stores things.
    fn properties(&mut self, side: &Side, list: &NvList) {
        for (name, property) in list {
            let name = name.to_str_lossy();
            let Value::List(property) = property else { continue };
            if !(name.contains(':') || COMPARED.contains(&name.as_ref())) {
                continue;
            }
            let text = match property.value("value") {
                Some(Value::UInt64(number)) => number.to_string(),
                Some(Value::String(text)) => side.relative(&text.to_str_lossy()),
                Some(Value::List(list)) => {
                    let mut names: Vec<String> = list.iter().map(|(name, _)| side.relative(&name.to_str_lossy())).collect();
                    names.sort();
                    format!("{names:?}")
                }
                other => format!("{other:?}"),
            };
            let source = property.get::<&str>("source").map(|source| side.relative(source));
            let source = source.map_or_else(|_computed| String::new(), |source| format!(" from {source}"));
            self.facts.push(Fact::Text(format!("{name}={text}{source}")));
        }
    }
}

impl Entry {
    /// What the token says, but for the place, which is in the side's own objects.
    fn token(&mut self, side: &Side, list: &NvList) {
        let Some(point) = carry::token(list) else { return };
        self.facts.push(Fact::Text(format!(
            "token of {} large={} embed={} compress={} raw={}",
            side.relative(&point.to_name),
            point.large_block_ok,
            point.embed_ok,
            point.compress_ok,
            point.raw_ok
        )));
        self.facts.push(Fact::Guid("token to", point.to_guid));
        self.facts.push(Fact::Guid("token from", point.from_guid.unwrap_or(0)));
    }
}

impl Found {
    fn lines(self) -> Vec<String> {
        let mut classes: BTreeMap<u64, usize> = BTreeMap::from([(0, 0)]);
        let mut class = |guid: u64| {
            let next = classes.len();
            *classes.entry(guid).or_insert(next)
        };
        let mut lines = Vec::new();
        let ranks = ["A", "B"].map(|root| self.ranks(root));
        for (name, entry) in &self.entries {
            let rank = ranks.iter().zip(["A", "B"]).find(|(_, root)| name.starts_with(root));
            let rank = rank.and_then(|(ranks, _)| ranks.get(&entry.txg).copied()).unwrap_or(0);
            lines.push(format!("{name}: guid {} txg {rank}", class(entry.guid)));
            let mut facts: Vec<String> = entry
                .facts
                .iter()
                .map(|fact| match fact {
                    Fact::Text(text) => format!("{name}: {text}"),
                    Fact::Guid(what, guid) => format!("{name}: {what} guid {}", class(*guid)),
                })
                .collect();
            facts.sort();
            lines.extend(facts);
        }
        lines
    }

    fn ranks(&self, root: &str) -> BTreeMap<u64, usize> {
        let here = self.entries.iter().filter(|(name, _)| name.starts_with(root));
        let mut txgs: Vec<u64> = here.map(|(_, entry)| entry.txg).collect();
        txgs.sort_unstable();
        txgs.dedup();
        txgs.into_iter().zip(1..).collect()
    }
}

/// What the kernel tells beyond user properties and does not depend on how blocks lie.
const COMPARED: &[&str] = &[
    "atime",
    "canmount",
    "clones",
    "compression",
    "copies",
    "defer_destroy",
    "encryption",
    "encryptionroot",
    "inconsistent",
    "keyformat",
    "keylocation",
    "keystatus",
    "mountpoint",
    "origin",
    "quota",
    "readonly",
    "recordsize",
    "refquota",
    "reservation",
    "snapdir",
    "type",
    "userrefs",
    "volsize",
];
