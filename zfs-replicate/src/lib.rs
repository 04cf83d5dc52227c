//! Replicates ZFS datasets.

pub mod cli;
mod drive;
pub mod endpoint;
pub mod event;
pub mod plan;
pub mod policy;
pub mod reason;
pub mod run;
mod transfer;
pub mod view;

#[cfg(test)]
mod world;

pub use crate::drive::{Replication, Unplanned};
pub use crate::transfer::VerifiedCopy;
