//! Streams that real kernels sent, kept in `data/streams` by release, are read, judged and written as what they are.
//!
//! `data/streams/record.sh` made them; `cargo xtask vm record` makes them anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use miniz_oxide::inflate;
use ring_tests::stream::{Genuine, agree};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt as _;
use tokio::runtime;
use zfs_replicate::VerifiedCopy;
use zfs_rs::Release;
use zfs_rs::stream::{CopyError, Features, Profile, RecordType, Rule};

/// A stream of the list.
#[derive(Debug)]
struct Kept {
    release: Release,
    kind: String,
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Kept {
    fn name(&self) -> String {
        format!("{} {}", self.release, self.kind)
    }

    fn dump(&self) -> String {
        String::from_utf8_lossy(&unpacked(&self.path.with_extension("dump.gz"))).into_owned()
    }
}

const RELEASES: [Release; 5] = [Release::V2_0, Release::V2_1, Release::V2_2, Release::V2_3, Release::V2_4];

/// All that are kept, each as its list says it is; and no file beside them.
fn kept() -> Vec<Kept> {
    let mut kept = Vec::new();
    for folder in folders() {
        let name = folder.file_name().and_then(|name| name.to_str()).expect("a release");
        let release = RELEASES
            .into_iter()
            .find(|release| format!("OpenZFS {name}").starts_with(&format!("{release}.")));
        let release = release.expect("a folder is called as a release");
        let index = fs::read_to_string(folder.join("index.tsv")).expect("a list");
        let mut listed = BTreeSet::from([folder.join("index.tsv")]);
        for line in index.lines() {
            let [kind, size, sum, _how] = line.split('\t').collect::<Vec<_>>().try_into().expect("four columns");
            let path = folder.join(kind);
            let bytes = unpacked(&path.with_extension("zfs.gz"));
            assert_eq!(
                (bytes.len().to_string().as_str(), sha256(&bytes).as_str()),
                (size, sum),
                "{}",
                path.display()
            );
            listed.extend(["zfs.gz", "dump.gz"].map(|end| path.with_extension(end)));
            kept.push(Kept {
                release,
                kind: kind.to_owned(),
                path,
                bytes,
            });
        }
        let there: BTreeSet<PathBuf> = entries(&folder).collect();
        assert_eq!(there, listed);
    }
    kept
}

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/streams");
    let mut folders: Vec<PathBuf> = entries(&root).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path())
}

/// What `gzip -n` packed.
fn unpacked(path: &Path) -> Vec<u8> {
    let packed = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (head, rest) = packed.split_at(10);
    assert_eq!(head[..4], [0x1f, 0x8b, 8, 0], "{}", path.display());
    let (deflated, _sum_and_length) = rest.split_at(rest.len() - 8);
    inflate::decompress_to_vec_with_limit(deflated, 1 << 24).expect("what gzip packed")
}

fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// Does it with each and complains of all.
fn each(mut act: impl FnMut(&Kept, &Genuine<'_>) -> Result<(), String>) {
    let kept = kept();
    assert!(kept.len() >= 200, "only {} streams are kept", kept.len());
    let mut wrong = Vec::new();
    for stream in &kept {
        let done = Genuine::read(&stream.bytes).and_then(|genuine| act(stream, &genuine));
        wrong.extend(done.err().map(|why| format!("{}: {why}", stream.name())));
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), kept.len(), wrong.join("\n"));
}

#[test]
fn genuine_streams_are_written_as_they_were_read() {
    each(|stream, genuine| match genuine.is_whole() {
        whole if whole != stream.kind.starts_with("saved") => Ok(()),
        whole => Err(format!("it is {}whole", if whole { "" } else { "not " })),
    });
}

