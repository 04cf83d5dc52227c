//! I look into streams for people, and say with the status whether they are good.

mod args;
mod input;
mod output;
mod transform;

use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::num::NonZeroU64;
use std::path::Path;

use zfs_rs::stream::inspect::{self, CompareError, Inventory, Side, Verdict};
use zfs_rs::stream::{Corrupt, Profile, Refused, Rule, Verifier};

pub(super) use self::args::Stream;
use self::args::{Compare, Dump, Rules, Summary, Task, Verify};
use self::input::{Input, STANDARD};
pub(super) use self::transform::Kept;
use super::complaint::Complaint;
use super::json::{self, Verified};
use super::status::Status;
use super::words::{Page, harmless};
use super::{answer, complain, hint, say, text};

/// Does what was asked.
pub(super) fn stream(wish: &Stream) -> Result<Status, Complaint> {
    let is_json = wish.is_json();
    let done = match &wish.task {
        Task::Verify(wish) => verify(wish),
        Task::Summary(wish) => summary(wish),
        Task::Dump(wish) => dump(wish),
        Task::Compare(wish) => compare(wish),
        Task::Rules(wish) => rules(wish),
        Task::Decompress(wish) => transform::decompress(wish),
        Task::Recompress(wish) => transform::recompress(wish),
        Task::Split(wish) => transform::split(wish),
        Task::Redup(wish) => transform::redup(wish),
        Task::Drop(wish) => transform::drop_objects(wish),
    };
    match done {
        Ok(status) => Ok(status),
        Err(Stop::Away) => Ok(Status::AtGoal),
        Err(Stop::Complaint(complaint)) => Err(complaint),
        Err(Stop::Unfit(complaint)) => {
            complain(&complaint);
            if is_json {
                answer(&json::complaint(&complaint)?)?;
            }
            Ok(Status::NotAtGoal)
        }
        Err(Stop::Refused { of, refused }) => {
            let hint = hint::refused(&refused);
            say(&format!(
                "error: {}{refused}",
                of.map_or_else(String::new, |name| format!("{name}: "))
            ));
            text::refusal(&refused).iter().for_each(|line| say(line));
            say(&format!("hint: {hint}"));
            if is_json {
                let is_line = matches!(wish.task, Task::Dump(_));
                answer(&json::refused(&refused, hint, is_line)?)?;
            }
            Ok(Status::NotAtGoal)
        }
    }
}

/// Why a command ends before its end.
#[derive(Debug, thiserror::Error)]
enum Stop {
    /// Something keeps it from its work.
    #[error("{}", .0.message)]
    Complaint(Complaint),
    /// The stream is no good; of several, the one of that name.
    #[error("{refused}")]
    Refused { of: Option<String>, refused: Box<Refused> },
    /// The stream is not for what was asked.
    #[error("{}", .0.message)]
    Unfit(Complaint),
    /// The reader of the answer has seen enough.
    #[error("nobody reads on")]
    Away,
}

impl Stop {
    /// What was made of a stream is refused.
    fn of_made(refused: Refused) -> Self {
        Self::Refused {
            of: Some("the new stream".to_owned()),
            refused: Box::new(refused),
        }
    }
}

fn verify(wish: &Verify) -> Result<Status, Stop> {
    let mut input = Input::open(&wish.file)?.watched();
    let mut verifier = Verifier::new(profile(wish));
    let mut first = None;
    input.each(|bytes| {
        let (_, used) = verifier.step(bytes)?;
        if first.is_none() {
            first = verifier.reader().begin().cloned();
        }
        Ok::<_, Stop>(used)
    })?;
    not_empty(&input)?;
    drop(input);
    let summary = verifier.finish()?;
    answer(&if wish.json {
        json::versioned(&Verified {
            verified: true,
            begin: first.as_ref(),
            summary: &summary,
        })?
    } else {
        Page::of(|page| text::verified(page, first.as_ref(), &summary, wish.release))
    })?;
    Ok(Status::AtGoal)
}

