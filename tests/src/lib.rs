//! I am what tests share: a world of the model in which replication can be tried, sequences of operations that kernels must agree on, the oracle of
//! streams, and streams that no kernel should see.

pub mod chance;
pub mod mutants;
pub mod plain;
pub mod sequence;
pub mod simulation;
pub mod stream;
mod world;

pub use world::{BEGINNING, SOURCE, TARGET, World, YEAR};
