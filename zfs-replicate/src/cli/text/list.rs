//! I tell people what one side has.

use jiff::Timestamp;

use crate::cli::words::{Column, Page, count, short, size};
use crate::view::{Dataset, Encryption, Key, Kind, Partial, SavedReceive, StreamFlags, View};

/// Everything in a view.
pub(in crate::cli) fn list(page: &mut Page, view: &View) {
    for dataset in &view.datasets {
        page.gap();
        one(page, dataset);
    }
}

fn one(page: &mut Page, dataset: &Dataset) {
    let kind = match dataset.kind {
        Kind::Filesystem => "filesystem",
        Kind::Volume => "volume",
    };
    page.line(&format!(
        "{}  {kind}, guid {}, createtxg {}, {} used, {} available",
        dataset.name,
        dataset.guid,
        dataset.createtxg,
        size(dataset.used),
        size(dataset.available)
    ));
    for fact in facts(dataset) {
        page.under(1, &fact);
    }
    snapshots(page, dataset);
    bookmarks(page, dataset);
}

fn facts(dataset: &Dataset) -> Vec<String> {
    let mut facts = vec![encryption(&dataset.encryption)];
    if let Some(origin) = &dataset.origin {
        let guid = origin.guid.map_or_else(String::new, |guid| format!(" (guid {guid})"));
        facts.push(format!("a clone of {}{guid}", origin.name));
    }
    if dataset.inconsistent {
        facts.push("unfinished: a full receive into it never came to its end".to_owned());
    }
    if dataset.written > 0 && !dataset.versions.is_empty() {
        facts.push(format!("{} written since the newest snapshot", size(dataset.written)));
    }
    facts.extend(dataset.partial.as_ref().map(partial));
    facts.extend(dataset.properties.iter().map(|(name, value)| format!("{name} = {value}")));
    facts
}

fn encryption(encryption: &Encryption) -> String {
    match encryption {
        Encryption::Off => "not encrypted".to_owned(),
        Encryption::On {
            root, key: Key::Loaded, ..
        } => format!("encrypted by the key of {root}, which is loaded"),
        Encryption::On {
            root, key: Key::Missing, ..
        } => format!("encrypted by the key of {root}, which is not loaded"),
    }
}

fn partial(partial: &Partial) -> String {
    match partial {
        Partial::Saved(SavedReceive {
            to_guid,
            from_guid,
            point,
            flags,
        }) => {
            let from = from_guid.map_or_else(|| "in full".to_owned(), |guid| format!("from guid {guid}"));
            format!(
                "interrupted receive of guid {to_guid} {from}: {} received, goes on at object {} byte {}, {}",
                size(point.bytes),
                point.object,
                point.offset,
                blocks(*flags)
            )
        }
        Partial::Unreadable { fault, .. } => format!("interrupted receive that cannot be resumed: {fault}"),
    }
}

/// How blocks travel.
pub(super) fn blocks(flags: StreamFlags) -> String {
    let StreamFlags {
        raw,
        large_block,
        embed,
        compress,
    } = flags;
    let words: Vec<_> = [(raw, "raw"), (large_block, "large"), (embed, "embedded"), (compress, "compressed")]
        .into_iter()
        .filter_map(|(is_so, word)| is_so.then_some(word))
        .collect();
    if words.is_empty() {
        "plain blocks".to_owned()
    } else {
        format!("{} blocks", words.join(", "))
    }
}

fn snapshots(page: &mut Page, dataset: &Dataset) {
    page.under(
        1,
        &format!("{}{}", count(dataset.versions.len(), "snapshot"), colon(dataset.versions.len())),
    );
    if dataset.versions.is_empty() {
        return;
    }
    let rows: Vec<_> = dataset
        .versions
        .iter()
        .map(|version| {
            let holds: Vec<_> = version.holds.iter().map(AsRef::as_ref).collect();
            [
                short(version.name.as_str()).to_owned(),
                version.guid.to_string(),
                version.createtxg.to_string(),
                version.creation.map_or_else(|| "-".to_owned(), time),
                holds.join(" "),
            ]
        })
        .collect();
    let columns = [
        Column::Text("NAME"),
        Column::Figure("GUID"),
        Column::Figure("CREATETXG"),
        Column::Text("CREATION"),
        Column::Text("HOLDS"),
    ];
    page.table(2, columns, &rows);
}

fn bookmarks(page: &mut Page, dataset: &Dataset) {
    if dataset.marks.is_empty() {
        return;
    }
    page.under(1, &format!("{}:", count(dataset.marks.len(), "bookmark")));
    let rows: Vec<_> = dataset
        .marks
        .iter()
        .map(|mark| {
            [
                short(mark.name.as_str()).to_owned(),
                mark.guid.to_string(),
                mark.createtxg.to_string(),
            ]
        })
        .collect();
    page.table(
        2,
        [Column::Text("NAME"), Column::Figure("GUID"), Column::Figure("CREATETXG")],
        &rows,
    );
}

fn colon(number: usize) -> &'static str {
    if number == 0 { "" } else { ":" }
}

/// In UTC, which is the same for whoever reads it.
pub(super) fn time(seconds: u64) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map_or_else(|| seconds.to_string(), |time| time.to_string())
}
