//! I hold every package of the tree against the lists of deny.toml: its licence, its name, where it comes from.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;
use toml::Table;

use super::cargo::metadata;
use crate::Failure;

/// What may come into the tree.
#[derive(Debug, Default)]
struct Lists {
    licences: BTreeSet<String>,
    banned: Vec<(String, String)>,
    registries: BTreeSet<String>,
    targets: Vec<String>,
}

/// What is known of one package.
#[derive(Debug)]
struct Package<'a> {
    name: &'a str,
    version: &'a str,
    licence: Option<&'a str>,
    /// Nothing for a path.
    source: Option<&'a str>,
}

/// Checks the trees of the workspace at `top` and of the one for fuzzing below it.
pub(super) fn check(top: &Path) -> Result<(), Failure> {
    let lists = Lists::parse(&fs::read_to_string(top.join("deny.toml"))?)?;
    MANIFESTS.iter().try_for_each(|manifest| tree(manifest, &lists))
}

fn tree(manifest: &str, lists: &Lists) -> Result<(), Failure> {
    let metadata = metadata(manifest, &lists.targets)?;
    let packages = metadata
        .get("packages")
        .and_then(Value::as_array)
        .ok_or("metadata without packages")?;
    let packages: Vec<Package<'_>> = packages.iter().filter_map(Package::of).collect();
    let wrong: Vec<String> = packages.iter().flat_map(|package| lists.refuse(package)).collect();
    for line in &wrong {
        println!("{line}");
    }
    match wrong.len() {
        0 if packages.is_empty() => Err("no package was there to check".into()),
        0 => {
            println!(
                "{manifest}: {} packages: licences, bans and sources are as deny.toml wants",
                packages.len()
            );
            Ok(())
        }
        count => Err(format!("{count} things deny.toml does not allow").into()),
    }
}

impl Lists {
    fn parse(text: &str) -> Result<Self, Failure> {
        let table: Table = text.parse()?;
        let list = |section: &str, key: &str| {
            let list = table
                .get(section)
                .and_then(|section| section.get(key))
                .and_then(toml::Value::as_array);
            list.ok_or_else(|| format!("deny.toml has no list '{key}' in [{section}]"))
        };
        let words = |section: &str, key: &str| -> Result<Vec<String>, String> {
            Ok(list(section, key)?
                .iter()
                .filter_map(toml::Value::as_str)
                .map(str::to_owned)
                .collect())
        };
        let ban = |entry: &toml::Value| {
            let word = |key: &str| entry.get(key).and_then(toml::Value::as_str).map(str::to_owned);
            Some((word("crate")?, word("reason")?))
        };
        let banned = list("bans", "deny")?;
        Ok(Self {
            licences: words("licenses", "allow")?.into_iter().collect(),
            banned: banned
                .iter()
                .map(ban)
                .collect::<Option<_>>()
                .ok_or("a ban in deny.toml lacks its crate or reason")?,
            registries: words("sources", "allow-registry")?.into_iter().collect(),
            targets: words("graph", "targets")?,
        })
    }

    fn refuse(&self, package: &Package<'_>) -> Vec<String> {
        let what = format!("{} {}", package.name, package.version);
        let mut wrong = Vec::new();
        match package.licence {
            None => wrong.push(format!("{what} names no licence")),
            Some(licence) if !satisfied(licence, &self.licences) => wrong.push(format!("{what} has the licence '{licence}'")),
            Some(_) => {}
        }
        if let Some((_, reason)) = self.banned.iter().find(|(name, _)| name == package.name) {
            wrong.push(format!("{what} is banned: {reason}"));
        }
        let is_known = |source: &str| source.strip_prefix("registry+").is_some_and(|from| self.registries.contains(from));
        if let Some(source) = package.source.filter(|source| !is_known(source)) {
            wrong.push(format!("{what} comes from {source}"));
        }
        wrong
    }
}

impl<'a> Package<'a> {
    fn of(value: &'a Value) -> Option<Self> {
        let word = |key: &str| value.get(key).and_then(Value::as_str);
        Some(Self {
            name: word("name")?,
            version: word("version")?,
            licence: word("license"),
            source: word("source"),
        })
    }
}

