//! What went wrong in the field with programs like this one goes right here, or is said; `zfs-replicate/FIELD.md` numbers it.

use std::sync::mpsc;
use std::thread;

use ring_tests::World;
use zfs_replicate::Replicator;
use zfs_replicate::plan::Work;
use zfs_replicate::policy::pattern::{Pattern, Verb};
use zfs_replicate::policy::{PropertyWish, Wish};
use zfs_replicate::reason::{Blocked, Failure, FailureKind, Outcome, Part, Side};
use zfs_replicate::run::report::{DatasetReport, Report};
use zfs_rs::backend::sim::{Call, Fault, Gate, Process, after, at_byte};
use zfs_rs::{DatasetName, Errno, ErrorKind, PoolName};

/// A root with much to send.
fn much(seed: u64) -> World {
    with_much(World::new(seed))
}

fn with_much(world: World) -> World {
    world.write("", "much", MUCH);
    world.snapshot("", "one");
    world
}

/// Plans and runs; time is the run's own, so nobody waits.
fn run(replicator: &Replicator) -> Report {
    replicator.run_in_turn(replicator.plan().expect("a plan"), |_| Some(0))
}

/// Replicates a world in which these go wrong.
fn run_with(world: &World, faults: impl IntoIterator<Item = Fault>) -> Report {
    let process = world.sim.start();
    faults.into_iter().for_each(|fault| process.inject(fault));
    run(&world.replicator(process.zfs()))
}

/// The first cause of a dataset's failure.
fn cause(dataset: &DatasetReport) -> &Failure {
    match &dataset.outcome {
        Outcome::Failed { why, .. } => &why.cause,
        _ => panic!("{dataset:#?}"),
    }
}

/// One run without faults brings everything, and another has nothing to do.
fn converges(world: &World) -> Report {
    let (report, _) = world.replicate_well();
    assert!(report.complete, "{report:#?}");
    assert_eq!(world.differences(), [""; 0]);
    assert_eq!(world.replicate_well().1, [], "a run at the goal changes nothing");
    report
}

#[test]
fn what_comes_after_an_interrupted_snapshot_follows_in_the_same_run() {
    // I7 I9
    for world in [much(7), with_much(World::encrypted(5))] {
        let killed = at_byte(HALF).on(Call::Receive).kill();
        assert!(!run_with(&world, [killed]).complete);
        world.snapshot("", "two");
        world.snapshot("", "three");
        let report = converges(&world);
        let root = &report.datasets[0];
        assert!(root.bytes_saved > HALF / 2, "{root:#?}");
        assert_eq!((root.steps_done, root.steps_planned), (3, 3));
    }
}

#[test]
fn what_is_there_already_is_not_tried_again_blindly() {
    let world = much(9);
    let report = run_with(&world, [after(0).on(Call::Receive).errno(Errno::EEXIST)]);
    let root = &report.datasets[0];
    assert_eq!((cause(root).kind, root.attempts), (FailureKind::Exists, 1), "{report:#?}");
    converges(&world);
}

#[test]
fn what_is_written_to_the_copy_in_the_last_moment_stays_there() {
    // I4 I5: nothing is received by force, so the kernel itself refuses what would cost something.
    for is_snapshotted in [false, true] {
        let world = World::new(12);
        world.snapshot("", "one");
        converges(&world);
        world.snapshot("", "two");
        let somebody = world.clone();
        let write = move || {
            let copy = somebody.target("");
            somebody.zfs.set_properties(&copy, &[("readonly", "off")]).expect("it is there");
            somebody.sim.write(&copy, 9, 0, b"own").expect("it is taken");
            if is_snapshotted {
                let own = copy.snapshot("own").expect("a proper name");
                somebody.zfs.create_snapshots(&[own], &[]).expect("the snapshot is new");
            }
        };
        let report = run_with(&world, [after(0).on(Call::Receive).meanwhile(write)]);
        let (root, copy) = (&report.datasets[0], world.target(""));
        let why = cause(root);
        assert_eq!(
            (why.side, why.part, why.kind),
            (Side::Target, Part::Receive, FailureKind::TargetModified),
            "{report:#?}"
        );
        assert_eq!(root.attempts, 1, "it does not pass by itself");
        assert_eq!(world.sim.contents(&copy).expect("it is there")[&9], b"own");
        assert_eq!(world.snapshots(&copy).len(), if is_snapshotted { 2 } else { 1 });
    }
}

