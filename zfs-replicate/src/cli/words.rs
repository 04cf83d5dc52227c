//! I choose the words for sizes, times and counts, and let nothing through that a terminal would obey.

use std::fmt::Write as _;
use std::time::Duration;

use bytesize::ByteSize;

/// Text on its way to a reader, line by line.
///
/// Names, hold tags, tokens and messages come from the system or from a stranger. Whatever is written passes here, so that none of it can end
/// a line, move a cursor or turn the direction of writing.
#[derive(Debug, Default)]
pub(super) struct Page(String);

impl Page {
    /// The text that is written by `write`.
    pub(super) fn of(write: impl FnOnce(&mut Self)) -> String {
        let mut page = Self::default();
        write(&mut page);
        page.0
    }

    /// One line.
    pub(super) fn line(&mut self, text: &str) {
        self.0.push_str(&harmless(text));
        self.0.push('\n');
    }

    /// One line below another, to which it belongs.
    pub(super) fn under(&mut self, depth: usize, text: &str) {
        self.line(&format!("{:width$}{text}", "", width = depth.saturating_mul(INDENT)));
    }

    /// An empty line between two parts; none before the first.
    pub(super) fn gap(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with("\n\n") {
            self.0.push('\n');
        }
    }

    /// Rows with their cells in columns; columns of figures end at the same place.
    pub(super) fn table<const N: usize>(&mut self, depth: usize, columns: [Column; N], rows: &[[String; N]]) {
        let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| harmless(cell))).collect();
        let mut widths = columns.map(|column| column.title().chars().count());
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let titles = columns.map(|column| column.title().to_owned());
        for row in std::iter::once(&titles).chain(&rows) {
            let mut line = String::new();
            for ((cell, column), width) in row.iter().zip(columns).zip(widths) {
                let _infallible = match column {
                    Column::Text(_) => write!(line, "{cell:<width$}{:GUTTER$}", ""),
                    Column::Figure(_) => write!(line, "{cell:>width$}{:GUTTER$}", ""),
                };
            }
            self.under(depth, line.trim_end());
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(super) enum Column {
    /// Begins at the same place in every row.
    Text(&'static str),
    /// Ends at the same place in every row.
    Figure(&'static str),
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Self::Text(title) | Self::Figure(title) => title,
        }
    }
}

/// The text with everything escaped that would not simply be shown.
pub(super) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_obeyed(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Whether a terminal would do something else than show it: control characters, and those that are not seen or turn the direction of writing.
pub(super) fn is_obeyed(character: char) -> bool {
    character.is_control() || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A number of bytes.
pub(super) fn size(bytes: u64) -> String {
    ByteSize::b(bytes).display().iec().to_string()
}

/// A number of bytes that is a guess; nothing where nobody guessed.
pub(super) fn guess(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "size unknown".to_owned(), |bytes| format!("about {}", size(bytes)))
}

/// A sum of guesses; where only some were made it is at least that.
pub(super) fn guesses(all: impl IntoIterator<Item = Option<u64>>) -> String {
    let (mut sum, mut known, mut unknown) = (0_u64, false, false);
    for bytes in all {
        match bytes {
            Some(bytes) => (sum, known) = (sum.saturating_add(bytes), true),
            None => unknown = true,
        }
    }
    match (known, unknown) {
        (true, true) => format!("about {} or more", size(sum)),
        (false, true) => guess(None),
        (_, false) => guess(Some(sum)),
    }
}

/// How long something took.
pub(super) fn duration(took: Duration) -> String {
    let seconds = took.as_secs();
    match seconds {
        0..60 => format!("{}.{} s", seconds, took.subsec_millis() / 100),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// How fast it went; nothing where it was too short to tell.
pub(super) fn speed(bytes: u64, took: Duration) -> Option<String> {
    let per_second = u128::from(bytes).checked_mul(1000)?.checked_div(took.as_millis())?;
    Some(format!("{}/s", size(u64::try_from(per_second).ok()?)))
}

/// How much of it is done, in hundredths; nothing of nothing is all.
pub(super) fn percent(part: u64, whole: u64) -> u128 {
    u128::from(part)
        .saturating_mul(100)
        .checked_div(u128::from(whole))
        .map_or(100, |percent| percent.min(100))
}

/// `1 snapshot`, `2 snapshots`.
pub(super) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// What of a full name is not the dataset's: `@short` or `#short`.
pub(super) fn short(full: &str) -> &str {
    full.find(['@', '#']).and_then(|at| full.get(at..)).unwrap_or(full)
}

/// What of a full name is the dataset's.
pub(super) fn dataset_of(full: &str) -> &str {
    full.split(['@', '#']).next().unwrap_or(full)
}

/// What of a full name is the pool's.
pub(super) fn pool_of(full: &str) -> &str {
    full.split(['/', '@', '#']).next().unwrap_or(full)
}

/// A name as a shell takes it.
pub(super) fn quoted(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | ':' | '@' | '%' | '=' | ',');
    if !name.is_empty() && name.chars().all(is_plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', r"'\''"))
    }
}

const INDENT: usize = 2;
const GUTTER: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_terminal_obeys_passes() {
        assert_eq!(
            harmless("a\x1b[2Jb\nc\u{9b}d\u{202e}e\u{200b}ü"),
            r"a\u{1b}[2Jb\nc\u{9b}d\u{202e}e\u{200b}ü"
        );
        let text = Page::of(|page| {
            page.line("one\nstill one");
            page.table(0, [Column::Text("NAME")], &[["a\rb".to_owned()]]);
        });
        assert_eq!(text, "one\\nstill one\nNAME\na\\rb\n");
    }

    #[test]
    fn sizes_times_and_speeds_are_short() {
        assert_eq!([0, 1023, 1024, 1_288_490_189].map(size), ["0 B", "1023 B", "1.0 KiB", "1.2 GiB"]);
        assert_eq!(
            [999, 12_340, 65_000, 7_384_000].map(|ms| duration(Duration::from_millis(ms))),
            ["0.9 s", "12.3 s", "1 min 05 s", "2 h 03 min"]
        );
        assert_eq!(speed(10 << 20, Duration::from_secs(5)).unwrap(), "2.0 MiB/s");
        assert_eq!(speed(1, Duration::ZERO), None);
        assert_eq!(
            [(1, 3), (0, 0), (5, 3), (u64::MAX, u64::MAX)].map(|(a, b)| percent(a, b)),
            [33, 100, 100, 100]
        );
    }

    #[test]
    fn names_survive_a_shell() {
        assert_eq!(quoted("tank/a-b.c@d:e"), "tank/a-b.c@d:e");
        assert_eq!(quoted("tank/my files"), "'tank/my files'");
        assert_eq!(quoted("it's; #x"), r"'it'\''s; #x'");
        assert_eq!(short("tank/a@b"), "@b");
        assert_eq!(short("tank/a#b"), "#b");
        assert_eq!((dataset_of("tank/a@b"), pool_of("tank@b")), ("tank/a", "tank"));
    }

    #[test]
    fn figures_end_at_the_same_place() {
        let rows = [["a".to_owned(), "1".to_owned()], ["bcd".to_owned(), "200".to_owned()]];
        let text = Page::of(|page| page.table(1, [Column::Text("X"), Column::Figure("N")], &rows));
        assert_eq!(text, "  X      N\n  a      1\n  bcd  200\n");
    }
}
