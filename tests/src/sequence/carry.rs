//! I do an operation on one side and say what came of it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;

use zfs_rs::backend::{Base, BeginRecord, DatasetKind, Object, Outcome, Refusal, ResumeAt, SendFlags, request};
use zfs_rs::nvlist::{NvList, Value};
use zfs_rs::stream::token::{ResumePoint, ResumeToken};
use zfs_rs::{DatasetName, Errno, HoldTag, SnapshotName};

use super::op::{Cut, Given, Op, Pass, Properties};
use super::side::Side;

impl Side {
    /// Does it; the answer holds no name or number of this side alone.
    pub fn carry(&mut self, op: &Op) -> String {
        let said = match op {
            Op::Pass(pass) => return self.pass(pass, None),
            Op::Resume(pass) => return self.resume(pass),
            Op::Write { name, file, blocks } => return self.write(name, *file, *blocks),
            Op::Remove { name, file } => return self.remove(name, *file),
            Op::Close(handle) => {
                drop(self.handles.remove(handle));
                Ok(())
            }
            Op::Hold { holds, handle } => self.hold(holds, *handle),
            Op::Rollback(name, to) => return self.rollback(name, to.as_deref()),
            other => self.order(other),
        };
        self.told(said)
    }

    fn told(&self, outcome: Outcome<()>) -> String {
        match outcome {
            Ok(()) => "done".to_owned(),
            Err(refusal) => self.refused(&refusal),
        }
    }

    fn order(&self, op: &Op) -> Outcome<()> {
        match op {
            Op::Create {
                name,
                volume,
                properties,
                key,
            } => self.create(name, *volume, properties, *key),
            Op::Clone { name, of, properties } => self.core.clone_snapshot(&request::Clone {
                name: &self.dataset(name),
                origin: &self.snapshot(of),
                properties: &list(properties),
            }),
            Op::Promote(name) => self.core.promote(&self.dataset(name)),
            Op::RenameSnapshot(from, to) => self.core.rename_snapshot(&self.snapshot(from), &self.snapshot(to)),
            Op::RangeSpace(first, last) => {
                let (first, last) = (self.snapshot(first), self.snapshot(last));
                self.core.snapshot_range_space(&first, &last).map(drop)
            }
            Op::LoadKey { name, key, check } => self.core.load_key(&self.dataset(name), &[*key; 32], *check),
            Op::UnloadKey(name) => self.core.unload_key(&self.dataset(name)),
            Op::ChangeKey(name, key) => self.change_key(name, *key),
            Op::Destroy(name) => self.destroy(name),
            Op::Rename(from, to) => self.core.rename(&self.dataset(from), &self.dataset(to)),
            Op::Snapshot { names, properties } => self.core.snapshot(&request::Snapshot {
                names: &self.snapshots(names),
                properties: &list(properties),
            }),
            Op::DestroySnapshots { names, defer } => self.core.destroy_snapshots(&request::DestroySnapshots {
                names: &self.snapshots(names),
                defer: *defer,
            }),
            Op::Bookmark(pairs) => {
                let pairs: Vec<_> = pairs.iter().map(|(name, of)| (self.bookmark(name), self.base(of))).collect();
                self.core.bookmark(&pairs)
            }
            Op::DestroyBookmarks(names) => {
                let names: Vec<_> = names.iter().map(|name| self.bookmark(name)).collect();
                self.core.destroy_bookmarks(&names)
            }
            Op::Release(holds) => self.core.release(&self.holds(holds)),
            Op::Set(name, properties) => self.device.set_properties(&self.dataset(name), &list(properties)),
            Op::Inherit(name, property, back) => {
                let property = property.parse().expect("a property");
                self.device.inherit(&self.dataset(name), &property, *back)
            }
            Op::Space { of, from } => self.space(of, from.as_deref()),
            Op::Look(name) => self.look(name),
            // Those that `carry` does itself.
            _ => Ok(()),
        }
    }

    fn create(&self, name: &str, volume: bool, properties: &Properties, key: Option<u8>) -> Outcome<()> {
        let mut properties = list(properties);
        if volume {
            properties.insert("volsize", 1u64 << 20);
        }
        if key.is_some() {
            for (name, word) in [("encryption", AES_256_GCM), ("keyformat", RAW)] {
                properties.insert(name, word);
            }
            properties.insert("keylocation", "prompt");
        }
        self.core.create(&request::Create {
            name: &self.dataset(name),
            kind: if volume { DatasetKind::Volume } else { DatasetKind::Filesystem },
            properties: &properties,
            key: key.map(|byte| [byte; 32]).as_ref(),
        })
    }

