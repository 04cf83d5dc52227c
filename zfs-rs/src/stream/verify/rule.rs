//! I name every rule a stream is held to, say what it requires and why.

use std::fmt;
use std::str::FromStr;

use crate::word::WordError;

macro_rules! rules {
    ($($name:ident = $word:literal, $requires:literal, $reason:literal;)*) => {
        /// A rule that a stream has to keep to be let through by a [`Verifier`](super::Verifier).
        ///
        /// Every genuine stream of OpenZFS 2.0 to 2.4 keeps all of them, but for three kinds of which kernels make incomplete copies; a kernel that is
        /// given a stream which does not may refuse it, lose data or crash.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = $requires] $name,)*
        }

        impl Rule {
            /// All rules.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The rule's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// What the rule requires.
            #[must_use]
            pub const fn requires(self) -> &'static str {
                match self {
                    $(Self::$name => $requires,)*
                }
            }

            /// Why there is such a rule.
            #[must_use]
            pub const fn reason(self) -> &'static str {
                match self {
                    $(Self::$name => $reason,)*
                }
            }
        }
    };
}

rules! {
    // The frame of every record inside a stream.
    RecordLength = "record-length",
        "The payload length in a record's frame is 0 in all but BEGIN.",
        "senders clear it; only BEGIN's payload is as long as the frame says";
    RecordFiller = "record-filler",
        "The bytes between a record's last field and its checksum, and after the name in BEGIN, are 0.",
        "senders clear them, so anything there was put by somebody else";
    RecordPad = "record-pad",
        "Reserved fields of a record are 0.",
        "a later kernel may give them a meaning";
    RecordGuid = "record-guid",
        "All records name the same GUID, END that of BEGIN; what an interrupted receive had saved is sent with another in all records and without END.",
        "a record with another GUID is from another stream";

    // BEGIN.
    BeginReserved = "begin-reserved",
        "BEGIN: the bits beside kind and features are 0.",
        "no release knows them";
    BeginFeatures = "begin-features",
        "BEGIN: every feature is one the receiver takes.",
        "a receiver that does not know a feature would take the records for something else";
    BeginMicrozap = "begin-microzap",
        "BEGIN: large_microzap comes with large_blocks only, and to a kernel of 2.3 only in full streams.",
        "such a directory is a large block; and that kernel panics where the base is marked so already (issue 18143 of OpenZFS)";
    BeginObjset = "begin-objset",
        "BEGIN of a stream: the dataset is a filesystem (2) or a volume (3).",
        "no other dataset is sent";
    BeginFlags = "begin-flags",
        "BEGIN: only the flags clone, ci_data, free_records and spill_blocks are set.",
        "no release sets others";
    BeginGuid = "begin-guid",
        "BEGIN: the GUID of the snapshot is not 0; in the header of a package it is 0.",
        "every snapshot has one, a package is none";
    BeginBase = "begin-base",
        "BEGIN: in that of a stream the snapshot is not its own base, and a clone has a base; the header of a package has no base.",
        "an increment on itself cannot be received";
    BeginName = "begin-name",
        "BEGIN: the name is one a snapshot can have, dataset@name: at most 255 bytes of letters, digits, -_.: and spaces, the first of them a letter; at most 50 components, none of them empty, a dot or two dots.",
        "tools make names of datasets and messages of it";
    BeginLength = "begin-length",
        "BEGIN: the payload has at most 1 MiB, in the header of a package 64 MiB, and whole words of 4 bytes.",
        "it is held in memory as a whole";
    BeginPayload = "begin-payload",
        "BEGIN: the payload, where there is one, is a well-formed nvlist that is marked as one with unique names, and as nothing else.",
        "kernels unpack it";
    BeginKeys = "begin-keys",
        "BEGIN of a stream: the payload holds only crypt_keydata (a list), resume_object and resume_offset (uint64), redact_snaps and redact_from_snaps (arrays of uint64).",
        "kernels look up these and no others";
    BeginRaw = "begin-raw",
        "BEGIN of a stream: crypt_keydata is there if and only if the feature is raw.",
        "raw blocks are of no use without their keys, and kernels trust the pair";
    RawMetadnode = "raw-metadnode",
        "BEGIN of a raw stream: what crypt_keydata says of the object that all dnodes are in is what every filesystem and volume has: 1 to 6 levels, blocks of 16 KiB, indirect ones of 128 KiB, 3 pointers, at most 2^43 blocks, and no sums within them.",
        "kernels lay the dataset out by it, and compute with it";
    BeginRawSpill = "begin-raw-spill",
        "BEGIN of a stream: a raw one says which objects have spill blocks.",
        "a raw dnode cannot be laid out without that";
    BeginResuming = "begin-resuming",
        "BEGIN of a stream: resume_object, which is an object's number, and resume_offset are there if and only if the feature is resuming.",
        "kernels go on there";
    BeginRedacted = "begin-redacted",
        "BEGIN of a stream: redact_snaps is there if and only if the feature is redacted.",
        "the target is marked as redacted by both; OpenZFS sends on what it received redacted with the first alone, and the copy would seem whole";

    // What the caller of the verifier wants of a stream.
    GateTarget = "gate-target",
        "BEGIN: the GUID of the snapshot is the expected one.",
        "another snapshot was asked for";
    GateBase = "gate-base",
        "BEGIN: the GUID of the base is the expected one.",
        "the stream continues from elsewhere";
    GateType = "gate-type",
        "BEGIN of a stream: the type of the dataset is the expected one.",
        "kernels receive an increment of a filesystem onto a volume, which has other rules";
    GateRaw = "gate-raw",
        "BEGIN of a stream: it is raw, where only raw ones are let through.",
        "data must not reach this side in the clear";
    GatePackage = "gate-package",
        "BEGIN: the stream is no package, where only single ones are let through.",
        "kernels receive one stream at a time";

    // What several records have in common.
    WriteByRef = "write-byref",
        "There is no WRITE_BYREF.",
        "no kernel since OpenZFS 2.0 receives deduplicated streams";
    ObjectNumber = "object-number",
        "An object's number is at least 1 and below 2^48.",
        "0 is the dnodes' own object, and others do not fit into a dataset";
    ObjectType = "object-type",
        "OBJECT, WRITE: the type of contents, and of a bonus buffer that is there, is a known one, but not none (0), the intent log (9), dnodes (10) or objsets (11); a new one (from 128 on) has bytes that are swapped as numbers or a ZAP. A bonus buffer is no ZAP and no ACL.",
        "kernels use it as an index into tables, and swap bytes by it without looking at how many there are";
    BlockSize = "block-size",
        "A block has 512 bytes to the receiver's limit, in whole sectors of 512.",
        "kernels allocate by it and only some check it";
    LargeBlock = "large-block",
        "OBJECT, WRITE, SPILL: a block has above 128 KiB only where the feature large_blocks is announced.",
        "a receiving pool gets ready for large blocks by that feature";
    Offset = "offset",
        "WRITE, WRITE_EMBEDDED, FREE, REDACT: the offset is a multiple of 512, and so is the length of a FREE or REDACT that ends before 2^64 - 1.",
        "a block is looked for where it starts";
    Extent = "extent",
        "WRITE, WRITE_EMBEDDED, FREE, REDACT: offset and length end below 2^64, and no length is u64::MAX; but a FREE may say that for all to the end. WRITE, WRITE_EMBEDDED of a filesystem end by 2^63.",
        "sums that wrap lead kernels to other blocks";
    Checksum = "checksum",
        "OBJECT, WRITE: the checksum algorithm is known; OBJECT: by the receiver too, and none that keeps sums within blocks, as labels and logs do (3 to 5, 9).",
        "kernels use it as an index into a table, and write sums over the end of the data";
    Compression = "compression",
        "The compression is known: OBJECT, below 17; WRITE, WRITE_EMBEDDED, and SPILL in raw streams, lzjb (3) or gzip-1 (5) to zstd (16); WRITE and SPILL in raw streams also off (2), WRITE in plain ones also none (0).",
        "kernels use it as an index into a table";
    CompressionFeature = "compression-feature",
        "WRITE, WRITE_EMBEDDED: lz4 and zstd are used only where announced, any in WRITE only where compressed is.",
        "a receiving pool gets ready for an algorithm by that feature";
    CompressedSize = "compressed-size",
        "WRITE, SPILL: one that says its compression has 512 bytes to those of the block, in whole sectors of 512, and all of them where that is off; one that says none says 0.",
        "kernels allocate by one and copy by the other";
    PlainCrypto = "plain-crypto",
        "WRITE, SPILL in plain streams: salt, initialisation vector and authentication code are 0.",
        "only encrypted blocks have them";
    RecordFlags = "record-flags",
        "OBJECT, WRITE, SPILL, OBJECT_RANGE: only known flags are set, and raw byte order in raw streams only.",
        "kernels decide by them how blocks lie on disk";

    // OBJECT.
    BonusPair = "bonus-pair",
        "OBJECT: a bonus buffer has a type if and only if it has bytes.",
        "kernels lay the dnode out by both";
    DnodeSlots = "dnode-slots",
        "OBJECT: a dnode takes 1 to 32 slots (0 means 1), more than one only with the feature large_dnode, all in one block of 32 slots.",
        "a dnode that overlaps another destroys it";
    BonusLength = "bonus-length",
        "OBJECT: the bonus buffer fits into the dnode beside its block pointers, that to a spill block among them.",
        "kernels copy it there";
    BonusAttributes = "bonus-attributes",
        "OBJECT: a bonus buffer of a znode (17) has 264 bytes; in plain streams one of system attributes (44) begins with 4 bytes of 0 or with their header, and the attributes behind that reach as far as kernels read: 56 bytes, or 136 where flags name a project.",
        "kernels before 2.2 panic where there is no header, and all read beyond the buffer to find who owns the object";
    SpillFlag = "spill-flag",
        "OBJECT, SPILL: flags about spill blocks are set only where BEGIN announces them, and in an OBJECT only of a filesystem, where the bonus buffer is of system attributes (44).",
        "kernels free spill blocks by that flag";
    ObjectPlain = "object-plain",
        "OBJECT in plain streams: the fields for raw streams are 0.",
        "kernels lay out dnodes by them";
    RawOrder = "raw-order",
        "OBJECT_RANGE, OBJECT, WRITE, SPILL in raw streams to a kernel: bytes lie in the order of this machine.",
        "kernels sum them up in one order and prove them in the other (issue 12854 of OpenZFS), and panic where those are what they ask a volume for";
    RawBonus = "raw-bonus",
        "OBJECT in raw streams: the encrypted bonus buffer is all of the dnode beside its block pointers, or nothing where there is no bonus buffer.",
        "that much is authenticated as one";
    RawPointers = "raw-pointers",
        "OBJECT in raw streams: there are as many block pointers as the bonus buffer leaves room for in a dnode of its size, at most 3; beside system attributes there is one.",
        "kernels lay out the dnode by it";
    RawIndirect = "raw-indirect",
        "OBJECT in raw streams: indirect blocks have 128 KiB, as those of every dataset that can be encrypted.",
        "where the base has others, a kernel changes its blocks without the key, and panics";
    RawLevels = "raw-levels",
        "OBJECT in raw streams: the block tree has 1 to 12 levels, enough for its last block, and its top has fewer than 2^64 blocks below each pointer.",
        "kernels walk that deep, and shift by that many bits";
    RawLastBlock = "raw-last-block",
        "OBJECT in raw streams: the last block ends below 2^64, and is 0 where blocks have no power of two.",
        "sums that wrap lead kernels to other blocks, and such an object has one block";
    ObjectInRange = "object-in-range",
        "OBJECT in raw streams: the whole dnode lies in the latest OBJECT_RANGE.",
        "its block of dnodes is authenticated by that record";

    // WRITE.
    MetadataCompressed = "metadata-compressed",
        "WRITE in plain streams: metadata is not compressed.",
        "a kernel would swap its bytes compressed";

    // SPILL.
    SpillFeature = "spill-feature",
        "SPILL: only with the feature sa_spill, and in filesystems.",
        "older datasets and volumes have no spill blocks";
    SpillCompression = "spill-compression",
        "SPILL in plain streams: it is not compressed.",
        "kernels copy it as it is";
    SpillType = "spill-type",
        "SPILL: the type is none (0) or system attributes (44).",
        "nothing else is spilled";
    SpillAnnounced = "spill-announced",
        "SPILL: it belongs to the latest OBJECT, whose bonus buffer is of system attributes (44) and leaves room for the pointer to it, and which says that it has one where BEGIN announces that such is said.",
        "kernels hold the bonus buffer for it without looking";

    // WRITE_EMBEDDED.
    EmbeddedFeature = "embedded-feature",
        "WRITE_EMBEDDED: only with the feature embed_data, never in a raw stream.",
        "nothing that is encrypted is embedded";
    EmbeddedKind = "embedded-kind",
        "WRITE_EMBEDDED: it holds data (0).",
        "other kinds are the pool's own";
    EmbeddedSize = "embedded-size",
        "WRITE_EMBEDDED: 1 to 112 bytes, no more than the block, which is as long as its place in the object.",
        "kernels copy it into a block pointer";

    // The rest.
    RedactFeature = "redact-feature",
        "REDACT: only with the feature redacted, and never of no bytes.",
        "a target that is not marked as redacted would seem whole";
    FreeLength = "free-length",
        "FREE: never of no bytes.",
        "no sender says so";
    FreeObjectsRange = "free-objects-range",
        "FREEOBJECTS: at least one, and none at or above 2^48, or all up to 2^64 - 1, as senders before OpenZFS 2.0 say it.",
        "kernels walk the range";
    RangeRaw = "range-raw",
        "OBJECT_RANGE: only in raw streams.",
        "nothing else is authenticated by it";
    RangeShape = "range-shape",
        "OBJECT_RANGE: 32 slots, a multiple of 32 and below 2^48.",
        "it is one block of dnodes";

    // Volumes: kernels ask each for its size when datasets are listed.
    VolumeObjects = "volume-objects",
        "OBJECT, WRITE in streams of volumes: object 1 is the data (type 23), with blocks of a power of two; object 2 the properties (type 24), one block of 512 bytes; both in one slot without a bonus buffer.",
        "kernels panic where they ask a volume for its size and find something else";
    VolumeKept = "volume-kept",
        "FREEOBJECTS, FREE, REDACT in streams of volumes: objects 1 and 2 stay, and so do the first 512 bytes of object 2; a full stream may say so of what it has not brought yet.",
        "kernels panic where they ask a volume for its size and find nothing";
    VolumeSize = "volume-size",
        "WRITE, WRITE_EMBEDDED to object 2 in streams of volumes: the block at 0 is a micro-ZAP whose only entry is `size`; it is compressed only where it is embedded, by lzjb or lz4.",
        "kernels panic where they ask a volume for its size and cannot read it";
    VolumeWhole = "volume-whole",
        "END of a full stream of a volume: it brought objects 1 and 2 and the block of object 2, as far as it did not go on behind them.",
        "kernels panic where they ask a volume for its size and find nothing";

    // The order in which a dataset is walked: by object, then by offset.
    OrderObject = "order-object",
        "OBJECT: behind every dnode, and every object with a WRITE, WRITE_EMBEDDED, FREE or REDACT, that came before.",
        "a dataset is walked once, upwards";
    OrderRange = "order-range",
        "OBJECT_RANGE: behind every range and dnode that came before.",
        "a dataset is walked once, upwards";
    OrderFreeObjects = "order-free-objects",
        "FREEOBJECTS: behind every dnode, and every object with a WRITE, WRITE_EMBEDDED, FREE or REDACT, that came before.",
        "it would free what the stream just brought, and kernels panic where they free what they are still writing";
    OrderData = "order-data",
        "WRITE, WRITE_EMBEDDED, FREE, REDACT: at or behind the end of the latest of them, but for a FREE or REDACT up to 2^64 - 1; in a resuming stream, WRITE and WRITE_EMBEDDED not before the point where it goes on.",
        "kernels rely on each block being written once, and free twice what is freed and written";
    DataAnnounced = "data-announced",
        "WRITE, WRITE_EMBEDDED, FREE, REDACT: to the latest OBJECT, or the object that a resuming stream goes on with; a stream that fills in what its base left out may also write to others.",
        "kernels would write to whatever is there";
    DataType = "data-type",
        "WRITE: the type is that of its OBJECT.",
        "kernels swap bytes by one and store by the other";
    DataBlock = "data-block",
        "WRITE, WRITE_EMBEDDED: one whole block of its OBJECT, from a multiple of its length on, and from 0 where that is no power of two; in plain streams without large_blocks a WRITE to an object with blocks of 128 KiB may be shorter, as the last piece of a large block. To any other object, FREE and REDACT are of whole blocks or up to 2^64 - 1.",
        "kernels write blocks that do not fit beyond their buffers";
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Rule {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let known = Self::ALL.iter().find(|rule| rule.name() == text).copied();
        known.ok_or_else(|| WordError::new(text, "rule for streams"))
    }
}
