//! I read the text that `zstream dump -v` prints, and hold it against our records of the same stream, field by field.

use std::fmt::{Display, Write as _};

use zfs_rs::stream::{Begin, Record, StreamKind};

use super::genuine::Piece;

/// A record in the words of that program: its type, and its fields in the order they are printed.
type Said = (String, Vec<(String, String)>);

/// Compares record for record; says how many there were.
///
/// # Errors
/// The first difference, or what zstream complains of, in words.
pub fn agree(pieces: &[Piece], text: &str) -> Result<usize, String> {
    let (theirs, totals) = read(text)?;
    let ours: Vec<Said> = pieces.iter().map(|(record, _)| said(record)).collect();
    for (index, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        if ours != theirs {
            return Err(format!("record {index}: we read {ours:?}, zstream {theirs:?}"));
        }
    }
    let payload: usize = pieces.iter().map(|(_, payload)| payload.len()).sum();
    let found = [pieces.len(), payload, payload + pieces.len() * zfs_rs::stream::record::RECORD_SIZE];
    if ours.len() != theirs.len() || totals != found {
        return Err(format!(
            "we read {} records and sum up {found:?}, zstream {} and {totals:?}",
            ours.len(),
            theirs.len()
        ));
    }
    Ok(ours.len())
}

/// The records, and how many there are, the bytes of their payloads and of all.
fn read(text: &str) -> Result<(Vec<Said>, [usize; 3]), String> {
    let mut records: Vec<Said> = Vec::new();
    let mut totals = Vec::new();
    let mut begins = false;
    for line in text.lines() {
        if COMPLAINTS.iter().any(|complaint| line.starts_with(complaint)) {
            return Err(format!("zstream says: {line}"));
        }
        let field = line.strip_prefix('\t').and_then(|rest| rest.split_once(" = "));
        if line == "BEGIN record" {
            begins = true;
            records.push(("BEGIN".to_owned(), Vec::new()));
        } else if let (true, Some((name, value)), Some((_, fields))) = (begins, field, records.last_mut()) {
            fields.push((name.to_owned(), value.to_owned()));
            // Behind the name comes the payload, in words of its own.
            begins = name != "toname";
        } else if let (Some((name, value)), true) = (field, line.starts_with("\tTotal ")) {
            if TOTALS.contains(&name) {
                let number = value.split(' ').next().and_then(|number| number.parse().ok());
                totals.push(number.ok_or_else(|| format!("no number: {line}"))?);
            }
        } else if TYPES.iter().any(|known| line.starts_with(known)) {
            records.push(split(line));
        }
    }
    let totals = totals
        .try_into()
        .map_err(|found| format!("zstream did not come to its summary: {found:?}"))?;
    Ok((records, totals))
}

/// Takes `WRITE object = 2 checksum type = 7` apart: a value is one word, the name of the next field is the rest.
fn split(line: &str) -> Said {
    let mut parts = line.split(" = ");
    let (kind, mut name) = parts.next().and_then(|first| first.split_once(' ')).unwrap_or_default();
    let mut fields = Vec::new();
    for part in parts {
        let (value, next) = part.split_once(' ').unwrap_or((part, ""));
        fields.push((name.to_owned(), value.to_owned()));
        name = next;
    }
    (kind.to_owned(), fields)
}

