//! What we send is what the oracle sends, byte for byte; what we say about it is true.

use std::{io::Read, process::Command, thread, time::Duration};

use zfs_rs::{Base, SendFlags, Zfs, stream::RecordType};

use super::{assert_alike, at, capture, dense, since, sources, verify};

both!(
    a_full_stream_is_that_of_the_oracle shows [send],
    an_increment_is_that_of_the_oracle shows [send_increment],
    a_raw_stream_is_that_of_the_oracle shows [send_raw],
    a_volumes_stream_is_that_of_the_oracle,
    flags_do_what_they_say,
    an_estimate_is_near_what_is_sent shows [send_estimate],
    progress_never_goes_back shows [send_progress],
);

fn a_full_stream_is_that_of_the_oracle(zfs: &Zfs) {
    let name = at(&sources().plain, "a");
    for (flags, words) in [
        (SendFlags::empty(), ""),
        (SendFlags::LARGE_BLOCK, "-L"),
        (SendFlags::COMPRESS, "-c"),
        (SendFlags::EMBED, "-e"),
        (dense(), "-L -e -c"),
    ] {
        assert_same(&capture(zfs.send(&name).flags(flags)), &format!("{words} {name}"));
    }
}

fn an_increment_is_that_of_the_oracle(zfs: &Zfs) {
    let plain = &sources().plain;
    let name = at(plain, "b");
    let order = zfs.send(&name).flags(dense());
    let by_snapshot = capture(order.clone().since(since(plain, "a")));
    assert_same(&by_snapshot, &format!("-L -e -c -i {plain}@a {name}"));
    let by_bookmark = capture(order.since(Base::Bookmark(plain.bookmark("a").unwrap())));
    assert_same(&by_bookmark, &format!("-L -e -c -i {plain}#a {name}"));
    assert!(by_bookmark.len() < capture(zfs.send(&name).flags(dense())).len() / 2);
}

fn a_raw_stream_is_that_of_the_oracle(zfs: &Zfs) {
    let sealed = &sources().sealed;
    let raw = SendFlags::RAW | dense();
    let full = capture(zfs.send(&at(sealed, "a")).flags(raw));
    assert_same(&full, &format!("-w {sealed}@a"));
    assert!(verify(&full).count(RecordType::ObjectRange) > 0, "a raw stream tells object ranges");
    let increment = capture(zfs.send(&at(sealed, "b")).flags(raw).since(since(sealed, "a")));
    assert_same(&increment, &format!("-w -i @a {sealed}@b"));
    let opened = capture(zfs.send(&at(sealed, "a")).flags(SendFlags::LARGE_BLOCK));
    assert_same(&opened, &format!("-L {sealed}@a"));
}

fn a_volumes_stream_is_that_of_the_oracle(zfs: &Zfs) {
    let name = at(&sources().volume, "a");
    assert_same(&capture(zfs.send(&name).flags(dense())), &format!("-L -e -c {name}"));
}

fn flags_do_what_they_say(zfs: &Zfs) {
    let name = at(&sources().plain, "a");
    let summary = |flags| verify(&capture(zfs.send(&name).flags(flags)));
    let bare = summary(SendFlags::empty());
    assert_eq!(bare.count(RecordType::WriteEmbedded), 0);
    let large = summary(SendFlags::LARGE_BLOCK);
    // 3 MiB and more in records of 1 MiB, which are else cut to 128 KiB.
    assert!(large.count(RecordType::Write) + 20 < bare.count(RecordType::Write));
    assert!(summary(SendFlags::EMBED).count(RecordType::WriteEmbedded) > 0);
    let dense = summary(SendFlags::LARGE_BLOCK | SendFlags::COMPRESS);
    assert!(dense.bytes + 100_000 < large.bytes, "{} {}", dense.bytes, large.bytes);
}

fn an_estimate_is_near_what_is_sent(zfs: &Zfs) {
    let plain = &sources().plain;
    let full = zfs.send(&at(plain, "a")).flags(dense());
    let increment = zfs.send(&at(plain, "b")).flags(dense()).since(since(plain, "a"));
    let by_bookmark = zfs
        .send(&at(plain, "b"))
        .flags(dense())
        .since(Base::Bookmark(plain.bookmark("a").unwrap()));
    let big = zfs.send(&at(&sources().volume, "a")).flags(dense());
    for order in [full, increment, by_bookmark, big] {
        let estimate = order.estimate().unwrap();
        let sent = u64::try_from(capture(order.clone()).len()).unwrap();
        assert!(
            estimate < 2 * sent && sent < 2 * estimate,
            "{order:?}: {estimate} were estimated, {sent} sent"
        );
    }
}

fn progress_never_goes_back(zfs: &Zfs) {
    let mut stream = zfs.send(&at(&sources().big, "a")).flags(dense()).spawn().unwrap();
    let (mut read, mut seen) = (0, Vec::new());
    let mut buffer = vec![0; 1 << 20];
    for _ in 0..12 {
        stream.read_exact(&mut buffer).unwrap();
        read += buffer.len();
        thread::sleep(Duration::from_millis(20));
        seen.extend(stream.progress().unwrap());
    }
    assert!(seen.len() > 6, "{seen:?}");
    assert!(seen.is_sorted_by_key(|progress| progress.bytes), "{seen:?}");
    assert!(seen.first().unwrap().bytes < seen.last().unwrap().bytes, "{seen:?}");
    // Beyond what was read there is only what the pipe and one record hold.
    let last = usize::try_from(seen.last().unwrap().bytes).unwrap();
    assert!((read..read + (4 << 20)).contains(&(last + (1 << 20))), "{read} read, {last} told");
    read += std::io::copy(&mut stream, &mut std::io::sink())
        .map(|more| usize::try_from(more).unwrap())
        .unwrap();
    assert!(read > 72 << 20);
    crate::support::wait_until("the send has ended", || stream.progress().unwrap().is_none());
    stream.finish().unwrap();
}

/// Equal to what `zfs send` writes, and whole.
fn assert_same(ours: &[u8], words: &str) {
    let output = Command::new("zfs").arg("send").args(words.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(verify(ours).bytes, u64::try_from(ours.len()).unwrap());
    assert_alike(ours, &output.stdout, words);
}
