//! I look into streams: record by record, as a whole, and at two of them side by side.
//!
//! A [`Dump`] gives every record with its place, as a line of text and, with the feature `serde`, as JSON; an [`Inventory`] counts up what a
//! stream holds; [`compare()`] finds the first difference of two streams and says whether they bring the same all the same. None of them
//! holds records to rules: that is what [`verify`](super::verify) does.

mod compare;
mod compression;
mod contents;
mod difference;
mod dump;
mod field;

#[cfg(test)]
mod tests;

pub use compare::{CompareError, Comparison, Side, Verdict, compare};
pub use compression::Compression;
pub use contents::{Blocks, Contents, Inventory, Objects, Ranges, Tally};
pub use difference::{Difference, What};
pub use dump::{Dump, Entry};

pub(super) use field::{Listed, Value};
