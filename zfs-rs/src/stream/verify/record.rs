//! I hold each record to what it may say by itself, in a stream that began as this one did.

use super::begin::blank;
use super::breach::{Found, Wrong, field};
use super::profile::CHECKSUMS;
use super::types::{NONE, SYSTEM_ATTRIBUTES, ZNODE, bonus, contents, is_metadata};
use super::{Profile, Rule};
use crate::stream::record::{
    BODY, CHECKSUM_AT, Free, FreeObjects, Object, ObjectRange, Record, Redact, Spill, Write, WriteByRef, WriteEmbedded,
};
use crate::stream::{Begin, BeginFlags, ByteOrder, Features, ObjsetType, RecordBytes};

/// What a record is held to: its stream's `BEGIN` and the receiver.
#[derive(Clone, Copy)]
pub(super) struct Court<'a> {
    pub(super) begin: &'a Begin,
    pub(super) order: ByteOrder,
    pub(super) profile: &'a Profile,
}

impl Court<'_> {
    /// Holds one record to the rules.
    pub(super) fn record(self, record: &Record, header: &RecordBytes) -> Result<(), Found> {
        blank(Rule::RecordLength, "frame", header, LENGTH_AT, BODY)?;
        let fields_end = BODY.saturating_add(record.fields_len());
        blank(Rule::RecordFiller, "filler", header, fields_end, CHECKSUM_AT)?;
        let pad = |reserved: &[u8]| blank(Rule::RecordPad, "reserved field", reserved, 0, reserved.len());
        match record {
            Record::Object(object) => pad(&object.reserved).and_then(|()| self.object(object)),
            Record::Write(write) => pad(&write.reserved)
                .and_then(|()| pad(&write.reserved2))
                .and_then(|()| self.write(write)),
            Record::Spill(spill) => pad(&spill.reserved).and_then(|()| self.spill(spill)),
            Record::WriteEmbedded(write) => pad(&write.reserved).and_then(|()| self.embedded(write)),
            Record::ObjectRange(range) => pad(&range.reserved).and_then(|()| self.range(range)),
            Record::FreeObjects(free) => free_objects(free),
            Record::Free(free) => free_bytes(free),
            Record::Redact(redact) => self.redact(redact),
            Record::WriteByRef(write) => Err(by_ref(write)),
            Record::Begin(_) | Record::End(_) => Ok(()),
        }
    }

    fn object(self, object: &Object) -> Result<(), Found> {
        number(object.object)?;
        contents(object.object_type, "type")?;
        bonus(object.bonus_type)?;
        self.block("block size", object.block_size.into(), true)?;
        let sum = field(Rule::Checksum, "checksum algorithm", object.checksum_type);
        sum.at_most(self.profile.checksums.saturating_sub(1))?;
        sum.must(!IN_THE_BLOCK.contains(&object.checksum_type), Wrong::Refused)?;
        field(Rule::Compression, "compression", object.compression).at_most(ZSTD)?;
        let has_bonus = object.bonus_type != NONE;
        field(Rule::BonusPair, "bonus length", object.bonus_len).must(
            (object.bonus_len > 0) == has_bonus,
            if has_bonus { Wrong::Below(1) } else { Wrong::Exceeds(0) },
        )?;
        if object.bonus_type == ZNODE {
            field(Rule::BonusAttributes, "bonus length", object.bonus_len).at_least(ZNODE_LEN)?;
        }
        self.slots(object)?;
        let flags = field(Rule::RecordFlags, "flags", object.flags);
        flags.only_bits(if self.raw() { RAW_BYTE_ORDER | SPILL } else { SPILL })?;
        self.lies(object.flags)?;
        let announced = self.begin.flags.contains(BeginFlags::SPILL_BLOCKS);
        let spills = u64::from(object.flags) & SPILL != 0;
        field(Rule::SpillFlag, "flags", object.flags).must(announced || !spills, Wrong::Unannounced)?;
        if spills {
            field(Rule::SpillFlag, "flags", object.flags).must(self.begin.objset == ObjsetType::Filesystem, Wrong::Refused)?;
            field(Rule::SpillFlag, "type of the bonus buffer", object.bonus_type).is(SYSTEM_ATTRIBUTES.into())?;
        }
        field(Rule::BonusLength, "bonus length", object.bonus_len).at_most(bonus_room(object))?;
        if self.raw() { raw_object(object) } else { plain_object(object) }
    }

    fn slots(self, object: &Object) -> Result<(), Found> {
        let slots = field(Rule::DnodeSlots, "slots", object.dnode_slots);
        slots.at_most(BLOCK_OF_DNODES)?;
        if object.dnode_slots > 1 {
            slots.must(self.has(Features::LARGE_DNODE), Wrong::Needs(Features::LARGE_DNODE))?;
        }
        let room = BLOCK_OF_DNODES.saturating_sub(object.object % BLOCK_OF_DNODES);
        slots.at_most(room)?;
        Ok(())
    }

    fn write(self, write: &Write) -> Result<(), Found> {
        number(write.object)?;
        contents(write.object_type, "type")?;
        self.block("logical size", write.logical_size, true)?;
        self.place(write.offset, write.logical_size)?;
        field(Rule::Checksum, "checksum algorithm", write.checksum_type).at_most(CHECKSUMS.saturating_sub(1))?;
        let flags = field(Rule::RecordFlags, "flags", write.flags);
        flags.only_bits(if self.raw() { DEDUP_KEY | RAW_BYTE_ORDER } else { DEDUP_KEY })?;
        self.lies(write.flags)?;
        let compression = field(Rule::Compression, "compression", write.compression);
        if self.raw() {
            compression.at_least(OFF)?;
        } else {
            plain_crypto(&write.salt, &write.iv, &write.mac)?;
        }
        if write.compression == 0 {
            field(Rule::CompressedSize, "compressed size", write.compressed_size).is(0)?;
            return Ok(());
        }
        compression.must(
            self.raw() && u64::from(write.compression) == OFF || is_algorithm(write.compression),
            Wrong::Unknown,
        )?;
        let feature = field(Rule::CompressionFeature, "compression", write.compression);
        feature.must(self.has(Features::COMPRESSED), Wrong::Needs(Features::COMPRESSED))?;
        self.announced(write.compression)?;
        if !self.raw() {
            field(Rule::MetadataCompressed, "type", write.object_type).must(!is_metadata(write.object_type), Wrong::Refused)?;
        }
        compressed_size(write.compression, write.compressed_size, write.logical_size)
    }

    fn spill(self, spill: &Spill) -> Result<(), Found> {
        number(spill.object)?;
        let feature = field(Rule::SpillFeature, "object", spill.object);
        feature.must(self.has(Features::SA_SPILL), Wrong::Needs(Features::SA_SPILL))?;
        feature.must(self.begin.objset == ObjsetType::Filesystem, Wrong::Refused)?;
        self.block("length", spill.length, true)?;
        let is_type = spill.object_type == NONE || spill.object_type == SYSTEM_ATTRIBUTES;
        field(Rule::SpillType, "type", spill.object_type).must(is_type, Wrong::Unknown)?;
        let flags = field(Rule::RecordFlags, "flags", spill.flags);
        flags.only_bits(if self.raw() { RAW_BYTE_ORDER | UNMODIFIED } else { UNMODIFIED })?;
        self.lies(spill.flags)?;
        let announced = self.begin.flags.contains(BeginFlags::SPILL_BLOCKS);
        let unmodified = u64::from(spill.flags) & UNMODIFIED != 0;
        field(Rule::SpillFlag, "flags", spill.flags).must(announced || !unmodified, Wrong::Unannounced)?;
        if self.raw() {
            let known = u64::from(spill.compression) == OFF || is_algorithm(spill.compression);
            field(Rule::Compression, "compression", spill.compression).must(known, Wrong::Unknown)?;
            compressed_size(spill.compression, spill.compressed_size, spill.length)
        } else {
            plain_crypto(&spill.salt, &spill.iv, &spill.mac)?;
            field(Rule::SpillCompression, "compression", spill.compression).is(0)?;
            field(Rule::CompressedSize, "compressed size", spill.compressed_size).is(0)?;
            Ok(())
        }
    }

    fn embedded(self, write: &WriteEmbedded) -> Result<(), Found> {
        number(write.object)?;
        let feature = field(Rule::EmbeddedFeature, "object", write.object);
        feature.must(self.has(Features::EMBED_DATA), Wrong::Needs(Features::EMBED_DATA))?;
        feature.must(!self.raw(), Wrong::Contradicts(Features::RAW))?;
        self.block("length", write.length, false)?;
        self.place(write.offset, write.length)?;
        field(Rule::Compression, "compression", write.compression).must(is_algorithm(write.compression), Wrong::Unknown)?;
        self.announced(write.compression)?;
        field(Rule::EmbeddedKind, "kind", write.embedded_type).is(0)?;
        field(Rule::EmbeddedSize, "physical size", write.physical_size)
            .at_least(1)?
            .at_most(EMBEDDED_MAX)?;
        field(Rule::EmbeddedSize, "logical size", write.logical_size).is(write.length)?;
        Ok(())
    }

    fn redact(self, redact: &Redact) -> Result<(), Found> {
        number(redact.object)?;
        let length = field(Rule::RedactFeature, "length", redact.length);
        length
            .must(self.has(Features::REDACTED), Wrong::Needs(Features::REDACTED))?
            .at_least(1)?;
        // A kernel frees these bytes as it does those of a FREE, where that length means more.
        field(Rule::Extent, "length", redact.length).at_most(u64::MAX - 1)?;
        extent(redact.offset, redact.length)?;
        gap(redact.offset, redact.length)
    }

    fn range(self, range: &ObjectRange) -> Result<(), Found> {
        field(Rule::RangeRaw, "first object", range.first_object).must(self.raw(), Wrong::Needs(Features::RAW))?;
        field(Rule::RangeShape, "slots", range.slots).is(BLOCK_OF_DNODES)?;
        field(Rule::RangeShape, "first object", range.first_object)
            .multiple_of(BLOCK_OF_DNODES)?
            .at_most(OBJECTS.saturating_sub(BLOCK_OF_DNODES))?;
        field(Rule::RecordFlags, "flags", range.flags).only_bits(RAW_BYTE_ORDER)?;
        self.lies(range.flags)
    }

    fn block(self, name: &'static str, size: u64, limited: bool) -> Result<(), Found> {
        field(Rule::BlockSize, name, size)
            .at_least(SECTOR)?
            .at_most(self.profile.block_limit)?
            .multiple_of(SECTOR)?;
        if limited && size > SMALL_BLOCK {
            let large = field(Rule::LargeBlock, name, size);
            large.must(self.has(Features::LARGE_BLOCKS), Wrong::Needs(Features::LARGE_BLOCKS))?;
        }
        Ok(())
    }

    fn place(self, offset: u64, length: u64) -> Result<(), Found> {
        field(Rule::Offset, "offset", offset).multiple_of(SECTOR)?;
        extent(offset, length)?;
        if self.begin.objset == ObjsetType::Filesystem {
            field(Rule::Extent, "offset", offset).at_most(FILE_END.saturating_sub(length))?;
        }
        Ok(())
    }

    /// The features that announce single algorithms.
    fn announced(self, compression: u8) -> Result<(), Found> {
        let feature = Features::of_compression(compression);
        field(Rule::CompressionFeature, "compression", compression).must(self.has(feature), Wrong::Needs(feature))?;
        Ok(())
    }

    /// Raw bytes for a kernel lie in its own order.
    fn lies(self, flags: u8) -> Result<(), Found> {
        if self.raw() && !self.profile.foreign_order {
            field(Rule::RawOrder, "flags", flags).must(order_of_raw(self.order, flags) == ByteOrder::HOST, Wrong::Refused)?;
        }
        Ok(())
    }

    const fn has(self, features: Features) -> bool {
        self.begin.features.contains(features)
    }

    const fn raw(self) -> bool {
        self.has(Features::RAW)
    }
}

