//! I am what a stream held, in numbers.

use super::record::RecordType;

/// What was read of a stream.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Records of all types.
    pub records: u64,
    /// Bytes of records and payloads.
    pub bytes: u64,
    /// Bytes of payloads.
    pub payload_bytes: u64,
    #[cfg_attr(feature = "serde", serde(with = "by_type"))]
    by_type: [u64; RecordType::ALL.len()],
}

impl Summary {
    /// Records of one type.
    #[must_use]
    pub fn count(&self, record_type: RecordType) -> u64 {
        self.types().find(|(known, _)| *known == record_type).map_or(0, |(_, count)| count)
    }

    /// All types with their counts, in the order of their numbers.
    pub fn types(&self) -> impl Iterator<Item = (RecordType, u64)> {
        RecordType::ALL.into_iter().zip(self.by_type)
    }

    pub(super) fn count_record(&mut self, record_type: RecordType) {
        self.records = self.records.saturating_add(1);
        for (known, count) in RecordType::ALL.into_iter().zip(&mut self.by_type) {
            if known == record_type {
                *count = count.saturating_add(1);
            }
        }
    }

    pub(super) const fn count_payload(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.payload_bytes = self.payload_bytes.saturating_add(bytes);
    }
}

/// The counts as a map of the types that occur: `{"BEGIN": 1, "END": 1}`.
#[cfg(feature = "serde")]
mod by_type {
    use std::collections::BTreeMap;

    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::RecordType;

    type Counts = [u64; RecordType::ALL.len()];

    pub(super) fn serialize<S: Serializer>(counts: &Counts, to: S) -> Result<S::Ok, S::Error> {
        let counts: Vec<_> = RecordType::ALL.into_iter().zip(counts).filter(|(_, count)| **count > 0).collect();
        to.collect_map(counts)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Counts, D::Error> {
        let read = BTreeMap::<RecordType, u64>::deserialize(from)?;
        Ok(RecordType::ALL.map(|known| read.get(&known).copied().unwrap_or(0)))
    }
}
