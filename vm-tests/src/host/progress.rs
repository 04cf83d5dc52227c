//! I tell people how far the slow things are.

use std::{
    io::Write,
    time::{Duration, Instant},
};

/// Plain lines with the time since the start, as a log and a terminal both can show them.
#[derive(Debug)]
pub struct Progress {
    begun: Instant,
    loud: bool,
}

impl Progress {
    /// Lines go to standard error.
    #[must_use]
    pub fn to_stderr() -> Self {
        Self {
            begun: Instant::now(),
            loud: true,
        }
    }

    /// Nothing is said.
    #[must_use]
    pub fn silent() -> Self {
        Self {
            begun: Instant::now(),
            loud: false,
        }
    }

    /// Says one thing.
    pub fn say(&mut self, what: &str) {
        if self.loud {
            let seconds = self.begun.elapsed().as_secs();
            // Nobody reading is no reason to stop.
            writeln!(std::io::stderr(), "[{:>2}:{:02}] {what}", seconds / 60, seconds % 60).ok();
        }
    }

    /// The time since it began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}
