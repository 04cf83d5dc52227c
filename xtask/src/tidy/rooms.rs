//! I keep the table of who may name whom, and read in each file whom it names.

use std::collections::BTreeMap;

use super::{
    Finding,
    source::{Source, line_of, words},
    tree::Module,
};

/// One row a line: rooms | what each may name of its own package besides itself, `*` for all | what else is said of it.
///
/// `pure`: no IO, no clock, no environment, no thread, and of the package below the pure rooms only. Every other room of zfs-replicate may name all
/// that zfs-rs offers; zfs-sys is for the rooms that say so. A room without a row may not be.
const TABLE: &str = "
    zfs-rs
    name identity nvlist word  | | pure
    errno                      | word | pure nix::errno
    release                    | word | pure
    stream                     | name identity nvlist release word | pure
    backend                    | name identity errno nvlist stream word |
    backend::ioctl             | name identity errno nvlist stream backend |
    backend::sim               | name identity errno nvlist stream backend |
    backend::lzc               | name identity errno nvlist stream backend | zfs_sys
    operation                  | release word | pure
    delegation                 | name errno operation |
    error                      | name identity errno nvlist stream backend release operation delegation word |
    pipe                       | errno error |
    apart                      | errno backend |
    worker                     | errno backend apart |
    zfs                        | name errno error word apart backend backend::ioctl backend::lzc backend::sim |
    property                   | name identity errno nvlist backend delegation error zfs word |
    dataset snapshot bookmark  | name identity errno nvlist backend delegation error zfs property |
    hold                       | name identity errno nvlist backend error zfs property word apart |
    key pool                   | name identity errno nvlist backend error zfs property word |
    feature channel event vdev | name identity errno nvlist backend error zfs property |
    send receive diff          | name identity errno nvlist stream backend delegation error zfs property pipe worker |
    listing                    | name identity errno nvlist backend error zfs property dataset worker |
    serial                     | name identity errno nvlist stream backend release operation error property zfs key |

    zfs-replicate
    view                       | | pure
    reason                     | view | pure
    event                      | view reason | pure
    policy                     | view reason | pure
    plan                       | view reason policy | pure
    run                        | view reason policy plan event | pure
    transfer::route            | | pure
    transfer::limit            | | pure
    transfer::outcome          | reason | pure
    transfer                   | reason event transfer::route transfer::limit transfer::outcome |
    endpoint                   | view reason plan event transfer |
    drive                      | view reason policy plan run event endpoint transfer transfer::route transfer::limit transfer::outcome |
    observe                    | view reason event |
    config                     | policy |
    cli                        | * |
";

/// The rooms of zfs-rs that need no ZFS, which are all that a pure room of zfs-replicate may name of it.
const PURE_OF_ZFS_RS: &str = "name identity errno nvlist stream word";

/// What no pure room names.
const IMPURE: [&str; 13] = [
    "std::fs",
    "std::net",
    "std::os",
    "std::process",
    "std::env",
    "std::thread",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "nix",
    "libc",
    "tokio",
    "clap",
];

/// What a room may do, as its row says.
#[derive(Clone, Copy, Debug)]
struct Row {
    package: &'static str,
    may: &'static str,
    also: &'static str,
}

/// The table as one looks it up: by package and room.
#[derive(Debug)]
pub(crate) struct Rooms(BTreeMap<(&'static str, &'static str), Row>);

