//! I am what the receiver takes and what its administrator wants of a stream.

use crate::release::Release;
use crate::stream::{Features, ObjsetType};

/// What a stream is let through for: the features and limits of the receiving kernel, and the gate at `BEGIN`.
///
/// ```
/// use zfs_rs::Release;
/// use zfs_rs::stream::Profile;
///
/// // What an offsite host lets in that runs OpenZFS 2.1 and shall never see data in the clear.
/// let profile = Profile::of(Release::V2_1).raw_only().between(Some(0x51ab), 0x77c0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub(super) features: Features,
    pub(super) checksums: u64,
    pub(super) block_limit: u64,
    pub(super) microzap_increments: bool,
    pub(super) foreign_order: bool,
    pub(super) packages: bool,
    pub(super) raw_only: bool,
    pub(super) objset: Option<ObjsetType>,
    pub(super) ends: Option<(Option<u64>, u64)>,
}

impl Profile {
    /// All that OpenZFS 2.0 to 2.4 sends, packages of streams too: for files, whoever may receive them.
    #[must_use]
    pub const fn any() -> Self {
        Self {
            features: FEATURES.with(FEATURES_2_3),
            checksums: CHECKSUMS,
            block_limit: 16 << 20,
            microzap_increments: true,
            foreign_order: true,
            packages: true,
            raw_only: false,
            objset: None,
            ends: None,
        }
    }

    /// What a kernel of this release takes, of a machine with this one's byte order: one stream at a time.
    #[must_use]
    pub fn of(release: Release) -> Self {
        Self {
            features: if release < Release::V2_3 {
                FEATURES
            } else {
                FEATURES.with(FEATURES_2_3)
            },
            // blake3 came with 2.2.
            checksums: if release < Release::V2_2 { CHECKSUMS - 1 } else { CHECKSUMS },
            // Mended in 2.4.1.
            microzap_increments: release != Release::V2_3,
            foreign_order: false,
            packages: false,
            ..Self::any()
        }
    }

    /// Lets through these features only, of those that were let through before: what the target pool has enabled.
    #[must_use]
    pub const fn features(mut self, features: Features) -> Self {
        self.features = self.features.without(self.features.without(features));
        self
    }

    /// Lets through blocks up to this many bytes; no release has more than 16 MiB.
    #[must_use]
    pub fn block_limit(mut self, bytes: u32) -> Self {
        self.block_limit = self.block_limit.min(bytes.into());
        self
    }

    /// Lets through raw streams only: encrypted data stays encrypted.
    #[must_use]
    pub const fn raw_only(mut self) -> Self {
        self.raw_only = true;
        self
    }

    /// Lets through streams of this type of dataset only. Say it for an increment: no kernel asks whether the target is of the type that the stream says, and
    /// a filesystem may bring what a volume must not.
    #[must_use]
    pub const fn objset(mut self, objset: ObjsetType) -> Self {
        self.objset = Some(objset);
        self
    }

    /// Lets through only the stream from the snapshot or bookmark with the first GUID, or a full one, to the snapshot with the second.
    #[must_use]
    pub const fn between(mut self, from: Option<u64>, to: u64) -> Self {
        self.packages = false;
        self.ends = Some((from, to));
        self
    }
}

/// As [`any`](Profile::any).
impl Default for Profile {
    fn default() -> Self {
        Self::any()
    }
}

/// What every release from OpenZFS 2.0 on takes, `DMU_BACKUP_FEATURE_MASK` of its `zfs_ioctl.h`. Deduplicated streams are not among it.
const FEATURES: Features = Features::SA_SPILL
    .with(Features::EMBED_DATA)
    .with(Features::LZ4)
    .with(Features::LARGE_BLOCKS)
    .with(Features::RESUMING)
    .with(Features::REDACTED)
    .with(Features::COMPRESSED)
    .with(Features::LARGE_DNODE)
    .with(Features::RAW)
    .with(Features::ZSTD)
    .with(Features::HOLDS)
    .with(Features::SWITCH_TO_LARGE_BLOCKS);
/// What 2.3 added.
const FEATURES_2_3: Features = Features::LONG_NAMES.with(Features::LARGE_MICROZAP);
/// `ZIO_CHECKSUM_FUNCTIONS`: the number behind the last checksum algorithm.
pub(super) const CHECKSUMS: u64 = 15;
