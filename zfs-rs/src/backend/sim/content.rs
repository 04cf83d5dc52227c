//! I am what a dataset holds: objects made of blocks, each with the transaction group of its birth.
//!
//! Births are what makes an incremental stream: it carries what was born after its base, and a bookmark knows no more of its snapshot than
//! that one number.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes of a block. Small, so that small tests have streams of many records.
pub(super) const BLOCK: u64 = 4096;

/// All objects, the freed ones remembered for the sake of incremental streams.
#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    objects: BTreeMap<u64, Arc<Entry>>,
    changed: u64,
}

#[derive(Debug, Clone, Default)]
struct Entry {
    /// When it was created or freed.
    born: u64,
    changed: u64,
    /// Bytes of a live object.
    size: Option<u64>,
    blocks: BTreeMap<u64, Block>,
}

#[derive(Debug, Clone)]
struct Block {
    birth: u64,
    bytes: Arc<[u8]>,
}

/// One difference between two points in a dataset's history, in the order of a stream.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// The object is gone, or was before it came anew.
    Freed { object: u64 },
    /// The object is there with this size.
    Object { object: u64, size: u64 },
    /// Nothing follows from this offset on.
    Cut { object: u64, offset: u64 },
    /// A block.
    Write { object: u64, offset: u64, bytes: Arc<[u8]> },
}

impl Content {
    /// Writes bytes anywhere into an object, which is made if it is not there.
    pub(super) fn write(&mut self, txg: u64, object: u64, offset: u64, bytes: &[u8]) {
        let entry = self.live(txg, object);
        let end = offset.saturating_add(length(bytes));
        entry.size = Some(entry.size.unwrap_or(0).max(end));
        let mut at = offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            let start = at / BLOCK * BLOCK;
            let inside = index(at - start);
            let (piece, after) = rest.split_at(rest.len().min(index(BLOCK) - inside));
            let mut block = entry
                .blocks
                .get(&start)
                .map_or_else(|| vec![0; index(BLOCK)], |block| block.bytes.to_vec());
            if let Some(place) = block.get_mut(inside..inside + piece.len()) {
                place.copy_from_slice(piece);
            }
            entry.blocks.insert(
                start,
                Block {
                    birth: txg,
                    bytes: block.into(),
                },
            );
            at = at.saturating_add(length(piece));
            rest = after;
        }
    }

    /// Gives an object its size, making it if it is not there.
    pub(super) fn set_size(&mut self, txg: u64, object: u64, size: u64) {
        self.live(txg, object).size = Some(size);
    }

    /// Puts a whole block in its place. False where there is no such object.
    pub(super) fn put(&mut self, txg: u64, object: u64, offset: u64, bytes: Arc<[u8]>) -> bool {
        if !self.has(object) {
            return false;
        }
        self.live(txg, object).blocks.insert(offset, Block { birth: txg, bytes });
        true
    }

    /// Frees the blocks of an object that begin in a range.
    pub(super) fn punch(&mut self, txg: u64, object: u64, offset: u64, length: u64) {
        if self.has(object) {
            let end = offset.saturating_add(length);
            self.live(txg, object).blocks.retain(|start, _| *start < offset || *start >= end);
        }
    }

    /// Frees an object.
    pub(super) fn free(&mut self, txg: u64, object: u64) {
        if self.has(object) {
            self.changed = txg;
            self.objects.insert(
                object,
                Arc::new(Entry {
                    born: txg,
                    changed: txg,
                    ..Entry::default()
                }),
            );
        }
    }

    /// The live objects in a range.
    pub(super) fn live_in(&self, first: u64, count: u64) -> Vec<u64> {
        let end = first.saturating_add(count);
        let range = self.objects.range(first..end.max(first));
        range.filter(|(_, entry)| entry.size.is_some()).map(|(object, _)| *object).collect()
    }

    /// The latest transaction group in which anything changed.
    pub(super) fn changed(&self) -> u64 {
        self.changed
    }

    /// Bytes of all blocks born after `txg`.
    pub(super) fn born_after(&self, txg: u64) -> u64 {
        self.blocks().filter(|(_, birth, _)| *birth > txg).map(|(_, _, bytes)| bytes).sum()
    }

    /// Every block: its place, its birth and its bytes.
    pub(super) fn blocks(&self) -> impl Iterator<Item = ((u64, u64), u64, u64)> {
        let blocks = |(object, entry): (&u64, &Arc<Entry>)| {
            let object = *object;
            let blocks = entry
                .blocks
                .iter()
                .map(move |(offset, block)| ((object, *offset), block.birth, length(&block.bytes)));
            blocks.collect::<Vec<_>>()
        };
        self.objects.iter().flat_map(blocks)
    }

    /// What came after `txg`, in the order a stream has it: objects ascending, blocks ascending.
    pub(super) fn changes(&self, txg: u64) -> Vec<Change> {
        let mut changes = Vec::new();
        for (object, entry) in self.objects.iter().filter(|(_, entry)| entry.changed > txg) {
            let object = *object;
            // A full stream frees nothing: what receives it is empty.
            if entry.born > txg && txg > 0 {
                changes.push(Change::Freed { object });
            }
            let Some(size) = entry.size else { continue };
            changes.push(Change::Object { object, size });
            let end = entry.blocks.keys().next_back().map_or(0, |last| last.saturating_add(BLOCK));
            changes.push(Change::Cut { object, offset: end });
            let written = entry.blocks.iter().filter(|(_, block)| block.birth > txg);
            changes.extend(written.map(|(offset, block)| Change::Write {
                object,
                offset: *offset,
                bytes: Arc::clone(&block.bytes),
            }));
        }
        changes
    }

    /// The bytes of one live object.
    pub(super) fn read(&self, object: u64) -> Option<Vec<u8>> {
        let entry = self.objects.get(&object)?;
        let size = index(entry.size?);
        let mut bytes = vec![0; size];
        for (offset, block) in &entry.blocks {
            let place = bytes.iter_mut().skip(index(*offset));
            place.zip(block.bytes.iter()).for_each(|(to, from)| *to = *from);
        }
        Some(bytes)
    }

    /// The bytes of every live object.
    pub(super) fn all(&self) -> BTreeMap<u64, Vec<u8>> {
        self.objects
            .keys()
            .filter_map(|object| Some((*object, self.read(*object)?)))
            .collect()
    }

    /// Whether an object is live.
    pub(super) fn has(&self, object: u64) -> bool {
        self.objects.get(&object).is_some_and(|entry| entry.size.is_some())
    }

    fn live(&mut self, txg: u64, object: u64) -> &mut Entry {
        self.changed = txg;
        let entry = Arc::make_mut(self.objects.entry(object).or_default());
        if entry.size.is_none() {
            *entry = Entry {
                born: txg,
                size: Some(0),
                ..Entry::default()
            };
        }
        entry.changed = txg;
        entry
    }
}

