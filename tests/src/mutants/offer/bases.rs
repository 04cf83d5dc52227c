//! I make what a stream wants to find: a snapshot with the GUID of its base, and an interrupted receive that stands where it goes on.

use std::slice;

use zfs_rs::nvlist::NvList;
use zfs_rs::stream::{Begin, BeginFlags, Features, Profile};

use super::{is_let_through, say};
use crate::chance::Chance;
use crate::mutants::pieces::{Piece, seal, split};
use crate::mutants::streams;
use crate::plain::bytes::{Order, RECORD};
use crate::plain::fields::{Field, KIND, begin, embedded, end, fields, free, object, range, spill, write};

/// A stream of the base: what has to be there, and some of the objects of the increment, of other block sizes here and there, so that it finds objects that
/// are as it says, are not, and are none.
pub(super) fn base(pieces: &[Piece], order: Order, chance: &mut Chance, profile: &Profile) -> Vec<u8> {
    let Some((first, rest)) = pieces.split_first() else {
        return Vec::new();
    };
    let guid = first.record(order).get(begin::BASE);
    let first = opening(first, order, guid, 0);
    let root = root(&first, order, chance);
    let last = blank(order, end::NUMBER, &[(end::GUID, guid)]);
    let bare = || seal(&[slice::from_ref(&first), &root, slice::from_ref(&last)].concat(), order);
    let mut all = [slice::from_ref(&first), &root].concat();
    let mut wanted = None;
    let mut told = 0;
    for piece in rest {
        let record = piece.record(order);
        let number = record.get(object::OBJECT);
        let mut piece = piece.clone();
        let takes = match record.kind() {
            range::NUMBER => number > 0,
            _ if number <= LAST_OF_ROOT => false,
            object::NUMBER => {
                told = number;
                let is_there = chance.percent(70);
                // Data of another block size would not fit.
                let is_other = record.get(object::RAW_BONUS_LEN) == 0 && chance.percent(25);
                if is_other {
                    piece.set(order, object::BLOCK_SIZE, chance.of(SIZES));
                }
                wanted = (is_there && !is_other).then_some(number);
                is_there
            }
            // Of an object that is not told of there has to be one in the base.
            write::NUMBER | embedded::NUMBER if number > told => {
                told = number;
                let size = if record.kind() == write::NUMBER {
                    write::SIZE
                } else {
                    embedded::SIZE
                };
                let size = if chance.percent(75) { record.get(size) } else { chance.of(SIZES) };
                let kind = if record.kind() == write::NUMBER {
                    record.get(write::TYPE)
                } else {
                    DATA
                };
                all.extend(file(order, guid, (number, kind, size, 0), is_raw(&first, order)));
                false
            }
            write::NUMBER | free::NUMBER | spill::NUMBER | embedded::NUMBER => wanted == Some(number),
            _ => false,
        };
        rename(&mut piece, order, guid);
        all.extend(takes.then_some(piece));
    }
    all.push(last.clone());
    let bytes = seal(&all, order);
    if is_let_through(&bytes, profile) { bytes } else { bare() }
}

/// The start of the stream that this one is the rest of, up to the block with which it goes on: kernels save the place of the last one they wrote.
pub(super) fn part(pieces: &[Piece], order: Order, chance: &mut Chance) -> Option<Vec<u8>> {
    let first = pieces.first()?;
    let record = first.record(order);
    let list = NvList::decode(&first.payload).ok()?;
    let (number, offset) = (list.get::<u64>("resume_object").ok()?, list.get::<u64>("resume_offset").ok()?);
    let (guid, from) = (record.get(begin::GUID), record.get(begin::BASE));
    let mut next = pieces.iter().map(|piece| piece.record(order));
    let next = next.find(|record| record.kind() == write::NUMBER && record.get(write::OBJECT) == number);
    let (size, kind) = next.map_or((512, DATA), |next| (next.get(write::SIZE), next.get(write::TYPE)));
    // What was interrupted may have been of other blocks.
    let size = if chance.percent(75) { size } else { chance.of(SIZES) };
    let size = if offset.is_multiple_of(size.max(1)) { size } else { 512 };
    let mut all = vec![opening(first, order, guid, from)];
    // A volume has its size in the last of those.
    let is_of_root = number == LAST_OF_ROOT && record.get(begin::OBJSET) == VOLUME;
    if number > LAST_OF_ROOT || is_of_root {
        all.extend(root(&all[0], order, chance));
    }
    if !is_of_root {
        all.extend(file(order, guid, (number, kind, size, offset), is_raw(first, order)));
    }
    // Blocks are written, and their place is saved, when something else comes; and that is looked at when something follows it.
    let behind = [
        (free::OBJECT, number),
        (free::OFFSET, offset.saturating_add(size)),
        (free::LENGTH, u64::MAX),
        (free::GUID, guid),
    ];
    all.extend([blank(order, free::NUMBER, &behind), blank(order, free::NUMBER, &behind)]);
    Some(seal(&all, order))
}

