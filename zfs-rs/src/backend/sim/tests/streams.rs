//! I send, receive, break off and go on.

use std::fs::File;
use std::io::{Read, Write};

use super::*;
use crate::Incoming;
use crate::backend::ResumeAt;
use crate::stream::token::ResumeToken;
use crate::stream::{Features, Reader, RecordType};

const PLAIN: SendFlags = SendFlags::empty();

/// `tank/a` with two snapshots and changes of every kind between them.
fn history() -> (Sim, Zfs) {
    let (sim, zfs) = machine();
    let a = ds("tank/a");
    sim.write(&a, 3, 0, &noise(3, 50_000)).unwrap();
    sim.write(&a, 4, 0, &noise(4, 10_000)).unwrap();
    sim.write(&a, 40, 0, &noise(40, 5000)).unwrap();
    take(&zfs, "tank/a@1");
    sim.write(&a, 3, 20_000, &noise(33, 7000)).unwrap();
    sim.remove(&a, 4).unwrap();
    sim.remove(&a, 40).unwrap();
    sim.write(&a, 40, 0, b"anew").unwrap();
    sim.write(&a, 50, 0, &noise(50, 9000)).unwrap();
    take(&zfs, "tank/a@2");
    (sim, zfs)
}

fn same(sim: &Sim, one: &str, other: &str) {
    assert_eq!(sim.contents(&snap(one)).unwrap(), sim.contents(&snap(other)).unwrap());
}

fn stream(zfs: &Zfs, from: Option<&str>, snapshot: &str, flags: SendFlags) -> Vec<u8> {
    let mut order = zfs.send(&snap(snapshot)).flags(flags);
    if let Some(from) = from {
        order = order.since(since(from));
    }
    let mut stream = order.spawn().unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    stream.finish().unwrap();
    bytes
}

fn give(zfs: &Zfs, to: &str, bytes: &[u8]) -> Result<Receipt> {
    let mut target = zfs.receive(&ds(to)).resumable(true).spawn()?;
    drop(target.write_all(bytes));
    target.finish()
}

fn resume(zfs: &Zfs, token: &str, snapshot: &str, from: Option<&str>) -> crate::SendRequest {
    let token: ResumeToken = token.parse().unwrap();
    let mut order = zfs
        .send(&snap(snapshot))
        .flags(SendFlags::from(token.point()))
        .resume(ResumeAt::from(token.point()));
    if let Some(from) = from {
        order = order.since(since(from));
    }
    order
}

#[test]
fn full_and_incremental_streams_bring_the_same_contents_and_guids() {
    let (sim, zfs) = history();
    let full = replicate(&zfs, None, "tank/a@1", "backup/a", PLAIN).unwrap();
    assert_eq!(full.snapshot, snap("backup/a@1"));
    same(&sim, "tank/a@1", "backup/a@1");
    let increment = replicate(&zfs, Some("tank/a@1"), "tank/a@2", "backup/a", PLAIN).unwrap();
    assert!(increment.bytes < full.bytes);
    same(&sim, "tank/a@2", "backup/a@2");
    assert_eq!(sim.contents(&ds("backup/a")).unwrap(), sim.contents(&snap("tank/a@2")).unwrap());
    for short in ["1", "2"] {
        let guid = |dataset: &str| zfs.snapshot(&ds(dataset).snapshot(short).unwrap()).unwrap().guid;
        assert_eq!(guid("tank/a"), guid("backup/a"));
    }
    assert_eq!(zfs.properties(&ds("backup/a")).unwrap().number("written"), Some(0));
    assert!(zfs.children(&ds("backup/a")).next().is_none());
    assert!(!zfs.dataset(&ds("backup/a")).unwrap().inconsistent);
}

#[test]
fn a_bookmark_is_as_good_a_base_as_its_snapshot() {
    let (sim, zfs) = history();
    zfs.create_bookmark(&"tank/a#1".parse().unwrap(), &snap("tank/a@1")).unwrap();
    let of_snapshot = stream(&zfs, Some("tank/a@1"), "tank/a@2", PLAIN);
    assert_eq!(stream(&zfs, Some("tank/a#1"), "tank/a@2", PLAIN), of_snapshot);
    replicate(&zfs, None, "tank/a@1", "backup/a", PLAIN).unwrap();
    zfs.destroy_snapshots(&[snap("tank/a@1")]).unwrap();
    replicate(&zfs, Some("tank/a#1"), "tank/a@2", "backup/a", PLAIN).unwrap();
    same(&sim, "tank/a@2", "backup/a@2");
}

