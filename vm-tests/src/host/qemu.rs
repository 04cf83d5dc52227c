//! I am the machine: I boot, pass on what is said inside, and go when told or cut.

use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader},
    os::{
        fd::OwnedFd,
        unix::{net::UnixStream, process::CommandExt},
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use crate::{
    error::{Doing, Error, Result, tail},
    host::{
        disk::{PoolDisks, sparse},
        image::Image,
        initrd,
        job::Job,
        scratch::Scratch,
        speech::{Said, hear},
    },
};

/// How a machine is made. The default suits tests.
#[derive(Clone, Debug)]
pub struct VmOptions {
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Processors; one under [`Timing::Icount`].
    pub cpus: u32,
    /// The longest it may live, boot included.
    pub limit: Duration,
    /// What the guest's clock counts.
    pub timing: Timing,
}

impl Default for VmOptions {
    fn default() -> Self {
        Self {
            memory_mib: 4096,
            cpus: 2,
            limit: Duration::from_secs(1800),
            timing: Timing::Host,
        }
    }
}

/// What the guest's clock counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timing {
    /// The host's time: fastest, and as uneven as the host.
    #[default]
    Host,
    /// Instructions of one processor: repeatable figures whatever else the host does.
    Icount,
}

/// A running guest. Dropped, it is gone at once, as by [`Vm::cut_power`].
#[derive(Debug)]
pub struct Vm {
    child: Child,
    scratch: Scratch,
    heard: Receiver<Said>,
    limit: Duration,
    deadline: Instant,
    begun: Instant,
    ready: Option<Ready>,
    status: Option<i32>,
}

#[derive(Clone, Debug)]
struct Ready {
    zfs: String,
    kernel: String,
    boot: Duration,
}

/// How a job ended that ended by itself.
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    /// The program's exit status; 128 and the signal's number when a signal ended it.
    pub status: i32,
    /// From the start of the machine to the loaded module.
    pub boot: Duration,
    /// From there to the program's end.
    pub ran: Duration,
    scratch: Scratch,
}

impl Outcome {
    /// What the job left in `/results`; removed with this value. `.dmesg` there is the guest's kernel log.
    #[must_use]
    pub fn results(&self) -> PathBuf {
        self.scratch.path().join(RESULTS)
    }
}

impl Vm {
    /// Boots `image` on a throw-away overlay and starts `job`; returns when the ZFS module is loaded and the job begins.
    ///
    /// # Errors
    /// The host cannot start the machine, or the guest does not come up.
    pub fn boot(image: &Image, job: &Job, disks: &PoolDisks, options: &VmOptions) -> Result<Self> {
        let begun = Instant::now();
        let mut scratch = Scratch::new("vm")?;
        job.write_disk(&scratch.path().join("job"), &scratch.path().join("job.d"))?;
        let mark = scratch.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (ours, theirs) = UnixStream::pair().doing("making a socket")?;
        let mut command = machine(image, &scratch, disks, options, &format!("vm.mode=job vm.mark={mark}"))?;
        let console = format!("file,id=console,path={}", scratch.path().join(CONSOLE).display());
        let child = command
            .args(["-chardev", &console])
            .args(["-chardev", "socket,id=speech,fd=0", "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=speech,nr=1"])
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(fs::File::create(scratch.path().join(COMPLAINTS)).doing("making qemu's log")?)
            // Its own group, so that Ctrl-C reaches us and not it; the scratch directory's keeper ends it then.
            .process_group(0)
            .spawn()
            .doing("starting qemu-system-x86_64")?;
        // It holds the guest's end of the socket, which must close with the machine.
        drop(command);
        scratch.watch(&child);
        let limit = options.limit;
        let mut vm = Self {
            child,
            scratch,
            heard: listen(ours, format!("\u{1e}{mark}")),
            limit,
            deadline: begun + limit,
            begun,
            ready: None,
            status: None,
        };
        vm.await_ready()?;
        Ok(vm)
    }

