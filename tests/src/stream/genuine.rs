//! I do with a genuine stream all that must leave it as it is.

use zfs_rs::nvlist::NvList;
use zfs_rs::stream::record::End;
use zfs_rs::stream::{
    ByteOrder, Corrupt, Fault, Features, ObjsetType, Profile, Reader, Record, Refused, Rule, Step, StreamKind, Summary, Verifier, Ward,
    Writer,
};

/// A record with its payload.
pub type Piece = (Record, Vec<u8>);

/// A stream taken apart.
#[derive(Clone, Debug)]
pub struct Genuine<'a> {
    bytes: &'a [u8],
    order: ByteOrder,
    pieces: Vec<Piece>,
    /// What had been saved of a stream ends without an `END`, anywhere between two records.
    is_whole: bool,
}

/// The records of a stream with their payloads.
///
/// # Errors
/// It is damaged, in words.
pub fn pieces(stream: &[u8]) -> Result<Vec<Piece>, String> {
    Genuine::read(stream).map(|genuine| genuine.pieces)
}

impl<'a> Genuine<'a> {
    /// Reads a stream in one piece and in small ones, byte by byte if it is short, and writes it again from its records: all must be the same.
    ///
    /// # Errors
    /// What differs, in words.
    pub fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let (pieces, order, ended) = taken_apart(bytes, bytes.len())?;
        let slowly = taken_apart(bytes, cut(bytes))?;
        if (&pieces, order, &ended) != (&slowly.0, slowly.1, &slowly.2) {
            return Err("in small pieces it reads otherwise".to_owned());
        }
        let is_whole = match ended {
            Ok(_) => true,
            Err(Corrupt {
                what: Fault::Truncated,
                offset,
                ..
            }) if usize::try_from(offset) == Ok(bytes.len()) => false,
            Err(corrupt) => return Err(corrupt.to_string()),
        };
        let genuine = Self {
            bytes,
            order,
            pieces,
            is_whole,
        };
        let again = genuine.write(order, &genuine.pieces)?;
        match again.iter().zip(bytes).position(|(ours, theirs)| ours != theirs) {
            None if again.len() == bytes.len() => Ok(genuine),
            at => Err(format!(
                "written again it has {} bytes instead of {} and differs at {at:?}",
                again.len(),
                bytes.len()
            )),
        }
    }

    /// Its records with their payloads.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Whether it has its `END`.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Whether it holds streams that libzfs takes apart.
    #[must_use]
    pub fn is_package(&self) -> bool {
        matches!(self.pieces.first(), Some((Record::Begin(begin), _)) if begin.kind == StreamKind::Compound)
    }

    /// Whether a stream in it is raw.
    #[must_use]
    pub fn is_raw(&self) -> bool {
        self.features().contains(Features::RAW)
    }

    /// The features of all streams in it.
    #[must_use]
    pub fn features(&self) -> Features {
        self.pieces.iter().fold(Features::empty(), |all, (record, _)| match record {
            Record::Begin(begin) => all.with(begin.features),
            _ => all,
        })
    }

    /// The stream as a machine of the other byte order sends it: all fields swapped, and of the payloads what rules look into.
    ///
    /// A genuine one would have other metadata in that order too, which nobody reads but the receiving kernel.
    ///
    /// # Errors
    /// It cannot be written, in words.
    pub fn of_the_other_order(&self) -> Result<Vec<u8>, String> {
        let order = match self.order {
            ByteOrder::Little => ByteOrder::Big,
            ByteOrder::Big => ByteOrder::Little,
        };
        self.write(order, &self.other_pieces())
    }

    fn other_pieces(&self) -> Vec<Piece> {
        let mut in_volume = false;
        let each = self.pieces.iter().cloned().map(|piece| {
            if let (Record::Begin(begin), _) = &piece {
                in_volume = begin.objset == ObjsetType::Volume;
            }
            if in_volume { swapped(piece) } else { piece }
        });
        each.collect()
    }

    /// The rule by which a genuine stream must be refused all the same, because its copy would seem whole and is not. OpenZFS makes three such:
    ///
    /// - With `-ec` and without `-L`, a block above 128 KiB that fits into a block pointer is sent as it is, while its object is announced with smaller
    ///   blocks. The receiver says that all is well, and the bytes behind 128 KiB read as zeros (`receive_write_embedded` in `dmu_recv.c`).
    /// - What was received redacted is sent on with its list and without the feature (`dmu_send_impl` in `dmu_send.c`). The copy is not marked, can be
    ///   mounted, and has zeros where something was left out.
    /// - With `-e`, a spill block that fits into a block pointer is sent as a block of the object, with the number that stands for spill blocks
    ///   (`do_dump` in `dmu_send.c`, 2.3 and 2.4). The receiver says that all is well, and the file has lost its extended attributes.
    ///
    /// All were seen with 2.3.9.
    #[must_use]
    pub fn must_be_refused(&self) -> Option<Rule> {
        let begins = self.pieces.iter().filter_map(|(record, payload)| match record {
            Record::Begin(begin) if begin.kind == StreamKind::Substream => Some((begin.features, payload)),
            _ => None,
        });
        let is_listed = |payload: &[u8]| NvList::decode(payload).is_ok_and(|list| list.has("redact_snaps"));
        let mut unsaid = begins.filter(|(features, payload)| !features.contains(Features::REDACTED) && is_listed(payload));
        let large = |(record, _): &Piece| matches!(record, Record::WriteEmbedded(write) if write.length > 128 << 10);
        let spill = |(record, _): &Piece| matches!(record, Record::WriteEmbedded(write) if write.offset > 1 << 63);
        if unsaid.next().is_some() {
            Some(Rule::BeginRedacted)
        } else if self.pieces.iter().any(spill) {
            Some(Rule::Extent)
        } else if !self.features().contains(Features::LARGE_BLOCKS) && self.pieces.iter().any(large) {
            Some(Rule::DataBlock)
        } else {
            None
        }
    }

    /// Lets a verifier and a ward of this profile judge it, in one piece and in small ones. They must let all of it through, in both byte orders where it is
    /// not raw: what is encrypted is of the order it was encrypted in. Or they must refuse it, by [that rule](Self::must_be_refused).
    ///
    /// # Errors
    /// What was refused or differs, in words.
    pub fn is_judged_well(&self, profile: &Profile) -> Result<(), String> {
        self.judged(self.bytes, profile)?;
        if self.is_raw() {
            return Ok(());
        }
        let words = |why: String| format!("in the other byte order: {why}");
        let other = self.of_the_other_order().map_err(words)?;
        let (pieces, _, _) = taken_apart(&other, other.len()).map_err(words)?;
        if sumless(&pieces) != sumless(&self.other_pieces()) {
            return Err(words("it reads otherwise".to_owned()));
        }
        self.judged(&other, profile).map_err(words)
    }

    fn judged(&self, bytes: &[u8], profile: &Profile) -> Result<(), String> {
        let at_once = verified(bytes, profile, bytes.len());
        if verified(bytes, profile, cut(bytes)) != at_once {
            return Err("in small pieces it is judged otherwise".to_owned());
        }
        let wanted = self.must_be_refused();
        match at_once {
            Err(refused) if wanted.is_some() && refused.rule() == wanted => return Ok(()),
            Ok(_) if wanted.is_some() => return Err("it passes, and its copy would not be whole".to_owned()),
            Ok(_) => {}
            Err(Refused::Corrupt(corrupt)) if !self.is_whole && corrupt.what == Fault::Truncated => {}
            Err(refused) => return Err(refused.to_string()),
        }
        let mut ward = Ward::new(profile.clone());
        let mut passed = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let (proved, used) = ward.step(rest).map_err(|refused| refused.to_string())?;
            passed.extend_from_slice(proved);
            rest = rest.get(used..).unwrap_or_default();
        }
        // Of what ends too early, the last payload is never proved.
        if bytes.starts_with(&passed) && (passed.len() == bytes.len() || !self.is_whole) {
            Ok(())
        } else {
            Err(format!("a ward passes {} bytes of {}", passed.len(), bytes.len()))
        }
    }

    fn write(&self, order: ByteOrder, pieces: &[Piece]) -> Result<Vec<u8>, String> {
        let mut writer = Writer::new(order);
        let mut out = Vec::with_capacity(self.bytes.len());
        for (record, payload) in pieces {
            writer
                .put(&mut out, record.clone(), payload)
                .map_err(|why| format!("{record:?}: {why}"))?;
        }
        Ok(out)
    }
}

