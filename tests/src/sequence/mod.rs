//! I hold kernels against each other: random sequences of operations, and those that once told two of them apart.

pub mod agree;
mod carry;
pub mod generate;
pub mod op;
pub mod record;
pub mod side;
mod state;

pub use agree::{Depth, Mismatch, Run, agree, compare, run, shrink};
pub use generate::sequence;
pub use op::Op;
pub use record::Recorded;
pub use side::{Hands, Side};
