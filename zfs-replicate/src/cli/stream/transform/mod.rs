//! I make streams anew, and leave nothing that looks whole and is not.

mod args;
mod split;

use std::io::Seek as _;

use serde::Serialize;
use zfs_rs::stream::transform::{self, TransformError, Transformed};

pub(super) use self::args::{Decompress, Drop, Recompress, Redup, Split, Ways};
pub(in crate::cli) use self::split::Kept;
pub(super) use self::split::split;
use super::input::Input;
use super::output::Output;
use super::{Stop, not_empty};
use crate::cli::complaint::Complaint;
use crate::cli::status::Status;
use crate::cli::words::Page;
use crate::cli::{answer, json, text};

pub(super) fn decompress(wish: &Decompress) -> Result<Status, Stop> {
    make(&wish.ways, transform::decompress)
}

pub(super) fn recompress(wish: &Recompress) -> Result<Status, Stop> {
    make(&wish.ways, |from, to| transform::recompress(wish.to, from, to))
}

pub(super) fn redup(wish: &Redup) -> Result<Status, Stop> {
    make(&wish.ways, |from, to| {
        if from.stream_position().is_err() {
            return Err(TransformError::Read(std::io::Error::other(Stop::from(Complaint::unseekable(
                from.name(),
            )))));
        }
        transform::redup(from, to)
    })
}

pub(super) fn drop_objects(wish: &Drop) -> Result<Status, Stop> {
    let objects: Vec<_> = wish.objects.iter().map(|object| *object..=*object).collect();
    make(&wish.ways, |from, to| transform::drop_objects(&objects, from, to))
}

fn make(ways: &Ways, transform: impl FnOnce(&mut Input, &mut Output) -> Result<Transformed, TransformError>) -> Result<Status, Stop> {
    let mut input = Input::open(&ways.file)?.watched();
    let mut output = match &ways.out {
        Some(place) => Output::file(place)?,
        None => Output::standard()?,
    };
    let transformed = done(transform(&mut input, &mut output), &input)?;
    drop(input);
    output.keep()?;
    let Some(place) = &ways.out else {
        return Ok(Status::AtGoal);
    };
    let file = place.display().to_string();
    answer(&if ways.json {
        json::versioned(&Made { file, transformed })?
    } else {
        Page::of(|page| text::made(page, &file, &transformed))
    })?;
    Ok(Status::AtGoal)
}

/// For scripts.
#[derive(Debug, Serialize)]
struct Made {
    file: String,
    #[serde(flatten)]
    transformed: Transformed,
}

/// What came of a transform, with its error as the others are told.
fn done(transformed: Result<Transformed, TransformError>, input: &Input) -> Result<Transformed, Stop> {
    let own = |error: std::io::Error, say: fn(&Input, &std::io::Error) -> Complaint| match error.downcast::<Stop>() {
        Ok(stop) => stop,
        Err(error) => say(input, &error).into(),
    };
    transformed.map_err(|error| match error {
        TransformError::Read(error) => own(error, |input, error| Complaint::unread_file(input.name(), error)),
        TransformError::Write(error) => own(error, |_, error| Complaint::unwritten(error)),
        TransformError::Corrupt(corrupt) => not_empty(input).map_or_else(Stop::from, |()| corrupt.into()),
        TransformError::Unfit(unfit) => Stop::Unfit(Complaint::unfit(&unfit)),
        other => Stop::Unfit(Complaint::untransformed(&other)),
    })
}
