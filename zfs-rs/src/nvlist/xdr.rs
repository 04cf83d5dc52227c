//! I know how a list lies on the wire: big-endian words, the encoding of compound streams, of labels, and of newer kernels' payloads.

use super::cursor::{ByteOrder, Input, Output, round_up};
use super::table::{self, MAX_NAME, Sink, Source, native_size, native_value};
use super::{DecodeError, Defect, EncodeError, EncodeFault, MAX_DEPTH, MAX_SIZE, NvList, Text, Value};

/// Reads a list that starts after the four bytes of the header; gives back where it ends.
pub(super) fn decode(bytes: &[u8]) -> Result<(NvList, usize), DecodeError> {
    let mut reader = Reader {
        input: Input::new(bytes, super::HEADER, ByteOrder::Big),
        depth: 0,
    };
    let list = reader.body()?;
    Ok((list, reader.input.at()))
}

struct Reader<'a> {
    input: Input<'a>,
    depth: usize,
}

impl Reader<'_> {
    fn body(&mut self) -> Result<NvList, DecodeError> {
        let version = self.input.u32()?;
        if version != 0 {
            return Err(self.input.fail(Defect::UnknownVersion(version)));
        }
        let flags = self.input.u32()?;
        let mut pairs = Vec::new();
        while let Some(pair) = self.pair()? {
            pairs.push(pair);
        }
        Ok(NvList::from_pairs(pairs, flags))
    }

    fn pair(&mut self) -> Result<Option<(Text, Value)>, DecodeError> {
        let start = self.input.clone();
        // The kernel's readers ignore this size, and for empty arrays its writers count a word that they leave out (nvs_xdr_nvp_size
        // in nvpair.c, 2.1.11): only whether the list ends is read from it.
        let encoded_size = self.input.size()?;
        let decoded_size = self.input.size()?;
        match (encoded_size, decoded_size) {
            (0, 0) => return Ok(None),
            (0, _) | (_, 0) => return Err(start.fail(Defect::BadSize)),
            _ => {}
        }
        let name = self.text()?;
        if name.as_bytes().len() >= MAX_NAME {
            return Err(start.fail(Defect::BadName));
        }
        let code = self.input.u32()?;
        let count = self.input.size()?;
        let value = table::read(self, code, count)?;
        if decoded_size != native_size(name.as_bytes().len(), native_value(&value)) {
            return Err(start.fail(Defect::BadSize));
        }
        Ok(Some((name, value)))
    }

    /// A number narrower than a word. The kernel extends with zeros, userland may extend the sign.
    fn narrow(&mut self, bits: u32) -> Result<u32, DecodeError> {
        let before = self.input.clone();
        let word = self.input.u32()?;
        let lost = u32::BITS.saturating_sub(bits);
        let narrow = word.wrapping_shl(lost).wrapping_shr(lost);
        let extended = word.cast_signed().wrapping_shl(lost).wrapping_shr(lost).cast_unsigned();
        if word == narrow || word == extended {
            Ok(narrow)
        } else {
            Err(before.fail(Defect::OutOfRange(word)))
        }
    }

    fn descend<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, DecodeError>) -> Result<T, DecodeError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.input.fail(Defect::TooDeep));
        }
        self.depth = self.depth.saturating_add(1);
        let nested = read(self)?;
        self.depth = self.depth.saturating_sub(1);
        Ok(nested)
    }
}

impl Source for Reader<'_> {
    fn fail(&self, what: Defect) -> DecodeError {
        self.input.fail(what)
    }

    fn flag(&mut self) -> Result<bool, DecodeError> {
        match self.input.u32()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.fail(Defect::OutOfRange(other))),
        }
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        let word = self.narrow(u8::BITS)?;
        u8::try_from(word).map_err(|_too_wide| self.fail(Defect::OutOfRange(word)))
    }

    fn half(&mut self) -> Result<u16, DecodeError> {
        let word = self.narrow(u16::BITS)?;
        u16::try_from(word).map_err(|_too_wide| self.fail(Defect::OutOfRange(word)))
    }

    fn word(&mut self) -> Result<u32, DecodeError> {
        self.input.u32()
    }

    fn long(&mut self) -> Result<u64, DecodeError> {
        self.input.u64()
    }

    fn text(&mut self) -> Result<Text, DecodeError> {
        let before = self.input.clone();
        let size = self.input.size()?;
        let bytes = self.opaque(size)?;
        if bytes.contains(&0) {
            return Err(before.fail(Defect::BadText));
        }
        Ok(bytes.into())
    }

    fn opaque(&mut self, count: usize) -> Result<Vec<u8>, DecodeError> {
        let bytes = self.input.take(count)?.to_vec();
        self.input.take(round_up(count, 4).saturating_sub(count))?;
        Ok(bytes)
    }

    fn begin_numbers(&mut self, count: usize) -> Result<(), DecodeError> {
        if count == 0 {
            return Ok(());
        }
        let before = self.input.clone();
        let again = self.input.u32()?;
        if usize::try_from(again) == Ok(count) {
            Ok(())
        } else {
            Err(before.fail(Defect::BadCount(again)))
        }
    }

    fn begin_texts(&mut self, _count: usize) -> Result<(), DecodeError> {
        Ok(())
    }

    fn list(&mut self) -> Result<NvList, DecodeError> {
        self.descend(Self::body)
    }

    fn lists(&mut self, count: usize) -> Result<Vec<NvList>, DecodeError> {
        self.descend(|reader| (0..count).map(|_| reader.body()).collect())
    }
}