#[test]
fn a_stream_is_whole_by_the_reader_and_estimated_to_its_blocks() {
    let (_, zfs) = history();
    let bytes = stream(&zfs, None, "tank/a@2", PLAIN);
    let mut reader = Reader::new();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let (_, used) = reader.step(rest).unwrap();
        rest = &rest[used..];
    }
    let summary = reader.finish().unwrap();
    assert_eq!(summary.count(RecordType::Object), 1 + 3);
    assert_eq!(summary.count(RecordType::Write), 13 + 1 + 3);
    let estimate = zfs.send(&snap("tank/a@2")).estimate().unwrap();
    assert!(
        estimate <= summary.bytes && estimate > summary.bytes - 4096,
        "{estimate} of {}",
        summary.bytes
    );
}

#[test]
fn nothing_is_left_where_more_was_sent_than_was_guessed() {
    let (_, zfs) = history();
    let left = |bytes| {
        let point = ResumeAt {
            object: 1,
            offset: 0,
            bytes,
        };
        zfs.send(&snap("tank/a@2")).resume(point).estimate().unwrap()
    };
    let all = left(0);
    assert_eq!((left(all - 1), left(all), left(all + 1)), (1, 0, 0));
}

#[test]
fn an_interrupted_full_receive_goes_on_from_its_token() {
    let (sim, zfs) = history();
    let bytes = stream(&zfs, None, "tank/a@1", PLAIN);
    let to = ds("backup/a");
    let error = give(&zfs, "backup/a", &bytes[..40_000]).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::ZFS_ERR_STREAM_TRUNCATED));
    assert!(zfs.dataset(&to).unwrap().inconsistent);
    let text = zfs.receive_resume_token(&to).unwrap().unwrap();
    let token: ResumeToken = text.parse().unwrap();
    assert_eq!((token.point().to_name.as_str(), token.point().from_guid), ("tank/a@1", None));
    assert_eq!(token.point().to_guid, zfs.snapshot(&snap("tank/a@1")).unwrap().guid.0);
    // BEGIN, OBJECT with its size and FREE, twice; then blocks, of which the eighth is the last that the next record proves. It is sent once more.
    let ResumeAt {
        object,
        offset,
        bytes: arrived,
    } = token.point().into();
    assert_eq!((object, offset, arrived), (3, 7 * 4096, 2 * (320 + 312) + 8 * (312 + 4096)));
    // Without the token nothing goes on there.
    assert_eq!(errno(replicate(&zfs, None, "tank/a@1", "backup/a", PLAIN)), Errno::EBUSY);
    let receipt = pass(resume(&zfs, &text, "tank/a@1", None), zfs.receive(&to).resumable(true)).unwrap();
    assert!(receipt.bytes < u64::try_from(bytes.len() - 30_000).unwrap(), "{receipt:?}");
    same(&sim, "tank/a@1", "backup/a@1");
    assert_eq!(zfs.receive_resume_token(&to).unwrap(), None);
}

#[test]
fn an_interrupted_increment_hides_beside_its_target() {
    let (sim, zfs) = history();
    replicate(&zfs, None, "tank/a@1", "backup/a", PLAIN).unwrap();
    let before = sim.contents(&ds("backup/a")).unwrap();
    let bytes = stream(&zfs, Some("tank/a@1"), "tank/a@2", PLAIN);
    for end in (700..bytes.len()).step_by(997) {
        assert_eq!(errno(give(&zfs, "backup/a", &bytes[..end])), Errno::ZFS_ERR_STREAM_TRUNCATED);
        assert_eq!(sim.contents(&ds("backup/a")).unwrap(), before);
        assert!(!zfs.dataset(&ds("backup/a")).unwrap().inconsistent);
        assert_eq!(errno(give(&zfs, "backup/a", &bytes)), Errno::EBUSY);
        assert_eq!(errno(zfs.destroy_snapshots(&[snap("backup/a@1")])), Errno::EEXIST);
        let token = zfs.receive_resume_token(&ds("backup/a")).unwrap().unwrap();
        let order = resume(&zfs, &token, "tank/a@2", Some("tank/a@1"));
        pass(order, zfs.receive(&ds("backup/a")).resumable(true)).unwrap();
        same(&sim, "tank/a@2", "backup/a@2");
        assert_eq!(sim.contents(Object::PartialReceive(&ds("backup/a"))), Err(Errno::ENOENT));
        // Once more from the beginning, for the next cut.
        zfs.rename_dataset(&ds("backup/a"), &ds(&format!("backup/done{end}"))).unwrap();
        replicate(&zfs, None, "tank/a@1", "backup/a", PLAIN).unwrap();
    }
}

