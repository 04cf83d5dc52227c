//! I take a stream into its records and put them together again with sums that are right, whatever else they say.

use crate::plain::bytes::{Order, RECORD, Rec, SUM_AT, Sum};
use crate::plain::fields::{Field, begin, end};

/// A record with its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its 312 bytes.
    pub header: Vec<u8>,
    /// What follows.
    pub payload: Vec<u8>,
}

impl Piece {
    /// The piece as a record.
    #[must_use]
    pub fn record(&self, order: Order) -> Rec<'_> {
        Rec {
            header: &self.header,
            payload: &self.payload,
            order,
        }
    }

    /// Writes a number to a field.
    pub fn set(&mut self, order: Order, field: Field, number: u64) {
        order.write(&mut self.header[field.at..][..field.width], number);
    }

    /// How long it is.
    #[must_use]
    pub fn length(&self) -> usize {
        self.header.len() + self.payload.len()
    }
}

/// The records of a valid stream.
#[must_use]
pub fn split(stream: &[u8], order: Order) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = stream;
    while !rest.is_empty() {
        let (header, behind) = rest.split_at(RECORD);
        let record = Rec {
            header,
            payload: &[],
            order,
        };
        let (payload, behind) = behind.split_at(usize::try_from(record.payload_len()).expect("a length"));
        pieces.push(Piece {
            header: header.to_vec(),
            payload: payload.to_vec(),
        });
        rest = behind;
    }
    pieces
}

/// Where in a stream the records start, and where it ends.
#[must_use]
pub fn starts(pieces: &[Piece]) -> Vec<usize> {
    let mut at = 0;
    let mut starts = vec![0];
    for piece in pieces {
        at += piece.length();
        starts.push(at);
    }
    starts
}

/// The stream of these records, each sum as it should be.
#[must_use]
pub fn seal(pieces: &[Piece], order: Order) -> Vec<u8> {
    let mut out = Vec::with_capacity(pieces.iter().map(Piece::length).sum());
    let mut sum = Sum::default();
    // Whether records say their sum; and whether the next END says one of the whole.
    let (mut in_stream, mut is_open) = (false, false);
    for piece in pieces {
        let start = out.len();
        out.extend_from_slice(&piece.header);
        let header = &mut out[start..];
        let record = piece.record(order);
        match record.kind() {
            begin::NUMBER => {
                sum = Sum::default();
                in_stream = record.get(begin::VERSION) & 3 == 1;
                is_open = true;
            }
            end::NUMBER => {
                let whole = if is_open { sum } else { Sum::default() };
                whole.write(order, &mut header[end::WHOLE.at..][..end::WHOLE.width]);
            }
            _ => {}
        }
        sum.add(order, &header[..SUM_AT]);
        if record.kind() != begin::NUMBER {
            let said = if in_stream { sum } else { Sum::default() };
            said.write(order, &mut header[SUM_AT..]);
        }
        sum.add(order, &header[SUM_AT..]);
        if record.kind() == end::NUMBER {
            (in_stream, is_open) = (false, false);
        }
        sum.add(order, &piece.payload);
        out.extend_from_slice(&piece.payload);
    }
    out
}
