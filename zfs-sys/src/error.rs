//! I say what is not there.

use std::{
    error::Error,
    fmt::{self, Display, Formatter},
};

/// The loaded libzfs_core is of a release that has no such function.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingSymbol {
    /// The function.
    pub name: &'static str,
    /// The library that lacks it, by the name it was found under.
    pub library: &'static str,
}

/// No usable libzfs_core was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadError {
    /// Each name looked for, in that order.
    pub tried: Vec<Attempt>,
}

/// One name under which libzfs_core was looked for in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The name given to the system.
    pub name: &'static str,
    /// What the system, or the check of the age, said to it.
    pub reason: String,
}

impl Display for MissingSymbol {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} has no function {}", self.library, self.name)
    }
}

impl Display for LoadError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("libzfs_core is not loadable")?;
        for (n, Attempt { name, reason }) in self.tried.iter().enumerate() {
            write!(f, "{} {name}: {reason}", if n == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

impl Error for MissingSymbol {}
impl Error for LoadError {}
