//! I tell people what is in a stream, and what is wrong with it.

use zfs_rs::Release;
use zfs_rs::stream::inspect::{Blocks, Comparison, Contents, Ranges, Verdict};
use zfs_rs::stream::transform::Transformed;
use zfs_rs::stream::{Begin, Features, Refused, Rule, StreamKind, Summary};

use super::list::time;
use crate::cli::stream::Kept;
use crate::cli::words::{Column, Page, count, size};

/// A stream that is whole and keeps every rule.
pub(in crate::cli) fn verified(page: &mut Page, begin: Option<&Begin>, summary: &Summary, release: Option<Release>) {
    page.line("whole, and every record keeps every rule");
    if let Some(begin) = begin {
        opening(page, begin);
    }
    let rules = release.map_or_else(
        || "what OpenZFS 2.0 to 2.4 send".to_owned(),
        |release| format!("what {release} takes"),
    );
    page.under(1, &format!("held to   {rules}"));
    page.under(1, &format!("has       {} records, {}", summary.records, bytes(summary.bytes)));
    let types: Vec<_> = summary.types().filter(|(_, count)| *count > 0).collect();
    let types: Vec<_> = types.iter().map(|(name, count)| format!("{count} {name}")).collect();
    page.under(1, &format!("          {}", types.join(", ")));
}

/// What follows the sentence of a refusal.
pub(in crate::cli) fn refusal(refused: &Refused) -> Vec<String> {
    let Refused::Breach(breach) = refused else {
        return Vec::new();
    };
    let object = breach.object.map_or_else(String::new, |object| format!(", object {object}"));
    let rule = breach.found.rule;
    vec![
        format!("  at byte {} of the stream{object}", breach.offset),
        format!("  rule {rule}: {}", rule.requires()),
        format!("  because {}", rule.reason()),
    ]
}

/// All that a stream holds.
pub(in crate::cli) fn contents(page: &mut Page, contents: &Contents) {
    match &contents.package {
        Some(package) => {
            page.line(&format!(
                "{}  a package of {} streams, {}",
                package.to_name,
                contents.streams,
                bytes(contents.bytes)
            ));
            page.under(1, &format!("features  {}", features(contents.features)));
        }
        None => page.line(&format!("a stream of {}", bytes(contents.bytes))),
    }
    for begin in &contents.begins {
        opening(page, begin);
    }
    let named = u64::try_from(contents.begins.len()).unwrap_or(u64::MAX);
    if contents.streams > named {
        page.under(1, &format!("and {} more streams", contents.streams.saturating_sub(named)));
    }
    if contents.big_endian {
        page.under(1, "sent by a big-endian machine");
    }
    page.gap();
    objects(page, contents);
    page.gap();
    records(page, contents);
    blocks(page, contents);
}

fn objects(page: &mut Page, contents: &Contents) {
    let objects = &contents.objects;
    page.line(&format!(
        "objects: files {}, directories {}, others {}; numbers freed in {}",
        objects.files,
        objects.directories,
        objects.others,
        counted(objects.freed_ranges, "range")
    ));
    ranges(page, "holes", &contents.holes);
    ranges(page, "left out by redaction", &contents.redacted);
    ranges(page, "written by reference to what came before", &contents.by_ref);
    if contents.largest_block > 0 {
        page.line(&format!("largest block: {}", bytes(contents.largest_block)));
    }
}

fn ranges(page: &mut Page, what: &str, ranges: &Ranges) {
    if ranges.count > 0 {
        let measured = ranges.count.saturating_sub(ranges.to_end);
        page.line(&format!(
            "{what}: {} in {}, and {} to the end of an object",
            bytes(ranges.bytes),
            counted(measured, "range"),
            counted(ranges.to_end, "range")
        ));
    }
}

fn records(page: &mut Page, contents: &Contents) {
    let row = |name: String, count: u64, bytes: u64| [name, count.to_string(), size(bytes)];
    let records = contents.records.iter();
    let rows: Vec<_> = records
        .map(|(name, tally)| row(name.to_string(), tally.records, tally.bytes))
        .collect();
    page.table(0, [Column::Text("RECORD"), Column::Figure("COUNT"), Column::Figure("BYTES")], &rows);
}

