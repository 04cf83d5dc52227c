//! I am what is fuzzed: a function for each format, which any bytes may be given to and which panics where a promise is broken.
//!
//! libFuzzer runs these functions by the programs in `fuzz/fuzz_targets` (`cargo xtask fuzz`); the tests of this package run the same
//! functions over seeds, mutations of them and what was found before (`cargo test -p fuzz-targets`).

mod choices;
mod names;
mod nvlist;
mod reader;
mod repair;
mod sample;
mod seed;
mod stream;
mod token;
mod verifier;
mod writer;

pub use seed::Recorded;

/// One thing to fuzz.
#[derive(Debug)]
pub struct Target {
    /// As its program and its folders are called.
    pub name: &'static str,
    /// Panics where a promise is broken.
    pub run: fn(&[u8]),
    /// Inputs to start from: ours, and what recorded streams give.
    pub seeds: fn(&Recorded) -> Vec<Vec<u8>>,
}

/// A reader says the same of a stream however it is cut; what it reads whole can be written and read again.
pub const READER: Target = Target {
    name: "reader",
    run: reader::run,
    seeds: seed::streams,
};

/// A ward hands on what its verifier has proved, and nothing else.
pub const VERIFIER: Target = Target {
    name: "verifier",
    run: verifier::run,
    seeds: seed::streams,
};

/// What a writer writes, a reader reads; what it refuses leaves no trace.
pub const WRITER: Target = Target {
    name: "writer",
    run: writer::run,
    seeds: seed::noise,
};

/// Lists in the native encoding, of both byte orders.
pub const NVLIST_NATIVE: Target = Target {
    name: "nvlist_native",
    run: nvlist::native,
    seeds: seed::native,
};

/// Lists in XDR.
pub const NVLIST_XDR: Target = Target {
    name: "nvlist_xdr",
    run: nvlist::xdr,
    seeds: seed::xdr,
};

/// Resume tokens, as texts and from what is under their checksums.
pub const TOKEN: Target = Target {
    name: "token",
    run: token::run,
    seeds: seed::tokens,
};

/// Names of pools, datasets, snapshots, bookmarks, holds and properties.
pub const NAMES: Target = Target {
    name: "names",
    run: names::run,
    seeds: seed::names,
};

/// All of them.
pub const TARGETS: [Target; 7] = [READER, VERIFIER, WRITER, NVLIST_NATIVE, NVLIST_XDR, TOKEN, NAMES];
