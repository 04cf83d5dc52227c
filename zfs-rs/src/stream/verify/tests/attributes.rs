//! I bend bonus buffers, and see which pass.

use super::ORDERS;
use super::streams::{ATTRIBUTES, Piece, forge, object, plain};
use super::{Profile, verify};
use crate::stream::Rule;

/// What is said of the first object's bonus buffer when it begins with this; nothing where it passes.
fn said(begins: &[u8]) -> Option<String> {
    let mut pieces = plain();
    pieces[2].1[..begins.len()].copy_from_slice(begins);
    of(&pieces)
}

fn of(pieces: &[Piece]) -> Option<String> {
    let [little, big] = ORDERS.map(|order| verify(&forge(order, pieces), Profile::any()).err());
    // The bytes are not those of the stream's numbers: their order is their own.
    assert_eq!(little, big);
    little.map(|refused| {
        assert_eq!(refused.rule(), Some(Rule::BonusAttributes));
        refused.to_string()
    })
}

fn malformed_at(place: u32) -> Option<String> {
    Some(format!("record 2: OBJECT: bonus buffer is malformed at byte {place}"))
}

#[test]
fn attributes_begin_with_their_header() {
    assert_eq!(said(&ATTRIBUTES), None);
    assert_eq!(said(&[0, 0x2f, 0x50, 0x5a, 4, 2]), None);
    assert_eq!(said(&[0; 4]), None);
    assert_eq!(said(&[1, 0, 0, 0]), malformed_at(0));
    assert_eq!(said(&[7; 8]), malformed_at(0));
    // The layout in the other order than the magic: a header of no bytes.
    assert_eq!(said(&[0x5a, 0x50, 0x2f, 0, 4, 2]), malformed_at(4));
}

#[test]
fn attributes_reach_as_far_as_kernels_read() {
    // 164 bytes: a header of 104 leaves 60, one of 112 leaves 52.
    assert_eq!(said(&[0x5a, 0x50, 0x2f, 0, 0, 13 << 2]), None);
    assert_eq!(said(&[0x5a, 0x50, 0x2f, 0, 0, 14 << 2]), malformed_at(4));
    assert_eq!(said(&[0x5a, 0x50, 0x2f, 0, 0, 0xff]), malformed_at(4));
    // A header of 24 leaves room for a project, one of 32 does not; its flags are 48 bytes behind.
    for (words, passes) in [(3, true), (4, false)] {
        let mut begins = vec![0; 96];
        begins[..6].copy_from_slice(&[0x5a, 0x50, 0x2f, 0, 0, words << 2]);
        begins[usize::from(words) * 8 + 48..][..8].copy_from_slice(&(1_u64 << 47).to_le_bytes());
        assert_eq!(said(&begins).is_none(), passes);
    }
}

#[test]
fn a_buffer_shorter_than_the_magic_is_none() {
    let mut pieces = plain();
    object(&mut pieces).bonus_len = 3;
    pieces[2].1 = vec![0; 8];
    assert_eq!(of(&pieces), malformed_at(0));
}

#[test]
fn a_znode_is_whole() {
    let mut pieces = plain();
    let last = object(&mut pieces);
    (last.bonus_type, last.bonus_len, last.flags) = (17, 263, 0);
    pieces[2].1 = vec![7; 264];
    // Nothing spills from a znode.
    pieces.remove(7);
    assert_eq!(of(&pieces), Some("record 2: OBJECT: bonus length 263 is below 264".to_owned()));
    object(&mut pieces).bonus_len = 264;
    assert_eq!(of(&pieces), None);
}
