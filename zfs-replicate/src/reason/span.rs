//! I say how long a time is, as people write it: by the largest unit that fits and the one below.

use std::fmt;

/// Seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span(pub(super) u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fitting = UNITS.iter().position(|(unit, _)| self.0 >= *unit);
        let mut units = UNITS.iter().skip(fitting.unwrap_or(UNITS.len() - 1));
        let (unit, name) = units.next().unwrap_or(&(1, "s"));
        write!(f, "{} {name}", self.0 / unit)?;
        match units.next().map(|(below, name)| (self.0 % unit / below, name)) {
            Some((rest, name)) if rest > 0 => write!(f, " {rest} {name}"),
            _ => Ok(()),
        }
    }
}

const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_by_two_units() {
        let told = [0, 59, 60, 3661, 86_400, 86_400 * 30 + 7, 86_400 * 2 + 3600].map(|seconds| Span(seconds).to_string());
        assert_eq!(told, ["0 s", "59 s", "1 min", "1 h 1 min", "1 d", "30 d", "2 d 1 h"]);
    }
}