/// The order in which raw bytes lie, in a stream of this order and by the flags of their record.
pub(super) fn order_of_raw(stream: ByteOrder, flags: u8) -> ByteOrder {
    if u64::from(flags) & RAW_BYTE_ORDER != 0 {
        stream.other()
    } else {
        stream
    }
}

fn plain_object(object: &Object) -> Result<(), Found> {
    let is_zero = |name, value: u64| field(Rule::ObjectPlain, name, value).is(0).map(drop);
    is_zero("raw bonus length", object.raw_bonus_len.into())?;
    is_zero("shift of indirect blocks", object.indirect_block_shift.into())?;
    is_zero("levels", object.levels.into())?;
    is_zero("block pointers", object.block_pointers.into())?;
    is_zero("last block", object.max_block_id)
}

fn raw_object(object: &Object) -> Result<(), Found> {
    let room = if object.bonus_type == NONE { 0 } else { bonus_room(object) };
    field(Rule::RawBonus, "raw bonus length", object.raw_bonus_len).is(room)?;
    let pointers = block_pointers(object);
    field(Rule::RawPointers, "block pointers", object.block_pointers).is(pointers)?;
    field(Rule::RawIndirect, "shift of indirect blocks", object.indirect_block_shift).is(17)?;
    let levels = field(Rule::RawLevels, "levels", object.levels);
    levels.at_least(1)?.at_most(12)?;
    // An indirect block is full of pointers of 128 bytes.
    let shift_per_level = u32::from(object.indirect_block_shift).saturating_sub(7);
    let shift = shift_per_level.saturating_mul(u32::from(object.levels).saturating_sub(1));
    levels.must(shift < u64::BITS, Wrong::Refused)?;
    let below_top = object.max_block_id.wrapping_shr(shift);
    levels.must(below_top < pointers, Wrong::Below(u64::from(object.levels).saturating_add(1)))?;
    let end = object
        .max_block_id
        .checked_add(1)
        .and_then(|blocks| blocks.checked_mul(object.block_size.into()));
    let last = field(Rule::RawLastBlock, "last block", object.max_block_id).must(end.is_some(), Wrong::Wraps)?;
    if !object.block_size.is_power_of_two() {
        last.is(0)?;
    }
    Ok(())
}

