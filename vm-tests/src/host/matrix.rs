//! I make one table of what was shown on every release, and count as missing what nobody showed.

use std::{collections::BTreeSet, fmt, time::Duration};

use crate::host::{image::Suite, verdict::Verdict};

/// How one release's run of the tests ended.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The release, by the suite it comes from.
    pub suite: Suite,
    /// OpenZFS's own version there; empty where it never came up.
    pub openzfs: String,
    /// What the tests came to.
    pub verdict: Verdict,
    /// From the start to the verdict.
    pub took: Duration,
    /// What they have shown of functions.
    pub shown: Vec<Shown>,
}

/// One test's word about one function by one way to the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    function: String,
    backend: String,
    how: How,
}

/// From best to worst: the worst word about a function is the one that counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    /// It did what it says.
    Done,
    /// The release lacks it, and the refusal says which one has it.
    Needs(String),
    /// Neither.
    Failed,
}

impl Shown {
    /// Reads `function NAME BACKEND done`, `… needs RELEASE` or `… failed`; any other line says nothing.
    #[must_use]
    pub fn read(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("function ")?.split(' ');
        let (function, backend) = (words.next()?.to_owned(), words.next()?.to_owned());
        let how = match (words.next()?, words.next(), words.next()) {
            ("done", None, None) => How::Done,
            ("needs", Some(release), None) => How::Needs(release.to_owned()),
            ("failed", None, None) => How::Failed,
            _ => return None,
        };
        Some(Self { function, backend, how })
    }
}

/// Function × backend × release.
#[derive(Clone, Debug)]
#[must_use]
pub struct Matrix {
    runs: Vec<Ran>,
    functions: BTreeSet<String>,
}

impl Matrix {
    /// Of these runs; `expected` are functions that have a row even if no test speaks of them.
    pub fn of(runs: Vec<Ran>, expected: impl IntoIterator<Item = String>) -> Self {
        let spoken = runs.iter().flat_map(|run| &run.shown).map(|shown| shown.function.clone());
        let functions = expected.into_iter().chain(spoken).collect();
        Self { runs, functions }
    }

    /// Whether every run is to be believed and passed, and every function was shown everywhere.
    #[must_use]
    pub fn is_good(&self) -> bool {
        !self.runs.is_empty() && self.runs.iter().all(|run| run.verdict.is_good()) && self.is_complete()
    }

    /// Whether every function was shown by both ways on every release.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.functions.is_empty() && self.cells().all(|how| matches!(how, Some(How::Done | How::Needs(_))))
    }

    fn cells(&self) -> impl Iterator<Item = Option<&How>> {
        let columns = || self.runs.iter().flat_map(|run| BACKENDS.map(|backend| (run, backend)));
        let functions = self.functions.iter();
        functions.flat_map(move |function| columns().map(move |(run, backend)| run.how(function, backend)))
    }
}

impl Ran {
    fn how(&self, function: &str, backend: &str) -> Option<&How> {
        let words = self.shown.iter();
        words
            .filter(|shown| shown.function == function && shown.backend == backend)
            .map(|shown| &shown.how)
            .max()
    }

    fn openzfs(&self) -> &str {
        // "2.3.9-1~bpo" and the like: the packager's part says nothing here.
        self.openzfs.split('-').next().unwrap_or_default()
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.functions.iter().map(String::len).max().unwrap_or_default().max(8);
        write!(f, "{:name$}", "")?;
        for run in &self.runs {
            write!(f, "  {:<14}", run.openzfs())?;
        }
        write!(f, "\n{:name$}", "function")?;
        for _ in &self.runs {
            write!(f, "  {:<6}  {:<6}", BACKENDS[0], BACKENDS[1])?;
        }
        writeln!(f)?;
        for function in &self.functions {
            write!(f, "{function:name$}")?;
            for run in &self.runs {
                for backend in BACKENDS {
                    write!(f, "  {:<6}", word(run.how(function, backend)))?;
                }
            }
            writeln!(f)?;
        }
        let all = self.cells().count();
        let done = self.cells().filter(|how| matches!(how, Some(How::Done))).count();
        let lacking = self.cells().filter(|how| matches!(how, Some(How::Needs(_)))).count();
        writeln!(
            f,
            "{} functions × {} backends × {} releases = {all}: {done} ok, {lacking} refused for the release named, {} missing or failed\n",
            self.functions.len(),
            BACKENDS.len(),
            self.runs.len(),
            all - done - lacking
        )?;
        for run in &self.runs {
            let verdict = run.verdict.to_string();
            let last = verdict.lines().last().unwrap_or_default();
            let seconds = run.took.as_secs();
            writeln!(
                f,
                "{:<17} OpenZFS {:<8} {:>3}:{:02}  {last}",
                run.suite.name(),
                run.openzfs(),
                seconds / 60,
                seconds % 60
            )?;
        }
        Ok(())
    }
}

