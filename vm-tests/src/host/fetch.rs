//! I have apt and pip fetch packages without installing any: apt's from a release that need not be this machine's.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    error::{Doing, Error, Result, tail},
    host::packages,
};

/// Packages of a suite of Debian, in `work`, as any user: apt has lists of its own there.
pub(crate) fn debian(suite: &str, component: &str, names: &[&str], work: &Path) -> Result<Vec<PathBuf>> {
    let lists = work.join("lists");
    let cache = work.join("cache");
    for directory in [lists.join("partial"), cache.join("archives/partial")] {
        fs::create_dir_all(&directory).at("making", &directory)?;
    }
    let list = work.join("sources.list");
    let line = packages::source_of(suite, component)?;
    fs::write(&list, format!("{line}\n")).at("writing", &list)?;
    let own = [
        format!("Dir::Etc::sourcelist={}", list.display()),
        "Dir::Etc::sourceparts=-".into(),
        format!("Dir::State::lists={}", lists.display()),
        format!("Dir::Cache={}", cache.display()),
        // Files of a directory of ours are not for apt's own user.
        "APT::Sandbox::User=root".into(),
    ];
    let apt = |what: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            .arg("-q")
            .args(own.iter().flat_map(|option| ["-o", option]))
            .args(what)
            .current_dir(work);
        run(command)
    };
    apt(&["update"])?;
    apt(&[&["download"], names].concat())?;
    found(work, "deb", names.len())
}

/// Packages of Python, built ones, in `work`, without what they depend on.
pub(crate) fn python(names: &[&str], work: &Path) -> Result<Vec<PathBuf>> {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check"]);
    pip.args(["--no-deps", "--only-binary", ":all:", "--dest"]).arg(work).args(names);
    run(pip)?;
    found(work, "whl", names.len())
}

/// Runs a program to its end; its last words if that is bad.
pub(crate) fn run(mut command: Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().doing(format!("starting {program}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Program {
        program,
        status: output.status.to_string(),
        tail: tail(&String::from_utf8_lossy(&output.stderr), 10),
    })
}

/// The files of this kind, which must be so many.
fn found(directory: &Path, suffix: &str, count: usize) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).at("reading", directory)? {
        files.push(entry.at("reading", directory)?.path());
    }
    files.retain(|path| path.extension().is_some_and(|end| end == suffix));
    files.sort();
    if files.len() == count {
        Ok(files)
    } else {
        Err(Error::Unusable(format!("{} packages were fetched, not {count}", files.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_as_many_packages_as_were_asked_for_are_all() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["b.deb", "a.deb", "lists"] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let files = found(directory.path(), "deb", 2).unwrap();
        assert_eq!(files, [directory.path().join("a.deb"), directory.path().join("b.deb")]);
        assert!(found(directory.path(), "deb", 3).is_err());
    }
}
