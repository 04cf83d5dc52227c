//! I know every byte of a send stream and no file descriptor.

#![warn(clippy::arithmetic_side_effects)]

pub mod fletcher;
pub mod token;

pub use crate::nvlist::ByteOrder;
