//! I verify streams a second time: slowly and plainly, the whole stream in memory, each rule a function written from its text alone.
//!
//! I share no code with `zfs_rs::stream` but the nvlists, and say of a broken record *all* rules it breaks: the other verifier may look at them in any
//! order, but what it names has to be one of mine.

pub mod bytes;
pub mod fields;
mod past;
mod receiver;
mod rules;

use std::fmt;

use self::bytes::{Order, RECORD, Rec, SUM_AT, Sum};
use self::fields::{begin, end, object, redact};
pub use self::past::Past;
pub use self::receiver::Receiver;
pub use self::rules::RULES;

/// What is said of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is whole and keeps every rule.
    Accepted,
    /// It is damaged, or no stream.
    Damaged {
        /// The record, counted from 0.
        record: u64,
        /// What is wrong.
        why: &'static str,
    },
    /// A record breaks rules.
    Broken {
        /// The record, counted from 0.
        record: u64,
        /// All that it breaks.
        rules: Vec<&'static str>,
    },
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("accepted"),
            Self::Damaged { record, why } => write!(f, "record {record} is damaged: {why}"),
            Self::Broken { record, rules } => write!(f, "record {record} breaks {}", rules.join(", ")),
        }
    }
}

/// What a stream is to that receiver, and where its records start, as far as they were looked at.
#[must_use]
pub fn verify(stream: &[u8], receiver: &Receiver) -> (Verdict, Vec<usize>) {
    let mut starts = Vec::new();
    let mut walk = Walk {
        past: Past::new(*receiver),
        place: Place::Outside,
        in_package: false,
        order: Order::Little,
        sum: Sum::default(),
        records: 0,
    };
    let mut rest = stream;
    loop {
        starts.push(stream.len() - rest.len());
        rest = match walk.record(rest) {
            Ok(Some(rest)) => rest,
            Ok(None) => return (Verdict::Accepted, starts),
            Err(verdict) => return (verdict, starts),
        };
    }
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// `BEGIN`; in a package also its last `END`.
    Outside,
    /// The `END` of a package's header.
    Header,
    /// All but `BEGIN`.
    Inside,
    /// Nothing.
    Behind,
}

struct Walk {
    past: Past,
    place: Place,
    in_package: bool,
    order: Order,
    sum: Sum,
    records: u64,
}

impl Walk {
    /// Takes one record off the stream; nothing at its end.
    fn record<'a>(&mut self, stream: &'a [u8]) -> Result<Option<&'a [u8]>, Verdict> {
        if self.place == Place::Behind {
            return if stream.is_empty() {
                Ok(None)
            } else {
                Err(self.damaged("bytes behind the end"))
            };
        }
        let Some((header, rest)) = stream.split_at_checked(RECORD) else {
            return Err(self.damaged("cut short"));
        };
        let record = self.proved(header)?;
        let broken = rules::broken(&self.past, &record, rules::When::Header);
        if !broken.is_empty() {
            return Err(self.broken(broken));
        }
        let length = self.length(&record)?;
        let number = self.records;
        self.records += 1;
        let Some((payload, rest)) = rest.split_at_checked(length) else {
            return Err(self.damaged("cut short"));
        };
        let record = Rec { payload, ..record };
        let broken = rules::broken(&self.past, &record, rules::When::Payload);
        if !broken.is_empty() {
            return Err(Verdict::Broken {
                record: number,
                rules: broken,
            });
        }
        self.sum.add(self.order, payload);
        self.past.take(&record);
        Ok(Some(rest))
    }

    /// The record, where its sum is right and it may stand here.
    fn proved<'a>(&mut self, header: &'a [u8]) -> Result<Rec<'a>, Verdict> {
        let is_end = self.order.number(&header[..4]) == u64::from(end::NUMBER);
        if self.place == Place::Outside && !(self.in_package && is_end) {
            self.order = Order::of(header)
                .filter(|_| header.starts_with(&[0; 4]))
                .ok_or_else(|| self.damaged("no BEGIN"))?;
            self.sum = Sum::default();
        }
        let record = Rec {
            header,
            payload: &[],
            order: self.order,
        };
        let before = self.sum;
        self.sum.add(self.order, &header[..SUM_AT]);
        let (found, said) = (self.sum, Sum::read(self.order, &header[SUM_AT..]));
        self.sum.add(self.order, &header[SUM_AT..]);
        if self.place == Place::Inside && (said == Sum::default() || said != found) {
            return Err(self.damaged("another sum"));
        }
        self.place = self.next(&record, before, found)?;
        Ok(record)
    }

    /// Where the stream is behind this record.
    fn next(&mut self, record: &Rec<'_>, before: Sum, found: Sum) -> Result<Place, Verdict> {
        match (self.place, record.kind()) {
            (Place::Outside, begin::NUMBER) => {
                if !record.bytes(begin::NAME).contains(&0) {
                    return Err(self.damaged("a name without end"));
                }
                match record.get(begin::VERSION) & 3 {
                    1 => Ok(Place::Inside),
                    2 if !self.in_package => {
                        self.in_package = true;
                        Ok(Place::Header)
                    }
                    _ => Err(self.damaged("no kind of stream that may be here")),
                }
            }
            (Place::Outside, end::NUMBER) => {
                // The last of a package: it sums up nothing.
                self.ends(record, Sum::default())?;
                let mut alone = Sum::default();
                alone.add(self.order, &record.header[..SUM_AT]);
                self.blank(record, alone)?;
                Ok(Place::Behind)
            }
            (Place::Header, end::NUMBER) => {
                self.ends(record, before)?;
                self.blank(record, found)?;
                Ok(Place::Outside)
            }
            (Place::Inside, end::NUMBER) => {
                self.ends(record, before)?;
                Ok(if self.in_package { Place::Outside } else { Place::Behind })
            }
            (Place::Inside, object::NUMBER..=redact::NUMBER) => Ok(Place::Inside),
            _ => Err(self.damaged("a record out of place")),
        }
    }

    fn ends(&self, record: &Rec<'_>, before: Sum) -> Result<(), Verdict> {
        if Sum::read(self.order, record.bytes(end::WHOLE)) == before {
            Ok(())
        } else {
            Err(self.damaged("another sum of the whole"))
        }
    }

    /// No sum covers a package's own `END`: it holds nothing but its type and the sum it says, and perhaps the running sum.
    fn blank(&self, record: &Rec<'_>, sum: Sum) -> Result<(), Verdict> {
        let said = Sum::read(self.order, &record.header[SUM_AT..]);
        let rest = record.header[4..8].iter().chain(&record.header[end::GUID.at..SUM_AT]);
        if rest.copied().all(|byte| byte == 0) && (said == Sum::default() || said == sum) {
            Ok(())
        } else {
            Err(self.damaged("bytes outside any sum"))
        }
    }

    /// How many bytes follow the record, which no kernel bounds otherwise and sums count in words of 4.
    fn length(&self, record: &Rec<'_>) -> Result<usize, Verdict> {
        let limit = if record.kind() == begin::NUMBER { 64 << 20 } else { 16 << 20 };
        let length = usize::try_from(record.payload_len())
            .ok()
            .filter(|length| *length <= limit && length.is_multiple_of(4));
        length.ok_or_else(|| self.damaged("no payload is that long"))
    }

    fn damaged(&self, why: &'static str) -> Verdict {
        Verdict::Damaged { record: self.records, why }
    }

    fn broken(&self, rules: Vec<&'static str>) -> Verdict {
        Verdict::Broken {
            record: self.records,
            rules,
        }
    }
}
