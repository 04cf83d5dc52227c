//! I know how a list lies in memory: the encoding the kernel's ioctls and resume tokens use.

use super::cursor::{ByteOrder, Input, Output, round_up};
use super::table::{self, LIST_HEAD, MAX_NAME, PAIR_HEAD, Sink, Source, native_size};
use super::{DecodeError, Defect, EncodeError, EncodeFault, MAX_DEPTH, MAX_SIZE, NvList, Text, Value};

/// Reads a list that starts after the four bytes of the header; gives back where it ends.
pub(super) fn decode(bytes: &[u8], order: ByteOrder) -> Result<(NvList, usize), DecodeError> {
    let mut reader = Reader {
        input: Input::new(bytes, super::HEADER, order),
        value_start: 0,
        pair_end: 0,
        depth: 0,
    };
    let flags = reader.version_and_flags()?;
    let list = reader.pairs(flags)?;
    Ok((list, reader.input.at()))
}

struct Reader<'a> {
    input: Input<'a>,
    /// Where the current pair's value starts.
    value_start: usize,
    /// Where the current pair ends; nested lists follow there.
    pair_end: usize,
    depth: usize,
}

impl Reader<'_> {
    fn version_and_flags(&mut self) -> Result<u32, DecodeError> {
        let version = self.input.u32()?;
        if version != 0 {
            return Err(self.input.fail(Defect::UnknownVersion(version)));
        }
        self.input.u32()
    }

    /// The head of a nested list as it lies in the pair: version and flags, then what was a pointer in the writer's memory.
    fn list_head(&mut self) -> Result<u32, DecodeError> {
        let flags = self.version_and_flags()?;
        self.input.take(LIST_HEAD.saturating_sub(8))?;
        Ok(flags)
    }

    /// Reads nested lists: they follow the pair that holds them, so that pair must be complete.
    fn descend<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, DecodeError>) -> Result<T, DecodeError> {
        if self.input.at() != self.pair_end {
            return Err(self.input.fail(Defect::BadSize));
        }
        if self.depth >= MAX_DEPTH {
            return Err(self.input.fail(Defect::TooDeep));
        }
        self.depth = self.depth.saturating_add(1);
        let nested = read(self)?;
        self.depth = self.depth.saturating_sub(1);
        // The nested pairs moved both marks; seen from outside, the pair is complete and needs no padding.
        self.value_start = self.input.at();
        self.pair_end = self.input.at();
        Ok(nested)
    }

    fn pairs(&mut self, flags: u32) -> Result<NvList, DecodeError> {
        let mut pairs = Vec::new();
        while let Some(pair) = self.pair()? {
            pairs.push(pair);
        }
        Ok(NvList::from_pairs(pairs, flags))
    }

    fn pair(&mut self) -> Result<Option<(Text, Value)>, DecodeError> {
        let start = self.input.clone();
        let size = self.input.size()?;
        if size == 0 {
            return Ok(None);
        }
        if size > start.rest().len() {
            return Err(start.fail(Defect::Truncated));
        }
        let name_size = usize::from(self.input.u16()?);
        self.input.take(2)?;
        let count = self.input.size()?;
        let code = self.input.u32()?;
        if name_size == 0 || name_size > MAX_NAME || size < native_size(name_size.saturating_sub(1), 0) {
            return Err(start.fail(Defect::BadSize));
        }
        let name = self.name(name_size)?;
        self.value_start = self.input.at();
        self.pair_end = start.at().saturating_add(size);
        let value = table::read(self, code, count)?;
        self.pad()?;
        if self.input.at() != self.pair_end {
            return Err(start.fail(Defect::BadSize));
        }
        Ok(Some((name, value)))
    }

    fn name(&mut self, size: usize) -> Result<Text, DecodeError> {
        let before = self.input.clone();
        let padded = self
            .input
            .take(round_up(PAIR_HEAD.saturating_add(size), 8).saturating_sub(PAIR_HEAD))?;
        match padded.get(..size).and_then(<[u8]>::split_last) {
            Some((0, name)) if !name.contains(&0) => Ok(name.into()),
            _ => Err(before.fail(Defect::BadName)),
        }
    }

    /// Values are padded to 8 bytes counted from their own start.
    fn pad(&mut self) -> Result<(), DecodeError> {
        let used = self.input.at().saturating_sub(self.value_start);
        self.input.take(round_up(used, 8).saturating_sub(used)).map(|_padding| ())
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
        self.input.u8()
    }

    fn half(&mut self) -> Result<u16, DecodeError> {
        self.input.u16()
    }

    fn word(&mut self) -> Result<u32, DecodeError> {
        self.input.u32()
    }

    fn long(&mut self) -> Result<u64, DecodeError> {
        self.input.u64()
    }

    fn text(&mut self) -> Result<Text, DecodeError> {
        let room = self.pair_end.saturating_sub(self.input.at());
        let window = self.input.rest().get(..room).unwrap_or_default();
        let length = window
            .iter()
            .position(|byte| *byte == 0)
            .ok_or_else(|| self.fail(Defect::BadText))?;
        let text = self.input.take(length)?.into();
        self.input.take(1)?;
        Ok(text)
    }

    fn opaque(&mut self, count: usize) -> Result<Vec<u8>, DecodeError> {
        self.input.take(count).map(<[u8]>::to_vec)
    }

    fn begin_numbers(&mut self, _count: usize) -> Result<(), DecodeError> {
        Ok(())
    }

    fn begin_texts(&mut self, count: usize) -> Result<(), DecodeError> {
        self.input.take(count.saturating_mul(8)).map(|_pointers| ())
    }

    fn list(&mut self) -> Result<NvList, DecodeError> {
        let flags = self.list_head()?;
        self.descend(|reader| reader.pairs(flags))
    }

    fn lists(&mut self, count: usize) -> Result<Vec<NvList>, DecodeError> {
        self.input.take(count.saturating_mul(8))?;
        let mut heads = Vec::new();
        for _ in 0..count {
            heads.push(self.list_head()?);
        }
        self.descend(|reader| heads.into_iter().map(|flags| reader.pairs(flags)).collect())
    }
}

