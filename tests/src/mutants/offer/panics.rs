//! I know what panics kernels and no rule forbids yet. What I know goes as rules come.

use zfs_rs::stream::Features;

use crate::mutants::pieces::Piece;
use crate::plain::bytes::Order;
use crate::plain::fields::{Field, begin, fields};

/// Whether a stream holds such.
pub(super) fn panics(pieces: &[Piece], order: Order) -> bool {
    let first = pieces.first().map(|first| first.record(order));
    let is_raw = first.is_some_and(|first| Features::from_bits(first.get(begin::VERSION) >> 2).contains(Features::RAW));
    is_raw && pieces.iter().any(|piece| is_foreign(piece, order))
}

/// A raw block in the order of another machine: kernels sum it up in one order and prove it in the other, and panic where it is what they ask a volume's
/// size of (`zio_encrypt` in `zio.c`, `zio_checksum_compute` in `zio_checksum.c`).
fn is_foreign(piece: &Piece, order: Order) -> bool {
    let record = piece.record(order);
    let flags = fields(record.kind()).iter().find(|field| field.name == "FLAGS");
    let is_other = |field: &Field| record.get(*field) & 2 != 0;
    record.kind() != begin::NUMBER && flags.is_some_and(|field| is_other(field) != (order == Order::Big))
}
