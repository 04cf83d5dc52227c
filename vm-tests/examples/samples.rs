//! I take OpenZFS's own sample streams from its package of tests: they are read as zstream reads them, and what we make of them is received. By
//! `cargo xtask vm samples`.

use std::{
    error::Error,
    fs,
    io::{Cursor, Write},
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use ring_tests::stream::{Genuine, agree};
use zfs_rs::stream::{
    Profile, Record,
    inspect::{self, Verdict},
    transform,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match samples() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn samples() -> Result<()> {
    run("zpool", &["create", "-O", "mountpoint=none", POOL, DISK], &[])?;
    // The key of an encrypted sample, at the place that the sample names.
    fs::create_dir_all("/testpool")?;
    fs::write("/testpool/pkey", "password\n")?;
    let mut count = 0;
    for entry in fs::read_dir(SAMPLES)? {
        let path = entry?.path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".zsend.bz2")) {
            sample(&path, name).map_err(|why| format!("{name}: {why}"))?;
            count += 1;
        }
    }
    println!("{count} samples");
    if count < 2 {
        return Err(format!("{SAMPLES} has fewer samples than OpenZFS 2.0 had").into());
    }
    Ok(())
}

fn sample(path: &Path, name: &str) -> Result<()> {
    let path = path.to_str().ok_or("no text")?;
    let stream = run("bunzip2", &["-c", path], &[])?;
    let genuine = Genuine::read(&stream)?;
    let records = agree(genuine.pieces(), &text(run("zstream", &["dump", "-v"], &stream)?)?)?;
    println!("{name}: {records} records are read as zstream reads them");
    let by_ref = genuine
        .pieces()
        .iter()
        .filter(|(record, _)| matches!(record, Record::WriteByRef(_)));
    let by_ref = by_ref.count();
    let mut ours = Vec::new();
    transform::redup(&mut Cursor::new(&stream), &mut ours)?;
    Genuine::read(&ours)?.is_judged_well(&Profile::any())?;
    fs::write(PLACE, &stream)?;
    let theirs = run("zstream", &["redup", PLACE], &[])?;
    let compared = inspect::compare(&mut ours.as_slice(), &mut theirs.as_slice())?;
    if compared.verdict != Verdict::Identical {
        return Err(format!("redup makes something else than zstream: {compared:?}").into());
    }
    println!("{name}: {by_ref} references become blocks, as by zstream");
    for (whose, stream) in [("ours", &ours), ("theirs", &theirs)] {
        run("zfs", &["receive", "-u", &format!("{POOL}/{name}-{whose}")], stream)?;
    }
    arrived(name)
}

/// What both were received as is the same, block for block.
fn arrived(name: &str) -> Result<()> {
    let target = |whose: &str| format!("{POOL}/{name}-{whose}");
    let listed = text(run(
        "zfs",
        &["list", "-H", "-o", "name", "-t", "snapshot", "-s", "createtxg", &target("ours")],
        &[],
    )?)?;
    let mut before: Option<&str> = None;
    for snapshot in listed.lines() {
        let snapshot = snapshot.split_once('@').map(|(_, snapshot)| snapshot).ok_or("no snapshot")?;
        let sent = |whose| {
            let full = format!("{}@{snapshot}", target(whose));
            let base = before.map(|before| format!("@{before}"));
            let mut args = vec!["send", "-w"];
            args.extend(base.iter().flat_map(|base| ["-i", base]));
            args.push(&full);
            run("zfs", &args, &[])
        };
        let compared = inspect::compare(&mut sent("ours")?.as_slice(), &mut sent("theirs")?.as_slice())?;
        // Only their names differ.
        if !matches!(compared.verdict, Verdict::Identical | Verdict::Same) {
            return Err(format!("@{snapshot} arrived otherwise: {compared:?}").into());
        }
        println!("{name}: @{snapshot} arrived as zstream's did, {} records", compared.records);
        before = Some(snapshot);
    }
    before.map(drop).ok_or_else(|| "no snapshot arrived".into())
}

/// What a program prints that reads this; it must succeed.
fn run(program: &str, args: &[&str], input: &[u8]) -> Result<Vec<u8>> {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdin = child.stdin.take();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input)));
        child.wait_with_output()
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!("{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
}

fn text(bytes: Vec<u8>) -> Result<String> {
    Ok(String::from_utf8(bytes)?)
}

const SAMPLES: &str = "/usr/share/zfs/zfs-tests/tests/functional/rsend";
const POOL: &str = "samples";
const DISK: &str = "/dev/disk/by-id/virtio-pool0";
/// zstream reads a deduplicated stream more than once.
const PLACE: &str = "/var/tmp/sample";
