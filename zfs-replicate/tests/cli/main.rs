//! I start the program as a person would and read what it says.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod stream;
mod transform;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use zfs_rs::stream::token::ResumePoint;

/// What came of a start: to be looked at, whatever it is.
#[must_use]
#[derive(Debug)]
struct Said {
    status: Option<i32>,
    out: String,
    err: String,
}

#[expect(clippy::disallowed_methods, reason = "the product runs no program; its test runs the product")]
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zfs-replicate"));
    command.env_clear().stdin(Stdio::null());
    command
}

fn say(arguments: &[&str]) -> Said {
    let output = program().args(arguments).output().unwrap();
    Said {
        status: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Said {
    /// Refused before anything was done, in words that hold all of `words`.
    fn refused(self, status: i32, words: &[&str]) {
        assert_eq!(self.status, Some(status), "{self:?}");
        assert_eq!(self.out, "", "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not in {}", self.err);
        }
        assert!(!self.err.contains("panicked"), "{}", self.err);
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}

fn token() -> String {
    let point = ResumePoint {
        object: 7,
        offset: 131_072,
        bytes: 325_058_560,
        to_guid: 11_962_353_180_293_674_594,
        to_name: "tank/home@monday".to_owned(),
        from_guid: Some(7),
        compress_ok: true,
        raw_ok: true,
        ..ResumePoint::default()
    };
    point.encode().unwrap().to_string()
}

#[test]
fn a_token_is_told_in_words() {
    let said = say(&["token", &token()]);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert_eq!(said.err, "");
    insta::assert_snapshot!(said.out);
}

#[test]
fn a_token_is_one_json_document() {
    let said = say(&["token", "--json", &format!(" {}\n", token())]);
    assert_eq!(said.status, Some(0), "{said:?}");
    let document = said.json();
    assert_eq!(document["format"], 1);
    assert_eq!(document["to_guid"], "11962353180293674594");
    assert_eq!(document["flags"]["raw"], true);
    assert_eq!(document["bytes"], 325_058_560);
}

#[test]
fn a_token_fits_the_stream_that_was_interrupted_and_no_other() {
    const TO: &str = "11962353180293674594";
    let token = token();
    let asked = |words: &[&str]| say(&[&["token", &token], words].concat());
    let said = asked(&["--to", TO, "--from", "7"]);
    assert_eq!((said.status, said.err.as_str()), (Some(0), ""), "{said:?}");
    assert!(said.out.ends_with("\n  fits     yes\n"), "{said:?}");
    let document = asked(&["--json", "--to", TO, "--from", "7"]).json();
    assert_eq!((&document["fits"], document.get("misfit")), (&true.into(), None));

    let refusals = [&["--to", "8", "--from", "7"][..], &["--to", TO, "--from", "8"], &["--to", TO]].map(|words| {
        let said = asked(words);
        assert_eq!(said.status, Some(1), "{said:?}");
        assert!(said.out.ends_with("\n  fits     no\n"), "{said:?}");
        said.err
    });
    insta::assert_snapshot!(refusals.join("\n"));
    let said = asked(&["--json", "--to", TO]);
    assert_eq!(said.status, Some(1), "{said:?}");
    let document = said.json();
    assert_eq!(document["fits"], false);
    assert_eq!(
        document["misfit"],
        serde_json::json!({"base": {"interrupted": "7", "wanted": null}})
    );
    asked(&["--from", "7"]).refused(2, &["--to <GUID>"]);
    asked(&["--to", "0"]).refused(2, &["--to <GUID>"]);
}

#[test]
fn a_corrupt_token_is_refused_by_what_is_wrong_with_it() {
    let good = token();
    let cut = &good[..good.len() - 2];
    let (rest, last) = good.split_at(good.len() - 1);
    let damaged = format!("{rest}{}", if last == "0" { "1" } else { "0" });
    say(&["token", cut]).refused(3, &["error: the resume token is damaged", "hint: copy it whole"]);
    say(&["token", &damaged]).refused(3, &["error: the resume token is damaged: its checksum is"]);
    say(&["token", &good.replacen('1', "2", 1)]).refused(3, &["is of version \"2\", only version 1 is known"]);
    say(&["token", "hello"]).refused(3, &["has 1 parts joined by hyphens, not 4"]);
    say(&["token", ""]).refused(3, &["has 1 parts"]);
    say(&["token", "\x1b[2J-a-b-c"]).refused(3, &["is of version \"\\u{1b}[2J\""]);
}

#[test]
fn a_refusal_is_a_json_document_too_where_one_was_asked_for() {
    let said = say(&["token", "--json", "hello"]);
    assert_eq!(said.status, Some(3), "{said:?}");
    assert_eq!(said.json()["error"]["code"], "bad_token");
    assert!(said.err.starts_with("error: the resume token has 1 parts"), "{said:?}");
}

#[test]
fn names_that_cannot_be_are_refused_with_the_rule_they_break() {
    say(&["replicate", "tank//a", "backup/a"]).refused(2, &["'tank//a'", "<SRC>", "a component is empty"]);
    say(&["replicate", "tank/a", "/backup"]).refused(2, &["<DST>", "it contains '/'"]);
    say(&["replicate", "tank/a@monday", "backup/a"]).refused(2, &["give the dataset alone, all its snapshots are replicated"]);
    say(&["list", "tank/%recv"]).refused(2, &["it contains '%'"]);
    say(&["list", ""]).refused(2, &["it is empty"]);
    say(&["list", "tank/\x1b[2J"]).refused(2, &["it contains '\\u{1b}'"]);
}

#[test]
fn rates_that_cannot_be_are_refused() {
    let rate = |rate| say(&["replicate", "--bwlimit", rate, "tank/a", "backup/a"]);
    rate("0").refused(2, &["a rate of nothing would never end"]);
    rate("-5M").refused(2, &["a rate cannot be negative"]);
    rate("fast").refused(2, &["a rate is a number and a unit", "20MiB"]);
    rate("99999999999EiB").refused(2, &["a rate is less than 16 EiB/s"]);
}

#[test]
fn ages_that_cannot_be_are_refused() {
    let age = |option, age| say(&["replicate", option, age, "tank/a", "backup/a"]);
    age("--snapshots-newer-than", "0s").refused(2, &["an age of nothing leaves nothing to choose"]);
    age("--snapshots-older-than", "-1d").refused(2, &["an age cannot be negative"]);
    age("--snapshots-newer-than", "1mo").refused(2, &["months and years differ in length"]);
    age("--snapshots-older-than", "old").refused(2, &["an age is a number and a unit", "30d"]);
    age("--snapshot-property", "keep").refused(2, &["not a user property and its value"]);
}

#[test]
fn a_command_line_that_makes_no_sense_shows_its_usage() {
    say(&[]).refused(2, &["Usage: zfs-replicate"]);
    say(&["replicate", "tank/a"]).refused(2, &["<DST>", "Usage: zfs-replicate replicate"]);
    say(&["--backend", "magic", "list", "tank"]).refused(2, &["magic", "auto, libzfs_core, ioctl"]);
}

#[test]
fn help_and_version_end_well() {
    for arguments in [
        &["--help"][..],
        &["replicate", "--help"],
        &["list", "-h"],
        &["token", "--help"],
        &["stream", "--help"],
        &["stream", "verify", "--help"],
        &["--version"],
    ] {
        let said = say(arguments);
        assert_eq!(said.status, Some(0), "{said:?}");
        assert!(said.out.contains("zfs-replicate") && said.err.is_empty(), "{said:?}");
    }
}

/// Where ZFS is loaded the same commands fail one step later: there is no such pool.
#[test]
fn without_zfs_every_command_says_so_and_what_to_do() {
    let words: &[&str] = if Path::new("/dev/zfs").exists() {
        &["error: ", "no-such-pool", "hint: ", "`zpool import no-such-pool`"]
    } else {
        &["error: /dev/zfs cannot be opened", "hint: ", "`modprobe zfs`", "zfs-dkms"]
    };
    say(&["list", "no-such-pool/a"]).refused(3, words);
    say(&["replicate", "no-such-pool/a", "no-such-pool/b"]).refused(3, words);
    say(&["replicate", "--dry-run", "no-such-pool/a", "no-such-pool/b"]).refused(3, words);
    say(&["--backend", "ioctl", "list", "no-such-pool/a"]).refused(3, words);

    let said = say(&["replicate", "--json", "no-such-pool/a", "no-such-pool/b"]);
    assert_eq!(said.status, Some(3), "{said:?}");
    assert!(said.json()["error"]["message"].is_string(), "{said:?}");
}

/// A reader who has seen enough is no error, and none of ours dies of it.
#[test]
fn a_reader_who_goes_away_is_no_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = program().args(["token", "--json", &token()]).stdout(writer).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), err.as_str()), (Some(0), ""));
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = program().args(["token", &token()]).stdout(full).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{err}");
    assert!(
        err.starts_with("error: the standard output cannot be written: No space left"),
        "{err}"
    );
}

/// The list of what is documented and the numbers above are the same list.
#[test]
fn the_exit_statuses_are_in_every_help() {
    let mut seen = String::new();
    let streams = [
        "verify",
        "summary",
        "dump",
        "compare",
        "rules",
        "decompress",
        "recompress",
        "split",
        "redup",
        "drop",
    ]
    .map(|command| vec!["help", "stream", command]);
    let commands = ["replicate", "list", "token"].map(|command| vec!["help", command]);
    for command in commands.iter().chain(&streams) {
        let said = say(command);
        assert_eq!(said.status, Some(0), "{said:?}");
        for number in 0..=4 {
            let line = said.out.lines().filter(|line| line.starts_with(&format!("  {number}  "))).count();
            write!(seen, "{line}").unwrap();
        }
    }
    assert_eq!(seen, "1".repeat(65));
}
