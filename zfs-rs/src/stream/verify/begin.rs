//! I hold a stream's first record and its payload to the rules, and to what the caller wants.

use super::breach::{Field, Found, Wrong, field};
use super::record::{IN_THE_BLOCK, OBJECTS};
use super::{Profile, Rule};
use crate::name::SnapshotName;
use crate::nvlist::{FromValue, NvList, UNIQUE_NAME};
use crate::stream::{Begin, BeginFlags, Features, ObjsetType, RecordBytes, StreamKind};

/// Where a resuming stream goes on: an object and an offset in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ResumePoint {
    pub(super) object: u64,
    pub(super) offset: u64,
}

/// What the payload of `BEGIN` says about the records that follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) resume: Option<ResumePoint>,
    /// The base was redacted, so what it lacks is filled in.
    pub(super) fills_in: bool,
}

/// Holds the record to the rules.
pub(super) fn record(begin: &Begin, header: &RecordBytes, profile: &Profile) -> Result<(), Found> {
    let name_end = NAME_AT.saturating_add(begin.to_name.as_bytes().len());
    blank(Rule::RecordFiller, "filler", header, name_end, header.len())?;
    field(Rule::BeginReserved, "reserved bits", begin.reserved).is(0)?;
    features(begin, profile)?;
    field(Rule::BeginFlags, "flags", begin.flags.bits()).only_bits(FLAGS.bits().into())?;
    match begin.kind {
        StreamKind::Substream => stream(begin)?,
        StreamKind::Compound => package(begin)?,
    }
    let name = std::str::from_utf8(begin.to_name.as_bytes()).ok();
    let is_name = name.is_some_and(|name| name.parse::<SnapshotName>().is_ok());
    field(Rule::BeginName, "name", 0_u64).must(is_name, Wrong::Malformed)?;
    gate(begin, profile)
}

/// Holds the nvlist after the record to the rules.
pub(super) fn payload(begin: &Begin, bytes: &[u8]) -> Result<Origin, Found> {
    let malformed = |at: usize| field(Rule::BeginPayload, "payload", u64::try_from(at).unwrap_or(u64::MAX)).wrong(Wrong::Malformed);
    let list = if bytes.is_empty() {
        NvList::new()
    } else {
        NvList::decode(bytes).map_err(|error| malformed(error.offset))?
    };
    // In a list without that mark a kernel finds nothing, and it relies on what has to be there.
    let marks = field(Rule::BeginPayload, "flags of the list", list.flags());
    marks.is(UNIQUE_NAME.into())?;
    if begin.kind == StreamKind::Compound {
        return Ok(Origin::default());
    }
    for (index, (name, _)) in (0_u64..).zip(list.iter()) {
        let known = KEYS.iter().any(|key| name.as_bytes() == key.as_bytes());
        field(Rule::BeginKeys, "pair of the payload", index).must(known, Wrong::Unknown)?;
    }
    let key = value::<&NvList>(&list, CRYPT_KEYDATA)?;
    pair(begin, Features::RAW, Rule::BeginRaw, CRYPT_KEYDATA, key.is_some())?;
    key.map_or(Ok(()), metadnode)?;
    let object = value::<u64>(&list, RESUME_OBJECT)?;
    let offset = value::<u64>(&list, RESUME_OFFSET)?;
    pair(begin, Features::RESUMING, Rule::BeginResuming, RESUME_OBJECT, object.is_some())?;
    pair(begin, Features::RESUMING, Rule::BeginResuming, RESUME_OFFSET, offset.is_some())?;
    if let Some(object) = object {
        field(Rule::BeginResuming, RESUME_OBJECT, object)
            .at_least(1)?
            .at_most(OBJECTS.saturating_sub(1))?;
    }
    let redacted = value::<&[u64]>(&list, REDACT_SNAPS)?.is_some();
    pair(begin, Features::REDACTED, Rule::BeginRedacted, REDACT_SNAPS, redacted)?;
    let fills_in = value::<&[u64]>(&list, REDACT_FROM_SNAPS)?.is_some();
    let resume = object.zip(offset).map(|(object, offset)| ResumePoint { object, offset });
    Ok(Origin { resume, fills_in })
}

/// What is missing, or of another type, no kernel takes.
fn metadnode(key: &NvList) -> Result<(), Found> {
    for (name, least, most) in METADNODE {
        if let Ok(number) = key.get::<u64>(name) {
            field(Rule::RawMetadnode, name, number).at_least(least)?.at_most(most)?;
        }
    }
    if let Ok(sum) = key.get::<u64>(METADNODE_SUM) {
        let is_beside = !IN_THE_BLOCK.iter().any(|within| u64::from(*within) == sum);
        field(Rule::RawMetadnode, METADNODE_SUM, sum).must(is_beside, Wrong::Refused)?;
    }
    Ok(())
}

fn features(begin: &Begin, profile: &Profile) -> Result<(), Found> {
    let has = |features| begin.features.contains(features);
    let all = field(Rule::BeginFeatures, "features", begin.features.bits());
    all.only_bits(profile.features.bits())?;
    if has(Features::LARGE_MICROZAP) {
        let microzap = field(Rule::BeginMicrozap, "features", begin.features.bits());
        microzap.must(has(Features::LARGE_BLOCKS), Wrong::Needs(Features::LARGE_BLOCKS))?;
        microzap.must(profile.microzap_increments || begin.from_guid.is_none(), Wrong::Refused)?;
    }
    Ok(())
}