#[test]
fn what_is_being_sent_and_its_base_cannot_be_pruned() {
    // I2
    let world = World::new(13);
    for short in ["one", "two"] {
        world.snapshot("", short);
        let (told, heard) = mpsc::channel();
        let somebody = world.clone();
        let prune = move || {
            for (_, snapshot) in somebody.snapshots(&somebody.source("")) {
                let pruned = somebody.zfs.destroy_snapshots(&[snapshot]);
                told.send(pruned.map_err(|error| error.kind())).expect("it is listened to");
            }
        };
        let report = run_with(&world, [after(0).on(Call::Send).meanwhile(prune)]);
        assert!(report.complete, "{report:#?}");
        let said: Vec<_> = heard.iter().collect();
        assert!(
            !said.is_empty() && said.iter().all(|said| *said == Err(ErrorKind::Busy)),
            "{said:?}"
        );
    }
}

#[test]
fn one_that_has_no_room_keeps_no_other_from_its_goal() {
    // I19
    let world = World::new(15);
    for path in ["a", "b"] {
        world.create(path);
    }
    let snapshot = |short| ["", "a", "b"].iter().for_each(|path| world.snapshot(path, short));
    snapshot("one");
    converges(&world);
    let set = |quota| {
        world
            .zfs
            .set_properties(&world.target("a"), &[("quota", quota)])
            .expect("it is there")
    };
    set("50000");
    world.write("a", "much", MUCH);
    snapshot("two");
    let report = run_with(&world, []);
    let [root, a, b] = &report.datasets[..] else {
        panic!("{report:#?}")
    };
    let why = cause(a);
    assert_eq!(
        (why.side, why.kind, a.attempts),
        (Side::Target, FailureKind::QuotaExceeded, 1),
        "{report:#?}"
    );
    assert_eq!((&root.outcome, &b.outcome), (&Outcome::Replicated, &Outcome::Replicated));
    set("none");
    converges(&world);
}

/// An encrypted source, an encrypted place on the target, and where the copy goes that is encrypted by the key of that place.
fn sealed(seed: u64) -> (World, DatasetName, DatasetName) {
    let world = World::encrypted(seed);
    let place: DatasetName = "backup/safe".parse().expect("a proper name");
    let order = world.zfs.create_filesystem(&place).key([9; 32]).property("encryption", "on");
    let order = order.property("keyformat", "raw").property("keylocation", "prompt");
    order.create().expect("the dataset is new");
    let copy = place.child("data").expect("a proper name");
    world.snapshot("", "one");
    (world, place, copy)
}

#[test]
fn a_key_that_is_not_loaded_is_named_with_its_side_before_and_in_the_middle() {
    // I13
    let (world, place, copy) = sealed(17);
    let source = world.source("");
    let begin = |process: &Process| Replicator::local(process.zfs(), source.clone(), copy.clone());
    for (side, root, call) in [(Side::Source, &source, Call::Send), (Side::Target, &place, Call::Receive)] {
        let turn = |loaded| world.sim.set_key_loaded(root, loaded).expect("it is an encryption root");
        turn(false);
        let process = world.sim.start();
        let report = run(&begin(&process));
        let why = Blocked::KeyNotLoaded { side, root: root.clone() };
        assert_eq!(report.datasets[0].outcome, Outcome::Blocked { why });
        assert!(!process.calls().into_iter().any(Call::is_change), "it was not tried");

        turn(true);
        let process = world.sim.start();
        let (sim, locked) = (world.sim.clone(), root.clone());
        let unload = move || sim.set_key_loaded(&locked, false).expect("it is an encryption root");
        process.inject(after(0).on(call).meanwhile(unload));
        let report = run(&begin(&process));
        let (root, why) = (&report.datasets[0], cause(&report.datasets[0]));
        assert_eq!(
            (why.side, why.kind, root.attempts),
            (side, FailureKind::KeyNotLoaded, 1),
            "{report:#?}"
        );
        turn(true);
    }
    assert!(run(&begin(&world.sim.start())).complete);
}

#[test]
fn raw_and_not_raw_are_not_mixed_whoever_wraps_the_keys() {
    // I13
    let mut world = World::encrypted(18);
    world.create("child");
    let snapshot = |world: &World, short| ["", "child"].iter().for_each(|path| world.snapshot(path, short));
    snapshot(&world, "one");
    converges(&world);
    for path in ["", "child"] {
        world.zfs.load_key(&world.target(path), &[7; 32]).expect("it is that of the source");
    }
    // What arrived raw is an encryption root; now it is none any more.
    world.zfs.inherit_key(&world.target("child")).expect("both keys are loaded");
    snapshot(&world, "two");
    world.is_raw = false;
    let (report, changes) = world.replicate_well();
    for dataset in &report.datasets {
        assert!(
            matches!(
                &dataset.outcome,
                Outcome::Blocked {
                    why: Blocked::RawLineage { .. }
                }
            ),
            "{report:#?}"
        );
    }
    assert_eq!(changes, []);
    world.is_raw = true;
    converges(&world);

    let (world, _, copy) = sealed(19);
    let begin = || Replicator::local(world.zfs.clone(), world.source(""), copy.clone());
    assert!(run(&begin()).complete);
    world.snapshot("", "two");
    let why = Blocked::NotRawLineage { dataset: copy.clone() };
    assert_eq!(run(&begin().raw(true)).datasets[0].outcome, Outcome::Blocked { why });
    assert!(run(&begin()).complete);
}

