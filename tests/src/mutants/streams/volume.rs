//! I draw what there is of every volume: its data, object 1, and its size, in object 2.

use zfs_rs::stream::record::{Free, Redact, WriteEmbedded};
use zfs_rs::stream::{ByteOrder, Features};

use super::Out;
use super::contents::{Hand, OTHER_ORDER};

impl Hand<'_> {
    /// All of it in a full stream, some of it in an increment; says which object is next.
    pub(super) fn volume(&mut self, is_full: bool, resumes: Option<(u64, u64)>, range: &mut Option<u64>, out: &mut Out) -> u64 {
        let (first, offset) = resumes.unwrap_or((0, 0));
        if first > 2 {
            return 3;
        }
        if first == 1 {
            let block_size = self.chance.of(&[512, 1024]);
            let data = self.part(1, 23, block_size);
            self.goes_on(&data, offset, out);
        }
        self.range_of(1, range, out);
        if first == 0 && (is_full || self.chance.percent(60)) {
            let block_size = self.chance.of(&[512, 4096, 8192]);
            let data = self.part(1, 23, block_size);
            out.fill(self.chance, data);
            self.data(&data, 0, out);
        }
        let is_told = first < 2 && (is_full || self.chance.percent(60));
        if is_told {
            out.put(self.part(2, 24, 512), &[]);
        }
        let is_there = (first, offset) <= (2, 0) && (is_told || first == 2) && (is_full || self.chance.percent(50));
        if is_there {
            self.size(out);
        }
        if (is_told || first == 2) && self.chance.percent(60) {
            self.behind(out);
        }
        3
    }

    /// The block that says the size, embedded now and then.
    fn size(&mut self, out: &mut Out) {
        let size = self.chance.next() >> 20 & !0xfff;
        // Raw, it lies as this machine has it.
        let lies = if self.is_raw && out.order != ByteOrder::HOST {
            OTHER_ORDER
        } else {
            0
        };
        let block = self.micro_zap(out.order, lies, "size", size);
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
        let of = self.part(2, 24, 512);
        self.as_it_lies(&of, &block, lies, out);
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
                offset: 1536,
                length: 512,
                to_guid: self.guid,
            };
            out.put(redact, &[]);
        }
    }
}
