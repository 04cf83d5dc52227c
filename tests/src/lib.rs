//! I am what tests share: a world of the model in which replication can be tried, and sequences of operations that kernels must agree on.

pub mod sequence;
mod world;

pub use world::{SOURCE, TARGET, World};
