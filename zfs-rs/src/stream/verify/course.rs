//! I am a stream behind its `BEGIN`: I bring each record before all that judge it.

use super::begin::Origin;
use super::breach::Found;
use super::order::Order;
use super::record::Court;
use super::types::SYSTEM_ATTRIBUTES;
use super::volume::Volume;
use super::{Profile, attributes};
use crate::stream::{Begin, ByteOrder, Features, ObjsetType, Record, RecordBytes};

/// A stream with its `BEGIN` read.
#[derive(Clone, Debug)]
pub(super) struct Course {
    begin: Begin,
    byte_order: ByteOrder,
    order: Order,
    volume: Option<Volume>,
}

impl Course {
    pub(super) fn new(begin: &Begin, origin: Origin, byte_order: ByteOrder) -> Self {
        Self {
            begin: begin.clone(),
            byte_order,
            order: Order::new(begin, origin),
            volume: (begin.objset == ObjsetType::Volume).then(|| Volume::new(begin, origin, byte_order)),
        }
    }

    /// Holds the next record to the rules, and remembers it.
    pub(super) fn record(&mut self, record: &Record, header: &RecordBytes, profile: &Profile) -> Result<(), Found> {
        self.alone(record, header, profile)?;
        self.order.record(record)?;
        self.volume.as_mut().map_or(Ok(()), |volume| volume.record(record))
    }

    /// Holds a record to what it may say by itself.
    pub(super) fn alone(&self, record: &Record, header: &RecordBytes, profile: &Profile) -> Result<(), Found> {
        let court = Court {
            begin: &self.begin,
            order: self.byte_order,
            profile,
        };
        court.record(record, header)
    }

    /// Whether rules ask what the payload of that record says.
    pub(super) fn looks_into(&self, record: &Record) -> bool {
        match record {
            Record::Object(object) => object.bonus_type == SYSTEM_ATTRIBUTES && !self.begin.features.contains(Features::RAW),
            other => self.volume.is_some() && Volume::looks_into(other),
        }
    }

    /// Holds the payload of such a record to the rules.
    pub(super) fn payload(&self, record: &Record, payload: &[u8]) -> Result<(), Found> {
        match (record, &self.volume) {
            (Record::Object(object), _) => attributes::are_whole(object, payload),
            (other, Some(volume)) => volume.payload(other, payload),
            (_, None) => Ok(()),
        }
    }
}