fn stream(begin: &Begin) -> Result<(), Found> {
    let has_flag = |flag| begin.flags.contains(flag);
    let base = field(Rule::BeginBase, "GUID of the base", begin.from_guid.unwrap_or(0));
    let is_dataset = matches!(begin.objset, ObjsetType::Filesystem | ObjsetType::Volume);
    field(Rule::BeginObjset, "type of the dataset", u32::from(begin.objset)).must(is_dataset, Wrong::Unknown)?;
    field(Rule::BeginGuid, "GUID", begin.to_guid).at_least(1)?;
    base.must(begin.from_guid != Some(begin.to_guid), Wrong::Refused)?;
    base.must(begin.from_guid.is_some() || !has_flag(BeginFlags::CLONE), Wrong::Below(1))?;
    field(Rule::BeginRawSpill, "flags", begin.flags.bits()).must(
        !begin.features.contains(Features::RAW) || has_flag(BeginFlags::SPILL_BLOCKS),
        Wrong::Contradicts(Features::RAW),
    )?;
    length(begin, MAX_STREAM_PAYLOAD)
}

fn package(begin: &Begin) -> Result<(), Found> {
    field(Rule::BeginGuid, "GUID", begin.to_guid).is(0)?;
    field(Rule::BeginBase, "GUID of the base", begin.from_guid.unwrap_or(0)).is(0)?;
    length(begin, MAX_PACKAGE_PAYLOAD)
}

fn length(begin: &Begin, limit: u64) -> Result<(), Found> {
    field(Rule::BeginLength, "length of the payload", begin.payload_len)
        .at_most(limit)?
        .multiple_of(4)?;
    Ok(())
}

fn gate(begin: &Begin, profile: &Profile) -> Result<(), Found> {
    if begin.kind == StreamKind::Compound {
        field(Rule::GatePackage, "kind of stream", 2_u32).must(profile.packages, Wrong::Refused)?;
    }
    if let Some((from, to)) = profile.ends {
        field(Rule::GateTarget, "GUID", begin.to_guid).is(to)?;
        field(Rule::GateBase, "GUID of the base", begin.from_guid.unwrap_or(0)).is(from.unwrap_or(0))?;
    }
    let is_stream = begin.kind == StreamKind::Substream;
    if let Some(wanted) = profile.objset.filter(|_| is_stream) {
        field(Rule::GateType, "type of the dataset", u32::from(begin.objset)).is(u32::from(wanted).into())?;
    }
    let raw = begin.features.contains(Features::RAW);
    field(Rule::GateRaw, "features", begin.features.bits()).must(raw || !is_stream || !profile.raw_only, Wrong::Needs(Features::RAW))?;
    Ok(())
}

/// The value of that name; one of another type is none that a kernel would find.
fn value<'a, T: FromValue<'a>>(list: &'a NvList, name: &'static str) -> Result<Option<T>, Found> {
    list.find(name)
        .map_err(|_of_another_type| field(Rule::BeginKeys, name, 0_u64).wrong(Wrong::Malformed))
}

/// A feature and the key that goes with it: both or none.
fn pair(begin: &Begin, feature: Features, rule: Rule, key: &'static str, present: bool) -> Result<(), Found> {
    let claim: Field = field(rule, key, u64::from(present));
    let announced = begin.features.contains(feature);
    claim.must(present || !announced, Wrong::Missing)?;
    claim.must(!present || announced, Wrong::Needs(feature))?;
    Ok(())
}

/// Bytes that are 0; the first that is not is named by its place in the record.
pub(super) fn blank(rule: Rule, name: &'static str, bytes: &[u8], from: usize, to: usize) -> Result<(), Found> {
    let bytes = bytes.get(from..to).unwrap_or_default();
    match bytes.iter().position(|byte| *byte != 0) {
        None => Ok(()),
        Some(at) => {
            let place = u64::try_from(from.saturating_add(at)).unwrap_or(u64::MAX);
            Err(field(rule, name, place).wrong(Wrong::Malformed))
        }
    }
}

const FLAGS: BeginFlags = BeginFlags::CLONE
    .with(BeginFlags::CI_DATA)
    .with(BeginFlags::FREE_RECORDS)
    .with(BeginFlags::SPILL_BLOCKS);
const CRYPT_KEYDATA: &str = "crypt_keydata";
const RESUME_OBJECT: &str = "resume_object";
const RESUME_OFFSET: &str = "resume_offset";
const REDACT_SNAPS: &str = "redact_snaps";
const REDACT_FROM_SNAPS: &str = "redact_from_snaps";
const KEYS: [&str; 5] = [CRYPT_KEYDATA, RESUME_OBJECT, RESUME_OFFSET, REDACT_SNAPS, REDACT_FROM_SNAPS];
/// What a raw stream says of the object that all dnodes are in, with the least and the most: it has that shape since OpenZFS knows encryption
/// (`dmu_objset_create_impl_dnstats` in dmu_objset.c), and holds 32 dnodes in a block.
const METADNODE: [(&str, u64, u64); 5] = [
    ("mdn_nlevels", 1, 6),
    ("mdn_blksz", 16384, 16384),
    ("mdn_indblkshift", 17, 17),
    ("mdn_nblkptr", 3, 3),
    ("mdn_maxblkid", 0, (OBJECTS >> 5) - 1),
];
const METADNODE_SUM: &str = "mdn_checksum";
/// Where the name starts in the record.
const NAME_AT: usize = 56;
/// Keys, a place and some thousands of redaction snapshots.
const MAX_STREAM_PAYLOAD: u64 = 1 << 20;
/// libzfs's own bound.
const MAX_PACKAGE_PAYLOAD: u64 = 64 << 20;
