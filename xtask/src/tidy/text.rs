//! I read files line by line, whatever language they are in.

use std::path::Path;

use super::{
    Finding,
    source::{Source, line_of, words},
};

/// The only places of product code that may be unsafe: generated declarations, two ways to the kernel, one dispatch on the processor.
const UNSAFE: [&str; 6] = [
    "zfs-sys/src/lib.rs",
    "zfs-sys/src/bindings.rs",
    "zfs-sys/src/installed.rs",
    "zfs-rs/src/backend/lzc",
    "zfs-rs/src/backend/ioctl/device.rs",
    "zfs-rs/src/stream/fletcher/implementation.rs",
];

/// Files nobody wrote by hand.
const GENERATED: [&str; 4] = ["zfs-sys/src/bindings.rs", "Cargo.lock", "fuzz/Cargo.lock", "fuzz/regressions/"];

/// Folders that a program makes for itself, or a user has: a path into them is a path of somebody's machine.
const PRIVATE: [&str; 5] = ["/work/", "/root/", "/home/", "/tmp/", "/mnt/"];

/// Scripts of the guest, whose paths are the guest's.
const GUEST: &str = "vm-tests/guest/";

/// Hosts a link may lead to; `.test` and `.example` are nobody's.
const HOSTS: [&str; 12] = [
    "github.com",
    "openzfs.github.io",
    "openzfs.org",
    "doc.rust-lang.org",
    "docs.rs",
    "crates.io",
    "rustup.rs",
    "www.rust-lang.org",
    "www.apache.org",
    "keepachangelog.com",
    "semver.org",
    "spdx.org",
];

/// The line count from which on a file probably has two ideas.
const LONG: usize = 400;

/// What is wrong with a Rust file.
pub(crate) fn rust(file: &Path, source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    if !source.text.starts_with("//!") {
        found.push(Finding::new(file, 1, "the first line is no sentence of the room: want '//! …'"));
    }
    let may_be_unsafe = UNSAFE.iter().any(|place| is_at(file, place));
    for at in words(&source.product, "unsafe").filter(|_| !may_be_unsafe) {
        found.push(Finding::new(
            file,
            line_of(&source.product, at),
            "unsafe code is in four files, and this is none of them",
        ));
    }
    let lines = source.text.lines().count();
    if lines > LONG && !is_generated(file) {
        found.push(Finding::note(
            file,
            LONG,
            format!("{lines} lines: more than {LONG} are often two ideas"),
        ));
    }
    found
}

/// What is wrong with any file of text.
pub(crate) fn any(file: &Path, text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    if is_generated(file) {
        return found;
    }
    for (number, line) in text.lines().enumerate() {
        let mut find = |why: String| found.push(Finding::new(file, number + 1, why));
        for mark in [concat!("TO", "DO"), concat!("FIX", "ME")] {
            if words(line, mark).next().is_some() {
                find(format!("{mark}: do it, or say it in SHORTCOMINGS.md"));
            }
        }
        for path in PRIVATE.iter().filter(|_| !is_at(file, GUEST)) {
            if line.match_indices(path).any(|(at, _)| is_path_start(line, at)) && !is_this_list(file) {
                find(format!("'{path}…' is a path of some machine"));
            }
        }
        for host in hosts(line).filter(|host| !is_known(host)) {
            find(format!("'{host}' is a host this repository does not know"));
        }
    }
    found
}

fn is_at(file: &Path, place: &str) -> bool {
    file.to_str().is_some_and(|file| file.starts_with(place))
}

fn is_generated(file: &Path) -> bool {
    GENERATED.iter().any(|place| is_at(file, place))
}

/// This very file has to spell what it looks for.
fn is_this_list(file: &Path) -> bool {
    is_at(file, "xtask/src/tidy/text.rs")
}

/// Whether a path that begins at `at` begins there: the `/home/` of `tank/home/ada` does not.
fn is_path_start(line: &str, at: usize) -> bool {
    let before = line.get(..at).and_then(|before| before.chars().next_back());
    !before.is_some_and(|letter| letter.is_alphanumeric() || "_-.}/".contains(letter))
}

fn hosts(line: &str) -> impl Iterator<Item = &str> {
    let after = line.match_indices("://").filter_map(|(at, mark)| line.get(at + mark.len()..));
    let end = |rest: &str| {
        rest.find(|letter: char| !letter.is_alphanumeric() && !"-.".contains(letter))
            .unwrap_or(rest.len())
    };
    after
        .filter_map(move |rest| rest.get(..end(rest)))
        .filter(|host| host.contains('.'))
}

fn is_known(host: &str) -> bool {
    HOSTS.contains(&host) || [".test", ".example", ".invalid"].iter().any(|end| host.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rust_of(file: &str, text: &str) -> Vec<(usize, bool)> {
        let found = rust(Path::new(file), &Source::read(text));
        found.into_iter().map(|finding| (finding.line, finding.is_note)).collect()
    }

    fn any_of(file: &str, text: &str) -> Vec<usize> {
        any(Path::new(file), text).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_file_opens_with_its_sentence() {
        assert_eq!(rust_of("a/src/lib.rs", "// I am\n"), [(1, false)]);
        assert!(rust_of("a/src/lib.rs", "//! I am\n").is_empty());
    }

    #[test]
    fn unsafe_is_found_outside_its_files() {
        let planted = "//! I\n// unsafe\n#![deny(unsafe_code)]\nfn f() { unsafe { g() } }\n";
        assert_eq!(rust_of("zfs-rs/src/send.rs", planted), [(4, false)]);
        assert!(rust_of("zfs-rs/src/backend/lzc/handle.rs", planted).is_empty());
    }

    #[test]
    fn a_long_file_is_a_note() {
        assert_eq!(rust_of("a/src/lib.rs", &"//! I\n".repeat(401)), [(400, true)]);
        assert!(rust_of("zfs-sys/src/bindings.rs", &"//! I\n".repeat(401)).is_empty());
    }

    #[test]
    fn what_is_left_to_do_is_found() {
        assert_eq!(any_of("a.md", concat!("one\nTO", "DO: two\nMASTO", "DON\n# FIX", "ME")), [2, 4]);
    }

    #[test]
    fn a_path_of_a_machine_is_found() {
        let planted = concat!("cd /ho", "me/ada\ntank/ho", "me/ada\n/dev/zfs /etc/apt /proc/self\n\"/tm", "p/x\"");
        assert_eq!(any_of("a.sh", planted), [1, 4]);
        assert!(any_of("vm-tests/guest/init.sh", planted).is_empty());
    }

    #[test]
    fn an_unknown_host_is_found() {
        let planted = concat!(
            "https://github.com/a\nhttp://mirror.test/\nhttps:/",
            "/mirror.acme.net/debian\nhttp:/",
            "/10.0.0.1:80/x"
        );
        assert_eq!(any_of("a.toml", planted), [3, 4]);
    }
}
