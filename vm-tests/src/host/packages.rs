//! I see to it that the host has the programs we run.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    error::{Doing, Error, Result},
    host::{
        apt::{self, Source},
        progress::Progress,
    },
};

/// What building and booting an image takes. Without `mount`, which mmdebstrap only recommends, dkms finds no /proc and builds nothing.
pub const VM: [&str; 6] = ["qemu-system-x86", "mmdebstrap", "mount", "uidmap", "busybox-static", "e2fsprogs"];

/// Installs those of `packages` that are missing, by root's hand or `sudo -n`, and says exactly what it runs.
///
/// The sources added for it (contrib, backports) are apt's for this one call: a temporary list beside the machine's own.
///
/// # Errors
/// [`Error::MayNotInstall`] with the commands to run, when this user may not; apt's failure otherwise.
pub fn ensure(packages: &[&str], progress: &mut Progress) -> Result<()> {
    let missing = missing(packages)?;
    if missing.is_empty() {
        return Ok(());
    }
    let codename = codename()?;
    let script = script(&missing, &codename, &sources()?, has_backported_qemu()?)?;
    let Some(mut shell) = root_shell() else {
        return Err(Error::MayNotInstall {
            packages: missing.join(" "),
            command: script,
        });
    };
    progress.say(&format!("missing packages: {}; running as root:", missing.join(" ")));
    for line in script.lines() {
        progress.say(&format!("    {line}"));
    }
    run(&mut shell, &script)?;
    progress.say("packages are installed");
    Ok(())
}

/// The mirror this machine gets Debian from.
///
/// # Errors
/// The machine is no Debian, or has no source of its main packages.
pub fn mirror() -> Result<String> {
    let codename = codename()?;
    let sources = sources()?;
    let uri = apt::debian(&sources, &codename).and_then(|source| source.uris.first());
    uri.cloned().ok_or_else(|| no_debian(&codename))
}

/// The line of a source list for a suite and component of Debian, from the mirror of this machine.
///
/// # Errors
/// As [`mirror`].
pub(crate) fn source_of(suite: &str, components: &str) -> Result<String> {
    let codename = codename()?;
    let sources = sources()?;
    apt::debian(&sources, &codename)
        .and_then(|source| source.line(suite, components))
        .ok_or_else(|| no_debian(&codename))
}

/// The name of the host's release, such as `bookworm`.
fn codename() -> Result<String> {
    let path = Path::new("/etc/os-release");
    let text = fs::read_to_string(path).at("reading", path)?;
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
        .unwrap_or_default();
    Ok(name.trim_matches('"').to_owned())
}

fn missing<'a>(packages: &[&'a str]) -> Result<Vec<&'a str>> {
    let mut missing = Vec::new();
    for package in packages {
        if version(package)?.is_none() {
            missing.push(*package);
        }
    }
    Ok(missing)
}

/// The version of an installed package.
fn version(package: &str) -> Result<Option<String>> {
    let output = Command::new("dpkg-query")
        .args(["-W", "-f", "${db:Status-Status} ${Version}", package])
        .output()
        .doing("starting dpkg-query (the harness needs a Debian host)")?;
    Ok(String::from_utf8_lossy(&output.stdout)
        .strip_prefix("installed ")
        .map(str::to_owned))
}

