//! I am a record as its bytes: its fields are read where they lie, and a Fletcher-4 sum is added up word by word.

use super::fields::{self, Field, KIND, PAYLOAD_LEN, begin};

/// Bytes of a record without its payload.
pub const RECORD: usize = 312;
/// Where the running sum of a record starts.
pub const SUM_AT: usize = 280;
/// The magic of a stream.
pub const MAGIC: u64 = 0x2_f5ba_cbac;

/// The order of the bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The lowest first.
    Little,
    /// The highest first.
    Big,
}

impl Order {
    /// The number that these bytes are.
    #[must_use]
    pub fn number(self, bytes: &[u8]) -> u64 {
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        match self {
            Self::Little => bytes.iter().rev().fold(0, add),
            Self::Big => bytes.iter().fold(0, add),
        }
    }

    /// Writes a number, or as much of it as there is room for.
    pub fn write(self, place: &mut [u8], number: u64) {
        let (width, bytes) = (place.len(), number.to_le_bytes());
        for (index, byte) in bytes.into_iter().take(width).enumerate() {
            let at = if self == Self::Little { index } else { width - 1 - index };
            place[at] = byte;
        }
    }

    /// The order in which a `BEGIN` says the magic; nothing where it does not.
    #[must_use]
    pub fn of(begin: &[u8]) -> Option<Self> {
        let magic = &begin[begin::MAGIC.at..][..begin::MAGIC.width];
        [Self::Little, Self::Big].into_iter().find(|order| order.number(magic) == MAGIC)
    }
}

/// A record with its payload.
#[derive(Clone, Copy, Debug)]
pub struct Rec<'a> {
    /// Its 312 bytes.
    pub header: &'a [u8],
    /// What follows them.
    pub payload: &'a [u8],
    /// The order of its numbers.
    pub order: Order,
}

impl<'a> Rec<'a> {
    /// The number of its type.
    #[must_use]
    pub fn kind(&self) -> u32 {
        u32::try_from(self.get(KIND)).unwrap_or(u32::MAX)
    }

    /// The number in a field.
    #[must_use]
    pub fn get(&self, field: Field) -> u64 {
        self.order.number(self.bytes(field))
    }

    /// The GUID it names, where records of its type name one.
    #[must_use]
    pub fn guid(&self) -> Option<u64> {
        let guid = fields::fields(self.kind()).iter().find(|field| field.name == "GUID")?;
        Some(self.get(*guid))
    }

    /// The bytes of a field.
    #[must_use]
    pub fn bytes(&self, field: Field) -> &'a [u8] {
        &self.header[field.at..][..field.width]
    }

    /// Whether a field holds zeros only.
    #[must_use]
    pub fn is_zero(&self, field: Field) -> bool {
        self.bytes(field).iter().all(|byte| *byte == 0)
    }

    /// How long the record says its payload is: the `DRR_*_PAYLOAD_SIZE` of `zfs_ioctl.h`.
    #[must_use]
    pub fn payload_len(&self) -> u64 {
        use fields::{embedded, object, spill, write};
        let padded = |length: u64| length.div_ceil(8) * 8;
        match self.kind() {
            begin::NUMBER => self.get(PAYLOAD_LEN),
            object::NUMBER if self.get(object::RAW_BONUS_LEN) != 0 => self.get(object::RAW_BONUS_LEN),
            object::NUMBER => padded(self.get(object::BONUS_LEN)),
            write::NUMBER if self.get(write::COMPRESSION) != 0 => self.get(write::COMPRESSED_SIZE),
            write::NUMBER => self.get(write::SIZE),
            spill::NUMBER if self.get(spill::COMPRESSED_SIZE) != 0 => self.get(spill::COMPRESSED_SIZE),
            spill::NUMBER => self.get(spill::SIZE),
            embedded::NUMBER => padded(self.get(embedded::PHYSICAL)),
            _ => 0,
        }
    }
}

/// A Fletcher-4 sum of 32-bit words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum([u64; 4]);

impl Sum {
    /// Adds words; their bytes are a multiple of 4.
    pub fn add(&mut self, order: Order, bytes: &[u8]) {
        let [mut a, mut b, mut c, mut d] = self.0;
        for word in bytes.chunks_exact(4) {
            let word = <[u8; 4]>::try_from(word).expect("four bytes");
            let word = match order {
                Order::Little => u32::from_le_bytes(word),
                Order::Big => u32::from_be_bytes(word),
            };
            a = a.wrapping_add(u64::from(word));
            b = b.wrapping_add(a);
            c = c.wrapping_add(b);
            d = d.wrapping_add(c);
        }
        self.0 = [a, b, c, d];
    }

    /// The sum that these 32 bytes say.
    #[must_use]
    pub fn read(order: Order, bytes: &[u8]) -> Self {
        let mut sums = [0; 4];
        for (sum, bytes) in sums.iter_mut().zip(bytes.chunks_exact(8)) {
            *sum = order.number(bytes);
        }
        Self(sums)
    }

    /// Says the sum in 32 bytes.
    pub fn write(self, order: Order, place: &mut [u8]) {
        for (sum, place) in self.0.into_iter().zip(place.chunks_exact_mut(8)) {
            order.write(place, sum);
        }
    }
}
