//! I am what a receiver takes, in plain numbers, and the profile that says the same to the verifier under test.

use zfs_rs::Release;
use zfs_rs::stream::{Features, Profile};

/// Who receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// The features that are taken.
    pub features: u64,
    /// The number behind the last checksum algorithm.
    pub checksums: u64,
    /// The most bytes of a block.
    pub block_limit: u64,
    /// Whether increments with large micro-ZAPs are taken.
    pub microzap_increments: bool,
    /// Whether raw bytes may lie in another order than this machine's.
    pub foreign_order: bool,
    /// Whether packages are taken.
    pub packages: bool,
    /// Whether raw streams only are taken.
    pub raw_only: bool,
    /// The wanted type of the dataset.
    pub objset: Option<u64>,
    /// The wanted GUIDs of base and snapshot.
    pub ends: Option<(Option<u64>, u64)>,
    base: Base,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    Any,
    Release(Release),
}

impl Receiver {
    /// A file: whatever OpenZFS 2.0 to 2.4 sends.
    #[must_use]
    pub const fn any() -> Self {
        Self {
            features: FEATURES | FEATURES_2_3,
            checksums: 15,
            block_limit: 16 << 20,
            microzap_increments: true,
            foreign_order: true,
            packages: true,
            raw_only: false,
            objset: None,
            ends: None,
            base: Base::Any,
        }
    }

    /// The kernel of a release.
    #[must_use]
    pub fn of(release: Release) -> Self {
        Self {
            features: if release >= Release::V2_3 {
                FEATURES | FEATURES_2_3
            } else {
                FEATURES
            },
            checksums: if release >= Release::V2_2 { 15 } else { 14 },
            microzap_increments: release != Release::V2_3,
            foreign_order: false,
            packages: false,
            base: Base::Release(release),
            ..Self::any()
        }
    }

    /// The same, for one stream only.
    #[must_use]
    pub const fn between(self, from: Option<u64>, to: u64) -> Self {
        Self {
            packages: false,
            ends: Some((from, to)),
            ..self
        }
    }

    /// The same, for raw streams only.
    #[must_use]
    pub const fn raw_only(self) -> Self {
        Self { raw_only: true, ..self }
    }

    /// The same, for a type of dataset only.
    #[must_use]
    pub const fn of_type(self, objset: u64) -> Self {
        Self {
            objset: Some(objset),
            ..self
        }
    }

    /// The same, with no features but these.
    #[must_use]
    pub const fn with_features(self, features: u64) -> Self {
        Self {
            features: self.features & features,
            ..self
        }
    }

    /// The same, with blocks of that many bytes at most.
    #[must_use]
    pub const fn with_block_limit(self, bytes: u64) -> Self {
        Self {
            block_limit: bytes,
            ..self
        }
    }

    /// The profile that says the same.
    #[must_use]
    pub fn profile(&self) -> Profile {
        let mut profile = match self.base {
            Base::Any => Profile::any(),
            Base::Release(release) => Profile::of(release),
        };
        profile = profile.features(Features::from_bits(self.features));
        profile = profile.block_limit(u32::try_from(self.block_limit).unwrap_or(u32::MAX));
        if self.raw_only {
            profile = profile.raw_only();
        }
        if let Some(objset) = self.objset {
            profile = profile.objset(u32::try_from(objset).unwrap_or(0).into());
        }
        match self.ends {
            Some((from, to)) => profile.between(from, to),
            None => profile,
        }
    }
}

/// `DMU_BACKUP_FEATURE_MASK` of OpenZFS 2.0.
const FEATURES: u64 = 1 << 2 | 1 << 16 | 1 << 17 | 1 << 19 | 0xff << 20;
/// Long names and large micro-ZAPs.
const FEATURES_2_3: u64 = 1 << 28 | 1 << 29;
