//! I am the bugs.

/// A piece of the engine and what is put in its place.
#[derive(Debug)]
pub(super) struct Bug {
    /// What would be wrong.
    pub(super) name: &'static str,
    /// The file it is in.
    pub(super) file: &'static str,
    /// The piece, which is there once.
    pub(super) found: &'static str,
    /// What is put there.
    pub(super) planted: &'static str,
}

const STEPS: &str = "zfs-replicate/src/plan/steps.rs";
const MARK: &str = "zfs-replicate/src/plan/mark.rs";
const BASE: &str = "zfs-replicate/src/plan/base.rs";
const RESUME: &str = "zfs-replicate/src/plan/resume.rs";
const DIVERGE: &str = "zfs-replicate/src/plan/diverge.rs";
const BOARD: &str = "zfs-replicate/src/plan/board.rs";
const LINEAGE: &str = "zfs-replicate/src/plan/lineage.rs";
const ENCRYPT: &str = "zfs-replicate/src/plan/encrypt.rs";
const ANSWER: &str = "zfs-replicate/src/run/dataset/answer.rs";
const DATASET: &str = "zfs-replicate/src/run/dataset.rs";
const RUN: &str = "zfs-replicate/src/run/mod.rs";
const ORDER: &str = "zfs-replicate/src/run/order.rs";
const REPORT: &str = "zfs-replicate/src/run/report.rs";
const OUTCOME: &str = "zfs-replicate/src/transfer/outcome.rs";
const DIVERGENCE: &str = "zfs-replicate/src/endpoint/divergence.rs";
const ASIDE: &str = "zfs-replicate/src/plan/aside.rs";
const ENDPOINT: &str = "zfs-replicate/src/endpoint/mod.rs";
const DRAW: &str = "zfs-replicate/src/drive/draw.rs";
const LOOK: &str = "zfs-replicate/src/endpoint/look.rs";