#[test]
fn a_partial_receive_can_be_thrown_away() {
    let (_, zfs) = history();
    let (to, full) = (ds("backup/a"), stream(&zfs, None, "tank/a@1", PLAIN));
    give(&zfs, "backup/a", &full[..30_000]).unwrap_err();
    zfs.abort_receive(&to).unwrap();
    assert!(zfs.dataset(&to).is_err());
    give(&zfs, "backup/a", &full).unwrap();
    let increment = stream(&zfs, Some("tank/a@1"), "tank/a@2", PLAIN);
    give(&zfs, "backup/a", &increment[..9000]).unwrap_err();
    zfs.abort_receive(&to).unwrap();
    assert_eq!(errno(zfs.abort_receive(&to)), Errno::ENOENT);
    give(&zfs, "backup/a", &increment).unwrap();
}

#[test]
fn a_receive_that_got_no_record_leaves_nothing_new() {
    let (_, zfs) = history();
    let bytes = stream(&zfs, None, "tank/a@1", PLAIN);
    assert_eq!(errno(give(&zfs, "backup/a", &bytes[..600])), Errno::ZFS_ERR_STREAM_TRUNCATED);
    assert!(zfs.dataset(&ds("backup/a")).is_err());
    give(&zfs, "backup/a", &bytes[..40_000]).unwrap_err();
    let token = zfs.receive_resume_token(&ds("backup/a")).unwrap().unwrap();
    let mut rest = Vec::new();
    resume(&zfs, &token, "tank/a@1", None)
        .spawn()
        .unwrap()
        .read_to_end(&mut rest)
        .unwrap();
    assert_eq!(errno(give(&zfs, "backup/a", &rest[..600])), Errno::ZFS_ERR_STREAM_TRUNCATED);
    assert_eq!(zfs.receive_resume_token(&ds("backup/a")).unwrap(), Some(token));
}

#[test]
fn what_is_not_resumable_leaves_nothing() {
    let (_, zfs) = history();
    let bytes = stream(&zfs, None, "tank/a@1", PLAIN);
    let mut target = zfs.receive(&ds("backup/a")).spawn().unwrap();
    target.write_all(&bytes[..30_000]).unwrap();
    assert_eq!(errno(target.finish()), Errno::ZFS_ERR_STREAM_TRUNCATED);
    assert!(zfs.dataset(&ds("backup/a")).is_err());
}

#[test]
fn damage_is_found_and_what_came_before_it_is_kept() {
    let (_, zfs) = history();
    let mut bytes = stream(&zfs, None, "tank/a@1", PLAIN);
    bytes[30_000] ^= 1;
    assert_eq!(errno(give(&zfs, "backup/a", &bytes)), Errno::ECKSUM);
    let token: ResumeToken = zfs.receive_resume_token(&ds("backup/a")).unwrap().unwrap().parse().unwrap();
    assert!(token.point().bytes < 30_000);
}

#[test]
fn a_stream_that_does_not_fit_its_target_is_refused_by_the_kernels_number() {
    let (sim, zfs) = history();
    let full = stream(&zfs, None, "tank/a@1", PLAIN);
    let increment = stream(&zfs, Some("tank/a@1"), "tank/a@2", PLAIN);
    assert_eq!(errno(give(&zfs, "backup/a", &increment)), Errno::ENOENT);
    assert_eq!(errno(give(&zfs, "backup/none/a", &full)), Errno::ENOENT);
    zfs.create_filesystem(&ds("backup/empty")).create().unwrap();
    assert_eq!(errno(give(&zfs, "backup/empty", &full)), Errno::EEXIST);
    assert_eq!(errno(give(&zfs, "backup/empty", &increment)), Errno::ENODEV);
    give(&zfs, "backup/a", &full).unwrap();
    assert_eq!(errno(give(&zfs, "backup/a", &full)), Errno::EEXIST);
    sim.write(&ds("backup/a"), 9, 0, b"by somebody").unwrap();
    assert_eq!(errno(give(&zfs, "backup/a", &increment)), Errno::ETXTBSY);
    // At once: not a byte of it was read.
    assert_eq!(errno(give(&zfs, "backup/a", &increment[..400])), Errno::ETXTBSY);
    sim.set_read_only(&pool("backup"), true).unwrap();
    assert_eq!(errno(give(&zfs, "backup/b", &full)), Errno::EROFS);
    let mut nonsense = full;
    nonsense[8] ^= 1;
    assert!(give(&zfs, "backup/a", &nonsense).is_err());
}

