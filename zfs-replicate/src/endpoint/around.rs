//! I look at the pool that a side lies in, and at what lies above it.

use zfs_rs::{DatasetName, Error, FeatureState, OptionalExt as _, Properties};

use super::Local;
use super::look::{encryption, quota};
use crate::reason::{Failure, FailureKind, Part, Side};
use crate::view::{Above, Feature, Pool, Quota, QuotaKind};

impl Local {
    /// The pool of a dataset, and what lies above it.
    pub(super) fn around(&self, root: &DatasetName) -> Result<(Pool, Option<Above>), Failure> {
        let pool = self.pool(root)?;
        let above = match root.parent() {
            Some(parent) => self.above(&parent)?,
            None => None,
        };
        Ok((pool, above))
    }

    fn pool(&self, root: &DatasetName) -> Result<Pool, Failure> {
        let failed = |error: Error| self.failure(Part::Look, &error);
        let name = root.pool();
        let pools = self.zfs.pools().map_err(failed)?;
        let guid = pools
            .iter()
            .find(|pool| pool.name == name)
            .map(|pool| pool.guid)
            .ok_or_else(|| Failure {
                side: self.side,
                part: Part::Look,
                object: name.to_string(),
                kind: FailureKind::NotFound,
                errno: None,
                detail: format!("no pool {name} is imported"),
            })?;
        let properties = self.zfs.pool_properties(&name).map_err(failed)?;
        // Where they cannot be read nothing is known of them, and the kernels say themselves what they cannot send or take.
        let features = self.zfs.pool_features(&name).ok();
        let features = features.map(|features| features.iter().map(feature).collect());
        Ok(Pool {
            guid,
            readonly: properties.number("readonly") == Some(1),
            features,
        })
    }

    fn above(&self, name: &DatasetName) -> Result<Option<Above>, Failure> {
        let properties = self
            .zfs
            .properties(name)
            .optional()
            .map_err(|error| self.failure(Part::Look, &error))?;
        let Some(properties) = properties else { return Ok(None) };
        // Nothing comes to the source, so nothing bounds it there.
        let quotas = if self.side == Side::Target {
            self.quotas_up_from(name, &properties)?
        } else {
            Vec::new()
        };
        Ok(Some(Above {
            name: name.clone(),
            encryption: encryption(&properties, name),
            available: properties.number("available").unwrap_or(0),
            quotas,
        }))
    }

    /// The quotas that bound everything below a dataset: its own and those of what lies above.
    fn quotas_up_from(&self, name: &DatasetName, properties: &Properties) -> Result<Vec<Quota>, Failure> {
        let mut found: Vec<_> = quota(properties, name, QuotaKind::Quota).into_iter().collect();
        let mut next = name.parent();
        while let Some(name) = next {
            let above = self.zfs.properties(&name).optional();
            let above = above.map_err(|error| self.failure(Part::Look, &error))?;
            found.extend(above.and_then(|above| quota(&above, &name, QuotaKind::Quota)));
            next = name.parent();
        }
        Ok(found)
    }
}

/// A feature by its short name: in full it begins with who made it.
fn feature((full, state): (&str, FeatureState)) -> (String, Feature) {
    let short = full.split_once(':').map_or(full, |(_, short)| short);
    let state = if state == FeatureState::Active {
        Feature::Active
    } else {
        Feature::Enabled
    };
    (short.to_owned(), state)
}
