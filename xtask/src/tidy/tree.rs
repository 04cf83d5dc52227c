//! I follow `mod` from the roots that cargo compiles, and so know what each file is called and who is never reached.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::source::{Source, words};

/// All Rust files of the repository, by path from its top.
pub(crate) type Files = BTreeMap<PathBuf, Source>;

/// One file as a module of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Module {
    /// From the top of the repository.
    pub(crate) file: PathBuf,
    /// The folder of its package.
    pub(crate) package: String,
    /// Its path from the root of its crate, such as `backend::ioctl`; empty for the root itself.
    pub(crate) name: String,
    /// Whether only tests are compiled with it.
    pub(crate) is_test: bool,
}

/// A package: its folder, and the roots that its manifest names besides those that cargo finds by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    folder: String,
    tests: Vec<PathBuf>,
}

impl Package {
    /// Reads a manifest; one of a workspace alone is no package.
    pub(crate) fn read(manifest: &Path, text: &str) -> Option<Self> {
        let folder = manifest.parent()?;
        let table: toml::Table = text.parse().ok()?;
        table.get("package")?;
        let paths = |kind: &&str| table.get(*kind).and_then(toml::Value::as_array).cloned().unwrap_or_default();
        let named = ["test", "bench", "example"].iter().flat_map(paths);
        let tests = named
            .filter_map(|target| Some(folder.join(target.get("path")?.as_str()?)))
            .collect();
        Some(Self {
            folder: folder.to_str()?.to_owned(),
            tests,
        })
    }

    /// Whether cargo compiles this file as a crate of its own, and then whether it is one of tests.
    fn root(&self, file: &Path) -> Option<bool> {
        if self.tests.iter().any(|test| test == file) {
            return Some(true);
        }
        root(file.strip_prefix(&self.folder).ok()?)
    }
}

/// The modules reached from the roots of `packages`, each file once.
pub(crate) fn modules(files: &Files, packages: &[Package]) -> Vec<Module> {
    let mut found = BTreeMap::new();
    for package in packages {
        for file in files.keys() {
            if let Some(is_test) = package.root(file) {
                let root = Module {
                    file: file.clone(),
                    package: package.folder.clone(),
                    name: String::new(),
                    is_test,
                };
                follow(files, &root, &mut found);
            }
        }
    }
    found.into_values().collect()
}

/// The files that no root reaches: the compiler never saw them.
pub(crate) fn forgotten<'a>(files: &'a Files, modules: &[Module]) -> Vec<&'a Path> {
    let reached: BTreeSet<&Path> = modules.iter().map(|module| module.file.as_path()).collect();
    files.keys().map(PathBuf::as_path).filter(|file| !reached.contains(file)).collect()
}

/// What cargo finds by itself, by path from the package's folder.
fn root(file: &Path) -> Option<bool> {
    let parts: Vec<&str> = file.iter().filter_map(|part| part.to_str()).collect();
    match parts.as_slice() {
        ["src", "lib.rs" | "main.rs"] | ["build.rs"] | ["src", "bin", ..] => Some(false),
        ["tests" | "benches" | "examples", name] if name.ends_with(".rs") => Some(true),
        ["tests" | "benches" | "examples", _, "main.rs"] => Some(true),
        ["fuzz_targets", _] => Some(true),
        _ => None,
    }
}

fn follow(files: &Files, module: &Module, found: &mut BTreeMap<PathBuf, Module>) {
    let Some(source) = files.get(&module.file) else { return };
    if found.get(&module.file).is_some_and(|known| !known.is_test || module.is_test) {
        return;
    }
    found.insert(module.file.clone(), module.clone());
    for at in words(&source.code, "mod") {
        let after = source.code.get(at + 3..).unwrap_or_default();
        let Some((name, _)) = after.split_once(';').filter(|(name, _)| is_name(name.trim())) else {
            continue;
        };
        let is_test = module.is_test || source.product.get(at..at + 3) != Some("mod");
        let name = name.trim();
        for file in places(module, source, at, name) {
            let name = if module.name.is_empty() {
                name.to_owned()
            } else {
                format!("{}::{name}", module.name)
            };
            let package = module.package.clone();
            let inside = Module {
                file,
                package,
                name,
                is_test,
            };
            follow(files, &inside, found);
        }
    }
}

/// Where the file of `mod name;` may be: beside a root or a `mod.rs`, else in the folder called as the file is; or where an attribute says.
fn places(module: &Module, source: &Source, at: usize, name: &str) -> Vec<PathBuf> {
    let folder = module.file.parent().unwrap_or(Path::new(""));
    let is_owner = module.name.is_empty() || module.file.ends_with("mod.rs");
    let below = if is_owner {
        folder.to_path_buf()
    } else {
        module.file.with_extension("")
    };
    let item = source.code.get(..at).unwrap_or_default();
    let begin = item.rfind([';', '}']).map_or(0, |end| end + 1);
    let attributes = source.text.get(begin..at).unwrap_or_default();
    let said = attributes.split("path = \"").nth(1).and_then(|rest| rest.split('"').next());
    let mut places = vec![below.join(format!("{name}.rs")), below.join(name).join("mod.rs")];
    places.extend(said.map(|said| folder.join(said)));
    places
}

fn is_name(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(of: &[(&str, &str)]) -> Files {
        of.iter().map(|(path, text)| (PathBuf::from(path), Source::read(text))).collect()
    }

    fn package() -> [Package; 1] {
        let manifest = "[package]\nname = \"a\"\n[[test]]\nname = \"own\"\npath = \"own.rs\"\n";
        [Package::read(Path::new("a/Cargo.toml"), manifest).unwrap()]
    }

    #[test]
    fn modules_are_followed_and_named() {
        let files = files(&[
            ("a/src/lib.rs", "pub mod b; mod c { fn f() {} } #[cfg(test)] mod d;"),
            ("a/src/b/mod.rs", "mod e;"),
            ("a/src/b/e.rs", "mod g;"),
            ("a/src/b/e/g.rs", ""),
            ("a/src/d.rs", ""),
        ]);
        let modules = modules(&files, &package());
        let names: Vec<_> = modules.iter().map(|module| (module.name.as_str(), module.is_test)).collect();
        assert_eq!(names, [("b::e::g", false), ("b::e", false), ("b", false), ("d", true), ("", false)]);
        assert!(forgotten(&files, &modules).is_empty());
    }

    #[test]
    fn a_file_nobody_declares_is_forgotten() {
        let files = files(&[
            ("a/src/lib.rs", "// mod lost;\n"),
            ("a/src/lost.rs", ""),
            ("a/tests/all/main.rs", "mod one;"),
            ("a/tests/all/one.rs", ""),
            ("a/tests/all/two.rs", "#[test] fn never_run() {}"),
            ("a/own.rs", "mod three;"),
            ("a/three.rs", ""),
            ("a/four.rs", ""),
        ]);
        let modules = modules(&files, &package());
        let lost = forgotten(&files, &modules);
        assert_eq!(lost, ["a/four.rs", "a/src/lost.rs", "a/tests/all/two.rs"].map(Path::new));
    }

    #[test]
    fn a_path_attribute_leads_to_its_file() {
        let files = files(&[
            ("a/src/lib.rs", "#[cfg_attr(x, path = \"other.rs\")]\nmod b;"),
            ("a/src/b.rs", ""),
            ("a/src/other.rs", ""),
        ]);
        assert!(forgotten(&files, &modules(&files, &package())).is_empty());
    }
}
