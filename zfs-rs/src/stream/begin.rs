//! I am a stream's first record: which snapshot it brings, on what base, and what a receiver must understand.

use std::fmt;
use std::str::FromStr;

use super::fault::Fault;
use super::feature::{BeginFlags, Features};
use super::layout::RawBegin;
use super::record::{BODY, RECORD_SIZE};
use super::{ByteOrder, RecordBytes};
use crate::nvlist::Text;
use crate::word::{DATASET_KINDS, WordError, read_kind, write_kind};

/// The `BEGIN` record.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begin {
    /// One snapshot, or several with a header of their own.
    pub kind: StreamKind,
    /// What a receiver must understand.
    pub features: Features,
    /// Bits beside kind and features that no release uses.
    pub reserved: u8,
    /// When the snapshot was made, in seconds since 1970.
    pub creation_time: u64,
    /// The type of the dataset; in compound headers nothing that counts.
    pub objset: ObjsetType,
    /// What a receiver may ignore.
    pub flags: BeginFlags,
    /// GUID of the snapshot sent; 0 in compound headers.
    #[cfg_attr(feature = "serde", serde(with = "super::guid"))]
    pub to_guid: u64,
    /// GUID of the snapshot or bookmark the stream starts from; nothing for a full stream.
    #[cfg_attr(feature = "serde", serde(with = "super::guid"))]
    pub from_guid: Option<u64>,
    /// Name of the snapshot on the sender, unproved.
    pub to_name: Text,
    /// Bytes of the nvlist that follows.
    pub payload_len: u32,
}

/// What a `BEGIN` record begins.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StreamKind {
    /// The changes up to one snapshot: what the kernel sends and receives.
    Substream,
    /// The header of a package of streams, as `zfs send -R`, `-I` or `-p` writes it; libzfs takes it apart.
    Compound,
}

/// The type of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjsetType {
    /// A filesystem.
    Filesystem,
    /// A volume.
    Volume,
    /// Another number: no dataset a stream can bring.
    Other(u32),
}

impl Begin {
    /// The record of a plain full stream of a filesystem: the start for one's own.
    #[must_use]
    pub fn new(to_name: impl Into<Text>, to_guid: u64) -> Self {
        Self {
            kind: StreamKind::Substream,
            features: Features::empty(),
            reserved: 0,
            creation_time: 0,
            objset: ObjsetType::Filesystem,
            flags: BeginFlags::empty(),
            to_guid,
            from_guid: None,
            to_name: to_name.into(),
            payload_len: 0,
        }
    }

    /// Reads the record, in whichever byte order it is.
    ///
    /// # Errors
    /// The bytes are not a `BEGIN` record: another type or magic, an unknown kind of stream, or a name without an end.
    pub fn read(bytes: &RecordBytes) -> Result<Self, Fault> {
        let order = Self::order(bytes)?;
        let (head, body) = bytes.split_at(BODY);
        let raw = RawBegin::load(body, order).ok_or(Fault::NotBegin)?;
        let payload_len = head.last_chunk().map_or(0, |bytes| order.u32(*bytes));
        let kind = match raw.version_info & KIND_MASK {
            1 => StreamKind::Substream,
            2 => StreamKind::Compound,
            other => return Err(Fault::StreamKind(other)),
        };
        let name = body.get(NAME_AT..).unwrap_or_default();
        let end = name.iter().position(|byte| *byte == 0).ok_or(Fault::Name)?;
        Ok(Self {
            kind,
            features: Features::from_bits(raw.version_info.wrapping_shr(FEATURE_SHIFT) & FEATURE_MASK),
            reserved: raw.version_info.to_be_bytes()[0].wrapping_shr(2),
            creation_time: raw.creation_time,
            objset: raw.objset_type.into(),
            flags: BeginFlags::from_bits(raw.flags),
            to_guid: raw.to_guid,
            from_guid: Some(raw.from_guid).filter(|guid| *guid != 0),
            to_name: name.get(..end).unwrap_or_default().into(),
            payload_len,
        })
    }

    /// The byte order a stream is in, told by the magic of its first record.
    ///
    /// # Errors
    /// The bytes are not a `BEGIN` record.
    pub fn order(bytes: &RecordBytes) -> Result<ByteOrder, Fault> {
        let (head, body) = bytes.split_at(BODY);
        let magic = body.first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
        let order = match magic {
            Some(MAGIC) => ByteOrder::Little,
            Some(magic) if magic == MAGIC.swap_bytes() => ByteOrder::Big,
            _ => return Err(Fault::NotBegin),
        };
        // The type of `BEGIN` is 0, in both orders.
        if head.starts_with(&[0; 4]) {
            Ok(order)
        } else {
            Err(Fault::NotBegin)
        }
    }

    /// Whether its features and reserved bits have a place in the record.
    pub(super) const fn has_room(&self) -> bool {
        self.features.bits() & !FEATURE_MASK == 0 && self.reserved < 1 << RESERVED_BITS
    }

    /// The record's bytes. Nothing where the name does not fit with its NUL, or holds one.
    pub(super) fn write(&self, order: ByteOrder) -> Option<RecordBytes> {
        let mut bytes = [0; RECORD_SIZE];
        let (head, body) = bytes.split_at_mut(BODY);
        *head.last_chunk_mut()? = order.u32_bytes(self.payload_len);
        let kind = match self.kind {
            StreamKind::Substream => 1,
            StreamKind::Compound => 2,
        };
        let features = (self.features.bits() & FEATURE_MASK).wrapping_shl(FEATURE_SHIFT);
        let raw = RawBegin {
            magic: MAGIC,
            version_info: kind | features | u64::from(self.reserved).wrapping_shl(RESERVED_SHIFT),
            creation_time: self.creation_time,
            objset_type: self.objset.into(),
            flags: self.flags.bits(),
            to_guid: self.to_guid,
            from_guid: self.from_guid.unwrap_or(0),
        };
        raw.store(body, order);
        let name = self.to_name.as_bytes();
        let (end, place) = body.get_mut(NAME_AT..)?.split_last_mut()?;
        *end = 0;
        place.get_mut(..name.len())?.copy_from_slice(name);
        if name.contains(&0) { None } else { Some(bytes) }
    }
}

/// `filesystem`, `volume`, or a number without a word.
impl fmt::Display for ObjsetType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_kind(f, &DATASET_KINDS, (*self).into())
    }
}

impl FromStr for ObjsetType {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        read_kind(text, &DATASET_KINDS, "kind of dataset").map(Self::from)
    }
}

impl From<u32> for ObjsetType {
    fn from(number: u32) -> Self {
        match number {
            2 => Self::Filesystem,
            3 => Self::Volume,
            other => Self::Other(other),
        }
    }
}

impl From<ObjsetType> for u32 {
    fn from(objset: ObjsetType) -> Self {
        match objset {
            ObjsetType::Filesystem => 2,
            ObjsetType::Volume => 3,
            ObjsetType::Other(number) => number,
        }
    }
}

const MAGIC: u64 = 0x2_f5ba_cbac;
/// The name takes the rest of the body.
const NAME_AT: usize = RawBegin::SIZE;
const KIND_MASK: u64 = 0b11;
const FEATURE_SHIFT: u32 = 2;
/// 56 bits since OpenZFS 2.3; 30 before, with zeros above.
const FEATURE_MASK: u64 = (1 << 56) - 1;
const RESERVED_SHIFT: u32 = 58;
const RESERVED_BITS: u32 = u64::BITS - RESERVED_SHIFT;