impl Rooms {
    /// Reads the table.
    pub(crate) fn new() -> Self {
        let mut rows = BTreeMap::new();
        let mut package = "";
        for line in TABLE.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let mut columns = line.split('|').map(str::trim);
            match (columns.next(), columns.next(), columns.next()) {
                (Some(rooms), Some(may), Some(also)) => {
                    let row = Row { package, may, also };
                    rows.extend(rooms.split(' ').map(|room| ((package, room), row)));
                }
                _ => package = line,
            }
        }
        Self(rows)
    }

    /// What `module` names and may not.
    pub(crate) fn check(&self, module: &Module, source: &Source) -> Vec<Finding> {
        let is_root = module.name.is_empty();
        let is_ruled = self.0.keys().any(|(package, _)| *package == module.package);
        if !is_ruled || is_root || module.is_test {
            return Vec::new();
        }
        let Some((room, row)) = self.room(&module.package, &module.name) else {
            let why = format!("the room '{}' has no row in the table of xtask/src/tidy/rooms.rs", module.name);
            return vec![Finding::new(&module.file, 1, why)];
        };
        let named = paths(&source.product, module, &self.children(room));
        let refused = |(at, path): &(usize, Vec<String>)| {
            let why = self.refuse(room, row, path)?;
            Some(Finding::new(&module.file, line_of(&source.product, *at), why))
        };
        named.iter().filter_map(refused).collect()
    }

    /// The room a module is in: the longest name of a row that leads to it.
    fn room(&self, package: &str, module: &str) -> Option<(&'static str, Row)> {
        let leads = |room: &str| module == room || module.strip_prefix(room).is_some_and(|rest| rest.starts_with("::"));
        let rows = self.0.iter().filter(|((of, room), _)| *of == package && leads(room));
        rows.max_by_key(|((_, room), _)| room.len()).map(|((_, room), row)| (*room, *row))
    }

    /// The rooms inside a room, which it can name without saying `crate`.
    fn children(&self, room: &str) -> Vec<&'static str> {
        let inside = |other: &&'static str| other.strip_prefix(room).and_then(|rest| rest.strip_prefix("::"));
        self.0.keys().filter_map(|(_, other)| inside(other)).collect()
    }

    /// Why `room` may not name `path`, if it may not.
    fn refuse(&self, room: &str, row: Row, path: &[String]) -> Option<String> {
        let text = path.join("::");
        let of_below = path.get(1).map_or("", String::as_str);
        let has = |list: &str, word: &str| list.split(' ').any(|one| one == word);
        let is_pure = has(row.also, "pure");
        match path.first().map(String::as_str)? {
            "crate" => {
                let inside = path.get(1..)?.join("::");
                let Some((target, _)) = self.room(row.package, &inside) else {
                    return Some(format!("'{text}' goes around the table: name the room it is in"));
                };
                let may = target == room || row.may == "*" || has(row.may, target);
                (!may).then(|| format!("'{room}' may not name '{target}' ({text})"))
            }
            "zfs_rs" if is_pure && !has(PURE_OF_ZFS_RS, of_below) => Some(format!("'{room}' is pure and may not name '{text}'")),
            "zfs_sys" if !has(row.also, "zfs_sys") => Some(format!("'{room}' may not name zfs_sys ({text})")),
            "zfs_replicate" => Some(format!("'{room}' names its own package from outside ({text})")),
            _ => {
                let leads = |to: &str| text.strip_prefix(to).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
                let impure = IMPURE
                    .iter()
                    .find(|impure| is_pure && leads(impure) && !row.also.split(' ').any(leads))?;
                Some(format!("'{room}' is pure and may not name '{impure}' ({text})"))
            }
        }
    }
}

/// Every path of interest in `code`, spelled from the root of a crate, with its place.
fn paths(code: &str, module: &Module, children: &[&str]) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let own: Vec<&str> = ["crate"].into_iter().chain(module.name.split("::")).collect();
    let foreign = [
        "crate",
        "zfs_rs",
        "zfs_sys",
        "zfs_replicate",
        "std",
        "core",
        "nix",
        "libc",
        "tokio",
        "clap",
    ];
    for first in foreign.iter().chain(["super", "self"].iter()).chain(children) {
        for at in words(code, first).filter(|at| !code.get(..*at).is_some_and(|before| before.trim_end().ends_with("::"))) {
            let Some(rest) = code.get(at + first.len()..).filter(|rest| rest.trim_start().starts_with("::")) else {
                continue;
            };
            let from = match *first {
                "super" => own.get(..own.len() - 1).unwrap_or_default().to_vec(),
                "self" => own.clone(),
                child if children.contains(&child) => own.iter().copied().chain([child]).collect(),
                other => vec![other],
            };
            let mut paths = Vec::new();
            expand(rest, from.into_iter().map(str::to_owned).collect(), &mut paths);
            found.extend(paths.into_iter().map(|path| (at, path)));
        }
    }
    found
}

/// Spells out `::a::{b, c::d}` after `path`, and says where it ends.
fn expand<'a>(rest: &'a str, mut path: Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let mut rest = rest;
    loop {
        let Some(after) = rest.trim_start().strip_prefix("::").map(str::trim_start) else {
            found.push(path);
            return rest;
        };
        if let Some(group) = after.strip_prefix('{') {
            return each(group, &path, found);
        }
        let end = after
            .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .unwrap_or(after.len());
        let (name, behind) = after.split_at(end);
        match name {
            // A generic argument or a star ends the path.
            "" => {
                found.push(path);
                return behind;
            }
            "super" => drop(path.pop()),
            "self" => {}
            name => path.push(name.to_owned()),
        }
        rest = behind;
    }
}

