//! I draw streams: mostly such that fit, from where one came before.

use super::Hand;
use super::known::dataset_of;
use crate::sequence::op::{Cut, Op, Pass};

impl Hand {
    pub(super) fn pass(&mut self) -> Op {
        let of = self.a_snapshot();
        let dataset = dataset_of(&of).to_owned();
        let pair = self.known.target_of(&dataset);
        let again = pair.is_some() && self.chance.percent(75);
        let from = match (again, self.chance.below(10)) {
            (true, 0..8) | (false, 0..2) => {
                let bases = self.known.bases(&of);
                if bases.is_empty() {
                    self.maybe_base()
                } else {
                    Some(self.chance.of(&bases))
                }
            }
            _ => None,
        };
        let to = match pair {
            Some(pair) if again => pair,
            _ if self.chance.percent(75) => self.chance.of(&["B/x", "B/y", "A/y"]).to_owned(),
            _ => self.new_dataset(),
        };
        let short = of.split_once('@').map_or("1", |(_, short)| short);
        let short = if self.chance.percent(93) { short } else { self.short() };
        let cut = match self.chance.below(10) {
            0..2 => Cut::Late,
            2 => Cut::Early,
            _ => Cut::Whole,
        };
        let pass = Pass {
            from,
            flags: self.chance.of(&[0, 0, 0, 0, 4, 2, 6, 8]),
            to: format!("{to}@{short}"),
            origin: self.chance.percent(7).then(|| self.a_snapshot()),
            resumable: self.chance.percent(70),
            force: self.chance.percent(15),
            received: self.maybe_properties(15),
            local: self.maybe_properties(15),
            cut,
            of,
        };
        self.known.pass(&pass);
        Op::Pass(pass)
    }

    pub(super) fn resume(&mut self) -> Op {
        let Some(mut pass) = self.known.broken.last().cloned() else {
            return self.pass();
        };
        pass.cut = if self.chance.percent(80) { Cut::Whole } else { Cut::Late };
        pass.resumable = self.chance.percent(85);
        if self.chance.percent(15) {
            pass.of = self.a_snapshot();
        }
        if self.chance.percent(10) {
            pass.from = self.maybe_base();
        }
        Op::Resume(pass)
    }
}
