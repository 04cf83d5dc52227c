//! I read in the source which functions zfs-rs offers, so that none is forgotten by its tests.

use std::{fs, path::Path};

use crate::error::{Doing, Result};

/// Every method of `impl Zfs` that is public and takes `&self`.
///
/// # Errors
/// The source of zfs-rs is not beside this package.
pub fn functions() -> Result<Vec<String>> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../zfs-rs/src");
    let mut found = Vec::new();
    let mut rooms = vec![source];
    while let Some(room) = rooms.pop() {
        for entry in fs::read_dir(&room).at("reading", &room)? {
            let path = entry.at("reading", &room)?.path();
            if path.is_dir() {
                rooms.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.extend(methods(&fs::read_to_string(&path).at("reading", &path)?));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// By indentation, which is rustfmt's: an `impl` stands in column 0, its methods in column 4.
fn methods(source: &str) -> Vec<String> {
    let mut is_ours = false;
    let mut found = Vec::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if !line.is_empty() && !line.starts_with(' ') {
            is_ours = line == "impl Zfs {";
        }
        let Some(rest) = line.strip_prefix("    pub fn ").filter(|_| is_ours) else {
            continue;
        };
        let name = rest.split(['(', '<']).next().unwrap_or_default();
        // Long argument lists stand one a line.
        let takes_self = rest.contains("(&self") || (rest.ends_with('(') && lines.next().is_some_and(|next| next.trim() == "&self,"));
        if takes_self {
            found.push(name.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_of_the_handle_are_found_and_no_others() {
        let source = "\
impl Zfs {
    /// Holds.
    pub fn hold(&self, holds: &[Hold]) -> Result<()> {
        self.pub fn no(&self)
    }

    pub fn properties<'a>(&self, of: impl Into<Object<'a>>) -> Result<Properties> {
    }

    pub fn receive_with(
        &self,
        target: &DatasetName,
    ) -> Receive {
    }

    pub fn open() -> Result<Self> {
    }

    fn inner(&self) {
    }
}

impl Zfs2 {
    pub fn other(&self) {
    }
}
";
        assert_eq!(methods(source), ["hold", "properties", "receive_with"]);
    }

    #[test]
    fn the_source_beside_this_package_is_read() {
        let found = functions().unwrap();
        for name in ["hold", "receive", "properties", "tree"] {
            assert!(found.iter().any(|found| found == name), "{name} is not in {found:?}");
        }
    }

    #[test]
    fn the_table_in_the_documentation_has_each_function_once() {
        let table = include_str!("../../../zfs-rs/src/functions.md");
        let rows = table.lines().filter_map(|line| line.strip_prefix("| [`")?.split('`').next());
        let mut rows: Vec<&str> = rows.collect();
        rows.sort_unstable();
        assert_eq!(rows, functions().unwrap());
    }
}
