//! I send, estimate, receive and redact.

use std::{fs::File, io::Read, os::fd::AsFd};

use zfs_rs::{
    Base, BookmarkName, DatasetName, ResumeAt, SendFlags, SnapshotName,
    backend::{
        BeginRecord,
        request::{Receive, Redact, Send, SendSaved},
    },
    nvlist::NvList,
    pipe::pipe,
};

use super::Play;

/// One order to send, in the parts that vary.
#[derive(Debug, Default)]
struct Order {
    words: &'static str,
    flags: SendFlags,
    from: Option<Base>,
    resume: Option<ResumeAt>,
    redaction: Option<BookmarkName>,
}

/// One order to receive, in the parts that vary.
#[derive(Debug, Default)]
pub(super) struct Arrival {
    /// The stream's name, and the snapshot's.
    pub(super) stream: &'static str,
    pub(super) origin: Option<SnapshotName>,
    pub(super) received: NvList,
    pub(super) local: NvList,
    pub(super) resumable: bool,
    pub(super) roll_back: bool,
    pub(super) heal: bool,
    pub(super) key: Option<[u8; 32]>,
}

impl Play {
    pub(super) fn transfers(&mut self) {
        let (snapshot, bookmark) = (self.at("a", "2"), self.mark("a", "redacted"));
        for (words, clones) in [("redact nothing", vec![]), ("redact", vec![self.at("changed", "1")])] {
            let request = Redact {
                snapshot: &snapshot,
                bookmark: &bookmark,
                clones: &clones,
            };
            self.call(words, |core| core.redact(&request));
        }
        for order in self.orders() {
            let (reader, writer) = pipe().unwrap();
            let request = Send {
                snapshot: &snapshot,
                from: order.from.as_ref(),
                flags: order.flags,
                resume: order.resume,
                redaction: order.redaction.as_ref(),
            };
            // The whole stream finds room in the pipe.
            self.call(&format!("send {}", order.words), |core| core.send(&request, writer.as_fd()));
            self.call(&format!("estimate {}", order.words), |core| core.send_space(&request));
            drop(reader);
        }
        let (partial, (_reader, writer)) = (self.child("partial"), pipe().unwrap());
        let base = Base::Snapshot(self.at("partial", "1"));
        let at = ResumeAt {
            object: 1,
            offset: 0,
            bytes: 0,
        };
        for (words, from, resume) in [("", None, None), (" since a base, resumed", Some(&base), Some(at))] {
            let request = SendSaved {
                dataset: &partial,
                from,
                flags: SendFlags::COMPRESS | SendFlags::LARGE_BLOCK,
                resume,
            };
            self.call(&format!("send what was saved{words}"), |core| {
                core.send_saved(&request, writer.as_fd())
            });
        }
        self.receives();
    }

    fn orders(&self) -> Vec<Order> {
        let base = || Some(Base::Snapshot(self.at("a", "1")));
        let dense = SendFlags::LARGE_BLOCK | SendFlags::EMBED | SendFlags::COMPRESS;
        let resume = Some(ResumeAt {
            object: 2,
            offset: 0,
            bytes: 5000,
        });
        let order = |words, flags| Order {
            words,
            flags,
            ..Order::default()
        };
        let mark = Some(Base::Bookmark(self.mark("a", "old")));
        let redaction = Some(self.mark("a", "redacted"));
        vec![
            order("full", SendFlags::empty()),
            order("full, dense", dense),
            order("full, raw", dense | SendFlags::RAW),
            Order {
                from: base(),
                ..order("since a snapshot", SendFlags::LARGE_BLOCK)
            },
            Order {
                from: mark,
                ..order("since a bookmark", SendFlags::COMPRESS)
            },
            Order {
                resume,
                ..order("resumed", SendFlags::EMBED)
            },
            Order {
                from: base(),
                resume,
                ..order("resumed since a snapshot, with everything", SendFlags::all())
            },
            Order {
                redaction,
                ..order("redacted", SendFlags::LARGE_BLOCK)
            },
        ]
    }

    fn receives(&mut self) {
        let (target, clone, keyed) = (self.child("target"), self.child("clone"), self.child("sealed"));
        let received = NvList::new().with("compression", 15_u64).with("org.example:from", "afar");
        let local = || NvList::new().with("canmount", 2_u64).with("readonly", 1_u64);
        let of = |stream| Arrival {
            stream,
            ..Arrival::default()
        };
        let increment = Arrival {
            received,
            local: local(),
            resumable: true,
            ..of("2")
        };
        let grown = Arrival {
            origin: target.snapshot("1").ok(),
            local: local(),
            resumable: true,
            ..of("clone")
        };
        let properties = NvList::new()
            .with("encryption", 8_u64)
            .with("keyformat", 1_u64)
            .with("keylocation", "prompt");
        let sealed = Arrival {
            local: properties,
            key: Some([7; 32]),
            ..of("1")
        };
        self.receive("receive", &target, &of("1"));
        self.receive("receive an increment, resumable, with properties", &target, &increment);
        self.receive(
            "receive by force what is there",
            &target,
            &Arrival {
                roll_back: true,
                ..of("2")
            },
        );
        self.receive("receive a clone", &clone, &grown);
        self.receive("receive as an encryption root", &keyed, &sealed);
        if self.is_since("2.2") {
            self.receive("heal", &target, &Arrival { heal: true, ..of("2") });
        }
    }

    pub(super) fn receive(&mut self, words: &str, target: &DatasetName, arrival: &Arrival) {
        let mut file = File::open(self.streams.join(arrival.stream)).unwrap();
        let mut begin: BeginRecord = [0; 312];
        file.read_exact(&mut begin).unwrap();
        let (reader, writer) = pipe().unwrap();
        std::io::copy(&mut file, &mut File::from(writer)).unwrap();
        let snapshot = target.snapshot(arrival.stream).unwrap();
        let request = Receive {
            snapshot: &snapshot,
            begin: &begin,
            origin: arrival.origin.as_ref(),
            received: &arrival.received,
            local: &arrival.local,
            resumable: arrival.resumable,
            roll_back: arrival.roll_back,
            heal: arrival.heal,
            key: arrival.key.as_ref(),
        };
        self.call(words, |core| core.receive(&request, reader.as_fd()));
    }
}
