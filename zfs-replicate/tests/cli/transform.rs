//! I let the program make streams anew: genuine ones, damaged ones, and those of strangers.

use std::fs;
use std::path::Path;

use miniz_oxide::inflate;
use zfs_rs::stream::record::{End, Write, WriteByRef};
use zfs_rs::stream::{Begin, ByteOrder, Features, Record, StreamKind, Writer};

use super::stream::{GUID, Room, begin, block, breach, ends, fed, file, good, stream_of};
use super::{Said, program, say};

/// A stream that OpenZFS 2.3.9 sent.
fn recorded(kind: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/streams/2.3.9");
    let packed = fs::read(folder.join(kind).with_extension("zfs.gz")).unwrap();
    // What `gzip -n` packs has ten bytes before and eight behind.
    inflate::decompress_to_vec(packed.get(10..packed.len() - 8).unwrap()).unwrap()
}

impl Room {
    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// What is in it, hidden or not.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn names_then_gone(self) -> Vec<String> {
        self.names()
    }

    /// What a command makes of the stream in this file.
    fn made(&self, path: &str, command: &[&str]) -> Vec<u8> {
        let out = self.path("made");
        let said = say(&[&["stream"], command, &[path, "--out", &out]].concat());
        ends(&said, 0);
        assert_eq!(said.err, "");
        let bytes = fs::read(&out).unwrap();
        fs::remove_file(&out).unwrap();
        bytes
    }
}

/// All that make one stream of one, as they may be asked.
const COMMANDS: [&[&str]; 4] = [
    &["decompress"],
    &["recompress", "--to", "lz4"],
    &["redup"],
    &["drop", "--object", "9"],
];

fn plain() -> Vec<u8> {
    stream_of(begin(), &[block(0), block(1024)])
}

#[test]
fn genuine_blocks_are_compressed_and_decompressed_and_stay_what_they_are() {
    let room = Room::new("genuine");
    for kind in [
        "compressed-lz4",
        "compressed-zstd",
        "compressed-gzip-9",
        "volume-compressed",
        "large-compressed",
    ] {
        let path = room.file("stream", &recorded(kind));
        let plain = room.made(&path, &["decompress"]);
        let mut sizes = vec![plain.len()];
        for compression in ["lz4", "zstd-fast-10", "zstd-19", "gzip-1"] {
            let packed = room.made(&path, &["recompress", "--to", compression]);
            sizes.push(packed.len());
            let packed = room.file("packed", &packed);
            ends(&say(&["stream", "verify", &packed]), 0);
            assert!(room.made(&packed, &["decompress"]) == plain, "{kind} by {compression}");
        }
        assert!(sizes.iter().skip(1).all(|size| *size < sizes[0]), "{kind}: {sizes:?}");
    }
    // As the kernel itself decompresses them.
    let path = room.file("stream", &recorded("compressed-zstd"));
    let plain = room.file("plain", &room.made(&path, &["decompress"]));
    let said = fed(&["stream", "compare", &plain, "-"], &recorded("decompressed"));
    ends(&said, 0);
}

#[test]
fn what_was_read_and_written_is_told_and_goes_where_it_is_wanted() {
    let room = Room::new("told");
    let path = room.file("stream", &recorded("compressed-lz4"));
    let out = room.path("plain");
    let here = |said: &Said| said.out.replace(room.0.to_str().unwrap(), "");
    let said = say(&["stream", "decompress", &path, "--out", &out]);
    ends(&said, 0);
    insta::assert_snapshot!("made", here(&said));
    assert_eq!(room.names(), ["plain", "stream"]);
    let said = say(&["stream", "decompress", "--json", &path, "--out", &room.path("again")]);
    ends(&said, 0);
    insta::assert_snapshot!("made_json", here(&said));

    let output = program().args(["stream", "decompress", &path]).output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
    assert!(output.stdout == fs::read(&out).unwrap());
}

