//! I am where each field of each record lies, written down from `dmu_replay_record` in `include/sys/zfs_ioctl.h` of OpenZFS.

/// A place in a record's 312 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is called.
    pub name: &'static str,
    /// Its first byte, counted from the start of the record.
    pub at: usize,
    /// Its bytes: a number where they are 1, 4 or 8.
    pub width: usize,
}

/// In all records: the type.
pub const KIND: Field = field("type", 0, 4);
/// In all records: the length of the payload, which only `BEGIN` says here.
pub const PAYLOAD_LEN: Field = field("payload_len", 4, 4);
/// In all records but `BEGIN`: the running sum.
pub const SUM: Field = field("sum", 280, 32);

const fn field(name: &'static str, at: usize, width: usize) -> Field {
    Field { name, at, width }
}

macro_rules! records {
    ($($(#[$doc:meta])* $module:ident = $kind:literal, $word:literal, ends at $end:literal { $($name:ident: $at:literal, $width:literal;)* })*) => {
        $(
            $(#[$doc])*
            #[expect(missing_docs, reason = "the names are those of the fields")]
            pub mod $module {
                use super::{Field, field};

                /// The record's number.
                pub const NUMBER: u32 = $kind;
                $(pub const $name: Field = field(stringify!($name), $at, $width);)*
                /// All fields.
                pub const ALL: &[Field] = &[$($name),*];
            }
        )*

        /// The fields of a type of record.
        #[must_use]
        pub fn fields(kind: u32) -> &'static [Field] {
            match kind {
                $($kind => $module::ALL,)*
                _ => &[],
            }
        }

        /// Where the last field of a type of record ends.
        #[must_use]
        pub fn fields_end(kind: u32) -> usize {
            match kind {
                $($kind => $end,)*
                _ => 8,
            }
        }

        /// The word for a type of record.
        #[must_use]
        pub fn word(kind: u32) -> &'static str {
            match kind {
                $($kind => $word,)*
                _ => "?",
            }
        }
    };
}

records! {
    /// The first of a stream.
    begin = 0, "BEGIN", ends at 312 {
        MAGIC: 8, 8; VERSION: 16, 8; CREATION: 24, 8; OBJSET: 32, 4; FLAGS: 36, 4; GUID: 40, 8; BASE: 48, 8; NAME: 56, 256;
    }
    /// Makes an object.
    object = 1, "OBJECT", ends at 64 {
        OBJECT: 8, 8; TYPE: 16, 4; BONUS_TYPE: 20, 4; BLOCK_SIZE: 24, 4; BONUS_LEN: 28, 4; CHECKSUM: 32, 1; COMPRESSION: 33, 1; SLOTS: 34, 1; FLAGS: 35, 1;
        RAW_BONUS_LEN: 36, 4; GUID: 40, 8; INDIRECT_SHIFT: 48, 1; LEVELS: 49, 1; POINTERS: 50, 1; PAD: 51, 5; LAST_BLOCK: 56, 8;
    }
    /// Frees objects.
    free_objects = 2, "FREEOBJECTS", ends at 32 { FIRST: 8, 8; COUNT: 16, 8; GUID: 24, 8; }
    /// Writes a block.
    write = 3, "WRITE", ends at 140 {
        OBJECT: 8, 8; TYPE: 16, 4; PAD: 20, 4; OFFSET: 24, 8; SIZE: 32, 8; GUID: 40, 8; CHECKSUM: 48, 1; FLAGS: 49, 1; COMPRESSION: 50, 1; PAD2: 51, 5;
        KEY: 56, 32; KEY_PROPERTIES: 88, 8; COMPRESSED_SIZE: 96, 8; SALT: 104, 8; IV: 112, 12; MAC: 124, 16;
    }
    /// Frees bytes.
    free = 4, "FREE", ends at 40 { OBJECT: 8, 8; OFFSET: 16, 8; LENGTH: 24, 8; GUID: 32, 8; }
    /// Ends a stream.
    end = 5, "END", ends at 48 { WHOLE: 8, 32; GUID: 40, 8; }
    /// Refers to a block sent before.
    write_byref = 6, "WRITE_BYREF", ends at 112 {
        OBJECT: 8, 8; OFFSET: 16, 8; LENGTH: 24, 8; GUID: 32, 8; REF_GUID: 40, 8; REF_OBJECT: 48, 8; REF_OFFSET: 56, 8; CHECKSUM: 64, 1; FLAGS: 65, 1;
        PAD: 66, 6; KEY: 72, 32; KEY_PROPERTIES: 104, 8;
    }
    /// Writes a spill block.
    spill = 7, "SPILL", ends at 88 {
        OBJECT: 8, 8; SIZE: 16, 8; GUID: 24, 8; FLAGS: 32, 1; COMPRESSION: 33, 1; PAD: 34, 6; COMPRESSED_SIZE: 40, 8; SALT: 48, 8; IV: 56, 12; MAC: 68, 16;
        TYPE: 84, 4;
    }
    /// Writes a block that its pointer holds.
    embedded = 8, "WRITE_EMBEDDED", ends at 56 {
        OBJECT: 8, 8; OFFSET: 16, 8; SIZE: 24, 8; GUID: 32, 8; COMPRESSION: 40, 1; KIND: 41, 1; PAD: 42, 6; LOGICAL: 48, 4; PHYSICAL: 52, 4;
    }
    /// Says how dnodes were encrypted.
    range = 9, "OBJECT_RANGE", ends at 72 { FIRST: 8, 8; SLOTS: 16, 8; GUID: 24, 8; SALT: 32, 8; IV: 40, 12; MAC: 52, 16; FLAGS: 68, 1; PAD: 69, 3; }
    /// Leaves bytes out.
    redact = 10, "REDACT", ends at 40 { OBJECT: 8, 8; OFFSET: 16, 8; LENGTH: 24, 8; GUID: 32, 8; }
}