/// The properties of a volume, object 2, in the other order.
fn swapped((record, mut payload): Piece) -> Piece {
    match record {
        Record::Write(write) if write.object == 2 => {
            swap_zap(&mut payload);
            (record, payload)
        }
        Record::WriteEmbedded(mut write) if write.object == 2 && write.compression == 15 => {
            let length = usize::try_from(write.physical_size).expect("a length");
            let mut block = lz4_flex::block::decompress(&payload[4..length], 512).expect("an LZ4 block behind its length");
            swap_zap(&mut block);
            let packed = lz4_flex::block::compress(&block);
            let length = u32::try_from(packed.len()).expect("a length");
            payload = [&length.to_be_bytes(), packed.as_slice()].concat();
            write.physical_size = 4 + length;
            payload.resize(payload.len().next_multiple_of(8), 0);
            (write.into(), payload)
        }
        other => (other, payload),
    }
}

/// Swaps the numbers of a micro-ZAP: three in front, then of each entry its value and its turn.
fn swap_zap(block: &mut [u8]) {
    let (header, entries) = block.split_at_mut(64);
    header.chunks_mut(8).take(3).for_each(<[u8]>::reverse);
    for entry in entries.chunks_mut(64) {
        entry[..8].reverse();
        entry[8..12].reverse();
    }
}