#[test]
fn nothing_is_written_over() {
    let room = Room::new("over");
    let path = room.file("stream", &plain());
    let there = room.file("there", b"precious");
    for command in COMMANDS {
        let words: Vec<_> = [&["stream"], command, &[&path, "--out"]].concat();
        say(&[&words[..], &[&there]].concat()).refused(3, &["/there is there already", "hint: "]);
        say(&[&words[..], &[&path]].concat()).refused(3, &["/stream is there already"]);
        say(&[&words[..], &[&room.path("no/such")]].concat()).refused(3, &["/no/such cannot be written: No such file"]);
    }
    assert_eq!(fs::read(&there).unwrap(), b"precious");
    assert_eq!(room.names(), ["stream", "there"]);
}

#[test]
fn damage_leaves_no_file() {
    let room = Room::new("no-file-of-damage");
    let good = plain();
    let mut flipped = good.clone();
    flipped[1500] ^= 1;
    for command in COMMANDS {
        let told = |bytes: &[u8], status: i32, words: &str| {
            let file = room.file("stream", bytes);
            let out = room.path("out");
            let of = |more: &[&str]| say(&[&["stream"], command, more, &[&file, "--out", &out]].concat());
            let said = of(&[]);
            ends(&said, status);
            assert!(
                said.err.contains(words) && said.err.contains("hint: "),
                "{words:?} is not in {said:?}"
            );
            assert_eq!((said.out.as_str(), room.names()), ("", vec!["stream".to_owned()]));
            let said = of(&["--json"]);
            ends(&said, status);
            said.json()["error"]["code"].as_str().unwrap().to_owned()
        };
        let place = "error: record 3 of the stream, at byte 2128, after object 7: checksum ";
        assert_eq!(told(&flipped, 1, place), "damaged");
        assert_eq!(told(&good[..good.len() - 1], 1, "the stream stops before its end"), "damaged");
        assert_eq!(told(&[good.as_slice(), b"more"].concat(), 1, "bytes follow the end"), "damaged");
        assert_eq!(told(&[b'x'; 1000], 1, "not the beginning of a send stream"), "damaged");
        assert_eq!(told(&[], 3, "is empty"), "empty");
        // The sums are right, and no kernel would send it.
        assert_eq!(told(&breach(), 1, "error: the new stream: record 3: WRITE: "), "breach");
    }
}

#[test]
fn what_goes_out_before_damage_is_proved() {
    let good = plain();
    let output = |bytes: &[u8]| {
        let room = Room::new("goes-out");
        let path = room.file("stream", bytes);
        let output = program().args(["stream", "drop", "--object", "9", &path]).output().unwrap();
        (output.status.code(), output.stdout)
    };
    assert_eq!(output(&good), (Some(0), good.clone()));
    let mut flipped = good.clone();
    flipped[3000] ^= 1;
    let (status, out) = output(&flipped);
    assert_eq!(status, Some(1));
    assert!(out.len() >= 312 && out.len() < 3000 && good.starts_with(&out), "{}", out.len());
}

#[test]
fn streams_of_which_it_cannot_be_made_say_why() {
    let room = Room::new("unfit");
    let raw = room.file("raw", &recorded("raw"));
    let out = room.path("out");
    for command in COMMANDS.into_iter().filter(|command| *command != ["redup"]) {
        let of = |more: &[&str]| say(&[&["stream"], command, more, &[&raw, "--out", &out]].concat());
        of(&[]).refused(
            1,
            &[
                "error: record 0, at byte 0: BEGIN: the stream is raw",
                "hint: only who has the key can",
            ],
        );
        let said = of(&["--json"]);
        ends(&said, 1);
        assert_eq!(said.json()["error"]["code"], "unfit");
    }
    // Its block says lz4 and is something else.
    let path = room.file("packed", &good());
    say(&["stream", "decompress", &path, "--out", &out]).refused(1, &["WRITE of object 7: ", "hint: no OpenZFS sends such a record"]);
    assert_eq!(room.names(), ["packed", "raw"]);

    say(&["stream", "recompress", &path]).refused(2, &["--to <COMPRESSION>"]);
    say(&["stream", "recompress", "--to", "zstd-20", &path]).refused(2, &["\"zstd-20\" is no compression for blocks"]);
    say(&["stream", "drop", &path]).refused(2, &["--object <N>"]);
    say(&["stream", "decompress", "--json", &path]).refused(2, &["--out <FILE>"]);
    say(&["stream", "split", &path]).refused(2, &["--into <DIR>"]);
}