    /// Boots `image` with a root shell on this terminal, until the shell ends.
    ///
    /// # Errors
    /// The host cannot start the machine, or it ends badly.
    pub fn shell(image: &Image, job: &Job, disks: &PoolDisks, options: &VmOptions, size: (u16, u16)) -> Result<()> {
        let mut scratch = Scratch::new("vm")?;
        job.write_disk(&scratch.path().join("job"), &scratch.path().join("job.d"))?;
        let (rows, cols) = size;
        let words = format!(
            "vm.mode=shell vm.rows={rows} vm.cols={cols} TERM={}",
            std::env::var("TERM").unwrap_or_else(|_| "vt220".into())
        );
        let mut child = machine(image, &scratch, disks, options, &words)?
            .args(["-chardev", "stdio,id=console,signal=off"])
            .spawn()
            .doing("starting qemu-system-x86_64")?;
        scratch.watch(&child);
        let status = child.wait().doing("waiting for qemu-system-x86_64")?;
        if status.success() {
            return Ok(());
        }
        Err(Error::Program {
            program: "qemu-system-x86_64".into(),
            status: status.to_string(),
            tail: String::new(),
        })
    }

    /// The version of the ZFS module that is loaded, such as `2.3.9-1`.
    #[must_use]
    pub fn zfs_version(&self) -> &str {
        self.ready.as_ref().map_or("", |ready| &ready.zfs)
    }

    /// The kernel's release.
    #[must_use]
    pub fn kernel(&self) -> &str {
        self.ready.as_ref().map_or("", |ready| &ready.kernel)
    }

    /// How long it took from the start of the machine to the loaded module.
    #[must_use]
    pub fn boot_time(&self) -> Duration {
        self.ready.as_ref().map_or(Duration::ZERO, |ready| ready.boot)
    }

    /// The next line the job writes, standard output and error alike; `None` when the job has ended.
    ///
    /// # Errors
    /// The guest broke, or its time is over; it is gone then.
    pub fn next_line(&mut self) -> Result<Option<String>> {
        if self.status.is_some() {
            return Ok(None);
        }
        match self.hear()? {
            Said::Line(line) => Ok(Some(line)),
            Said::Exit(status) => {
                self.status = Some(status);
                Ok(None)
            }
            Said::Ready { .. } | Said::End | Said::Failed(_) => Err(self.broken("spoke out of turn")),
        }
    }

    /// The job's lines as they come, until it ends.
    pub fn lines(&mut self) -> impl Iterator<Item = Result<String>> + '_ {
        std::iter::from_fn(|| self.next_line().transpose())
    }

    /// Passes the job's lines to `each` until it ends, and fetches its results.
    ///
    /// # Errors
    /// The guest broke, or its time is over.
    pub fn wait(mut self, mut each: impl FnMut(&str)) -> Result<Outcome> {
        while let Some(line) = self.next_line()? {
            each(&line);
        }
        let status = self.status.unwrap_or_default();
        let boot = self.boot_time();
        let ran = self.begun.elapsed().saturating_sub(boot);
        if self.hear()? != Said::End {
            return Err(self.broken("did not come to its end"));
        }
        self.stop()?;
        let scratch = Scratch::new("results")?;
        let results = scratch.path().join(RESULTS);
        fs::create_dir(&results).at("making", &results)?;
        unpack(&self.scratch.path().join(RESULTS), &results)?;
        Ok(Outcome {
            status,
            boot,
            ran,
            scratch,
        })
    }

    /// Cuts the power this instant: the guest has no chance to write anything more.
    ///
    /// Its pool disks hold what its disks had confirmed and can be booted again.
    ///
    /// # Errors
    /// The host cannot end its own child.
    pub fn cut_power(mut self) -> Result<()> {
        self.stop()
    }

    fn await_ready(&mut self) -> Result<()> {
        let whole = self.deadline;
        self.deadline = whole.min(self.begun + BOOT_LIMIT);
        match self.hear()? {
            Said::Ready { zfs, kernel } => {
                let boot = self.begun.elapsed();
                self.ready = Some(Ready { zfs, kernel, boot });
            }
            _ => return Err(self.broken("spoke out of turn")),
        }
        self.deadline = whole;
        Ok(())
    }

    fn hear(&mut self) -> Result<Said> {
        match self.heard.recv_timeout(self.deadline.saturating_duration_since(Instant::now())) {
            Ok(Said::Failed(why)) => Err(self.broken(&format!("gave up: {why}"))),
            Ok(said) => Ok(said),
            Err(RecvTimeoutError::Timeout) => {
                self.stop()?;
                Err(Error::TimeLimit {
                    limit: self.limit.min(self.begun.elapsed()),
                    console: self.console(),
                })
            }
            Err(RecvTimeoutError::Disconnected) => Err(self.broken("ended without a report")),
        }
    }

    fn broken(&mut self, why: &str) -> Error {
        // Whether or not it can still be stopped, what it did is the news.
        self.stop().ok();
        Error::Guest {
            why: why.to_owned(),
            console: self.console(),
        }
    }

    fn console(&self) -> String {
        let read = |name| String::from_utf8_lossy(&fs::read(self.scratch.path().join(name)).unwrap_or_default()).into_owned();
        tail(&read(COMPLAINTS), 10) + &tail(&read(CONSOLE), 40)
    }

    fn stop(&mut self) -> Result<()> {
        // Rust's kill is a no-op once the child was waited for, so this may come twice.
        self.child.kill().doing("stopping qemu-system-x86_64")?;
        self.child.wait().doing("waiting for qemu-system-x86_64")?;
        Ok(())
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        self.stop().ok();
    }
}