    fn change_key(&self, name: &str, key: Option<u8>) -> Outcome<()> {
        let properties = NvList::new().with("keyformat", RAW).with("keylocation", "prompt");
        let key = key.map(|byte| [byte; 32]);
        self.core.change_key(&request::ChangeKey {
            dataset: &self.dataset(name),
            to: key.as_ref().map_or(request::KeyChange::Inherit, |key| request::KeyChange::New {
                properties: &properties,
                key,
            }),
        })
    }

    fn rollback(&self, name: &str, to: Option<&str>) -> String {
        let to = to.map(|name| self.snapshot(name));
        match self.core.rollback(&self.dataset(name), to.as_ref()) {
            Ok(snapshot) => format!("back to {}", self.relative(snapshot.as_str())),
            Err(refusal) => self.refused(&refusal),
        }
    }

    fn destroy(&self, name: &str) -> Outcome<()> {
        if let Some(target) = name.strip_suffix("/%recv") {
            self.core.destroy(Object::PartialReceive(&self.dataset(target)))
        } else if name.contains('@') {
            self.core.destroy(Object::Snapshot(&self.snapshot(name)))
        } else {
            self.core.destroy(Object::Dataset(&self.dataset(name)))
        }
    }

    fn hold(&mut self, holds: &[(String, String)], handle: Option<u8>) -> Outcome<()> {
        let Some(handle) = handle else {
            return self.core.hold(&self.holds(holds), None);
        };
        if !self.handles.contains_key(&handle) {
            self.handles.insert(handle, self.device.cleanup()?);
        }
        let until = self.handles.get(&handle).map(AsRef::as_ref);
        self.core.hold(&self.holds(holds), until)
    }

    fn space(&self, of: &str, from: Option<&str>) -> Outcome<()> {
        let from = from.map(|name| self.base(name));
        let request = request::Send {
            snapshot: &self.snapshot(of),
            from: from.as_ref(),
            flags: SendFlags::empty(),
            resume: None,
            redaction: None,
        };
        self.core.send_space(&request).map(drop)
    }

    fn look(&self, name: &str) -> Outcome<()> {
        if name.contains('@') {
            let name = self.snapshot(name);
            self.device.stats(Object::Snapshot(&name))?;
            self.device.holds(&name).map(drop)
        } else {
            let name = self.dataset(name);
            self.device.bookmarks(&name)?;
            self.device.stats(Object::Dataset(&name)).map(drop)
        }
    }

    /// Writing is no call of the seam: that it is refused counts, not the number.
    fn write(&self, name: &str, file: u8, blocks: u8) -> String {
        let name = self.dataset(name);
        if !self.is_filesystem(&name) {
            return "no filesystem".to_owned();
        }
        let bytes: Vec<u8> = (0..u32::from(blocks) * 1024)
            .flat_map(|word| (word ^ (u32::from(file) << 20)).wrapping_mul(0x9e37_79b9).to_le_bytes())
            .collect();
        refused_or_not(self.hands.write(&name, file, &bytes))
    }

    fn remove(&self, name: &str, file: u8) -> String {
        let name = self.dataset(name);
        if !self.is_filesystem(&name) {
            return "no filesystem".to_owned();
        }
        refused_or_not(self.hands.remove(&name, file))
    }

    fn is_filesystem(&self, name: &DatasetName) -> bool {
        let stats = self.device.stats(Object::Dataset(name));
        stats.is_ok_and(|stats| stats.kind == DatasetKind::Filesystem)
    }

    fn resume(&self, pass: &Pass) -> String {
        let target = self.snapshot(&pass.to);
        let properties = self.device.properties(Object::Dataset(target.dataset()));
        match properties.ok().and_then(|(_, properties)| token(&properties)) {
            Some(point) => self.pass(pass, Some(&point)),
            None => "no token".to_owned(),
        }
    }

