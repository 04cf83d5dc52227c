//! A safe interface to OpenZFS that talks to the kernel and runs no program.
//!
//! Where a script says `zfs snapshot tank/a@now && zfs send -L tank/a@now > a.zfs` and reads English when it fails, this crate has names that
//! are proved, errors with a kind and a number, and streams whose end is said:
//!
//! ```no_run
//! # #[cfg(feature = "calls")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use zfs_rs::{SendFlags, SnapshotName, Zfs};
//!
//! let zfs = Zfs::open()?;
//! let now: SnapshotName = "tank/a@now".parse()?;
//! zfs.create_snapshots(&[now.clone()], &[])?;
//! let mut stream = zfs.send(&now).flags(SendFlags::LARGE_BLOCK).spawn()?;
//! let copied = std::io::copy(&mut stream, &mut std::fs::File::create_new("a.zfs")?);
//! stream.finish()?; // the kernel's own word on whether the stream is whole
//! copied?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "calls"))]
//! # fn main() {}
//! ```
//!
//! # Ways to the kernel
//!
//! [`Zfs::open`] goes through libzfs_core where it can be loaded, else by ioctls on `/dev/zfs` without any library, and says which in
//! [`Zfs::backend`]. Nothing is needed at build time. Both ways give the same results and the same errors, on OpenZFS 2.0 to 2.4.
//!
//! # What is where
//!
//! | room | what it is for |
//! |---|---|
//! | [`name`], [`identity`], [`errno`] | names that are proved, who a snapshot is, what a number says |
//! | [`nvlist`] | lists of named values, read and written in both encodings |
//! | [`stream`] | send streams and resume tokens: read, verified, made anew, without any kernel |
//! | [`word`] | what kinds and flags are called |
//! | [`pipe`] | what carries a stream between two calls of the kernel |
//! | [`backend`] | the seam to the kernel, for those who bring their own |
//!
//! Everything a program usually needs is at the root of the crate. Without default features only the pure rooms are built: names, nvlists,
//! streams and tokens, on any platform.
//!
//! # Features
//!
//! | feature | what it brings |
//! |---|---|
//! | `lzc` (default) | libzfs_core, where it is installed at run time |
//! | `ioctl` (default) | the kernel without any library; alone it is enough, for static programs too |
//! | `sim` | a model of the kernel, to test programs without ZFS |
//! | `codec` | blocks of streams decompressed and compressed: [`stream::transform`]; builds zstd, so it wants a C compiler |
//! | `serde` | all public data in JSON and other formats, as the words people read; what tomorrow's kernel says survives |
//!
//! # Promises
//!
//! [`Zfs`] and all orders are `Send` and `Sync`; there is no global state. Nothing panics on what the kernel, a stream or a caller brings. Every error says
//! what was asked, of which object, the kernel's number and a kind to decide upon. What may destroy data is spelled out: behind `dangerous()`, or in a
//! function of its own. Functions block until the kernel has answered; those that stream have a form that runs on a thread of its own.
//!
//! The programs in the folder `examples` are the shortest way in.
#![cfg_attr(feature = "calls", doc = "")]
#![cfg_attr(feature = "calls", doc = include_str!("functions.md"))]

pub mod errno;
pub mod identity;
pub mod name;
pub mod nvlist;
mod release;
pub mod stream;
pub mod word;

#[cfg(feature = "serde")]
mod serial;