/// Everything about the machine but where its console and its speech go. The console's chardev must be called `console`.
fn machine(image: &Image, scratch: &Scratch, disks: &PoolDisks, options: &VmOptions, words: &str) -> Result<Command> {
    let dir = scratch.path();
    let initrd = dir.join("initrd");
    fs::write(&initrd, initrd::pack(&image.modules())?).at("writing", &initrd)?;
    sparse(&dir.join(RESULTS), RESULTS_MAX)?;
    let [pool0, pool1] = disks.paths();
    let mut command = Command::new("qemu-system-x86_64");
    // The overlay of the root disk lives here, nameless.
    command.env("TMPDIR", dir);
    command.args([
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-no-reboot",
        "-nic",
        "none",
        "-machine",
        "pc",
        "-cpu",
        "max",
    ]);
    command.args(["-m", &options.memory_mib.to_string(), "-serial", "chardev:console"]);
    match options.timing {
        Timing::Host => command.args(["-accel", "tcg,thread=multi", "-smp", &options.cpus.to_string()]),
        Timing::Icount => command.args(["-accel", "tcg,thread=single", "-icount", "shift=0", "-smp", "1"]),
    };
    command.arg("-kernel").arg(image.kernel()).arg("-initrd").arg(initrd);
    command.args(["-append", &format!("{KERNEL_WORDS} {words}")]);
    for (serial, path, more) in [
        ("root", image.root().as_path(), ",snapshot=on"),
        ("job", &dir.join("job"), ""),
        ("results", &dir.join(RESULTS), ""),
        ("pool0", &pool0, ",discard=unmap"),
        ("pool1", &pool1, ",discard=unmap"),
    ] {
        command.arg("-drive").arg(drive(serial, path, more));
        command.args(["-device", &format!("virtio-blk-pci,drive={serial},serial={serial}")]);
    }
    Ok(command)
}

/// `cache=unsafe` skips the host's own flushes only. A write the guest saw done is in the host's memory, and we do not cut the host's power.
fn drive(serial: &str, path: &Path, more: &str) -> OsString {
    let mut words = OsString::from(format!("if=none,id={serial},format=raw,cache=unsafe{more},file="));
    // A comma in a path is said twice.
    words.push(path.to_string_lossy().replace(',', ",,"));
    words
}

fn listen(socket: UnixStream, mark: String) -> Receiver<Said> {
    // Bounded: a job that writes faster than it is read has to wait, as it would on a pipe.
    let (tell, heard) = sync_channel(1024);
    thread::spawn(move || {
        let mut reader = BufReader::new(socket);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line), Ok(1..)) {
            for said in hear(&line, &mark) {
                if tell.send(said).is_err() {
                    return;
                }
            }
            line.clear();
        }
    });
    heard
}

fn unpack(archive: &Path, into: &Path) -> Result<()> {
    let output = Command::new("tar")
        .arg("--no-same-owner")
        .arg("-xf")
        .arg(archive)
        .arg("-C")
        .arg(into)
        .output()
        .doing("starting tar")?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Program {
        program: "tar".into(),
        status: output.status.to_string(),
        tail: tail(&String::from_utf8_lossy(&output.stderr), 10),
    })
}

const CONSOLE: &str = "console.log";
const COMPLAINTS: &str = "qemu.log";
const RESULTS: &str = "results";

/// The most a job may bring back; sparse.
const RESULTS_MAX: u64 = 4 << 30;

/// Ten times the slowest boot seen; a guest that takes longer hangs.
const BOOT_LIMIT: Duration = Duration::from_secs(240);

/// A fixed host id, so that a pool is at home in every boot; a kernel or ZFS that panics ends the machine instead of hanging it.
const KERNEL_WORDS: &str = "console=ttyS0 loglevel=4 panic=-1 oops=panic mitigations=off random.trust_cpu=on spl.spl_hostid=0x7a667372 \
                            spl.spl_panic_halt=1";
