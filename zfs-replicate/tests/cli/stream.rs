//! I let the program look into streams: whole ones, damaged ones, and files that are none.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;

use zfs_rs::stream::record::{End, Free, Object, Write};
use zfs_rs::stream::{Begin, BeginFlags, ByteOrder, Features, Record, Rule, Writer};

use super::{Said, program, say};

pub(super) const GUID: u64 = 11_962_353_180_293_674_594;

/// A directory that goes away with its streams.
pub(super) struct Room(pub(super) PathBuf);

impl Room {
    pub(super) fn new(test: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
        fs::remove_dir_all(&path).ok();
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(super) fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

pub(super) fn begin() -> Begin {
    Begin {
        features: Features::SA_SPILL.with(Features::LZ4).with(Features::COMPRESSED),
        flags: BeginFlags::SPILL_BLOCKS,
        creation_time: 1_700_000_000,
        from_guid: Some(3),
        ..Begin::new("tank/home@monday", GUID)
    }
}

pub(super) fn file() -> Object {
    Object {
        object: 7,
        object_type: 19,
        bonus_type: 44,
        bonus_len: 168,
        block_size: 1024,
        dnode_slots: 1,
        to_guid: GUID,
        ..Object::default()
    }
}

pub(super) fn block(offset: u64) -> Write {
    Write {
        object: 7,
        object_type: 19,
        offset,
        logical_size: 1024,
        to_guid: GUID,
        checksum_type: 7,
        ..Write::default()
    }
}

fn packed(offset: u64) -> Write {
    Write {
        compression: 15,
        compressed_size: 512,
        ..block(offset)
    }
}

/// BEGIN, OBJECT, these writes, FREE and END.
pub(super) fn stream_of(begin: Begin, writes: &[Write]) -> Vec<u8> {
    let free = Free {
        object: 7,
        offset: 1 << 20,
        length: u64::MAX,
        to_guid: GUID,
    };
    let end = End {
        to_guid: GUID,
        ..End::default()
    };
    let mut records: Vec<Record> = vec![begin.into(), file().into()];
    records.extend(writes.iter().map(|write| Record::from(*write)));
    records.extend([Record::from(free), end.into()]);
    let mut out = Vec::new();
    let mut writer = Writer::new(ByteOrder::Little);
    for record in records {
        // Attributes that nobody has filled yet.
        let byte = if matches!(record, Record::Object(_)) { 0 } else { 7 };
        let payload = vec![byte; usize::try_from(record.payload_len()).unwrap()];
        writer.put(&mut out, record, &payload).unwrap();
    }
    out
}

pub(super) fn good() -> Vec<u8> {
    stream_of(begin(), &[block(0), packed(1024)])
}

pub(super) fn breach() -> Vec<u8> {
    stream_of(begin(), &[block(0), block(512)])
}

/// What the program says of bytes that come to its standard input.
pub(super) fn fed(arguments: &[&str], bytes: &[u8]) -> Said {
    let mut child = program()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who refuses early does not read the rest.
    child.stdin.take().unwrap().write_all(bytes).ok();
    let output = child.wait_with_output().unwrap();
    Said {
        status: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(super) fn ends(said: &Said, status: i32) {
    assert_eq!(said.status, Some(status), "{said:?}");
    assert!(!said.err.contains("panicked"), "{said:?}");
}

#[test]
fn a_good_stream_is_verified_and_counted() {
    let room = Room::new("good");
    let path = room.file("stream", &good());
    let said = say(&["stream", "verify", &path]);
    ends(&said, 0);
    assert_eq!(said.err, "");
    insta::assert_snapshot!("verify", said.out);
    assert_eq!(fed(&["stream", "verify", "-"], &good()).out, said.out);
    insta::assert_snapshot!("verify_json", say(&["stream", "verify", "--json", &path]).out);
    insta::assert_snapshot!("summary", say(&["stream", "summary", &path]).out);
    insta::assert_snapshot!("summary_json", say(&["stream", "summary", "--json", &path]).out);
}

#[test]
fn what_breaks_a_rule_is_named_with_its_place_its_rule_and_its_reason() {
    let room = Room::new("breach");
    let path = room.file("stream", &breach());
    let said = say(&["stream", "verify", &path]);
    ends(&said, 1);
    assert_eq!(said.out, "");
    insta::assert_snapshot!("refused", said.err);
    let said = fed(&["stream", "verify", "--json", "-"], &breach());
    ends(&said, 1);
    let error = &said.json()["error"];
    assert_eq!(error["code"], "breach");
    assert_eq!(error["rule"]["name"], "data-block");
    assert_eq!((&error["breach"]["record"], &error["breach"]["object"]), (&3.into(), &7.into()));
    insta::assert_snapshot!("refused_json", said.out);
    // Its checksums are right: who only counts does not mind.
    ends(&say(&["stream", "summary", &path]), 0);
}

#[test]
fn a_stream_is_held_to_what_its_receiver_takes_and_wants() {
    let of = |words: &[&str], bytes: &[u8]| {
        let words: Vec<_> = ["stream", "verify"].iter().chain(words).chain(&["-"]).copied().collect();
        let said = fed(&words, bytes);
        let rule = said
            .err
            .lines()
            .find_map(|line| line.trim().strip_prefix("rule ")?.split(':').next().map(str::to_owned));
        (said.status, rule)
    };
    let refused = |rule: Rule| (Some(1), Some(rule.name().to_owned()));
    let guid = GUID.to_string();
    assert_eq!(of(&["--release", "2.0"], &good()), (Some(0), None));
    assert_eq!(of(&["--from", "3", "--to", &guid], &good()), (Some(0), None));
    assert_eq!(of(&["--to", &guid], &good()), refused(Rule::GateBase));
    assert_eq!(of(&["--from", "4", "--to", &guid], &good()), refused(Rule::GateBase));
    assert_eq!(of(&["--from", "3", "--to", "5"], &good()), refused(Rule::GateTarget));
    assert_eq!(of(&["--raw-only"], &good()), refused(Rule::GateRaw));
    assert_eq!(of(&["--type", "filesystem"], &good()), (Some(0), None));
    assert_eq!(of(&["--type", "volume"], &good()), refused(Rule::GateType));
    let new = Begin {
        features: begin().features.with(Features::LONG_NAMES),
        ..begin()
    };
    let new = stream_of(new, &[block(0)]);
    assert_eq!(of(&["--release", "2.2"], &new), refused(Rule::BeginFeatures));
    assert_eq!(of(&["--release", "2.3"], &new), (Some(0), None));
    say(&["stream", "verify", "--release", "1.9", "-"]).refused(2, &["\"1.9\" is no release of OpenZFS"]);
    say(&["stream", "verify", "--from", "3", "-"]).refused(2, &["--to <GUID>"]);
    say(&["stream", "verify", "--to", "0", "-"]).refused(2, &["--to <GUID>"]);
}

#[test]
fn damage_is_found_wherever_it_is() {
    let room = Room::new("damage");
    let good = good();
    let mut flipped = good.clone();
    flipped[1500] ^= 1;
    let flipped = room.file("flipped", &flipped);
    let cut = room.file("cut", &good[..good.len() - 1]);
    let longer = room.file("longer", &[good.as_slice(), b"more"].concat());
    let empty = room.file("empty", &[]);
    let none = room.file("none", &[b'x'; 1000]);
    for command in ["verify", "summary", "dump"] {
        let told = |path: &str, status: i32, words: &str| {
            let said = say(&["stream", command, path]);
            ends(&said, status);
            assert!(
                said.err.contains(words) && said.err.contains("hint: "),
                "{words:?} is not in {said:?}"
            );
            assert!(command == "dump" || said.out.is_empty(), "{said:?}");
        };
        told(
            &flipped,
            1,
            "error: record 3 of the stream, at byte 2128, after object 7: checksum ",
        );
        told(&cut, 1, "the stream stops before its end");
        told(&longer, 1, "bytes follow the end of the stream");
        told(&none, 1, "not the beginning of a send stream");
        told(&empty, 3, "is empty: not even the beginning of a stream");
    }
    let said = say(&["stream", "verify", "--json", &cut]);
    ends(&said, 1);
    assert_eq!(said.json()["error"]["code"], "damaged");
    assert_eq!(said.json()["error"]["corrupt"]["what"], "truncated");
}

#[test]
fn what_is_no_file_is_said_so() {
    let room = Room::new("no-file");
    let directory = room.0.to_str().unwrap();
    let missing = format!("{directory}/missing");
    say(&["stream", "verify", &missing]).refused(3, &["/missing cannot be read: No such file or directory"]);
    say(&["stream", "summary", directory]).refused(3, &["no-file cannot be read: Is a directory"]);
    say(&["stream", "dump", &missing]).refused(3, &["/missing cannot be read"]);
    say(&["stream", "compare", &missing, "-"]).refused(3, &["/missing cannot be read"]);
    say(&["stream", "compare", "-", "-"]).refused(3, &["only one of two streams", "hint: "]);
    // Where nothing is connected.
    say(&["stream", "verify", "-"]).refused(3, &["the standard input is empty"]);
}

#[test]
fn every_record_is_shown_in_a_line() {
    let room = Room::new("dump");
    let path = room.file("stream", &good());
    let said = say(&["stream", "dump", &path]);
    ends(&said, 0);
    insta::assert_snapshot!("dump", said.out);
    let said = fed(&["stream", "dump", "--json", "-"], &good());
    ends(&said, 0);
    insta::assert_snapshot!("dump_json", said.out);
    for line in said.out.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["format"], 1);
    }
    // Of a damaged stream what came before, and in JSON a last line that says so.
    let said = fed(&["stream", "dump", "--json", "-"], &good()[..3000]);
    ends(&said, 1);
    assert_eq!(said.out.lines().count(), 5, "{said:?}");
    let last: serde_json::Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
    assert_eq!(last["error"]["corrupt"]["what"], "truncated");
}

#[test]
fn a_name_from_a_stranger_cannot_write_on_the_screen() {
    let begin = Begin {
        to_name: "tank\x1b[2J\u{202e}@a".into(),
        ..begin()
    };
    let stream = stream_of(begin, &[]);
    for command in [&["dump"][..], &["dump", "--json"], &["summary"], &["summary", "--json"]] {
        let said = fed(&[&["stream"], command, &["-"]].concat(), &stream);
        ends(&said, 0);
        assert!(!said.out.contains(['\x1b', '\u{202e}']), "{said:?}");
        assert!(said.out.contains("tank"), "{said:?}");
    }
}

#[test]
fn two_streams_are_compared() {
    let room = Room::new("compare");
    let first = room.file("first", &good());
    let renamed = Begin {
        to_name: "backup/home@monday".into(),
        ..begin()
    };
    let of = |bytes: &[u8]| fed(&["stream", "compare", &first, "-"], bytes);
    let told = |said: Said, status: i32| {
        ends(&said, status);
        said.out.replace(room.0.to_str().unwrap(), "")
    };
    let all = [
        told(of(&good()), 0),
        told(of(&stream_of(renamed, &[block(0), packed(1024)])), 0),
        told(of(&stream_of(begin(), &[block(0), block(1024)])), 1),
        told(of(&stream_of(begin(), &[block(0)])), 1),
    ];
    insta::assert_snapshot!("compare", all.join("\n"));
    let said = of(&good()[..2000]);
    ends(&said, 1);
    assert!(
        said.err
            .starts_with("error: the standard input: record 3 of the stream, at byte 2000"),
        "{said:?}"
    );
    let said = fed(&["stream", "compare", "--json", "-", &first], &stream_of(begin(), &[block(0)]));
    ends(&said, 1);
    insta::assert_snapshot!("compare_json", said.out);
}

#[test]
fn the_rules_are_listed_with_their_reasons() {
    let said = say(&["stream", "rules"]);
    ends(&said, 0);
    for rule in Rule::ALL {
        for words in [rule.name(), rule.requires(), rule.reason()] {
            assert!(said.out.contains(words), "{words}");
        }
    }
    let listed = say(&["stream", "rules", "--json"]).json();
    assert_eq!(listed["rules"].as_array().unwrap().len(), Rule::ALL.len());
    assert_eq!(listed["rules"][0]["name"], Rule::ALL[0].name());
}

#[test]
fn a_reader_who_has_seen_enough_ends_a_dump_quietly() {
    let writes: Vec<_> = (0..2000).map(|number| block(number * 1024)).collect();
    let room = Room::new("quiet");
    let path = room.file("stream", &stream_of(begin(), &writes));
    for words in [&["dump"][..], &["dump", "--json"], &["summary"], &["rules"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = program();
        command.arg("stream").args(words);
        if words != ["rules"] {
            command.arg(&path);
        }
        let output = command.stdout(writer).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{words:?}");
    }
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = program().args(["stream", "dump", &path]).stdout(full).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(3) && err.contains("No space left"), "{err}");
}
