//! Replicates ZFS datasets.

pub mod event;
pub mod plan;
pub mod policy;
pub mod reason;
pub mod run;
pub mod view;