#[test]
fn objects_are_left_out() {
    let room = Room::new("drop");
    let path = room.file("stream", &plain());
    let without = room.made(&path, &["drop", "--object", "9", "--object", "7"]);
    let said = fed(&["stream", "summary", "--json", "-"], &without);
    ends(&said, 0);
    assert_eq!(
        said.json()["records"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["BEGIN", "END"]
    );
    ends(&fed(&["stream", "verify", "-"], &without), 0);
}

/// A stream with the same block twice, the second time by reference.
fn deduplicated() -> Vec<u8> {
    let begin = Begin {
        features: begin().features.with(Features::DEDUP),
        ..begin()
    };
    let same = WriteByRef {
        object: 7,
        offset: 1024,
        length: 1024,
        to_guid: GUID,
        ref_guid: GUID,
        ref_object: 7,
        checksum_type: 7,
        ..WriteByRef::default()
    };
    let end = End {
        to_guid: GUID,
        ..End::default()
    };
    let mut out = Vec::new();
    let mut writer = Writer::new(ByteOrder::Little);
    for record in [Record::from(begin), file().into(), block(0).into(), same.into(), end.into()] {
        // Attributes that nobody has filled yet.
        let byte = if matches!(record, Record::Object(_)) { 0 } else { 7 };
        let payload = vec![byte; usize::try_from(record.payload_len()).unwrap()];
        writer.put(&mut out, record, &payload).unwrap();
    }
    out
}

#[test]
fn blocks_are_put_where_a_stream_refers_to_them() {
    let room = Room::new("redup");
    let path = room.file("stream", &deduplicated());
    let whole = room.made(&path, &["redup"]);
    let said = fed(&["stream", "summary", "--json", "-"], &whole);
    assert_eq!(said.json()["records"]["WRITE"]["records"], 2);
    ends(&fed(&["stream", "verify", "-"], &whole), 0);
    // A file may come in, a pipe may not: it cannot be read again.
    let output = program()
        .args(["stream", "redup", "-"])
        .stdin(fs::File::open(&path).unwrap())
        .output()
        .unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(0), whole));
    fed(&["stream", "redup", "-"], &deduplicated())
        .refused(3, &["the standard input is no file", "hint: write the stream to a file first"]);
    say(&["stream", "decompress", &path]).refused(1, &["the stream is deduplicated", "hint: `zfs-replicate stream redup FILE`"]);
}

/// A package of streams of snapshots with these names.
fn package(names: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(ByteOrder::Little);
    let mut put = |record: Record| writer.put(&mut out, record, &[]).unwrap();
    let head = Begin {
        kind: StreamKind::Compound,
        ..Begin::new("tank@b", 0)
    };
    put(head.into());
    put(End::default().into());
    for (name, guid) in names.iter().zip(5..) {
        put(Begin::new(*name, guid).into());
        put(End {
            to_guid: guid,
            ..End::default()
        }
        .into());
    }
    put(End::default().into());
    out
}

#[test]
fn each_stream_of_a_genuine_package_has_its_file() {
    let room = Room::new("split");
    let path = room.file("package", &recorded("tree-increments"));
    let into = room.path("into");
    let said = say(&["stream", "split", &path, "--into", &into]);
    ends(&said, 0);
    // Columns are as wide as the path is long.
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = said.out.replace(&into, "DIR").lines().map(words).collect();
    insta::assert_snapshot!("split", lines.join("\n"));
    let said = say(&["stream", "split", "--json", &path, "--into", &room.path("json")]);
    ends(&said, 0);
    let document = said.json();
    let files = document["files"].as_array().unwrap();
    assert_eq!(files.len(), fs::read_dir(&into).unwrap().count());
    let mut bytes = 0;
    for file in files {
        let path = file["file"].as_str().unwrap();
        ends(&say(&["stream", "verify", "--release", "2.3", path]), 0);
        assert_eq!(fs::metadata(path).unwrap().len(), file["bytes"].as_u64().unwrap());
        bytes += file["bytes"].as_u64().unwrap();
    }
    assert_eq!(document["written"]["bytes"], bytes);
    say(&["stream", "split", &path, "--into", &into]).refused_but_told(3, &["@", "is there already"]);
    say(&["stream", "split", &path, "--into", &path]).refused(3, &["/package cannot be written: File exists"]);
}

