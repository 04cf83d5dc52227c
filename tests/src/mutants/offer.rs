//! I make of a mutant what a kernel can be offered: one stream that the verifier lets through, with the base and the interrupted receive that it speaks of.

mod bases;
mod foreign;

use std::collections::BTreeMap;
use std::iter;

use zfs_rs::nvlist::NvList;
use zfs_rs::stream::{BeginFlags, Features, Profile};

use self::foreign::is_foreign;
use super::breach::mutate;
use super::judge::by_verifier;
use super::pieces::{Piece, seal, split};
use super::streams::stream;
use crate::chance::Chance;
use crate::plain::bytes::Order;
use crate::plain::fields::{PAYLOAD_LEN, begin, end};

/// One stream for a kernel, and what it wants to be there.
#[derive(Clone, Debug)]
pub struct Offer {
    /// What was done to it.
    pub what: String,
    /// The stream.
    pub stream: Vec<u8>,
    /// A whole stream of its base; nothing for a full one.
    pub base: Option<Vec<u8>>,
    /// The start of an interrupted stream that it goes on from.
    pub part: Option<Vec<u8>>,
    /// Whether it grows from its base as a clone.
    pub is_clone: bool,
}

impl Offer {
    /// Draws the mutant of that number; nothing where the verifier refuses it, or nothing was changed.
    #[must_use]
    pub fn draw(seed: u64, number: u64, profile: &Profile) -> Option<Self> {
        let mut chance = Chance(
            seed.wrapping_mul(0x1000_0001)
                .wrapping_add(number)
                .wrapping_mul(0x2545_f491_4f6c_dd1d),
        );
        let made = stream(chance.next());
        let other = iter::repeat_with(|| stream(chance.next())).find(|other| other.order == made.order)?;
        let order = made.order;
        let before = split(&made.bytes, order);
        let mut after = before.clone();
        let mutant = mutate(&mut chance, &made, &mut after, &split(&other.bytes, order))?;
        let whole = parts(before, order);
        let changed = parts(after, order).into_iter().find(|part| !whole.contains(part))?;
        let stream = seal(&changed, order);
        let first = changed.first()?.record(order);
        let features = Features::from_bits(first.get(begin::VERSION) >> 2);
        if is_foreign(&changed, order) || !is_let_through(&stream, profile) {
            return None;
        }
        let part = features
            .contains(Features::RESUMING)
            .then(|| bases::part(&changed, order, &mut chance))
            .flatten();
        // A start that would never have been received is nothing to go on from.
        if part.as_ref().is_some_and(|part| breaks_a_rule(part, profile)) {
            return None;
        }
        let flags = BeginFlags::from_bits(u32::try_from(first.get(begin::FLAGS)).unwrap_or(0));
        Some(Self {
            what: mutant.what,
            base: (first.get(begin::BASE) != 0).then(|| bases::base(&changed, order, &mut chance, profile)),
            part,
            stream,
            is_clone: flags.contains(BeginFlags::CLONE),
        })
    }

    /// The numbers of so many mutants that can be drawn, of as many kinds of changes as there are.
    #[must_use]
    pub fn pick(seed: u64, count: usize, profile: &Profile) -> Vec<u64> {
        let mut seen = BTreeMap::<String, usize>::new();
        let drawn = (0..).filter_map(|number| Some((number, Self::draw(seed, number, profile)?)));
        let ranked = drawn.take(count.saturating_mul(CHOICE)).map(|(number, offer)| {
            let rank = seen.entry(offer.kind()).or_default();
            *rank += 1;
            (*rank, number)
        });
        let mut ranked: Vec<(usize, u64)> = ranked.collect();
        ranked.sort_unstable();
        ranked.into_iter().take(count).map(|(_, number)| number).collect()
    }

    /// The record that was changed and the first words of how, without numbers: `WRITE: OFFSET becomes`.
    #[must_use]
    pub fn kind(&self) -> String {
        let how = self.what.split_once(", ").map_or(self.what.as_str(), |(_, how)| how);
        let how = how.replace(|letter: char| letter.is_ascii_digit(), "");
        how.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
    }
}

fn is_let_through(bytes: &[u8], profile: &Profile) -> bool {
    by_verifier(bytes, profile.clone(), usize::MAX).is_ok()
}

/// Whether it does as far as it goes: it may stop before its end.
fn breaks_a_rule(bytes: &[u8], profile: &Profile) -> bool {
    by_verifier(bytes, profile.clone(), usize::MAX).is_err_and(|refused| refused.rule().is_some())
}

/// The streams in a package, or the one that it is.
fn parts(pieces: Vec<Piece>, order: Order) -> Vec<Vec<Piece>> {
    let mut parts: Vec<Vec<Piece>> = Vec::new();
    let mut is_open = false;
    for piece in pieces {
        let record = piece.record(order);
        let is_end = record.kind() == end::NUMBER;
        if record.kind() == begin::NUMBER {
            is_open = record.get(begin::VERSION) & 3 == 1;
            parts.extend(is_open.then(Vec::new));
        }
        if let Some(part) = parts.last_mut().filter(|_| is_open) {
            part.push(piece);
        }
        is_open &= !is_end;
    }
    parts
}

/// Has a `BEGIN` bring this list.
fn say(first: &mut Piece, list: &NvList, order: Order) {
    let bytes = match order {
        _ if list.is_empty() => Vec::new(),
        Order::Little => list.encode_native().unwrap_or_default(),
        Order::Big => list.encode_xdr().unwrap_or_default(),
    };
    first.set(order, PAYLOAD_LEN, u64::try_from(bytes.len()).unwrap_or(0));
    first.payload = bytes;
}

/// Of so many for each that is wanted the wanted ones are taken.
const CHOICE: usize = 8;