fn profile(wish: &Verify) -> Profile {
    let mut profile = wish.release.map_or_else(Profile::any, Profile::of);
    if wish.raw_only {
        profile = profile.raw_only();
    }
    if let Some(objset) = wish.objset {
        profile = profile.objset(objset);
    }
    if let Some(to) = wish.to {
        profile = profile.between(wish.from.map(NonZeroU64::get), to.get());
    }
    profile
}

fn summary(wish: &Summary) -> Result<Status, Stop> {
    let mut input = Input::open(&wish.file)?.watched();
    let mut inventory = Inventory::new();
    input.each(|bytes| Ok::<_, Stop>(inventory.step(bytes)?))?;
    not_empty(&input)?;
    drop(input);
    let contents = inventory.finish()?;
    answer(&if wish.json {
        json::versioned(&contents)?
    } else {
        Page::of(|page| text::contents(page, &contents))
    })?;
    Ok(Status::AtGoal)
}

fn dump(wish: &Dump) -> Result<Status, Stop> {
    let mut input = Input::open(&wish.file)?;
    if !io::stdout().is_terminal() {
        input = input.watched();
    }
    let mut out = BufWriter::with_capacity(PAGEFUL, io::stdout().lock());
    let mut dump = inspect::Dump::new();
    let read = input.each(|bytes| {
        let (entry, used) = dump.step(bytes)?;
        if let Some(entry) = entry {
            let line = if wish.json {
                json::line(&entry)?
            } else {
                format!("{}\n", harmless(&entry.to_string()))
            };
            out.write_all(line.as_bytes())?;
        }
        Ok::<_, Stop>(used)
    });
    // What came before damage is shown before the damage is told of.
    out.flush()?;
    read?;
    not_empty(&input)?;
    dump.finish()?;
    Ok(Status::AtGoal)
}

fn compare(wish: &Compare) -> Result<Status, Stop> {
    if [&wish.first, &wish.second].iter().all(|path| path.as_path() == Path::new(STANDARD)) {
        return Err(Complaint::twice_standard().into());
    }
    let mut first = Input::open(&wish.first)?.watched();
    let mut second = Input::open(&wish.second)?;
    let found = inspect::compare(&mut first, &mut second);
    let names = [first.name().to_owned(), second.name().to_owned()];
    drop((first, second));
    let comparison = found.map_err(|error| uncompared(error, &names))?;
    answer(&if wish.json {
        json::versioned(&comparison)?
    } else {
        Page::of(|page| text::comparison(page, &comparison, &names))
    })?;
    Ok(match comparison.verdict {
        Verdict::Identical | Verdict::Same => Status::AtGoal,
        _ => Status::NotAtGoal,
    })
}

fn rules(wish: &Rules) -> Result<Status, Stop> {
    answer(&if wish.json {
        json::rules()?
    } else {
        Page::of(|page| text::rules(page, Rule::ALL))
    })?;
    Ok(Status::AtGoal)
}

fn not_empty(input: &Input) -> Result<(), Complaint> {
    if input.is_empty() {
        Err(Complaint::empty(input.name()))
    } else {
        Ok(())
    }
}

fn uncompared(error: CompareError, names: &[String; 2]) -> Stop {
    let [first, second] = names;
    let name = |side| if side == Side::First { first } else { second };
    match error {
        CompareError::Read { side, error } => Complaint::unread_file(name(side), &error).into(),
        CompareError::Corrupt { side, corrupt } => Stop::Refused {
            of: Some(name(side).clone()),
            refused: Box::new(corrupt.into()),
        },
        other => Complaint::uncompared(&other).into(),
    }
}

impl From<Complaint> for Stop {
    fn from(complaint: Complaint) -> Self {
        Self::Complaint(complaint)
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused {
            of: None,
            refused: Box::new(refused),
        }
    }
}

impl From<Corrupt> for Stop {
    fn from(corrupt: Corrupt) -> Self {
        Refused::from(corrupt).into()
    }
}

/// From writing the answer; what reading says names its file.
impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::Away
        } else {
            Complaint::unwritten(&error).into()
        }
    }
}

/// As much as is written at once.
const PAGEFUL: usize = 64 << 10;
