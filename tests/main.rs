//! Ring two: the whole engine over the simulated kernel.

mod convergence;
mod genuine;
mod kill_points;
mod refusals;
mod sequences;