type Apart = (Vec<Piece>, ByteOrder, Result<Summary, Corrupt>);

fn taken_apart(stream: &[u8], step: usize) -> Result<Apart, String> {
    let mut reader = Reader::new();
    let mut pieces: Vec<Piece> = Vec::new();
    for mut input in stream.chunks(step.max(1)) {
        while !input.is_empty() {
            let (step, used) = reader.step(input).map_err(|corrupt| corrupt.to_string())?;
            match step {
                Step::Need => {}
                Step::Record(record) => pieces.push((record, Vec::new())),
                Step::Payload(bytes) => {
                    let (_, payload) = pieces.last_mut().ok_or("a payload before any record")?;
                    payload.extend_from_slice(bytes);
                }
            }
            input = input.get(used..).unwrap_or_default();
        }
    }
    let order = reader.order().ok_or("no BEGIN")?;
    Ok((pieces, order, reader.finish()))
}

/// How long the small pieces of a stream are.
const fn cut(stream: &[u8]) -> usize {
    if stream.len() <= SHORT { 1 } else { 61 }
}

/// Longer streams take too long byte by byte where the machine is emulated.
const SHORT: usize = 256 << 10;

fn verified(stream: &[u8], profile: &Profile, step: usize) -> Result<Summary, Refused> {
    let mut verifier = Verifier::new(profile.clone());
    for mut input in stream.chunks(step.max(1)) {
        while !input.is_empty() {
            let (_, used) = verifier.step(input)?;
            input = input.get(used..).unwrap_or_default();
        }
    }
    verifier.finish()
}

/// The pieces without the sums of all before, which are other numbers in the other byte order.
fn sumless(pieces: &[Piece]) -> Vec<Piece> {
    let without = |(record, payload): &Piece| match record {
        Record::End(end) => (
            Record::from(End {
                to_guid: end.to_guid,
                ..End::default()
            }),
            payload.clone(),
        ),
        other => (other.clone(), payload.clone()),
    };
    pieces.iter().map(without).collect()
}