/// The length of what is in memory, where a `usize` always fits.
pub(super) fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// A length as an index; what does not fit is past every end.
pub(super) fn index(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_wherever_they_cross_blocks() {
        let mut content = Content::default();
        content.write(1, 7, 4090, b"over the edge");
        content.write(2, 7, 4096, b"EDGE");
        let bytes = content.read(7).unwrap();
        assert_eq!(bytes.len(), 4103);
        assert_eq!(&bytes[4090..], b"over tEDGEdge"[..13].as_ref());
    }

    #[test]
    fn changes_are_what_was_born_after() {
        let mut content = Content::default();
        content.write(1, 1, 0, &[1; 8192]);
        content.write(1, 2, 0, b"gone soon");
        content.write(3, 1, 4096, b"new");
        content.free(3, 2);
        let changes = content.changes(2);
        assert!(
            matches!(
                changes.as_slice(),
                [
                    Change::Object { object: 1, size: 8192 },
                    Change::Cut { object: 1, offset: 8192 },
                    Change::Write {
                        object: 1,
                        offset: 4096,
                        ..
                    },
                    Change::Freed { object: 2 }
                ]
            ),
            "{changes:?}"
        );
        assert!(content.changes(3).is_empty());
        assert_eq!((content.born_after(0), content.born_after(2), content.changed()), (8192, 4096, 3));
    }

    #[test]
    fn an_object_that_came_anew_forgets_what_it_was() {
        let mut content = Content::default();
        content.write(1, 1, 0, &[1; 8192]);
        content.free(2, 1);
        content.write(3, 1, 0, b"x");
        assert_eq!(content.read(1).unwrap(), b"x");
        assert!(matches!(content.changes(1).first(), Some(Change::Freed { object: 1 })));
    }
}
