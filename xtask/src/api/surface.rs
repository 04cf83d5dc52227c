//! I walk from a crate's root to everything another crate can name, and give each thing one line.

#![expect(clippy::indexing_slicing, reason = "what JSON lacks is null")]

use std::collections::BTreeSet;

use serde_json::Value;

use super::signature::{bounds, generics, list, path, signature, text, ty, variant};

/// The lines, sorted.
pub(super) fn lines(json: &Value) -> String {
    let mut walk = Walk {
        index: &json["index"],
        seen: BTreeSet::new(),
        lines: BTreeSet::new(),
        within: String::new(),
    };
    walk.item(&json["root"], "", None);
    walk.lines.into_iter().map(|(_, line)| line + "\n").collect()
}

struct Walk<'a> {
    index: &'a Value,
    /// Where each thing was found: one that is exported twice is told twice, one that leads back to itself once.
    seen: BTreeSet<(String, String)>,
    /// By place, so that what belongs together stands together.
    lines: BTreeSet<(String, String)>,
    /// The trait whose items are told.
    within: String,
}

impl<'a> Walk<'a> {
    /// The item of that id, below `above`, under its own name or another.
    fn item(&mut self, id: &Value, above: &str, renamed: Option<&str>) {
        // What is not in the index is another crate's, or private.
        let Some(item) = self.index.get(id.to_string()) else { return };
        let Some((kind, it)) = variant(&item["inner"]) else { return };
        let name = renamed.or_else(|| item["name"].as_str()).unwrap_or_default();
        let place = if above.is_empty() {
            name.to_owned()
        } else {
            format!("{above}::{name}")
        };
        if kind == "use" {
            return self.imported(it, above);
        }
        if !self.seen.insert((id.to_string(), place.clone())) {
            return;
        }
        let marks: String = list(&item["attrs"]).map(mark).collect();
        let (params, wheres) = generics(&it["generics"]);
        let declared = format!("{place}{params}{wheres}");
        // A method of a trait that need not be written.
        let provided = if above == self.within && it["has_body"] == true {
            " { … }"
        } else {
            ""
        };
        let line = match kind {
            "module" => format!("mod {place}"),
            "function" => format!(
                "{}fn {place}{params}{}{wheres}{}",
                header(&it["header"]),
                signature(&it["sig"]),
                provided
            ),
            "struct" | "enum" | "union" => format!("{kind} {declared}{}", shape(it)),
            "trait" => format!("trait {declared}{}", list_of_bounds(&it["bounds"])),
            "type_alias" => format!("type {declared} = {}", ty(&it["type"])),
            "assoc_type" => format!("type {declared}{}{}", list_of_bounds(&it["bounds"]), value(&it["type"])),
            "constant" | "assoc_const" => format!("const {place}: {}", ty(&it["type"])),
            "static" => format!("static {place}: {}", ty(&it["type"])),
            "struct_field" => format!("field {place}: {}", ty(it)),
            "variant" => format!("variant {place}{}", shape(it)),
            _ => format!("{kind} {place}"),
        };
        self.lines.insert((place.clone(), format!("{line}{marks}")));
        self.parts(kind, it, &place);
    }

    /// What is inside, and what is implemented.
    fn parts(&mut self, kind: &str, it: &'a Value, place: &str) {
        if kind == "trait" {
            place.clone_into(&mut self.within);
        }
        let shape = &it["kind"];
        let parts = [
            &it["items"],
            &it["variants"],
            &shape["plain"]["fields"],
            &shape["struct"]["fields"],
            &shape["tuple"],
        ];
        for id in parts.into_iter().flat_map(list) {
            self.item(id, place, None);
        }
        if kind != "trait" {
            list(&it["impls"]).for_each(|id| self.implemented(id, place));
        }
    }

    /// An import of ours is told where it is; one of another crate by its name alone.
    fn imported(&mut self, it: &'a Value, above: &str) {
        let name = text(&it["name"]);
        if it["is_glob"] == true {
            let items = self
                .index
                .get(it["id"].to_string())
                .map(|module| &module["inner"]["module"]["items"]);
            items.into_iter().flat_map(list).for_each(|id| self.item(id, above, None));
        } else if self.index.get(it["id"].to_string()).is_some() {
            self.item(&it["id"], above, Some(&name));
        } else {
            let line = format!("use {above}::{name} = {}", text(&it["source"]));
            self.lines.insert((format!("{above}::{name}"), line));
        }
    }

    fn implemented(&mut self, id: &Value, place: &str) {
        let Some(it) = self.index.get(id.to_string()).map(|item| &item["inner"]["impl"]) else {
            return;
        };
        let is_derived_from_another = !it["blanket_impl"].is_null() || (it["is_synthetic"] == true && it["is_negative"] == false);
        if is_derived_from_another {
            return;
        }
        if it["trait"].is_null() {
            return list(&it["items"]).for_each(|id| self.item(id, place, None));
        }
        let (params, wheres) = generics(&it["generics"]);
        let not = if it["is_negative"] == true { "!" } else { "" };
        let types = list(&it["items"]).filter_map(|id| {
            let item = self.index.get(id.to_string())?;
            let inner = item["inner"].get("assoc_type")?;
            Some(format!(" {{ {}{} }}", text(&item["name"]), value(&inner["type"])))
        });
        let types: String = types.collect();
        let of = path(&it["trait"]);
        if of != "StructuralPartialEq" {
            let line = format!("impl{params} {not}{of} for {}{wheres}{types}", ty(&it["for"]));
            self.lines.insert((place.to_owned(), line));
        }
    }
}

fn header(header: &Value) -> String {
    let word = |key: &str, word: &str| if header[key] == true { word.to_owned() } else { String::new() };
    word("is_const", "const ") + &word("is_async", "async ") + &word("is_unsafe", "unsafe ")
}

/// What a promise about growth or use adds to an item.
fn mark(attribute: &Value) -> String {
    let name = attribute
        .as_str()
        .map(str::to_owned)
        .or_else(|| Some(variant(attribute)?.0.to_owned()));
    match name.as_deref() {
        Some(name @ ("non_exhaustive" | "must_use")) => format!(" #[{name}]"),
        _ => String::new(),
    }
}

/// Whether something cannot be made by others, because not all of it is public.
fn shape(it: &Value) -> &'static str {
    let shape = &it["kind"];
    if shape == "unit" || shape == "plain" {
        ""
    } else if let Some(fields) = shape.get("tuple") {
        if list(fields).any(Value::is_null) { "(…)" } else { "()" }
    } else if shape["plain"]["has_stripped_fields"] == true {
        " { … }"
    } else {
        ""
    }
}

fn list_of_bounds(of: &Value) -> String {
    let bounds = bounds(of);
    if bounds.is_empty() { bounds } else { format!(": {bounds}") }
}

fn value(of: &Value) -> String {
    if of.is_null() { String::new() } else { format!(" = {}", ty(of)) }
}
