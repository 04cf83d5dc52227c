//! I make of one stream another that says the same: compressed otherwise, in its parts, without references, without some objects.
//!
//! | function | makes of a stream |
//! |---|---|
//! | [`decompress()`] | the same with every block as it is (feature `codec`) |
//! | [`recompress()`] | the same with every block compressed as told (feature `codec`) |
//! | [`split()`] | each stream of a package by itself |
//! | [`redup()`] | the same with blocks where it refers to blocks |
//! | [`drop_objects`] | the same without some objects |
//!
//! New sums would make damage look sound, so no record is made anew before the sums of the old stream prove it: a record goes on
//! when the one behind it was read. At most one record is held, 16 MiB, and 64 MiB for the list in front of a package. What was written when a
//! transform fails is whole sound records and lacks its end.
//!
//! Checked are structure and sums, not whether the records make sense together; for streams of strangers there is
//! [`copy_verified`](super::copy_verified), before or behind.

#[cfg(feature = "codec")]
pub mod codec;
#[cfg(feature = "codec")]
mod decompress;
mod drop;
mod piece;
#[cfg(feature = "codec")]
mod recompress;
mod redup;
mod sink;
mod split;
#[cfg(test)]
mod tests;
mod trouble;

use std::io::{Read, Write};

#[cfg(feature = "codec")]
pub use decompress::decompress;
pub use drop::drop_objects;
#[cfg(feature = "codec")]
pub use recompress::recompress;
pub use redup::redup;
pub use split::split;
pub use trouble::{Reason, TransformError, Unfit};

use self::piece::{Piece, Pieces};
use self::sink::Sink;
use super::Summary;

/// What a transform read and wrote.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transformed {
    /// The stream that was there.
    pub read: Summary,
    /// The stream that was made; of all of them where there are several.
    pub written: Summary,
}

/// Gives each proved record to `edit`, which puts into the sink what becomes of it.
fn each<R, W>(
    from: &mut R,
    to: &mut W,
    mut edit: impl FnMut(Piece, &mut Sink<'_, W>) -> Result<(), TransformError>,
) -> Result<Transformed, TransformError>
where
    R: Read + ?Sized,
    W: Write + ?Sized,
{
    let mut pieces = Pieces::new(from);
    let mut sink = Sink::new(to);
    while let Some(piece) = pieces.next()? {
        edit(piece, &mut sink)?;
    }
    Ok(Transformed {
        read: *pieces.summary(),
        written: sink.finish()?,
    })
}
