//! I make decisions of bytes: always some, for where none are left I read zeros.

/// Bytes that decide what a target does.
pub(crate) struct Choices<'a> {
    rest: &'a [u8],
}

impl<'a> Choices<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        for (to, from) in array.iter_mut().zip(self.take(N)) {
            *to = *from;
        }
        array
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    pub(crate) fn half(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    pub(crate) fn word(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    pub(crate) fn long(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// As many bytes as wanted, zeros where none are left.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = self.take(count).to_vec();
        bytes.resize(count, 0);
        bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }

    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        taken
    }
}

/// Cuts `bytes` into pieces as `seed` says: many around the sizes that matter to a stream. A seed of 0 leaves them whole.
pub(crate) fn cut(bytes: &[u8], seed: u16) -> Vec<&[u8]> {
    let mut state = u32::from(seed);
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        // xorshift, which stays at 0 once it is there.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let length = if state == 0 {
            usize::MAX
        } else {
            LENGTHS[state as usize % LENGTHS.len()]
        };
        let (piece, later) = rest.split_at(length.min(rest.len()));
        pieces.push(piece);
        rest = later;
    }
    pieces
}

const LENGTHS: [usize; 12] = [1, 3, 4, 8, 31, 279, 311, 312, 313, 624, 1000, 4096];