/// By a verifier for files, for the release that made it and for each later one.
#[test]
fn genuine_streams_pass_in_both_byte_orders() {
    // I14
    each(|_, genuine| genuine.is_judged_well(&Profile::any()));
    each(|stream, genuine| {
        let receivers = RELEASES
            .into_iter()
            .filter(|release| *release >= stream.release && !genuine.is_package());
        for release in receivers {
            genuine
                .is_judged_well(&Profile::of(release))
                .map_err(|why| format!("for {release}: {why}"))?;
        }
        Ok(())
    });
}

/// As they come from a peer: in small pieces, and not always at once.
#[test]
fn genuine_streams_pass_the_copy_of_tokio() {
    // I14
    let runtime = runtime::Builder::new_current_thread().build().expect("a runtime");
    each(|stream, genuine| {
        let (mut sender, receiver) = tokio::io::duplex(977);
        let mut copied = Vec::new();
        let (_, ended) = runtime.block_on(async {
            let copying = async { VerifiedCopy::new(Profile::any(), receiver, &mut copied).run().await };
            tokio::join!(
                async move {
                    let sent = sender.write_all(&stream.bytes).await;
                    drop(sender);
                    sent
                },
                copying
            )
        });
        match ended {
            Ok(_) if genuine.must_be_refused(&Profile::any()).is_none() && copied == stream.bytes => Ok(()),
            Err(CopyError::Refused(refused)) if stream.bytes.starts_with(&copied) => match refused.rule() {
                Some(rule) if genuine.must_be_refused(&Profile::any()) == Some(rule) => Ok(()),
                None if !genuine.is_whole() => Ok(()),
                _ => Err(refused.to_string()),
            },
            ended => Err(format!("{} bytes of {}: {ended:?}", copied.len(), stream.bytes.len())),
        }
    });
}

/// `Genuine::must_be_refused` says why.
#[test]
fn some_kinds_are_refused_because_their_copies_would_not_be_whole_or_panic_a_kernel() {
    let mut kinds = BTreeSet::new();
    each(|stream, genuine| {
        let profiles = [Profile::any(), Profile::of(Release::V2_3)];
        let rules = profiles.iter().filter_map(|profile| genuine.must_be_refused(profile));
        kinds.extend(rules.map(|rule| (stream.kind.clone(), rule)));
        Ok(())
    });
    let told = [
        ("large-embedded-as-small", Rule::DataBlock),
        ("large-microzap", Rule::BeginMicrozap),
        ("of-the-redacted", Rule::BeginRedacted),
    ];
    assert_eq!(Vec::from_iter(kinds), told.map(|(kind, rule)| (kind.to_owned(), rule)));
}

#[test]
fn zstream_reads_the_same_in_them() {
    let mut records = 0;
    each(|stream, genuine| {
        records += agree(genuine.pieces(), &stream.dump())?;
        Ok(())
    });
    assert!(records > 7000, "only {records} records were compared");
}

/// Every release has shown every type of record and every feature that it sends.
#[test]
fn every_kind_of_record_and_feature_is_among_them() {
    let kept = kept();
    for release in kept.iter().map(|stream| stream.release).collect::<BTreeSet<_>>() {
        let mut types = BTreeSet::new();
        let mut features = Features::empty();
        for stream in kept.iter().filter(|stream| stream.release == release) {
            let genuine = Genuine::read(&stream.bytes).expect("a stream");
            types.extend(genuine.pieces().iter().map(|(record, _)| record.record_type()));
            features = features.with(genuine.features());
        }
        let sent = RecordType::ALL.into_iter().filter(|known| *known != RecordType::WriteByRef);
        assert_eq!(Vec::from_iter(types), Vec::from_iter(sent), "{release}");
        let newer = if release < Release::V2_3 {
            ""
        } else {
            "+long_names+large_microzap"
        };
        assert_eq!(
            features.to_string(),
            format!("sa_spill+embed_data+lz4+large_blocks+resuming+redacted+compressed+large_dnode+raw+zstd+holds{newer}"),
            "{release}"
        );
    }
}
