//! I see to it that what ARCHITECTURE.md promises by number is cited by a test, and that no test cites a number that is none.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{
    Finding,
    source::line_of,
    tree::{Files, Module},
};

/// Where the invariants are stated, one a row of a table: `| I1 truth | … |`.
const STATED_IN: &str = "ARCHITECTURE.md";

/// Those that there is nothing yet to keep: confinement needs clients, retention a prune, and skew a peer. Their tests come with those.
const LATER: [u32; 3] = [11, 17, 20];

/// The numbers cited by tests, each with how often, and what is wrong with them.
pub(crate) fn check(stated_in: &str, files: &Files, modules: &[Module]) -> (BTreeMap<u32, usize>, Vec<Finding>) {
    let stated = stated(stated_in);
    let mut cited: BTreeMap<u32, usize> = stated.iter().map(|id| (*id, 0)).collect();
    let mut found = Vec::new();
    for (module, source) in modules.iter().filter_map(|module| Some((module, files.get(&module.file)?))) {
        let is_test_file = module.is_test || module.file.starts_with("tests") || module.file.starts_with("vm-tests");
        let mut at = 0;
        for line in source.comments.split_inclusive('\n') {
            let begin = at + line.len() - line.trim_start().len();
            at += line.len();
            // The line before a test belongs to no item under cfg(test) that is blank in the product's reading, so ask what follows it.
            let is_test = is_test_file || is_in_tests(&source.code, &source.product, begin);
            for id in citation(line.trim()) {
                match cited.get_mut(&id) {
                    None => found.push(Finding::new(
                        &module.file,
                        line_of(&source.text, begin),
                        format!("there is no invariant I{id} in {STATED_IN}"),
                    )),
                    Some(count) if is_test => *count += 1,
                    Some(_) => {}
                }
            }
        }
    }
    for (id, _) in cited.iter().filter(|(id, count)| **count == 0 && !LATER.contains(id)) {
        found.push(Finding::new(
            Path::new(STATED_IN),
            1,
            format!("no test cites I{id}, which the engine is to keep"),
        ));
    }
    (cited, found)
}

/// The ids in the rows of the table.
fn stated(text: &str) -> BTreeSet<u32> {
    text.lines()
        .filter_map(|line| id(line.strip_prefix("| ")?.split([' ', '|']).next()?))
        .collect()
}

/// The ids a comment opens with: `// I3`, `// I2, I3: why`.
fn citation(comment: &str) -> Vec<u32> {
    let Some(text) = comment
        .strip_prefix("// ")
        .or_else(|| comment.strip_prefix("//! "))
        .or_else(|| comment.strip_prefix("/// "))
    else {
        return Vec::new();
    };
    text.split(' ')
        .filter(|word| *word != "and")
        .map_while(|word| id(word.trim_end_matches([',', ':', '.', ';'])))
        .collect()
}

fn id(word: &str) -> Option<u32> {
    word.strip_prefix('I')?.parse().ok()
}

/// Whether the code that follows `at` is compiled for tests only.
fn is_in_tests(code: &str, product: &str, at: usize) -> bool {
    let next = code.get(at..).and_then(|rest| rest.find(|letter: char| !letter.is_whitespace()));
    next.is_some_and(|next| product.as_bytes().get(at + next) != code.as_bytes().get(at + next))
}

#[cfg(test)]
mod tests {
    use super::super::source::Source;
    use super::*;

    const STATED: &str =
        "# Map\n| id | it says |\n|---|---|\n| I1 truth | a |\n| I2 base | b |\n| I3 order | c |\n| I4 | |\n| I6 | |\n| I7 | |\n| I8 | |\n";

    fn cite(text: &str) -> (Vec<u32>, usize) {
        let files: Files = [("a/src/lib.rs".into(), Source::read(text))].into();
        let modules = [Module {
            file: "a/src/lib.rs".into(),
            package: "a".into(),
            name: String::new(),
            is_test: false,
        }];
        let (cited, found) = check(STATED, &files, &modules);
        (
            cited.into_iter().filter(|(_, count)| *count > 0).map(|(id, _)| id).collect(),
            found.len(),
        )
    }

    #[test]
    fn only_a_test_counts() {
        assert_eq!(cite("// I1\nfn f() {}\n"), (vec![], 7));
        let text = "#[cfg(test)]\nmod tests {\n    // I1, I2: both\n    #[test]\n    fn f() {\n        // I3\n        g();\n    }\n}\n";
        assert_eq!(cite(text), (vec![1, 2, 3], 4));
    }

    #[test]
    fn an_id_that_is_none_is_found() {
        let all = "#[cfg(test)]\nmod tests {\n// I1 I2 I3 I4 I6 I7 I8\nfn f() {}\n";
        assert_eq!(cite(&format!("{all}}}")), (vec![1, 2, 3, 4, 6, 7, 8], 0));
        assert_eq!(cite(&format!("{all}// I21\nfn g() {{}}\n// I know\nfn h() {{}}\n}}")).1, 1);
    }
}
