//! I am what a pool's format can do, and whether it does.

use std::collections::BTreeMap;
use std::fmt;

use crate::error::{Error, Operation, Result};
use crate::name::PoolName;
use crate::nvlist::{NvList, Value};
use crate::zfs::Zfs;

/// Whether a pool uses a feature.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FeatureState {
    /// The pool does not have it.
    Disabled,
    /// The pool may use it and does not yet.
    Enabled,
    /// Something on the pool is in that format: software that does not know the feature may be unable to import or to write it.
    Active,
}

impl fmt::Display for FeatureState {
    /// As `zpool get` says it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::Active => "active",
        })
    }
}

/// The features of a pool, as they were when asked; see [`Zfs::pool_features`].
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Features(BTreeMap<String, u64>);

impl Features {
    fn of(stats: &NvList) -> Self {
        let counted = stats.iter().filter_map(|(guid, value)| match value {
            Value::UInt64(users) => Some((guid.to_str_lossy().into_owned(), *users)),
            _ => None,
        });
        Self(counted.collect())
    }

    /// The state of a feature by its name, such as `bookmark_v2`, or by its full name, such as `com.datto:bookmark_v2`.
    ///
    /// A feature this kernel does not know is disabled.
    pub fn state(&self, feature: &str) -> FeatureState {
        match self.users(feature) {
            None => FeatureState::Disabled,
            Some(0) => FeatureState::Enabled,
            Some(_) => FeatureState::Active,
        }
    }

    /// How many things on the pool use a feature, datasets for most; nothing where it is disabled.
    pub fn users(&self, feature: &str) -> Option<u64> {
        let is_meant = |full: &str| full == feature || short(full) == feature;
        self.0.iter().find(|(full, _)| is_meant(full)).map(|(_, users)| *users)
    }

    /// The features that are not disabled, by their full names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, FeatureState)> {
        self.0.keys().map(|full| (full.as_str(), self.state(full)))
    }
}

/// Every feature's name is the last part of its full one (`zfeature_common.c`, 2.0 to 2.4).
fn short(full: &str) -> &str {
    full.split_once(':').map_or(full, |(_, short)| short)
}

impl Zfs {
    /// Which features a pool has, and which of them it uses.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when no such pool is imported.
    ///
    /// ```no_run
    /// use zfs_rs::FeatureState;
    ///
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// if zfs.pool_features(&"backup".parse()?)?.state("large_blocks") == FeatureState::Disabled {
    ///     println!("streams with large blocks cannot be received there");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "zpool get feature@")]
    pub fn pool_features(&self, pool: &PoolName) -> Result<Features> {
        let config = self
            .device
            .pool_status(pool)
            .map_err(|refusal| Error::new(Operation::Read, pool.as_str(), refusal))?;
        let stats = config
            .get::<&NvList>("feature_stats")
            .map_err(|error| Error::new(Operation::Read, pool.as_str(), error))?;
        Ok(Features::of(stats))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_found_by_either_name_and_what_is_not_there_is_disabled() {
        let features = Features::of(&NvList::new().with("org.illumos:lz4_compress", 3u64).with("org.openzfs:draid", 0u64));
        assert_eq!(features.state("lz4_compress"), FeatureState::Active);
        assert_eq!(features.users("org.illumos:lz4_compress"), Some(3));
        assert_eq!(features.state("draid"), FeatureState::Enabled);
        assert_eq!(features.state("raid"), FeatureState::Disabled);
        assert_eq!(features.iter().count(), 2);
    }
}
