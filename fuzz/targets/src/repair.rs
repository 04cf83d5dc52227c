//! I put right checksums into a damaged stream, so that damage gets past them and to what reads the fields.

use zfs_rs::stream::fletcher::Checksum;
use zfs_rs::stream::record::RECORD_SIZE;
use zfs_rs::stream::{ByteOrder, Fault, Reader};

/// The stream with the sums that its bytes have, as far as records follow each other in it.
pub(crate) fn repaired(stream: &[u8]) -> Vec<u8> {
    let mut out = stream.to_vec();
    let mut reader = Reader::new();
    let mut at = 0;
    while let Some(place) = out.get_mut(at..at + RECORD_SIZE) {
        let Some(next) = record(&reader, place) else { return out };
        reader = next;
        at += RECORD_SIZE;
        let end = out
            .len()
            .min(at.saturating_add(usize::try_from(reader.payload_left()).unwrap_or(usize::MAX)));
        while at < end {
            let Ok((_, used)) = reader.step(&out[at..end]) else { return out };
            at += used;
        }
    }
    out
}

/// The reader behind this record, whose sums are made what the reader found them to be; nothing where other things are wrong.
fn record(reader: &Reader, header: &mut [u8]) -> Option<Reader> {
    for _ in 0..ATTEMPTS {
        let mut trial = reader.clone();
        let fault = match trial.step(header) {
            Ok(_) => return Some(trial),
            Err(corrupt) => corrupt.what,
        };
        let order = trial.order().unwrap_or(ByteOrder::HOST);
        match fault {
            // Whatever is no zero; the reader then says what it wants.
            Fault::NoChecksum => put(header, RUNNING_SUM_AT, Checksum([1; 4]), order),
            Fault::Checksum { found, .. } => put(header, RUNNING_SUM_AT, found, order),
            Fault::EndChecksum { found, .. } => put(header, END_SUM_AT, found, order),
            // The ends in a package are blank where no sum is.
            Fault::Reserved => {
                header[4..END_SUM_AT].fill(0);
                header[END_SUM_AT + 32..].fill(0);
            }
            _ => return None,
        }
    }
    None
}

fn put(header: &mut [u8], at: usize, sum: Checksum, order: ByteOrder) {
    for (place, word) in header[at..].chunks_exact_mut(8).zip(sum.0) {
        place.copy_from_slice(&match order {
            ByteOrder::Little => word.to_le_bytes(),
            ByteOrder::Big => word.to_be_bytes(),
        });
    }
}

/// An `END` without any sum: the running one twice, its own, and the running one again twice; or the blank of a package.
const ATTEMPTS: usize = 6;
const RUNNING_SUM_AT: usize = 280;
const END_SUM_AT: usize = 8;
