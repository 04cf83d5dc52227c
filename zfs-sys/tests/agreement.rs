//! I compare the bindings that are checked in with the headers of this machine, and write them anew when asked.
//!
//! Needs the feature `buildtime-bindgen`: the build script has then read the headers, or failed naming the packages that hold them.
#![cfg(feature = "buildtime-bindgen")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// What the build script made from the headers of this machine.
const INSTALLED: &str = include_str!(concat!(env!("OUT_DIR"), "/bindings.rs"));

/// Declarations by name, each with white space evened out.
type Declarations = BTreeMap<String, String>;

#[test]
fn what_both_declare_is_declared_the_same() {
    let ours = checked_in();
    let (ours, installed) = (declarations(&ours), declarations(INSTALLED));
    assert!(
        ours.len() > 100 && ours.contains_key("ZfsCore.lzc_snapshot"),
        "the reader of declarations found only {:?}",
        ours.keys()
    );
    let different: Vec<_> = ours
        .iter()
        .filter_map(|(name, ours)| {
            installed
                .get(name)
                .filter(|installed| *installed != ours)
                .map(|installed| (name, ours, installed))
        })
        .map(|(name, ours, installed)| format!("{name}\n  ours:      {ours}\n  installed: {installed}"))
        .collect();
    let absent: Vec<_> = ours.keys().filter(|name| !installed.contains_key(*name)).collect();
    println!(
        "{} declarations of ours are not in the installed headers, which are of another release: {absent:#?}",
        absent.len()
    );
    assert!(
        different.is_empty(),
        "{} declarations differ:\n{}",
        different.len(),
        different.join("\n")
    );
    let compared = ours
        .keys()
        .filter(|name| name.starts_with("ZfsCore.") && installed.contains_key(*name))
        .count();
    assert!(compared > 40, "only {compared} functions were there to compare: what was read?");
}

#[test]
fn no_function_of_the_installed_headers_is_missing() {
    // bindgen is not asked: an allow-list that lost a name would hide it from both sides.
    let header = fs::read_to_string(env!("ZFS_SYS_HEADER")).unwrap();
    let untypable: BTreeSet<_> = env!("ZFS_SYS_UNTYPABLE").split(' ').collect();
    let ours = checked_in();
    let ours = declarations(&ours);
    let named = functions(&header);
    assert!(named.len() > 40, "the reader of headers found only {named:?}");
    let missing: Vec<_> = named
        .iter()
        .filter(|name| !untypable.contains(**name) && !ours.contains_key(&format!("ZfsCore.{name}")))
        .collect();
    assert!(
        missing.is_empty(),
        "not bound: {missing:?}. Make the bindings anew from these newer headers (README.md says how)"
    );
}

#[test]
fn nothing_bound_panics_or_is_declared_but_undefined() {
    let text = checked_in();
    assert!(
        !text.contains("expect("),
        "a generated method is left that panics without its symbol"
    );
    assert!(
        text.lines().all(|line| !line.trim_start().starts_with("///")),
        "text of the headers, which is CDDL, came along"
    );
    let bound = declarations(&text);
    for name in env!("ZFS_SYS_UNTYPABLE").split(' ') {
        assert!(
            !bound.contains_key(&format!("ZfsCore.{name}")),
            "{name} has no type that is right in every release"
        );
    }
}

#[test]
fn the_library_that_comes_with_the_headers_loads() {
    let library = zfs_sys::Library::open().unwrap();
    assert!(
        zfs_sys::symbol!(library, lzc_snapshot).is_ok() && zfs_sys::symbol!(library, nvlist_unpack).is_ok(),
        "{library:?}"
    );
}

/// The bindings in the repository; made anew first when `ZFS_SYS_BLESS` names the OpenZFS release of the headers.
#[expect(clippy::unwrap_used, reason = "a test that cannot read or write the bindings has failed")]
fn checked_in() -> String {
    static ONCE: std::sync::Once = std::sync::Once::new();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join("bindings.rs");
    ONCE.call_once(|| {
        if let Some(release) = std::env::var_os("ZFS_SYS_BLESS") {
            let release = release.into_string().unwrap();
            assert!(
                release.starts_with(|c: char| c.is_ascii_digit()),
                "ZFS_SYS_BLESS names the release of the headers, such as 2.4.4"
            );
            let first = format!("//! I am what bindgen read in the headers of OpenZFS {release}; README.md says how, nobody edits me.\n\n");
            fs::write(&file, first + INSTALLED).unwrap();
        }
    });
    fs::read_to_string(&file).unwrap()
}

/// Every field of the struct of functions as `ZfsCore.name`, every constant, type and struct under its own name.
///
/// Read by indentation, which is the formatter's and the same on both sides: what starts in column 0 is an item, what starts in column 4 a member.
fn declarations(bindings: &str) -> Declarations {
    let mut found = Declarations::new();
    let mut item = "";
    let mut member = String::new();
    for line in bindings.lines() {
        let depth = line.len() - line.trim_start().len();
        if depth == 0 && line.starts_with(['p', 'i', 'c']) {
            item = line;
        }
        let key = match (depth, item) {
            (0, _) if line.starts_with("pub ") => name_of(line, &["const", "type", "use", "struct"]).map(str::to_owned),
            (4, "pub struct ZfsCore {") => name_of(line, &[]).map(|name| format!("ZfsCore.{name}")),
            (4, _) => name_of(line, &["const"]).map(str::to_owned),
            _ => None,
        };
        member = key.unwrap_or(member);
        // The last number of a C enum is where it ends, not a number with a meaning: it moves with each release.
        let moves = ["_LAST", "_FUNCS", "_NUM_ACTIVITIES"].iter().any(|end| member.ends_with(end));
        if !member.is_empty() && !moves && line != "}" {
            let text = found.entry(member.clone()).or_default();
            text.extend(line.split_whitespace().map(|word| word.trim_end_matches(',').to_owned() + " "));
        }
        if line == "}" || (depth == 0 && line.ends_with(';')) {
            member.clear();
        }
    }
    found
}

/// The name that `pub KIND NAME…` declares; without kinds, a field's.
fn name_of<'a>(line: &'a str, kinds: &[&str]) -> Option<&'a str> {
    let rest = line.trim_start().strip_prefix("pub ")?;
    let rest = match kinds {
        [] => rest,
        kinds => kinds.iter().find_map(|kind| rest.strip_prefix(kind)?.strip_prefix(' '))?,
    };
    // `pub use self::NAME as ALIAS;`
    let rest = rest.split_once(" as ").map_or(rest, |(_, alias)| alias);
    rest.split([':', '(', '<', ' ', ';']).next()
}

/// The functions that a C header declares whose names begin as those of libzfs_core do.
fn functions(header: &str) -> BTreeSet<&str> {
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let uncommented = header
        .split("/*")
        .flat_map(|part| part.split_once("*/").map_or(part, |(_, code)| code).split('('));
    let before_parenthesis = uncommented.filter_map(|part| part.rsplit(word).next());
    before_parenthesis
        .filter(|name| name.starts_with("lzc_") || name.starts_with("libzfs_core_"))
        .collect()
}
