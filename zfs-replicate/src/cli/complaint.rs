//! I am why nothing could be begun, as one sentence and a way out.

use std::fmt::Display;

use zfs_rs::name::DatasetName;
use zfs_rs::stream::token::TokenError;
use zfs_rs::stream::transform::Unfit;
use zfs_rs::{Error, ErrorKind};

use super::hint::{self, Roots};
use super::text;
use super::words::Page;
use crate::drive::Unplanned;
use crate::plan::moved::Moved;
use crate::reason::Failure;

/// Something that keeps a command from its work.
#[derive(Debug)]
pub(super) struct Complaint {
    /// For scripts.
    pub(super) code: &'static str,
    /// The thing and what is wrong with it.
    pub(super) message: String,
    /// What to do.
    pub(super) hint: Option<String>,
}

impl Complaint {
    /// There is no way to the kernel.
    pub(super) fn unopened(error: &Error) -> Self {
        let kind = error.kind();
        let code = match kind {
            ErrorKind::NoModule => "no_module",
            ErrorKind::NoPermission => "permission_denied",
            ErrorKind::NoLibrary => "no_library",
            // The other kinds answer requests.
            _ => "not_opened",
        };
        Self {
            code,
            message: error.to_string(),
            hint: hint::open(kind),
        }
    }

    /// There is no plan.
    pub(super) fn unplanned(error: &Unplanned, roots: Roots<'_>) -> Self {
        match error {
            Unplanned::Unread(failure) => Self::unread(failure, roots),
            Unplanned::Unplannable(error) => Self {
                code: error.code(),
                message: error.to_string(),
                hint: hint::unplannable(error),
            },
        }
    }

    /// What was to be listed cannot be read; it is no side of anything.
    pub(super) fn unlisted(failure: &Failure, root: &DatasetName) -> Self {
        let message = match failure.detail.as_str() {
            "" => format!("{}: {}", failure.object, failure.kind),
            detail => detail.to_owned(),
        };
        let roots = Roots {
            source: root,
            target: root,
        };
        Self {
            message,
            ..Self::unread(failure, roots)
        }
    }

    /// A side cannot be read.
    fn unread(failure: &Failure, roots: Roots<'_>) -> Self {
        Self {
            code: failure.kind.code(),
            message: text::failure(failure),
            hint: hint::failure(failure, roots),
        }
    }

    /// There is no such dataset.
    pub(super) fn absent(dataset: &DatasetName) -> Self {
        Self {
            code: "not_found",
            message: format!("{dataset} is not there"),
            hint: Some(hint::absent(dataset)),
        }
    }

    /// Snapshots are to be newer than what they are to be older than.
    pub(super) fn no_such_age() -> Self {
        Self {
            code: "no_such_age",
            message: "no snapshot is newer than --snapshots-newer-than and older than --snapshots-older-than at once".to_owned(),
            hint: Some("give --snapshots-newer-than the longer time of the two".to_owned()),
        }
    }

    /// A token is none.
    pub(super) fn token(error: &TokenError) -> Self {
        Self {
            code: "bad_token",
            message: error.to_string(),
            hint: Some("copy it whole: `zfs get -H -o value receive_resume_token DATASET`".to_owned()),
        }
    }

    /// What should be a plan is none.
    pub(super) fn no_plan(name: &str, error: &serde_json::Error) -> Self {
        Self {
            code: "bad_plan",
            message: format!("{name} is no plan: {error}"),
            hint: Some("make one: `zfs-replicate plan --json SRC DST > PLAN`".to_owned()),
        }
    }

    /// Something else would have to be done now.
    pub(super) fn moved(moved: &[Moved]) -> Self {
        Self {
            code: "state_moved",
            message: format!(
                "nothing was done: both sides are not as they were when the plan was made\n{}",
                Page::of(|page| text::moved(page, moved)).trim_end()
            ),
            hint: Some("make the plan anew, and look at it again".to_owned()),
        }
    }

    /// A stream cannot be read.
    pub(super) fn unread_file(name: &str, error: &std::io::Error) -> Self {
        Self {
            code: "unread",
            message: format!("{name} cannot be read: {error}"),
            hint: None,
        }
    }

    /// There is nothing at all in a file.
    pub(super) fn empty(name: &str) -> Self {
        Self {
            code: "empty",
            message: format!("{name} is empty: not even the beginning of a stream"),
            hint: Some("see what became of the sender; nothing that came out of it was kept".to_owned()),
        }
    }

    /// Somebody waits for a stream who would have to type it.
    pub(super) fn terminal() -> Self {
        Self {
            code: "terminal",
            message: "the standard input is a terminal, and no stream comes from there".to_owned(),
            hint: Some("name a file, or let a stream in: `zstd -dc FILE.zst | zfs-replicate stream verify -`".to_owned()),
        }
    }

    /// Both of two streams are to come from the standard input.
    pub(super) fn twice_standard() -> Self {
        Self {
            code: "twice_standard",
            message: "only one of two streams can come from the standard input".to_owned(),
            hint: Some("name a file for the other one".to_owned()),
        }
    }

    /// Two streams cannot be compared, for a reason that is yet to be known here.
    pub(super) fn uncompared(error: &impl Display) -> Self {
        Self {
            code: "uncompared",
            message: error.to_string(),
            hint: None,
        }
    }

    /// Somebody would have a stream shown as if it were a text.
    pub(super) fn to_terminal() -> Self {
        Self {
            code: "terminal",
            message: "the standard output is a terminal, and no stream is for reading there".to_owned(),
            hint: Some("name a file by --out, or hand the stream on: `| zfs receive DATASET`".to_owned()),
        }
    }

    /// A new stream would take the place of a file.
    pub(super) fn exists(name: &str) -> Self {
        Self {
            code: "exists",
            message: format!("{name} is there already"),
            hint: Some("give another name, or remove it first; nothing is ever written over".to_owned()),
        }
    }

    /// A stream has to be read in two places and cannot.
    pub(super) fn unseekable(name: &str) -> Self {
        Self {
            code: "unseekable",
            message: format!("{name} is no file, and earlier blocks have to be read again"),
            hint: Some("write the stream to a file first".to_owned()),
        }
    }

    /// Of a stream cannot be made what was asked for.
    pub(super) fn unfit(unfit: &Unfit) -> Self {
        Self {
            code: "unfit",
            message: unfit.to_string(),
            hint: Some(hint::unfit(&unfit.reason).to_owned()),
        }
    }

    /// The same, for a reason that is yet to be known here.
    pub(super) fn untransformed(error: &impl Display) -> Self {
        Self {
            code: "unfit",
            message: error.to_string(),
            hint: None,
        }
    }

    /// What there is to say cannot be written.
    pub(super) fn unwritten(error: &impl Display) -> Self {
        Self::unwritten_file("the standard output", error)
    }

    /// Something cannot be written.
    pub(super) fn unwritten_file(name: &str, error: &impl Display) -> Self {
        Self {
            code: "unwritten",
            message: format!("{name} cannot be written: {error}"),
            hint: None,
        }
    }

    /// The system does not give what a run needs.
    pub(super) fn system(error: &std::io::Error) -> Self {
        Self {
            code: "system",
            message: format!("the run cannot be set up: {error}"),
            hint: Some("see what limits this process: `ulimit -a`".to_owned()),
        }
    }
}
