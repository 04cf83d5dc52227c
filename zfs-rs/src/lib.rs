//! A safe interface to OpenZFS.

pub mod errno;
pub mod identity;
pub mod name;
pub mod nvlist;
pub mod stream;

#[cfg(feature = "calls")]
pub mod backend;
#[cfg(feature = "calls")]
mod bookmark;
#[cfg(feature = "calls")]
mod dataset;
#[cfg(feature = "calls")]
mod error;
#[cfg(feature = "calls")]
mod hold;
#[cfg(feature = "calls")]
pub mod pipe;
#[cfg(feature = "calls")]
mod property;
#[cfg(feature = "calls")]
mod receive;
#[cfg(feature = "calls")]
mod send;
#[cfg(feature = "calls")]
mod snapshot;
#[cfg(feature = "calls")]
mod worker;
#[cfg(feature = "calls")]
mod zfs;

#[cfg(feature = "calls")]
pub use crate::backend::{Base, DatasetKind, ResumeAt, SendFlags, SendProgress};
#[cfg(feature = "calls")]
pub use crate::bookmark::BookmarkInfo;
#[cfg(feature = "calls")]
pub use crate::dataset::{Children, CreateRequest, DatasetInfo, PoolInfo};
pub use crate::errno::Errno;
#[cfg(feature = "calls")]
pub use crate::error::{Cause, Error, ErrorKind, Operation, OptionalExt, Result};
#[cfg(feature = "calls")]
pub use crate::hold::{HoldInfo, TemporaryHold};
pub use crate::identity::{Guid, Txg};
pub use crate::name::{BookmarkName, DatasetName, HoldTag, NameError, PoolName, PropertyName, SnapshotName};
#[cfg(feature = "calls")]
pub use crate::property::{Properties, PropertyValue, Source};
#[cfg(feature = "calls")]
pub use crate::receive::{Incoming, Receipt, ReceiveRequest, ReceiveStream, Receiving};
#[cfg(feature = "calls")]
pub use crate::send::{SendRequest, SendStream, Sending};
#[cfg(feature = "calls")]
pub use crate::snapshot::{SnapshotInfo, Snapshots};
#[cfg(feature = "calls")]
pub use crate::zfs::{Backend, Wish, Zfs};
