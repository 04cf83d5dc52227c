//! I make valid streams of every kind, small ones: the same seed makes the same stream.

mod contents;
mod volume;

use zfs_rs::nvlist::NvList;
use zfs_rs::stream::record::End;
use zfs_rs::stream::{Begin, BeginFlags, ByteOrder, Features, Record, StreamKind, Writer};

use super::pieces::{Piece, seal, split};
use crate::chance::Chance;
use crate::plain::bytes::Order;

/// A valid stream.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The order of its numbers.
    pub order: Order,
    /// Whether it is a package.
    pub is_package: bool,
    /// Features of the stream; of a package, of all in it.
    pub features: Features,
    /// The GUID of its base.
    pub from: Option<u64>,
    /// The GUID of its snapshot.
    pub to: u64,
}

/// Draws a stream.
#[must_use]
pub fn stream(seed: u64) -> Made {
    let mut chance = Chance(seed);
    let order = chance.of(&[ByteOrder::Little, ByteOrder::Little, ByteOrder::Big]);
    if chance.percent(15) {
        let mut left = chance.below(3);
        package(&mut chance, order, |_| left.checked_sub(1).map(|less| left = less).is_some())
    } else {
        single(&mut chance, order)
    }
}

/// Draws a package that is as long as this, or somewhat longer.
#[must_use]
pub fn long_package(seed: u64, order: ByteOrder, length: usize) -> Made {
    package(&mut Chance(seed), order, |so_far| so_far < length)
}

fn plain(order: ByteOrder) -> Order {
    match order {
        ByteOrder::Little => Order::Little,
        ByteOrder::Big => Order::Big,
    }
}

/// What kernels send.
fn single(chance: &mut Chance, order: ByteOrder) -> Made {
    let begin = begin(chance);
    let plan = Plan::draw(chance, &begin);
    let payload = plan.payload(order);
    let mut out = Out {
        order,
        writer: Writer::new(order),
        bytes: Vec::new(),
    };
    out.put(begin.clone(), &payload);
    contents::draw(chance, &begin, &plan, &mut out);
    let end = End {
        to_guid: begin.to_guid,
        ..End::default()
    };
    out.put(end, &[]);
    Made {
        bytes: out.bytes,
        order: plain(order),
        is_package: false,
        features: begin.features,
        from: begin.from_guid,
        to: begin.to_guid,
    }
}

/// What `zfs send -R` writes: its header sums up itself only, and the last record nothing.
fn package(chance: &mut Chance, order: ByteOrder, mut wants_more: impl FnMut(usize) -> bool) -> Made {
    let header = Begin {
        kind: StreamKind::Compound,
        objset: 0.into(),
        features: if chance.percent(30) { Features::HOLDS } else { Features::empty() },
        ..Begin::new("tank/home@b", 0)
    };
    let list = NvList::new().with("tosnap", "b").with("fss", NvList::new().with("0x17", 23_u64));
    let mut out = Out {
        order,
        writer: Writer::new(order),
        bytes: Vec::new(),
    };
    out.put(header.clone(), &list.encode_xdr().expect("a list"));
    out.put(End::default(), &[]);
    let mut features = header.features;
    let mut bytes = out.bytes;
    while wants_more(bytes.len()) {
        let one = single(chance, order);
        features = features.with(one.features);
        bytes.extend_from_slice(&one.bytes);
    }
    bytes.extend_from_slice(&Writer::new(order).header(End::default(), &[]).expect("an end"));
    let order = plain(order);
    let pieces: Vec<Piece> = split(&bytes, order);
    Made {
        bytes: seal(&pieces, order),
        order,
        is_package: true,
        features,
        from: None,
        to: 0,
    }
}

/// Draws what a stream announces, so that it goes together.
fn begin(chance: &mut Chance) -> Begin {
    let mut features = Features::empty();
    let mut take = |chance: &mut Chance, feature: Features, percent| {
        let is_taken = chance.percent(percent);
        features = if is_taken { features.with(feature) } else { features };
        is_taken
    };
    let is_raw = take(chance, Features::RAW, 30);
    take(chance, Features::COMPRESSED, if is_raw { 100 } else { 60 });
    take(chance, Features::LZ4, 70);
    take(chance, Features::ZSTD, 50);
    take(chance, Features::SA_SPILL, 80);
    take(chance, Features::LARGE_DNODE, 60);
    take(chance, Features::EMBED_DATA, if is_raw { 10 } else { 60 });
    if take(chance, Features::LARGE_BLOCKS, 50) {
        take(chance, Features::LARGE_MICROZAP, 20);
    }
    take(chance, Features::LONG_NAMES, 10);
    take(chance, Features::REDACTED, 20);
    take(chance, Features::RESUMING, 20);
    let mut flags = BeginFlags::empty();
    if is_raw || chance.percent(70) {
        flags = flags.with(BeginFlags::SPILL_BLOCKS);
    }
    let from_guid = chance.percent(60).then(|| 1 + chance.next() / 2);
    if from_guid.is_some() && chance.percent(20) {
        flags = flags.with(BeginFlags::CLONE);
    }
    for flag in [BeginFlags::CI_DATA, BeginFlags::FREE_RECORDS] {
        flags = if chance.percent(20) { flags.with(flag) } else { flags };
    }
    let name = chance.of(&["tank/home@b", "tank@now", "p/a b/c-d_e.f:g@2026-01-01", "pool/x/y/z@--head--"]);
    Begin {
        features,
        flags,
        from_guid,
        creation_time: chance.next() >> 32,
        objset: chance.of(&[2, 2, 3]).into(),
        ..Begin::new(name, (1 << 63) + chance.next() / 2)
    }
}

