//! Every tool of this repository is this program.

fn main() {}
