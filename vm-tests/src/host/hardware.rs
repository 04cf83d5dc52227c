//! I am what the machine is made of: processors, memory, disks, and the kernel's first words.

use std::{ffi::OsString, fs, path::Path, process::Command, time::Duration};

use crate::{
    error::{Doing, Result},
    host::{
        disk::{PoolDisks, sparse},
        image::Image,
        initrd,
        scratch::Scratch,
    },
};

/// How a machine is made. The default suits tests.
#[derive(Clone, Debug)]
pub struct VmOptions {
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Processors; one under [`Timing::Icount`].
    pub cpus: u32,
    /// The longest its job may run; the boot has a limit of its own.
    pub limit: Duration,
    /// What the guest's clock counts.
    pub timing: Timing,
}

impl Default for VmOptions {
    fn default() -> Self {
        Self {
            memory_mib: 4096,
            cpus: 2,
            // A busy host is slow; a guest that takes longer than this hangs.
            limit: Duration::from_secs(3600),
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

/// Everything about the machine but where its console and its speech go. The console's chardev must be called `console`.
pub(crate) fn machine(image: &Image, scratch: &Scratch, disks: &PoolDisks, options: &VmOptions, words: &str) -> Result<Command> {
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
        PROCESSOR,
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

/// The file of the disk that carries results, in the machine's directory.
pub(crate) const RESULTS: &str = "results";

/// The most a job may bring back; sparse.
const RESULTS_MAX: u64 = 4 << 30;

/// All that can be emulated but what costs an emulator a third of its time: strings moved and filled by one instruction, byte for byte; a fifth level of
/// page tables; and a look at each touch of the other's memory by the kernel.
const PROCESSOR: &str = "max,erms=off,fsrm=off,fsrs=off,fzrm=off,la57=off,smap=off,smep=off";

/// A fixed host id, so that a pool is at home in every boot; a kernel or ZFS that panics ends the machine instead of hanging it; and no test of
/// the timer or watchdog, which take a host that is busy for a machine that is broken.
const KERNEL_WORDS: &str = "console=ttyS0 loglevel=4 panic=-1 oops=panic mitigations=off random.trust_cpu=on no_timer_check nowatchdog \
                            spl.spl_hostid=0x7a667372 spl.spl_panic_halt=1";