fn free_objects(free: &FreeObjects) -> Result<(), Found> {
    field(Rule::FreeObjectsRange, "count", free.count).at_least(1)?;
    field(Rule::FreeObjectsRange, "first object", free.first_object).at_most(OBJECTS)?;
    if free.first_object.checked_add(free.count) != Some(u64::MAX) {
        field(Rule::FreeObjectsRange, "count", free.count).at_most(OBJECTS.saturating_sub(free.first_object))?;
    }
    Ok(())
}

fn free_bytes(free: &Free) -> Result<(), Found> {
    number(free.object)?;
    field(Rule::FreeLength, "length", free.length).at_least(1)?;
    if free.length != u64::MAX {
        extent(free.offset, free.length)?;
    }
    gap(free.offset, free.length)
}

/// Bytes without data are whole sectors.
fn gap(offset: u64, length: u64) -> Result<(), Found> {
    field(Rule::Offset, "offset", offset).multiple_of(SECTOR)?;
    if !to_the_end(offset, length) {
        field(Rule::Offset, "length", length).multiple_of(SECTOR)?;
    }
    Ok(())
}

/// Whether bytes without data go on to the end of the object, said in either of the two ways that senders have.
pub(super) const fn to_the_end(offset: u64, length: u64) -> bool {
    offset.saturating_add(length) == u64::MAX
}