#[test]
fn a_newer_snapshot_without_changes_is_in_nobodys_way() {
    let (sim, zfs) = history();
    replicate(&zfs, None, "tank/a@1", "backup/a", PLAIN).unwrap();
    take(&zfs, "backup/a@local");
    replicate(&zfs, Some("tank/a@1"), "tank/a@2", "backup/a", PLAIN).unwrap();
    same(&sim, "tank/a@2", "backup/a@2");
}

#[test]
fn a_wrong_resume_is_refused_and_the_state_kept() {
    let (_, zfs) = history();
    let bytes = stream(&zfs, None, "tank/a@1", PLAIN);
    give(&zfs, "backup/a", &bytes[..40_000]).unwrap_err();
    let text = zfs.receive_resume_token(&ds("backup/a")).unwrap().unwrap();
    let point = ResumeAt::from(text.parse::<ResumeToken>().unwrap().point());
    let other_snapshot = zfs.send(&snap("tank/a@2")).resume(point);
    assert_eq!(
        errno(pass(other_snapshot, zfs.receive(&ds("backup/a")).resumable(true))),
        Errno::EINVAL
    );
    let other_place = zfs.send(&snap("tank/a@1")).resume(ResumeAt { offset: 0, ..point });
    assert_eq!(
        errno(pass(other_place, zfs.receive(&ds("backup/a")).resumable(true))),
        Errno::EINVAL
    );
    assert_eq!(zfs.receive_resume_token(&ds("backup/a")).unwrap(), Some(text));
}

#[test]
fn a_sender_names_what_it_lacks() {
    let (_, zfs) = history();
    let send = |from: Option<&str>, snapshot: &str| {
        errno(
            from.map_or(zfs.send(&snap(snapshot)), |from| zfs.send(&snap(snapshot)).since(since(from)))
                .estimate(),
        )
    };
    assert_eq!(send(None, "tank/a@9"), Errno::ENOENT);
    assert_eq!(send(Some("tank/a@9"), "tank/a@2"), Errno::ENOENT);
    assert_eq!(send(Some("tank/a#9"), "tank/a@2"), Errno::ESRCH);
    assert_eq!(send(Some("tank/a@2"), "tank/a@1"), Errno::EXDEV);
    assert_eq!(send(Some("tank/a@1"), "tank/a@1"), Errno::EXDEV);
}

#[test]
fn a_reader_that_goes_away_interrupts_the_sender() {
    let (sim, zfs) = history();
    sim.write(&ds("tank/a"), 60, 0, &noise(60, 3 << 20)).unwrap();
    take(&zfs, "tank/a@big");
    let mut stream = zfs.send(&snap("tank/a@big")).spawn().unwrap();
    stream.read_exact(&mut [0; 1000]).unwrap();
    assert_eq!(errno(zfs.destroy_snapshots(&[snap("tank/a@big")])), Errno::EBUSY);
    assert!(stream.progress().unwrap().unwrap().bytes > 0);
    assert_eq!(errno(stream.finish()), Errno::EINTR);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(
        errno(zfs.send(&snap("tank/a@1")).to_fd(std::os::fd::AsFd::as_fd(&writer))),
        Errno::EPIPE
    );
    zfs.destroy_snapshots(&[snap("tank/a@big")]).unwrap();
}

