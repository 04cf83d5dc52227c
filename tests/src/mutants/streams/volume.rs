//! I draw what there is of every volume: its data, object 1, and its size, in object 2.

use zfs_rs::stream::ByteOrder;
use zfs_rs::stream::Features;
use zfs_rs::stream::record::{Free, Object, Redact, Write, WriteEmbedded};

use super::Out;
use super::contents::Hand;
use crate::plain::bytes::Order;

impl Hand<'_> {
    /// All of it in a full stream, some of it in an increment; says which object is next.
    pub(super) fn volume(&mut self, is_full: bool, resumes: Option<(u64, u64)>, range: &mut Option<u64>, out: &mut Out) -> u64 {
        let (first, offset) = resumes.unwrap_or((0, 0));
        if first > 2 {
            return 3;
        }
        if first == 1 {
            self.goes_on(1, offset, out);
        }
        self.range_of(1, range, out);
        if first == 0 && (is_full || self.chance.percent(60)) {
            let block_size = self.chance.of(&[512, 4096, 8192]);
            let data = self.part(1, block_size);
            out.fill(self.chance, data);
            self.data(&data, 0, out);
        }
        let is_told = first < 2 && (is_full || self.chance.percent(60));
        if is_told {
            out.put(self.part(2, 512), &[]);
        }
        let is_there = (first, offset) <= (2, 0) && (is_told || first == 2) && (is_full || self.chance.percent(50));
        if is_there {
            self.size(out);
        }
        if self.chance.percent(60) {
            self.behind(out);
        }
        3
    }

    fn part(&mut self, number: u64, block_size: u32) -> Object {
        let tree = if self.is_raw {
            (17, if number == 1 { 2 } else { 1 }, 3)
        } else {
            (0, 0, 0)
        };
        Object {
            object: number,
            object_type: if number == 1 { 23 } else { 24 },
            block_size,
            dnode_slots: self.chance.of(&[0, 1]),
            to_guid: self.guid,
            indirect_block_shift: tree.0,
            levels: tree.1,
            block_pointers: tree.2,
            ..Object::default()
        }
    }

    /// The block that says the size, embedded now and then, in the other order now and then where it is as it lies on disk.
    fn size(&mut self, out: &mut Out) {
        let is_other = self.is_raw && self.chance.percent(30);
        let order = match (out.order, is_other) {
            (ByteOrder::Little, false) | (ByteOrder::Big, true) => Order::Little,
            _ => Order::Big,
        };
        let mut block = vec![0; 512];
        order.write(&mut block[..8], 1 << 63 | 3);
        order.write(&mut block[8..16], self.chance.next());
        let entry = &mut block[64 * self.chance.of(&[1, 1, 1, 3])..][..64];
        order.write(&mut entry[..8], self.chance.next() >> 20 & !0xfff);
        entry[14..18].copy_from_slice(b"size");
        if self.has(Features::EMBED_DATA) && self.has(Features::LZ4) && !self.is_raw && self.chance.percent(50) {
            let packed = lz4_flex::block::compress(&block);
            let length = u32::try_from(packed.len()).expect("a length");
            let mut payload = [&length.to_be_bytes(), packed.as_slice()].concat();
            let embedded = WriteEmbedded {
                object: 2,
                length: 512,
                to_guid: self.guid,
                compression: 15,
                logical_size: 512,
                physical_size: 4 + length,
                ..WriteEmbedded::default()
            };
            payload.resize(payload.len().next_multiple_of(8), 0);
            out.put(embedded, &payload);
            return;
        }
        let of = self.part(2, 512);
        let write = self.write(&of, 0);
        let (compression, compressed_size) = if self.is_raw { (2, 512) } else { (0, 0) };
        let write = Write {
            flags: write.flags & 1 | u8::from(is_other) << 1,
            compression,
            compressed_size,
            ..write
        };
        out.put(write, &block);
    }

    /// Nothing, said as kernels say it.
    fn behind(&mut self, out: &mut Out) {
        let free = Free {
            object: 2,
            offset: 512,
            length: self.chance.of(&[512, 1024, u64::MAX]),
            to_guid: self.guid,
        };
        out.put(free, &[]);
        if self.has(Features::REDACTED) {
            let redact = Redact {
                object: 2,
                offset: 512,
                length: 512,
                to_guid: self.guid,
            };
            out.put(redact, &[]);
        }
    }
}
