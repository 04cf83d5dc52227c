//! I draw values at the bounds that rules have, and just beside them.

use crate::chance::Chance;

/// A value for a field of that many bytes, which holds another one now.
pub(super) fn draw(chance: &mut Chance, width: usize, before: u64) -> u64 {
    let max = u64::MAX >> (64 - 8 * width);
    let beside = |chance: &mut Chance, value: u64, by: u64| chance.of(&[value.wrapping_sub(by), value, value.wrapping_add(by)]);
    let value = match chance.below(10) {
        0 => chance.of(&[0, 1, 2, 3]),
        1 => chance.of(&[max, max - 1, max >> 1, (max >> 1) + 1]),
        2 => {
            let power = 1 << chance.below(8 * width);
            beside(chance, power, 1)
        }
        3 | 4 => {
            let bound = chance.of(BOUNDS);
            beside(chance, bound, 1)
        }
        5 => {
            let bound = chance.of(BOUNDS);
            beside(chance, bound, 512)
        }
        6 => beside(chance, before, 1),
        7 => beside(chance, before, 512),
        8 => before ^ 1 << chance.below(8 * width),
        _ => chance.next() >> chance.below(64),
    };
    value & max
}

/// The name of a snapshot, or nearly so; at most 255 bytes.
pub(super) fn name(chance: &mut Chance) -> Vec<u8> {
    let name = chance.of(NAMES);
    let long = |count| name.replace('*', &"x".repeat(count)).into_bytes();
    let deep = |count| name.replace('*', &"x/".repeat(count)).into_bytes();
    let bytes = match chance.below(3) {
        0 => deep(chance.of(&[1, 47, 48, 49, 50, 51])),
        1 => long(chance.of(&[0, 1, 255usize.saturating_sub(name.len()), 256 - name.len()])),
        _ => long(3),
    };
    let mut bytes: Vec<u8> = bytes.into_iter().take(255).collect();
    if chance.percent(20) {
        let at = chance.below(bytes.len());
        let byte = chance.of(b"\x01\x7f\x80\xff@/#%$ .,*a");
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
    }
    bytes
}

const NAMES: &[&str] = &[
    "tank/*@now",
    "tank@*",
    "*@now",
    "*",
    "",
    "@",
    "tank",
    "tank@",
    "tank/@now",
    "/tank@now",
    "tank//x@now",
    "tank@now@then",
    "tank@now/then",
    "tank/.@now",
    "tank/..@now",
    "tank@.",
    "tank@..",
    ".@now",
    "1tank@now",
    "tank/*%recv@--head--",
    "tank@%now",
    "tank#now",
    "tank/ @now",
    " @now",
    "tank/x#y@now",
    "mirror@now",
];

/// What rules compare with.
const BOUNDS: &[u64] = &[
    4,
    8,
    9,
    10,
    11,
    12,
    14,
    15,
    16,
    17,
    31,
    32,
    33,
    44,
    53,
    54,
    64,
    112,
    128,
    192,
    255,
    320,
    500,
    512,
    832,
    1024,
    4096,
    16_000,
    128 << 10,
    1 << 20,
    16 << 20,
    64 << 20,
    1 << 32,
    1 << 47,
    1 << 48,
    1 << 63,
    u64::MAX - 511,
    u64::MAX - 1023,
];