#[cfg(feature = "calls")]
mod apart;
#[cfg(feature = "calls")]
pub mod backend;
#[cfg(feature = "calls")]
mod bookmark;
#[cfg(feature = "calls")]
mod channel;
#[cfg(feature = "calls")]
mod dataset;
#[cfg(feature = "calls")]
mod delegation;
#[cfg(feature = "calls")]
mod diff;
#[cfg(feature = "calls")]
mod error;
#[cfg(feature = "calls")]
mod event;
#[cfg(feature = "calls")]
mod feature;
#[cfg(feature = "calls")]
mod hold;
#[cfg(feature = "calls")]
mod key;
#[cfg(feature = "calls")]
mod listing;
#[cfg(feature = "calls")]
mod operation;
#[cfg(feature = "calls")]
pub mod pipe;
#[cfg(feature = "calls")]
mod pool;
#[cfg(feature = "calls")]
mod property;
#[cfg(feature = "calls")]
mod receive;
#[cfg(feature = "calls")]
mod send;
#[cfg(feature = "calls")]
mod snapshot;
#[cfg(feature = "calls")]
mod vdev;
#[cfg(feature = "calls")]
mod worker;
#[cfg(feature = "calls")]
mod zfs;

#[cfg(feature = "calls")]
pub use crate::backend::{Activity, Base, DatasetKind, PruneAge, ResumeAt, ScrubOrder, SendFlags, SendProgress, VdevOrder, WrappingKey};
#[cfg(feature = "calls")]
pub use crate::bookmark::BookmarkInfo;
#[cfg(feature = "calls")]
pub use crate::channel::ProgramRequest;
#[cfg(feature = "calls")]
pub use crate::dataset::{Children, CloneRequest, CreateRequest, DatasetInfo};
#[cfg(feature = "calls")]
pub use crate::diff::{Change, ChangedObjects, Diff, Difference, FileKind, ObjectRange};
pub use crate::errno::Errno;
#[cfg(feature = "calls")]
pub use crate::error::{Cause, Delegation, Error, ErrorKind, Missing, Operation, OptionalExt, Result};
#[cfg(feature = "calls")]
pub use crate::event::{Event, Events};
#[cfg(feature = "calls")]
pub use crate::feature::{FeatureState, Features};
#[cfg(feature = "calls")]
pub use crate::hold::{HoldInfo, TemporaryHold};
pub use crate::identity::{Guid, Txg};
#[cfg(feature = "calls")]
pub use crate::key::{EncryptionInfo, KeyFormat};
#[cfg(feature = "calls")]
pub use crate::listing::{DatasetEntry, Entries, Listing, ListingCache, SnapshotEntry};
pub use crate::name::{BookmarkName, DatasetName, HoldTag, NameError, PoolName, PropertyName, SnapshotName};
#[cfg(feature = "calls")]
pub use crate::pool::{PoolInfo, RunningScrub};
#[cfg(feature = "calls")]
pub use crate::property::{Properties, PropertyValue, Source};
#[cfg(feature = "calls")]
pub use crate::receive::{DangerousReceive, Incoming, Receipt, ReceiveRequest, ReceiveStream, Receiving};
pub use crate::release::Release;
#[cfg(feature = "calls")]
pub use crate::send::{SavedSendRequest, SendRequest, SendStream, Sending};
#[cfg(feature = "calls")]
pub use crate::snapshot::{SnapshotInfo, Snapshots};
#[cfg(feature = "calls")]
pub use crate::vdev::{DeviceInfo, DeviceRole, DeviceState, TrimRequest};
#[cfg(feature = "calls")]
pub use crate::zfs::{Backend, Wish, Zfs};

/// Whatever a program hands to its threads; this does not compile where that cannot be.
#[cfg(feature = "calls")]
const _: () = {
    const fn is_shared<T: Send + Sync>() {}
    is_shared::<Zfs>();
    is_shared::<Error>();
    is_shared::<SendRequest>();
    is_shared::<ReceiveRequest>();
    is_shared::<CreateRequest<'_>>();
    is_shared::<Incoming>();
    is_shared::<Sending>();
    is_shared::<SendStream>();
    is_shared::<Receiving>();
    is_shared::<ReceiveStream>();
    is_shared::<TemporaryHold>();
    is_shared::<Properties>();
    is_shared::<Children<'_>>();
    is_shared::<Snapshots<'_>>();
};
