//! I keep the house as its plan says: who names whom, where unsafe is, what a file opens with, what a test cites.

mod field;
mod invariants;
mod rooms;
mod source;
mod text;
mod tree;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use serde_json::json;

use self::{
    rooms::Rooms,
    source::Source,
    tree::{Files, Package},
};
use crate::Failure;

/// What `tidy` takes.
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// Print one JSON object instead of lines
    #[arg(long)]
    json: bool,
}

/// One thing found, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    pub(crate) why: String,
    /// Advice: printed, and no failure.
    pub(crate) is_note: bool,
}

/// What is wrong, and which invariants are cited how often.
#[derive(Debug)]
pub(crate) struct Report {
    findings: Vec<Finding>,
    cited: BTreeMap<u32, usize>,
    files: usize,
}

impl Command {
    /// Does it: status 1 when anything but advice was found.
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let report = check(&top())?;
        if self.json {
            println!("{}", report.json());
        } else {
            print!("{}", report.text());
        }
        Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Finding {
    fn new(file: &Path, line: usize, why: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            why: why.into(),
            is_note: false,
        }
    }

    fn note(file: &Path, line: usize, why: impl Into<String>) -> Self {
        Self {
            is_note: true,
            ..Self::new(file, line, why)
        }
    }
}

impl Report {
    pub(crate) fn is_clean(&self) -> bool {
        self.findings.iter().all(|finding| finding.is_note)
    }

    fn uncited(&self) -> Vec<String> {
        self.cited
            .iter()
            .filter(|(_, count)| **count == 0)
            .map(|(id, _)| format!("I{id}"))
            .collect()
    }

    pub(crate) fn text(&self) -> String {
        let line = |finding: &Finding| {
            let kind = if finding.is_note { "note: " } else { "" };
            format!("{}:{}: {kind}{}\n", finding.file.display(), finding.line, finding.why)
        };
        let mut text: String = self.findings.iter().map(line).collect();
        let uncited = self.uncited();
        if !uncited.is_empty() {
            text += &format!("note: invariants no test cites yet: {}\n", uncited.join(" "));
        }
        let wrong = self.findings.iter().filter(|finding| !finding.is_note).count();
        text += &format!("tidy: {wrong} wrong in {} files\n", self.files);
        text
    }

    fn json(&self) -> serde_json::Value {
        let finding = |finding: &Finding| json!({"file": finding.file, "line": finding.line, "why": finding.why, "note": finding.is_note});
        let cited: BTreeMap<String, usize> = self.cited.iter().map(|(id, count)| (format!("I{id}"), *count)).collect();
        json!({
            "clean": self.is_clean(),
            "files": self.files,
            "findings": self.findings.iter().map(finding).collect::<Vec<_>>(),
            "cited": cited,
        })
    }
}

/// The top of the repository.
pub(crate) fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// Reads the repository at `top` and judges it.
pub(crate) fn check(top: &Path) -> Result<Report, Failure> {
    let mut texts = BTreeMap::new();
    read(top, Path::new(""), &mut texts)?;
    let manifests = texts.iter().filter(|(file, _)| file.ends_with("Cargo.toml"));
    let packages: Vec<Package> = manifests.filter_map(|(file, text)| Package::read(file, text)).collect();
    let is_rust = |file: &Path| file.extension().is_some_and(|end| end == "rs");
    let files: Files = texts
        .iter()
        .filter(|(file, _)| is_rust(file))
        .map(|(file, text)| (file.clone(), Source::read(text)))
        .collect();
    let modules = tree::modules(&files, &packages);
    let rooms = Rooms::new();

    let mut findings: Vec<Finding> = texts.iter().flat_map(|(file, text)| text::any(file, text)).collect();
    findings.extend(files.iter().flat_map(|(file, source)| text::rust(file, source)));
    for (module, source) in modules.iter().filter_map(|module| Some((module, files.get(&module.file)?))) {
        findings.extend(rooms.check(module, source));
    }
    let lost = |file| Finding::new(file, 1, "no 'mod' leads here: the compiler never sees it");
    findings.extend(tree::forgotten(&files, &modules).into_iter().map(lost));
    let stated = texts.get(Path::new("ARCHITECTURE.md")).map_or("", String::as_str);
    let (cited, wrong) = invariants::check(stated, &files, &modules);
    findings.extend(wrong);
    let listed = texts.get(Path::new(field::LISTED_IN)).map_or("", String::as_str);
    findings.extend(field::check(listed, &files));
    findings.sort();
    Ok(Report {
        findings,
        cited,
        files: texts.len(),
    })
}

/// All files of text below `folder`, but what git and cargo made.
fn read(top: &Path, folder: &Path, texts: &mut BTreeMap<PathBuf, String>) -> Result<(), Failure> {
    for entry in fs::read_dir(top.join(folder))? {
        let entry = entry?;
        let name = entry.file_name();
        if name == "target" || name == ".git" {
            continue;
        }
        let path = folder.join(&name);
        if entry.file_type()?.is_dir() {
            read(top, &path, texts)?;
        } else if let Ok(text) = String::from_utf8(fs::read(entry.path())?) {
            texts.insert(path, text);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_repository_is_judged_whole() {
        let top = tempfile::tempdir().unwrap();
        let plant = |file: &str, text: &str| {
            let path = top.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        plant("zfs-rs/Cargo.toml", "[package]\n");
        plant("zfs-rs/src/lib.rs", "//! I\npub mod name;\npub mod nvlist;\n");
        plant("zfs-rs/src/name.rs", "//! I\n");
        plant("zfs-rs/src/nvlist/mod.rs", "//! I\nuse crate::name;\n");
        plant("zfs-rs/src/lost.rs", "//! I\n");
        plant("zfs-rs/target/made.rs", "made");
        plant("ARCHITECTURE.md", "| I1 | |\n");
        let report = check(top.path()).unwrap();
        let found: Vec<_> = report
            .findings
            .iter()
            .map(|finding| (finding.file.to_str().unwrap(), finding.line))
            .collect();
        assert_eq!(found.iter().filter(|(file, _)| *file == "ARCHITECTURE.md").count(), 1);
        assert!(found.contains(&("zfs-replicate/FIELD.md", 1)), "{found:?}");
        assert!(found.contains(&("zfs-rs/src/lost.rs", 1)), "{found:?}");
        assert!(found.contains(&("zfs-rs/src/nvlist/mod.rs", 2)), "{found:?}");
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(
            !report.is_clean() && report.text().ends_with("tidy: 4 wrong in 6 files\n"),
            "{}",
            report.text()
        );
        assert_eq!(report.json()["findings"][3]["line"], 2);
    }
}