/// The parts of a group, up to its end.
fn each<'a>(group: &'a str, path: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let mut rest = group.trim_start();
    while !rest.is_empty() && !rest.starts_with('}') {
        let end = rest
            .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        let mut part = path.to_vec();
        part.extend((!matches!(name, "" | "self")).then(|| name.to_owned()));
        let behind = expand(behind, part, found);
        // What is left of the part is `as name` or a star.
        let end = behind.find([',', '}']).unwrap_or(behind.len());
        rest = behind.get(end..).unwrap_or_default();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    rest.strip_prefix('}').unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(package: &str, name: &str, text: &str) -> Vec<String> {
        let module = Module {
            file: "planted.rs".into(),
            package: package.into(),
            name: name.into(),
            is_test: false,
        };
        let findings = Rooms::new().check(&module, &Source::read(text));
        findings.into_iter().map(|finding| finding.why).collect()
    }

    #[test]
    fn an_import_that_points_up_is_found() {
        assert_eq!(
            check("zfs-rs", "nvlist", "use crate::name::DatasetName;"),
            ["'nvlist' may not name 'name' (crate::name::DatasetName)"]
        );
        assert_eq!(check("zfs-replicate", "plan::base", "fn f(e: &crate::event::Event) {}").len(), 1);
        assert_eq!(
            check("zfs-replicate", "reason", "use crate::{view::Version, plan::{Plan, Step}};").len(),
            2
        );
        assert!(
            check(
                "zfs-replicate",
                "plan::base",
                "use crate::{view::{self, Base}, policy::Wish};\nuse super::mark;"
            )
            .is_empty()
        );
    }

    #[test]
    fn a_room_inside_a_room_has_its_own_row() {
        assert!(
            check(
                "zfs-rs",
                "backend::ioctl::core",
                "use crate::backend::{Core, payload};\nuse super::device;"
            )
            .is_empty()
        );
        assert_eq!(check("zfs-rs", "backend::sim", "use super::ioctl::Ioctl;").len(), 1);
        assert_eq!(check("zfs-rs", "backend", "use ioctl::Ioctl;").len(), 1);
        assert_eq!(check("zfs-rs", "backend::payload", "use super::ioctl::Ioctl;").len(), 1);
        assert!(check("zfs-rs", "zfs", "use crate::backend::ioctl::Ioctl;").is_empty());
        assert_eq!(check("zfs-rs", "send", "use crate::backend::ioctl::Ioctl;").len(), 1);
    }

    #[test]
    fn a_pure_room_names_nothing_that_acts() {
        assert_eq!(
            check("zfs-replicate", "plan", "use zfs_rs::{Zfs, name::DatasetName};"),
            ["'plan' is pure and may not name 'zfs_rs::Zfs'"]
        );
        assert_eq!(check("zfs-replicate", "run", "fn f() { std::thread::spawn(g); }").len(), 1);
        assert_eq!(
            check("zfs-rs", "stream::token", "use std::{collections::BTreeMap, fs::File};").len(),
            1
        );
        assert!(check("zfs-rs", "errno", "fn f() -> std::io::Error { nix::errno::Errno::last() }").is_empty());
        assert_eq!(check("zfs-rs", "errno", "use nix::unistd;").len(), 1);
    }

    #[test]
    fn zfs_sys_is_for_one_room() {
        assert_eq!(check("zfs-rs", "send", "use zfs_sys::Library;").len(), 1);
        assert!(check("zfs-rs", "backend::lzc", "use zfs_sys::Library;").is_empty());
    }

    #[test]
    fn the_crate_root_is_no_way_around_and_a_new_room_needs_a_row() {
        assert_eq!(check("zfs-rs", "send", "use crate::Guid;").len(), 1);
        assert_eq!(check("zfs-rs", "helpers", "").len(), 1);
    }

    #[test]
    fn tests_comments_and_strings_are_not_asked() {
        assert!(
            check(
                "zfs-rs",
                "nvlist",
                "// crate::name::X\nconst A: &str = \"crate::name\";\n#[cfg(test)]\nmod tests { use crate::name::X; }"
            )
            .is_empty()
        );
    }
}
