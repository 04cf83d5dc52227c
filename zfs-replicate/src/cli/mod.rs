//! I speak to people: I read what they wrote, show what is planned and done, and end with a number that tells the truth.

use std::io::{self, Write as _};
use std::num::NonZeroU64;
use std::process::ExitCode;

use clap::Parser as _;
use zfs_rs::Zfs;
use zfs_rs::stream::token::ResumeToken;

use self::args::{Args, Backend, Command, List, Token};
use self::complaint::Complaint;
use self::status::Status;
use self::words::{Page, harmless};
use crate::endpoint::{Detail, Local};
use crate::reason::Side;

mod age;
mod args;
mod cache;
mod complaint;
mod hint;
mod json;
mod live;
mod patterns;
mod rate;
mod replicate;
mod signal;
mod status;
mod stream;
mod text;
mod words;

#[cfg(test)]
mod codes;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

/// The program: reads the command line, does what it says, and tells how it ended.
pub fn main() -> ExitCode {
    match Args::try_parse() {
        Ok(args) => run(&args).into(),
        Err(error) => {
            // Nobody is left to be told that the usage could not be shown.
            error.print().ok();
            if error.use_stderr() { Status::Usage } else { Status::AtGoal }.into()
        }
    }
}

fn run(args: &Args) -> Status {
    let (result, is_json) = match &args.command {
        Command::Replicate(wish) => (replicate::replicate(wish, args.backend), wish.json),
        Command::Plan(wish) => (replicate::plan(wish, args.backend), wish.json),
        Command::Apply(wish) => (replicate::apply(wish, args.backend), wish.json),
        Command::Explain(wish) => (replicate::explain(wish, args.backend), wish.json),
        Command::List(wish) => (list(wish, args.backend), wish.json),
        Command::Token(wish) => (token(wish), wish.json),
        Command::Stream(wish) => (stream::stream(wish), wish.is_json()),
    };
    result.unwrap_or_else(|complaint| {
        complain(&complaint);
        if is_json && let Ok(document) = json::complaint(&complaint) {
            // The complaint stands on the standard error already.
            answer(&document).ok();
        }
        Status::NotBegun
    })
}

fn list(wish: &List, backend: Backend) -> Result<Status, Complaint> {
    let zfs = open(backend)?;
    // The side whose holds are read too.
    let side = Local::new(zfs, Side::Source);
    let unlisted = |failure| Complaint::unlisted(&failure, &wish.dataset);
    let view = side.view(&wish.dataset, wish.recursive, Detail::Properties).map_err(unlisted)?;
    if view.datasets.is_empty() {
        return Err(Complaint::absent(&wish.dataset));
    }
    answer(&if wish.json {
        json::list(&view)?
    } else {
        Page::of(|page| text::list(page, &view))
    })?;
    Ok(Status::AtGoal)
}

fn token(wish: &Token) -> Result<Status, Complaint> {
    let token: ResumeToken = wish.token.trim().parse().map_err(|error| Complaint::token(&error))?;
    let fits = wish.to.map(|to| token.point().fits(to.get(), wish.from.map(NonZeroU64::get)));
    answer(&if wish.json {
        json::token(token.point(), fits)?
    } else {
        Page::of(|page| text::token(page, token.point(), fits))
    })?;
    let Some(Err(misfit)) = fits else {
        return Ok(Status::AtGoal);
    };
    say(&format!("error: the token does not fit: {misfit}"));
    say(&format!("hint: {}", hint::misfit(&misfit)));
    Ok(Status::NotAtGoal)
}

fn open(backend: Backend) -> Result<Zfs, Complaint> {
    Zfs::open_by(backend.into()).map_err(|error| Complaint::unopened(&error))
}

/// Writes to the standard output. A reader who has seen enough and went away is no failure.
fn answer(text: &str) -> Result<(), Complaint> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Complaint::unwritten(&error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A run goes on, and its status stays what it is, when what it says cannot be written.
fn try_to(written: Result<(), Complaint>) {
    if let Err(complaint) = written {
        complain(&complaint);
    }
}

fn complain(complaint: &Complaint) {
    say(&format!("error: {}", complaint.message));
    if let Some(hint) = &complaint.hint {
        say(&format!("hint: {hint}"));
    }
}

/// One line to the standard error; if that is closed there is nobody to tell.
fn say(line: &str) {
    writeln!(io::stderr(), "{}", harmless(line)).ok();
}
