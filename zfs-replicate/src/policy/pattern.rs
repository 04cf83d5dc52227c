//! I am patterns for names, in an order: the last that matches decides.

use std::fmt;

use globset::{Glob, GlobBuilder, GlobMatcher};
use serde::{Deserialize, Serialize};

/// Patterns in the order in which they were written.
///
/// A name that none matches is meant, unless the first pattern says what to include: then only what is included is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Patterns(Vec<Pattern>);

/// One pattern, and what becomes of the names it matches.
///
/// `*` and `?` stand for anything within one part of a name, `**` for any number of parts, `[ab]` for one of some letters, `{a,b}` for one of some texts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Pattern {
    verb: Verb,
    glob: Glob,
    matcher: GlobMatcher,
}

/// What becomes of the names that a pattern matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// They are meant.
    Include,
    /// They are left alone.
    Exclude,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no pattern: {reason}")]
pub struct PatternError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Patterns {
    /// No patterns: every name is meant.
    pub const NONE: Self = Self(Vec::new());

    /// Adds one behind those that are there.
    pub fn push(&mut self, pattern: Pattern) {
        self.0.push(pattern);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pattern that decides about a name, if one matches.
    pub fn decider(&self, name: &str) -> Option<&Pattern> {
        self.0.iter().rev().find(|pattern| pattern.matcher.is_match(name))
    }

    /// What becomes of a name that none matches.
    pub fn otherwise(&self) -> Verb {
        match self.0.first() {
            Some(Pattern { verb: Verb::Include, .. }) => Verb::Exclude,
            Some(Pattern { verb: Verb::Exclude, .. }) | None => Verb::Include,
        }
    }

    /// Whether a name is meant.
    pub fn mean(&self, name: &str) -> bool {
        self.decider(name).map_or_else(|| self.otherwise(), Pattern::verb) == Verb::Include
    }
}

impl Pattern {
    /// A pattern of that text.
    ///
    /// # Errors
    ///
    /// [`PatternError`] when it is none.
    pub fn new(verb: Verb, text: &str) -> Result<Self, PatternError> {
        let fault = |reason: String| PatternError {
            text: text.to_owned(),
            reason,
        };
        if text.is_empty() {
            return Err(fault("it is empty".to_owned()));
        }
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        let glob = glob.map_err(|error| fault(error.kind().to_string()))?;
        Ok(Self {
            verb,
            matcher: glob.compile_matcher(),
            glob,
        })
    }

    /// What becomes of the names it matches.
    pub fn verb(&self) -> Verb {
        self.verb
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        (self.verb, &self.glob) == (other.verb, &other.glob)
    }
}

impl Eq for Pattern {}

/// The text, as it was written.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.glob.glob())
    }
}

/// How a pattern stands in a plan.
#[derive(Serialize, Deserialize)]
struct Written {
    verb: Verb,
    pattern: String,
}

impl From<Pattern> for Written {
    fn from(pattern: Pattern) -> Self {
        Self {
            verb: pattern.verb,
            pattern: pattern.to_string(),
        }
    }
}

impl TryFrom<Written> for Pattern {
    type Error = PatternError;

    fn try_from(written: Written) -> Result<Self, PatternError> {
        Self::new(written.verb, &written.pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `+` includes, `-` excludes.
    fn patterns(words: &str) -> Patterns {
        let mut patterns = Patterns::NONE;
        for word in words.split_whitespace() {
            let (sign, text) = word.split_at(1);
            let verb = if sign == "+" { Verb::Include } else { Verb::Exclude };
            patterns.push(Pattern::new(verb, text).unwrap());
        }
        patterns
    }

    #[test]
    fn the_last_that_matches_decides() {
        let meant = |words: &str, name: &str| patterns(words).mean(name);
        assert!(meant("", "tank/a"));
        assert!(!meant("-tank/*", "tank/a"));
        assert!(meant("-tank/*", "tank/a/b"), "a star stands for one part");
        assert!(!meant("-tank/**", "tank/a/b"));
        assert!(meant("-tank/* +tank/a", "tank/a"));
        assert!(!meant("+tank/a -tank/*", "tank/a"));
        assert!(!meant("+hourly_*", "daily_1"), "what is not included is left out");
        assert!(meant("+hourly_* +daily_[0-9]", "daily_1"));
        assert!(meant("-*_{tmp,old}", "daily_1"));
    }

    #[test]
    fn what_is_no_pattern_is_said() {
        let said = |text: &str| Pattern::new(Verb::Include, text).unwrap_err().to_string();
        assert_eq!(said(""), r#""" is no pattern: it is empty"#);
        assert!(said("tank/[a").starts_with(r#""tank/[a" is no pattern: "#));
    }

    #[test]
    fn they_are_read_as_they_were_written() {
        let written = patterns("-tank/** +tank/a");
        let text = serde_json::to_string(&written).unwrap();
        assert_eq!(
            text,
            r#"[{"verb":"exclude","pattern":"tank/**"},{"verb":"include","pattern":"tank/a"}]"#
        );
        assert_eq!(serde_json::from_str::<Patterns>(&text).unwrap(), written);
        assert!(serde_json::from_str::<Patterns>(r#"[{"verb":"include","pattern":"["}]"#).is_err());
    }
}
