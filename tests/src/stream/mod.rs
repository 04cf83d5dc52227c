//! I hold what we make of a genuine stream against the stream itself, and against what OpenZFS's own `zstream dump -v` reads in it.

mod dump;
mod genuine;

pub use dump::agree;
pub use genuine::{Genuine, pieces};