#[test]
fn raw_streams_hide_what_they_carry_and_need_no_key() {
    let (sim, zfs) = machine();
    let from = ds("tank/e");
    let order = zfs
        .create_filesystem(&from)
        .property("encryption", "on")
        .property("keyformat", "raw");
    order.property("keylocation", "prompt").key([7; 32]).create().unwrap();
    sim.write(&from, 3, 0, b"a secret that must not be seen").unwrap();
    take(&zfs, "tank/e@1");
    sim.write(&from, 3, 9000, b"another").unwrap();
    take(&zfs, "tank/e@2");
    sim.set_key_loaded(&from, false).unwrap();
    assert_eq!(errno(zfs.send(&snap("tank/e@1")).spawn().unwrap().finish()), Errno::EACCES);
    let bytes = stream(&zfs, None, "tank/e@1", SendFlags::RAW);
    assert!(!bytes.windows(6).any(|window| window == b"secret"));
    give(&zfs, "backup/e", &bytes).unwrap();
    give(&zfs, "backup/e", &stream(&zfs, Some("tank/e@1"), "tank/e@2", SendFlags::RAW)).unwrap();
    same(&sim, "tank/e@2", "backup/e@2");
    let properties = zfs.properties(&ds("backup/e")).unwrap();
    assert_eq!(properties.text("encryptionroot").as_deref(), Some("backup/e"));
    assert_eq!(properties.word("keystatus"), Some("unavailable"));
    // A copy that was not received raw is not encrypted or, where it is, has another key and other IV sets, which are looked at first.
    sim.set_key_loaded(&from, true).unwrap();
    let order = zfs.create_filesystem(&ds("backup/safe")).property("encryption", "on");
    let order = order.property("keyformat", "raw").property("keylocation", "prompt");
    order.key([8; 32]).create().unwrap();
    let (plain, raw) = (
        stream(&zfs, None, "tank/e@1", PLAIN),
        stream(&zfs, Some("tank/e@1"), "tank/e@2", SendFlags::RAW),
    );
    for (copy, refused) in [
        ("backup/plain", Errno::EINVAL),
        ("backup/safe/e", Errno::ZFS_ERR_FROM_IVSET_GUID_MISMATCH),
    ] {
        give(&zfs, copy, &plain).unwrap();
        assert_eq!(errno(give(&zfs, copy, &raw)), refused, "{copy}");
    }
}

#[test]
fn a_clone_is_sent_from_its_origin() {
    let (sim, zfs) = history();
    replicate(&zfs, None, "tank/a@1", "backup/a", PLAIN).unwrap();
    sim.clone_snapshot(&snap("tank/a@1"), &ds("tank/c")).unwrap();
    sim.write(&ds("tank/c"), 70, 0, b"of the clone").unwrap();
    take(&zfs, "tank/c@1");
    let order = zfs.send(&snap("tank/c@1")).since(since("tank/a@1"));
    assert_eq!(
        errno(pass(order.clone(), zfs.receive(&ds("backup/c")).resumable(true))),
        Errno::EINVAL
    );
    pass(order, zfs.receive(&ds("backup/c")).origin(snap("backup/a@1")).resumable(true)).unwrap();
    same(&sim, "tank/c@1", "backup/c@1");
    assert_eq!(zfs.dataset(&ds("backup/c")).unwrap().origin, Some(snap("backup/a@1")));
}

#[test]
fn a_volume_brings_its_size() {
    let (sim, zfs) = machine();
    zfs.create_volume(&ds("tank/v"), 1 << 20).create().unwrap();
    sim.write(&ds("tank/v"), 1, 4096, &noise(1, 20_000)).unwrap();
    take(&zfs, "tank/v@1");
    replicate(&zfs, None, "tank/v@1", "backup/v", PLAIN).unwrap();
    same(&sim, "tank/v@1", "backup/v@1");
    assert_eq!(zfs.properties(&ds("backup/v")).unwrap().number("volsize"), Some(1 << 20));
    assert_eq!(zfs.dataset(&ds("backup/v")).unwrap().kind, DatasetKind::Volume);
}

#[test]
fn properties_of_the_order_are_set_locally() {
    let (_, zfs) = history();
    let order = zfs
        .receive(&ds("backup/a"))
        .resumable(true)
        .property("readonly", "on")
        .property("guid", "4");
    let receipt = pass(zfs.send(&snap("tank/a@1")), order).unwrap();
    assert_eq!(receipt.property_errors, [("guid".to_owned(), Errno::EINVAL)]);
    let properties = zfs.properties(&ds("backup/a")).unwrap();
    assert_eq!(properties.source("readonly", "backup/a"), Some(crate::Source::Local));
}

