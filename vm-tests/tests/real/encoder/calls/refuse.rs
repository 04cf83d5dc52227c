//! I ask for what the kernel says no to; mostly for what comes back.

use std::os::fd::AsFd;

use zfs_rs::{
    Base, DatasetKind, HoldTag, SendFlags, SnapshotName,
    backend::{
        Object,
        request::{Clone, DestroySnapshots, Send, Snapshot},
    },
    nvlist::NvList,
    pipe::pipe,
};

use super::{Play, transfer::Arrival};

impl Play {
    pub(super) fn refusals(&mut self) {
        let (root, gone) = (self.root.clone(), self.child("gone"));
        let (lost, held) = (self.at("gone", "1"), self.at("a", "held"));
        let none = NvList::new();
        self.create("what is there", &root, DatasetKind::Filesystem, &none, None);
        self.create("an orphan", &gone.child("child").unwrap(), DatasetKind::Filesystem, &none, None);
        let wrong = NvList::new().with("recordsize", 7_u64);
        self.create("with a wrong value", &gone, DatasetKind::Filesystem, &wrong, None);
        self.call("destroy what is not there", |core| core.destroy(Object::Dataset(&gone)));
        self.call("destroy what has children", |core| core.destroy(Object::Dataset(&root)));
        self.call("destroy what is held", |core| core.destroy(Object::Snapshot(&held)));
        let (child, far) = (gone.child("child").unwrap(), "elsewhere/root".parse().unwrap());
        self.call("rename what is not there", |core| core.rename(&gone, &child));
        self.call("rename to another pool", |core| core.rename(&root, &far));
        self.refused_snapshots(&lost, &held);
        self.refused_marks(&lost, &held);
        self.refused_transfers(&lost);
    }

    fn refused_snapshots(&mut self, lost: &SnapshotName, held: &SnapshotName) {
        let none = NvList::new();
        for (words, names) in [
            ("snapshot what is there", vec![self.at("a", "1"), self.at("a", "9")]),
            ("snapshot what is not there", vec![lost.clone()]),
            ("snapshot two of one", vec![self.at("a", "8"), self.at("a", "9")]),
            ("snapshot in two pools", vec![self.at("a", "8"), "elsewhere/a@8".parse().unwrap()]),
        ] {
            let request = Snapshot {
                names: &names,
                properties: &none,
            };
            self.call(words, |core| core.snapshot(&request));
        }
        let request = DestroySnapshots {
            // One that is refused: of two, the kernel's answer is the number of either.
            names: &[lost.clone(), held.clone()],
            defer: false,
        };
        self.call("destroy snapshots of which one is held", |core| core.destroy_snapshots(&request));
        let (there, a) = (self.child("a"), self.child("a"));
        for (words, name, origin) in [
            ("clone what is not there", &self.child("fresh"), lost),
            ("clone by a name that is taken", &there, held),
        ] {
            let request = Clone {
                name,
                origin,
                properties: &none,
            };
            self.call(words, |core| core.clone_snapshot(&request));
        }
        self.call("promote what is no clone", |core| core.promote(&there));
        let older = self.at("a", "1");
        self.call("roll back to an older one", |core| core.rollback(&a, Some(&older)));
    }

    fn refused_marks(&mut self, lost: &SnapshotName, held: &SnapshotName) {
        let tag: HoldTag = "mine".parse().unwrap();
        let (mark, old) = (self.mark("a", "fresh"), self.mark("a", "old"));
        self.call("bookmark what is not there", |core| {
            core.bookmark(&[(mark, Base::Snapshot(lost.clone()))])
        });
        self.call("bookmark by a name that is taken", |core| {
            core.bookmark(&[(old, Base::Snapshot(held.clone()))])
        });
        self.call("hold what is not there", |core| {
            core.hold(&[(lost.clone(), tag.clone()), (held.clone(), "new".parse().unwrap())], None)
        });
        self.call("hold again by the same tag", |core| core.hold(&[(held.clone(), tag.clone())], None));
        self.call("release what nobody holds", |core| {
            core.release(&[(held.clone(), "yours".parse().unwrap()), (held.clone(), tag)])
        });
        let (plain, locked) = (self.child("b"), self.child("gone"));
        self.call("unload no key", |core| core.unload_key(&plain));
        self.call("load a key of nothing", |core| core.load_key(&locked, &[7; 32], false));
    }

    fn refused_transfers(&mut self, lost: &SnapshotName) {
        let (one, two) = (self.at("a", "1"), self.at("a", "2"));
        for (words, snapshot, from) in [
            ("what is not there", lost, None),
            ("since what is not there", &two, Some(Base::Snapshot(lost.clone()))),
            (
                "since a bookmark that is not there",
                &two,
                Some(Base::Bookmark(self.mark("a", "gone"))),
            ),
            ("since what came later", &one, Some(Base::Snapshot(two.clone()))),
        ] {
            let request = Send {
                snapshot,
                from: from.as_ref(),
                flags: SendFlags::empty(),
                resume: None,
                redaction: None,
            };
            let (reader, writer) = pipe().unwrap();
            self.call(&format!("send {words}"), |core| core.send(&request, writer.as_fd()));
            self.call(&format!("estimate {words}"), |core| core.send_space(&request));
            drop(reader);
        }
        let (target, gone, orphan) = (self.child("target"), self.child("gone"), self.child("gone/child"));
        let of = |stream| Arrival {
            stream,
            resumable: true,
            ..Arrival::default()
        };
        self.receive("receive what is there", &target, &of("1"));
        self.receive("receive an increment of what is not there", &gone, &of("2"));
        self.receive("receive below what is not there", &orphan, &of("1"));
    }
}
