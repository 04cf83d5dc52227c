//! I tell of one dataset, snapshot by snapshot, why it is or is not in the plan.

use serde::{Deserialize, Serialize};
use zfs_rs::identity::Guid;
use zfs_rs::name::DatasetName;

use crate::plan::base;
use crate::plan::{DatasetPlan, Plan, Step, Transfer};
use crate::policy::selection::{Choice, select};
use crate::reason::{Evidence, Fate, Skipped};
use crate::view::{Dataset, Point, Version, View, text};

/// What becomes of one dataset of the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Its name on the source.
    #[serde(with = "text")]
    pub source: DatasetName,
    /// Its identity on the source.
    #[serde(with = "text")]
    pub guid: Guid,
    /// Where it stands.
    pub standing: Standing,
    /// Its snapshots, oldest first.
    pub snapshots: Vec<Explained>,
}

/// Whether a dataset is in the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "standing")]
pub enum Standing {
    /// It is: this is planned for it.
    Planned {
        /// What.
        plan: Box<DatasetPlan>,
    },
    /// It is not.
    Skipped {
        /// Why.
        why: Skipped,
        /// What is made in its place, where something below it needs that.
        placeholder: Option<Box<DatasetPlan>>,
    },
}

/// What becomes of one snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// The snapshot.
    pub snapshot: Point,
    /// What becomes of it.
    pub fate: Fate,
}

/// Explains each dataset of the source, in the source's order, with the plan that was made of the same two views.
pub fn explain(source: &View, target: &View, plan: &Plan) -> Vec<Explanation> {
    let choices = select(source, &plan.wish).into_iter();
    choices.filter_map(|(dataset, choice)| one(dataset, choice, target, plan)).collect()
}

fn one(dataset: &Dataset, choice: Choice, target: &View, plan: &Plan) -> Option<Explanation> {
    let planned = plan.datasets.iter().find(|planned| planned.source == dataset.name);
    let (standing, snapshots) = match choice {
        Choice::Skipped(why) => {
            let snapshots = dataset.versions.iter().map(|version| Explained {
                snapshot: version.point(),
                fate: Fate::Stopped,
            });
            let placeholder = planned.cloned().map(Box::new);
            (Standing::Skipped { why, placeholder }, snapshots.collect())
        }
        Choice::Selected(_) => {
            let planned = planned?;
            let snapshots = fates(dataset, counterpart(planned, target), planned, plan);
            let plan = Box::new(planned.clone());
            (Standing::Planned { plan }, snapshots)
        }
    };
    Some(Explanation {
        source: dataset.name.clone(),
        guid: dataset.guid,
        standing,
        snapshots,
    })
}

/// What a dataset is brought to, where it lies before the plan is carried out.
fn counterpart<'a>(planned: &DatasetPlan, target: &'a View) -> Option<&'a Dataset> {
    let mut steps = planned.steps().iter();
    let name = match steps.find(|step| matches!(step, Step::Rename(_) | Step::SetAside(_))) {
        Some(Step::Rename(rename)) => rename.from.as_str(),
        // What is there counts no more.
        Some(Step::SetAside(_)) => return None,
        _ => &planned.target,
    };
    target.datasets.iter().find(|there| there.name.as_str() == name)
}

fn fates(dataset: &Dataset, there: Option<&Dataset>, planned: &DatasetPlan, plan: &Plan) -> Vec<Explained> {
    let common = there.and_then(|there| base::newest(dataset, there));
    let fate = |version: &Version| {
        let is_sent = |transfer: &&Transfer| transfer.to.guid == version.guid;
        if let Some(transfer) = planned.transfers().find(is_sent) {
            return Fate::Planned {
                from: transfer.from.as_ref().map(|base| base.as_str().to_owned()),
                is_resumed: transfer.resume.is_some(),
            };
        }
        if let Some(found) = there.and_then(|there| there.version(version.guid)) {
            return Fate::There { name: found.name.clone() };
        }
        if let Some(why) = plan.wish.unwanted(version) {
            return Fate::LeftOut { why };
        }
        match &common {
            Some(common) if version.createtxg < common.createtxg => Fate::Older {
                base: Evidence::from(common.there),
            },
            _ => Fate::Stopped,
        }
    };
    let explained = dataset.versions.iter().map(|version| Explained {
        snapshot: version.point(),
        fate: fate(version),
    });
    explained.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Wish;
    use crate::policy::age::Ages;
    use crate::policy::pattern::{Pattern, Patterns, Verb};
    use crate::world::{ALL, world};

    /// Each dataset with its standing and the fates of its snapshots.
    fn told(text: &str, left_out: &str) -> Vec<String> {
        let world = world(text);
        let mut snapshots = Patterns::NONE;
        for pattern in left_out.split_whitespace() {
            snapshots.push(Pattern::new(Verb::Exclude, pattern).unwrap());
        }
        let wish = Wish { snapshots, ..ALL.clone() };
        let plan = world.plan(&wish);
        let one = |explained: &Explanation| {
            let standing = match &explained.standing {
                Standing::Planned { plan } if plan.steps().is_empty() => "still or blocked",
                Standing::Planned { .. } => "planned",
                Standing::Skipped { why, .. } => why.code(),
            };
            let fates = explained.snapshots.iter();
            let fates = fates.map(|explained| format!("{}={}", explained.snapshot.name.short(), explained.fate.code()));
            format!("{standing}: {}", fates.collect::<Vec<_>>().join(" "))
        };
        explain(&world.source, &world.target, &plan).iter().map(one).collect()
    }

    #[test]
    fn each_snapshot_has_its_reason() {
        assert_eq!(
            told("src: @1 @2 @3 @4 @5 | dst: @1 @3", "4"),
            ["planned: 1=there 2=older 3=there 4=left_out 5=planned"]
        );
        // What was renamed is found where it lies.
        assert_eq!(
            told("src: @1 *1 | src/b=a: @1 @2 | dst: @1 | dst/a: @1", ""),
            ["still or blocked: 1=there", "planned: 1=there 2=planned"]
        );
        assert_eq!(told("src: @1 @2 | dst: @1 @x", ""), ["still or blocked: 1=there 2=stopped"]);
    }

    #[test]
    fn what_is_left_out_says_by_which_wish() {
        let mut world = world("src: @1 @2 @3 | dst: @1");
        for (version, made) in world.source.datasets[0].versions.iter_mut().zip([100, 200, 300]) {
            version.creation = Some(made);
        }
        let ages = Ages {
            now: 400,
            newer_than: Some(150),
            older_than: None,
        };
        let wish = Wish {
            ages: Some(ages),
            ..ALL.clone()
        };
        let plan = world.plan(&wish);
        let explained = explain(&world.source, &world.target, &plan);
        let fates: Vec<_> = explained[0].snapshots.iter().map(|explained| explained.fate.code()).collect();
        assert_eq!(fates, ["there", "left_out", "planned"]);
        assert_eq!(
            serde_json::to_value(&explained[0].snapshots[1].fate).unwrap(),
            serde_json::json!({ "code": "left_out", "why": { "code": "too_old", "age": 200, "newer_than": 150 } })
        );
    }
}
