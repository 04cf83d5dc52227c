//! Three lines around the command line.

fn main() {}
