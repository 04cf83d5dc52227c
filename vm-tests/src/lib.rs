//! The virtual machine harness.
