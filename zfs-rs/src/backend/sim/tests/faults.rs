//! I let things go wrong: at every call, at every byte, and with the power.

use super::*;
use crate::name::HoldTag;

/// A program: two snapshots replicated in order, each held meanwhile and bookmarked after. It takes up what an earlier run left.
#[expect(clippy::unwrap_in_result, reason = "only what the kernel refuses is a result here")]
fn program(zfs: &Zfs) -> Result<()> {
    let tag: HoldTag = "program".parse().unwrap();
    let target = ds("backup/a");
    for (from, snapshot) in [(None, "tank/a@1"), (Some("tank/a@1"), "tank/a@2")] {
        let short = snap(snapshot).short().to_owned();
        if zfs.snapshot(&target.snapshot(&short).unwrap()).is_ok() {
            continue;
        }
        let held = zfs.hold_while_open(&[(snap(snapshot), tag.clone())])?;
        let mut send = zfs.send(&snap(snapshot));
        if let Some(from) = from {
            send = send.since(since(from));
        }
        let there = zfs.dataset(&target).is_ok();
        let token = if there { zfs.receive_resume_token(&target)? } else { None };
        if let Some(token) = token {
            let token: crate::stream::token::ResumeToken = token.parse().unwrap();
            send = send.resume(token.point().into());
        }
        pass(send, zfs.receive(&target).resumable(true))?;
        let mark = ds("tank/a").bookmark(&short).unwrap();
        zfs.destroy_bookmarks(std::slice::from_ref(&mark))?;
        zfs.create_bookmark(&mark, &snap(snapshot))?;
        held.release();
    }
    Ok(())
}

fn world() -> Sim {
    let (sim, zfs) = machine();
    sim.write(&ds("tank/a"), 3, 0, &noise(1, 200_000)).unwrap();
    take(&zfs, "tank/a@1");
    sim.write(&ds("tank/a"), 3, 50_000, &noise(2, 100_000)).unwrap();
    take(&zfs, "tank/a@2");
    sim
}

/// Bytes of a stream that a receive into `backup/a` has carried out.
fn arrived(zfs: &Zfs) -> Option<u64> {
    let token = zfs.receive_resume_token(&ds("backup/a")).ok().flatten()?;
    token
        .parse::<crate::stream::token::ResumeToken>()
        .ok()
        .map(|token| token.point().bytes)
}

fn is_done(sim: &Sim) {
    let zfs = sim.zfs();
    program(&zfs).unwrap();
    assert_eq!(sim.contents(&snap("tank/a@2")).unwrap(), sim.contents(&snap("backup/a@2")).unwrap());
    for snapshot in zfs.snapshots(&ds("tank/a")) {
        let holds = zfs.holds(&snapshot.unwrap().name).unwrap();
        assert!(holds.is_empty(), "{holds:?}");
    }
}

#[test]
fn killed_at_any_call_the_next_run_converges() {
    let calls = {
        let sim = world();
        let process = sim.start();
        program(&process.zfs()).unwrap();
        process.calls().len()
    };
    assert!(calls > 15);
    for nth in 0..calls {
        for fault in [
            after(nth.try_into().unwrap()).kill(),
            after(nth.try_into().unwrap()).done_but_killed(),
        ] {
            let sim = world();
            let process = sim.start();
            process.inject(fault);
            let zfs = process.zfs();
            assert!(program(&zfs).is_err() || !process.is_alive());
            assert_eq!(errno(zfs.pools()), Errno::EIO);
            is_done(&sim);
        }
    }
}

#[test]
fn cut_or_killed_at_any_byte_the_next_run_goes_on_from_there() {
    let length = zfs_length();
    for byte in (0..length).step_by(7919) {
        for (call, fault) in [
            (Call::Receive, at_byte(byte).on(Call::Receive).cut()),
            (Call::Receive, at_byte(byte).on(Call::Receive).kill()),
            (Call::Send, at_byte(byte).on(Call::Send).cut()),
            (Call::Send, at_byte(byte).on(Call::Send).errno(Errno::EIO)),
        ] {
            let sim = world();
            let process = sim.start();
            process.inject(fault);
            program(&process.zfs()).unwrap_err();
            assert!(process.calls().contains(&call));
            is_done(&sim);
        }
    }
}