/// Writes `list` with its header.
pub(super) fn encode(list: &NvList) -> Result<Vec<u8>, EncodeError> {
    let mut writer = Writer {
        output: Output::new(ByteOrder::Big),
        depth: 0,
        phantom: 0,
    };
    let little = u8::from(ByteOrder::HOST == ByteOrder::Little);
    writer.output.put(&[super::XDR, little, 0, 0]);
    writer.body(list)?;
    Ok(writer.output.into_bytes())
}

struct Writer {
    output: Output,
    depth: usize,
    /// Bytes that OpenZFS counts into a pair's size without writing them: the count word of each empty array of numbers.
    phantom: usize,
}

impl Writer {
    fn body(&mut self, list: &NvList) -> Result<(), EncodeError> {
        self.output.u32(0);
        self.output.u32(list.flags());
        for (name, value) in list {
            self.pair(name, value)?;
        }
        self.output.u64(0);
        Ok(())
    }

    fn pair(&mut self, name: &Text, value: &Value) -> Result<(), EncodeError> {
        let fault = |what| EncodeError {
            name: name.to_string(),
            what,
        };
        let head = table::head(name, value).map_err(fault)?;
        if self.depth >= MAX_DEPTH && value.holds_lists() {
            return Err(fault(EncodeFault::TooDeep));
        }
        let (start, phantom) = (self.output.len(), self.phantom);
        self.output.u32(0);
        self.output.u32(head.native_size);
        self.text(name);
        self.output.u32(head.code);
        self.output.u32(head.count);
        table::write(self, value)?;
        let phantom = self.phantom.saturating_sub(phantom);
        let size = self.output.len().saturating_sub(start).saturating_add(phantom);
        if self.output.len().saturating_add(self.phantom) > MAX_SIZE {
            return Err(fault(EncodeFault::TooLarge));
        }
        self.output
            .patch_big(start, u32::try_from(size).map_err(|_too_large| fault(EncodeFault::TooLarge))?);
        Ok(())
    }

    fn nested(&mut self, lists: &[NvList]) -> Result<(), EncodeError> {
        self.depth = self.depth.saturating_add(1);
        lists.iter().try_for_each(|list| self.body(list))?;
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }
}

impl Sink for Writer {
    fn byte(&mut self, value: u8) {
        self.output.u32(value.into());
    }

    fn half(&mut self, value: u16) {
        self.output.u32(value.into());
    }

    fn word(&mut self, value: u32) {
        self.output.u32(value);
    }

    fn long(&mut self, value: u64) {
        self.output.u64(value);
    }

    fn text(&mut self, value: &Text) {
        // A length beyond 32 bits cannot reach the end of `pair`, which refuses the list.
        self.output.u32(u32::try_from(value.as_bytes().len()).unwrap_or(u32::MAX));
        self.opaque(value.as_bytes());
    }

    fn opaque(&mut self, bytes: &[u8]) {
        self.output.put(bytes);
        self.output.zeros(round_up(bytes.len(), 4).saturating_sub(bytes.len()));
    }

    fn begin_numbers(&mut self, count: usize) {
        if count == 0 {
            self.phantom = self.phantom.saturating_add(4);
        } else {
            self.output.u32(u32::try_from(count).unwrap_or(u32::MAX));
        }
    }

    fn begin_texts(&mut self, _count: usize) {}

    fn list(&mut self, list: &NvList) -> Result<(), EncodeError> {
        self.nested(std::slice::from_ref(list))
    }

    fn lists(&mut self, lists: &[NvList]) -> Result<(), EncodeError> {
        self.nested(lists)
    }
}
