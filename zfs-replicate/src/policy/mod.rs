//! I am what the administrator wants.

use serde::{Deserialize, Serialize};

pub mod selection;

/// What is wanted of one replication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wish {
    /// Everything below the named dataset too.
    pub recursive: bool,
    /// What is encrypted travels and stays encrypted, with the source's keys.
    pub raw: bool,
}