fn by_ref(write: &WriteByRef) -> Found {
    field(Rule::WriteByRef, "object", write.object).wrong(Wrong::Refused)
}

fn number(object: u64) -> Result<(), Found> {
    field(Rule::ObjectNumber, "object", object)
        .at_least(1)?
        .at_most(OBJECTS.saturating_sub(1))?;
    Ok(())
}

fn extent(offset: u64, length: u64) -> Result<(), Found> {
    field(Rule::Extent, "length", length).must(offset.checked_add(length).is_some(), Wrong::Wraps)?;
    Ok(())
}

const fn is_algorithm(compression: u8) -> bool {
    matches!(compression, 3 | 5..=16)
}

fn compressed_size(compression: u8, compressed: u64, size: u64) -> Result<(), Found> {
    let claim = field(Rule::CompressedSize, "compressed size", compressed);
    claim.at_least(SECTOR)?.at_most(size)?.multiple_of(SECTOR)?;
    if u64::from(compression) == OFF {
        claim.is(size)?;
    }
    Ok(())
}

fn plain_crypto(salt: &[u8], iv: &[u8], mac: &[u8]) -> Result<(), Found> {
    let is_blank = |name, bytes: &[u8]| blank(Rule::PlainCrypto, name, bytes, 0, bytes.len());
    is_blank("salt", salt)?;
    is_blank("initialisation vector", iv)?;
    is_blank("authentication code", mac)
}