impl Said {
    /// Refused, after what was done before was told.
    fn refused_but_told(self, status: i32, words: &[&str]) {
        let rest = Self {
            out: String::new(),
            ..self
        };
        rest.refused(status, words);
    }
}

#[test]
fn a_stranger_chooses_no_place() {
    let room = Room::new("place");
    let split = |names: &[&str], into: &str| {
        let path = room.file("package", &package(names));
        let said = say(&["stream", "split", &path, "--into", &room.path(into)]);
        assert!(!said.out.contains(['\x1b', '\u{202e}']), "{said:?}");
        (said, Room(room.0.join(into)).names_then_gone())
    };
    // What can be no name of a snapshot is refused, and would have gone nowhere else.
    for name in [
        "../../evil@a",
        "/etc/passwd@b",
        "tank/\x1b[2J\u{202e}@c",
        "tank/../../a@b",
        "..",
        "",
    ] {
        let (said, names) = split(&["tank@a", name], "refused");
        ends(&said, 1);
        assert!(said.err.contains("rule begin-name"), "{said:?}");
        assert_eq!(names, ["0001-tank@a.zfs"], "{name}");
    }
    let (said, names) = split(&["tank/a b:c@d", "tank/a-b@c", "tank/a/b@c", "tank/a/b@c"], "into");
    ends(&said, 0);
    assert_eq!(
        names,
        [
            "0001-tank-a_b_c@d.zfs",
            "0002-tank-a-b@c.zfs",
            "0003-tank-a-b@c.zfs",
            "0004-tank-a-b@c.zfs"
        ]
    );
    assert_eq!(room.names(), ["package"]);
}

#[test]
fn of_a_damaged_package_the_streams_before_the_damage_stay() {
    let room = Room::new("damaged-package");
    let whole = package(&["tank@a", "tank@b", "tank@c"]);
    // Within the END of the second stream.
    let path = room.file("package", &whole[..6 * 312 - 1]);
    let said = say(&["stream", "split", &path, "--into", &room.path("into")]);
    ends(&said, 1);
    assert!(said.out.contains("0001-tank@a.zfs") && !said.out.contains("0002"), "{said:?}");
    assert!(said.err.starts_with("error: record 5 of the stream, at byte "), "{said:?}");
    let inside = Room(room.0.join("into"));
    assert_eq!(inside.names(), ["0001-tank@a.zfs"]);
    ends(&say(&["stream", "verify", &inside.path("0001-tank@a.zfs")]), 0);
}

/// Who reads a stream and goes away has not got it.
#[test]
fn a_stream_that_cannot_be_written_is_a_failure() {
    let writes: Vec<Write> = (0..200).map(|number| block(number * 1024)).collect();
    let room = Room::new("unwritten");
    let path = room.file("stream", &stream_of(begin(), &writes));
    let (reader, gone) = std::io::pipe().unwrap();
    drop(reader);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let said = |output: std::process::Output| (output.status.code(), String::from_utf8(output.stderr).unwrap());
    let (status, err) = said(program().args(["stream", "decompress", &path]).stdout(gone).output().unwrap());
    assert_eq!(
        (status, err.as_str()),
        (Some(3), "error: the standard output cannot be written: Broken pipe (os error 32)\n")
    );
    let (status, err) = said(program().args(["stream", "decompress", &path]).stdout(full).output().unwrap());
    assert!(status == Some(3) && err.contains("No space left"), "{err}");
}
