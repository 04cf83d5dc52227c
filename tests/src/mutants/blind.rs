//! I damage streams blindly: bytes and records are changed, and no sum is told.

use super::pieces::{Piece, split};
use super::streams::Made;
use crate::chance::Chance;
use crate::plain::fields::end;

/// What was done.
#[derive(Clone, Debug)]
pub struct Damage {
    /// The stream afterwards.
    pub bytes: Vec<u8>,
    /// In words.
    pub what: String,
}

/// Ways to damage, for the table.
pub const WAYS: &[&str] = &[
    "flip a bit",
    "set a byte",
    "set a burst",
    "drop bytes",
    "insert bytes",
    "drop a record",
    "repeat a record",
    "swap two records",
    "move a record",
    "cut short",
    "append",
    "splice",
    "drop a payload",
    "rearrange streams",
];

/// Damages a stream in one way; `other` is what splices take from.
#[must_use]
pub fn damage(chance: &mut Chance, made: &Made, pieces: &[Piece], starts: &[usize], other: &Made) -> (usize, Damage) {
    let way = chance.below(WAYS.len());
    let mut bytes = made.bytes.clone();
    let length = bytes.len();
    let at = place(chance, starts);
    let record = chance.below(pieces.len());
    let part = |index: usize| starts[index]..starts[index + 1];
    let what = match WAYS[way] {
        "flip a bit" => {
            let bit = chance.below(8);
            bytes[at] ^= 1 << bit;
            format!("bit {bit} of byte {at}")
        }
        "set a byte" => {
            bytes[at] = chance.of(&[0, 1, 0xff, 0x80, bytes[at].wrapping_add(1)]);
            format!("byte {at}")
        }
        "set a burst" => {
            let end = (at + 1 + chance.below(64)).min(length);
            bytes[at..end].iter_mut().for_each(|byte| *byte = chance.next().to_le_bytes()[0]);
            format!("bytes {at} to {end}")
        }
        "drop bytes" => {
            let end = (at + chance.of(&[1, 4, 8, 312, 313, 512])).min(length);
            drop(bytes.drain(at..end));
            format!("bytes {at} to {end}")
        }
        "insert bytes" => {
            let count = chance.of(&[1, 4, 8, 312, 512]);
            let (fill, noise) = (chance.percent(50), chance.next());
            let new: Vec<u8> = (0..count)
                .map(|index| if fill { 0 } else { noise.rotate_left(index).to_le_bytes()[0] })
                .collect();
            drop(bytes.splice(at..at, new));
            format!("{count} bytes at {at}")
        }
        "drop a record" => {
            drop(bytes.drain(part(record)));
            format!("record {record}")
        }
        "repeat a record" => {
            let again = bytes[part(record)].to_vec();
            drop(bytes.splice(starts[record]..starts[record], again));
            format!("record {record}")
        }
        "swap two records" | "move a record" => {
            let to = chance.below(pieces.len());
            let mut order: Vec<usize> = (0..pieces.len()).collect();
            if WAYS[way] == "swap two records" {
                order.swap(record, to);
            } else {
                let moved = order.remove(record);
                order.insert(to, moved);
            }
            bytes = order
                .into_iter()
                .flat_map(|index| made.bytes[part(index)].iter().copied())
                .collect();
            format!("record {record} and {to}")
        }
        "cut short" => {
            bytes.truncate(at);
            format!("at byte {at}")
        }
        "append" => {
            let new = match chance.below(3) {
                0 => vec![0; chance.of(&[1, 4, 312])],
                1 => made.bytes[part(pieces.len() - 1)].to_vec(),
                _ => other.bytes.clone(),
            };
            bytes.extend_from_slice(&new);
            format!("{} bytes", new.len())
        }
        "splice" => {
            let from = if chance.percent(50) {
                at.min(other.bytes.len())
            } else {
                chance.below(other.bytes.len())
            };
            bytes.truncate(at);
            bytes.extend_from_slice(&other.bytes[from..]);
            format!("at byte {at} with another from {from}")
        }
        "rearrange streams" => {
            let mut parts = parts(made);
            let (one, two) = (chance.below(parts.len()), chance.below(parts.len()));
            match chance.below(3) {
                0 => drop(parts.remove(one)),
                1 => parts.insert(two, parts[one].clone()),
                _ => parts.swap(one, two),
            }
            bytes = parts.concat();
            format!("{one} and {two} of a package")
        }
        _ => {
            drop(bytes.drain((starts[record] + 312).min(starts[record + 1])..starts[record + 1]));
            format!("of record {record}")
        }
    };
    let what = format!("{}: {what}", WAYS[way]);
    (way, Damage { bytes, what })
}

/// Any byte; or, as often, one of a record's own.
fn place(chance: &mut Chance, starts: &[usize]) -> usize {
    let end = starts[starts.len() - 1];
    if chance.percent(50) {
        chance.below(end)
    } else {
        starts[chance.below(starts.len() - 1)] + chance.below(312)
    }
}

/// Why damage could not be seen: nothing changed, or the stream is made of the same parts that prove themselves.
///
/// A sum runs from each `BEGIN` to its `END` and no further: of a package, the header and each stream in it prove themselves alone, and nothing says which
/// of them there were, how often and in which order. So whoever takes whole parts from whole streams makes another whole stream. All other damage is
/// seen. Every byte of a part is in the sum that a later record of that part says, or is compared with such a sum, or (in the `END` of a package and of its
/// header) is a zero that has to be one.
#[must_use]
pub fn undetectable(damaged: &[u8], from: [&Made; 2]) -> Option<&'static str> {
    if damaged == from[0].bytes || damaged == from[1].bytes {
        return Some("the bytes are those of a whole stream");
    }
    let known: Vec<Vec<u8>> = from.into_iter().flat_map(parts).collect();
    let mut rest = damaged;
    while !rest.is_empty() {
        let part = known.iter().find(|part| rest.starts_with(part))?;
        rest = &rest[part.len()..];
    }
    Some("whole streams of packages are dropped, repeated or put into another order")
}

/// The parts of a stream that prove themselves: each from `BEGIN` to `END`; and the last record of a package.
fn parts(made: &Made) -> Vec<Vec<u8>> {
    let mut parts = vec![Vec::new()];
    for piece in split(&made.bytes, made.order) {
        let part = parts.last_mut().expect("a part");
        part.extend_from_slice(&piece.header);
        part.extend_from_slice(&piece.payload);
        if piece.record(made.order).kind() == end::NUMBER {
            parts.push(Vec::new());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}