/// Block pointers in a dnode with this bonus buffer, as many as the kernel's `dnode_allocate` in `dnode.c` gives it.
fn block_pointers(object: &Object) -> u64 {
    if object.bonus_type == SYSTEM_ATTRIBUTES {
        return 1;
    }
    let room = dnode_room(object)
        .saturating_sub(BLOCK_POINTER)
        .saturating_sub(object.bonus_len.into());
    (room / BLOCK_POINTER).saturating_add(1).min(MOST_POINTERS)
}

/// Bytes of a dnode beside its core.
fn dnode_room(object: &Object) -> u64 {
    let dnode = u64::from(object.dnode_slots.max(1)).saturating_mul(SECTOR);
    dnode.saturating_sub(DNODE_CORE)
}

/// Bytes of a dnode beside its core and block pointers.
pub(super) fn bonus_room(object: &Object) -> u64 {
    let spill = if u64::from(object.flags) & SPILL != 0 { BLOCK_POINTER } else { 0 };
    dnode_room(object)
        .saturating_sub(block_pointers(object).saturating_mul(BLOCK_POINTER))
        .saturating_sub(spill)
}

/// How many objects a dataset can have: one more than the largest number.
pub(super) const OBJECTS: u64 = 1 << 48;
/// Dnodes are kept 32 slots a block.
const BLOCK_OF_DNODES: u64 = 32;
pub(super) const SECTOR: u64 = 512;
/// No file is longer. With `-e`, OpenZFS sends a spill block that fits into a block pointer as data of its object, at its own number of
/// -2 blocks (`do_dump` in `dmu_send.c`; pull request 19091 of OpenZFS); receivers make a file with a hole of almost 2^64 bytes of that.
const FILE_END: u64 = 1 << 63;
/// The largest block without the feature for large ones.
pub(super) const SMALL_BLOCK: u64 = 128 << 10;
const BLOCK_POINTER: u64 = 128;
const DNODE_CORE: u64 = 64;
/// What a file has for a bonus buffer before system attributes, `znode_phys_t` of `zfs_znode.h`.
const ZNODE_LEN: u64 = 264;
/// However large a dnode is.
const MOST_POINTERS: u64 = 3;
/// What fits into a block pointer.
const EMBEDDED_MAX: u64 = 112;
/// Where a record's frame says the length of the payload.
const LENGTH_AT: usize = 4;

/// Compression, `ZIO_COMPRESS_…` of `zio_compress.h`.
pub(super) const OFF: u64 = 2;
const ZSTD: u64 = 16;

/// Algorithms that keep their sum at the end of the block they are of (`ZCHECKSUM_FLAG_EMBEDDED` in zio_checksum.c): no object is written by them, and one
/// that is cannot be read again.
pub(super) const IN_THE_BLOCK: [u8; 4] = [3, 4, 5, 9];

/// Flags of records.
const DEDUP_KEY: u64 = 1;
const RAW_BYTE_ORDER: u64 = 2;
pub(super) const SPILL: u64 = 4;
/// The same, as the flags of an `OBJECT` have it.
pub(super) const SPILL_FLAG: u8 = 4;
const UNMODIFIED: u64 = 4;
