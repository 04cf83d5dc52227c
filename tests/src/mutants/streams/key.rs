//! I am the key of raw streams, which nobody can unwrap.

use zfs_rs::nvlist::NvList;

/// A wrapped key, and the shape of the dnodes' own object: all that a kernel wants to find there.
pub(super) fn key() -> NvList {
    let numbers = KEY_NUMBERS
        .iter()
        .fold(NvList::new(), |list, (name, number)| list.with(*name, *number));
    let bytes = |list: NvList, (name, length): &(&str, u8)| list.with(*name, vec![*length; usize::from(*length)]);
    KEY_BYTES.iter().fold(numbers, bytes)
}

/// A base is made with the same key: what it ends with is what its increment begins with.
pub(in crate::mutants) const KEY_NUMBERS: [(&str, u64); 15] = [
    ("DSL_CRYPTO_SUITE", 8),
    ("DSL_CRYPTO_GUID", 77),
    ("DSL_CRYPTO_VERSION", 1),
    ("keyformat", 1),
    ("pbkdf2iters", 0),
    ("pbkdf2salt", 0),
    ("to_ivset_guid", 4711),
    ("from_ivset_guid", 4711),
    ("mdn_checksum", 0),
    ("mdn_compress", 0),
    ("mdn_nlevels", 6),
    ("mdn_blksz", 16384),
    ("mdn_indblkshift", 17),
    ("mdn_nblkptr", 3),
    ("mdn_maxblkid", 4),
];
const KEY_BYTES: [(&str, u8); 5] = [
    ("DSL_CRYPTO_MASTER_KEY_1", 32),
    ("DSL_CRYPTO_HMAC_KEY_1", 64),
    ("DSL_CRYPTO_IV", 12),
    ("DSL_CRYPTO_MAC", 16),
    ("portable_mac", 32),
];
