//! I count what became of the mutants.

use std::collections::BTreeMap;
use std::fmt;

use zfs_rs::stream::Rule;

use super::blind::WAYS;
use super::judge::Judgement;

/// What became of the mutants of a round.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Streams they were made of.
    pub streams: u64,
    /// Blind damage, by way: refused, and not.
    blind: BTreeMap<usize, (u64, u64)>,
    /// Damage that cannot be seen, by the reason.
    undetectable: BTreeMap<&'static str, u64>,
    /// Mutants that broke a rule, by rule: all, and those in which nothing else was broken.
    broken: BTreeMap<Rule, (u64, u64)>,
    /// Mutants with right sums whose records do not follow each other as in a stream.
    damaged: u64,
    /// Mutants that break no rule.
    accepted: u64,
    /// Mutants that are what they were.
    unchanged: u64,
    /// What must not be.
    pub failures: Vec<String>,
}

impl Tally {
    pub(super) fn blind(&mut self, way: usize, undetectable: Option<&'static str>) {
        let (refused, passed) = self.blind.entry(way).or_default();
        *if undetectable.is_none() { refused } else { passed } += 1;
        if let Some(reason) = undetectable {
            *self.undetectable.entry(reason).or_default() += 1;
        }
    }

    pub(super) fn mutant(&mut self, judgement: &Judgement, is_changed: bool) {
        match judgement {
            Judgement::Accepted if is_changed => self.accepted += 1,
            Judgement::Accepted => self.unchanged += 1,
            Judgement::Damaged(_) => self.damaged += 1,
            Judgement::Broken { rule, is_only, .. } => {
                let (all, only) = self.broken.entry(*rule).or_default();
                *all += 1;
                *only += u64::from(*is_only);
            }
        }
    }

    /// The rules that no mutant broke.
    #[must_use]
    pub fn never_broken(&self) -> Vec<Rule> {
        Rule::ALL.iter().copied().filter(|rule| !self.broken.contains_key(rule)).collect()
    }

    /// How many mutants with right sums there were.
    #[must_use]
    pub fn mutants(&self) -> u64 {
        self.accepted + self.unchanged + self.damaged + self.broken.values().map(|(all, _)| all).sum::<u64>()
    }
}

/// The tables.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<24} {:>9} {:>13}", "blind damage", "refused", "undetectable")?;
        let (mut refused, mut passed) = (0, 0);
        for (way, counts) in &self.blind {
            writeln!(f, "{:<24} {:>9} {:>13}", WAYS[*way], counts.0, counts.1)?;
            (refused, passed) = (refused + counts.0, passed + counts.1);
        }
        writeln!(f, "{:<24} {refused:>9} {passed:>13}", "all")?;
        for (reason, count) in &self.undetectable {
            writeln!(f, "  {count} undetectable: {reason}")?;
        }
        writeln!(f, "\n{:<24} {:>9} {:>13}", "rule broken", "mutants", "nothing else")?;
        for rule in Rule::ALL {
            let (all, only) = self.broken.get(rule).copied().unwrap_or_default();
            writeln!(f, "{:<24} {all:>9} {only:>13}", rule.name())?;
        }
        let broken: u64 = self.broken.values().map(|(all, _)| all).sum();
        writeln!(f, "{:<24} {broken:>9}", "all")?;
        writeln!(f, "{:<24} {:>9}", "no stream any more", self.damaged)?;
        writeln!(f, "{:<24} {:>9}", "break no rule", self.accepted)?;
        writeln!(f, "{:<24} {:>9}", "are what they were", self.unchanged)?;
        writeln!(
            f,
            "\n{} streams, {} damaged, {} mutants, {} failures",
            self.streams,
            refused + passed,
            self.mutants(),
            self.failures.len()
        )
    }
}
