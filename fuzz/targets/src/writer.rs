//! I make records of any bytes, write them, and read them back.

use zfs_rs::stream::fletcher::Checksum;
use zfs_rs::stream::record::{End, Free, FreeObjects, Object, ObjectRange, Redact, Spill, Write, WriteByRef, WriteEmbedded};
use zfs_rs::stream::{Begin, BeginFlags, ByteOrder, Features, Record, Writer};

use crate::{
    choices::{Choices, cut},
    reader::{Piece, read},
};

pub(crate) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let order = if choices.flag() { ByteOrder::Big } else { ByteOrder::Little };
    let cuts = choices.half();
    let mut writer = Writer::new(order);
    let mut stream = Vec::new();
    let mut written: Vec<Piece> = Vec::new();
    let begin = begin(&mut choices);
    let payload = any_payload(&mut choices);
    put(&mut writer, &mut stream, &mut written, begin.into(), payload);
    if written.is_empty() {
        return;
    }
    while !choices.is_empty() {
        let record = record(&mut choices);
        let payload = match record.payload_len() {
            short @ 0..=MOST if choices.byte() < 240 => choices.bytes(usize::try_from(short).unwrap()),
            _ => any_payload(&mut choices),
        };
        put(&mut writer, &mut stream, &mut written, record, payload);
    }
    put(&mut writer, &mut stream, &mut written, End::made(&mut choices).into(), Vec::new());

    let read = read(&cut(&stream, cuts));
    assert!(read.end.is_ok(), "{:?}", read.end);
    assert_eq!(read.pieces.len(), written.len());
    for ((read, payload), (wrote, sent)) in read.pieces.iter().zip(&written) {
        assert_eq!((filled(read, wrote), payload), (read.clone(), sent));
    }
}

/// Writes a record, or sees it refused without a trace.
fn put(writer: &mut Writer, stream: &mut Vec<u8>, written: &mut Vec<Piece>, record: Record, payload: Vec<u8>) {
    let before = stream.len();
    let length = u64::try_from(payload.len()).unwrap();
    let fits = match &record {
        Record::Begin(begin) => can_be_said(begin),
        other => other.payload_len() == length,
    };
    match writer.put(stream, record.clone(), &payload) {
        Ok(()) => {
            assert!(fits && length.is_multiple_of(4), "{record:?} was written with {length} bytes");
            written.push((record, payload));
        }
        Err(why) => {
            assert!(!fits || !length.is_multiple_of(4), "{record:?} was refused: {why}");
            assert_eq!(stream.len(), before, "what is refused leaves no trace");
        }
    }
}

/// Whether the record has room for it.
fn can_be_said(begin: &Begin) -> bool {
    let name = begin.to_name.as_bytes();
    name.len() <= 255 && !name.contains(&0) && begin.reserved < 64 && begin.features.bits() < 1 << 56
}

/// The record as it is to be read: the writer fills in what is the writer's.
fn filled(read: &Record, wrote: &Record) -> Record {
    match (read, wrote.clone()) {
        (Record::Begin(read), Record::Begin(wrote)) => Begin {
            payload_len: read.payload_len,
            ..wrote
        }
        .into(),
        (Record::End(read), Record::End(wrote)) => End {
            checksum: read.checksum,
            ..wrote
        }
        .into(),
        (_, wrote) => wrote,
    }
}

fn begin(choices: &mut Choices<'_>) -> Begin {
    let name_len = usize::from(choices.byte()) + usize::from(choices.byte() == 1);
    Begin {
        features: Features::from_bits(choices.long()),
        reserved: choices.byte(),
        creation_time: choices.long(),
        objset: choices.word().into(),
        flags: BeginFlags::from_bits(choices.word()),
        // 0 is how a stream spells that there is none.
        from_guid: Some(choices.long()).filter(|guid| *guid != 0),
        ..Begin::new(choices.bytes(name_len), choices.long())
    }
}

fn record(choices: &mut Choices<'_>) -> Record {
    let mut record = match choices.byte() % 9 {
        0 => Record::Object(Made::made(choices)),
        1 => Record::FreeObjects(Made::made(choices)),
        2 => Record::Write(Made::made(choices)),
        3 => Record::Free(Made::made(choices)),
        4 => Record::WriteByRef(Made::made(choices)),
        5 => Record::Spill(Made::made(choices)),
        6 => Record::WriteEmbedded(Made::made(choices)),
        7 => Record::ObjectRange(Made::made(choices)),
        _ => Record::Redact(Made::made(choices)),
    };
    if choices.byte() < 200 {
        shorten(&mut record);
    }
    record
}

/// Sizes that a payload of a few bytes fits.
fn shorten(record: &mut Record) {
    match record {
        Record::Object(object) => {
            object.bonus_len %= SHORT as u32;
            object.raw_bonus_len = (object.raw_bonus_len % SHORT as u32) & !3;
        }
        Record::Write(write) => {
            write.logical_size = (write.logical_size % SHORT) & !3;
            write.compressed_size = (write.compressed_size % SHORT) & !3;
        }
        Record::Spill(spill) => {
            spill.length = (spill.length % SHORT) & !3;
            spill.compressed_size = (spill.compressed_size % SHORT) & !3;
        }
        Record::WriteEmbedded(write) => write.physical_size %= SHORT as u32,
        _ => {}
    }
}

fn any_payload(choices: &mut Choices<'_>) -> Vec<u8> {
    let length = usize::from(choices.byte());
    choices.bytes(length)
}

/// What can be made of any bytes.
trait Made {
    fn made(choices: &mut Choices<'_>) -> Self;
}

impl Made for u8 {
    fn made(choices: &mut Choices<'_>) -> Self {
        choices.byte()
    }
}

impl Made for u32 {
    fn made(choices: &mut Choices<'_>) -> Self {
        choices.word()
    }
}

impl Made for u64 {
    fn made(choices: &mut Choices<'_>) -> Self {
        choices.long()
    }
}

impl<const N: usize> Made for [u8; N] {
    fn made(choices: &mut Choices<'_>) -> Self {
        choices.array()
    }
}

impl Made for Checksum {
    fn made(choices: &mut Choices<'_>) -> Self {
        Self([choices.long(), choices.long(), choices.long(), choices.long()])
    }
}

macro_rules! made {
    ($($name:ident { $($field:ident)* })*) => {$(
        impl Made for $name {
            fn made(choices: &mut Choices<'_>) -> Self {
                Self { $($field: Made::made(choices),)* }
            }
        }
    )*};
}

made! {
    Object {
        object object_type bonus_type block_size bonus_len checksum_type compression dnode_slots flags raw_bonus_len to_guid indirect_block_shift
        levels block_pointers reserved max_block_id
    }
    FreeObjects { first_object count to_guid }
    Write {
        object object_type reserved offset logical_size to_guid checksum_type flags compression reserved2 key key_properties compressed_size salt iv mac
    }
    Free { object offset length to_guid }
    End { checksum to_guid }
    WriteByRef { object offset length to_guid ref_guid ref_object ref_offset checksum_type flags reserved key key_properties }
    Spill { object length to_guid flags compression reserved compressed_size salt iv mac object_type }
    WriteEmbedded { object offset length to_guid compression embedded_type reserved logical_size physical_size }
    ObjectRange { first_object slots to_guid salt iv mac flags reserved }
    Redact { object offset length to_guid }
}

/// The longest payload that is made to fit its record.
const MOST: u64 = 4096;
const SHORT: u64 = 256;
