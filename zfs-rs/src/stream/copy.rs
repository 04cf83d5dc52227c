//! I copy a stream and prove it on the way.

use std::io::{self, Read, Write};

use thiserror::Error;

use super::{Corrupt, Reader, Summary};

/// Copies a stream from `from` to `to`, checks its structure and every checksum, and says what it held.
///
/// A payload is proved by the record after it, so bytes are written before they are proved: what was written counts only once this has
/// returned well. The piece in which a stream turns out to be damaged is not written, nor is anything after it.
/// To verify only, copy to [`io::sink`].
///
/// ```
/// use zfs_rs::stream::{Begin, ByteOrder, Writer, copy_verified, record::End};
///
/// let mut stream = Vec::new();
/// let mut writer = Writer::new(ByteOrder::HOST);
/// writer.put(&mut stream, Begin::new("tank@a", 5), &[])?;
/// writer.put(&mut stream, End { to_guid: 5, ..End::default() }, &[])?;
///
/// let mut copy = Vec::new();
/// assert_eq!(copy_verified(&mut stream.as_slice(), &mut copy)?.records, 2);
/// assert_eq!(copy, stream);
///
/// stream[400] ^= 1;
/// assert!(copy_verified(&mut stream.as_slice(), &mut std::io::sink()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Reading or writing failed, or the stream is [`Corrupt`]; one that ends too early is that too.
pub fn copy_verified(from: &mut (impl Read + ?Sized), to: &mut (impl Write + ?Sized)) -> Result<Summary, CopyError> {
    let mut reader = Reader::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(CopyError::Read(error)),
        };
        let bytes = buffer.get(..length).unwrap_or_default();
        let mut rest = bytes;
        while !rest.is_empty() {
            let (_, used) = reader.step(rest)?;
            rest = rest.get(used..).unwrap_or_default();
        }
        to.write_all(bytes).map_err(CopyError::Write)?;
    }
    to.flush().map_err(CopyError::Write)?;
    Ok(reader.finish()?)
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
    /// It is damaged.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

/// As much as a pipe holds.
const BUFFER: usize = 1 << 20;
