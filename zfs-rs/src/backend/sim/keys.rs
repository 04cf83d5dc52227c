//! I load keys and forget them, and wrap master keys anew.
//!
//! A wrapping key is kept as a number that tells it from others; nothing is encrypted with it.

use super::fault::Call;
use super::lineage::take_root;
use super::pool::{Pool, above};
use super::process::Process;
use super::rules;
use super::world::mix;
use crate::backend::request::{ChangeKey, KeyChange};
use crate::backend::{Keys, Outcome, WrappingKey};
use crate::errno::Errno;
use crate::name::DatasetName;

impl Keys for Process {
    fn load_key(&self, root: &DatasetName, key: &WrappingKey, check_only: bool) -> Outcome<()> {
        self.call(Call::LoadKey, |world| {
            // No change of what is on disk, so a pool imported read-only takes it too (`spa_keystore_load_wkey`).
            let pool = world.pool_mut(root.pool().as_str())?;
            let id = rules::key_root(&pool.state, root)?;
            let encryption = pool.state.get(root.as_str())?.encryption.as_ref();
            rules::refuse(encryption.is_none_or(|known| known.wrapping != digest(key)), Errno::EACCES)?;
            if !check_only {
                rules::refuse(!pool.keys.insert(id), Errno::EEXIST)?;
            }
            Ok(())
        })
    }

    fn unload_key(&self, root: &DatasetName) -> Outcome<()> {
        self.call(Call::UnloadKey, |world| {
            let pool = world.pool_mut(root.pool().as_str())?;
            let id = pool.state.get(root.as_str())?.id;
            // Whatever is no root has no key loaded (`spa_keystore_unload_wkey_impl`).
            rules::refuse(!pool.keys.contains(&id), Errno::EACCES)?;
            let in_use = pool
                .state
                .datasets
                .values()
                .any(|dataset| dataset.owner.is_some() && dataset.encryption.as_ref().is_some_and(|key| key.root == id));
            rules::refuse(in_use, Errno::EBUSY)?;
            pool.keys.remove(&id);
            Ok(())
        })
    }

    fn change_key(&self, request: &ChangeKey<'_>) -> Outcome<()> {
        self.call(Call::ChangeKey, |world| {
            world.change(request.dataset.pool().as_str(), |pool, _| match request.to {
                KeyChange::New { properties, key } => {
                    let keyformat = properties.get::<u64>("keyformat").ok();
                    let has_location = properties.has("keylocation");
                    new_key(pool, request.dataset, keyformat, has_location, key)
                }
                KeyChange::Inherit => inherit_key(pool, request.dataset, true),
                KeyChange::ForceInherit => inherit_key(pool, request.dataset, false),
            })
        })
    }
}

/// `spa_keystore_change_key_sync`, with a key of its own.
fn new_key(pool: &mut Pool, name: &DatasetName, keyformat: Option<u64>, has_location: bool, key: &WrappingKey) -> Outcome<()> {
    let (id, root) = rules::changing_key(pool, name)?;
    let keyformat = keyformat.ok_or(Errno::EINVAL)?;
    rules::refuse(id != root && !has_location, Errno::EINVAL)?;
    rules::refuse(!pool.has_key(name.as_str()), Errno::EACCES)?;
    take_root(&mut pool.state, name.as_str(), root, id)?;
    if let Some(encryption) = &mut pool.state.get_mut(name.as_str())?.encryption {
        encryption.keyformat = keyformat;
        encryption.wrapping = digest(key);
    }
    pool.keys.insert(id);
    Ok(())
}

/// The same with the key of the parent.
fn inherit_key(pool: &mut Pool, name: &DatasetName, rewraps: bool) -> Outcome<()> {
    let (id, root) = rules::changing_key(pool, name)?;
    rules::refuse(id != root, Errno::EINVAL)?;
    let parent = above(name.as_str()).ok_or(Errno::EINVAL)?;
    let new = pool.state.get(parent)?.encryption.clone().ok_or(Errno::EINVAL)?;
    rules::refuse(rewraps && !(pool.has_key(name.as_str()) && pool.has_key(parent)), Errno::EACCES)?;
    take_root(&mut pool.state, name.as_str(), id, new.root)?;
    if let Some(encryption) = &mut pool.state.get_mut(name.as_str())?.encryption {
        encryption.wrapping = new.wrapping;
    }
    pool.keys.remove(&id);
    Ok(())
}

/// What tells a wrapping key from others.
pub(super) fn digest(key: &WrappingKey) -> u64 {
    key.iter().fold(1, |sum, byte| mix(sum ^ u64::from(*byte)))
}
