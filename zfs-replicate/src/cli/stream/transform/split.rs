//! I give each stream of a package a file, whose place a stranger cannot choose.

use std::cell::RefCell;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use zfs_rs::Guid;
use zfs_rs::stream::Begin;
use zfs_rs::stream::transform::{self, Transformed};

use super::args::Split;
use super::done;
use crate::cli::complaint::Complaint;
use crate::cli::status::Status;
use crate::cli::stream::Stop;
use crate::cli::stream::input::Input;
use crate::cli::stream::output::Output;
use crate::cli::words::Page;
use crate::cli::{answer, json, text};

pub(in crate::cli::stream) fn split(wish: &Split) -> Result<Status, Stop> {
    let mut input = Input::open(&wish.file)?.watched();
    folder(&wish.into)?;
    let kept = RefCell::new(Vec::new());
    let mut number = 0_u64;
    let transformed = transform::split(&mut input, |begin| {
        number = number.saturating_add(1);
        let place = wish.into.join(file_name(number, &begin.to_name.to_string()));
        Part::open(&place, begin, &kept).map_err(|complaint| io::Error::other(Stop::from(complaint)))
    });
    let transformed = done(transformed, &input);
    drop(input);
    let files = kept.into_inner();
    if !wish.json && (transformed.is_ok() || !files.is_empty()) {
        // Those before damage are whole, and stay.
        answer(&Page::of(|page| text::parts(page, &files)))?;
    }
    let transformed = transformed?;
    if wish.json {
        answer(&json::versioned(&Parts { files, transformed })?)?;
    }
    Ok(Status::AtGoal)
}

/// A stream that is in its file.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Kept {
    pub(in crate::cli) file: String,
    pub(in crate::cli) snapshot: String,
    pub(in crate::cli) guid: Guid,
    pub(in crate::cli) bytes: u64,
}

/// For scripts.
#[derive(Debug, Serialize)]
struct Parts {
    files: Vec<Kept>,
    #[serde(flatten)]
    transformed: Transformed,
}

fn folder(path: &Path) -> Result<(), Complaint> {
    match fs::create_dir(path) {
        Err(error) if !path.is_dir() => Err(Complaint::unwritten_file(&path.display().to_string(), &error)),
        _ => Ok(()),
    }
}

/// A name of one part, in the order of the package and never twice, of letters that no file system and no shell takes for anything else.
fn file_name(number: u64, snapshot: &str) -> String {
    let letter = |letter| match letter {
        '/' => '-',
        letter if letter.is_ascii_alphanumeric() || "-_.@".contains(letter) => letter,
        _ => '_',
    };
    let safe: String = snapshot.chars().map(letter).collect();
    // The end says which snapshot it is.
    let end = safe.get(safe.len().saturating_sub(LONGEST)..).unwrap_or_default();
    format!("{number:04}-{end}.zfs")
}

/// Of 255 that a file's name may have; with the number and the ending it stays well below.
const LONGEST: usize = 200;

/// The file of the stream that is being written.
#[derive(Debug)]
struct Part<'a> {
    /// Until it is whole.
    output: Option<Output>,
    file: String,
    begin: Begin,
    kept: &'a RefCell<Vec<Kept>>,
}

impl<'a> Part<'a> {
    fn open(place: &Path, begin: &Begin, kept: &'a RefCell<Vec<Kept>>) -> Result<Self, Complaint> {
        Ok(Self {
            output: Some(Output::file(place)?),
            file: place.display().to_string(),
            begin: begin.clone(),
            kept,
        })
    }
}

impl Write for Part<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.as_mut().map_or(Ok(0), |output| output.write(bytes))
    }

    /// At the end of each stream, says [`transform::split`].
    fn flush(&mut self) -> io::Result<()> {
        if let Some(output) = self.output.take_if(|output| output.is_whole()) {
            let summary = output.keep().map_err(io::Error::other)?;
            self.kept.borrow_mut().push(Kept {
                file: self.file.clone(),
                snapshot: self.begin.to_name.to_string(),
                guid: Guid(self.begin.to_guid),
                bytes: summary.bytes,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_of_one_part_and_of_plain_letters() {
        assert_eq!(file_name(1, "tank/home@monday"), "0001-tank-home@monday.zfs");
        assert_eq!(
            file_name(12_345, "../../etc/passwd\0\n -\u{202e}é"),
            "12345-..-..-etc-passwd___-__.zfs"
        );
        assert_eq!(file_name(7, ""), "0007-.zfs");
        let long = file_name(u64::MAX, &format!("{}@monday", "tank/".repeat(1000)));
        assert!(long.len() < 255 && long.ends_with("tank-@monday.zfs"), "{long}");
    }
}
