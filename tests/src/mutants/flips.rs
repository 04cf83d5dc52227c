//! I flip single bits, one at a time, and see whether each is seen.

use zfs_rs::stream::{Profile, Refused, Verifier};

use super::pieces::{split, starts};
use super::streams::Made;
use crate::chance::Chance;
use crate::plain::bytes::RECORD;

/// How it went.
#[derive(Clone, Debug, Default)]
pub struct Flips {
    /// Bits that were flipped.
    pub tried: u64,
    /// Of these, those that were seen.
    pub seen: u64,
    /// The others, in words.
    pub missed: Vec<String>,
}

/// Flips every bit of every record's own bytes.
#[must_use]
pub fn all_of_headers(made: &Made) -> Flips {
    let pieces = split(&made.bytes, made.order);
    let headers = starts(&pieces).into_iter().take(pieces.len());
    flip(
        made,
        headers.flat_map(|start| (start..start + RECORD).flat_map(|at| (0..8).map(move |bit| (at, bit)))),
    )
}

/// Flips so many bits anywhere.
#[must_use]
pub fn some(made: &Made, seed: u64, count: usize) -> Flips {
    let mut chance = Chance(seed);
    let mut bits: Vec<(usize, usize)> = (0..count).map(|_| (chance.below(made.bytes.len()), chance.below(8))).collect();
    bits.sort_unstable();
    flip(made, bits.into_iter())
}

/// Flips the bits of these places, which come in order. What stands before a damaged record is verified once for all that is done to it.
fn flip(made: &Made, bits: impl Iterator<Item = (usize, usize)>) -> Flips {
    let mut flips = Flips::default();
    let mut bytes = made.bytes.clone();
    let starts = starts(&split(&made.bytes, made.order));
    let mut before = Verifier::new(Profile::any());
    let mut record = 0;
    for (at, bit) in bits {
        while starts[record + 1] <= at {
            feed(&mut before, &made.bytes[starts[record]..starts[record + 1]]).expect("a valid stream");
            record += 1;
        }
        bytes[at] ^= 1 << bit;
        let mut verifier = before.clone();
        let ended = feed(&mut verifier, &bytes[starts[record]..]).and_then(|()| verifier.finish().map(|_| ()));
        bytes[at] ^= 1 << bit;
        flips.tried += 1;
        let number = u64::try_from(record).unwrap_or(u64::MAX);
        match ended {
            Err(refused) if (number..=number + 1).contains(&refused.record()) => flips.seen += 1,
            Err(refused) => flips
                .missed
                .push(format!("bit {bit} of byte {at}, record {number}: seen late: {refused}")),
            Ok(()) => flips.missed.push(format!("bit {bit} of byte {at}, record {number}: let through")),
        }
    }
    flips
}

fn feed(verifier: &mut Verifier, bytes: &[u8]) -> Result<(), Refused> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (_, used) = verifier.step(rest)?;
        rest = &rest[used..];
    }
    Ok(())
}
