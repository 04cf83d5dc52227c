//! I change the list behind a `BEGIN`: its pairs, or its bytes.

use zfs_rs::nvlist::{NvList, Value};

use super::values;
use crate::chance::Chance;
use crate::mutants::streams::key::KEY_NUMBERS;

/// Changes it and says how.
pub(super) fn change(chance: &mut Chance, payload: &mut Vec<u8>) -> String {
    match chance.below(10) {
        0 => {
            let length = chance.of(&[0, 4, 8, 1 << 20, (1 << 20) + 4, (1 << 20) + 8]);
            payload.resize(length, 0);
            format!("its list has {length} bytes")
        }
        1 | 2 if !payload.is_empty() => {
            let at = chance.below(payload.len());
            payload[at] = chance.of(&[0, 1, 0xff, payload[at] ^ 1 << chance.clone().below(8)]);
            format!("byte {at} of its list is {}", payload[at])
        }
        3 => {
            let length = payload.len().saturating_sub(chance.of(&[4, 8, 12]));
            payload.truncate(length);
            format!("its list is cut to {length} bytes")
        }
        4 => {
            let byte = chance.of(&[0, 1]);
            payload.extend_from_slice(&[byte; 8]);
            format!("{byte} follows its list")
        }
        5 => twice(payload),
        _ => pair(chance, payload),
    }
}

/// One pair is taken away, or another one comes.
fn pair(chance: &mut Chance, payload: &mut Vec<u8>) -> String {
    let mut list = NvList::decode(payload).unwrap_or_else(|_| NvList::new());
    let name = chance.of(NAMES);
    let key = list.get::<&NvList>("crypt_keydata").ok().filter(|_| chance.percent(30)).cloned();
    let what = if let Some(mut key) = key {
        let (name, before) = chance.of(&KEY_NUMBERS);
        let number = values::draw(chance, 8, before);
        key.insert(name, number);
        list.insert("crypt_keydata", key);
        format!("{name} of its key is {number}")
    } else if chance.percent(30) {
        list.remove(name);
        format!("{name} is taken away")
    } else {
        let value = value(chance);
        let what = format!("{name} is {value:?}");
        list.insert(name, value);
        what
    };
    let bytes = if chance.percent(90) {
        list.encode_native()
    } else {
        list.encode_xdr()
    };
    *payload = if list.is_empty() && chance.percent(50) {
        Vec::new()
    } else {
        bytes.unwrap_or_default()
    };
    what
}

/// One name comes twice: the two that a resuming stream has are as long as each other.
fn twice(payload: &mut [u8]) -> String {
    let (from, to) = (b"resume_offset", b"resume_object");
    if let Some(at) = payload.windows(from.len()).position(|window| window == from) {
        payload[at..at + to.len()].copy_from_slice(to);
    }
    "resume_object comes twice".to_owned()
}

fn value(chance: &mut Chance) -> Value {
    match chance.below(8) {
        0..3 => Value::UInt64(chance.of(&[0, 1, 7, (1 << 48) - 1, 1 << 48, u64::MAX])),
        3 => Value::UInt64Array(vec![5; chance.below(3)]),
        4 => Value::List(NvList::new().with("a", 1_u64)),
        5 => Value::Boolean,
        6 => Value::UInt32(7),
        _ => Value::from("text"),
    }
}

const NAMES: &[&str] = &[
    "crypt_keydata",
    "resume_object",
    "resume_offset",
    "redact_snaps",
    "redact_from_snaps",
    "other",
    "tosnap",
];
