//! I hold the harness to its word on real machines: what is said, what comes back, what survives a power cut, what is left behind.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use vm_tests::{Error, Image, Job, PoolDisks, Progress, Suite, Vm, VmOptions};

#[test]
fn a_job_speaks_ends_with_its_status_and_sends_files_back() {
    let job = sh("echo \"$GREETING\" >/dev/stderr; cat /job/note >/results/copy; printf 'no end of line'; exit 7")
        .file(note("carried"), "note")
        .env("GREETING", "it's me");
    let mut lines = Vec::new();
    let outcome = boot(&job, &disks()).wait(|line| lines.push(line.to_owned())).unwrap();
    assert_eq!(lines, ["it's me", "no end of line"]);
    assert_eq!(outcome.status, 7);
    assert_eq!(fs::read_to_string(outcome.results().join("copy")).unwrap(), "carried");
    let results = outcome.results();
    drop(outcome);
    assert!(!results.exists());
}

#[test]
fn a_pool_survives_a_power_cut_and_what_was_not_written_does_not() {
    let disks = disks();
    let job = sh(
        "zpool create tank /dev/disk/by-id/virtio-pool0 /dev/disk/by-id/virtio-pool1 && echo kept >/tank/synced && zpool sync \
                  && echo CUT && sleep 0.1 && echo lost >/tank/unsynced && sleep 600",
    );
    let mut vm = boot(&job, &disks);
    let mut said = Vec::new();
    let is_time = vm
        .lines()
        .map(Result::unwrap)
        .inspect(|line| said.push(line.clone()))
        .any(|line| line == "CUT");
    assert!(is_time, "the marker never came, but {said:?}");
    vm.cut_power().unwrap();
    let mut lines = Vec::new();
    let outcome = boot(&sh("zpool import tank && cat /tank/synced && ls /tank"), &disks)
        .wait(|line| lines.push(line.to_owned()))
        .unwrap();
    assert_eq!(lines, ["kept", "synced"]);
    assert_eq!(outcome.status, 0);
}

#[test]
fn a_job_has_only_its_time_silent_or_not() {
    let options = VmOptions {
        limit: Duration::from_secs(5),
        ..VmOptions::default()
    };
    for script in ["sleep 600", "yes"] {
        let vm = Vm::boot(&image(), &sh(script), &disks(), &options).unwrap();
        let begun = Instant::now();
        assert!(matches!(vm.wait(|_| ()), Err(Error::TimeLimit { .. })));
        assert!(begun.elapsed() < Duration::from_secs(60), "{script}");
    }
}

#[test]
fn a_kernel_that_panics_is_no_success() {
    let panic = boot(&sh("echo c >/proc/sysrq-trigger; sleep 60"), &disks()).wait(|_| ());
    let Err(Error::Guest { console, .. }) = panic else {
        unreachable!("the guest is said to live: {panic:?}")
    };
    assert!(console.contains("sysrq triggered crash"), "{console}");
}

#[test]
fn a_child_left_behind_does_not_hold_the_machine() {
    let outcome = boot(&sh("sleep 600 & echo done"), &disks()).wait(|_| ()).unwrap();
    assert_eq!(outcome.status, 0);
    assert!(outcome.ran < Duration::from_secs(30), "{:?}", outcome.ran);
}

#[test]
fn nothing_is_left_of_a_harness_that_is_killed() {
    // The same test in a child is the harness to be killed.
    if std::env::var_os(TO_BE_KILLED).is_some() {
        let disks = disks();
        let _vm = boot(&sh("sleep 600"), &disks);
        fs::write(std::env::temp_dir().join("up"), "").unwrap();
        thread::sleep(Duration::from_secs(600));
    }
    let temporary = tempfile::tempdir().unwrap();
    for signal in ["INT", "KILL"] {
        // What a shell runs in the background is deaf to INT, and so would its children be.
        let mut harness = Command::new("env")
            .arg("--default-signal=INT")
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "nothing_is_left_of_a_harness_that_is_killed", "--nocapture"])
            .env(TO_BE_KILLED, "yes")
            .env("TMPDIR", temporary.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("the guest runs", || temporary.path().join("up").exists());
        assert!(machines(temporary.path()) > 0);
        Command::new("kill")
            .args(["-s", signal, &harness.id().to_string()])
            .status()
            .unwrap();
        harness.wait().unwrap();
        fs::remove_file(temporary.path().join("up")).unwrap();
        wait_until("all is gone", || {
            fs::read_dir(temporary.path()).unwrap().count() == 0 && machines(temporary.path()) == 0
        });
    }
}

fn image() -> Image {
    Image::ensure(Suite::default(), &mut Progress::to_stderr()).unwrap()
}

fn disks() -> PoolDisks {
    PoolDisks::blank(1 << 30).unwrap()
}

fn boot(job: &Job, disks: &PoolDisks) -> Vm {
    Vm::boot(&image(), job, disks, &VmOptions::default()).unwrap()
}

fn sh(script: &str) -> Job {
    Job::new().program("sh", ["-c", script])
}

fn note(text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(text);
    fs::write(&path, text).unwrap();
    path
}

/// How many emulators work in this directory.
fn machines(directory: &Path) -> usize {
    let output = Command::new("pgrep")
        .args(["-fc", &format!("qemu-system-x86_64.*{}", directory.display())])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(120), "waited too long until {what}");
        thread::sleep(Duration::from_millis(200));
    }
}

const TO_BE_KILLED: &str = "VM_TESTS_TO_BE_KILLED";