/// Bytes of the first stream, as a receive counts them.
fn zfs_length() -> u64 {
    let sim = world();
    let zfs = sim.zfs();
    replicate(&zfs, None, "tank/a@1", "backup/a", SendFlags::empty()).unwrap().bytes
}

#[test]
fn an_error_may_lie_about_what_was_done() {
    let (sim, _) = machine();
    let process = sim.start();
    process.inject(after(0).on(Call::Snapshot).done_but_errno(Errno::EINTR));
    let zfs = process.zfs();
    assert_eq!(errno(zfs.create_snapshots(&[snap("tank/a@1")], &[])), Errno::EINTR);
    assert!(zfs.snapshot(&snap("tank/a@1")).is_ok());
}

#[test]
fn a_kill_takes_the_temporary_holds_and_leaves_the_others() {
    let (sim, other) = machine();
    take(&other, "tank/a@1");
    let process = sim.start();
    let zfs = process.zfs();
    let held = zfs.hold_while_open(&[(snap("tank/a@1"), "short".parse().unwrap())]).unwrap();
    zfs.hold(&[(snap("tank/a@1"), "long".parse().unwrap())]).unwrap();
    process.kill();
    let tags: Vec<String> = other
        .holds(&snap("tank/a@1"))
        .unwrap()
        .iter()
        .map(|hold| hold.tag.to_string())
        .collect();
    assert_eq!(tags, ["long"]);
    drop(held);
}

#[test]
fn a_kill_ends_a_receive_that_waits_for_its_stream() {
    let (sim, other) = machine();
    // More than a pipe takes, so that the sender waits too.
    sim.write(&ds("tank/a"), 3, 0, &noise(1, 3 << 20)).unwrap();
    take(&other, "tank/a@1");
    let process = sim.start();
    let zfs = process.zfs();
    let mut stream = zfs.send(&snap("tank/a@1")).spawn().unwrap();
    let mut target = zfs.receive(&ds("backup/a")).resumable(true).spawn().unwrap();
    let mut begin = [0; 40_000];
    std::io::Read::read_exact(&mut stream, &mut begin).unwrap();
    std::io::Write::write_all(&mut target, &begin).unwrap();
    let observer = sim.zfs();
    while arrived(&observer).is_none_or(|bytes| bytes < 30_000) {
        std::thread::yield_now();
    }
    process.kill();
    // At once, whenever the threads find out.
    assert!(observer.receive_resume_token(&ds("backup/a")).unwrap().is_some());
    observer.abort_receive(&ds("backup/a")).unwrap();
    observer.destroy_snapshots(&[snap("tank/a@1")]).unwrap();
    assert_eq!(errno(target.finish()), Errno::EIO);
    assert_eq!(errno(stream.finish()), Errno::EIO);
}

#[test]
fn a_stream_that_is_held_up_holds_up_nobody_else_and_goes_on_unharmed() {
    let (sim, other) = machine();
    sim.write(&ds("tank/a"), 3, 0, &noise(1, 100_000)).unwrap();
    take(&other, "tank/a@1");
    for on in [Call::Send, Call::Receive] {
        let (process, gate) = (sim.start(), Gate::new().unwrap());
        process.inject(at_byte(40_000).on(on).wait_at(&gate));
        let slow = process.zfs();
        let (from, to) = (snap("tank/a@1"), ds(&format!("backup/{on:?}")));
        let target = to.clone();
        let passing = std::thread::spawn(move || pass(slow.send(&from), slow.receive(&target)));
        gate.wait_until_reached();
        assert!(!passing.is_finished());
        assert!(other.dataset(&to).is_err() || other.dataset(&to).unwrap().inconsistent, "{on:?}");
        take(&other, &format!("tank/a@while{on:?}"));
        gate.open();
        passing.join().unwrap().unwrap();
        assert_eq!(sim.contents(&to.snapshot("1").unwrap()).unwrap()[&3], noise(1, 100_000));
    }
}

