//! I make the inputs to start from: small ones of every kind, and what streams recorded from real OpenZFS give.

use std::{fs, io, path::Path};

use zfs_rs::nvlist::NvList;
use zfs_rs::stream::record::RECORD_SIZE;
use zfs_rs::stream::token::ResumePoint;
use zfs_rs::stream::{Begin, ByteOrder};

use crate::{
    sample::{self, GUID},
    stream::Input,
};

/// Streams that kernels wrote.
#[derive(Debug, Default)]
pub struct Recorded(Vec<Vec<u8>>);

impl Recorded {
    /// The small streams below `folder`, told from other files by their first record; none where there is no such folder.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut found = Vec::new();
        if folder.is_dir() {
            collect(folder, &mut found)?;
        }
        Ok(Self(found))
    }
}

fn collect(folder: &Path, found: &mut Vec<Vec<u8>>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), found)?;
        } else if entry.metadata()?.len() <= LONGEST {
            let bytes = fs::read(entry.path())?;
            if bytes.first_chunk().is_some_and(|header| Begin::read(header).is_ok()) {
                found.push(bytes);
            }
        }
    }
    Ok(())
}

pub(crate) fn streams(recorded: &Recorded) -> Vec<Vec<u8>> {
    let made = [ByteOrder::Little, ByteOrder::Big].into_iter().flat_map(sample::streams);
    let streams = made.chain(recorded.0.iter().cloned());
    streams
        .flat_map(|stream| [true, false].map(|right| Input::of(&stream, right)))
        .collect()
}

/// What a writer is given comes of any bytes.
pub(crate) fn noise(_recorded: &Recorded) -> Vec<Vec<u8>> {
    let noise = |seed: u32| (0..700_u32).map(move |at| (at.wrapping_mul(at).wrapping_add(seed).wrapping_mul(2_654_435_761) >> 24) as u8);
    let zeros = vec![0; 200];
    [vec![], zeros]
        .into_iter()
        .chain((0..8).map(|seed| noise(seed).collect()))
        .collect()
}

pub(crate) fn native(recorded: &Recorded) -> Vec<Vec<u8>> {
    packed(recorded, |list| list.encode_native(), 0)
        .into_iter()
        .map(|list| [&list[1..2], &list[4..]].concat())
        .collect()
}

pub(crate) fn xdr(recorded: &Recorded) -> Vec<Vec<u8>> {
    packed(recorded, |list| list.encode_xdr(), 1)
        .into_iter()
        .map(|list| list[4..].to_vec())
        .collect()
}

pub(crate) fn tokens(_recorded: &Recorded) -> Vec<Vec<u8>> {
    let point = ResumePoint {
        object: 7,
        offset: 131_072,
        bytes: 4096,
        to_guid: GUID,
        to_name: "tank/home@b".into(),
        from_guid: Some(3),
        large_block_ok: true,
        compress_ok: true,
        redact_snaps: Some(vec![9, 10]),
        ..ResumePoint::default()
    };
    let token = point.encode().expect("a small token");
    let payload = token.text().rsplit('-').next().unwrap_or_default();
    let compressed: Vec<u8> = (0..payload.len() / 2)
        .filter_map(|at| u8::from_str_radix(&payload[2 * at..2 * at + 2], 16).ok())
        .collect();
    let list = NvList::new()
        .with("object", 7_u64)
        .with("offset", 0_u64)
        .with("bytes", 1_u64)
        .with("toguid", GUID)
        .with("toname", "a@b");
    vec![
        [b"\0", token.text().as_bytes()].concat(),
        [&b"\x01"[..], &list.encode_native().expect("a small list")].concat(),
        [&b"\x01"[..], &list.encode_xdr().expect("a small list")].concat(),
        [&b"\x02\x00\x02\x00\x00"[..], &compressed].concat(),
        [&b"\x03\x1f"[..], &[3; 60], b"tank@a"].concat(),
    ]
}

pub(crate) fn names(_recorded: &Recorded) -> Vec<Vec<u8>> {
    let deep = ["t"; 50].join("/");
    let long = "t".repeat(255);
    let texts = [
        "tank",
        "tank/home/ada lovelace",
        "tank/home@day-1",
        "tank/home#day-1",
        "org.example:owner",
        "userquota@Joe",
        "tank/a\ntank/a/b",
        "tank/%recv/../$ORIGIN",
        &deep,
        &long,
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

/// Lists of all kinds of value, and the payloads of recorded streams that are in this encoding.
fn packed<E: std::fmt::Debug>(recorded: &Recorded, encode: impl Fn(&NvList) -> Result<Vec<u8>, E>, encoding: u8) -> Vec<Vec<u8>> {
    let payload = |stream: &Vec<u8>| -> Option<Vec<u8>> {
        let begin = Begin::read(stream.first_chunk()?).ok()?;
        let end = RECORD_SIZE.checked_add(usize::try_from(begin.payload_len).ok()?)?;
        stream.get(RECORD_SIZE..end).map(<[u8]>::to_vec)
    };
    let recorded = recorded
        .0
        .iter()
        .filter_map(payload)
        .filter(|list| list.len() > 4 && list[0] == encoding);
    let made = lists().into_iter().map(|list| encode(&list).expect("a small list"));
    made.chain(recorded).collect()
}

fn lists() -> Vec<NvList> {
    use zfs_rs::nvlist::Value;
    let scalars = NvList::new()
        .with_flag("flag", true)
        .with("bool", true)
        .with("byte", Value::Byte(1))
        .with("i8", -1_i8)
        .with("u8", 255_u8)
        .with("i16", -1_i16)
        .with("u16", 1_u16)
        .with("i32", -1_i32)
        .with("u32", 1_u32)
        .with("i64", -1_i64)
        .with("u64", 1_u64)
        .with("hrtime", Value::Hrtime(1))
        .with("double", Value::Double(1.5))
        .with("string", "text");
    let arrays = NvList::new()
        .with("bools", Value::BooleanArray(vec![true, false]))
        .with("bytes", Value::ByteArray(vec![1, 2, 3]))
        .with("i8s", Value::Int8Array(vec![-1]))
        .with("u8s", Value::UInt8Array(vec![1, 2]))
        .with("i16s", Value::Int16Array(vec![-1]))
        .with("u16s", Value::UInt16Array(vec![1, 2, 3]))
        .with("i32s", Value::Int32Array(vec![]))
        .with("u32s", Value::UInt32Array(vec![1]))
        .with("i64s", Value::Int64Array(vec![-1]))
        .with("u64s", vec![1_u64, 2])
        .with("strings", Value::StringArray(vec!["a".into(), "".into()]));
    let nested = NvList::new()
        .with("list", arrays.clone())
        .with("lists", Value::ListArray(vec![scalars.clone(), NvList::new()]));
    let deep = (0..20).fold(NvList::new(), |list, _| NvList::new().with("d", list));
    vec![NvList::new(), scalars, arrays, nested, deep]
}

/// Longer inputs are slow to mutate and show no more.
const LONGEST: u64 = 64 << 10;
