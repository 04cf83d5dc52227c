//! Replicates ZFS datasets.
//!
//! A [`Replicator`] knows what is to go where. It makes a [`Plan`], which changes nothing and can be looked at, kept, or refused; a [`Run`] of that plan is
//! awaited for what happens, as [`Event`]s, and for the [`Report`] at its end.
//!
//! ```no_run
//! use zfs_replicate::Replicator;
//!
//! # async fn replicate() -> Result<(), Box<dyn std::error::Error>> {
//! let replicator = Replicator::local(zfs_rs::Zfs::open()?, "tank/data".parse()?, "backup/data".parse()?).recursive(true);
//! let plan = replicator.plan()?;
//! let report = replicator.run(plan).finish().await;
//! assert!(report.complete, "{:?}", report.datasets);
//! # Ok(())
//! # }
//! ```
//!
//! Any executor will do: calls of the kernel have threads of their own. Whole programs are in `examples/`: a tree and how each dataset ended, a plan that is
//! kept and applied later, progress in an interface that can end the run.

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

pub use crate::drive::{Memory, Replicator, Run, Unplanned};
pub use crate::event::Event;
pub use crate::plan::Plan;
pub use crate::run::report::Report;
pub use crate::transfer::VerifiedCopy;

/// The examples of the repository's README compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
