//! Streams of real datasets: what leaves, what arrives, and what is known when one end goes away.

mod broken;
mod history;
mod receive;
mod resume;
mod send;
mod special;
mod transform;
mod ways;
mod zstream;

use std::{
    io::{Read, Write},
    sync::OnceLock,
};

use zfs_rs::{
    Base, DatasetName, ErrorKind, Incoming, Receipt, ReceiveRequest, SendFlags, SendRequest, SendStream, SnapshotName, Zfs,
    pipe::pipe,
    stream::{Profile, Record, Step, Summary, Verifier},
};

use crate::support::{files, oracle, pool::home, release};

/// What is sent, made once: no test changes it.
#[derive(Debug)]
struct Sources {
    /// Files of all kinds with large records; `@a`, `@b`, and `#a` of a snapshot that is still there.
    plain: DatasetName,
    /// The same, encrypted with a key of zeros, which is loaded.
    sealed: DatasetName,
    /// Some noise on a volume; `@a`.
    volume: DatasetName,
    /// 72 MiB of noise; `@a`.
    big: DatasetName,
}

fn sources() -> &'static Sources {
    static SOURCES: OnceLock<Sources> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let root = home("sources");
        let name = |child: &str| root.child(child).unwrap();
        oracle::sh(&format!(
            "zfs create -o recordsize=1M -o compression=zstd {root}/plain; head -c 32 /dev/zero | zfs create -o encryption=on \
             -o keyformat=raw -o keylocation=prompt -o recordsize=1M -o compression=lz4 {root}/sealed; zfs create -s -V 16M {root}/volume; \
             zfs create -o recordsize=1M -o compression=off {root}/big; udevadm settle"
        ));
        let pair = [name("plain"), name("sealed")];
        for dataset in &pair {
            files::assortment(&files::mountpoint(dataset), 1);
            files::noise(files::mountpoint(dataset).join("large"), 9, 3 << 20);
        }
        files::noise(format!("/dev/zvol/{root}/volume"), 5, 2 << 20);
        files::noise(files::mountpoint(name("big")).join("noise"), 7, 72 << 20);
        oracle::sh(&format!("zfs snapshot -r {root}@a"));
        for dataset in &pair {
            files::assortment(&files::mountpoint(dataset), 2);
            // A receive saves its place at whole records of files, and before 2.3 nowhere else: an increment of small ones would be all or nothing.
            files::noise(files::mountpoint(dataset).join("larger"), 11, 2 << 20);
            std::fs::remove_file(files::mountpoint(dataset).join("text1")).unwrap();
            oracle::sh(&format!("zfs snapshot {dataset}@b; zfs bookmark {dataset}@a {dataset}#a"));
        }
        Sources {
            plain: name("plain"),
            sealed: name("sealed"),
            volume: name("volume"),
            big: name("big"),
        }
    })
}

fn at(dataset: &DatasetName, short: &str) -> SnapshotName {
    dataset.snapshot(short).unwrap()
}

fn since(dataset: &DatasetName, short: &str) -> Base {
    Base::Snapshot(at(dataset, short))
}

/// All that a kernel can do for a stream that is not raw.
fn dense() -> SendFlags {
    SendFlags::LARGE_BLOCK | SendFlags::EMBED | SendFlags::COMPRESS
}

/// A whole stream.
fn capture(request: SendRequest) -> Vec<u8> {
    captured(request).unwrap()
}

/// A whole stream, or why the kernel does not send it.
fn captured(request: SendRequest) -> zfs_rs::Result<Vec<u8>> {
    read(request.spawn()?)
}

/// A stream to its end, or why the kernel does not send it.
fn read(mut stream: SendStream) -> zfs_rs::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    stream.finish()?;
    Ok(bytes)
}

/// What a stream holds, each record held to every rule.
fn verify(stream: &[u8]) -> Summary {
    walk(stream, |_| ())
}

/// The same, and shows each step.
fn walk(stream: &[u8], mut show: impl FnMut(Step<'_>)) -> Summary {
    let mut verifier = Verifier::new(Profile::any());
    let mut left = stream;
    while !left.is_empty() {
        let (step, used) = verifier.step(left).unwrap();
        assert!(used > 0 || step != Step::Need, "the reader stands still");
        show(step);
        left = &left[used..];
    }
    verifier.finish().unwrap()
}

/// What the oracle wrote for `zfs send` with these words.
fn assert_alike(ours: &[u8], theirs: &[u8], words: &str) {
    assert_eq!(ours.len(), theirs.len(), "zfs send {words}");
    if release::running() < "2.1".parse().unwrap() {
        assert!(meant(ours) == meant(theirs), "zfs send {words} says something else");
    } else {
        let differ = ours.iter().zip(theirs).position(|(our, their)| our != their);
        assert_eq!(differ, None, "zfs send {words}: the first byte that differs");
    }
}

/// The records of a stream with what they mean. Before 2.1 the bytes that fill up an embedded block are whatever lay on the kernel's stack
/// (`dump_write_embedded`), so no two streams are equal, nor are their checksums.
fn meant(stream: &[u8]) -> Vec<(Record, Vec<u8>)> {
    let mut records = records(stream);
    records.retain(|(record, _)| !matches!(record, Record::End(_)));
    for (record, payload) in &mut records {
        if let Record::WriteEmbedded(write) = record {
            payload.truncate(usize::try_from(write.physical_size).unwrap());
        }
    }
    records
}

/// The records of a stream with their payloads.
fn records(stream: &[u8]) -> Vec<(Record, Vec<u8>)> {
    let mut records: Vec<(Record, Vec<u8>)> = Vec::new();
    walk(stream, |step| match step {
        Step::Need => {}
        Step::Record(record) => records.push((record, Vec::new())),
        Step::Payload(bytes) => records.last_mut().unwrap().1.extend(bytes),
    });
    records
}

/// Receives a stream, as far as it is received.
fn receive(zfs: &Zfs, stream: &[u8], target: &DatasetName) -> zfs_rs::Result<Receipt> {
    let mut receiving = zfs.receive(target).resumable(true).spawn()?;
    // The receiver may be gone before it was given everything.
    receiving.write_all(stream).ok();
    receiving.finish()
}

/// Receives so many bytes of a stream and no more, and keeps them.
fn cut(zfs: &Zfs, stream: &[u8], bytes: usize, target: &DatasetName) {
    let mut receiving = zfs.receive(target).resumable(true).spawn().unwrap();
    receiving.write_all(&stream[..bytes]).unwrap();
    let error = receiving.finish().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated, "{error}");
}

/// Sends and receives over one pipe, and says what each side says.
fn copy(send: SendRequest, receive: ReceiveRequest) -> (zfs_rs::Result<()>, zfs_rs::Result<Receipt>) {
    let (reader, writer) = pipe().unwrap();
    let sending = send.spawn_to(writer).unwrap();
    let received = Incoming::open(reader).and_then(|incoming| receive.from_stream(incoming));
    (sending.join(), received)
}

/// A copy that must succeed.
fn copied(send: SendRequest, receive: ReceiveRequest) -> Receipt {
    let (sent, received) = copy(send, receive);
    sent.unwrap();
    received.unwrap()
}

/// A dataset that has received `@a` of another.
fn seeded(zfs: &Zfs, from: &DatasetName, target: &DatasetName) {
    copied(zfs.send(&at(from, "a")).flags(dense()), zfs.receive(target));
}
