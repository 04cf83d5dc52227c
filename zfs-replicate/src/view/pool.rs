//! I am a pool, and what its format can do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zfs_rs::identity::Guid;

use super::text;

/// A pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Identity.
    #[serde(with = "text")]
    pub guid: Guid,
    /// Whether it is known to be imported read-only.
    pub readonly: bool,
    /// The features that are not disabled, by the names that `zpool get` has behind `feature@`; nothing where they could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<BTreeMap<String, Feature>>,
}

/// Whether a feature that a pool has is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// It may be.
    Enabled,
    /// Something in the pool is in that format.
    Active,
}

impl Pool {
    /// Whether it is known that the pool does not have a feature, so that its kernel refuses what needs it.
    pub fn lacks(&self, feature: &str) -> bool {
        self.features.as_ref().is_some_and(|features| !features.contains_key(feature))
    }

    /// Whether something in the pool may be in the format of a feature: only what is known not to use it does not.
    pub fn may_use(&self, feature: &str) -> bool {
        let state = |features: &BTreeMap<String, Feature>| features.get(feature).copied();
        self.features
            .as_ref()
            .is_none_or(|features| state(features) == Some(Feature::Active))
    }
}
