//! I read what a test run said and believe nothing that does not add up.

use std::fmt;

/// How a run of tests in a guest ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Verdict {
    /// Tests that passed.
    pub passed: usize,
    /// Tests that failed.
    pub failed: usize,
    /// The names of those that failed.
    pub failures: Vec<String>,
    /// Why the run cannot be believed, whatever it counted.
    pub doubts: Vec<String>,
}

impl Verdict {
    /// Judges the lines of a run with libtest's plain output, the tests it should have run, and its exit status.
    pub fn judge(listed: &[String], lines: &[String], status: i32) -> Self {
        let mut verdict = Self::default();
        let summaries: Vec<Summary> = lines.iter().filter_map(|line| Summary::parse(line)).collect();
        let [summary] = summaries.as_slice() else {
            verdict
                .doubts
                .push(format!("{} summaries where one is due; exit status {status}", summaries.len()));
            return verdict;
        };
        verdict.passed = summary.passed;
        verdict.failed = summary.failed;
        verdict.failures = lines.iter().filter_map(|line| failure(line, listed)).collect();
        let run = summary.passed + summary.failed;
        if listed.is_empty() || run == 0 {
            verdict.doubts.push("no test ran".into());
        }
        if run != listed.len() {
            verdict.doubts.push(format!("{run} tests ran, {} were listed", listed.len()));
        }
        if summary.ignored != 0 {
            verdict.doubts.push(format!("{} tests are ignored", summary.ignored));
        }
        if (status == 0) != (summary.failed == 0) {
            verdict.doubts.push(format!("exit status {status} with {} failed", summary.failed));
        }
        verdict
    }

    /// Of two runs, that of both.
    pub fn and(mut self, other: Self) -> Self {
        self.passed += other.passed;
        self.failed += other.failed;
        self.failures.extend(other.failures);
        self.doubts.extend(other.doubts);
        self
    }

    /// A run that cannot be believed for one reason.
    pub fn doubted(why: impl Into<String>) -> Self {
        Self {
            doubts: vec![why.into()],
            ..Self::default()
        }
    }

    /// Whether every listed test ran and passed.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.passed > 0 && self.failed == 0 && self.doubts.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.failures {
            writeln!(f, "failed: {name}")?;
        }
        for doubt in &self.doubts {
            writeln!(f, "not to be believed: {doubt}")?;
        }
        // A run in doubt has failed, and the counts say so too.
        let failed = if self.doubts.is_empty() { self.failed } else { self.failed.max(1) };
        write!(f, "{} passed, {failed} failed", self.passed)
    }
}

/// The names in the answer to `--list --format terse`.
#[must_use]
pub fn parse_list(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .map(str::to_owned)
        .collect()
}

struct Summary {
    passed: usize,
    failed: usize,
    ignored: usize,
}

impl Summary {
    fn parse(line: &str) -> Option<Self> {
        // "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.10s"
        let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let count = |what: &str| counts.split("; ").find_map(|part| part.strip_suffix(what)?.trim().parse().ok());
        Some(Self {
            passed: count(" passed")?,
            failed: count(" failed")?,
            ignored: count(" ignored")?,
        })
    }
}

/// libtest repeats the names of failed tests at its end, each alone on an indented line.
fn failure(line: &str, listed: &[String]) -> Option<String> {
    let name = line.strip_prefix("    ")?;
    listed.iter().any(|test| test == name).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(listed: &[&str], text: &str, status: i32) -> Verdict {
        let own = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect::<Vec<_>>();
        Verdict::judge(&own(listed.to_vec()), &own(text.lines().collect()), status)
    }

    const GOOD: &str = "running 2 tests\ntest a ... ok\ntest b ... ok\n\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.10s\n";
    const BAD: &str =
        "failures:\n    b\n\ntest result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s\n";

    #[test]
    fn a_run_of_all_that_was_listed_is_good() {
        let verdict = judge(&["a", "b"], GOOD, 0);
        assert!(verdict.is_good());
        assert_eq!(verdict.to_string(), "2 passed, 0 failed");
    }

    #[test]
    fn a_failure_is_named_and_counted() {
        let verdict = judge(&["a", "b"], BAD, 101);
        assert!(!verdict.is_good());
        assert_eq!(verdict.to_string(), "failed: b\n1 passed, 1 failed");
    }

    #[test]
    fn a_run_that_does_not_add_up_is_not_good() {
        assert!(!judge(&["a", "b", "c"], GOOD, 0).is_good(), "one test was lost");
        assert!(!judge(&["a", "b"], GOOD, 101).is_good(), "the status denies the summary");
        assert!(!judge(&["a", "b"], BAD, 0).is_good());
        assert!(!judge(&["a", "b"], "test a ... ok\n", 0).is_good(), "it never came to its end");
        assert!(!judge(&["a", "b"], &GOOD.repeat(2), 0).is_good(), "two ends");
        assert!(!judge(&["a", "b"], &GOOD.replace("0 ignored", "1 ignored"), 0).is_good());
        assert!(!judge(&[], &GOOD.replace('2', "0"), 0).is_good(), "nothing ran");
        assert_eq!(judge(&[], "", 0).to_string().lines().last(), Some("0 passed, 1 failed"));
    }

    #[test]
    fn two_runs_are_as_good_as_the_worse() {
        let good = || judge(&["a", "b"], GOOD, 0);
        assert_eq!(good().and(good()).passed, 4);
        assert!(good().and(good()).is_good());
        assert!(!good().and(judge(&["a", "b"], BAD, 101)).is_good());
        assert!(!Verdict::doubted("why").and(good()).is_good());
    }

    #[test]
    fn a_list_is_its_tests() {
        assert_eq!(parse_list("a::b: test\nc: bench\nd: test\n"), ["a::b", "d"]);
    }
}