fn blocks(page: &mut Page, contents: &Contents) {
    let by_compression = contents.blocks.iter().map(|(name, blocks)| (name.to_string(), blocks));
    let apart = [("embedded", &contents.embedded), ("spill", &contents.spill)];
    let apart = apart.into_iter().filter(|(_, blocks)| blocks.count > 0);
    let rows: Vec<_> = by_compression
        .chain(apart.map(|(name, blocks)| (name.to_owned(), blocks)))
        .map(|(name, blocks)| {
            let Blocks { count, logical, physical } = blocks;
            [name, count.to_string(), size(*logical), size(*physical)]
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    page.gap();
    let columns = [
        Column::Text("COMPRESSION"),
        Column::Figure("BLOCKS"),
        Column::Figure("DATA"),
        Column::Figure("IN THE STREAM"),
    ];
    page.table(0, columns, &rows);
}

/// What a stream brings, by its first record.
fn opening(page: &mut Page, begin: &Begin) {
    let what = match (begin.kind, begin.from_guid) {
        (StreamKind::Compound, _) => "a package of streams".to_owned(),
        (_, None) => format!("the full stream of a {}", begin.objset),
        (_, Some(guid)) => format!("the changes of a {} since guid {guid}", begin.objset),
    };
    page.under(1, &format!("snapshot  {}; the name is the sender's", begin.to_name));
    if begin.kind != StreamKind::Compound {
        page.under(1, &format!("          guid {}, made {}", begin.to_guid, time(begin.creation_time)));
    }
    page.under(1, &format!("is        {what}"));
    page.under(1, &format!("features  {}", features(begin.features)));
}

fn features(features: Features) -> String {
    if features.is_empty() {
        "none".to_owned()
    } else {
        features.to_string().replace('+', ", ")
    }
}

/// What two streams have in common.
pub(in crate::cli) fn comparison(page: &mut Page, comparison: &Comparison, names: &[String; 2]) {
    let [first, second] = names;
    page.line(match &comparison.verdict {
        Verdict::Identical => "identical in every field and every byte of data",
        Verdict::Same => "they bring the same, sent in another manner",
        Verdict::Unproved(_) => "not proved to bring the same: data is sent in another form",
        _ => "they bring something different",
    });
    page.under(1, &format!("first     {first}"));
    page.under(1, &format!("second    {second}"));
    page.under(1, &format!("compared  {} records", comparison.records));
    let weighty = match &comparison.verdict {
        Verdict::Unproved(difference) | Verdict::Different(difference) => Some(difference),
        _ => None,
    };
    if let Some(difference) = &comparison.first {
        page.under(1, &format!("differ    {difference}"));
    }
    if let Some(difference) = weighty.filter(|difference| Some(*difference) != comparison.first.as_ref()) {
        page.under(1, &format!("          {difference}"));
    }
}

/// A stream that was made of another.
pub(in crate::cli) fn made(page: &mut Page, file: &str, transformed: &Transformed) {
    page.line(file);
    for (what, summary) in [("read   ", &transformed.read), ("written", &transformed.written)] {
        page.under(1, &format!("{what}  {} records, {}", summary.records, bytes(summary.bytes)));
    }
}

/// The streams of a package, each in its file.
pub(in crate::cli) fn parts(page: &mut Page, files: &[Kept]) {
    let row = |kept: &Kept| [kept.file.clone(), size(kept.bytes), kept.guid.to_string(), kept.snapshot.clone()];
    let rows: Vec<_> = files.iter().map(row).collect();
    let columns = [
        Column::Text("FILE"),
        Column::Figure("SIZE"),
        Column::Text("GUID"),
        Column::Text("SNAPSHOT"),
    ];
    page.table(0, columns, &rows);
}

/// The rules with their reasons.
pub(in crate::cli) fn rules(page: &mut Page, rules: &[Rule]) {
    for rule in rules {
        page.line(rule.name());
        page.under(1, rule.requires());
        page.under(1, &format!("because {}", rule.reason()));
    }
}

fn counted(number: u64, noun: &str) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

fn bytes(bytes: u64) -> String {
    format!("{} ({bytes} bytes)", size(bytes))
}
