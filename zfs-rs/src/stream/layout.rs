//! I am how each record's fields lie in its 304 bytes: one table, read and written in both byte orders.
//!
//! Authority: `dmu_replay_record` in `include/sys/zfs_ioctl.h`, the same from OpenZFS 2.0 to 2.4.

use zerocopy::byteorder::{BE, LE, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::ByteOrder;
use super::fletcher::Checksum;
use super::inspect::{Listed, Value};

/// A field as it lies in the record, in the order `O`.
trait Field<T> {
    fn load(&self) -> T;
    fn store(&mut self, value: T);
}

impl<O: zerocopy::ByteOrder> Field<u64> for U64<O> {
    fn load(&self) -> u64 {
        self.get()
    }

    fn store(&mut self, value: u64) {
        self.set(value);
    }
}

impl<O: zerocopy::ByteOrder> Field<u32> for U32<O> {
    fn load(&self) -> u32 {
        self.get()
    }

    fn store(&mut self, value: u32) {
        self.set(value);
    }
}

impl<O: zerocopy::ByteOrder> Field<Checksum> for [U64<O>; 4] {
    fn load(&self) -> Checksum {
        Checksum(self.map(U64::get))
    }

    fn store(&mut self, value: Checksum) {
        *self = value.0.map(U64::new);
    }
}

impl<T: Copy> Field<T> for T
where
    T: Bytes,
{
    fn load(&self) -> T {
        *self
    }

    fn store(&mut self, value: T) {
        *self = value;
    }
}

/// What no byte order touches.
trait Bytes {}
impl Bytes for u8 {}
impl<const N: usize> Bytes for [u8; N] {}

/// The type a field has in the record.
macro_rules! wire {
    (u64) => { U64<O> };
    (u32) => { U32<O> };
    (Checksum) => { [U64<O>; 4] };
    ($plain:ty) => { $plain };
}

macro_rules! records {
    ($(
        $(#[$doc:meta])*
        $vis:vis $name:ident($size:literal bytes as $raw:ident) { $($(#[$field_doc:meta])* $field:ident: $type:tt,)* }
    )*) => {$(
        $(#[$doc])*
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        $vis struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        #[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
        #[repr(C)]
        struct $raw<O: zerocopy::ByteOrder> {
            $($field: wire!($type),)*
        }

        const _: () = assert!(size_of::<$raw<LE>>() == $size && size_of::<$raw<BE>>() == $size);

        impl<O: zerocopy::ByteOrder> $raw<O> {
            fn load(&self) -> $name {
                $name { $($field: self.$field.load(),)* }
            }

            fn store(&mut self, value: &$name) {
                $(self.$field.store(value.$field);)*
            }
        }

        impl Listed for $name {
            fn list<'a>(&'a self, each: &mut dyn FnMut(&'static str, Value<'a>)) {
                $(each(stringify!($field), (&self.$field).into());)*
            }
        }

        impl $name {
            /// Bytes that the fields take in the record's body.
            pub(super) const SIZE: usize = $size;

            /// Reads the fields from the start of a record's body; nothing where it is too short.
            pub(super) fn load(body: &[u8], order: ByteOrder) -> Option<Self> {
                match order {
                    ByteOrder::Little => $raw::<LE>::ref_from_prefix(body).ok().map(|(raw, _)| raw.load()),
                    ByteOrder::Big => $raw::<BE>::ref_from_prefix(body).ok().map(|(raw, _)| raw.load()),
                }
            }

            /// Writes the fields to the start of a record's body.
            pub(super) fn store(&self, body: &mut [u8], order: ByteOrder) {
                match order {
                    ByteOrder::Little => if let Ok((raw, _)) = $raw::<LE>::mut_from_prefix(body) { raw.store(self) },
                    ByteOrder::Big => if let Ok((raw, _)) = $raw::<BE>::mut_from_prefix(body) { raw.store(self) },
                }
            }
        }
    )*};
}

/// The bytes of a salt.
type Salt = [u8; 8];
/// The bytes of an initialisation vector.
type Iv = [u8; 12];
/// The bytes of a message authentication code.
type Mac = [u8; 16];
type Pad3 = [u8; 3];
type Pad4 = [u8; 4];
type Pad5 = [u8; 5];
type Pad6 = [u8; 6];

records! {
    /// The first record's fields as they lie; `Begin` says what they mean.
    pub(super) RawBegin(48 bytes as BeginLayout) {
        /// Tells a stream from other bytes, and its byte order.
        magic: u64,
        /// Kind of stream and features.
        version_info: u64,
        /// Seconds since 1970.
        creation_time: u64,
        /// Type of the dataset.
        objset_type: u32,
        /// What a receiver may ignore.
        flags: u32,
        /// GUID of the snapshot sent.
        to_guid: u64,
        /// GUID of the snapshot or bookmark it starts from, or 0.
        from_guid: u64,
    }

    /// Creates an object, or gives an existing one new attributes. Its bonus buffer is the payload.
    pub Object(56 bytes as ObjectLayout) {
        /// The object's number.
        object: u64,
        /// The type of its contents.
        object_type: u32,
        /// The type of its bonus buffer; 0 for none.
        bonus_type: u32,
        /// Bytes of a block.
        block_size: u32,
        /// Bytes of the bonus buffer.
        bonus_len: u32,
        /// Checksum algorithm of the object's blocks.
        checksum_type: u8,
        /// Compression of the object's blocks.
        compression: u8,
        /// Slots of 512 bytes its dnode takes.
        dnode_slots: u8,
        /// Bit 1: raw and in the other byte order; bit 2: a spill block exists.
        flags: u8,
        /// Bytes of the bonus buffer as encrypted on disk; 0 in plain streams.
        raw_bonus_len: u32,
        /// GUID of the snapshot sent.
        to_guid: u64,
        /// Raw streams: size of indirect blocks as a power of two.
        indirect_block_shift: u8,
        /// Raw streams: levels of the block tree.
        levels: u8,
        /// Raw streams: block pointers in the dnode.
        block_pointers: u8,
        /// Reserved.
        reserved: Pad5,
        /// Raw streams: number of the last block.
        max_block_id: u64,
    }

    /// Frees a range of objects.
    pub FreeObjects(24 bytes as FreeObjectsLayout) {
        /// The first object to free.
        first_object: u64,
        /// How many objects to free.
        count: u64,
        /// GUID of the snapshot sent.
        to_guid: u64,
    }

    /// Writes a block, which is the payload.
    pub Write(132 bytes as WriteLayout) {
        /// The object's number.
        object: u64,
        /// The type of its contents.
        object_type: u32,
        /// Reserved.
        reserved: Pad4,
        /// Where in the object, in bytes.
        offset: u64,
        /// Bytes of the block once decompressed.
        logical_size: u64,
        /// GUID of the snapshot sent.
        to_guid: u64,
        /// Algorithm of `key`.
        checksum_type: u8,
        /// Bit 0: `key` may be used for deduplication; bit 1: raw and in the other byte order.
        flags: u8,
        /// Compression of the payload; 0 where it is not sent as compressed on disk.
        compression: u8,
        /// Reserved.
        reserved2: Pad5,
        /// Checksum of the block, for deduplication.
        key: Checksum,
        /// Sizes and compression belonging to `key`.
        key_properties: u64,
        /// Bytes of the payload where `compression` is not 0.
        compressed_size: u64,
        /// Raw streams: salt of the block's key.
        salt: Salt,
        /// Raw streams: initialisation vector.
        iv: Iv,
        /// Raw streams: authentication code.
        mac: Mac,
    }

    /// Frees a range of bytes of an object.
    pub Free(32 bytes as FreeLayout) {
        /// The object's number.
        object: u64,
        /// Where in the object, in bytes.
        offset: u64,
        /// Bytes to free; `u64::MAX` for all to the end.
        length: u64,
        /// GUID of the snapshot sent.
        to_guid: u64,
    }

    /// Ends a stream.
    pub End(40 bytes as EndLayout) {
        /// The running checksum of all before this record.
        checksum: Checksum,
        /// GUID of the snapshot sent.
        to_guid: u64,
    }

    /// Writes a block that the stream carried before. OpenZFS 2.0 and later do not receive it.
    pub WriteByRef(104 bytes as WriteByRefLayout) {
        /// The object's number.
        object: u64,
        /// Where in the object, in bytes.
        offset: u64,
        /// Bytes to write.
        length: u64,
        /// GUID of the snapshot sent.
        to_guid: u64,
        /// GUID of the snapshot that has the block.
        ref_guid: u64,
        /// The object there.
        ref_object: u64,
        /// The place there, in bytes.
        ref_offset: u64,
        /// Algorithm of `key`.
        checksum_type: u8,
        /// As in `Write`.
        flags: u8,
        /// Reserved.
        reserved: Pad6,
        /// Checksum of the block.
        key: Checksum,
        /// Sizes and compression belonging to `key`.
        key_properties: u64,
    }

    /// Writes an object's spill block, which is the payload.
    pub Spill(80 bytes as SpillLayout) {
        /// The object's number.
        object: u64,
        /// Bytes of the block once decompressed.
        length: u64,
        /// GUID of the snapshot sent.
        to_guid: u64,
        /// Bit 1: raw and in the other byte order; bit 2: unmodified, sent for old receivers.
        flags: u8,
        /// Compression of the payload.
        compression: u8,
        /// Reserved.
        reserved: Pad6,
        /// Bytes of the payload where not 0.
        compressed_size: u64,
        /// Raw streams: salt of the block's key.
        salt: Salt,
        /// Raw streams: initialisation vector.
        iv: Iv,
        /// Raw streams: authentication code.
        mac: Mac,
        /// Raw streams: the type of the contents.
        object_type: u32,
    }

    /// Writes a block so small that its pointer holds it, as the payload padded to 8 bytes.
    pub WriteEmbedded(48 bytes as WriteEmbeddedLayout) {
        /// The object's number.
        object: u64,
        /// Where in the object, in bytes.
        offset: u64,
        /// Bytes of the block in the object.
        length: u64,
        /// GUID of the snapshot sent.
        to_guid: u64,
        /// Compression of the payload.
        compression: u8,
        /// Kind of embedded block.
        embedded_type: u8,
        /// Reserved.
        reserved: Pad6,
        /// Bytes of the payload once decompressed.
        logical_size: u32,
        /// Bytes of the payload without padding.
        physical_size: u32,
    }

    /// Raw streams: how the dnodes of a range of objects were encrypted.
    pub ObjectRange(64 bytes as ObjectRangeLayout) {
        /// The first object of the range.
        first_object: u64,
        /// Dnode slots of the range.
        slots: u64,
        /// GUID of the snapshot sent.
        to_guid: u64,
        /// Salt of the dnode block's key.
        salt: Salt,
        /// Initialisation vector.
        iv: Iv,
        /// Authentication code.
        mac: Mac,
        /// Bit 1: in the other byte order.
        flags: u8,
        /// Reserved.
        reserved: Pad3,
    }

    /// Marks a range of bytes of an object as left out.
    pub Redact(32 bytes as RedactLayout) {
        /// The object's number.
        object: u64,
        /// Where in the object, in bytes.
        offset: u64,
        /// Bytes left out.
        length: u64,
        /// GUID of the snapshot sent.
        to_guid: u64,
    }
}
