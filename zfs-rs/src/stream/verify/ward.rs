//! I hold bytes back until they are proved.

use super::{Profile, Refused, Verifier};
use crate::stream::record::{RECORD_SIZE, RecordType};
use crate::stream::{Step, Summary};

/// Lets through whole records that keep every rule and whose bytes are proved, and nothing of the others.
///
/// A payload is proved by the checksum of the record after it, so a record with a payload is held until then: at most one record, and
/// `BEGIN` with what belongs to it.
///
/// ```
/// use zfs_rs::stream::{Begin, ByteOrder, Profile, Ward, Writer, record::End};
///
/// let mut stream = Vec::new();
/// let mut writer = Writer::new(ByteOrder::HOST);
/// writer.put(&mut stream, Begin::new("tank@a", 5), &[])?;
/// writer.put(&mut stream, End { to_guid: 5, ..End::default() }, &[])?;
///
/// let mut ward = Ward::new(Profile::any());
/// let mut input = stream.as_slice();
/// let mut passed = Vec::new();
/// while !input.is_empty() {
///     let (proved, used) = ward.step(input)?;
///     passed.extend_from_slice(proved);
///     input = &input[used..];
/// }
/// assert_eq!(ward.finish()?.records, 2);
/// assert_eq!(passed, stream);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ward {
    verifier: Verifier,
    /// What was handed out at the call before, then what is proved, then what is not yet.
    held: Vec<u8>,
    handed: usize,
    proved: usize,
}

impl Ward {
    /// A ward at the start of a stream, for a receiver of this profile.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self {
            verifier: Verifier::new(profile),
            held: Vec::new(),
            handed: 0,
            proved: 0,
        }
    }

    /// Takes bytes from the start of `input`; gives the bytes that are proved, perhaps none, and says how many of the input were used. Call
    /// again with the rest: some of it may be left though nothing was given.
    ///
    /// # Errors
    /// The stream is damaged or breaks a rule; what was proved before was given by an earlier call, and nothing is given after.
    pub fn step(&mut self, input: &[u8]) -> Result<(&[u8], usize), Refused> {
        self.held.drain(..self.handed);
        self.proved = self.proved.saturating_sub(self.handed);
        self.handed = 0;
        let mut rest = input;
        while !rest.is_empty() && self.proved < BATCH {
            match self.take(rest) {
                Ok(used) => rest = rest.get(used..).unwrap_or_default(),
                // The verifier says it again at the next call.
                Err(_refused) if self.proved > 0 => break,
                Err(refused) => return Err(refused),
            }
        }
        self.handed = self.proved;
        Ok((self.given(), input.len().saturating_sub(rest.len())))
    }

    /// What the latest [`step`](Self::step) gave, for who cannot hand it on at once: nothing after a refusal.
    #[must_use]
    pub fn given(&self) -> &[u8] {
        self.held.get(..self.handed).unwrap_or_default()
    }

    /// Says that no more bytes come, and what the stream held; all of it was given then.
    ///
    /// # Errors
    /// The stream was refused, or its end was not reached.
    pub fn finish(self) -> Result<Summary, Refused> {
        self.verifier.finish()
    }

    /// The verifier underneath, which has read more than was given.
    #[must_use]
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    fn take(&mut self, input: &[u8]) -> Result<usize, Refused> {
        let (step, used) = self.verifier.step(input)?;
        self.held.extend_from_slice(input.get(..used).unwrap_or_default());
        if let Step::Record(record) = step {
            // Its checksum proves all before it, and itself too; BEGIN has none.
            let unproved = if record.record_type() == RecordType::Begin || self.verifier.reader().payload_left() > 0 {
                RECORD_SIZE
            } else {
                0
            };
            self.proved = self.held.len().saturating_sub(unproved);
        }
        Ok(used)
    }
}

/// Proved bytes are given at once when there are this many: as much as a pipe takes, not record by record.
const BATCH: usize = 64 << 10;
