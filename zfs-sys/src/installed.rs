//! I am what the build script read in the headers of this machine.

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
