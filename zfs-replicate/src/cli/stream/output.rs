//! I am where a new stream goes: a file that is there once it is whole, or what goes out.

use std::fs::{self, File, Permissions};
use std::io::{self, IsTerminal as _, Write};
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use zfs_rs::stream::{Profile, Summary, Ward};

use super::Stop;
use crate::cli::complaint::Complaint;

/// A stream that is written, as far as it keeps every rule. Inside its errors of IO is a [`Stop`].
#[derive(Debug)]
pub(super) struct Output {
    name: String,
    ward: Ward,
    to: To,
}

#[derive(Debug)]
enum To {
    /// Beside its place until it is whole; it goes away where that does not come to be.
    File {
        there: NamedTempFile,
        place: PathBuf,
    },
    Standard(File),
}

impl Output {
    /// What goes out.
    pub(super) fn standard() -> Result<Self, Complaint> {
        let out = io::stdout();
        if out.is_terminal() {
            return Err(Complaint::to_terminal());
        }
        // What std has for it looks for the ends of lines.
        let out = out.as_fd().try_clone_to_owned().map_err(|error| Complaint::unwritten(&error))?;
        Ok(Self {
            name: "the standard output".to_owned(),
            ward: Ward::new(Profile::any()),
            to: To::Standard(out.into()),
        })
    }

    /// A file that is not there yet.
    pub(super) fn file(place: &Path) -> Result<Self, Complaint> {
        let name = place.display().to_string();
        if fs::symlink_metadata(place).is_ok() {
            return Err(Complaint::exists(&name));
        }
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty());
        let there = tempfile::Builder::new()
            .prefix(".zfs-replicate-")
            .suffix(".part")
            // As of any new file: what is left of it, the process's mask says.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .map_err(|error| Complaint::unwritten_file(&name, &error))?;
        Ok(Self {
            name,
            ward: Ward::new(Profile::any()),
            to: To::File {
                there,
                place: place.to_owned(),
            },
        })
    }

    /// Whether all of a stream was written.
    pub(super) fn is_whole(&self) -> bool {
        self.ward.verifier().reader().is_complete()
    }

    /// Says that the stream is whole: a file is on the disk and in its place then.
    pub(super) fn keep(self) -> Result<Summary, Stop> {
        let Self { name, ward, to } = self;
        let summary = ward.finish().map_err(Stop::of_made)?;
        let unwritten = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => Complaint::exists(&name),
            _ => Complaint::unwritten_file(&name, &error),
        };
        if let To::File { there, place } = to {
            there.as_file().sync_all().map_err(unwritten)?;
            there.persist_noclobber(place).map_err(|refused| unwritten(refused.error))?;
        }
        Ok(summary)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (proved, used) = self.ward.step(bytes).map_err(|refused| io::Error::other(Stop::of_made(refused)))?;
        let written = match &mut self.to {
            To::File { there, .. } => there.write_all(proved),
            To::Standard(out) => out.write_all(proved),
        };
        written.map_err(|error| io::Error::other(Stop::from(Complaint::unwritten_file(&self.name, &error))))?;
        Ok(used)
    }

    /// What is not proved yet cannot go on; the rest did.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