/// What zstream has to say of a record.
fn said(record: &Record) -> Said {
    let fields: Vec<(&str, String)> = match record {
        Record::Begin(begin) => self::begin(begin),
        Record::End(end) => {
            let [a, b, c, d] = end.checksum.0;
            vec![("checksum", format!("{a:x}/{b:x}/{c:x}/{d:x}"))]
        }
        Record::Object(object) => numbers(&[
            ("object", &object.object),
            ("type", &object.object_type),
            ("bonustype", &object.bonus_type),
            ("blksz", &object.block_size),
            ("bonuslen", &object.bonus_len),
            ("dn_slots", &object.dnode_slots),
            ("raw_bonuslen", &object.raw_bonus_len),
            ("flags", &object.flags),
            ("maxblkid", &object.max_block_id),
            ("indblkshift", &object.indirect_block_shift),
            ("nlevels", &object.levels),
            ("nblkptr", &object.block_pointers),
        ]),
        Record::FreeObjects(free) => numbers(&[("firstobj", &free.first_object), ("numobjs", &free.count)]),
        Record::Free(free) => numbers(&[
            ("object", &free.object),
            ("offset", &free.offset),
            ("length", &free.length.cast_signed()),
        ]),
        Record::Redact(redact) => numbers(&[("object", &redact.object), ("offset", &redact.offset), ("length", &redact.length)]),
        Record::Write(write) => numbers(&[
            ("object", &write.object),
            ("type", &write.object_type),
            ("checksum type", &write.checksum_type),
            ("compression type", &write.compression),
            ("flags", &write.flags),
            ("offset", &write.offset),
            ("logical_size", &write.logical_size),
            ("compressed_size", &write.compressed_size),
            ("payload_size", &record.payload_len()),
            ("props", &format!("{:x}", write.key_properties)),
            ("salt", &hex(&write.salt)),
            ("iv", &hex(&write.iv)),
            ("mac", &hex(&write.mac)),
        ]),
        Record::WriteByRef(write) => numbers(&[
            ("object", &write.object),
            ("checksum type", &write.checksum_type),
            ("props", &format!("{:x}", write.key_properties)),
            ("offset", &write.offset),
            ("length", &write.length),
            ("toguid", &format!("{:x}", write.to_guid)),
            ("refguid", &format!("{:x}", write.ref_guid)),
            ("refobject", &write.ref_object),
            ("refoffset", &write.ref_offset),
        ]),
        Record::Spill(spill) => numbers(&[
            ("block for object", &spill.object),
            ("length", &spill.length),
            ("flags", &spill.flags),
            ("compression type", &spill.compression),
            ("compressed_size", &spill.compressed_size),
            ("payload_size", &record.payload_len()),
            ("salt", &hex(&spill.salt)),
            ("iv", &hex(&spill.iv)),
            ("mac", &hex(&spill.mac)),
        ]),
        Record::WriteEmbedded(write) => numbers(&[
            ("object", &write.object),
            ("offset", &write.offset),
            ("length", &write.length),
            ("toguid", &format!("{:x}", write.to_guid)),
            ("comp", &write.compression),
            ("etype", &write.embedded_type),
            ("lsize", &write.logical_size),
            ("psize", &write.physical_size),
        ]),
        Record::ObjectRange(range) => numbers(&[
            ("firstobj", &range.first_object),
            ("numslots", &range.slots),
            ("flags", &range.flags),
            ("salt", &hex(&range.salt)),
            ("iv", &hex(&range.iv)),
            ("mac", &hex(&range.mac)),
        ]),
        other => vec![("unknown", format!("{other:?}"))],
    };
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    (record.record_type().name().to_owned(), fields)
}

fn begin(begin: &Begin) -> Vec<(&'static str, String)> {
    let kind = if begin.kind == StreamKind::Compound { 2 } else { 1 };
    numbers(&[
        ("hdrtype", &kind),
        ("features", &format!("{:x}", begin.features.bits())),
        ("magic", &"2f5bacbac"),
        ("creation_time", &format!("{:x}", begin.creation_time)),
        ("type", &u32::from(begin.objset)),
        ("flags", &format!("{:#x}", begin.flags.bits())),
        ("toguid", &format!("{:x}", begin.to_guid)),
        ("fromguid", &format!("{:x}", begin.from_guid.unwrap_or(0))),
        ("toname", &String::from_utf8_lossy(begin.to_name.as_bytes())),
    ])
}

