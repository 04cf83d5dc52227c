//! I move bytes and count them.

pub(crate) mod limit;
pub(crate) mod outcome;
pub(crate) mod pump;
pub(crate) mod route;
mod verified;

pub use verified::VerifiedCopy;
