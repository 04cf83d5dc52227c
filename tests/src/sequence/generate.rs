//! I draw sequences of operations: the same seed draws the same sequence, whatever becomes of it.
//!
//! What I remember is what was ordered, as if it had come about, so that no model and no kernel has a say in what is drawn.

mod known;
mod stream;

use self::known::{Known, dataset_of};
use super::op::{Given, Op, Properties};
use crate::chance::Chance;

/// Draws a sequence.
pub fn sequence(seed: u64) -> Vec<Op> {
    let mut hand = Hand {
        chance: Chance(seed),
        known: Known::default(),
    };
    let length = 8 + hand.chance.below(5);
    let mut ops = vec![hand.create("A/x".to_owned()), hand.snapshot()];
    while ops.len() < length {
        let op = hand.draw();
        ops.push(op);
    }
    ops
}

/// Who draws.
#[derive(Debug)]
struct Hand {
    chance: Chance,
    known: Known,
}

impl Hand {
    fn draw(&mut self) -> Op {
        match self.chance.below(100) {
            0..8 => {
                let name = self.new_dataset();
                self.create(name)
            }
            8..12 => self.destroy(),
            12..15 => self.rename(),
            15..28 => self.snapshot(),
            28..34 => self.destroy_snapshots(),
            34..40 => self.bookmark(),
            40..42 => self.destroy_bookmarks(),
            42..47 => self.hold(),
            47..48 => Op::Close(self.handle()),
            48..51 => self.release(),
            51..56 => Op::Set(self.dataset(), self.properties()),
            56..58 => Op::Inherit(self.dataset(), self.chance.of(&PROPERTIES).to_owned(), self.chance.percent(30)),
            58..63 => Op::Write {
                name: self.dataset(),
                file: self.small(),
                blocks: self.small() + 1,
            },
            63..64 => Op::Remove {
                name: self.dataset(),
                file: self.small(),
            },
            64..80 => self.pass(),
            80..83 => self.resume(),
            83..84 => Op::Space {
                of: self.a_snapshot(),
                from: self.maybe_base(),
            },
            84..85 => Op::Look(if self.chance.percent(50) {
                self.dataset()
            } else {
                self.a_snapshot()
            }),
            85..89 => self.clone(),
            89..92 => Op::Promote(self.a_clone()),
            92..94 => self.rollback(),
            94..96 => self.rename_snapshot(),
            96..97 => Op::RangeSpace(self.a_snapshot(), self.a_snapshot()),
            _ => self.key(),
        }
    }

    fn small(&mut self) -> u8 {
        u8::try_from(self.chance.below(3)).unwrap_or(0)
    }

    fn handle(&mut self) -> u8 {
        u8::try_from(self.chance.below(2)).unwrap_or(0)
    }

    /// Something that was named before, nearly always; the places themselves are dull.
    fn dataset(&mut self) -> String {
        if !self.known.datasets.is_empty() && self.chance.percent(94) {
            self.chance.of(&self.known.datasets)
        } else if self.chance.percent(50) {
            self.chance.of(&NAMES).to_owned()
        } else {
            self.chance.of(&["A", "B"]).to_owned()
        }
    }

    fn new_dataset(&mut self) -> String {
        self.chance.of(&NAMES).to_owned()
    }

