//! I am the rules for `BEGIN`.

use zfs_rs::nvlist::{NvList, UNIQUE_NAME, Value};

use crate::plain::bytes::Rec;
use crate::plain::fields::{PAYLOAD_LEN, begin};
use crate::plain::past::{Past, features_of};

const LARGE_BLOCKS: u32 = 19;
const RESUMING: u32 = 20;
const REDACTED: u32 = 21;
const RAW: u32 = 24;
const LARGE_MICROZAP: u32 = 29;
const CLONE: u64 = 1;
const SPILL_BLOCKS: u64 = 8;

fn is_begin(record: &Rec<'_>) -> bool {
    record.kind() == begin::NUMBER
}

/// Whether it begins a package.
fn is_package(record: &Rec<'_>) -> bool {
    is_begin(record) && record.get(begin::VERSION) & 3 == 2
}

/// Whether it begins what a kernel receives.
fn is_stream(record: &Rec<'_>) -> bool {
    is_begin(record) && record.get(begin::VERSION) & 3 == 1
}

fn has(record: &Rec<'_>, feature: u32) -> bool {
    features_of(record) & 1 << feature != 0
}

/// The list of the payload; an empty one where there is none.
fn list(record: &Rec<'_>) -> Option<NvList> {
    if record.payload.is_empty() {
        Some(NvList::new())
    } else {
        NvList::decode(record.payload).ok()
    }
}

pub(super) fn reserved(_past: &Past, record: &Rec<'_>) -> bool {
    !is_begin(record) || record.get(begin::VERSION) >> 58 == 0
}

pub(super) fn features(past: &Past, record: &Rec<'_>) -> bool {
    !is_begin(record) || features_of(record) & !past.receiver.features == 0
}

pub(super) fn microzap(past: &Past, record: &Rec<'_>) -> bool {
    if !is_begin(record) || !has(record, LARGE_MICROZAP) {
        return true;
    }
    has(record, LARGE_BLOCKS) && (past.receiver.microzap_increments || record.is_zero(begin::BASE))
}

pub(super) fn objset(_past: &Past, record: &Rec<'_>) -> bool {
    !is_stream(record) || matches!(record.get(begin::OBJSET), 2 | 3)
}

pub(super) fn flags(_past: &Past, record: &Rec<'_>) -> bool {
    !is_begin(record) || record.get(begin::FLAGS) & !0xf == 0
}

pub(super) fn guid(_past: &Past, record: &Rec<'_>) -> bool {
    !is_begin(record) || record.is_zero(begin::GUID) == is_package(record)
}

pub(super) fn base(_past: &Past, record: &Rec<'_>) -> bool {
    if !is_stream(record) {
        return !is_package(record) || record.is_zero(begin::BASE);
    }
    let is_clone = record.get(begin::FLAGS) & CLONE != 0;
    let is_own = record.get(begin::BASE) == record.get(begin::GUID);
    !is_own && (!is_clone || !record.is_zero(begin::BASE))
}

/// As `zfs_namecheck.c` has names. A percent sign is for what a kernel names itself, and that it does not send.
pub(super) fn name(_past: &Past, record: &Rec<'_>) -> bool {
    if !is_begin(record) {
        return true;
    }
    let name = record.bytes(begin::NAME).split(|byte| *byte == 0).next().unwrap_or_default();
    let parts: Vec<&[u8]> = name.split(|byte| *byte == b'@').collect();
    let [dataset, snapshot] = parts[..] else {
        return false;
    };
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.: ".contains(byte);
    let is_component = |part: &[u8]| !part.is_empty() && part != b"." && part != b".." && part.iter().all(is_letter);
    let components: Vec<&[u8]> = dataset.split(|byte| *byte == b'/').collect();
    let begins = dataset.first().is_some_and(u8::is_ascii_alphabetic);
    begins && components.len() <= 50 && components.iter().all(|part| is_component(part)) && is_component(snapshot)
}

