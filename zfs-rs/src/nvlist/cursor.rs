//! I walk over bytes and lay bytes down, in either byte order, and never past an end.

use super::{DecodeError, Defect};

/// In which order the bytes of a number lie.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// Least significant byte first, as on x86 and on most ARM.
    Little,
    /// Most significant byte first, as on SPARC and s390x.
    Big,
}

impl ByteOrder {
    /// The order of the machine this was compiled for.
    pub const HOST: Self = if cfg!(target_endian = "big") { Self::Big } else { Self::Little };
}

/// Bytes to read, with the place reached.
#[derive(Clone, Debug)]
pub(super) struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
    order: ByteOrder,
}

impl<'a> Input<'a> {
    pub(super) const fn new(bytes: &'a [u8], at: usize, order: ByteOrder) -> Self {
        Self { bytes, at, order }
    }

    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(super) fn fail(&self, what: Defect) -> DecodeError {
        DecodeError { offset: self.at, what }
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let taken = self.rest().get(..count).ok_or_else(|| self.fail(Defect::Truncated))?;
        self.at = self.at.saturating_add(count);
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let taken = *self.rest().first_chunk().ok_or_else(|| self.fail(Defect::Truncated))?;
        self.at = self.at.saturating_add(N);
        Ok(taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array().map(u8::from_ne_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, DecodeError> {
        let bytes = self.array()?;
        Ok(match self.order {
            ByteOrder::Little => u16::from_le_bytes(bytes),
            ByteOrder::Big => u16::from_be_bytes(bytes),
        })
    }

    pub(super) fn u32(&mut self) -> Result<u32, DecodeError> {
        let bytes = self.array()?;
        Ok(match self.order {
            ByteOrder::Little => u32::from_le_bytes(bytes),
            ByteOrder::Big => u32::from_be_bytes(bytes),
        })
    }

    pub(super) fn u64(&mut self) -> Result<u64, DecodeError> {
        let bytes = self.array()?;
        Ok(match self.order {
            ByteOrder::Little => u64::from_le_bytes(bytes),
            ByteOrder::Big => u64::from_be_bytes(bytes),
        })
    }

    /// A count or size: the formats keep them in 31 bits.
    pub(super) fn size(&mut self) -> Result<usize, DecodeError> {
        let start = self.clone();
        let size = self.u32()?;
        i32::try_from(size)
            .ok()
            .and_then(|size| usize::try_from(size).ok())
            .ok_or_else(|| start.fail(Defect::BadCount(size)))
    }
}

/// Bytes being written.
#[derive(Debug)]
pub(super) struct Output {
    bytes: Vec<u8>,
    order: ByteOrder,
}

impl Output {
    pub(super) const fn new(order: ByteOrder) -> Self {
        Self { bytes: Vec::new(), order }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn zeros(&mut self, count: usize) {
        self.bytes.resize(self.bytes.len().saturating_add(count), 0);
    }

    pub(super) fn u16(&mut self, value: u16) {
        match self.order {
            ByteOrder::Little => self.put(&value.to_le_bytes()),
            ByteOrder::Big => self.put(&value.to_be_bytes()),
        }
    }

    pub(super) fn u32(&mut self, value: u32) {
        match self.order {
            ByteOrder::Little => self.put(&value.to_le_bytes()),
            ByteOrder::Big => self.put(&value.to_be_bytes()),
        }
    }

    pub(super) fn u64(&mut self, value: u64) {
        match self.order {
            ByteOrder::Little => self.put(&value.to_le_bytes()),
            ByteOrder::Big => self.put(&value.to_be_bytes()),
        }
    }

    /// Writes a big-endian word over four bytes that were left for it.
    pub(super) fn patch_big(&mut self, at: usize, value: u32) {
        let end = at.saturating_add(4);
        if let Some(place) = self.bytes.get_mut(at..end) {
            place.copy_from_slice(&value.to_be_bytes());
        }
    }
}

/// `count` rounded up to the next multiple of `unit`.
pub(super) fn round_up(count: usize, unit: usize) -> usize {
    count.checked_next_multiple_of(unit).unwrap_or(usize::MAX)
}
