//! I send a history in the many ways in which a kernel sends.

use std::fs;

use zfs_rs::{Base, SendFlags, Zfs, stream::token::ResumeToken};

use super::{
    captured,
    history::{Chance, History, change_files},
    read, receive,
};
use crate::support::{
    oracle,
    pool::{Pool, unique},
};

/// How a stream was made, and its bytes or why the kernel does not send it.
pub(super) type Made = (String, Result<Vec<u8>, String>);

/// A kernel with a pool where histories are and another for what is received of them.
#[derive(Debug)]
pub(super) struct Ways {
    pub(super) zfs: Zfs,
    pub(super) source: Pool,
    pub(super) target: Pool,
}

impl Ways {
    /// Some streams of a history; or why one is not sent.
    pub(super) fn send(&self, history: &History, chance: &mut Chance) -> Vec<Made> {
        let mut made: Vec<Made> = Vec::new();
        let mut add = |how: String, stream: zfs_rs::Result<Vec<u8>>| made.push((how, stream.map_err(|error| error.to_string())));
        for _ in 0..2 {
            let to = chance.below(history.snapshots);
            let from = chance.below(to + 1);
            let flags = flags(history, chance);
            let order = self.zfs.send(&history.snapshot_at(to));
            let (how, order) = if from == to || chance.one_in(3) {
                (format!("@{to}"), order)
            } else if chance.one_in(2) {
                let base = Base::Bookmark(history.bookmark_at(from));
                (format!("#{from} to @{to}"), order.since(base))
            } else {
                let base = Base::Snapshot(history.snapshot_at(from));
                (format!("@{from} to @{to}"), order.since(base))
            };
            add(format!("{how} with {flags:?}"), captured(order.flags(flags)));
        }
        match chance.below(4) {
            0 => self.interrupted(history, chance, &mut add),
            1 if !history.is_volume => self.redacted(history, chance, &mut add),
            2 if history.snapshots > 1 => {
                let words = chance.pick(&["-I @0", "-R", "-p", "-Rc -I @0", "-Lec -p -i @0"]);
                let raw = if history.is_sealed { "-w" } else { "" };
                let path = format!("/var/tmp/{}", unique("package"));
                let last = history.snapshot_at(history.snapshots - 1);
                oracle::sh(&format!("zfs send {raw} {words} {last} > {path}"));
                add(format!("a package by {words} {raw}"), Ok(fs::read(&path).unwrap()));
                fs::remove_file(path).unwrap();
            }
            _ => {}
        }
        made
    }

    /// Streams around an interruption: what had arrived, sent on; and the rest.
    fn interrupted(&self, history: &History, chance: &mut Chance, add: &mut impl FnMut(String, zfs_rs::Result<Vec<u8>>)) {
        let (target, flags) = (self.target.dataset(&unique("interrupted")), flags(history, chance));
        let to = chance.below(history.snapshots);
        let full = |index| captured(self.zfs.send(&history.snapshot_at(index)).flags(flags)).unwrap();
        let mut stream = full(to);
        let mut base = None;
        if to > 0 && chance.one_in(2) && receive(&self.zfs, &full(to - 1), &target).is_ok() {
            let since = Base::Snapshot(history.snapshot_at(to - 1));
            stream = captured(self.zfs.send(&history.snapshot_at(to)).flags(flags).since(since.clone())).unwrap();
            base = Some(since);
        }
        let end = stream.len() * usize::try_from(20 + chance.below(79)).unwrap() / 100;
        // What is cut off may be too little to be kept.
        receive(&self.zfs, &stream[..end], &target).ok();
        let Ok(Some(token)) = self.zfs.receive_resume_token(&target) else {
            return;
        };
        let point = token.parse::<ResumeToken>().unwrap().into_point();
        let mut rest = self
            .zfs
            .send(&history.snapshot_at(to))
            .flags((&point).into())
            .resume((&point).into());
        let mut saved = self.zfs.send_saved(&target).flags(flags);
        if let Some(base) = &base {
            rest = rest.since(base.clone());
            if chance.one_in(2) {
                saved = saved.since(Base::Snapshot(target.snapshot(&(to - 1).to_string()).unwrap()));
            }
        }
        add(format!("the rest of @{to} after {end} bytes with {flags:?}"), captured(rest));
        add(
            format!("what is saved of @{to} after {end} bytes with {flags:?}"),
            saved.spawn().and_then(read),
        );
    }

    /// Streams around a redaction: with parts left out, on top of that, and of what was left.
    fn redacted(&self, history: &History, chance: &mut Chance, add: &mut impl FnMut(String, zfs_rs::Result<Vec<u8>>)) {
        let (zfs, to) = (&self.zfs, chance.below(history.snapshots));
        let (snapshot, clone) = (history.snapshot_at(to), self.source.dataset(&unique("clone")));
        zfs.clone_snapshot(&snapshot, &clone)
            .property("canmount", "noauto")
            .create()
            .unwrap();
        change_files(&clone, chance);
        let of_clone = clone.snapshot("clone").unwrap();
        zfs.create_snapshots(std::slice::from_ref(&of_clone), &[]).unwrap();
        add(
            format!("a clone of @{to}"),
            captured(
                zfs.send(&of_clone)
                    .since(Base::Snapshot(snapshot.clone()))
                    .flags(flags(history, chance)),
            ),
        );
        let book = unique("book");
        let bookmark = match zfs.redact(&snapshot, &book, &[of_clone]) {
            Ok(bookmark) => bookmark,
            Err(error) => return add(format!("a redaction of @{to}"), Err(error)),
        };
        let clear = || SendFlags::COMPRESS | SendFlags::LARGE_BLOCK;
        let stream = captured(zfs.send(&snapshot).redacted(&book).unwrap().flags(clear()));
        if let Ok(stream) = &stream {
            let target = self.target.dataset(&unique("redacted"));
            if receive(zfs, stream, &target).is_ok() {
                let name = target.snapshot(&to.to_string()).unwrap();
                add(
                    format!("what was received of @{to} redacted"),
                    captured(zfs.send(&name).flags(clear())),
                );
            }
        }
        add(format!("@{to} redacted"), stream);
        if to + 1 < history.snapshots {
            let order = zfs.send(&history.snapshot_at(to + 1)).since(Base::Bookmark(bookmark));
            add(format!("@{} since @{to} was redacted", to + 1), captured(order.flags(clear())));
        }
    }
}

/// How a stream is sent: any of what goes together, and raw every other time where there is a key.
fn flags(history: &History, chance: &mut Chance) -> SendFlags {
    if history.is_sealed && chance.one_in(2) {
        return SendFlags::RAW;
    }
    let all = [SendFlags::LARGE_BLOCK, SendFlags::COMPRESS, SendFlags::EMBED];
    let chosen = all.into_iter().filter(|_| chance.one_in(2));
    chosen.fold(SendFlags::empty(), |flags, one| flags | one)
}
