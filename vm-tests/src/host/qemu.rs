//! I am the machine: I boot, pass on what is said inside, and go when told or cut.

use std::{
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
        disk::PoolDisks,
        hardware::{self, RESULTS, VmOptions},
        image::Image,
        job::Job,
        scratch::Scratch,
        speech::{Said, hear},
    },
};

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

    /// Copies what the job left into a directory, which is made where it is not there.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep(&self, directory: &Path) -> Result<()> {
        fs::create_dir_all(directory).at("making", directory)?;
        let mut copy = Command::new("cp");
        let output = copy.arg("-rT").arg(self.results()).arg(directory).output().doing("starting cp")?;
        if output.status.success() {
            return Ok(());
        }
        Err(Error::Program {
            program: "cp".into(),
            status: output.status.to_string(),
            tail: tail(&String::from_utf8_lossy(&output.stderr), 10),
        })
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
        let mut command = hardware::machine(image, &scratch, disks, options, &format!("vm.mode=job vm.mark={mark}"))?;
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
        let mut vm = Self {
            child,
            scratch,
            heard: listen(ours, format!("\u{1e}{mark}")),
            limit: BOOT_LIMIT,
            deadline: begun + BOOT_LIMIT,
            begun,
            ready: None,
            status: None,
        };
        vm.await_ready()?;
        vm.limit = options.limit;
        vm.deadline = Instant::now() + options.limit;
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
        let mut child = hardware::machine(image, &scratch, disks, options, &words)?
            .args(["-chardev", "stdio,id=console,signal=off,mux=on"])
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
        match self.hear()? {
            Said::Ready { zfs, kernel } => {
                let boot = self.begun.elapsed();
                self.ready = Some(Ready { zfs, kernel, boot });
            }
            _ => return Err(self.broken("spoke out of turn")),
        }
        Ok(())
    }

    fn hear(&mut self) -> Result<Said> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        // A job that never stops talking is over time as well.
        let heard = if left.is_zero() {
            Err(RecvTimeoutError::Timeout)
        } else {
            self.heard.recv_timeout(left)
        };
        match heard {
            Ok(Said::Failed(why)) => Err(self.broken(&format!("gave up: {why}"))),
            Ok(said) => Ok(said),
            Err(RecvTimeoutError::Timeout) => {
                self.stop()?;
                Err(Error::TimeLimit {
                    limit: self.limit,
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
        let console = read(CONSOLE);
        // What a kernel panicked of stands above its trace, which may be longer than anything else that is of interest.
        let since_panic = console.lines().rev().position(|line| line.contains("Kernel panic"));
        tail(&read(COMPLAINTS), 10) + &tail(&console, since_panic.map_or(40, |lines| lines.saturating_add(1).max(40)))
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
/// A boot takes 10 s on an idle host and was seen to take 70 s on one with eight times its load; a guest that takes longer hangs.
const BOOT_LIMIT: Duration = Duration::from_secs(600);
