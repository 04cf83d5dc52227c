//! Ring two: the whole engine over the simulated kernel.

mod cancellation;
mod convergence;
mod divergence;
mod field;
mod genuine;
mod kill_points;
mod memory;
mod mutants;
mod placeholders;
mod refusals;
mod retries;
mod sequences;
mod simulation;
