//! I find a place for what lies below something that is left out.

use zfs_rs::name::DatasetName;

use super::{Board, Turn};
use crate::plan::encrypt::Stem;
use crate::plan::{Left, Placeholder, Step, Work};
use crate::reason::{Blocked, Selected, Side};
use crate::view::{Dataset, Encryption, View};

/// What is left alone and has something below it that is not.
pub(super) fn above<'a>(chosen: &[(&'a Dataset, Selected)], skipped: &[Left], source: &'a View) -> Vec<(&'a Dataset, Selected)> {
    let is_above = |left: &&Left| {
        let mut below = chosen.iter().filter_map(|(dataset, _)| dataset.name.below(&left.name));
        below.any(|path| !path.is_empty())
    };
    let left = skipped.iter().filter(is_above).filter_map(|left| source.dataset(&left.name));
    left.map(|dataset| (dataset, Selected::Above)).collect()
}

impl Board<'_> {
    /// Gives a dataset that is left alone its turn, for what lies below: what the target has at its home does, else a placeholder is made there.
    pub(super) fn stand_in(&mut self, index: usize, parent: Option<&Turn>) {
        let home = self.seats.get(index).and_then(|seat| seat.home.as_ref().ok().cloned());
        let mut turn = Turn {
            stands_after: None,
            stem: self.stem_at(index),
        };
        let above = home.and_then(|home| Some((self.above(&home, parent)?, home)));
        if let Some(((above_stands, above), home)) = above {
            match self.occupant(&home) {
                // It belongs elsewhere and cannot go there: below it is no place.
                Some(occupant)
                    if self
                        .seats
                        .iter()
                        .any(|seat| seat.found.is_some_and(|found| found.index == occupant)) => {}
                Some(_) => turn.stands_after = Some(above_stands),
                None => turn = self.placeholder(index, home, above_stands, above),
            }
        }
        if let Some(seat) = self.seats.get_mut(index) {
            seat.turn = Some(turn);
        }
    }

    fn placeholder(&mut self, index: usize, home: DatasetName, above_stands: Vec<usize>, above: Encryption) -> Turn {
        let (stands_after, needs, work) = match above.missing_key() {
            // Kernels make nothing that inherits a key they do not have (`dmu_objset_create_crypt_check`).
            Some(root) => {
                let (side, root) = (Side::Target, root.clone());
                let why = Blocked::KeyNotLoaded { side, root };
                (None, Vec::new(), Work::Blocked { why })
            }
            None => {
                let needs = self.needs(&home, None, None, above_stands);
                let dataset = home.clone();
                let steps = vec![Step::Placeholder(Placeholder { dataset })];
                (Some(vec![self.plans.len()]), needs, Work::Steps { steps })
            }
        };
        self.push(index, needs, Vec::new(), work);
        let stem = Stem {
            name: home,
            encryption: above,
        };
        Turn { stands_after, stem }
    }
}
