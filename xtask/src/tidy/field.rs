//! I see to it that each field failure has its row in FIELD.md, and that the tests named there are tests.

use std::{collections::BTreeMap, path::Path};

use super::{
    Finding,
    source::{Source, line_of, words},
    tree::Files,
};

/// Where they are listed, one a row of a table: `| F1 | what went wrong | what ours does | tests, or why there is none |`.
pub(crate) const LISTED_IN: &str = "zfs-replicate/FIELD.md";

/// How many there are.
const FAILURES: u32 = 44;

/// What a row without a test says before its reason.
const NONE_YET: &str = "nothing yet: ";

/// What is wrong with the list.
pub(crate) fn check(list: &str, files: &Files) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut rows: BTreeMap<u32, usize> = BTreeMap::new();
    for (index, line) in list.lines().enumerate() {
        let Some((number, shown)) = row(line) else { continue };
        *rows.entry(number).or_default() += 1;
        let mut find = |why: String| found.push(Finding::new(Path::new(LISTED_IN), index + 1, why));
        let mut tests = tests(shown).peekable();
        if tests.peek().is_none() && shown.strip_prefix(NONE_YET).is_none_or(str::is_empty) {
            find(format!("F{number} names no test, and does not say '{NONE_YET}…'"));
        }
        for (file, name) in tests {
            match files.get(Path::new(file)) {
                None => find(format!("there is no file {file}")),
                Some(source) if !is_test(source, name) => find(format!("{file} has no test {name}")),
                Some(_) => {}
            }
        }
    }
    let wrong = (1..=FAILURES).filter(|number| rows.remove(number) != Some(1));
    let wrong: Vec<_> = wrong.map(|number| format!("F{number}")).collect();
    let strange: Vec<_> = rows.into_keys().map(|number| format!("F{number}")).collect();
    let mut find = |wrong: &[String], why: &str| {
        if !wrong.is_empty() {
            found.push(Finding::new(Path::new(LISTED_IN), 1, format!("{} {why}", wrong.join(" "))));
        }
    };
    find(&wrong, "should have one row each");
    find(&strange, "should have no row");
    found
}

/// The number of a row and its last cell.
fn row(line: &str) -> Option<(u32, &str)> {
    let mut cells = line.strip_prefix("| F")?.strip_suffix(" |")?.split(" | ");
    Some((cells.next()?.trim().parse().ok()?, cells.last()?))
}

/// The tests a cell names: file and function.
fn tests(cell: &str) -> impl Iterator<Item = (&str, &str)> {
    cell.split('`').skip(1).step_by(2).filter_map(|quoted| {
        let (file, name) = quoted.split_once(".rs::")?;
        Some((quoted.get(..file.len() + ".rs".len())?, name))
    })
}

/// Whether a function of that name is run as a test: by its attribute, or by a macro that makes tests of those it lists.
fn is_test(source: &Source, name: &str) -> bool {
    let is_function = |at: &usize| source.code.get(..*at).is_some_and(|before| before.trim_end().ends_with("fn"));
    let Some(at) = words(&source.code, name).find(is_function) else {
        return false;
    };
    let line = line_of(&source.code, at);
    let above = source.code.lines().take(line - 1).collect::<Vec<_>>();
    let mut above = above.into_iter().rev().filter(|line| !line.trim().is_empty());
    let has_attribute = above
        .next()
        .is_some_and(|line| line.trim().starts_with("#[") && line.trim_end().ends_with("test]"));
    let listed = source.code.split_once("both!(").and_then(|(_, rest)| rest.split_once(");"));
    has_attribute || listed.is_some_and(|(list, _)| words(list, name).next().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "//! I\nboth!(\n    listed,\n    also,\n);\n\nfn listed() {}\n\n/// Said of it.\n#[test]\n/// And this.\nfn attributed() {}\n\n\
                        #[tokio::test]\nasync fn awaited() {}\n\nfn helper() { listed() }\n// #[test]\nfn commented() {}\n";

    /// What is wrong with a list whose first row names this, and whose other rows are as they should be.
    fn found(shown: &str) -> Vec<(usize, String)> {
        let mut list = format!("# Field\n| F1 | went | does | {shown} |\n");
        (2..=FAILURES).for_each(|number| list += &format!("| F{number} | went | does | nothing yet: it needs a network |\n"));
        of(&list)
    }

    fn of(list: &str) -> Vec<(usize, String)> {
        let files: Files = [("a/tests/b.rs".into(), Source::read(CODE))].into();
        check(list, &files).into_iter().map(|finding| (finding.line, finding.why)).collect()
    }

    #[test]
    fn a_test_is_what_is_run_as_one() {
        for name in ["listed", "attributed", "awaited"] {
            assert_eq!(found(&format!("`a/tests/b.rs::{name}`")), [], "{name}");
        }
        for name in ["helper", "commented", "also", "gone", "list"] {
            let why = format!("a/tests/b.rs has no test {name}");
            assert_eq!(found(&format!("`a/tests/b.rs::listed`, `a/tests/b.rs::{name}`")), [(2, why)]);
        }
        assert_eq!(found("`a/c.rs::listed`"), [(2, "there is no file a/c.rs".to_owned())]);
    }

    #[test]
    fn a_row_has_a_test_or_a_reason() {
        assert_eq!(found("nothing yet: it needs a network"), []);
        for shown in ["", "nothing yet: ", "a look at `zfs list`"] {
            assert_eq!(found(shown).len(), 1, "{shown:?}");
        }
    }

    #[test]
    fn each_number_has_one_row() {
        let row = |number: u32| format!("| F{number} | went | does | nothing yet: why |\n");
        let all = |numbers: &mut dyn Iterator<Item = u32>| of(&numbers.map(row).collect::<String>());
        assert_eq!(all(&mut (1..=FAILURES)), []);
        assert_eq!(all(&mut (1..FAILURES)), [(1, format!("F{FAILURES} should have one row each"))]);
        assert_eq!(all(&mut (1..=FAILURES).chain([7])), [(1, "F7 should have one row each".to_owned())]);
        assert_eq!(all(&mut (0..=FAILURES)), [(1, "F0 should have no row".to_owned())]);
    }
}
