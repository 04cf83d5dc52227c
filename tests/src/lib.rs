//! I am what tests share: a world of the model in which replication can be tried, sequences of operations that kernels must agree on, and the oracle of
//! streams.

pub mod sequence;
pub mod stream;
mod world;

pub use world::{SOURCE, TARGET, World};
