//! When one end goes away or fails, the other ends promptly and each says its own error.

use std::{
    fs::File,
    io::{Read, Write},
    time::{Duration, Instant},
};

use zfs_rs::{
    ErrorKind, Incoming, SendFlags, Zfs,
    pipe::pipe,
    stream::{ByteOrder, Record, Writer, token::ResumeToken},
};

use super::{at, capture, copied, copy, dense, receive, records, since, sources};
use crate::support::{
    oracle,
    pool::{Pool, other_place},
    release,
};

both!(
    a_send_dropped_midway_is_cancelled,
    a_receive_dropped_midway_is_cancelled_and_saved,
    a_reader_that_goes_away_interrupts_the_sender,
    a_writer_that_goes_away_truncates_the_stream,
    a_full_target_is_the_receivers_error,
    damage_is_found_and_what_came_before_it_is_saved,
    a_block_that_cannot_be_decompressed_is_no_success,
);

fn a_send_dropped_midway_is_cancelled(zfs: &Zfs) {
    let name = at(&sources().big, "a");
    let mut stream = zfs.send(&name).spawn().unwrap();
    stream.read_exact(&mut vec![0; 1 << 20]).unwrap();
    let begun = Instant::now();
    drop(stream);
    assert!(begun.elapsed() < PROMPTLY, "{:?}", begun.elapsed());
    // Not read to its end, it was not whole.
    let mut stream = zfs.send(&name).spawn().unwrap();
    stream.read_exact(&mut vec![0; 1 << 20]).unwrap();
    let error = stream.finish().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
}

fn a_receive_dropped_midway_is_cancelled_and_saved(zfs: &Zfs) {
    let (name, target) = (at(&sources().big, "a"), other_place("dropped"));
    let mut stream = zfs.send(&name).flags(dense()).spawn().unwrap();
    let mut half = vec![0; 36 << 20];
    stream.read_exact(&mut half).unwrap();
    drop(stream);
    let mut receiving = zfs.receive(&target).resumable(true).spawn().unwrap();
    receiving.write_all(&half).unwrap();
    let begun = Instant::now();
    drop(receiving);
    assert!(begun.elapsed() < PROMPTLY, "{:?}", begun.elapsed());
    let token: ResumeToken = zfs.receive_resume_token(&target).unwrap().unwrap().parse().unwrap();
    let bytes = token.point().bytes;
    assert!((30 << 20..37 << 20).contains(&bytes), "{bytes} of {} are saved", half.len());
    zfs.abort_receive(&target).unwrap();
}

fn a_reader_that_goes_away_interrupts_the_sender(zfs: &Zfs) {
    let (reader, writer) = pipe().unwrap();
    let sending = zfs.send(&at(&sources().big, "a")).spawn_to(writer).unwrap();
    let mut reader = File::from(reader);
    reader.read_exact(&mut vec![0; 1 << 20]).unwrap();
    assert!(!sending.wait(Duration::from_millis(100)), "nobody has read the rest");
    drop(reader);
    assert!(sending.wait(PROMPTLY));
    let error = sending.join().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
    assert!(error.to_string().contains("the reader of the stream went away"), "{error}");
    // A reader that was never there is told by another number.
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let error = zfs.send(&at(&sources().plain, "a")).spawn_to(writer).unwrap().join().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
}

fn a_writer_that_goes_away_truncates_the_stream(zfs: &Zfs) {
    let (stream, target) = (capture(zfs.send(&at(&sources().plain, "a")).flags(dense())), other_place("cut"));
    let (reader, writer) = pipe().unwrap();
    let mut writer = File::from(writer);
    let half = &stream[..stream.len() / 2];
    std::thread::scope(|scope| {
        scope.spawn(move || {
            writer.write_all(half).unwrap();
        });
        let receiving = zfs
            .receive(&target)
            .resumable(true)
            .spawn_from(Incoming::open(reader).unwrap())
            .unwrap();
        let error = receiving.join().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Truncated, "{error}");
    });
    zfs.abort_receive(&target).unwrap();
}

