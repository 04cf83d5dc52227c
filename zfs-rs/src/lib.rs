//! A safe interface to OpenZFS.
