//! I read streams in one piece and in many, and want one answer.

use zfs_rs::stream::record::End;
use zfs_rs::stream::{Corrupt, Reader, Record, Step, StreamKind, Summary, Writer};

use crate::stream::Input;

pub(crate) fn run(data: &[u8]) {
    let input = Input::new(data);
    let whole = read(&[&input.stream]);
    assert_eq!(whole, read(&input.pieces()), "cuts change what is read");
    let Read { pieces, end, mut reader } = whole;
    match end {
        Ok(summary) => {
            assert_eq!(summary.bytes, u64::try_from(input.stream.len()).unwrap(), "all bytes are counted");
            assert_eq!(summary.records, u64::try_from(pieces.len()).unwrap());
            assert!(reader.step(&[0]).is_err(), "nothing follows an end");
            again(&pieces, &reader);
        }
        Err(corrupt) => {
            // People read it.
            assert!(!corrupt.to_string().is_empty());
        }
    }
}

/// A record and its payload.
pub(crate) type Piece = (Record, Vec<u8>);

/// What was read.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) end: Result<Summary, Corrupt>,
    reader: Reader,
}

/// A reader between steps is no answer.
impl PartialEq for Read {
    fn eq(&self, other: &Self) -> bool {
        self.pieces == other.pieces && self.end == other.end
    }
}

/// Reads a stream that comes in these pieces.
pub(crate) fn read(stream: &[&[u8]]) -> Read {
    let mut reader = Reader::new();
    let mut pieces: Vec<Piece> = Vec::new();
    for mut input in stream.iter().copied() {
        while !input.is_empty() {
            let (step, used) = match reader.step(input) {
                Ok(step) => step,
                Err(corrupt) => {
                    assert_eq!(reader.step(input), Err(corrupt.clone()), "a fault is said again");
                    assert_eq!(reader.clone().finish(), Err(corrupt.clone()), "and at the end");
                    let end = Err(corrupt);
                    return Read { pieces, end, reader };
                }
            };
            assert!((1..=input.len()).contains(&used), "a step goes on");
            match step {
                Step::Need => assert_eq!(used, input.len(), "more is wanted only when all is used"),
                Step::Record(record) => {
                    let left = reader.payload_left();
                    assert!(left <= MOST, "a payload of {left} bytes is waited for");
                    pieces.push((record, Vec::new()));
                }
                Step::Payload(bytes) => pieces.last_mut().expect("a payload follows a record").1.extend_from_slice(bytes),
            }
            input = &input[used..];
        }
    }
    let end = reader.clone().finish();
    assert_eq!(end.is_ok(), reader.is_complete());
    Read { pieces, end, reader }
}

/// What was read whole can be written, and is then read as it was; libzfs alone writes packages.
fn again(pieces: &[Piece], reader: &Reader) {
    let is_package = |(record, _): &Piece| matches!(record, Record::Begin(begin) if begin.kind == StreamKind::Compound);
    if pieces.iter().any(is_package) {
        return;
    }
    let mut writer = Writer::new(reader.order().expect("a whole stream has an order"));
    let mut stream = Vec::new();
    for (record, payload) in pieces {
        writer
            .put(&mut stream, record.clone(), payload)
            .expect("what was read can be written");
    }
    let second = read(&[&stream]);
    assert!(second.end.is_ok(), "{:?}", second.end);
    assert!(
        second.pieces.iter().map(unsummed).eq(pieces.iter().map(unsummed)),
        "what was written differs"
    );
}

/// A piece without the sum of the whole: bytes that no field covers are in it.
fn unsummed((record, payload): &Piece) -> (Record, &[u8]) {
    let record = match record {
        Record::End(end) => Record::End(End {
            checksum: Default::default(),
            ..*end
        }),
        other => other.clone(),
    };
    (record, payload)
}

/// The longest payload of any record: that of a package's `BEGIN`.
const MOST: u64 = 64 << 20;
