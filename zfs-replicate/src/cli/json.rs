//! I tell scripts: one document each time, with the version of its form.

use std::fmt::Write as _;

use serde::Serialize;
use zfs_rs::stream::token::{Misfit, ResumePoint};
use zfs_rs::stream::{Begin, Refused, Rule, Summary};

use super::complaint::Complaint;
use super::words::is_obeyed;
use crate::plan::Plan;
use crate::run::report::Report;
use crate::view::{StreamFlags, View};

/// A plan; it carries its own version.
pub(super) fn plan(plan: &Plan) -> Result<String, Complaint> {
    document(plan)
}

/// The report of a run.
pub(super) fn report(report: &Report) -> Result<String, Complaint> {
    document(&Versioned {
        format: FORMAT,
        body: report,
    })
}

/// What one side has.
pub(super) fn list(view: &View) -> Result<String, Complaint> {
    document(&Versioned {
        format: FORMAT,
        body: view,
    })
}

/// What a resume token says, and whether it is of the stream that is wanted where one is.
pub(super) fn token(point: &ResumePoint, fits: Option<Result<(), Misfit>>) -> Result<String, Complaint> {
    let ResumePoint {
        object,
        offset,
        bytes,
        to_guid,
        to_name,
        from_guid,
        large_block_ok,
        embed_ok,
        compress_ok,
        raw_ok,
        redact_snaps,
        book_redact_snaps,
        other,
    } = point;
    let texts = |guids: &Option<Vec<u64>>| Some(guids.as_ref()?.iter().map(ToString::to_string).collect());
    let body = Token {
        to_name,
        to_guid: to_guid.to_string(),
        from_guid: from_guid.map(|guid| guid.to_string()),
        object: object.to_string(),
        offset: offset.to_string(),
        bytes: *bytes,
        flags: StreamFlags {
            raw: *raw_ok,
            large_block: *large_block_ok,
            embed: *embed_ok,
            compress: *compress_ok,
        },
        redacted_for: texts(redact_snaps),
        from_redacted_for: texts(book_redact_snaps),
        unknown: other.iter().map(|(name, _)| name.to_string()).collect(),
        fits: fits.map(|fits| fits.is_ok()),
        misfit: fits.and_then(Result::err),
    };
    document(&Versioned { format: FORMAT, body })
}

/// What has a form of its own.
pub(super) fn versioned(body: &impl Serialize) -> Result<String, Complaint> {
    document(&Versioned { format: FORMAT, body })
}

/// The same as one line.
pub(super) fn line(body: &impl Serialize) -> Result<String, Complaint> {
    shown(serde_json::to_string(&Versioned { format: FORMAT, body }))
}

/// All rules for streams.
pub(super) fn rules() -> Result<String, Complaint> {
    versioned(&Rules {
        rules: Rule::ALL.iter().map(|rule| Ruled::of(*rule)).collect(),
    })
}

/// Why a stream is not let through; as a line where lines came before it.
pub(super) fn refused(refused: &Refused, hint: &str, is_line: bool) -> Result<String, Complaint> {
    let body = Unfit {
        error: Refusal {
            code: if refused.rule().is_some() { "breach" } else { "damaged" },
            message: refused.to_string(),
            hint,
            rule: refused.rule().map(Ruled::of),
            refused,
        },
    };
    if is_line { line(&body) } else { versioned(&body) }
}

/// Why there is no other document.
pub(super) fn complaint(complaint: &Complaint) -> Result<String, Complaint> {
    let body = Unbegun {
        error: Error {
            code: complaint.code,
            message: &complaint.message,
            hint: complaint.hint.as_deref(),
        },
    };
    document(&Versioned { format: FORMAT, body })
}

#[derive(Debug, Serialize)]
struct Versioned<T> {
    format: u32,
    #[serde(flatten)]
    body: T,
}

/// Numbers of identity and place are texts, as in views and plans.
#[derive(Debug, Serialize)]
struct Token<'a> {
    to_name: &'a str,
    to_guid: String,
    from_guid: Option<String>,
    object: String,
    offset: String,
    bytes: u64,
    flags: StreamFlags,
    redacted_for: Option<Vec<String>>,
    from_redacted_for: Option<Vec<String>>,
    unknown: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fits: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    misfit: Option<Misfit>,
}

/// A stream that was found good.
#[derive(Debug, Serialize)]
pub(super) struct Verified<'a> {
    pub(super) verified: bool,
    /// The first record.
    pub(super) begin: Option<&'a Begin>,
    pub(super) summary: &'a Summary,
}

#[derive(Debug, Serialize)]
struct Rules {
    rules: Vec<Ruled>,
}

#[derive(Debug, Serialize)]
struct Ruled {
    name: &'static str,
    requires: &'static str,
    reason: &'static str,
}

impl Ruled {
    const fn of(rule: Rule) -> Self {
        Self {
            name: rule.name(),
            requires: rule.requires(),
            reason: rule.reason(),
        }
    }
}

#[derive(Debug, Serialize)]
struct Unfit<'a> {
    error: Refusal<'a>,
}

/// What was found stands as `breach` or `corrupt`.
#[derive(Debug, Serialize)]
struct Refusal<'a> {
    code: &'static str,
    message: String,
    hint: &'a str,
    rule: Option<Ruled>,
    #[serde(flatten)]
    refused: &'a Refused,
}

#[derive(Debug, Serialize)]
struct Unbegun<'a> {
    error: Error<'a>,
}

#[derive(Debug, Serialize)]
struct Error<'a> {
    code: &'static str,
    message: &'a str,
    hint: Option<&'a str>,
}

fn document(body: &impl Serialize) -> Result<String, Complaint> {
    shown(serde_json::to_string_pretty(body))
}

/// What a terminal would obey is escaped here too: it can only stand inside texts, where the escape means the same.
fn shown(written: serde_json::Result<String>) -> Result<String, Complaint> {
    let plain = written.map_err(|error| Complaint::unwritten(&error))?;
    let mut shown = String::with_capacity(plain.len());
    for character in plain.chars() {
        if is_obeyed(character) && character != '\n' {
            let _infallible = write!(shown, "\\u{:04x}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    shown.push('\n');
    Ok(shown)
}

/// The version of all forms but the plan's, which has its own.
const FORMAT: u32 = 1;