pub(super) fn length(_past: &Past, record: &Rec<'_>) -> bool {
    let limit = if is_package(record) { 64 << 20 } else { 1 << 20 };
    let length = record.get(PAYLOAD_LEN);
    !is_begin(record) || (length <= limit && length.is_multiple_of(4))
}

pub(super) fn payload(_past: &Past, record: &Rec<'_>) -> bool {
    !is_begin(record) || list(record).is_some_and(|list| list.flags() == UNIQUE_NAME)
}

pub(super) fn keys(_past: &Past, record: &Rec<'_>) -> bool {
    let is_known = |(name, value): (&[u8], &Value)| {
        matches!(
            (name, value),
            (b"crypt_keydata", Value::List(_))
                | (b"resume_object" | b"resume_offset", Value::UInt64(_))
                | (b"redact_snaps" | b"redact_from_snaps", Value::UInt64Array(_))
        )
    };
    let all_known = |list: NvList| list.iter().all(|(name, value)| is_known((name.as_bytes(), value)));
    !is_stream(record) || list(record).is_none_or(all_known)
}

pub(super) fn raw(_past: &Past, record: &Rec<'_>) -> bool {
    !is_stream(record) || list(record).is_none_or(|list| list.has("crypt_keydata") == has(record, RAW))
}

pub(super) fn metadnode(_past: &Past, record: &Rec<'_>) -> bool {
    let fits = |list: NvList| {
        let key = list.get::<&NvList>("crypt_keydata").ok();
        let within = |name: &str, fits: fn(u64) -> bool| key.and_then(|key| key.get::<u64>(name).ok()).is_none_or(fits);
        within("mdn_nlevels", |levels| levels != 0 && levels <= 6)
            && within("mdn_blksz", |size| size == 512 * 32)
            && within("mdn_indblkshift", |shift| shift == 17)
            && within("mdn_nblkptr", |pointers| pointers == 3)
            && within("mdn_checksum", |sum| !matches!(sum, 3 | 4 | 5 | 9))
            && within("mdn_maxblkid", |block| block < (1 << 48) / 32)
    };
    !is_stream(record) || list(record).is_none_or(fits)
}

pub(super) fn raw_spill(_past: &Past, record: &Rec<'_>) -> bool {
    !is_stream(record) || !has(record, RAW) || record.get(begin::FLAGS) & SPILL_BLOCKS != 0
}

pub(super) fn resuming(_past: &Past, record: &Rec<'_>) -> bool {
    let fits = |list: NvList| {
        let object = list.get::<u64>("resume_object").ok();
        let is_object = object.is_none_or(|object| object != 0 && object < 1 << 48);
        let is_resuming = has(record, RESUMING);
        is_object && list.has("resume_object") == is_resuming && list.has("resume_offset") == is_resuming
    };
    !is_stream(record) || list(record).is_none_or(fits)
}

pub(super) fn redacted(_past: &Past, record: &Rec<'_>) -> bool {
    !is_stream(record) || list(record).is_none_or(|list| list.has("redact_snaps") == has(record, REDACTED))
}

pub(super) fn gate_target(past: &Past, record: &Rec<'_>) -> bool {
    let wanted = |(_, to)| to == record.get(begin::GUID);
    !is_begin(record) || past.receiver.ends.is_none_or(wanted)
}

pub(super) fn gate_base(past: &Past, record: &Rec<'_>) -> bool {
    let wanted = |(from, _): (Option<u64>, u64)| from.unwrap_or(0) == record.get(begin::BASE);
    !is_begin(record) || past.receiver.ends.is_none_or(wanted)
}

pub(super) fn gate_type(past: &Past, record: &Rec<'_>) -> bool {
    let is_wanted = |wanted| record.get(begin::OBJSET) == wanted;
    !is_stream(record) || past.receiver.objset.is_none_or(is_wanted)
}

pub(super) fn gate_raw(past: &Past, record: &Rec<'_>) -> bool {
    !is_stream(record) || !past.receiver.raw_only || has(record, RAW)
}

pub(super) fn gate_package(past: &Past, record: &Rec<'_>) -> bool {
    !is_package(record) || past.receiver.packages
}