/// What there has to be of a dataset that begins so.
fn root(first: &Piece, order: Order, chance: &mut Chance) -> Vec<Piece> {
    let header = first.header.first_chunk().and_then(|header| Begin::read(header).ok());
    let header = header.expect("a BEGIN that was let through");
    let mut pieces = split(&streams::root(chance, &header, order), order);
    pieces.pop();
    pieces.drain(1..).collect()
}

/// An object with a block.
fn file(order: Order, guid: u64, (number, kind, size, offset): (u64, u64, u64, u64), is_raw: bool) -> Vec<Piece> {
    let mut all = Vec::new();
    let mut of_object = vec![
        (object::OBJECT, number),
        (object::TYPE, kind),
        (object::BLOCK_SIZE, size),
        (object::GUID, guid),
    ];
    let mut of_write = vec![
        (write::OBJECT, number),
        (write::TYPE, kind),
        (write::OFFSET, offset),
        (write::SIZE, size),
        (write::GUID, guid),
        (write::CHECKSUM, 7),
    ];
    if is_raw {
        // As it lies on this machine.
        let lies = if order == Order::Little { 0 } else { 2 };
        let of_range = [
            (range::FIRST, number / 32 * 32),
            (range::SLOTS, 32),
            (range::GUID, guid),
            (range::FLAGS, lies),
        ];
        all.push(blank(order, range::NUMBER, &of_range));
        of_object.extend([
            (object::FLAGS, lies),
            (object::INDIRECT_SHIFT, 17),
            (object::LEVELS, 2),
            (object::POINTERS, 3),
            (object::LAST_BLOCK, offset / size.max(1)),
        ]);
        of_write.extend([(write::FLAGS, lies), (write::COMPRESSION, 2), (write::COMPRESSED_SIZE, size)]);
    }
    all.push(blank(order, object::NUMBER, &of_object));
    let mut piece = blank(order, write::NUMBER, &of_write);
    piece.payload = vec![7; usize::try_from(size).unwrap_or(0)];
    all.push(piece);
    all
}

fn is_raw(first: &Piece, order: Order) -> bool {
    Features::from_bits(first.record(order).get(begin::VERSION) >> 2).contains(Features::RAW)
}

/// The `BEGIN` of a stream of the same kind that is not resumed, nothing left out.
fn opening(first: &Piece, order: Order, guid: u64, from: u64) -> Piece {
    let mut first = first.clone();
    let record = first.record(order);
    let mut features = Features::from_bits(record.get(begin::VERSION) >> 2).without(Features::RESUMING);
    let mut flags = BeginFlags::from_bits(u32::try_from(record.get(begin::FLAGS)).unwrap_or(0));
    let mut list = NvList::decode(&first.payload).unwrap_or_default();
    list.remove("resume_object");
    list.remove("resume_offset");
    if from == 0 {
        features = features.without(Features::REDACTED);
        flags = flags.without(BeginFlags::CLONE);
        list.remove("redact_snaps");
        // What an increment fills in was left out of its base.
        if let Some(left_out) = list.remove("redact_from_snaps") {
            features = features.with(Features::REDACTED);
            list.insert("redact_snaps", left_out);
        }
    }
    first.set(order, begin::VERSION, features.bits() << 2 | 1);
    first.set(order, begin::FLAGS, flags.bits().into());
    first.set(order, begin::GUID, guid);
    first.set(order, begin::BASE, from);
    say(&mut first, &list, order);
    first
}

/// A record with these numbers, nothing else, and no payload.
fn blank(order: Order, kind: u32, numbers: &[(Field, u64)]) -> Piece {
    let mut piece = Piece {
        header: vec![0; RECORD],
        payload: Vec::new(),
    };
    piece.set(order, KIND, kind.into());
    for (field, number) in numbers {
        piece.set(order, *field, *number);
    }
    piece
}

/// Has a record be of the stream with this GUID.
fn rename(piece: &mut Piece, order: Order, guid: u64) {
    let kind = piece.record(order).kind();
    if let Some(field) = fields(kind).iter().find(|field| field.name == "GUID") {
        piece.set(order, *field, guid);
    }
}

/// The objects that every dataset has are not above this.
const LAST_OF_ROOT: u64 = 2;
/// The type of a volume in a `BEGIN`.
const VOLUME: u64 = 3;
/// Blocks of other sizes.
const SIZES: &[u64] = &[512, 1024, 4096];
/// The contents of a file.
const DATA: u64 = 19;
