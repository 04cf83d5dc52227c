//! I notice when nothing happens any more, and say where everybody is in the kernel.

use std::{
    fs,
    path::Path,
    process,
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// When something happened last.
static LAST: Mutex<Option<Instant>> = Mutex::new(None);

/// Something happens.
pub(crate) fn stir() {
    *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
}

/// Ends the boot as failed when nothing happens for too long.
pub(crate) fn watch() {
    stir();
    thread::spawn(|| {
        loop {
            thread::sleep(LOOK);
            let last = *LAST.lock().unwrap_or_else(PoisonError::into_inner);
            if last.is_some_and(|last| last.elapsed() > PATIENCE) {
                println!("! nothing has happened for {} s", PATIENCE.as_secs());
                tell();
                process::exit(1);
            }
        }
    });
}

/// Each thread of ZFS's programs and ours, and whoever sleeps deeply, by where it waits.
fn tell() {
    for program in entries("/proc") {
        for thread in entries(&format!("{program}/task")) {
            let read = |file: &str| fs::read_to_string(Path::new(&thread).join(file)).unwrap_or_default();
            let name = fs::read_to_string(format!("{program}/comm")).unwrap_or_default();
            let status = read("status");
            let told = |line: &&str| TOLD.iter().any(|told| line.starts_with(told));
            let state: Vec<&str> = status.lines().filter(told).collect();
            let state = state.join(", ");
            if OURS.iter().any(|ours| name.starts_with(ours)) || state.contains("disk sleep") {
                println!("! {} {} {}, {state}", name.trim(), thread, read("comm").trim());
                print!("{}", read("stack").lines().map(|line| format!("!   {line}\n")).collect::<String>());
            }
        }
    }
}

fn entries(folder: &str) -> Vec<String> {
    let all = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    let named = all.filter(|entry| is_number(&entry.file_name().to_string_lossy()));
    named.map(|entry| entry.path().to_string_lossy().into_owned()).collect()
}

const TOLD: [&str; 4] = ["State:", "SigPnd:", "ShdPnd:", "SigBlk:"];
const OURS: [&str; 4] = ["zfs", "zpool", "crash", "txg"];
const LOOK: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(240);
