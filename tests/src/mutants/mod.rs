//! I prove the verifier of streams: I damage valid streams and make them break rules, and see that it and the plain one say the same of each.

mod blind;
mod breach;
pub mod flips;
mod judge;
mod offer;
mod pieces;
mod streams;
mod tally;

pub use self::offer::Offer;
pub use self::streams::{Made, long_package, stream};
pub use self::tally::Tally;

use self::judge::{Judgement, judge};
use self::pieces::{Piece, seal, split, starts};
use crate::chance::Chance;
use crate::plain::Receiver;

/// A round: the same numbers come from the same seed.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// What all is drawn from.
    pub seed: u64,
    /// How many streams are damaged blindly.
    pub blind: u64,
    /// How many are made to break rules, with sums repaired.
    pub mutants: u64,
}

/// A stream that cases are made of, and another.
struct Ground {
    made: Made,
    pieces: Vec<Piece>,
    starts: Vec<usize>,
    other: Made,
    other_pieces: Vec<Piece>,
}

impl Round {
    /// Runs it. `watch` is told how many cases are done, and their number.
    pub fn run(&self, mut watch: impl FnMut(u64, u64)) -> Tally {
        let mut tally = Tally::default();
        let all = self.blind + self.mutants;
        let mut ground = None;
        for case in 0..all {
            let ground = match &mut ground {
                Some(ground) if !case.is_multiple_of(CASES_A_STREAM) => ground,
                place => {
                    watch(case, all);
                    tally.streams += 1;
                    place.insert(self.ground(case / CASES_A_STREAM, &mut tally))
                }
            };
            let mut chance = Chance(
                self.seed
                    .wrapping_mul(0x1000_0001)
                    .wrapping_add(case)
                    .wrapping_mul(0x2545_f491_4f6c_dd1d),
            );
            let ended = if case < self.blind {
                blind_case(ground, &mut chance, &mut tally)
            } else {
                mutant_case(ground, &mut chance, &mut tally)
            };
            if let Err(why) = ended {
                tally.failures.push(format!("seed {}, case {case}: {why}", self.seed));
            }
        }
        tally
    }

    fn ground(&self, number: u64, tally: &mut Tally) -> Ground {
        let seed = |number: u64| {
            self.seed
                .wrapping_mul(0x9e37_79b9)
                .wrapping_add(number)
                .wrapping_mul(0xd134_2543_de82_ef95)
        };
        let (made, mut other) = (stream(seed(number)), stream(seed(number + 1)));
        // Records are taken from streams of the same byte order.
        let mut next = number + 2;
        while other.order != made.order {
            other = stream(seed(next));
            next += 1;
        }
        let pieces = split(&made.bytes, made.order);
        let check = || {
            if seal(&pieces, made.order) != made.bytes {
                return Err("its sums are not those that are written here".to_owned());
            }
            match judge(&made.bytes, &Receiver::any(), &mut Chance(number))?.judgement {
                Judgement::Accepted => Ok(()),
                refused => Err(format!("a valid stream is refused: {refused:?}")),
            }
        };
        if let Err(why) = check() {
            tally.failures.push(format!("seed {}, stream {number}: {why}", self.seed));
        }
        Ground {
            starts: starts(&pieces),
            other_pieces: split(&other.bytes, other.order),
            pieces,
            made,
            other,
        }
    }
}

/// Damages the stream: that is seen at the record it was done to or at the one behind, and nothing of that record is let through.
fn blind_case(ground: &Ground, chance: &mut Chance, tally: &mut Tally) -> Result<(), String> {
    let Ground {
        made,
        pieces,
        starts,
        other,
        ..
    } = ground;
    let (way, damage) = blind::damage(chance, made, pieces, starts, other);
    let fail = |why: String| format!("{}: {why}", damage.what);
    let judged = judge(&damage.bytes, &Receiver::any(), chance).map_err(fail)?;
    let Some(refused) = judged.judgement.record() else {
        let reason = blind::undetectable(&damage.bytes, [made, other]).ok_or_else(|| fail("it is let through".to_owned()))?;
        tally.blind(way, Some(reason));
        return Ok(());
    };
    let at = made
        .bytes
        .iter()
        .zip(&damage.bytes)
        .take_while(|(before, after)| before == after)
        .count();
    let record = starts.iter().rposition(|start| *start <= at).unwrap_or(0);
    let number = u64::try_from(record).unwrap_or(u64::MAX);
    // Of a package whose parts were moved, some that are whole may have gone by before that is seen.
    let is_whole = || blind::undetectable(&damage.bytes[..judged.let_through], [made, other]).is_some();
    if judged.let_through > starts[record] && is_whole() {
        tally.blind(way, None);
        return Ok(());
    }
    if !(number..=number + 1).contains(&refused) {
        return Err(fail(format!(
            "record {record} is the first that is not what it was, {:?}",
            judged.judgement
        )));
    }
    if judged.let_through > starts[record] {
        return Err(fail(format!(
            "{} bytes are let through, record {record} is at {}",
            judged.let_through, starts[record]
        )));
    }
    tally.blind(way, None);
    Ok(())
}

/// Has the stream break rules, or has somebody receive it who does not take it.
fn mutant_case(ground: &Ground, chance: &mut Chance, tally: &mut Tally) -> Result<(), String> {
    let made = &ground.made;
    let receiver = breach::receiver(chance, made);
    let mut pieces = ground.pieces.clone();
    let is_any = receiver == Receiver::any();
    let mutant = if !is_any && chance.percent(25) {
        None
    } else {
        draw(chance, ground, &mut pieces)
    };
    let bytes = seal(&pieces, made.order);
    let what = mutant.as_ref().map_or("nothing is changed", |mutant| &mutant.what);
    let fail = |why: String| format!("{what}, for {receiver:?}: {why}");
    let judged = judge(&bytes, &receiver, chance).map_err(fail)?;
    tally.mutant(&judged.judgement, bytes != made.bytes);
    let changed = mutant.as_ref().map_or(0, |mutant| mutant.record);
    let changed = u64::try_from(changed).unwrap_or(u64::MAX);
    match judged.judgement.record() {
        Some(refused) if is_any && refused < changed => Err(fail(format!("record {refused} is refused, which nobody touched"))),
        _ => Ok(()),
    }
}

fn draw(chance: &mut Chance, ground: &Ground, pieces: &mut Vec<Piece>) -> Option<breach::Mutant> {
    (0..20).find_map(|_| breach::mutate(chance, &ground.made, pieces, &ground.other_pieces))
}

/// Making a stream costs as much as to verify some.
const CASES_A_STREAM: u64 = 50;
