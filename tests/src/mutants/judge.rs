//! I let both verifiers and the ward see the same bytes, and say where they do not agree.

use zfs_rs::stream::{Profile, Refused, Rule, Verifier, Ward};

use crate::chance::Chance;
use crate::plain::{self, Receiver, Verdict};

/// What all say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is let through.
    Accepted,
    /// It is damaged, seen at this record.
    Damaged(u64),
    /// This record breaks this rule.
    Broken {
        /// The record.
        record: u64,
        /// The rule the verifier named.
        rule: Rule,
        /// Whether it is the only one that is broken there.
        is_only: bool,
    },
}

impl Judgement {
    /// The record at fault.
    #[must_use]
    pub const fn record(&self) -> Option<u64> {
        match self {
            Self::Accepted => None,
            Self::Damaged(record) | Self::Broken { record, .. } => Some(*record),
        }
    }
}

/// What was judged.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The judgement.
    pub judgement: Judgement,
    /// How many bytes the ward let through.
    pub let_through: usize,
}

/// Judges a stream; where that is not unanimous, says who says what.
///
/// # Errors
/// The verifiers do not agree, or the ward let through what it should not have.
pub fn judge(stream: &[u8], receiver: &Receiver, chance: &mut Chance) -> Result<Judged, String> {
    // One in four comes in pieces, cut anywhere.
    let cut = if chance.percent(25) { 1 + chance.below(700) } else { usize::MAX };
    let first = by_verifier(stream, receiver.profile(), cut);
    let (ward, let_through) = by_ward(stream, receiver.profile(), cut)?;
    if ward != first {
        return Err(format!("the verifier says {first:?}, the ward {ward:?}"));
    }
    let (second, starts) = plain::verify(stream, receiver);
    let judgement = agreed(&first, &second).ok_or_else(|| {
        let first = first.as_ref().map_or_else(ToString::to_string, |()| "accepted".to_owned());
        let rule = ward.as_ref().err().and_then(Refused::rule).map_or("", Rule::name);
        format!("the verifier says: {first} ({rule}); the plain one: {second}")
    })?;
    let most = first
        .as_ref()
        .map_or_else(|why| usize::try_from(why.offset()).unwrap_or(0), |()| stream.len());
    if !starts.contains(&let_through) {
        return Err(format!(
            "the ward let through {let_through} bytes, and no record ends there: {first:?}"
        ));
    }
    if let_through > most || (first.is_ok() && let_through != stream.len()) {
        return Err(format!(
            "the ward let through {let_through} bytes where {most} are the most: {first:?}"
        ));
    }
    Ok(Judged { judgement, let_through })
}

pub(super) fn by_verifier(stream: &[u8], profile: Profile, cut: usize) -> Result<(), Refused> {
    let mut verifier = Verifier::new(profile);
    for part in stream.chunks(cut.min(stream.len()).max(1)) {
        let mut rest = part;
        while !rest.is_empty() {
            let (_, used) = verifier.step(rest)?;
            rest = &rest[used..];
        }
    }
    verifier.finish().map(|_| ())
}

/// What the ward says; and how many bytes it let through, which are the first of the stream.
fn by_ward(stream: &[u8], profile: Profile, cut: usize) -> Result<(Result<(), Refused>, usize), String> {
    let mut ward = Ward::new(profile);
    let mut length = 0;
    for part in stream.chunks(cut.min(stream.len()).max(1)) {
        let mut rest = part;
        while !rest.is_empty() {
            let (proved, used) = match ward.step(rest) {
                Ok(step) => step,
                Err(refused) => return Ok((Err(refused), length)),
            };
            if !stream[length..].starts_with(proved) {
                return Err(format!("the ward let through other bytes than came in, from byte {length} on"));
            }
            length += proved.len();
            rest = &rest[used..];
        }
    }
    Ok((ward.finish().map(|_| ()), length))
}

/// What both say, where they agree: accepted; or refused at the same record, as damaged or for a rule. The plain one names all that a record breaks, and
/// the other the first it finds, which has to be one of them.
fn agreed(first: &Result<(), Refused>, second: &Verdict) -> Option<Judgement> {
    match (first, second) {
        (Ok(()), Verdict::Accepted) => Some(Judgement::Accepted),
        (Err(Refused::Corrupt(corrupt)), Verdict::Damaged { record, .. }) => {
            (corrupt.record == *record).then_some(Judgement::Damaged(*record))
        }
        (Err(Refused::Breach(breach)), Verdict::Broken { record, rules }) => {
            let rule = breach.found.rule;
            let agree = breach.record == *record && rules.contains(&rule.name());
            agree.then_some(Judgement::Broken {
                record: *record,
                rule,
                is_only: rules.len() == 1,
            })
        }
        _ => None,
    }
}