/// What the payload of a `BEGIN` says.
struct Plan {
    is_raw: bool,
    resumes: Option<(u64, u64)>,
    redact_snaps: Option<Vec<u64>>,
    redact_from_snaps: Option<Vec<u64>>,
}

impl Plan {
    fn draw(chance: &mut Chance, begin: &Begin) -> Self {
        let mut some = |there: bool| there.then(|| (0..chance.below(3)).map(|_| chance.next()).collect());
        let redact_snaps = some(begin.features.contains(Features::REDACTED));
        let redact_from_snaps = some(begin.from_guid.is_some_and(|guid| guid.is_multiple_of(4)));
        let resumes = (
            1 + u64::try_from(chance.below(40)).unwrap_or(0),
            chance.of(&[0, 512, 4096, 1 << 20]),
        );
        Self {
            is_raw: begin.features.contains(Features::RAW),
            resumes: begin.features.contains(Features::RESUMING).then_some(resumes),
            redact_snaps,
            redact_from_snaps,
        }
    }

    fn payload(&self, order: ByteOrder) -> Vec<u8> {
        let mut list = NvList::new();
        if self.is_raw {
            list = list.with(
                "crypt_keydata",
                NvList::new().with("DSL_CRYPTO_SUITE", 8_u64).with("DSL_CRYPTO_GUID", 77_u64),
            );
        }
        if let Some((object, offset)) = self.resumes {
            list = list.with("resume_object", object).with("resume_offset", offset);
        }
        for (name, guids) in [("redact_snaps", &self.redact_snaps), ("redact_from_snaps", &self.redact_from_snaps)] {
            if let Some(guids) = guids {
                list = list.with(name, guids.clone());
            }
        }
        match order {
            _ if list.is_empty() => Vec::new(),
            // This machine's own; a stream of another machine has it as that one has it, which XDR stands for.
            ByteOrder::HOST => list.encode_native().expect("a list"),
            _ => list.encode_xdr().expect("a list"),
        }
    }
}

/// Where records go.
struct Out {
    order: ByteOrder,
    writer: Writer,
    bytes: Vec<u8>,
}

impl Out {
    fn put(&mut self, record: impl Into<Record>, payload: &[u8]) {
        self.writer
            .put(&mut self.bytes, record, payload)
            .expect("a record that can be written");
    }

    /// The record with a payload of its length, drawn.
    fn fill(&mut self, chance: &mut Chance, record: impl Into<Record>) {
        let record = record.into();
        let length = usize::try_from(record.payload_len()).expect("a length");
        let mut payload = Vec::with_capacity(length + 8);
        // Most of a block is the same word again: what differs does so by place.
        let word = chance.next();
        for index in 0..length.div_ceil(8) {
            payload.extend_from_slice(&(word ^ u64::try_from(index).unwrap_or(0)).to_le_bytes());
        }
        payload.truncate(length);
        if let Record::Object(object) = &record
            && object.bonus_type == ATTRIBUTES
            && object.raw_bonus_len == 0
        {
            attributes(chance, &mut payload, usize::try_from(object.bonus_len).expect("a length"));
        }
        self.put(record, &payload);
    }
}

/// Makes of a buffer system attributes of that length: a header in either order, flags where kernels read them, and all else as it is.
fn attributes(chance: &mut Chance, buffer: &mut [u8], length: usize) {
    let order = chance.of(&[Order::Little, Order::Little, Order::Big]);
    let header = chance.of(&[8, 8, 16, 24]);
    let header = if length < header + 56 { 8 } else { header };
    if length < header + 56 || chance.percent(3) {
        // Made and not yet filled.
        buffer[..4].fill(0);
        return;
    }
    order.write(&mut buffer[..4], 0x2f_505a);
    order.write(&mut buffer[4..6], (header as u64 / 8) << 10 | 2);
    let has_project = length >= header + 136 && chance.percent(30);
    order.write(&mut buffer[header + 48..][..8], if has_project { 1 << 47 | 4 } else { 4 });
}

/// `DMU_OT_SA`.
const ATTRIBUTES: u32 = 44;
