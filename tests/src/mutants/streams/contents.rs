//! I draw what is between a stream's first record and its last: objects in their order, and the data of each.

use zfs_rs::stream::record::{Free, FreeObjects, Object, ObjectRange, Redact, Spill, Write, WriteEmbedded};
use zfs_rs::stream::{Begin, BeginFlags, ByteOrder, Features, ObjsetType};

use super::{Out, Plan};
use crate::chance::Chance;

/// Who draws.
pub(super) struct Hand<'a> {
    pub(super) chance: &'a mut Chance,
    features: Features,
    pub(super) is_raw: bool,
    says_spill: bool,
    may_spill: bool,
    pub(super) guid: u64,
    /// Raw streams: the flags that say in which order bytes lie, this machine's or any.
    orders: Vec<u8>,
}

pub(super) fn draw(chance: &mut Chance, begin: &Begin, plan: &Plan, out: &mut Out) {
    let mut hand = Hand::new(chance, begin, out.order);
    let mut range = None;
    let mut next = 1;
    if begin.objset == ObjsetType::Volume {
        next = hand.volume(begin.from_guid.is_none(), plan.resumes, &mut range, out);
    } else if plan.resumes.is_none() {
        if hand.chance.percent(if begin.from_guid.is_none() { 90 } else { 20 }) {
            hand.filesystem(&mut range, out);
        }
        next = 2;
    }
    if let Some((object, offset)) = plan.resumes.filter(|(object, _)| *object >= next) {
        let block_size = hand.chance.of(&[512, 1024]);
        let begun = Object {
            block_size,
            ..hand.file(object, 1)
        };
        hand.goes_on(&begun, offset, out);
        next = object + 1;
    }
    let fills_in = plan.redact_from_snaps.is_some();
    for _ in 0..hand.chance.below(7) {
        if hand.chance.percent(30) {
            next = hand.frees(next, &mut range, out);
        }
        next += u64::try_from(hand.chance.of(&[0, 0, 0, 1, 3, 40])).unwrap_or(0);
        if fills_in && hand.chance.percent(30) {
            let object = hand.file(next, 1);
            hand.data(&object, 0, out);
            next += 1;
            continue;
        }
        let slots = hand.slots(&mut next);
        hand.range_of(next, &mut range, out);
        let object = hand.file(next, slots);
        hand.object(&object, out);
        next += u64::from(slots);
    }
}

/// What there has to be, and nothing else.
pub(super) fn root(chance: &mut Chance, begin: &Begin, out: &mut Out) {
    let mut hand = Hand::new(chance, begin, out.order);
    hand.orders.truncate(1);
    if begin.objset == ObjsetType::Volume {
        hand.volume(true, None, &mut None, out);
    } else {
        hand.filesystem(&mut None, out);
    }
}

impl<'a> Hand<'a> {
    fn new(chance: &'a mut Chance, begin: &Begin, order: ByteOrder) -> Self {
        let as_here = if order == ByteOrder::HOST { 0 } else { OTHER_ORDER };
        Self {
            orders: if chance.percent(80) {
                vec![as_here]
            } else {
                vec![as_here, as_here ^ OTHER_ORDER]
            },
            chance,
            features: begin.features,
            is_raw: begin.features.contains(Features::RAW),
            says_spill: begin.flags.contains(BeginFlags::SPILL_BLOCKS),
            may_spill: begin.features.contains(Features::SA_SPILL) && begin.objset == ObjsetType::Filesystem,
            guid: begin.to_guid,
        }
    }

    pub(super) fn has(&self, feature: Features) -> bool {
        self.features.contains(feature)
    }

    /// The flag of a raw block that says whether it lies in another order than the stream.
    pub(super) fn lies(&mut self) -> u8 {
        self.chance.of(&self.orders)
    }

    /// The rest of an object that an earlier stream began.
    pub(super) fn goes_on(&mut self, object: &Object, offset: u64, out: &mut Out) {
        let block = u64::from(object.block_size);
        for index in 0..u64::try_from(self.chance.below(3)).unwrap_or(0) {
            let write = self.write(object, offset.next_multiple_of(block) + index * block);
            out.fill(self.chance, write);
        }
    }

    /// Objects that are no more.
    fn frees(&mut self, next: u64, range: &mut Option<u64>, out: &mut Out) -> u64 {
        let count = u64::try_from(1 + self.chance.below(9)).unwrap_or(1);
        self.range_of(next, range, out);
        out.put(
            FreeObjects {
                first_object: next,
                count,
                to_guid: self.guid,
            },
            &[],
        );
        next + count
    }