    fn short(&mut self) -> &'static str {
        self.chance.of(&SHORTS)
    }

    fn a_snapshot(&mut self) -> String {
        if !self.known.snapshots.is_empty() && self.chance.percent(95) {
            self.chance.of(&self.known.snapshots)
        } else {
            format!("{}@{}", self.dataset(), self.short())
        }
    }

    fn a_bookmark(&mut self) -> String {
        if !self.known.bookmarks.is_empty() && self.chance.percent(93) {
            self.chance.of(&self.known.bookmarks)
        } else {
            format!("{}#{}", self.dataset(), self.short())
        }
    }

    fn a_clone(&mut self) -> String {
        if !self.known.clones.is_empty() && self.chance.percent(90) {
            self.chance.of(&self.known.clones)
        } else {
            self.dataset()
        }
    }

    fn some(&mut self, one: impl Fn(&mut Self) -> String) -> Vec<String> {
        let mut names = vec![one(self)];
        while names.len() < 3 && self.chance.percent(35) {
            names.push(one(self));
        }
        names.sort();
        names.dedup();
        names
    }

    fn create(&mut self, name: String) -> Op {
        self.known.dataset(&name);
        let key = self.chance.percent(8).then(|| self.small() + 7);
        if key.is_some() {
            self.known.roots.push(name.clone());
        }
        Op::Create {
            name,
            volume: self.chance.percent(10),
            properties: self.maybe_properties(20),
            key,
        }
    }

    fn destroy(&mut self) -> Op {
        let name = match self.chance.below(10) {
            0..3 => self.a_snapshot(),
            3 => format!("{}/%recv", self.dataset()),
            _ => self.dataset(),
        };
        if name.contains('@') {
            self.known.forget(&name);
        }
        Op::Destroy(name)
    }

    fn rename(&mut self) -> Op {
        let (from, to) = (self.dataset(), self.new_dataset());
        self.known.rename(&from, &to);
        Op::Rename(from, to)
    }

    fn snapshot(&mut self) -> Op {
        let mut names = vec![self.dataset()];
        while names.len() < 3 && self.chance.percent(20) {
            names.push(self.dataset());
        }
        let short = self.short();
        let same = self.chance.percent(90);
        let mut names: Vec<String> = names
            .into_iter()
            .map(|name| format!("{name}@{}", if same { short } else { self.short() }))
            .collect();
        names.sort();
        names.dedup();
        names.iter().for_each(|name| self.known.snapshot(name));
        let properties = if self.chance.percent(20) {
            vec![("u:s".to_owned(), Given::Text("1".to_owned()))]
        } else {
            Properties::new()
        };
        Op::Snapshot { names, properties }
    }

    fn destroy_snapshots(&mut self) -> Op {
        let names = self.some(Self::a_snapshot);
        let defer = self.chance.percent(40);
        if !defer {
            names.iter().for_each(|name| self.known.forget(name));
        }
        Op::DestroySnapshots { names, defer }
    }

    fn bookmark(&mut self) -> Op {
        let mut pairs = Vec::new();
        while pairs.is_empty() || (pairs.len() < 3 && self.chance.percent(25)) {
            let from_mark = !self.known.bookmarks.is_empty() && self.chance.percent(25);
            let of = if from_mark { self.a_bookmark() } else { self.a_snapshot() };
            let dataset = if self.chance.percent(88) {
                dataset_of(&of).to_owned()
            } else {
                self.dataset()
            };
            let name = format!("{dataset}#{}", self.short());
            if pairs.iter().all(|(known, _)| *known != name) {
                pairs.push((name, of));
            }
        }
        self.known.bookmarks.extend(pairs.iter().map(|(name, _)| name.clone()));
        Op::Bookmark(pairs)
    }

    fn destroy_bookmarks(&mut self) -> Op {
        let names = self.some(Self::a_bookmark);
        self.known.bookmarks.retain(|name| !names.contains(name));
        Op::DestroyBookmarks(names)
    }

    fn hold(&mut self) -> Op {
        let holds = self.tagged();
        self.known.holds.extend(holds.iter().cloned());
        let handle = self.chance.percent(35).then(|| self.handle());
        Op::Hold { holds, handle }
    }

    fn release(&mut self) -> Op {
        if !self.known.holds.is_empty() && self.chance.percent(80) {
            Op::Release(vec![self.chance.of(&self.known.holds)])
        } else {
            Op::Release(self.tagged())
        }
    }

    fn tagged(&mut self) -> Vec<(String, String)> {
        let names = self.some(Self::a_snapshot);
        names.into_iter().map(|name| (name, self.chance.of(&TAGS).to_owned())).collect()
    }

    fn maybe_properties(&mut self, percent: usize) -> Properties {
        if self.chance.percent(percent) {
            self.properties()
        } else {
            Properties::new()
        }
    }

    fn properties(&mut self) -> Properties {
        let mut properties = Properties::new();
        while properties.is_empty() || (properties.len() < 3 && self.chance.percent(40)) {
            let name = self.chance.of(&PROPERTIES);
            if properties.iter().all(|(known, _)| known != name) {
                properties.push((name.to_owned(), self.value(name)));
            }
        }
        properties
    }

    fn value(&mut self, name: &str) -> Given {
        match name {
            "atime" | "readonly" | "snapdir" => Given::Number(u64::from(self.handle())),
            "compression" => Given::Number(self.chance.of(&[2, 15])),
            "recordsize" => Given::Number(self.chance.of(&[4096, 131_072])),
            "quota" => Given::Number(self.chance.of(&[0, 1 << 30])),
            "canmount" => Given::Number(self.chance.of(&[0, 1, 2])),
            "guid" => Given::Number(1),
            "mountpoint" => Given::Text(self.chance.of(&["/nowhere", "none"]).to_owned()),
            _ => Given::Text(self.short().to_owned()),
        }
    }

    fn maybe_base(&mut self) -> Option<String> {
        match self.chance.below(4) {
            0 | 1 => None,
            2 => Some(self.a_snapshot()),
            _ => Some(self.a_bookmark()),
        }
    }

    fn clone(&mut self) -> Op {
        let (of, name) = (self.a_snapshot(), self.new_dataset());
        self.known.dataset(&name);
        self.known.clones.push(name.clone());
        Op::Clone {
            name,
            of,
            properties: self.maybe_properties(15),
        }
    }

    fn rollback(&mut self) -> Op {
        let name = self.dataset();
        let to = match self.chance.below(10) {
            0..4 => None,
            4..9 => Some(format!("{name}@{}", self.short())),
            _ => Some(self.a_snapshot()),
        };
        Op::Rollback(name, to)
    }

    fn rename_snapshot(&mut self) -> Op {
        let from = self.a_snapshot();
        let dataset = if self.chance.percent(92) {
            dataset_of(&from).to_owned()
        } else {
            self.dataset()
        };
        let to = format!("{dataset}@{}", self.short());
        self.known.snapshot(&to);
        Op::RenameSnapshot(from, to)
    }

    fn key(&mut self) -> Op {
        let known = !self.known.roots.is_empty() && self.chance.percent(85);
        let name = if known { self.chance.of(&self.known.roots) } else { self.dataset() };
        match self.chance.below(5) {
            0 | 1 => Op::UnloadKey(name),
            2 | 3 => Op::LoadKey {
                name,
                key: self.small() + 7,
                check: self.chance.percent(20),
            },
            _ => Op::ChangeKey(name, self.chance.percent(60).then(|| self.small() + 7)),
        }
    }
}

/// Where datasets are put.
pub(super) const NAMES: [&str; 7] = ["A/x", "A/y", "A/x/z", "A/y/z", "B/x", "B/y", "B/x/z"];
const SHORTS: [&str; 3] = ["1", "2", "3"];
const TAGS: [&str; 2] = ["h", "k"];
const PROPERTIES: [&str; 11] = [
    "u:p",
    "u:q",
    "atime",
    "readonly",
    "compression",
    "recordsize",
    "quota",
    "canmount",
    "mountpoint",
    "snapdir",
    "guid",
];
