//! I have every side do the same and say where the first of them stands alone.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::op::Op;
use super::side::Side;
use super::state;
use crate::chance::Chance;

/// Where sides differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// After how many operations; that of the answer, or all of them for what is shown in the end.
    pub after: usize,
    /// Answers, or lines that not all sides show, with the side's name.
    pub said: Vec<String>,
}

/// What one side made of a sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// What it answered to each operation.
    pub answers: Vec<String>,
    /// What it showed in the end.
    pub state: Vec<String>,
}

/// Has one side do a sequence, in new places of its own.
pub fn run(side: &mut Side, ops: &[Op], depth: Depth) -> Run {
    side.make_places();
    let answers = ops.iter().map(|op| side.carry(op)).collect();
    let state = state::read(side, ops, depth);
    Run { answers, state }
}

/// How closely a side is looked at in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Without properties of snapshots, and only where something may be: the rest takes most of the time that a sequence takes.
    Quick,
    /// Everything, by listing it.
    Full,
}

impl Depth {
    /// What a sequence of that seed is due: one in four is looked at in full.
    pub fn of(seed: u64) -> Self {
        if seed.is_multiple_of(4) { Self::Full } else { Self::Quick }
    }
}

/// Has all sides do a sequence.
///
/// # Errors
/// The first difference, of an answer or of what is there in the end.
pub fn agree(sides: &mut [Side], ops: &[Op], depth: Depth) -> Result<(), Mismatch> {
    let runs: Vec<(&'static str, Run)> = sides.iter_mut().map(|side| (side.name, run(side, ops, depth))).collect();
    compare(ops, &runs)
}

/// Compares what several sides made of a sequence.
///
/// # Errors
/// The first difference.
pub fn compare(ops: &[Op], runs: &[(&'static str, Run)]) -> Result<(), Mismatch> {
    for (index, op) in ops.iter().enumerate() {
        let answers: Vec<(&str, &str)> = runs
            .iter()
            .filter_map(|(name, run)| Some((*name, comparable(run.answers.get(index)?, op))))
            .collect();
        if answers.windows(2).any(|pair| pair[0].1 != pair[1].1) {
            return Err(Mismatch {
                after: index + 1,
                said: answers.iter().map(|(name, answer)| format!("{name}: {answer}")).collect(),
            });
        }
    }
    let mut said = Vec::new();
    for (name, run) in runs {
        let alone = run
            .state
            .iter()
            .filter(|line| !runs.iter().all(|(_, other)| other.state.contains(line)));
        said.extend(alone.map(|line| format!("{name}: {line}")));
    }
    if said.is_empty() {
        return Ok(());
    }
    Err(Mismatch { after: ops.len(), said })
}

/// `lzc_create` does not hand on which property was refused; its documentation says so.
fn comparable<'a>(answer: &'a str, op: &Op) -> &'a str {
    match (op, answer.split_once(" [")) {
        (Op::Create { .. }, Some((answer, _))) => answer,
        _ => answer,
    }
}

/// Leaves out what the difference does not need, as far as so many runs show. `differs` runs a sequence on new sides.
pub fn shrink(ops: &[Op], mut runs: usize, mut differs: impl FnMut(&[Op]) -> Option<Mismatch>) -> (Vec<Op>, Option<Mismatch>) {
    let mut left = ops.to_vec();
    let mut last = differs(&left);
    let Some(first) = &last else { return (left, None) };
    left.truncate(first.after);
    let mut index = left.len();
    while index > 0 && runs > 0 {
        index -= 1;
        let mut fewer = left.clone();
        fewer.remove(index);
        runs -= 1;
        if let Some(mismatch) = differs(&fewer) {
            fewer.truncate(mismatch.after);
            left = fewer;
            index = index.min(left.len());
            last = Some(mismatch);
        }
    }
    (left, last)
}

/// The seeds of the sequences of one run.
pub fn seeds(seed: u64) -> impl Iterator<Item = u64> {
    let mut chance = Chance(seed);
    std::iter::repeat_with(move || u64::try_from(chance.below(usize::MAX)).unwrap_or(0))
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "after {} operations", self.after)?;
        self.said.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}