fn numbers<'a>(fields: &[(&'a str, &dyn Display)]) -> Vec<(&'a str, String)> {
    fields.iter().map(|(name, value)| (*name, value.to_string())).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

/// How lines of records begin, but those of `BEGIN`, which has many lines.
const TYPES: [&str; 10] = [
    "END checksum = ",
    "OBJECT object = ",
    "FREEOBJECTS firstobj = ",
    "WRITE object = ",
    "WRITE_BYREF object = ",
    "FREE object = ",
    "SPILL block for object = ",
    "WRITE_EMBEDDED object = ",
    "OBJECT_RANGE firstobj = ",
    "REDACT object = ",
];

/// How lines begin that say what zstream does not like.
const COMPLAINTS: [&str; 3] = ["INVALID record found", "Incorrect checksum in", "Expected checksum differs"];

const TOTALS: [&str; 3] = ["Total records", "Total payload size", "Total stream length"];

#[cfg(test)]
mod tests {
    use zfs_rs::stream::record::{End, Free, Write};

    use super::*;

    fn stream() -> Vec<Piece> {
        vec![
            (Begin::new("tank/a b@c", 255).into(), vec![]),
            (
                Free {
                    object: 2,
                    offset: 512,
                    length: u64::MAX,
                    to_guid: 255,
                }
                .into(),
                vec![],
            ),
            (
                Write {
                    object: 2,
                    object_type: 19,
                    logical_size: 512,
                    checksum_type: 7,
                    ..Write::default()
                }
                .into(),
                vec![1; 512],
            ),
            (End::default().into(), vec![]),
        ]
    }

    const DUMP: &str = "BEGIN record
\thdrtype = 1
\tfeatures = 0
\tmagic = 2f5bacbac
\tcreation_time = 0
\ttype = 2
\tflags = 0x0
\ttoguid = ff
\tfromguid = 0
\ttoname = tank/a b@c

nvlist version: 0
\tsome = thing
FREE object = 2 offset = 512 length = -1
WRITE object = 2 type = 19 checksum type = 7 compression type = 0 flags = 0 offset = 0 logical_size = 512 compressed_size = 0 payload_size = 512 \
                        props = 0 salt = 0000000000000000 iv = 000000000000000000000000 mac = 00000000000000000000000000000000
END checksum = 0/0/0/0
SUMMARY:
\tTotal DRR_BEGIN records = 1 (0 bytes)
\tTotal records = 4
\tTotal payload size = 512 (0x200)
\tTotal header overhead = 1248 (0x4e0)
\tTotal stream length = 1760 (0x6e0)
";

    #[test]
    fn the_text_agrees_with_its_stream() {
        assert_eq!(agree(&stream(), DUMP), Ok(4));
    }

    /// Every value of the text, changed, is missed by nobody.
    #[test]
    fn no_other_text_agrees() {
        let values = DUMP.match_indices(" = ").filter(|(at, _)| !DUMP[..*at].ends_with("some"));
        for (at, _) in values.filter(|(at, _)| !DUMP[..*at].ends_with("DRR_BEGIN records") && !DUMP[..*at].ends_with("overhead")) {
            let planted = format!("{}9{}", &DUMP[..at + 3], &DUMP[at + 3..]);
            assert!(agree(&stream(), &planted).is_err(), "{planted}");
        }
        for line in DUMP.lines().filter(|line| line.starts_with(|first: char| first.is_uppercase())) {
            let planted = DUMP.replace(&format!("{line}\n"), "");
            assert!(line == "SUMMARY:" || agree(&stream(), &planted).is_err(), "{line}");
        }
        assert!(agree(&stream()[..3], DUMP).is_err());
        let complaint = DUMP.replace("END", "Expected checksum differs from checksum in stream.\nEND");
        assert_eq!(
            agree(&stream(), &complaint),
            Err("zstream says: Expected checksum differs from checksum in stream.".to_owned())
        );
    }
}
