//! I keep what is encrypted encrypted, and a lineage that began raw raw.

use zfs_rs::name::DatasetName;

use crate::reason::{Blocked, Side};
use crate::view::{Dataset, Encryption, Key, StreamFlags};

/// Where something is received.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'a> {
    /// Into a dataset that has received before.
    Existing(&'a Dataset),
    /// As a new dataset of this name below a parent that is encrypted like this.
    New(&'a DatasetName, &'a Encryption),
    /// As a clone, which has the key of what it grows from, wherever it lies (`dsl_dataset_create_crypt_sync` in the kernel's dsl_crypt.c).
    Clone(&'a Stem),
}

/// A dataset of the target as far as keys go.
#[derive(Debug, Clone)]
pub(super) struct Stem {
    /// Its name.
    pub(super) name: DatasetName,
    /// How it is encrypted.
    pub(super) encryption: Encryption,
}

/// How the receiving dataset is or will be encrypted, or why it must not receive.
pub(super) fn check(source: &Dataset, place: Place<'_>, raw: bool) -> Result<Encryption, Blocked> {
    if is_raw(source, raw) {
        check_raw(source, place)
    } else {
        check_plain(source, place)
    }
}

/// Whether the stream carries encrypted blocks: asking for raw has no effect on what is not encrypted.
pub(super) fn is_raw(source: &Dataset, raw: bool) -> bool {
    raw && source.encryption.is_on()
}

/// How the stream is made. Raw is demanded from the kernel whenever it is wished, even for what is not encrypted now: the order then stays
/// right if another dataset has taken the name.
///
/// Blocks in block pointers are never sent as such: OpenZFS 2.3 and 2.4 send a spill block that is in one to a place where the receiver loses it, and the
/// copy of the file lacks its extended attributes (`do_dump` in dmu_send.c takes `DMU_SPILL_BLKID` for the number of a block).
pub(super) fn flags(raw: bool) -> StreamFlags {
    StreamFlags {
        raw,
        large_block: true,
        embed: false,
        compress: true,
    }
}

fn check_raw(source: &Dataset, place: Place<'_>) -> Result<Encryption, Blocked> {
    let (receiving, dataset) = match place {
        Place::Existing(target) => (&target.encryption, &target.name),
        Place::Clone(stem) => (&stem.encryption, &stem.name),
        Place::New(name, _) => {
            return Ok(Encryption::On {
                root: name.clone(),
                key: Key::Missing,
                guid: source.encryption.guid(),
            });
        }
    };
    // Kernels refuse another key too, once they have the stream (`dsl_crypto_recv_raw_objset_check`, `dsl_crypto_recv_raw_key_check`).
    if receiving.shares_key(&source.encryption) {
        Ok(receiving.clone())
    } else {
        Err(Blocked::NotRawLineage { dataset: dataset.clone() })
    }
}

fn check_plain(source: &Dataset, place: Place<'_>) -> Result<Encryption, Blocked> {
    let (receiving, at, is_new) = match place {
        Place::Existing(target) => (&target.encryption, target.name.clone(), false),
        Place::Clone(stem) => (&stem.encryption, stem.name.clone(), false),
        Place::New(name, parent) => (parent, name.parent().unwrap_or_else(|| name.clone()), true),
    };
    if source.encryption.is_on() {
        // The kernel takes it, where the key is loaded, and nothing raw ever after.
        if !is_new && receiving.shares_key(&source.encryption) {
            return Err(Blocked::RawLineage { dataset: at });
        }
        if !receiving.is_on() {
            return Err(Blocked::WouldStoreDecrypted { at });
        }
    }
    for (side, encryption) in [(Side::Source, &source.encryption), (Side::Target, receiving)] {
        if let Some(root) = encryption.missing_key() {
            return Err(Blocked::KeyNotLoaded { side, root: root.clone() });
        }
    }
    Ok(receiving.clone())
}
