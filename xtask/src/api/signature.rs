//! I spell types, bounds and signatures out of rustdoc's JSON, as they stand in the source.

#![expect(clippy::indexing_slicing, reason = "what JSON lacks is null")]

use serde_json::Value;

/// A type.
pub(super) fn ty(value: &Value) -> String {
    let Some((kind, inner)) = variant(value) else {
        return "_".to_owned();
    };
    match kind {
        "resolved_path" => path(inner),
        "generic" | "primitive" => text(inner),
        "dyn_trait" => format!("dyn {}", joined(&inner["traits"], " + ", polymorphic)),
        "impl_trait" => format!("impl {}", bounds(inner)),
        "tuple" => format!("({})", joined(inner, ", ", ty)),
        "slice" => format!("[{}]", ty(inner)),
        "array" => format!("[{}; {}]", ty(&inner["type"]), text(&inner["len"])),
        "borrowed_ref" => {
            let lifetime = inner["lifetime"].as_str().map(|name| format!("{name} ")).unwrap_or_default();
            format!("&{lifetime}{}{}", mutable(inner), ty(&inner["type"]))
        }
        "raw_pointer" => format!("*{}{}", mutable(inner), ty(&inner["type"])),
        "function_pointer" => format!("fn{}", signature(&inner["sig"])),
        "qualified_path" => format!(
            "<{} as {}>::{}",
            ty(&inner["self_type"]),
            path(&inner["trait"]),
            text(&inner["name"])
        ),
        // A kind this does not know is better shown in full than left out.
        _ => value.to_string(),
    }
}

/// `(self: &Self, name: &str) -> Result<()>`
pub(super) fn signature(sig: &Value) -> String {
    let argument = |argument: &Value| match (text(&argument[0]), ty(&argument[1])) {
        (name, of) if name == "self" && of == "Self" => name,
        (name, of) if name == "self" && of == "&Self" => "&self".to_owned(),
        (name, of) if name == "self" && of == "&mut Self" => "&mut self".to_owned(),
        (name, of) => format!("{name}: {of}"),
    };
    let output = if sig["output"].is_null() {
        String::new()
    } else {
        format!(" -> {}", ty(&sig["output"]))
    };
    format!("({}){output}", joined(&sig["inputs"], ", ", argument))
}

/// `<'a, T: Bound>` and ` where …`.
pub(super) fn generics(generics: &Value) -> (String, String) {
    let written = |param: &&Value| param["kind"]["type"]["is_synthetic"] != true;
    let params: Vec<String> = list(&generics["params"]).filter(written).map(param).collect();
    let wheres = joined(&generics["where_predicates"], ", ", predicate);
    let angle = if params.is_empty() {
        String::new()
    } else {
        format!("<{}>", params.join(", "))
    };
    (angle, if wheres.is_empty() { wheres } else { format!(" where {wheres}") })
}

/// `A + B`
pub(super) fn bounds(bounds: &Value) -> String {
    joined(bounds, " + ", bound)
}

/// A path with its arguments.
pub(super) fn path(path: &Value) -> String {
    let written = text(&path["path"]);
    let written = written.trim_start_matches('$').trim_start_matches("crate::");
    format!("{written}{}", arguments(&path["args"]))
}

fn arguments(args: &Value) -> String {
    if let Some(parenthesized) = args.get("parenthesized") {
        let output = &parenthesized["output"];
        let output = if output.is_null() {
            String::new()
        } else {
            format!(" -> {}", ty(output))
        };
        return format!("({}){output}", joined(&parenthesized["inputs"], ", ", ty));
    }
    let angle = &args["angle_bracketed"];
    let constraint = |it: &Value| match &it["binding"] {
        binding if binding.get("equality").is_some() => format!("{} = {}", text(&it["name"]), term(&binding["equality"])),
        binding => format!("{}: {}", text(&it["name"]), bounds(&binding["constraint"])),
    };
    let all: Vec<String> = list(&angle["args"])
        .map(term)
        .chain(list(&angle["constraints"]).map(constraint))
        .collect();
    if all.is_empty() {
        String::new()
    } else {
        format!("<{}>", all.join(", "))
    }
}

fn term(value: &Value) -> String {
    match variant(value) {
        Some(("type", inner)) => ty(inner),
        Some(("lifetime", inner)) => text(inner),
        Some(("const" | "constant", inner)) => text(&inner["expr"]),
        _ => "_".to_owned(),
    }
}

fn param(param: &Value) -> String {
    let name = text(&param["name"]);
    let bounded = |bounds: String| {
        if bounds.is_empty() {
            name.clone()
        } else {
            format!("{name}: {bounds}")
        }
    };
    match variant(&param["kind"]) {
        Some(("lifetime", kind)) => bounded(joined(&kind["outlives"], " + ", text)),
        Some(("const", kind)) => format!("const {name}: {}", ty(&kind["type"])),
        Some((_, kind)) => {
            let default = &kind["default"];
            let default = if default.is_null() {
                String::new()
            } else {
                format!(" = {}", ty(default))
            };
            bounded(bounds(&kind["bounds"])) + &default
        }
        None => name,
    }
}

fn predicate(predicate: &Value) -> String {
    match variant(predicate) {
        Some(("bound_predicate", it)) => format!("{}: {}", ty(&it["type"]), bounds(&it["bounds"])),
        Some(("lifetime_predicate", it)) => format!("{}: {}", text(&it["lifetime"]), joined(&it["outlives"], " + ", text)),
        _ => predicate.to_string(),
    }
}

fn bound(bound: &Value) -> String {
    match variant(bound) {
        Some(("trait_bound", it)) if it["modifier"] == "maybe" => format!("?{}", polymorphic(it)),
        Some(("trait_bound", it)) => polymorphic(it),
        Some((_, it)) => text(it),
        None => String::new(),
    }
}

/// `for<'a> Trait<'a>`
fn polymorphic(it: &Value) -> String {
    let lifetimes = joined(&it["generic_params"], ", ", param);
    let binder = if lifetimes.is_empty() {
        lifetimes
    } else {
        format!("for<{lifetimes}> ")
    };
    binder + &path(&it["trait"])
}

fn mutable(it: &Value) -> &'static str {
    if it["is_mutable"] == true { "mut " } else { "" }
}

/// The name and the content of an enum's value, as serde tags it.
pub(super) fn variant(value: &Value) -> Option<(&str, &Value)> {
    value.as_object()?.iter().next().map(|(name, inner)| (name.as_str(), inner))
}

pub(super) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn joined(values: &Value, between: &str, each: impl Fn(&Value) -> String) -> String {
    list(values).map(each).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_signature_is_spelled_as_in_the_source() {
        let name = json!({ "borrowed_ref": { "lifetime": "'a", "is_mutable": false, "type": { "primitive": "str" } } });
        let receiver = json!({ "borrowed_ref": { "lifetime": null, "is_mutable": true, "type": { "generic": "Self" } } });
        let args = json!({ "angle_bracketed": { "args": [{ "type": { "slice": { "primitive": "u8" } } }], "constraints": [] } });
        let output = json!({ "resolved_path": { "path": "crate::Box", "id": 1, "args": args } });
        let sig = json!({ "inputs": [["self", receiver], ["name", name]], "output": output });
        assert_eq!(signature(&sig), "(&mut self, name: &'a str) -> Box<[u8]>");
        assert_eq!(ty(&json!({ "from_the_future": 5 })), "{\"from_the_future\":5}");
    }
}
