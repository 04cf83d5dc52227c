//! I carry wrapping keys through libzfs_core.

#![expect(unsafe_code, reason = "calls into C")]

use zfs_sys::symbol;

use super::argument::{WRAPPING_KEY, text, truth, wrapping_key};
use super::list::verdict;
use super::{Lzc, found};
use crate::backend::payload::key_command;
use crate::backend::request::{ChangeKey, KeyChange};
use crate::backend::{Keys, Outcome, WrappingKey};
use crate::name::DatasetName;

impl Keys for Lzc {
    fn load_key(&self, root: &DatasetName, key: &WrappingKey, check_only: bool) -> Outcome<()> {
        let load = found(symbol!(self.library, lzc_load_key))?;
        let name = text(root.as_str())?;
        // A copy, because the library wants to be allowed to write there.
        let mut key = *key;
        // SAFETY: as in `core.rs`; the key has the length beside it and lives to the end of this method.
        verdict(unsafe { load(name.as_ptr(), truth(check_only), key.as_mut_ptr(), WRAPPING_KEY) })
    }

    fn unload_key(&self, root: &DatasetName) -> Outcome<()> {
        let unload = found(symbol!(self.library, lzc_unload_key))?;
        let name = text(root.as_str())?;
        // SAFETY: as in `core.rs`.
        verdict(unsafe { unload(name.as_ptr()) })
    }

    fn change_key(&self, request: &ChangeKey<'_>) -> Outcome<()> {
        let change = found(symbol!(self.library, lzc_change_key))?;
        let name = text(request.dataset.as_str())?;
        let (mut properties, mut key) = match request.to {
            KeyChange::New { properties, key } => (self.carrier.import_filled(properties)?, Some(*key)),
            KeyChange::Inherit | KeyChange::ForceInherit => (self.carrier.none(), None),
        };
        let (start, length) = wrapping_key(&mut key);
        // SAFETY: as in `core.rs`; the key may be null, else it has the length beside it and lives to the end of this method.
        verdict(unsafe { change(name.as_ptr(), key_command(&request.to), properties.raw(), start, length) })
    }
}