    /// How large the next dnode is, and where: whole in a block of dnodes.
    fn slots(&mut self, next: &mut u64) -> u8 {
        let slots = if self.has(Features::LARGE_DNODE) {
            self.chance.of(&[1, 1, 2, 3, 8, 32])
        } else {
            1
        };
        if *next % 32 + u64::from(slots) > 32 {
            *next = next.next_multiple_of(32);
        }
        slots
    }

    /// Raw streams say how each block of dnodes was encrypted.
    pub(super) fn range_of(&mut self, object: u64, range: &mut Option<u64>, out: &mut Out) {
        let first = object / 32 * 32;
        if !self.is_raw || *range == Some(first) {
            return;
        }
        *range = Some(first);
        let record = ObjectRange {
            first_object: first,
            slots: 32,
            to_guid: self.guid,
            salt: self.chance.next().to_le_bytes(),
            iv: [3; 12],
            mac: [4; 16],
            flags: self.lies(),
            ..ObjectRange::default()
        };
        out.put(record, &[]);
    }

    /// An object's attributes.
    fn file(&mut self, number: u64, slots: u8) -> Object {
        let mut blocks = vec![512, 512, 1024, 1024, 4096, 3 * 512];
        if self.chance.percent(4) {
            blocks = if self.has(Features::LARGE_BLOCKS) {
                vec![1 << 18, 1 << 17]
            } else {
                vec![1 << 17]
            };
        }
        let has_spill = self.says_spill && self.may_spill && self.chance.percent(30);
        let room = u32::from(slots) * 512 - 64 - 128 - if has_spill { 128 } else { 0 };
        // System attributes as long as they may be, or short; a number or two in another bonus buffer; none.
        let (bonus_type, bonus_len) = match self.chance.below(4) {
            0 => (44, room),
            1 => (44, 64),
            2 => self.chance.of(&[(17, 264), (26, 8), (26, 72), (0xc3, 16)]),
            _ => (0, 0),
        };
        let mut object = Object {
            object: number,
            object_type: self.chance.of(&[19, 19, 19, 20, 21, 23, 24, 46, 0x80 | 0x40 | 4, 0x80]),
            bonus_type,
            block_size: self.chance.of(&blocks),
            bonus_len,
            checksum_type: self.chance.of(&[0, 0, 7, 13]),
            compression: self.chance.of(&[0, 15, 16]),
            dnode_slots: if slots == 1 { self.chance.of(&[0, 1]) } else { slots },
            flags: if has_spill { 4 } else { 0 },
            to_guid: self.guid,
            ..Object::default()
        };
        let bytes = u32::from(slots) * 512 - 64;
        // Only system attributes have spill blocks.
        if has_spill && object.bonus_type != 44 {
            (object.bonus_type, object.bonus_len) = (44, 64);
        }
        if self.is_raw {
            let pointers = if object.bonus_type == 44 {
                1
            } else {
                (1 + (bytes - 128 - object.bonus_len) / 128).min(3)
            };
            object.block_pointers = u8::try_from(pointers).unwrap_or(1);
            object.raw_bonus_len = if object.bonus_len == 0 {
                0
            } else {
                bytes - (pointers + u32::from(has_spill)) * 128
            };
            object.indirect_block_shift = 17;
            object.levels = self.chance.of(&[2, 3]);
            if object.block_size.is_power_of_two() {
                object.max_block_id = self.chance.of(&[0, 3, 20]);
            }
            object.flags |= self.lies();
        }
        object
    }

    /// An object, and all that is of it.
    fn object(&mut self, object: &Object, out: &mut Out) {
        out.fill(self.chance, *object);
        if self.chance.percent(80) {
            let free = Free {
                object: object.object,
                offset: u64::from(object.block_size) * 64,
                length: u64::MAX,
                to_guid: self.guid,
            };
            out.put(free, &[]);
        }
        let has_room = 64 + 128 + object.bonus_len + 128 <= 512 * u32::from(object.dnode_slots.max(1));
        let has_spill =
            object.flags & 4 != 0 || (!self.says_spill && self.may_spill && has_room && object.bonus_type == 44 && self.chance.percent(30));
        let is_first = self.chance.percent(50);
        if has_spill && is_first {
            self.spill(object, out);
        }
        self.data(object, 0, out);
        if has_spill && !is_first {
            self.spill(object, out);
        }
    }

