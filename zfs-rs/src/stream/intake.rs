//! I take bytes in, much at once and where the kernel copies them fast.

use std::fmt;
use std::io::{self, Read};

/// Bytes that were read and are not yet used: what stands between a file or pipe and a [`Reader`](super::Reader).
///
/// The place that is read into is the start of a page. The kernel copies from whole pages, and where both do not lie alike within theirs, some
/// processors take four times as long.
///
/// ```
/// use zfs_rs::stream::Intake;
///
/// let mut from = &b"one two"[..];
/// let mut intake = Intake::new();
/// assert_eq!(intake.fill(&mut from)?, b"one two");
/// intake.used(4);
/// assert_eq!(intake.fill(&mut from)?, b"two");
/// intake.used(3);
/// assert_eq!(intake.fill(&mut from)?, b"");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Intake {
    /// Longer than what is read into it, by the page in which that starts.
    bytes: Vec<u8>,
    at: usize,
    end: usize,
}

impl Intake {
    /// So many bytes are read at once, at most.
    pub const LENGTH: usize = 256 << 10;

    /// An intake with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self {
            bytes: vec![0; Self::LENGTH.saturating_add(PAGE)],
            at: 0,
            end: 0,
        }
    }

    /// The bytes that are there; where all are used, more are read first. Nothing means that there are no more.
    ///
    /// # Errors
    /// Reading failed. Being interrupted is no failure: it is tried again.
    pub fn fill(&mut self, from: &mut (impl Read + ?Sized)) -> io::Result<&[u8]> {
        if self.at == self.end {
            let place = self.place();
            let length = loop {
                match from.read(place) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read?,
                }
            };
            self.came(length);
        }
        Ok(self.rest())
    }

    /// Where to read to, for who reads otherwise than by [`fill`](Self::fill): once nothing is there, and then to say how much [`came`](Self::came).
    ///
    /// ```
    /// use zfs_rs::stream::Intake;
    ///
    /// let mut intake = Intake::new();
    /// intake.place()[..3].copy_from_slice(b"one");
    /// assert_eq!(intake.rest(), b"");
    /// intake.came(3);
    /// assert_eq!(intake.rest(), b"one");
    /// ```
    pub fn place(&mut self) -> &mut [u8] {
        let start = self.start();
        self.bytes.get_mut(start..start.saturating_add(Self::LENGTH)).unwrap_or_default()
    }

    /// Says that so many bytes were read to the start of the [`place`](Self::place). They take the place of what was there.
    pub fn came(&mut self, count: usize) {
        self.at = self.start();
        self.end = self.at.saturating_add(count.min(Self::LENGTH));
    }

    /// The bytes that are there, without reading.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..self.end).unwrap_or_default()
    }

    /// Says that so many of the bytes that are there were used.
    pub fn used(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.end);
    }

    fn start(&self) -> usize {
        self.bytes.as_ptr().align_offset(PAGE).min(PAGE)
    }
}

impl Default for Intake {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake").field("there", &self.rest().len()).finish_non_exhaustive()
    }
}

/// That of most machines; where pages are larger, it is a part of one.
const PAGE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives what it is told to, a piece at each call.
    struct Pieces(Vec<io::Result<Vec<u8>>>);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            assert_eq!((buffer.len(), buffer.as_ptr().align_offset(PAGE)), (Intake::LENGTH, 0));
            if self.0.is_empty() {
                return Ok(0);
            }
            let piece = self.0.remove(0)?;
            buffer[..piece.len()].copy_from_slice(&piece);
            Ok(piece.len())
        }
    }

    #[test]
    fn pieces_come_one_by_one_and_an_interruption_is_none() {
        let interrupted = Err(io::ErrorKind::Interrupted.into());
        let mut from = Pieces(vec![
            interrupted,
            Ok(b"ab".to_vec()),
            Ok(b"c".to_vec()),
            Err(io::ErrorKind::Other.into()),
        ]);
        let mut intake = Intake::new();
        assert_eq!(intake.fill(&mut from).unwrap(), b"ab");
        intake.used(1);
        assert_eq!(intake.fill(&mut from).unwrap(), b"b");
        intake.used(usize::MAX);
        assert_eq!(intake.rest(), b"");
        assert_eq!(intake.fill(&mut from).unwrap(), b"c");
        intake.used(1);
        assert_eq!(intake.fill(&mut from).unwrap_err().kind(), io::ErrorKind::Other);
        assert_eq!(intake.fill(&mut from).unwrap(), b"");
    }
}