    fn pass(&self, pass: &Pass, resume: Option<&ResumePoint>) -> String {
        let from = pass.from.as_deref().map(|name| self.base(name));
        let send = request::Send {
            snapshot: &self.snapshot(&pass.of),
            from: from.as_ref(),
            flags: SendFlags::from_bits_truncate(pass.flags),
            resume: resume.map(|point| ResumeAt {
                object: point.object,
                offset: point.offset,
                bytes: point.bytes,
            }),
            redaction: None,
        };
        let mut stream = match self.send(&send) {
            Ok(stream) => stream,
            Err(refusal) => return format!("send {}", self.refused(&refusal)),
        };
        cut(&mut stream, pass.cut);
        match self.receive(pass, &stream) {
            Ok(mut errors) => {
                errors.sort();
                format!("received {errors:?}")
            }
            Err(refusal) => format!("receive {}", self.refused(&refusal)),
        }
    }

    /// Streams are short enough for one pipe, so nobody has to read meanwhile.
    fn send(&self, send: &request::Send<'_>) -> Outcome<Vec<u8>> {
        let (reader, writer) = zfs_rs::pipe::pipe().expect("a pipe");
        self.core.send(send, writer.as_fd())?;
        drop(writer);
        let mut stream = Vec::new();
        File::from(reader).read_to_end(&mut stream).expect("what was sent");
        Ok(stream)
    }

    fn receive(&self, pass: &Pass, stream: &[u8]) -> Outcome<Vec<(String, Errno)>> {
        let (reader, writer) = zfs_rs::pipe::pipe().expect("a pipe");
        let (begin, rest) = stream.split_at(BEGIN);
        File::from(writer).write_all(rest).expect("room in the pipe");
        let origin = pass.origin.as_deref().map(|name| self.snapshot(name));
        let begin: &BeginRecord = begin.try_into().expect("a record");
        let received = self.core.receive(
            &request::Receive {
                snapshot: &self.snapshot(&pass.to),
                begin,
                origin: origin.as_ref(),
                received: &list(&pass.received),
                local: &list(&pass.local),
                resumable: pass.resumable,
                roll_back: pass.force,
                heal: false,
                key: None,
            },
            reader.as_fd(),
        );
        // A list beside a refusal tells of properties, which is no matter then.
        Ok(received.map_err(|refusal| Refusal::from(refusal.errno))?.property_errors)
    }

    fn snapshots(&self, names: &[String]) -> Vec<SnapshotName> {
        names.iter().map(|name| self.snapshot(name)).collect()
    }

    fn holds(&self, holds: &[(String, String)]) -> Vec<(SnapshotName, HoldTag)> {
        let hold = |(name, tag): &(String, String)| (self.snapshot(name), tag.parse().expect("a tag"));
        holds.iter().map(hold).collect()
    }

    fn base(&self, name: &str) -> Base {
        if name.contains('@') {
            Base::Snapshot(self.snapshot(name))
        } else {
            Base::Bookmark(self.bookmark(name))
        }
    }
}

/// What the token among a dataset's properties says.
pub(super) fn token(properties: &NvList) -> Option<ResumePoint> {
    let property: &NvList = properties.get("receive_resume_token").ok()?;
    let token: &str = property.get("value").ok()?;
    Some(token.parse::<ResumeToken>().expect("the kernel's own token").into_point())
}

fn refused_or_not(result: Result<(), Errno>) -> String {
    if result.is_ok() { "done" } else { "refused" }.to_owned()
}

fn list(properties: &Properties) -> NvList {
    let pairs = properties.iter().map(|(name, given)| {
        let value = match given {
            Given::Number(number) => Value::UInt64(*number),
            Given::Text(text) => Value::from(text.as_str()),
            Given::Nothing => Value::Boolean,
        };
        (name.as_str(), value)
    });
    pairs.collect()
}

/// Breaks a stream off.
fn cut(stream: &mut Vec<u8>, cut: Cut) {
    match cut {
        Cut::Whole => {}
        Cut::Early => {
            // The first record says how long the list behind it is.
            let list = stream
                .get(4..8)
                .and_then(|bytes| bytes.try_into().ok())
                .map_or(0, u32::from_le_bytes);
            let list = usize::try_from(list).unwrap_or(0);
            stream.truncate(BEGIN + list + 100);
        }
        Cut::Late => stream.truncate(stream.len().saturating_sub(100).max(BEGIN)),
    }
}

const BEGIN: usize = 312;

/// Numbers of the words `aes-256-gcm` and `raw`.
const AES_256_GCM: u64 = 8;
const RAW: u64 = 1;
