//! I unpack the tools that came along, each as its packager means it to run, and say which there are.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{Result, racer::Racer, run::run};

/// The tools that run, their versions told; of those that do not it is told why.
pub(crate) fn all() -> Result<Vec<Racer>> {
    let mut there = Vec::new();
    for racer in [Racer::Syncoid, Racer::Bzfs, Racer::ZfsAutobackup] {
        let packages = Path::new("peers").join(racer.name());
        if !packages.exists() {
            continue;
        }
        match install(racer.name(), &packages) {
            Ok(version) => {
                println!("{}: {version}", racer.name());
                there.push(racer);
            }
            Err(why) => println!("{} is not there: {why}", racer.name()),
        }
    }
    Ok(there)
}

/// Unpacks what there is of a program and asks it for its version, by which it is also in memory.
fn install(program: &str, packages: &Path) -> Result<String> {
    let mut is_python = false;
    for entry in fs::read_dir(packages)? {
        let package = entry?.path();
        let path = package.to_string_lossy();
        match package.extension().and_then(|suffix| suffix.to_str()) {
            Some("deb") => run("dpkg-deb", &["--extract", &path, "/"]).map(drop)?,
            Some("whl") => {
                run("python3", &["-m", "zipfile", "-e", &path, MODULES])?;
                is_python = true;
            }
            _ => return Err(format!("{path} is no package").into()),
        }
    }
    if is_python {
        run("python3", &["-m", "compileall", "-q", MODULES])?;
        launcher(program)?;
    }
    version(program)
}

/// What it says of itself. Some end that with a bad status; one that cannot run says nothing.
fn version(program: &str) -> Result<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    match said.lines().next() {
        Some(version) => Ok(version.trim().to_owned()),
        None => Err(format!("{}, {}", output.status, String::from_utf8_lossy(&output.stderr).trim_end()).into()),
    }
}

/// Makes the program that pip would make.
fn launcher(program: &str) -> Result<()> {
    let point = entry_point(program)?;
    let (module, function) = point.split_once(':').ok_or_else(|| format!("{point} is no entry point"))?;
    let path = Path::new("/usr/local/bin").join(program);
    let text = format!("#!/usr/bin/python3\nimport sys\nfrom {module} import {function}\nsys.exit({function}())\n");
    fs::create_dir_all("/usr/local/bin")?;
    fs::write(&path, text)?;
    Ok(fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?)
}

/// Where a program begins, as its package says.
fn entry_point(program: &str) -> Result<String> {
    for entry in fs::read_dir(MODULES)? {
        let list: PathBuf = entry?.path().join("entry_points.txt");
        let text = fs::read_to_string(list).unwrap_or_default();
        let found = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .find(|(name, _)| name.trim() == program);
        if let Some((_, point)) = found {
            return Ok(point.trim().to_owned());
        }
    }
    Err("its package says of no program where it begins".into())
}

/// Where Debian's Python looks for modules.
const MODULES: &str = "/usr/lib/python3/dist-packages";
