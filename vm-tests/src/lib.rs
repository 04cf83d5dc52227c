//! Ring three: I boot real OpenZFS in a virtual machine and bring back what happened there.
//!
//! ```no_run
//! use vm_tests::{Image, Job, PoolDisks, Progress, Suite, Vm, VmOptions};
//!
//! # fn main() -> vm_tests::Result<()> {
//! let mut progress = Progress::to_stderr();
//! let image = Image::ensure(Suite::Trixie, &mut progress)?;
//! let disks = PoolDisks::blank(4 << 30)?;
//! let job = Job::new().program("zpool", ["create", "tank", "/dev/disk/by-id/virtio-pool0"]);
//! let outcome = Vm::boot(&image, &job, &disks, &VmOptions::default())?.wait(|line| println!("{line}"))?;
//! assert_eq!(outcome.status, 0);
//! # Ok(())
//! # }
//! ```

mod error;
pub mod host;

pub use error::{Error, Result};
pub use host::{
    crash::{Crash, Crashed},
    disk::PoolDisks,
    hardware::{Timing, VmOptions},
    image::{Image, Kit, Suite},
    job::Job,
    matrix::Matrix,
    packages,
    peers::Peer,
    progress::Progress,
    qemu::{Outcome, Vm},
    suite::Tests,
    verdict::Verdict,
    zts,
};
