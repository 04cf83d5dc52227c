//! I know every byte of a send stream and no file descriptor.
//!
//! ```text
//! ┌ record, 312 bytes ────────────────────────────────┐
//! │ type │ payload length │ fields │ running checksum │ payload … │ record │ payload … │ END │
//! └───────────────────────────────────────────────────┘
//!  BEGIN has no running checksum and tells the byte order of all
//! ```
//!
//! Each record but the first carries the Fletcher-4 sum of every byte before that sum, so a record proves the payload before it and
//! `END` proves the whole. `zfs send -R`, `-I` and `-p` pack such streams: a compound `BEGIN` with an nvlist, its `END`, the streams, and
//! an empty `END`.
//!
//! [`Reader`] takes streams apart and [`Writer`] makes them; [`Begin`] says what a stream brings before anything is done with it;
//! [`token`] is where an interrupted one goes on; [`transform`] makes another of one; [`inspect`] tells people what is in one; and
//! [`verify`] lets through only what no kernel can be hurt by.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

mod begin;
mod copy;
mod fault;
mod feature;
pub mod fletcher;
#[cfg(feature = "serde")]
mod guid;
pub mod inspect;
mod intake;
mod layout;
mod lz4;
mod lzjb;
mod reader;
pub mod record;
mod summary;
pub mod token;
pub mod transform;
pub mod verify;
mod writer;

#[cfg(test)]
mod tests;

pub use begin::{Begin, ObjsetType, StreamKind};
pub use copy::{CopyError, copy_verified};
pub use fault::{Corrupt, Fault};
pub use feature::{BeginFlags, Features};
pub use intake::Intake;
pub use reader::{Reader, Step};
pub use record::{Record, RecordType};
pub use summary::Summary;
pub use verify::{Breach, Profile, Refused, Rule, Verifier, Ward};
pub use writer::{WriteError, Writer};

pub use crate::nvlist::ByteOrder;

/// The bytes of one record, without its payload.
pub type RecordBytes = [u8; record::RECORD_SIZE];

impl ByteOrder {
    const fn other(self) -> Self {
        match self {
            Self::Little => Self::Big,
            Self::Big => Self::Little,
        }
    }

    const fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    const fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    const fn u64(self, bytes: [u8; 8]) -> u64 {
        match self {
            Self::Little => u64::from_le_bytes(bytes),
            Self::Big => u64::from_be_bytes(bytes),
        }
    }

    const fn u32_bytes(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    const fn u64_bytes(self, value: u64) -> [u8; 8] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }
}
