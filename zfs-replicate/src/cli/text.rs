//! I tell people what is planned, what was done and what is there.

use crate::reason::Failure;

mod explain;
mod list;
mod plan;
mod report;
mod stream;
mod token;

pub(super) use explain::{explanations, moved};
pub(super) use list::list;
pub(super) use plan::plan;
pub(super) use report::report;
pub(super) use stream::{comparison, contents, made, parts, refusal, rules, verified};
pub(super) use token::token;

/// A failure in one sentence, which names the object once: the layer below may have named it too.
pub(super) fn failure(failure: &Failure) -> String {
    if failure.detail.starts_with(&failure.object) {
        format!("on the {}: {}", failure.side, failure.detail)
    } else {
        failure.to_string()
    }
}
