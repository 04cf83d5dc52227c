//! I make streams say what no OpenZFS says, and have their sums agree to it.

mod list;
mod values;

use zfs_rs::Release;
use zfs_rs::stream::Features;

use super::pieces::Piece;
use super::streams::Made;
use crate::chance::Chance;
use crate::plain::Receiver;
use crate::plain::bytes::Order;
use crate::plain::fields::{self, Field, KIND, PAYLOAD_LEN, begin, embedded, fields, free, object, redact, spill, word, write};

/// What was done.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The first record that is not what it was.
    pub record: usize,
    /// What was done to it, in words.
    pub what: String,
}

/// Changes a stream's records in one way, now and then in two; nothing where that way has nothing to change here.
pub fn mutate(chance: &mut Chance, made: &Made, pieces: &mut Vec<Piece>, other: &[Piece]) -> Option<Mutant> {
    let mut hand = Hand { chance, order: made.order };
    let first = hand.change(pieces, other)?;
    if !hand.chance.percent(15) {
        return Some(first);
    }
    let Some(second) = hand.change(pieces, other) else {
        return Some(first);
    };
    Some(Mutant {
        record: first.record.min(second.record),
        what: format!("{}; {}", first.what, second.what),
    })
}

struct Hand<'a> {
    chance: &'a mut Chance,
    order: Order,
}