#[test]
fn somebody_else_acts_in_the_middle_of_a_stream() {
    let (sim, other) = machine();
    sim.write(&ds("tank/a"), 3, 0, &noise(1, 100_000)).unwrap();
    take(&other, "tank/a@1");
    let (process, to) = (sim.start(), ds("backup/a"));
    let (done, heard) = std::sync::mpsc::channel();
    process.inject(at_byte(40_000).on(Call::Send).meanwhile(move || {
        done.send(other.destroy_snapshots(&[snap("tank/a@1")])).unwrap();
    }));
    pass(process.zfs().send(&snap("tank/a@1")), process.zfs().receive(&to)).unwrap();
    assert_eq!(errno(heard.recv().unwrap()), Errno::EBUSY, "it is being read");
    assert_eq!(sim.contents(&to.snapshot("1").unwrap()).unwrap()[&3], noise(1, 100_000));
}

#[test]
fn a_kill_ends_a_call_that_is_held_up() {
    let (sim, other) = machine();
    let (process, gate) = (sim.start(), Gate::new().unwrap());
    process.inject(after(0).on(Call::Snapshot).wait_at(&gate));
    let zfs = process.zfs();
    let held_up = std::thread::spawn(move || zfs.create_snapshots(&[snap("tank/a@1")], &[]));
    gate.wait_until_reached();
    process.kill();
    assert_eq!(errno(held_up.join().unwrap()), Errno::EIO);
    assert!(other.snapshot(&snap("tank/a@1")).is_err(), "a dead process changes nothing");
}

#[test]
fn a_power_cut_takes_what_was_not_on_disk() {
    let sim = world();
    let zfs = sim.zfs();
    sim.sync(&pool("tank")).unwrap();
    let before = sim.contents(&ds("tank/a")).unwrap();
    sim.write(&ds("tank/a"), 9, 0, b"not yet on disk").unwrap();
    let held = zfs.hold_while_open(&[(snap("tank/a@1"), "short".parse().unwrap())]).unwrap();
    sim.write(&ds("tank/a"), 10, 0, b"not yet on disk either").unwrap();
    sim.power_cut();
    drop(held);
    assert_eq!(errno(zfs.pools()), Errno::EIO);
    let mut after = sim.contents(&ds("tank/a")).unwrap();
    // The hold was a change of its own and took the first write along.
    assert_eq!(after.remove(&9).as_deref(), Some(b"not yet on disk".as_slice()));
    assert_eq!(after, before);
    assert!(sim.zfs().holds(&snap("tank/a@1")).unwrap().is_empty());
    is_done(&sim);
}

#[test]
fn a_power_cut_in_a_receive_leaves_what_was_synced() {
    let sim = world();
    let process = sim.start();
    let zfs = process.zfs();
    let mut stream = zfs.send(&snap("tank/a@1")).spawn().unwrap();
    let mut target = zfs.receive(&ds("backup/a")).resumable(true).spawn().unwrap();
    let mut begin = vec![0; 180_000];
    std::io::Read::read_exact(&mut stream, &mut begin).unwrap();
    std::io::Write::write_all(&mut target, &begin).unwrap();
    // All but what is read and not yet proved has been carried out.
    let observer = sim.zfs();
    while arrived(&observer).is_none_or(|bytes| bytes < 170_000) {
        std::thread::yield_now();
    }
    sim.power_cut();
    let left = arrived(&sim.zfs()).unwrap();
    assert!((100_000..170_000).contains(&left), "{left}");
    assert!(target.finish().is_err());
    is_done(&sim);
}