/// QEMU's parts must be of one version: the stable emulator cannot stand beside backported tools.
fn has_backported_qemu() -> Result<bool> {
    for part in ["qemu-utils", "qemu-system-common", "qemu-system-data"] {
        if version(part)?.is_some_and(|version| version.contains("~bpo")) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn sources() -> Result<Vec<Source>> {
    let mut sources = apt::parse_list(&fs::read_to_string("/etc/apt/sources.list").unwrap_or_default());
    let parts = Path::new("/etc/apt/sources.list.d");
    for entry in fs::read_dir(parts).at("reading", parts)? {
        let path = entry.at("reading", parts)?.path();
        let text = || fs::read_to_string(&path).at("reading", &path);
        match path.extension().and_then(|suffix| suffix.to_str()) {
            Some("list") => sources.extend(apt::parse_list(&text()?)),
            Some("sources") => sources.extend(apt::parse_deb822(&text()?)),
            _ => {}
        }
    }
    Ok(sources)
}

/// The commands that install `missing`, for a shell of root; the same text is run, shown and printed.
fn script(missing: &[&str], codename: &str, sources: &[Source], backported_qemu: bool) -> Result<String> {
    let debian = apt::debian(sources, codename).ok_or_else(|| no_debian(codename))?;
    let backports = format!("{codename}-backports");
    let (qemu, plain): (Vec<&str>, Vec<&str>) = missing.iter().partition(|name| backported_qemu && name.starts_with("qemu"));
    let mut more = Vec::new();
    if !apt::offers(sources, codename, "contrib") {
        more.extend(debian.line(codename, "contrib"));
    }
    if !qemu.is_empty() && !apt::offers(sources, &backports, "main") {
        more.extend(debian.line(&backports, "main"));
    }
    let mut script = String::from("export DEBIAN_FRONTEND=noninteractive\n");
    // Others may be installing too: wait for them.
    let mut apt = String::from("apt-get -q -o DPkg::Lock::Timeout=600");
    if !more.is_empty() {
        // apt reads this list in the place of sources.list, so the machine's own stays as it is.
        script +=
            "list=$(mktemp)\ntrap 'rm -f \"$list\"' EXIT\nchmod 644 \"$list\"\ncat /etc/apt/sources.list >\"$list\" 2>/dev/null || true\n";
        for line in more {
            script += &format!("echo '{line}' >>\"$list\"\n");
        }
        apt += " -o Dir::Etc::sourcelist=\"$list\"";
    }
    // A stranger's broken source is no reason not to try.
    script += &format!("{apt} update || true\n");
    for (packages, target) in [(plain, String::new()), (qemu, format!(" -t {backports}"))] {
        if !packages.is_empty() {
            script += &format!("{apt} install -y --no-install-recommends{target} {}\n", packages.join(" "));
        }
    }
    Ok(script)
}

fn root_shell() -> Option<Command> {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if is_root {
        return Some(Command::new("sh"));
    }
    let sudo = Command::new("sudo").args(["-n", "true"]).stderr(Stdio::null()).status();
    sudo.is_ok_and(|status| status.success()).then(|| {
        let mut command = Command::new("sudo");
        command.args(["-n", "sh"]);
        command
    })
}

fn run(shell: &mut Command, script: &str) -> Result<()> {
    // apt speaks for itself, where progress goes too.
    let status = shell
        .args(["-ec", script])
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .status()
        .doing("starting a shell of root")?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Program {
        program: "apt-get".into(),
        status: status.to_string(),
        tail: String::new(),
    })
}

fn no_debian(codename: &str) -> Error {
    Error::Unusable(format!(
        "no source of Debian's main packages for '{codename}' is configured in /etc/apt"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str = "Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm bookworm-updates\nComponents: main\n";

    #[test]
    fn a_bare_machine_gets_contrib_and_backports_for_one_call() {
        let script = script(&["qemu-system-x86", "mmdebstrap"], "bookworm", &apt::parse_deb822(BARE), true).unwrap();
        let wanted = [
            "echo 'deb http://mirror.test/debian bookworm contrib' >>\"$list\"",
            "echo 'deb http://mirror.test/debian bookworm-backports main' >>\"$list\"",
            "apt-get -q -o DPkg::Lock::Timeout=600 -o Dir::Etc::sourcelist=\"$list\" install -y --no-install-recommends mmdebstrap",
            "apt-get -q -o DPkg::Lock::Timeout=600 -o Dir::Etc::sourcelist=\"$list\" install -y --no-install-recommends -t bookworm-backports qemu-system-x86",
            "trap 'rm -f \"$list\"' EXIT",
        ];
        for line in wanted {
            assert!(script.lines().any(|have| have == line), "{line} is not in\n{script}");
        }
    }

    #[test]
    fn a_machine_that_offers_all_gets_no_list() {
        let sources = apt::parse_list("deb http://mirror.test/debian bookworm main contrib\n");
        let script = script(&["qemu-system-x86"], "bookworm", &sources, false).unwrap();
        assert!(!script.contains("$list"), "{script}");
        assert!(
            script.ends_with("apt-get -q -o DPkg::Lock::Timeout=600 install -y --no-install-recommends qemu-system-x86\n"),
            "{script}"
        );
    }

    #[test]
    fn a_machine_without_debian_is_told_so() {
        assert!(matches!(
            script(&["busybox-static"], "bookworm", &[], false),
            Err(Error::Unusable(_))
        ));
    }
}