/// Lets a run be held up in the middle of its transfer, has something else done, and lets the first go on: it must come to its goal.
fn meanwhile(world: &World, deed: impl FnOnce()) {
    let (process, gate) = (world.sim.start(), Gate::new().expect("descriptors"));
    process.inject(at_byte(HALF).on(Call::Receive).wait_at(&gate));
    let first = world.clone();
    let first = thread::spawn(move || first.replicate(&process).expect("a plan"));
    gate.wait_until_reached();
    deed();
    gate.open();
    let report = first.join().expect("it does not panic");
    assert!(report.complete, "{report:#?}");
}

#[test]
fn a_second_run_takes_nothing_away_from_the_first() {
    // I4 I7 I8
    let world = much(24);
    meanwhile(&world, || {
        let report = run_with(&world, []);
        let why = cause(&report.datasets[0]);
        assert_eq!(
            (why.side, why.part, why.kind),
            (Side::Target, Part::Receive, FailureKind::Busy),
            "{report:#?}"
        );
    });
    converges(&world);

    // It would rather have none of what the first is receiving.
    world.write("", "more", MUCH);
    world.snapshot("", "two");
    world.snapshot("", "three");
    meanwhile(&world, || {
        let mut wish = Wish::default();
        wish.snapshots.push(Pattern::new(Verb::Exclude, "two").expect("a proper pattern"));
        let report = run(&Replicator::local(world.zfs.clone(), world.source(""), world.target("")).wish(wish));
        let why = cause(&report.datasets[0]);
        assert_eq!(
            (why.side, why.part, why.kind),
            (Side::Target, Part::Abort, FailureKind::Busy),
            "{report:#?}"
        );
    });
    converges(&world);
}

#[test]
fn nothing_piles_up_over_many_runs_that_were_killed() {
    // I3 I8
    let world = World::new(26);
    let source = world.source("");
    for generation in 0..30 {
        world.snapshot("", &format!("s{generation}"));
        let process = world.sim.start();
        process.inject(after(generation * 7 % 41).kill());
        world.replicate(&process);
        process.kill();
        world.replicate_well();
        converges(&world);
        assert!(
            world.zfs.bookmarks(&source).expect("it is there").len() <= 2,
            "in generation {generation}"
        );
        if let Some(before) = generation.checked_sub(1) {
            world.prune("", &format!("s{before}"));
        }
    }
    assert_eq!((world.snapshots(&source).len(), world.snapshots(&world.target("")).len()), (1, 30));
}

#[test]
fn a_pool_that_is_suspended_for_a_while_is_waited_for() {
    let world = much(27);
    let suspended = || after(0).on(Call::Receive).errno(Errno::EAGAIN);
    let report = run_with(&world, [suspended(), suspended()]);
    assert_eq!((report.complete, report.datasets[0].attempts), (true, 3), "{report:#?}");
    converges(&world);
}

#[test]
fn a_stream_damaged_on_its_way_is_found_by_its_receiver_and_goes_on_before_the_damage() {
    // I1 I9
    let world = much(28);
    let report = run_with(&world, [at_byte(HALF).on(Call::Receive).errno(Errno::ECKSUM)]);
    let (root, why) = (&report.datasets[0], cause(&report.datasets[0]));
    assert_eq!(
        (why.side, why.part, why.kind),
        (Side::Target, Part::Receive, FailureKind::Damaged),
        "{report:#?}"
    );
    assert_eq!(root.attempts, 1, "memory that flips bits is nothing that passes");
    assert!(converges(&world).datasets[0].bytes_saved > HALF / 2);
}

