//! I know raw blocks that lie in the order of another machine. OpenZFS sums them up in one order and proves them in the other, so that whatever it received of
//! them cannot be read (`zio_encrypt` in `zio.c`, `zio_checksum_compute` in `zio_checksum.c`; issue 12854 of OpenZFS): nobody can say whether that is complete.

use zfs_rs::stream::Features;

use crate::mutants::pieces::Piece;
use crate::plain::bytes::Order;
use crate::plain::fields::{Field, begin, fields};

/// Whether a stream holds such.
pub(super) fn is_foreign(pieces: &[Piece], order: Order) -> bool {
    let first = pieces.first().map(|first| first.record(order));
    let is_raw = first.is_some_and(|first| Features::from_bits(first.get(begin::VERSION) >> 2).contains(Features::RAW));
    is_raw && pieces.iter().skip(1).any(|piece| lies_otherwise(piece, order))
}

fn lies_otherwise(piece: &Piece, order: Order) -> bool {
    let record = piece.record(order);
    let flags = fields(record.kind()).iter().find(|field| field.name == "FLAGS");
    let is_other = |field: &Field| record.get(*field) & 2 != 0;
    flags.is_some_and(|field| is_other(field) != (order == Order::Big))
}
