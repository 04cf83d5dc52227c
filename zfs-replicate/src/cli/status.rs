//! I say with one number how it ended.

use std::fmt::Write as _;
use std::process::ExitCode;

use crate::plan::{Plan, Work};
use crate::reason::Outcome;
use crate::run::report::Report;

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    /// All is as it was wished.
    AtGoal,
    /// Something is not.
    NotAtGoal,
    /// The command line makes no sense.
    Usage,
    /// Nothing was begun.
    NotBegun,
    /// The run was cancelled.
    Interrupted,
}

impl Status {
    const ALL: [Self; 5] = [Self::AtGoal, Self::NotAtGoal, Self::Usage, Self::NotBegun, Self::Interrupted];

    /// The number a script sees.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::AtGoal => 0,
            Self::NotAtGoal => 1,
            Self::Usage => 2,
            Self::NotBegun => 3,
            Self::Interrupted => 4,
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::AtGoal => {
                "done: every selected dataset is at its goal, proved by GUID; the stream is good, or both bring the same; the token fits"
            }
            Self::NotAtGoal => {
                "at least one dataset is not at its goal: blocked, failed or not begun; the stream is refused or damaged, or two may \
                 differ; the token does not fit"
            }
            Self::Usage => "the command line cannot be understood",
            Self::NotBegun => {
                "could not begin: ZFS cannot be opened or read, no plan is possible, the token is bad, or a stream cannot be read or written"
            }
            Self::Interrupted => "cancelled before its end; the next run goes on from there",
        }
    }

    /// The table that every help ends with.
    pub(super) fn table() -> String {
        let mut table = "Exit status:".to_owned();
        for status in Self::ALL {
            let _infallible = write!(table, "\n  {}  {}", status.number(), status.meaning());
        }
        table.push_str(
            "\nA run that gets SIGINT or SIGTERM begins nothing more, cuts off what is on its way, keeps what has arrived, and reports; a second \
             signal, or another one, ends the program at once. Nothing is lost either way: the next run goes on from there.",
        );
        table
    }

    /// What a plan comes to when nothing goes wrong.
    pub(super) fn of_plan(plan: &Plan) -> Self {
        let is_blocked = plan.datasets.iter().any(|dataset| matches!(dataset.work, Work::Blocked { .. }));
        if is_blocked { Self::NotAtGoal } else { Self::AtGoal }
    }

    /// What a run came to. Both the report's sum and its items must say that all is well.
    pub(super) fn of_report(report: &Report) -> Self {
        let mut outcomes = report.datasets.iter().map(|dataset| &dataset.outcome);
        if report.datasets.iter().any(|dataset| dataset.outcome.is_cancelled()) {
            Self::Interrupted
        } else if report.complete && outcomes.all(Outcome::is_at_goal) {
            Self::AtGoal
        } else {
            Self::NotAtGoal
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status.number())
    }
}
