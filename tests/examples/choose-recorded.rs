//! I choose from many recorded sequences a few that show as much as all of them: each operation, in each way it was ordered, with each answer it had.
//!
//! ```text
//! cargo xtask vm differential --sequences 2000 --record > all
//! cargo run --package ring-tests --example choose-recorded < all > tests/recorded/openzfs-2.3.9
//! ```

use std::collections::BTreeSet;
use std::io::{BufRead, Write, stdin, stdout};

use ring_tests::sequence::{Recorded, record::MARK};
use serde_json::Value;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut all = Vec::new();
    for line in stdin().lock().lines() {
        let line = line?;
        // What else is printed may stand before it, and what was cut off is none.
        if let Some(at) = line.find(MARK)
            && let Ok(recorded) = line[at..].parse::<Recorded>()
        {
            let shown = shown(&recorded)?;
            all.push((recorded, shown));
        }
    }
    let mut out = stdout().lock();
    while let Some(best) = (0..all.len()).max_by_key(|index| all[*index].1.len()) {
        let (recorded, news) = all.swap_remove(best);
        if news.len() < NEWS {
            break;
        }
        writeln!(out, "{recorded}")?;
        for (_, shown) in &mut all {
            shown.retain(|one| !news.contains(one));
        }
    }
    Ok(())
}

/// What a sequence shows: operations without names, and each of their properties, with the answers to them.
fn shown(recorded: &Recorded) -> Result<BTreeSet<String>, serde_json::Error> {
    let mut shown = BTreeSet::new();
    for (op, answer) in recorded.ops.iter().zip(&recorded.run.answers) {
        let answer = without_names(answer);
        let mut order = serde_json::to_value(op)?;
        let mut properties = Vec::new();
        strip(&mut order, &mut properties);
        let kind = order.as_object().and_then(|order| order.keys().next().cloned()).unwrap_or_default();
        shown.extend(properties.into_iter().map(|property| format!("{kind} {property} {answer}")));
        shown.insert(format!("{order} {answer}"));
    }
    Ok(shown)
}

/// Leaves of names only what kind of name it is, and takes properties out.
fn strip(value: &mut Value, properties: &mut Vec<String>) {
    match value {
        Value::String(name) => {
            if let Some(mark) = ['@', '#', '/'].into_iter().find(|mark| name.contains(*mark)) {
                *name = mark.to_string();
            }
        }
        Value::Array(items) => {
            items.iter_mut().for_each(|item| strip(item, properties));
            // How many is no matter.
            items.dedup();
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                match (key.as_str(), &mut *field) {
                    ("properties" | "received" | "local", Value::Array(pairs)) => {
                        properties.extend(pairs.drain(..).map(|pair| format!("{key} {}", pair[0])));
                    }
                    // Which file, which key and how many blocks is no matter.
                    ("file" | "blocks" | "key" | "handle", number) => *number = Value::Null,
                    // Of the ways to write blocks, raw is another thing.
                    ("flags", flags) => *flags = Value::Bool(flags.as_u64().is_some_and(|flags| flags & RAW != 0)),
                    _ => strip(field, properties),
                }
            }
        }
        _ => {}
    }
}

/// `refused EEXIST ["A/x@1 EEXIST"]` as `refused EEXIST EEXIST`.
fn without_names(answer: &str) -> String {
    let words = answer.split(|letter: char| letter.is_whitespace() || "[]\",()".contains(letter));
    let words: Vec<&str> = words.filter(|word| !word.is_empty() && !word.contains(['/', '@', '#'])).collect();
    words.join(" ")
}

/// The bit of `SendFlags::RAW`.
const RAW: u64 = 8;

/// A sequence that shows less than that is not kept.
const NEWS: usize = 4;
