//! I am what a kernel once made of a sequence, kept as a line of text, so that the model can be held against it where there is no kernel.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::agree::Run;
use super::op::Op;

/// A sequence, and what the kernel made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// What the sequence is drawn from.
    pub seed: u64,
    /// The sequence itself, which stays the same when others are drawn from that seed.
    pub ops: Vec<Op>,
    /// What the kernel answered and showed.
    pub run: Run,
}

impl Recorded {
    /// What `run` says of the sequence of that seed.
    pub fn new(seed: u64, ops: &[Op], run: &Run) -> Self {
        Self {
            seed,
            ops: ops.to_vec(),
            run: run.clone(),
        }
    }
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(self).map_err(|_unwritable| fmt::Error)?;
        write!(f, "{MARK}{text}")
    }
}

impl FromStr for Recorded {
    type Err = serde_json::Error;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(line.strip_prefix(MARK).unwrap_or(line))
    }
}

/// What a recorded line begins with among others.
pub const MARK: &str = "recorded ";
