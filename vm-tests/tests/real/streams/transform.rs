//! Streams made anew are received, and what arrives is what was sent.

use std::{collections::BTreeSet, fs, os::unix::fs::MetadataExt, process::Command, sync::OnceLock};

use zfs_rs::{
    DatasetName, SendFlags, Zfs,
    stream::{Record, Step, transform},
};

use super::{at, capture, dense, receive, since, verify, walk};
use crate::support::{files, oracle, pool};

/// A filesystem with files of every compression, and a child; `@a`, and `@b` in which two files are longer.
fn source() -> &'static DatasetName {
    static SOURCE: OnceLock<DatasetName> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let root = pool::home("mixed");
        let mount = files::mountpoint(&root);
        for (seed, compression) in (1..).zip(["lz4", "zstd-3", "gzip-6", "zle", "lzjb", "off"]) {
            oracle::sh(&format!("zfs set compression={compression} {root}; zfs set recordsize=128K {root}"));
            files::assortment(&mount, seed);
            // Text shrinks by most algorithms, zeros by zle too.
            let half: Vec<u8> = (0_u32..131_072)
                .map(|at| if at < 70_000 { 0 } else { u8::try_from(at % 251).unwrap() })
                .collect();
            fs::write(mount.join(format!("half{seed}")), half.repeat(4)).unwrap();
            oracle::sh(&format!("zfs set recordsize=1M {root}"));
            fs::write(mount.join(format!("large{seed}")), half.repeat(16)).unwrap();
            oracle::sh("sync");
        }
        oracle::sh(&format!("zfs create {root}/child"));
        files::assortment(&mount.join("child"), 9);
        oracle::sh(&format!("zfs snapshot -r {root}@a"));
        for name in ["half1", "half2"] {
            fs::write(mount.join(name), b"and more ".repeat(50_000)).unwrap();
        }
        oracle::sh(&format!("zfs snapshot -r {root}@b"));
        root
    })
}

/// The numbers of the algorithms that a stream's blocks are compressed by.
fn algorithms(stream: &[u8]) -> BTreeSet<u8> {
    let mut found = BTreeSet::new();
    walk(stream, |step| {
        if let Step::Record(Record::Write(write)) = step {
            found.insert(write.compression);
        }
    });
    found
}

/// Receives a stream of `@a` and compares the files; gives the target.
fn arrives(zfs: &Zfs, stream: &[u8], what: &str) -> DatasetName {
    verify(stream);
    let target = pool::other_place("anew");
    receive(zfs, stream, &target).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(
        files::contents(at(&target, "a")),
        files::contents(at(source(), "a")),
        "{what} arrived otherwise"
    );
    target
}

/// The pool is small.
fn forget(target: &DatasetName) {
    oracle::zfs(&["destroy", "-r", target.as_str()]);
}

#[test]
fn blocks_arrive_however_they_are_compressed() {
    let zfs = Zfs::open().unwrap();
    let order = zfs.send(&at(source(), "a"));
    let compressed = capture(order.clone().flags(SendFlags::COMPRESS | SendFlags::LARGE_BLOCK));
    assert_eq!(
        algorithms(&compressed),
        BTreeSet::from([0, 3, 10, 14, 15, 16]),
        "the source has not all of them"
    );
    let streams = [
        ("-L -c", compressed),
        ("-c", capture(order.clone().flags(SendFlags::COMPRESS))),
        ("plain", capture(order.clone())),
        ("-L -e -c", capture(order.flags(dense()))),
    ];
    for (flags, stream) in &streams {
        let mut plain = Vec::new();
        transform::decompress(&mut stream.as_slice(), &mut plain).unwrap();
        assert_eq!(algorithms(&plain), BTreeSet::from([0]), "{flags}");
        forget(&arrives(&zfs, &plain, &format!("{flags} decompressed")));
        for (word, number) in [("lz4", 15), ("zstd-9", 16), ("gzip-6", 10)] {
            let mut anew = Vec::new();
            let done = transform::recompress(word.parse().unwrap(), &mut stream.as_slice(), &mut anew).unwrap();
            assert_eq!(algorithms(&anew), BTreeSet::from([0, number]), "{flags} by {word}");
            assert!(done.written.bytes < verify(&plain).bytes);
            let target = arrives(&zfs, &anew, &format!("{flags} by {word}"));
            // The kernel stored the blocks as they came.
            let back = capture(zfs.send(&at(&target, "a")).flags(SendFlags::COMPRESS | SendFlags::LARGE_BLOCK));
            assert!(algorithms(&back).contains(&number), "{flags} by {word}: {:?}", algorithms(&back));
            forget(&target);
        }
    }
}

#[test]
fn what_is_sent_without_compression_is_what_decompression_makes() {
    let zfs = Zfs::open().unwrap();
    let order = zfs.send(&at(source(), "a"));
    let mut plain = Vec::new();
    let compressed = capture(order.clone().flags(SendFlags::COMPRESS | SendFlags::LARGE_BLOCK));
    transform::decompress(&mut compressed.as_slice(), &mut plain).unwrap();
    assert!(
        plain == capture(order.flags(SendFlags::LARGE_BLOCK)),
        "decompression makes another stream than a send without -c"
    );
}

#[test]
fn streams_of_a_package_arrive_one_by_one() {
    let zfs = Zfs::open().unwrap();
    let package = Command::new("zfs")
        .args(["send", "-R", "-L", "-c", &format!("{}@b", source())])
        .output()
        .unwrap();
    assert!(package.status.success());
    verify(&package.stdout);
    let directory = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    transform::split(&mut package.stdout.as_slice(), |begin| {
        names.push(begin.to_name.to_string());
        fs::File::create(directory.path().join(names.len().to_string()))
    })
    .unwrap();
    let below = |name: &str| name.strip_prefix(source().as_str()).unwrap_or_default().to_owned();
    let found: Vec<String> = names.iter().map(|name| below(name)).collect();
    assert_eq!(found, ["@a", "@b", "/child@a", "/child@b"]);
    let target = pool::other_place("parts");
    for (number, name) in (1..).zip(&found) {
        let stream = fs::read(directory.path().join(format!("{number}"))).unwrap();
        let (child, snapshot) = name.split_once('@').unwrap();
        let target: DatasetName = format!("{target}{child}").parse().unwrap();
        receive(&zfs, &stream, &target).unwrap();
        assert_eq!(
            files::contents(at(&target, snapshot)),
            files::contents(format!("{}{name}", source())),
            "{name}"
        );
    }
}

#[test]
fn an_object_left_out_stays_as_it_was() {
    let zfs = Zfs::open().unwrap();
    let target = arrives(&zfs, &capture(zfs.send(&at(source(), "a"))), "the base");
    let changed = files::mountpoint(source()).join("half1");
    let object = fs::metadata(changed).unwrap().ino();
    let increment = capture(zfs.send(&at(source(), "b")).since(since(source(), "a")));
    let mut without = Vec::new();
    transform::drop_objects(&[object..=object], &mut increment.as_slice(), &mut without).unwrap();
    verify(&without);
    receive(&zfs, &without, &target).unwrap();
    let mut expected = files::contents(at(source(), "b"));
    let before = files::contents(at(source(), "a"));
    let name = std::path::Path::new("half1");
    assert_ne!(expected.get(name), before.get(name));
    expected.insert(name.to_owned(), before.get(name).unwrap().clone());
    assert_eq!(files::contents(at(&target, "b")), expected);
}