    fn spill(&mut self, object: &Object, out: &mut Out) {
        let length = self.chance.of(&[512, 1024, 1536]);
        let mut spill = Spill {
            object: object.object,
            length,
            to_guid: self.guid,
            flags: if self.says_spill { self.chance.of(&[0, 4]) } else { 0 },
            ..Spill::default()
        };
        if self.is_raw {
            (spill.compression, spill.compressed_size) = self.chance.of(&[(2, length), (15, 512), (16, length)]);
            spill.object_type = 44;
            spill.flags |= self.lies();
            (spill.salt, spill.iv, spill.mac) = ([5; 8], [6; 12], [7; 16]);
        }
        out.fill(self.chance, spill);
    }

    /// Blocks, upwards: written, embedded, left out, free.
    pub(super) fn data(&mut self, object: &Object, first: u64, out: &mut Out) {
        let block = u64::from(object.block_size);
        // Where that is no power of two, there is one block.
        let is_one = !block.is_power_of_two();
        let most = if block > 4096 || is_one { 2 } else { 6 };
        let mut offset = first;
        for _ in 0..self.chance.below(most) {
            offset += if is_one { 0 } else { block * self.chance.of(&[0, 0, 0, 1, 2]) };
            offset += match self.chance.below(10) {
                0 => self.hole(object, offset, out),
                1 if self.has(Features::REDACTED) => self.left_out(object, offset, out),
                2 | 3 if self.has(Features::EMBED_DATA) && !self.is_raw => self.embed(object, offset, out),
                4 if block == 1 << 17 && !self.has(Features::LARGE_BLOCKS) && !self.is_raw => self.piece(object, offset, out),
                _ => {
                    let write = self.write(object, offset);
                    out.fill(self.chance, write);
                    block
                }
            };
        }
    }

    fn hole(&mut self, object: &Object, offset: u64, out: &mut Out) -> u64 {
        let length = u64::from(object.block_size) * self.chance.of(&[1, 2, 5]);
        let free = Free {
            object: object.object,
            offset,
            length,
            to_guid: self.guid,
        };
        out.put(free, &[]);
        length
    }

    fn left_out(&mut self, object: &Object, offset: u64, out: &mut Out) -> u64 {
        let length = u64::from(object.block_size) * self.chance.of(&[1, 3]);
        let redact = Redact {
            object: object.object,
            offset,
            length,
            to_guid: self.guid,
        };
        out.put(redact, &[]);
        length
    }

    /// The last piece of a large block that is sent as small ones.
    fn piece(&mut self, object: &Object, offset: u64, out: &mut Out) -> u64 {
        let write = Write {
            logical_size: 1 << 16,
            compression: 0,
            compressed_size: 0,
            ..self.write(object, offset)
        };
        out.fill(self.chance, write);
        1 << 17
    }

    fn embed(&mut self, object: &Object, offset: u64, out: &mut Out) -> u64 {
        let embedded = WriteEmbedded {
            object: object.object,
            offset,
            length: object.block_size.into(),
            to_guid: self.guid,
            compression: self.algorithm(),
            logical_size: object.block_size,
            physical_size: self.chance.of(&[1, 30, 111, 112]),
            ..WriteEmbedded::default()
        };
        out.fill(self.chance, embedded);
        object.block_size.into()
    }

    /// A way to compress that the stream announces.
    fn algorithm(&mut self) -> u8 {
        let mut known = vec![3, 5, 9, 13, 14];
        known.extend(self.has(Features::LZ4).then_some(15));
        known.extend(self.has(Features::ZSTD).then_some(16));
        self.chance.of(&known)
    }

    pub(super) fn write(&mut self, object: &Object, offset: u64) -> Write {
        let size = u64::from(object.block_size);
        let mut write = Write {
            object: object.object,
            object_type: object.object_type,
            offset,
            logical_size: size,
            to_guid: self.guid,
            checksum_type: self.chance.of(&[7, 8, 2]),
            flags: self.chance.of(&[0, 1]),
            key_properties: self.chance.next(),
            ..Write::default()
        };
        let is_data = matches!(object.object_type, 19 | 23 | 0x80);
        let sizes = if size > 4096 { vec![512] } else { vec![512, size] };
        if self.is_raw && self.chance.percent(30) && size <= 4096 {
            (write.compression, write.compressed_size) = (2, size);
        } else if self.is_raw || (is_data && self.has(Features::COMPRESSED) && (size > 4096 || self.chance.percent(60))) {
            (write.compression, write.compressed_size) = (self.algorithm(), self.chance.of(&sizes));
        }
        if self.is_raw {
            write.flags |= self.lies();
            (write.salt, write.iv, write.mac) = ([1; 8], [2; 12], [3; 16]);
        }
        write
    }
}

/// A flag of records in raw streams.
pub(super) const OTHER_ORDER: u8 = 2;
