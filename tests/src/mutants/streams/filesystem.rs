//! I draw what there is of every filesystem: object 1, in which its version stands. Kernels look for that before they send it.

use zfs_rs::stream::ByteOrder;
use zfs_rs::stream::record::{Object, Write};

use super::Out;
use super::contents::{Hand, OTHER_ORDER};
use crate::plain::bytes::Order;

impl Hand<'_> {
    /// The object with the version.
    pub(super) fn filesystem(&mut self, range: &mut Option<u64>, out: &mut Out) {
        self.range_of(1, range, out);
        let master = self.part(1, 21, 512);
        out.put(master, &[]);
        let lies = if self.is_raw { self.lies() } else { 0 };
        let block = self.micro_zap(out.order, lies, "VERSION", 5);
        self.as_it_lies(&master, &block, lies, out);
    }

    /// An object without a bonus buffer, of one block where that has 512 bytes.
    pub(super) fn part(&mut self, number: u64, object_type: u32, block_size: u32) -> Object {
        let tree = match (self.is_raw, block_size) {
            (false, _) => (0, 0, 0),
            (true, 512) => (17, 1, 3),
            (true, _) => (17, 2, 3),
        };
        Object {
            object: number,
            object_type,
            block_size,
            dnode_slots: self.chance.of(&[0, 1]),
            to_guid: self.guid,
            indirect_block_shift: tree.0,
            levels: tree.1,
            block_pointers: tree.2,
            ..Object::default()
        }
    }

    /// The block of a ZAP with one number, in the order of the stream or as its flag says.
    pub(super) fn micro_zap(&mut self, order: ByteOrder, lies: u8, name: &str, number: u64) -> Vec<u8> {
        let order = match (order, lies) {
            (ByteOrder::Little, 0) | (ByteOrder::Big, OTHER_ORDER) => Order::Little,
            _ => Order::Big,
        };
        let mut block = vec![0; 512];
        order.write(&mut block[..8], 1 << 63 | 3);
        order.write(&mut block[8..16], self.chance.next());
        let entry = &mut block[64 * self.chance.of(&[1, 1, 1, 3])..][..64];
        order.write(&mut entry[..8], number);
        entry[14..14 + name.len()].copy_from_slice(name.as_bytes());
        block
    }

    /// Writes a block at 0 as it is.
    pub(super) fn as_it_lies(&mut self, object: &Object, block: &[u8], lies: u8, out: &mut Out) {
        let write = self.write(object, 0);
        let (compression, compressed_size) = if self.is_raw { (2, 512) } else { (0, 0) };
        let write = Write {
            flags: write.flags & 1 | lies,
            compression,
            compressed_size,
            ..write
        };
        out.put(write, block);
    }
}