fn word(how: Option<&How>) -> String {
    match how {
        Some(How::Done) => "ok".into(),
        Some(How::Needs(release)) => format!("≥{release}"),
        Some(How::Failed) => "FAIL".into(),
        None => "-".into(),
    }
}

/// The ways to the kernel, by the names the tests give them.
const BACKENDS: [&str; 2] = ["ioctl", "lzc"];

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(suite: Suite, said: &str) -> Ran {
        Ran {
            suite,
            openzfs: "2.1.11-1+deb12u1".into(),
            verdict: Verdict {
                passed: 4,
                ..Verdict::default()
            },
            took: Duration::from_secs(125),
            shown: said.lines().filter_map(Shown::read).collect(),
        }
    }

    fn rows(matrix: &Matrix) -> Vec<Vec<String>> {
        let text = matrix.to_string();
        let cells = |line: &str| line.split_whitespace().map(str::to_owned).collect();
        text.lines().skip(2).take(matrix.functions.len()).map(cells).collect()
    }

    const ALL: &str = "function hold ioctl done\nfunction hold lzc done\nfunction heal ioctl needs 2.2\nfunction heal lzc needs 2.2";

    #[test]
    fn what_was_shown_everywhere_is_good() {
        let matrix = Matrix::of(vec![ran(Suite::Bookworm, ALL), ran(Suite::Trixie, ALL)], ["hold".to_owned()]);
        assert!(matrix.is_good());
        assert_eq!(
            rows(&matrix),
            [vec!["heal", "≥2.2", "≥2.2", "≥2.2", "≥2.2"], vec!["hold", "ok", "ok", "ok", "ok"]]
        );
        let text = matrix.to_string();
        assert!(text.contains("2 functions × 2 backends × 2 releases = 8: 4 ok, 4 refused for the release named, 0 missing or failed"));
        assert!(
            text.ends_with("trixie            OpenZFS 2.1.11     2:05  4 passed, 0 failed\n"),
            "{text}"
        );
    }

    #[test]
    fn what_nobody_showed_is_missing_and_never_good() {
        let expected = ["hold".to_owned(), "rollback".to_owned()];
        let matrix = Matrix::of(vec![ran(Suite::Trixie, "function hold ioctl done")], expected);
        assert!(!matrix.is_complete() && !matrix.is_good());
        assert_eq!(rows(&matrix), [vec!["hold", "ok", "-"], vec!["rollback", "-", "-"]]);
        let silent = Matrix::of(vec![ran(Suite::Bookworm, ALL), ran(Suite::Trixie, "")], []);
        assert!(!silent.is_good(), "one release said nothing");
        assert!(!Matrix::of(vec![ran(Suite::Trixie, "")], []).is_good(), "no function at all");
        assert!(!Matrix::of(Vec::new(), ["hold".to_owned()]).is_good(), "no release at all");
    }

    #[test]
    fn the_worst_word_about_a_function_counts() {
        for bad in [
            "function hold lzc failed\nfunction hold lzc done",
            "function hold lzc done\nfunction hold lzc failed",
        ] {
            let matrix = Matrix::of(vec![ran(Suite::Trixie, &format!("function hold ioctl done\n{bad}"))], []);
            assert!(!matrix.is_good());
            assert_eq!(rows(&matrix), [vec!["hold", "ok", "FAIL"]]);
        }
    }

    #[test]
    fn a_failed_test_spoils_a_complete_table() {
        let mut run = ran(Suite::Trixie, ALL);
        run.verdict.failed = 1;
        let matrix = Matrix::of(vec![run], []);
        assert!(matrix.is_complete() && !matrix.is_good());
    }

    #[test]
    fn only_whole_lines_of_the_tests_say_something() {
        for line in [
            "test functions::hold ... ok",
            "function hold ioctl",
            "function hold ioctl perhaps",
            "function hold ioctl done twice",
            " function hold ioctl done",
            "",
        ] {
            assert_eq!(Shown::read(line), None, "{line}");
        }
    }
}
