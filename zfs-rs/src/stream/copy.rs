//! I copy a stream and let through only what is proved and keeps every rule.

use std::io::{self, Read, Write};

use thiserror::Error;

use super::{Intake, Profile, Refused, Summary, Ward};

/// Copies a stream from `from` to `to` through a [`Ward`] for a receiver of this profile, and says what it held.
///
/// Whole verified records only are written; after a refusal not one byte more. To verify only, copy to [`io::sink`].
///
/// ```
/// use zfs_rs::stream::{Begin, ByteOrder, Profile, Writer, copy_verified, record::End};
///
/// let mut stream = Vec::new();
/// let mut writer = Writer::new(ByteOrder::HOST);
/// writer.put(&mut stream, Begin::new("tank@a", 5), &[])?;
/// writer.put(&mut stream, End { to_guid: 5, ..End::default() }, &[])?;
///
/// let mut copy = Vec::new();
/// assert_eq!(copy_verified(Profile::any(), &mut stream.as_slice(), &mut copy)?.records, 2);
/// assert_eq!(copy, stream);
///
/// stream[400] ^= 1;
/// assert!(copy_verified(Profile::any(), &mut stream.as_slice(), &mut std::io::sink()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Reading or writing failed, or the stream is [`Refused`]; one that ends too early is that too.
pub fn copy_verified(profile: Profile, from: &mut (impl Read + ?Sized), to: &mut (impl Write + ?Sized)) -> Result<Summary, CopyError> {
    let mut ward = Ward::new(profile);
    let mut intake = Intake::new();
    loop {
        let input = intake.fill(from).map_err(CopyError::Read)?;
        if input.is_empty() {
            break;
        }
        let (proved, used) = ward.step(input)?;
        to.write_all(proved).map_err(CopyError::Write)?;
        intake.used(used);
    }
    to.flush().map_err(CopyError::Write)?;
    Ok(ward.finish()?)
}

/// Why a stream was not copied.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum CopyError {
    /// It could not be read.
    #[error("the stream cannot be read: {0}")]
    Read(#[source] io::Error),
    /// It could not be written.
    #[error("the stream cannot be written: {0}")]
    Write(#[source] io::Error),
    /// It is damaged or breaks a rule.
    #[error(transparent)]
    Refused(#[from] Refused),
}