/// All of them.
pub(super) const BUGS: [Bug; 40] = [
    Bug {
        name: "no cursor is made before a snapshot is sent",
        file: MARK,
        found: "wanted.union(&waiting)",
        planted: "wanted.union(&BTreeSet::new())",
    },
    Bug {
        name: "old cursors go before the new snapshot is there",
        file: STEPS,
        found: "        steps.extend(self.unmark(&marks, there, pending)?.map(Step::Unmark));\n        Ok(steps)",
        planted: "        let mut early: Vec<_> = self.unmark(&marks, there, pending)?.map(Step::Unmark).into_iter().collect();\n        early.extend(steps);\n        Ok(early)",
    },
    Bug {
        name: "cursors are never removed",
        file: STEPS,
        found: "        steps.extend(self.unmark(&marks, there, pending)?.map(Step::Unmark));",
        planted: "",
    },
    Bug {
        name: "only the newest snapshot is sent",
        file: STEPS,
        found: "        pending.sort_by_key(|version| version.createtxg);\n        pending",
        planted: "        pending.sort_by_key(|version| version.createtxg);\n        pending.split_off(pending.len().saturating_sub(1))",
    },
    Bug {
        name: "snapshots are sent in the order of their names",
        file: STEPS,
        found: "        pending.sort_by_key(|version| version.createtxg);\n        pending",
        planted: "        pending.sort_by_key(|version| version.name.clone());\n        pending",
    },
    Bug {
        name: "snapshots are sent in the order of the clock",
        file: STEPS,
        found: "        pending.sort_by_key(|version| version.createtxg);\n        pending",
        planted: "        pending.sort_by_key(|version| version.creation);\n        pending",
    },
    Bug {
        name: "what is sent is listed once",
        file: DRAW,
        found: " || self.settle(&mut seen, &plan)? {",
        planted: " {",
    },
    Bug {
        name: "what a cancelled run leaves undone counts as done",
        file: DATASET,
        found: "            Some(_) if cancelled => self.fail(None, failure(plan, FailureKind::Cancelled).into()),",
        planted: "            Some(_) if cancelled => self.close(Outcome::Replicated),",
    },
    Bug {
        name: "the hold of a saved receive is never released",
        file: STEPS,
        found: "            steps.push(self.release(version)?);\n        }\n        if !marks.first",
        planted: "        }\n        if !marks.first",
    },
    Bug {
        name: "a saved receive that does not fit is not given up",
        file: STEPS,
        found: "                (Some(abort), None)",
        planted: "                drop(abort);\n                (None, None)",
    },
    Bug {
        name: "a saved receive is resumed whatever its base is",
        file: RESUME,
        found: "        return Err(GivenUp::BaseGone { from: saved.from_guid });\n    }\n    let is_wanted",
        planted: "    }\n    let is_wanted",
    },
    Bug {
        name: "the base is found by its name",
        file: BASE,
        found: "there: target.version(guid)?,",
        planted: "there: {\n                    let short = source.version(guid)?.name.short();\n                    target.versions.iter().find(|there| there.name.short() == short)?\n                },",
    },
    Bug {
        name: "the oldest common snapshot is the base",
        file: BASE,
        found: ".max_by_key(|common| common.createtxg)",
        planted: ".min_by_key(|common| common.createtxg)",
    },
    Bug {
        name: "cursors are no bases",
        file: BASE,
        found: "    snapshots\n        .chain(bookmarks)",
        planted: "    drop(bookmarks);\n    snapshots",
    },
    Bug {
        name: "what the target has of its own is overlooked",
        file: DIVERGE,
        found: "if common.is_some() && beyond.is_empty() {",
        planted: "if common.is_some() {",
    },
    Bug {
        name: "only one base stays marked",
        file: MARK,
        found: "const KEPT: usize = 2;",
        planted: "const KEPT: usize = 1;",
    },
    Bug {
        name: "all cursors are removed at the end",
        file: MARK,
        found: "let goes = |at: &&(Txg, Guid)| newest.is_some() && !stays.contains(at);",
        planted: "let goes = |_: &&(Txg, Guid)| newest.is_some();",
    },
    Bug {
        name: "a renamed dataset is not looked for elsewhere",
        file: LINEAGE,
        found: "if found.is_some() || **home == target.root {",
        planted: "if true {",
    },
    Bug {
        name: "a dataset does not wait for what has to come first",
        file: RUN,
        found: "if needed.is_ready(its_plan, plan.origin()) {",
        planted: "if needed.is_ready(its_plan, plan.origin()) || true {",
    },
    Bug {
        name: "what is raw is not sent raw",
        file: ENCRYPT,
        found: "    StreamFlags {\n        raw,",
        planted: "    StreamFlags {\n        raw: raw && false,",
    },
    Bug {
        name: "what is sent is not held",
        file: DATASET,
        found: "if plan.transfers().next().is_some() && !cancelled {",
        planted: "if plan.transfers().next().is_none() && !cancelled {",
    },
    Bug {
        name: "what is held is not marked",
        file: ORDER,
        found: "marking.cursors.clone()",
        planted: "marking.cursors.iter().take(0).cloned().collect()",
    },
    Bug {
        name: "what a saved receive waits for is not held",
        file: ANSWER,
        found: "if partial.is_some_and(|partial| partial.to_guid == transfer.to.guid) {",
        planted: "if partial.is_some_and(|partial| partial.to_guid == Guid(0)) {",
    },
    Bug {
        name: "a transfer that failed counts as done",
        file: ANSWER,
        found: "let broken = match (result, check(&arrives(transfer), seen)) {",
        planted: "let broken = match (result.or(Ok::<(), Broken>(())), check(&arrives(transfer), seen).or(Ok::<_, Failure>(transfer.to.guid))) {",
    },
    Bug {
        name: "the report calls every run complete",
        file: REPORT,
        found: "complete: datasets.len() == plan.datasets.len() && datasets.iter().all(|dataset| dataset.outcome.is_at_goal()),",
        planted: "complete: datasets.len() == plan.datasets.len(),",
    },
    Bug {
        name: "an echo is taken for the cause",
        file: OUTCOME,
        found: ".position(|failure| !is_echo(failure, cut.is_some()))",
        planted: ".position(|failure| is_echo(failure, cut.is_some()))",
    },
    Bug {
        name: "copies can be written to",
        file: ENDPOINT,
        found: r#"&[("readonly", "on"), ("canmount", "noauto")]"#,
        planted: r#"&[("canmount", "noauto")]"#,
    },
    Bug {
        name: "a saved receive is not seen",
        file: LOOK,
        found: "partial: partial(&properties, info.inconsistent),",
        planted: "partial: partial(&properties, info.inconsistent).filter(|_| false),",
    },
    Bug {
        name: "cursors are not seen",
        file: LOOK,
        found: "Ok(marks.collect())",
        planted: "Ok(marks.filter(|_| false).collect())",
    },
    Bug {
        name: "what was not looked for on the target is taken for missing",
        file: DRAW,
        found: "if !seen.is_all && !there.iter().all(is_seen) {",
        planted: "if !seen.is_all && there.is_empty() && !there.iter().all(is_seen) {",
    },
    Bug {
        name: "holds of ours are not seen",
        file: LOOK,
        found: "match self.side {",
        planted: "match Side::Target {",
    },
    Bug {
        name: "a clone is sent before its origin is there",
        file: DATASET,
        found: "self.stands && origin.is_none_or(|origin| !sends(origin) || self.proved.contains(&origin.guid))",
        planted: "self.stands && origin.is_none_or(|origin| sends(origin) || !sends(origin))",
    },
    Bug {
        name: "the next step is taken although one failed",
        file: ANSWER,
        found: "Err(failure) => self.fail(None, failure.into()),\n                }\n            }\n            (Phase::Step(index), Answer::Transferred",
        planted: "Err(_) => self.stepped(plan, index, cancelled, events),\n                }\n            }\n            (Phase::Step(index), Answer::Transferred",
    },
    Bug {
        name: "a renaming is done after what needs it",
        file: BOARD,
        found: "steps.insert(0, Step::Rename(rename));",
        planted: "steps.push(Step::Rename(rename));",
    },
    Bug {
        name: "what was written to a copy is overlooked",
        file: DIVERGE,
        found: "Some(newest) if target.written > 0 =>",
        planted: "Some(newest) if target.written == u64::MAX =>",
    },
    Bug {
        name: "what is rolled back is not what is listed",
        file: DIVERGENCE,
        found: "let doomed: Vec<SnapshotName> = back.lost.iter().map(|lost| lost.name.clone()).collect();",
        planted: "let doomed: Vec<SnapshotName> = there.iter().filter(|found| found.createtxg >= base.createtxg).map(|found| found.name.clone()).collect();",
    },
    Bug {
        name: "what another receive got ahead of is said not to fit",
        file: ANSWER,
        found: "found.is_some_and(|found| is_overtaken(transfer, found))",
        planted: "found.is_some_and(|found| !is_overtaken(transfer, found))",
    },
    Bug {
        name: "what came after the plan is rolled back too",
        file: DIVERGENCE,
        found: "if let Some(come) = come {",
        planted: "if let Some(come) = come && self.zfs.destroy_snapshots(&[come.name.clone()]).is_err() {",
    },
    Bug {
        name: "what is set aside is taken for a copy again",
        file: ASIDE,
        found: "let is_marked = |dataset: &&Dataset| dataset.name.last().ends_with(&mark(dataset.guid));",
        planted: "let is_marked = |dataset: &&Dataset| dataset.name.last().ends_with(&mark(Guid(dataset.guid.0 ^ 1)));",
    },
    Bug {
        name: "all that is set aside gets the same name",
        file: ASIDE,
        found: "    format!(\".aside-{:016x}\", guid.0)",
        planted: "    format!(\".aside-{:016x}\", guid.0 & 0)",
    },
];