#[test]
fn names_and_values_are_nothing_but_names_and_values() {
    let world = World::new(41);
    let wish = Wish {
        recursive: true,
        property: Some(PropertyWish {
            name: "org.example:a-b_c.d+e".to_owned(),
            value: "$(exit 1); `exit 2` | 'three' \"four\" \\ > five\n#".to_owned(),
        }),
        ..Wish::default()
    };
    let property = wish.property.as_ref().expect("it is wished for");
    let (name, value) = (property.name.as_str(), property.value.as_str());
    let set = |path: &str, value: &str| {
        world
            .zfs
            .set_properties(&world.source(path), &[(name, value)])
            .expect("it is there")
    };
    set("", value);
    let paths = ["", "a b", "a b/--force", "c:d", "_. e "];
    paths[1..].iter().for_each(|path| world.create(path));
    for path in paths {
        world.snapshot(path, "-o x: true");
    }
    set("c:d", &value[..value.len() - 1]);
    let report = run(&Replicator::local(world.zfs.clone(), world.source(""), world.target("")).wish(wish.clone()));
    assert!(report.complete, "{report:#?}");
    assert_eq!(report.skipped.len(), 1);
    for path in paths.iter().filter(|path| **path != "c:d") {
        assert_eq!(world.differences_of(&world.source(path)), [""; 0]);
        let properties = world.zfs.properties(&world.target(path)).expect("it is there");
        assert_eq!(properties.value(name), None, "nothing of the source acts on its copy");
    }
    assert!(!world.exists(&world.target("c:d")));
}

#[test]
fn a_property_that_came_with_a_stream_is_nobodys_wish_here() {
    let world = World::new(40);
    let (name, value) = ("org.example:backup", "yes");
    ["mine", "mine/below"].iter().for_each(|path| world.create(path));
    world
        .zfs
        .set_properties(&world.source("mine"), &[(name, value)])
        .expect("it is there");
    // As other programs bring properties along.
    world.snapshot("mine", "one");
    let theirs = world.source("theirs");
    let mut stream = world
        .zfs
        .send(&world.source("mine").snapshot("one").expect("a proper name"))
        .spawn()
        .expect("a thread");
    let mut receiving = world.zfs.receive(&theirs).received_property(name, value).spawn().expect("a thread");
    std::io::copy(&mut stream, &mut receiving).expect("it is taken");
    stream.finish().expect("it was sent whole");
    receiving.finish().expect("it came whole");
    world.create("theirs/below");
    for path in ["mine/below", "theirs/below"] {
        world.snapshot(path, "one");
    }
    let wish = Wish {
        recursive: true,
        property: Some(PropertyWish {
            name: name.to_owned(),
            value: value.to_owned(),
        }),
        ..Wish::default()
    };
    let plan = |path: &str, wish: &Wish| {
        Replicator::local(world.zfs.clone(), world.source(path), world.target(""))
            .wish(wish.clone())
            .plan()
    };
    let names = |report: Vec<&DatasetName>| report.into_iter().map(|name| name.last().to_owned()).collect::<Vec<_>>();
    let all = plan("", &wish).expect("a plan");
    assert_eq!(
        names(all.datasets.iter().map(|dataset| &dataset.source).collect()),
        ["data", "mine", "below"]
    );
    assert_eq!(
        names(all.skipped.iter().map(|left| &left.name).collect()),
        ["data", "theirs", "below"]
    );
    // Where it was set lies above all that is looked at.
    assert!(plan("mine/below", &wish).is_ok());
    assert!(plan("theirs/below", &wish).is_err());
    let snapshots = Wish {
        snapshot_property: wish.property.clone(),
        ..Wish::default()
    };
    let is_blocked = |path| matches!(plan(path, &snapshots).expect("a plan").datasets[0].work, Work::Blocked { .. });
    assert_eq!(["mine/below", "theirs", "theirs/below"].map(is_blocked), [false, true, true]);
}

/// The pool is full in the middle of a stream, and the run does not hammer at it.
#[test]
fn a_full_pool_ends_the_dataset_at_once_and_keeps_what_has_arrived() {
    let world = much(16);
    let backup: PoolName = "backup".parse().expect("a proper name");
    world.sim.set_capacity(&backup, HALF).expect("it is there");
    let report = run_with(&world, []);
    let (root, why) = (&report.datasets[0], cause(&report.datasets[0]));
    assert_eq!(
        (why.side, why.kind, root.attempts),
        (Side::Target, FailureKind::NoSpace, 1),
        "{report:#?}"
    );
    world.sim.set_capacity(&backup, 100 * HALF).expect("it is there");
    assert!(converges(&world).datasets[0].bytes_saved > HALF / 2);
}

/// Bytes of a long snapshot: more than a pipe holds.
const MUCH: usize = 400_000;

/// Somewhere in the middle of its stream.
const HALF: u64 = 200_000;