/// Whether an SPDX expression can be met with the licences allowed. AND binds tighter than OR; an old-style slash is an OR.
fn satisfied(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ")
        .replace(" WITH ", WITH);
    let mut words = spaced.split_whitespace().peekable();
    // What is left over was not understood, and so is not allowed.
    either(&mut words, allowed) == Some(true) && words.peek().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

/// Nothing where the expression is none.
fn either(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> Option<bool> {
    let mut answer = both(words, allowed)?;
    while words.next_if_eq(&"OR").is_some() {
        answer |= both(words, allowed)?;
    }
    Some(answer)
}

fn both(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> Option<bool> {
    let mut answer = one(words, allowed)?;
    while words.next_if_eq(&"AND").is_some() {
        answer &= one(words, allowed)?;
    }
    Some(answer)
}

fn one(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> Option<bool> {
    match words.next()? {
        "(" => {
            let answer = either(words, allowed)?;
            (words.next()? == ")").then_some(answer)
        }
        licence => Some(allowed.contains(&licence.replace(WITH, " WITH "))),
    }
}

/// What has a lock file of its own.
const MANIFESTS: [&str; 2] = ["Cargo.toml", "fuzz/Cargo.toml"];
/// Keeps a licence and its exception one word.
const WITH: &str = "\u{1f}";

#[cfg(test)]
mod tests {
    use super::*;

    const LISTS: &str = "[graph]\ntargets = []\n[licenses]\nallow = [\"MIT\", \"ISC\", \"Apache-2.0 WITH LLVM-exception\"]\n\
                         [bans]\ndeny = [{ crate = \"openssl\", reason = \"no\" }]\n[sources]\nallow-registry = [\"https://index.test\"]\n";

    fn refuse(name: &str, licence: Option<&str>, source: Option<&str>) -> Vec<String> {
        let package = Package {
            name,
            version: "1.0.0",
            licence,
            source,
        };
        Lists::parse(LISTS).unwrap().refuse(&package)
    }

    #[test]
    fn a_package_of_good_standing_passes() {
        assert!(refuse("libc", Some("MIT OR GPL-3.0"), Some("registry+https://index.test")).is_empty());
        assert!(refuse("own", Some("MIT"), None).is_empty());
    }

    #[test]
    fn each_fault_is_named() {
        assert_eq!(refuse("a", Some("GPL-3.0"), None), ["a 1.0.0 has the licence 'GPL-3.0'"]);
        assert_eq!(refuse("a", None, None), ["a 1.0.0 names no licence"]);
        assert_eq!(refuse("openssl", Some("MIT"), None), ["openssl 1.0.0 is banned: no"]);
        assert_eq!(
            refuse("a", Some("MIT"), Some("git+https://git.test/a")),
            ["a 1.0.0 comes from git+https://git.test/a"]
        );
        assert_eq!(refuse("a", Some("MIT"), Some("registry+https://other.test")).len(), 1);
    }

    #[test]
    fn an_expression_is_read_as_spdx_says() {
        let allowed = Lists::parse(LISTS).unwrap().licences;
        for good in [
            "MIT",
            "MIT/GPL",
            "(GPL) OR MIT",
            "GPL OR (MIT AND ISC)",
            "GPL AND GPL OR ISC",
            "Apache-2.0 WITH LLVM-exception OR GPL",
            "(MIT OR GPL) AND ISC",
        ] {
            assert!(satisfied(good, &allowed), "{good}");
        }
        for bad in [
            "",
            "GPL",
            "MIT AND GPL",
            "(GPL OR MIT) AND GPL",
            "Apache-2.0",
            "MIT GPL",
            "(MIT",
            "MIT)",
            "MIT OR",
        ] {
            assert!(!satisfied(bad, &allowed), "{bad}");
        }
    }

    #[test]
    fn a_list_that_is_not_there_is_an_error() {
        assert!(Lists::parse(&LISTS.replace("allow =", "allowed =")).is_err());
    }
}