/// Writes `list` with its header.
pub(super) fn encode(list: &NvList, order: ByteOrder) -> Result<Vec<u8>, EncodeError> {
    let mut writer = Writer {
        output: Output::new(order),
        depth: 0,
    };
    let little = u8::from(order == ByteOrder::Little);
    writer.output.put(&[super::NATIVE, little, 0, 0]);
    writer.output.u32(0);
    writer.output.u32(list.flags());
    writer.pairs(list)?;
    Ok(writer.output.into_bytes())
}

struct Writer {
    output: Output,
    depth: usize,
}

impl Writer {
    fn list_head(&mut self, list: &NvList) {
        self.output.u32(0);
        self.output.u32(list.flags());
        self.output.zeros(LIST_HEAD.saturating_sub(8));
    }

    fn nested(&mut self, lists: &[NvList]) -> Result<(), EncodeError> {
        self.depth = self.depth.saturating_add(1);
        lists.iter().try_for_each(|list| self.pairs(list))?;
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    fn pairs(&mut self, list: &NvList) -> Result<(), EncodeError> {
        for (name, value) in list {
            let fault = |what| EncodeError {
                name: name.to_string(),
                what,
            };
            let head = table::head(name, value).map_err(fault)?;
            if self.depth >= MAX_DEPTH && value.holds_lists() {
                return Err(fault(EncodeFault::TooDeep));
            }
            let name_size = name.as_bytes().len().saturating_add(1);
            self.output.u32(head.native_size);
            self.output
                .u16(u16::try_from(name_size).map_err(|_too_long| fault(EncodeFault::LongName))?);
            self.output.u16(0);
            self.output.u32(head.count);
            self.output.u32(head.code);
            self.output.put(name.as_bytes());
            self.output.zeros(
                round_up(PAIR_HEAD.saturating_add(name_size), 8)
                    .saturating_sub(PAIR_HEAD)
                    .saturating_sub(name.as_bytes().len()),
            );
            table::write(self, value)?;
            let unpadded = table::native_value(value);
            self.output.zeros(round_up(unpadded, 8).saturating_sub(unpadded));
            if self.output.len() > MAX_SIZE {
                return Err(fault(EncodeFault::TooLarge));
            }
        }
        self.output.u32(0);
        Ok(())
    }
}

impl Sink for Writer {
    fn byte(&mut self, value: u8) {
        self.output.put(&[value]);
    }

    fn half(&mut self, value: u16) {
        self.output.u16(value);
    }

    fn word(&mut self, value: u32) {
        self.output.u32(value);
    }

    fn long(&mut self, value: u64) {
        self.output.u64(value);
    }

    fn text(&mut self, value: &Text) {
        self.output.put(value.as_bytes());
        self.output.zeros(1);
    }

    fn opaque(&mut self, bytes: &[u8]) {
        self.output.put(bytes);
    }

    fn begin_numbers(&mut self, _count: usize) {}

    fn begin_texts(&mut self, count: usize) {
        self.output.zeros(count.saturating_mul(8));
    }

    fn list(&mut self, list: &NvList) -> Result<(), EncodeError> {
        self.list_head(list);
        self.nested(std::slice::from_ref(list))
    }

    fn lists(&mut self, lists: &[NvList]) -> Result<(), EncodeError> {
        self.output.zeros(lists.len().saturating_mul(8));
        for list in lists {
            self.list_head(list);
        }
        self.nested(lists)
    }
}
