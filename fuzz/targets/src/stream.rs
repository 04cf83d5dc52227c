//! I am the form of an input that is a stream: how to treat it, where to cut it, and its bytes.

use std::borrow::Cow;

use crate::{
    choices::{Choices, cut},
    repair::repaired,
};

/// A stream and what to do with it.
pub(crate) struct Input<'a> {
    pub(crate) stream: Cow<'a, [u8]>,
    /// Which of the profiles a verifier is given.
    pub(crate) profile: u8,
    cuts: u16,
}

impl<'a> Input<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        let mut choices = Choices::new(data);
        let has_right_sums = choices.flag();
        let profile = choices.byte();
        let cuts = choices.half();
        let stream = choices.rest();
        Self {
            stream: if has_right_sums { repaired(stream).into() } else { stream.into() },
            profile,
            cuts,
        }
    }

    pub(crate) fn pieces(&self) -> Vec<&[u8]> {
        cut(&self.stream, self.cuts)
    }

    /// The input of a stream that is taken as it is, or with its sums made right.
    pub(crate) fn of(stream: &[u8], has_right_sums: bool) -> Vec<u8> {
        let mut input = vec![u8::from(has_right_sums), 0, 7, 0];
        input.extend_from_slice(stream);
        input
    }
}
