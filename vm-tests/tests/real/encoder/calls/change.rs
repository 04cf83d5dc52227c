//! I create, rename, clone, hold and destroy.

use zfs_rs::{
    Base, DatasetKind, DatasetName, HoldTag,
    backend::{
        Device, Object,
        request::{ChangeKey, Clone, Create, DestroySnapshots, KeyChange, Snapshot},
    },
    nvlist::NvList,
};

use super::Play;

impl Play {
    pub(super) fn changes(&mut self) {
        self.creation();
        self.snapshots();
        self.clones();
        self.bookmarks();
        self.holds();
    }

    fn creation(&mut self) {
        let name = self.child("made");
        let properties = NvList::new()
            .with("compression", 15_u64)
            .with("recordsize", 1_u64 << 20)
            .with("org.example:owner", "ada");
        self.create("a filesystem", &name, DatasetKind::Filesystem, &NvList::new(), None);
        let rich = name.child("rich").unwrap();
        self.create("a filesystem with properties", &rich, DatasetKind::Filesystem, &properties, None);
        let volume = NvList::new().with("volsize", 16_u64 << 20).with("volblocksize", 8192_u64);
        self.create("a volume", &name.child("volume").unwrap(), DatasetKind::Volume, &volume, None);
        let keyed = keyed().with("encryption", 8_u64);
        let name = self.child("keyed");
        self.create("a filesystem with a key", &name, DatasetKind::Filesystem, &keyed, Some(&[7; 32]));
        let (from, to) = (rich, self.child("made").child("renamed").unwrap());
        self.call("rename", |core| core.rename(&from, &to));
    }

    pub(super) fn create(&mut self, what: &str, name: &DatasetName, kind: DatasetKind, properties: &NvList, key: Option<&[u8; 32]>) {
        let request = Create {
            name,
            kind,
            properties,
            key,
        };
        self.call(&format!("create {what}"), |core| core.create(&request));
    }

    fn snapshots(&mut self) {
        let none = NvList::new();
        let names = [self.at("a", "new")];
        let request = Snapshot {
            names: &names,
            properties: &none,
        };
        self.call("snapshot", |core| core.snapshot(&request));
        let names = [self.at("b", "other"), self.at("a", "other")];
        let properties = NvList::new().with("org.example:one", "1").with("org.example:another", "2");
        let request = Snapshot {
            names: &names,
            properties: &properties,
        };
        self.call("snapshot two, with properties", |core| core.snapshot(&request));
        let (from, to) = (self.at("a", "new"), self.at("a", "renamed"));
        self.call("rename a snapshot", |core| core.rename_snapshot(&from, &to));
        let request = DestroySnapshots {
            names: &[to, self.at("b", "renamed")],
            defer: false,
        };
        self.call("destroy snapshots of which one is not there", |core| {
            core.destroy_snapshots(&request)
        });
        let request = DestroySnapshots {
            names: &names,
            defer: true,
        };
        self.call("destroy snapshots, deferred", |core| core.destroy_snapshots(&request));
    }

    fn clones(&mut self) {
        let (origin, name, rich) = (self.at("b", "1"), self.child("plain"), self.child("rich"));
        let (none, some) = (
            NvList::new(),
            NvList::new().with("readonly", 1_u64).with("org.example:owner", "ada"),
        );
        for (words, name, properties) in [("clone", &name, &none), ("clone with properties", &rich, &some)] {
            let request = Clone {
                name,
                origin: &origin,
                properties,
            };
            self.call(words, |core| core.clone_snapshot(&request));
        }
        self.call("promote", |core| core.promote(&name));
        let (back, newest) = (self.child("b"), self.at("a", "held"));
        self.call("promote back", |core| core.promote(&back));
        self.call("roll back to the newest", |core| core.rollback(newest.dataset(), None));
        self.call("roll back to a given one", |core| core.rollback(newest.dataset(), Some(&newest)));
    }

    fn bookmarks(&mut self) {
        let (first, second) = (self.mark("a", "mark1"), self.mark("a", "mark2"));
        let source = Base::Snapshot(self.at("a", "1"));
        let copied = Base::Bookmark(first.clone());
        self.call("bookmark", |core| core.bookmark(&[(first.clone(), source)]));
        self.call("bookmark a bookmark", |core| core.bookmark(&[(second.clone(), copied)]));
        self.call("destroy bookmarks", |core| core.destroy_bookmarks(&[second, first]));
    }

    fn holds(&mut self) {
        let (b, a) = (self.at("b", "1"), self.at("a", "1"));
        let [one, two] = ["one", "two words"].map(|tag| tag.parse::<HoldTag>().unwrap());
        let pairs = [(b.clone(), one.clone()), (a.clone(), one.clone())];
        self.call("hold", |core| core.hold(&pairs, None));
        self.call("hold again", |core| core.hold(&[(a.clone(), two.clone())], None));
        let until = self.device.cleanup().unwrap();
        let open = [(b.clone(), two)];
        self.call("hold while a handle is open", |core| core.hold(&open, Some(&*until)));
        let two = open[0].1.clone();
        self.call("release", |core| core.release(&[(b, one.clone()), (a.clone(), one), (a, two)]));
    }

    pub(super) fn keys(&mut self) {
        let name = self.child("keyed");
        let keyed = keyed();
        let none = NvList::new();
        self.call("check a key", |core| core.load_key(&name, &[7; 32], true));
        self.call("unload a key", |core| core.unload_key(&name));
        self.call("load a wrong key", |core| core.load_key(&name, &[8; 32], false));
        self.call("load a key", |core| core.load_key(&name, &[7; 32], false));
        let changes = [
            (
                "change a key",
                KeyChange::New {
                    properties: &none,
                    key: &[9; 32],
                },
            ),
            (
                "change a key and how it is given",
                KeyChange::New {
                    properties: &keyed,
                    key: &[7; 32],
                },
            ),
            ("inherit a key where there is none", KeyChange::Inherit),
            ("inherit a key where there is none, unseen", KeyChange::ForceInherit),
        ];
        for (words, to) in changes {
            let request = ChangeKey { dataset: &name, to };
            self.call(words, |core| core.change_key(&request));
        }
    }

    pub(super) fn destruction(&mut self) {
        let (snapshot, dataset) = (self.at("target", "2"), self.child("plain"));
        self.call("destroy a snapshot", |core| core.destroy(Object::Snapshot(&snapshot)));
        self.call("destroy a dataset", |core| core.destroy(Object::Dataset(&dataset)));
    }
}

/// A key of 32 bytes that is given in the call.
fn keyed() -> NvList {
    NvList::new().with("keyformat", 1_u64).with("keylocation", "prompt")
}
