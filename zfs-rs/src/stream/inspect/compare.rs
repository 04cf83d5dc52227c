//! I lay two streams side by side.

use std::fmt;
use std::io::{self, Read};

use thiserror::Error;

use super::difference::{self, Difference, Weight, What};
use crate::stream::record::{BODY, CHECKSUM_AT};
use crate::stream::{Corrupt, Features, Intake, Reader, Record, Step};

/// Reads two streams and says where they first differ, and whether they bring the same all the same.
///
/// Records are taken in pairs, as a dataset is walked in the same order whoever sends it. Reading ends at the first pair that brings something
/// different; what comes behind is not looked at, nor checked for damage.
///
/// ```
/// use zfs_rs::stream::{Begin, ByteOrder, Writer, inspect, record};
///
/// let stream = |name: &str| {
///     let mut stream = Vec::new();
///     let mut writer = Writer::new(ByteOrder::HOST);
///     writer.put(&mut stream, Begin::new(name, 5), &[])?;
///     writer.put(&mut stream, record::End { to_guid: 5, ..record::End::default() }, &[])?;
///     Ok::<_, zfs_rs::stream::WriteError>(stream)
/// };
/// let found = inspect::compare(&mut stream("tank@a")?.as_slice(), &mut stream("pool@a")?.as_slice())?;
/// assert_eq!(found.verdict, inspect::Verdict::Same);
/// let first = found.first.map(|difference| difference.to_string());
/// assert_eq!(
///     first.as_deref(),
///     Some("record 0 at byte 0: BEGIN: to_name is \"tank@a\" in the first, \"pool@a\" in the second")
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// One of them could not be read or is damaged.
pub fn compare(first: &mut (impl Read + ?Sized), second: &mut (impl Read + ?Sized)) -> Result<Comparison, CompareError> {
    let mut pair = Pair {
        first: Half::new(Side::First, first),
        second: Half::new(Side::Second, second),
        found: None,
        heaviest: None,
        records: 0,
    };
    pair.walk()?;
    Ok(pair.comparison())
}

/// What two streams have in common and what not.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Comparison {
    /// Whether they bring the same.
    pub verdict: Verdict,
    /// The first difference of any kind.
    pub first: Option<Difference>,
    /// Records that were read of each.
    pub records: u64,
}

/// Whether two streams bring the same.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// In every field of every record and every byte of data. Of the sums of a package's own ends, which nobody asks for, one may say more than the other.
    Identical,
    /// Every record brings the same and carries the same bytes; only the name of the snapshot, announced features or what blocks are
    /// deduplicated by differ.
    Same,
    /// Not seen: here data is sent in another form, compressed or in the pointer, in pieces, encrypted, or in the other byte order. Nothing before
    /// or beside that differs.
    Unproved(Difference),
    /// Not the same: here is the first record that brings something different.
    Different(Difference),
}

/// Which of two streams.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first.
    First,
    /// The second.
    Second,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::First => "first",
            Self::Second => "second",
        })
    }
}

/// Why two streams cannot be compared.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum CompareError {
    /// One of them cannot be read.
    #[error("the {side} stream cannot be read: {error}")]
    Read {
        /// Which.
        side: Side,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// One of them is damaged.
    #[error("the {side} stream is damaged: {corrupt}")]
    Corrupt {
        /// Which.
        side: Side,
        /// How.
        #[source]
        corrupt: Corrupt,
    },
}

/// Both streams and what was found.
struct Pair<'a, A: ?Sized, B: ?Sized> {
    first: Half<'a, A>,
    second: Half<'a, B>,
    found: Option<Difference>,
    /// The first of the gravest differences.
    heaviest: Option<(Weight, Difference)>,
    records: u64,
}

