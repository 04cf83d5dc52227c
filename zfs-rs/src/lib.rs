//! A safe interface to OpenZFS.

pub mod errno;
pub mod identity;
pub mod name;
pub mod nvlist;
pub mod stream;