#[test]
fn a_full_pool_and_a_quota_end_a_receive_and_keep_what_came() {
    let (sim, zfs) = history();
    sim.set_capacity(&pool("backup"), 30_000).unwrap();
    assert_eq!(errno(replicate(&zfs, None, "tank/a@1", "backup/a", PLAIN)), Errno::ENOSPC);
    assert!(zfs.receive_resume_token(&ds("backup/a")).unwrap().is_some());
    sim.set_capacity(&pool("backup"), 1 << 30).unwrap();
    zfs.abort_receive(&ds("backup/a")).unwrap();
    zfs.set_properties(&ds("backup"), &[("quota", "30000")]).unwrap();
    assert_eq!(errno(replicate(&zfs, None, "tank/a@1", "backup/a", PLAIN)), Errno::EDQUOT);
    let token = zfs.receive_resume_token(&ds("backup/a")).unwrap().unwrap();
    zfs.set_properties(&ds("backup"), &[("quota", "none")]).unwrap();
    pass(resume(&zfs, &token, "tank/a@1", None), zfs.receive(&ds("backup/a")).resumable(true)).unwrap();
    same(&sim, "tank/a@1", "backup/a@1");
}

#[test]
fn the_target_of_a_running_receive_is_busy_but_may_be_renamed() {
    let (sim, zfs) = history();
    let bytes = stream(&zfs, None, "tank/a@1", PLAIN);
    let (reader, writer) = std::io::pipe().unwrap();
    let mut writer = File::from(std::os::fd::OwnedFd::from(writer));
    writer.write_all(&bytes[..312]).unwrap();
    let incoming = Incoming::open(std::os::fd::OwnedFd::from(reader)).unwrap();
    assert_eq!(incoming.begin().features, Features::SA_SPILL);
    let receiving = zfs.receive(&ds("backup/a")).resumable(true).spawn_from(incoming).unwrap();
    while zfs.dataset(&ds("backup/a")).is_err() {
        std::thread::yield_now();
    }
    assert_eq!(errno(zfs.destroy_dataset(&ds("backup/a"))), Errno::EBUSY);
    assert_eq!(errno(zfs.create_snapshots(&[snap("backup/a@x")], &[])), Errno::EBUSY);
    zfs.rename_dataset(&ds("backup/a"), &ds("backup/b")).unwrap();
    writer.write_all(&bytes[312..]).unwrap();
    receiving.join().unwrap();
    same(&sim, "tank/a@1", "backup/b@1");
}

#[test]
fn who_is_cancelled_keeps_what_came_and_goes_on_from_there() {
    let (sim, zfs) = machine();
    sim.write(&ds("tank/a"), 3, 0, &noise(3, 3 << 20)).unwrap();
    take(&zfs, "tank/a@1");
    let (reader, writer) = crate::pipe::pipe().unwrap();
    let sending = zfs.send(&snap("tank/a@1")).spawn_to(writer).unwrap();
    // Nobody takes anything: the pipe fills.
    assert!(!sending.wait(std::time::Duration::from_millis(50)));
    sending.cancel().unwrap();
    let incoming = Incoming::open(reader).unwrap();
    let receiving = zfs.receive(&ds("backup/a")).resumable(true).spawn_from(incoming).unwrap();
    receiving.cancel().unwrap();
    let received = errno(receiving.join());
    assert_eq!(errno(sending.join()), Errno::EINTR);
    assert!([Errno::EAGAIN, Errno::ZFS_ERR_STREAM_TRUNCATED].contains(&received), "{received:?}");
    let token = zfs.receive_resume_token(&ds("backup/a")).unwrap().unwrap();
    pass(resume(&zfs, &token, "tank/a@1", None), zfs.receive(&ds("backup/a")).resumable(true)).unwrap();
    same(&sim, "tank/a@1", "backup/a@1");
}

#[test]
fn a_receive_that_waits_for_a_writer_is_cancelled_by_the_next_bytes() {
    let (_sim, zfs) = history();
    let bytes = stream(&zfs, None, "tank/a@1", PLAIN);
    let (reader, writer) = std::io::pipe().unwrap();
    let mut writer = File::from(std::os::fd::OwnedFd::from(writer));
    writer.write_all(&bytes[..20_000]).unwrap();
    let incoming = Incoming::open(std::os::fd::OwnedFd::from(reader)).unwrap();
    let receiving = zfs.receive(&ds("backup/a")).resumable(true).spawn_from(incoming).unwrap();
    receiving.cancel().unwrap();
    // It may have gone to sleep before.
    drop(writer.write_all(&bytes[20_000..20_100]));
    assert_eq!(errno(receiving.join()), Errno::EAGAIN);
    assert!(writer.write_all(&bytes[20_100..]).is_err());
}