impl<A: Read + ?Sized, B: Read + ?Sized> Pair<'_, A, B> {
    fn walk(&mut self) -> Result<(), CompareError> {
        while self.goes_on() {
            let (first, second) = match (self.first.record()?, self.second.record()?) {
                (Some(first), Some(second)) => (first, second),
                (None, None) => return Ok(()),
                (first, second) => {
                    let record_type = |record: &Option<Record>| record.as_ref().map(Record::record_type);
                    let (first, second) = (record_type(&first), record_type(&second));
                    self.note(Weight::Contents, What::Type { first, second });
                    return Ok(());
                }
            };
            self.headers(&first, &second);
            if self.goes_on() {
                self.payloads(&first, &second)?;
            }
            self.records = self.records.saturating_add(1);
        }
        Ok(())
    }

    /// Whether the records still stand side by side.
    fn goes_on(&self) -> bool {
        self.heaviest.as_ref().is_none_or(|(weight, _)| *weight < Weight::Cut)
    }

    fn headers(&mut self, first: &Record, second: &Record) {
        let (ours, theirs) = (self.first.reader.order(), self.second.reader.order());
        if let (Some(first), Some(second)) = (ours, theirs)
            && first != second
        {
            self.note(Weight::Manner, What::ByteOrder { first, second });
        }
        let differences = difference::records(first, second);
        if differences.is_empty() && ours == theirs {
            self.filler(first);
        }
        for (weight, what) in differences {
            self.note(weight, what);
        }
    }

    /// What differs though no field does.
    fn filler(&mut self, record: &Record) {
        // Sums follow from what they are sums of.
        let [ours, theirs] =
            [self.first.reader.header(), self.second.reader.header()].map(|header| header.get(BODY..CHECKSUM_AT).unwrap_or_default());
        if let Some(at) = ours.iter().zip(theirs).position(|(ours, theirs)| ours != theirs) {
            let at = u64::try_from(at.saturating_add(BODY)).unwrap_or(u64::MAX);
            let record_type = record.record_type();
            self.note(Weight::Manner, What::Filler { record_type, at });
        }
    }

    fn payloads(&mut self, first: &Record, second: &Record) -> Result<(), CompareError> {
        let comparable = self.first.reader.payload_left() == self.second.reader.payload_left();
        if !comparable {
            // A field has told of that.
            self.first.skip()?;
            return self.second.skip();
        }
        let mut at = 0_u64;
        let mut differs = false;
        while self.first.reader.payload_left() > 0 {
            let (ours, theirs) = (self.first.payload()?, self.second.payload()?);
            let length = ours.len().min(theirs.len());
            if !differs {
                let same = alike(ours, theirs).min(length);
                differs = same < length;
                at = at.saturating_add(u64::try_from(same).unwrap_or(u64::MAX));
            }
            self.first.take(length)?;
            self.second.take(length)?;
        }
        if differs {
            let begin = self.first.reader.begin();
            let raw = begin.is_some_and(|begin| begin.features.contains(Features::RAW));
            let same_order = self.first.reader.order() == self.second.reader.order();
            let weight = difference::payloads(first, raw, same_order).min(difference::payloads(second, raw, same_order));
            let record_type = first.record_type();
            self.note(weight, What::Payload { record_type, at });
        }
        Ok(())
    }

    fn note(&mut self, weight: Weight, what: What) {
        let difference = Difference {
            record: self.records,
            first_offset: self.first.reader.start(),
            second_offset: self.second.reader.start(),
            what,
        };
        self.found.get_or_insert_with(|| difference.clone());
        if self.heaviest.as_ref().is_none_or(|(heaviest, _)| *heaviest < weight) {
            self.heaviest = Some((weight, difference));
        }
    }

    fn comparison(self) -> Comparison {
        let verdict = match self.heaviest {
            None => Verdict::Identical,
            Some((Weight::Manner, _)) => Verdict::Same,
            Some((Weight::Form | Weight::Cut, difference)) => Verdict::Unproved(difference),
            Some((Weight::Contents, difference)) => Verdict::Different(difference),
        };
        Comparison {
            verdict,
            first: self.found,
            records: self.records,
        }
    }
}

/// One stream, read as far as is needed.
struct Half<'a, R: ?Sized> {
    side: Side,
    from: &'a mut R,
    reader: Reader,
    intake: Intake,
}

impl<'a, R: Read + ?Sized> Half<'a, R> {
    fn new(side: Side, from: &'a mut R) -> Self {
        Self {
            side,
            from,
            reader: Reader::new(),
            intake: Intake::new(),
        }
    }

    /// The next record; nothing at the end. The payload before it has been taken.
    fn record(&mut self) -> Result<Option<Record>, CompareError> {
        loop {
            if self.fill()?.is_empty() {
                let end = self.reader.clone().finish();
                return end.map(|_summary| None).map_err(|corrupt| self.corrupt(corrupt));
            }
            if let Some(record) = self.take(usize::MAX)? {
                return Ok(Some(record));
            }
        }
    }

    /// Bytes of the payload that follow, at least one.
    fn payload(&mut self) -> Result<&[u8], CompareError> {
        let left = usize::try_from(self.reader.payload_left()).unwrap_or(usize::MAX);
        if self.fill()?.is_empty()
            && let Err(corrupt) = self.reader.clone().finish()
        {
            return Err(self.corrupt(corrupt));
        }
        let there = self.intake.rest();
        Ok(there.get(..left).unwrap_or(there))
    }

    /// Goes past the payload.
    fn skip(&mut self) -> Result<(), CompareError> {
        while self.reader.payload_left() > 0 {
            let length = self.payload()?.len();
            self.take(length)?;
        }
        Ok(())
    }

    /// Lets the reader have at most so many of the bytes.
    fn take(&mut self, most: usize) -> Result<Option<Record>, CompareError> {
        let there = self.intake.rest();
        match self.reader.step(there.get(..most).unwrap_or(there)) {
            Ok((step, used)) => {
                let record = if let Step::Record(record) = step { Some(record) } else { None };
                self.intake.used(used);
                Ok(record)
            }
            Err(corrupt) => Err(self.corrupt(corrupt)),
        }
    }

    fn fill(&mut self) -> Result<&[u8], CompareError> {
        let side = self.side;
        self.intake.fill(self.from).map_err(|error| CompareError::Read { side, error })
    }

    const fn corrupt(&self, corrupt: Corrupt) -> CompareError {
        CompareError::Corrupt { side: self.side, corrupt }
    }
}

/// So many bytes at the start are the same.
fn alike(ours: &[u8], theirs: &[u8]) -> usize {
    let length = ours.len().min(theirs.len());
    if ours.get(..length) == theirs.get(..length) {
        return length;
    }
    ours.iter().zip(theirs).take_while(|(ours, theirs)| ours == theirs).count()
}