impl Hand<'_> {
    fn change(&mut self, pieces: &mut Vec<Piece>, other: &[Piece]) -> Option<Mutant> {
        let record = self.chance.below(pieces.len());
        match self.chance.below(100) {
            0..47 => self.field(&mut pieces[record], record),
            47..51 => self.payload(pieces),
            51..54 => self.frame(&mut pieces[record], record),
            54..66 => self.begin(pieces),
            66..68 => self.deepen(pieces),
            68..72 => self.compress(pieces, record),
            72..76 => self.object_and_data(pieces),
            76..80 => self.resize(&mut pieces[record], record),
            _ => self.records(pieces, record, other),
        }
    }

    /// A field takes a value at a bound.
    fn field(&mut self, piece: &mut Piece, record: usize) -> Option<Mutant> {
        let kind = piece.record(self.order).kind();
        let all = fields(kind);
        if all.is_empty() {
            return None;
        }
        let field = self.chance.of(all);
        let what = self.set_somehow(piece, field);
        Some(self.mutant(record, kind, &what))
    }

    fn mutant(&self, record: usize, kind: u32, what: &str) -> Mutant {
        Mutant {
            record,
            what: format!("record {record}, {}: {what}", word(kind)),
        }
    }

    fn set_somehow(&mut self, piece: &mut Piece, field: Field) -> String {
        if !matches!(field.width, 1 | 4 | 8) {
            let at = field.at + self.chance.below(field.width);
            piece.header[at] = self.chance.of(&[1, 0x80, 0xff, piece.header[at] ^ 1]);
            return format!("{} gets byte {} at {at}", field.name, piece.header[at]);
        }
        let before = piece.record(self.order).get(field);
        let value = values::draw(self.chance, field.width, before);
        piece.set(self.order, field, value);
        self.fit(piece);
        format!("{} {before} becomes {value}", field.name)
    }

    /// Gives a record as much payload as it says; now and then not, and where it says too much.
    fn fit(&mut self, piece: &mut Piece) {
        let length = piece.record(self.order).payload_len();
        let most = if self.chance.percent(2) { 17 << 20 } else { 300 << 10 };
        if let Some(length) = usize::try_from(length).ok().filter(|length| *length <= most)
            && !self.chance.percent(3)
        {
            piece.payload.resize(length, 7);
        }
    }

    /// A byte of what kernels look into: system attributes, the size of a volume.
    fn payload(&mut self, pieces: &mut [Piece]) -> Option<Mutant> {
        let order = self.order;
        let is_read = |index: &usize| {
            let record = pieces[*index].record(order);
            match record.kind() {
                object::NUMBER => record.get(object::BONUS_TYPE) == 44 && record.is_zero(object::RAW_BONUS_LEN),
                write::NUMBER => record.get(write::OBJECT) == 2 && record.get(write::SIZE) == 512,
                embedded::NUMBER => record.get(embedded::OBJECT) == 2,
                _ => false,
            }
        };
        let read: Vec<usize> = (0..pieces.len()).filter(is_read).collect();
        let record = *read.get(self.chance.below(read.len()))?;
        let piece = &mut pieces[record];
        let kind = piece.record(order).kind();
        let place = self.chance.of(&[
            0,
            3,
            4,
            5,
            16,
            55,
            56,
            62,
            64,
            72,
            77,
            78,
            81,
            82,
            83,
            142,
            146,
            self.chance.clone().below(512),
        ]);
        let length = piece.payload.len();
        let byte = piece.payload.get_mut(place.min(length.saturating_sub(1)))?;
        *byte = self
            .chance
            .of(&[0, 0x80, 0xff, b's', *byte ^ 1 << self.chance.clone().below(8), 8 << 2, 60 << 2]);
        let what = format!("byte {place} of its payload becomes {byte}");
        Some(self.mutant(record, kind, &what))
    }

    /// What belongs to every record, and what to none.
    fn frame(&mut self, piece: &mut Piece, record: usize) -> Option<Mutant> {
        let kind = piece.record(self.order).kind();
        let what = match self.chance.below(3) {
            0 => self.set_somehow(piece, PAYLOAD_LEN),
            1 => {
                let value = u64::try_from(self.chance.below(13)).unwrap_or(0);
                piece.set(self.order, KIND, value);
                self.fit(piece);
                format!("becomes {value}")
            }
            _ => {
                let from = fields::fields_end(kind).min(279);
                let at = self.chance.of(&[from, 279, from + self.chance.clone().below(280 - from)]);
                piece.header[at] = 1 << self.chance.below(8);
                format!("byte {at} is set")
            }
        };
        Some(self.mutant(record, kind, &what))
    }

    /// A feature or flag, the name, the list.
    fn begin(&mut self, pieces: &mut [Piece]) -> Option<Mutant> {
        let order = self.order;
        let begins: Vec<usize> = (0..pieces.len())
            .filter(|index| pieces[*index].record(order).kind() == begin::NUMBER)
            .collect();
        let record = *begins.get(self.chance.below(begins.len()))?;
        let piece = &mut pieces[record];
        let version = piece.record(order).get(begin::VERSION);
        let what = match self.chance.below(6) {
            0 | 1 => {
                let feature = self.chance.of(&[2, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
                piece.set(order, begin::VERSION, version ^ 4 << feature);
                format!("feature {feature} is turned")
            }
            2 if self.chance.percent(50) => {
                let flags = piece.record(order).get(begin::FLAGS);
                let bit = self.chance.below(5);
                piece.set(order, begin::FLAGS, flags ^ 1 << bit);
                format!("bit {bit} of its flags is turned")
            }
            2 => {
                let bit = self.chance.below(64);
                piece.set(order, begin::VERSION, version ^ 1 << bit);
                format!("bit {bit} of its version is turned")
            }
            3 => {
                let name = values::name(self.chance);
                let place = &mut piece.header[begin::NAME.at..];
                place.fill(0);
                place[..name.len()].copy_from_slice(&name);
                format!("is named {}", name.escape_ascii())
            }
            _ => {
                let what = list::change(self.chance, &mut piece.payload);
                let length = u64::try_from(piece.payload.len()).unwrap_or(0);
                piece.set(order, PAYLOAD_LEN, length);
                what
            }
        };
        Some(self.mutant(record, begin::NUMBER, &what))
    }

    /// Says of a block that it is compressed.
    fn compress(&mut self, pieces: &mut [Piece], record: usize) -> Option<Mutant> {
        let piece = &mut pieces[record];
        let kind = piece.record(self.order).kind();
        let (compression, compressed, size) = match kind {
            write::NUMBER => (write::COMPRESSION, write::COMPRESSED_SIZE, write::SIZE),
            spill::NUMBER => (spill::COMPRESSION, spill::COMPRESSED_SIZE, spill::SIZE),
            _ => return None,
        };
        let by = self.chance.of(&[0, 1, 2, 3, 4, 5, 14, 15, 15, 16, 17]);
        let all = piece.record(self.order).get(size);
        let length = self.chance.of(&[0, 512, 512, 516, all, all + 512]);
        piece.set(self.order, compression, by);
        piece.set(self.order, compressed, length);
        self.fit(piece);
        Some(self.mutant(record, kind, &format!("is compressed by {by} to {length}")))
    }

    /// An `OBJECT`, if there is one.
    fn any_object(&mut self, pieces: &[Piece]) -> Option<usize> {
        let is_object = |index: &usize| pieces[*index].record(self.order).kind() == object::NUMBER;
        let objects: Vec<usize> = (0..pieces.len()).filter(is_object).collect();
        objects.get(self.chance.below(objects.len())).copied()
    }

    /// Gives an object as many blocks as there can be, or one more, in a tree that is deep enough.
    fn deepen(&mut self, pieces: &mut [Piece]) -> Option<Mutant> {
        let record = self.any_object(pieces)?;
        let piece = &mut pieces[record];
        let block = piece.record(self.order).get(object::BLOCK_SIZE).max(1);
        let most = u64::MAX / block;
        let last = self.chance.of(&[most - 1, most, most.saturating_add(1), u64::MAX, 1 << 40]);
        for (field, value) in [(object::LEVELS, 12), (object::INDIRECT_SHIFT, 17), (object::LAST_BLOCK, last)] {
            piece.set(self.order, field, value);
        }
        Some(self.mutant(record, object::NUMBER, &format!("its last block is {last}")))
    }

    /// Changes an object and its data alike: its type, or how long its blocks are.
    fn object_and_data(&mut self, pieces: &mut [Piece]) -> Option<Mutant> {
        let order = self.order;
        let record = self.any_object(pieces)?;
        let number = pieces[record].record(order).get(object::OBJECT);
        let is_type = self.chance.percent(50);
        let value = if is_type {
            self.chance.below(256)
        } else {
            self.chance.of(&[512, 1024, 1 << 17, (1 << 17) + 512, 1 << 18])
        };
        let value = u64::try_from(value).unwrap_or(0);
        let field = if is_type { object::TYPE } else { object::BLOCK_SIZE };
        pieces[record].set(order, field, value);
        for piece in pieces.iter_mut().skip(record) {
            let (kind, is_its) = (piece.record(order).kind(), piece.record(order).get(write::OBJECT) == number);
            if kind == write::NUMBER && is_its {
                piece.set(order, if is_type { write::TYPE } else { write::SIZE }, value);
                self.fit(piece);
            }
        }
        Some(self.mutant(
            record,
            object::NUMBER,
            &format!("{} of it and its data becomes {value}", field.name),
        ))
    }

    /// Where and how long a block is, and how its bonus buffer.
    fn resize(&mut self, piece: &mut Piece, record: usize) -> Option<Mutant> {
        let kind = piece.record(self.order).kind();
        let (first, second) = match kind {
            object::NUMBER => (object::BONUS_LEN, object::RAW_BONUS_LEN),
            write::NUMBER => (write::OFFSET, write::SIZE),
            free::NUMBER => (free::OFFSET, free::LENGTH),
            embedded::NUMBER => (embedded::LOGICAL, embedded::SIZE),
            redact::NUMBER => (redact::OFFSET, redact::LENGTH),
            _ => return None,
        };
        let what = [self.set_somehow(piece, first), self.set_somehow(piece, second)].join(" and ");
        Some(self.mutant(record, kind, &what))
    }

    /// Records are dropped, repeated, moved, taken from another stream or made of others.
    fn records(&mut self, pieces: &mut Vec<Piece>, record: usize, other: &[Piece]) -> Option<Mutant> {
        let (order, kind) = (self.order, pieces[record].record(self.order).kind());
        let what = match self.chance.below(6) {
            0 => {
                drop(pieces.remove(record));
                "is dropped".to_owned()
            }
            1 => {
                pieces.insert(record, pieces[record].clone());
                "comes twice".to_owned()
            }
            2 => {
                let to = self.chance.below(pieces.len());
                let piece = pieces.remove(record);
                pieces.insert(to, piece);
                return Some(self.mutant(record.min(to), kind, &format!("moves from {record} to {to}")));
            }
            3 => {
                let piece = self.new_record(pieces, record);
                let kind = word(piece.record(order).kind());
                pieces.insert(record, piece);
                format!("a {kind} comes before it")
            }
            _ => {
                let mut piece = other.get(self.chance.below(other.len()))?.clone();
                let kind = piece.record(order).kind();
                let guid = pieces[record].record(order).guid().unwrap_or(0);
                if let Some(field) = fields(kind).iter().find(|field| field.name == "GUID") {
                    piece.set(order, *field, guid);
                }
                pieces.insert(record, piece);
                format!("{} of another stream comes before it", word(kind))
            }
        };
        Some(self.mutant(record, kind, &what))
    }

    /// A record of any type about what the one there is about.
    fn new_record(&mut self, pieces: &[Piece], record: usize) -> Piece {
        let order = self.order;
        let here = pieces[record].record(order);
        let number = here.get(write::OBJECT);
        let kind = u32::try_from(1 + self.chance.below(10)).unwrap_or(1);
        let mut piece = Piece {
            header: vec![0; 312],
            payload: Vec::new(),
        };
        piece.set(order, KIND, kind.into());
        for field in fields(kind) {
            let value = match field.name {
                "GUID" => here.guid().unwrap_or(0),
                "OBJECT" => number,
                "FIRST" => number / 32 * 32,
                "SLOTS" if kind == fields::range::NUMBER => 32,
                "COUNT" => 1,
                "LENGTH" | "SIZE" | "BLOCK_SIZE" => 1024,
                "TYPE" if kind != spill::NUMBER => 19,
                _ => continue,
            };
            piece.set(order, *field, value);
        }
        self.fit(&mut piece);
        piece
    }
}

/// Draws who receives the stream: mostly somebody who takes it.
#[must_use]
pub fn receiver(chance: &mut Chance, made: &Made) -> Receiver {
    let any = Receiver::any();
    match chance.below(21) {
        20 => any.of_type(chance.of(&[2, 3])),
        0 => Receiver::of(chance.of(&[Release::V2_0, Release::V2_1, Release::V2_2, Release::V2_3, Release::V2_4])),
        1 => any.between(made.from, made.to),
        2 => any.between(chance.of(&[made.from, None, Some(made.to), Some(7)]), chance.of(&[made.to, 7])),
        3 => any.raw_only(),
        4 => any.with_features(made.features.bits()),
        5 => any.with_features(made.features.without(Features::from_bits(1 << chance.below(30))).bits()),
        6 => any.with_block_limit(chance.of(&[512, 1024, 4095, 128 << 10, 1 << 20])),
        _ => any,
    }
}
