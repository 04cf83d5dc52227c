//! I change inputs at random, and the same way each time.

/// A source of numbers that the seed decides.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// One of the seeds with one to four changes.
pub(crate) fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let other = &seeds[random.below(seeds.len())];
        change(&mut input, other, random);
    }
    input
}

fn change(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    if input.is_empty() {
        input.extend(random.next().to_le_bytes());
    }
    let at = random.below(input.len());
    let length = 1 + random.below(64.min(input.len() - at));
    match random.below(8) {
        0 => input[at] ^= 1 << random.below(8),
        1 => input[at] = random.next() as u8,
        2 | 3 => number(&mut input[at & !3..], random),
        4 => drop(input.drain(at..at + length)),
        5 => {
            let again = input[at..at + length].to_vec();
            input.splice(at..at, again);
        }
        6 => input.truncate(at),
        _ => {
            let from = random.below(other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
    }
}

/// Puts a number that is at some edge over the first bytes.
fn number(place: &mut [u8], random: &mut Random) {
    let edge = EDGES[random.below(EDGES.len())].wrapping_add(random.next() % 3).wrapping_sub(1);
    let bytes = if random.below(2) == 0 {
        edge.to_le_bytes()
    } else {
        edge.to_be_bytes()
    };
    let from = if random.below(2) == 0 { 0 } else { 4 };
    for (to, byte) in place.iter_mut().zip(&bytes[from..]) {
        *to = *byte;
    }
}

const EDGES: [u64; 12] = [0, 1, 8, 32, 255, 512, 0x7fff, 0xffff, 1 << 24, 0x7fff_ffff, 1 << 48, u64::MAX];