fn a_full_target_is_the_receivers_error(zfs: &Zfs) {
    let pool = Pool::in_memory(128);
    pool.fill_but(12);
    let target = pool.dataset("target");
    let order = zfs.send(&at(&sources().big, "a")).flags(dense());
    let (sent, received) = copy(order, zfs.receive(&target).resumable(true));
    let cause = received.unwrap_err();
    assert_eq!(cause.kind(), ErrorKind::NoSpace, "{cause}");
    assert!(cause.to_string().contains(target.as_str()), "{cause}");
    // The receiver reads ahead: what is written and two queues of 32 MiB (`bqueue_dequeue` takes a full one away, and another fills) are about as long as
    // this stream, and a sender that got rid of all of it hears nothing.
    if let Err(echo) = sent {
        assert_eq!(echo.kind(), ErrorKind::Interrupted, "{echo}");
    }
    let token: ResumeToken = zfs.receive_resume_token(&target).unwrap().unwrap().parse().unwrap();
    assert!(token.point().bytes > 1 << 20, "what came before is saved: {token:?}");
    assert_eq!(oracle::get(target.as_str(), "receive_resume_token"), token.text());
}

fn damage_is_found_and_what_came_before_it_is_saved(zfs: &Zfs) {
    let (plain, target) = (&sources().plain, other_place("damaged"));
    let mut stream = capture(zfs.send(&at(plain, "a")).flags(dense()));
    let place = stream.len() * 3 / 4;
    stream[place] ^= 1;
    let error = receive(zfs, &stream, &target).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    let token: ResumeToken = zfs.receive_resume_token(&target).unwrap().unwrap().parse().unwrap();
    let point = token.point();
    let order = zfs.send(&at(plain, "a")).flags(point.into()).resume(point.into());
    copied(order, zfs.receive(&target).resumable(true));
    assert_eq!(
        crate::support::files::contents(format!("{target}@a")),
        crate::support::files::contents(format!("{plain}@a"))
    );
}

/// Here kernels fail without a number, and libzfs_core says that all went well.
fn a_block_that_cannot_be_decompressed_is_no_success(zfs: &Zfs) {
    // An older kernel would read beyond the block.
    if release::running() < "2.1".parse().unwrap() {
        return;
    }
    let (plain, target) = (&sources().plain, other_place("undecompressible"));
    let flags = SendFlags::LARGE_BLOCK | SendFlags::COMPRESS;
    copied(zfs.send(&at(plain, "a")).flags(flags), zfs.receive(&target));
    let genuine = capture(zfs.send(&at(plain, "b")).since(since(plain, "a")).flags(flags));
    let error = receive(zfs, &undecompressible(&genuine), &target).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    assert!(!zfs.exists(&at(&target, "b")).unwrap());
    zfs.abort_receive(&target).unwrap();
    // Of a target that is not there yet libzfs_core says something else, but not success.
    let genuine = capture(zfs.send(&at(plain, "a")).flags(flags));
    let target = other_place("undecompressible");
    receive(zfs, &undecompressible(&genuine), &target).unwrap_err();
    zfs.abort_receive(&target).unwrap();
}

/// Says of one compressed block that it is compressed by gzip, which it is not, and of its object that its blocks are smaller, so that the kernel looks into it.
fn undecompressible(genuine: &[u8]) -> Vec<u8> {
    let mut records = records(genuine);
    let written = records.iter_mut().find_map(|(record, _)| match record {
        Record::Write(write) if write.compression != 0 && write.logical_size > 512 => {
            write.compression = GZIP;
            Some(write.object)
        }
        _ => None,
    });
    let written = written.expect("there is a compressed block");
    let (mut writer, mut stream) = (Writer::new(ByteOrder::HOST), Vec::new());
    for (record, payload) in &mut records {
        match record {
            Record::Object(object) if object.object == written => object.block_size = 512,
            _ => {}
        }
        writer.put(&mut stream, record.clone(), payload).unwrap();
    }
    stream
}

/// `gzip-6` among the numbers of algorithms.
const GZIP: u8 = 10;
/// A record is at most 1 MiB here; the rest is a busy host's.
const PROMPTLY: Duration = Duration::from_secs(15);
