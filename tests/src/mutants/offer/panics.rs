//! I know what panics kernels and no rule forbids yet. What I know goes as rules come.

use zfs_rs::stream::Features;

use crate::mutants::pieces::Piece;
use crate::plain::bytes::Order;
use crate::plain::fields::{Field, begin, fields, object};

/// Whether a stream holds such.
pub(super) fn panics(pieces: &[Piece], order: Order) -> bool {
    let Some(first) = pieces.first().map(|first| first.record(order)) else {
        return false;
    };
    let has = |feature| Features::from_bits(first.get(begin::VERSION) >> 2).contains(feature);
    let is_raw = has(Features::RAW);
    let marked_again = has(Features::LARGE_MICROZAP) && first.get(begin::BASE) != 0;
    marked_again || (is_raw && pieces.iter().any(|piece| is_foreign(piece, order) || is_too_deep(piece, order)))
}

/// A raw block in the order of another machine: kernels sum it up in one order and prove it in the other, and panic where it is what they ask a volume's
/// size of (`zio_encrypt` in `zio.c`, `zio_checksum_compute` in `zio_checksum.c`).
fn is_foreign(piece: &Piece, order: Order) -> bool {
    let record = piece.record(order);
    let flags = fields(record.kind()).iter().find(|field| field.name == "FLAGS");
    let is_other = |field: &Field| record.get(*field) & 2 != 0;
    record.kind() != begin::NUMBER && flags.is_some_and(|field| is_other(field) != (order == Order::Big))
}

/// A tree whose top has more blocks below it than 64 bits count: kernels shift by that many (`dnode_sync_free_range_impl` in `dnode_sync.c`).
fn is_too_deep(piece: &Piece, order: Order) -> bool {
    let record = piece.record(order);
    let below = record.get(object::LEVELS).saturating_sub(1) * record.get(object::INDIRECT_SHIFT).saturating_sub(7);
    record.kind() == object::NUMBER && below >= 64
}
