//! I tell the guest's own words from its job's.

/// What one line of the guest's port says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// The job wrote this line.
    Line(String),
    /// The guest is up: the module's version and the kernel's.
    Ready { zfs: String, kernel: String },
    /// The job ended with this status, a signal as 128 and its number.
    Exit(i32),
    /// Results are on their disk and all is synced.
    End,
    /// The guest cannot go on.
    Failed(String),
}

/// What `line` says when the boot's secret mark is `mark`. A mark may follow the rest of a line the job left open.
pub(crate) fn hear(line: &[u8], mark: &str) -> Vec<Said> {
    let text = String::from_utf8_lossy(line);
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let Some((before, words)) = text.split_once(mark) else {
        return vec![Said::Line(text.to_owned())];
    };
    let mut said = Vec::new();
    if !before.is_empty() {
        said.push(Said::Line(before.to_owned()));
    }
    let (verb, rest) = words.trim_start().split_once(' ').unwrap_or((words.trim(), ""));
    said.push(match (verb, rest.split_once(' '), rest.parse()) {
        ("ready", Some((zfs, kernel)), _) => Said::Ready {
            zfs: zfs.to_owned(),
            kernel: kernel.to_owned(),
        },
        ("exit", _, Ok(status)) => Said::Exit(status),
        ("end", _, _) => Said::End,
        ("failed", _, _) => Said::Failed(rest.to_owned()),
        _ => Said::Failed(format!("says what no guest says: {words}")),
    });
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_mark_makes_a_word_of_the_guest() {
        assert_eq!(hear(b"exit 0\n", "\u{1e}ab12"), [Said::Line("exit 0".into())]);
        assert_eq!(hear(b"\x1eab12 exit 137\n", "\u{1e}ab12"), [Said::Exit(137)]);
        assert_eq!(hear(b"\x1eab12 end\n", "\u{1e}ab12"), [Said::End]);
        assert_eq!(
            hear(b"\x1eab12 ready 2.3.9-1 6.12\n", "\u{1e}ab12"),
            [Said::Ready {
                zfs: "2.3.9-1".into(),
                kernel: "6.12".into()
            }]
        );
    }

    #[test]
    fn a_line_left_open_before_the_mark_is_still_a_line() {
        assert_eq!(
            hear(b"50 %\x1eab12 exit 0\n", "\u{1e}ab12"),
            [Said::Line("50 %".into()), Said::Exit(0)]
        );
    }

    #[test]
    fn a_mark_with_unknown_words_is_a_failure_not_a_success() {
        assert!(matches!(hear(b"\x1eab12 exit soon\n", "\u{1e}ab12").as_slice(), [Said::Failed(_)]));
    }
}
