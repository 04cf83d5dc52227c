//! I am the race of `zfs-replicate stream verify` against `zstream dump`, both of which read a whole stream and recalculate its checksums.

use std::env;
use std::fs::{self, File};
use std::io::{BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use vm_tests::host::cargo;
use zfs_rs::stream::record::{End, FreeObjects, Object, Write};
use zfs_rs::stream::{Begin, BeginFlags, ByteOrder, Features, Writer};

use crate::Failure;

/// Races over `file`, or a stream that is made for it.
pub(crate) fn race(file: Option<PathBuf>, repetitions: u32) -> Result<ExitCode, Failure> {
    let zstream = zstream()?;
    let ours = cargo::release("zfs-replicate", "--bin", "zfs-replicate")?;
    let room = tempfile::tempdir()?;
    let file = match file {
        Some(file) => file,
        None => make(&room.path().join("stream"))?,
    };
    let bytes = fs::metadata(&file)?.len();
    // Both find the file in memory, or, where there is not enough, both do not.
    std::io::copy(&mut File::open(&file)?, &mut std::io::sink())?;
    println!("{bytes} bytes; the whole process each, in turn, {repetitions} times");
    let verify = || Racer::new(&ours, &["stream", "verify"], &file);
    let dump = || Racer::new(&zstream, &["dump"], &file);
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..repetitions {
        our_times.push(verify().time()?);
        their_times.push(dump().time()?);
    }
    let (our_time, their_time) = (median(our_times), median(their_times));
    for (name, time) in [("zfs-replicate stream verify", our_time), ("zstream dump", their_time)] {
        println!("{name:<28} {:>8.1} ms, {}", time.as_secs_f64() * 1e3, speed(bytes, time));
    }
    println!(
        "zstream dump takes {:.2} times as long",
        their_time.as_secs_f64() / our_time.as_secs_f64()
    );
    println!("zfs-replicate stream verify has at most {} KiB in memory", peak(&ours, &file)?);
    Ok(ExitCode::SUCCESS)
}

/// A program, its words and the stream.
struct Racer(Command);

impl Racer {
    fn new(program: &Path, words: &[&str], file: &Path) -> Self {
        let mut command = Command::new(program);
        command.args(words).arg(file).stdin(Stdio::null()).stdout(Stdio::null());
        Self(command)
    }

    fn time(mut self) -> Result<Duration, Failure> {
        let begun = Instant::now();
        let status = self.0.status()?;
        let took = begun.elapsed();
        if status.success() {
            Ok(took)
        } else {
            Err(format!("{:?}: {status}", self.0).into())
        }
    }
}

/// The most memory that verifying takes, in KiB: the stream comes by a pipe, and before its last bytes come the kernel is asked.
fn peak(program: &Path, file: &Path) -> Result<u64, Failure> {
    let mut command = Command::new(program);
    command.args(["stream", "verify", "-"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn()?;
    let peak = feed(&mut child, file);
    let status = child.wait()?;
    if status.success() {
        peak
    } else {
        Err(format!("{command:?}: {status}").into())
    }
}

fn feed(child: &mut Child, file: &Path) -> Result<u64, Failure> {
    let mut pipe = child.stdin.take().ok_or("a pipe that was asked for is not there")?;
    let mut stream = File::open(file)?;
    let most = stream.metadata()?.len().saturating_sub(1);
    std::io::copy(&mut (&stream).take(most), &mut pipe)?;
    let status = fs::read_to_string(format!("/proc/{}/status", child.id()))?;
    std::io::copy(&mut stream, &mut pipe)?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.ok_or("the kernel does not say how much memory a process had")?;
    Ok(peak.trim().trim_end_matches(" kB").parse()?)
}

/// Where OpenZFS's own is, or what to do about its absence.
fn zstream() -> Result<PathBuf, Failure> {
    let paths = env::var_os("PATH").unwrap_or_default();
    let places = env::split_paths(&paths).chain([PathBuf::from("/usr/sbin")]);
    let found = places.map(|place| place.join("zstream")).find(|path| path.is_file());
    found.ok_or_else(|| "there is no zstream to race against: `apt install zfsutils-linux`, from contrib, or have it in PATH".into())
}

/// A full stream as a kernel sends it: files of blocks of 128 KiB.
fn make(path: &Path) -> Result<PathBuf, Failure> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create_new(path)?);
    let mut writer = Writer::new(ByteOrder::HOST);
    let begin = Begin {
        features: Features::SA_SPILL,
        flags: BeginFlags::SPILL_BLOCKS,
        ..Begin::new("tank/home@monday", GUID)
    };
    out.write_all(&writer.header(begin, &[])?)?;
    let free = FreeObjects {
        first_object: 0,
        count: FIRST,
        to_guid: GUID,
    };
    out.write_all(&writer.header(free, &[])?)?;
    let mut noise = File::open("/dev/urandom")?;
    let mut block = vec![0; BLOCK];
    let bonus = [0; 168];
    for object in (FIRST..).take(FILES) {
        let file = Object {
            object,
            object_type: 19,
            bonus_type: 44,
            bonus_len: 168,
            block_size: u32::try_from(BLOCK)?,
            dnode_slots: 1,
            to_guid: GUID,
            ..Object::default()
        };
        out.write_all(&writer.header(file, &bonus)?)?;
        out.write_all(&bonus)?;
        for number in 0..BLOCKS {
            noise.read_exact(&mut block)?;
            let length = u64::try_from(BLOCK)?;
            let write = Write {
                object,
                object_type: 19,
                offset: number * length,
                logical_size: length,
                to_guid: GUID,
                checksum_type: 7,
                ..Write::default()
            };
            out.write_all(&writer.header(write, &block)?)?;
            out.write_all(&block)?;
        }
    }
    let end = End {
        to_guid: GUID,
        ..End::default()
    };
    out.write_all(&writer.header(end, &[])?)?;
    out.flush()?;
    Ok(path.to_owned())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    let middle = times.len() / 2;
    times.get(middle).copied().unwrap_or_default()
}

fn speed(bytes: u64, time: Duration) -> String {
    // Bytes for a microsecond are megabytes for a second.
    let megabytes = u128::from(bytes) / time.as_micros().max(1);
    format!("{megabytes} MB/s")
}

const GUID: u64 = 5;
/// Below lie the objects that a filesystem is made of.
const FIRST: u64 = 128;
const FILES: usize = 20;
const BLOCKS: u64 = 64;
const BLOCK: usize = 128 << 10;
