//! I give streams to a verifier and to a ward, cut in different ways, and hold them against each other and against a plain reader.

use zfs_rs::Release;
use zfs_rs::stream::record::RECORD_SIZE;
use zfs_rs::stream::{Corrupt, Fault, Features, Profile, Refused, Step, Summary, Verifier, Ward};

use crate::{reader, stream::Input};

pub(crate) fn run(data: &[u8]) {
    let input = Input::new(data);
    let stream = &*input.stream;
    let profile = profile(input.profile);
    let (edges, end) = verify(&[stream], &profile);
    assert_eq!(
        (edges.clone(), end.clone()),
        verify(&input.pieces(), &profile),
        "cuts change the verdict"
    );
    for pieces in [vec![stream], input.pieces()] {
        let (passed, ward_end) = pass(&pieces, &profile);
        assert_eq!(ward_end, end, "a ward judges as its verifier does");
        assert!(stream.starts_with(&passed), "what passes is what came");
        match &end {
            Ok(_) => assert_eq!(passed.len(), stream.len(), "what is good passes whole"),
            Err(refused) => refusal(refused, &passed, &edges, &profile),
        }
    }
    match (&end, reader::read(&[stream]).end) {
        (Ok(summary), read) => assert_eq!(read.as_ref(), Ok(summary), "what is verified can be read"),
        (Err(refused), Err(corrupt)) => assert!(refused.offset() <= corrupt.offset, "{refused} comes after {corrupt}"),
        // A rule is broken in a stream that is whole.
        (Err(refused), Ok(_)) => assert!(refused.rule().is_some(), "{refused}"),
    }
}

/// Only whole records before the refused one have passed, and they are good by themselves.
fn refusal(refused: &Refused, passed: &[u8], edges: &[u64], profile: &Profile) {
    assert!(!refused.to_string().is_empty());
    let length = u64::try_from(passed.len()).unwrap();
    assert!(
        length <= refused.offset(),
        "{length} bytes passed, and {refused} at {}",
        refused.offset()
    );
    assert!(
        length == 0 || length == refused.offset() || edges.contains(&length),
        "{length} is within a record"
    );
    let (_, end) = verify(&[passed], profile);
    let is_good = matches!(
        &end,
        Ok(_)
            | Err(Refused::Corrupt(Corrupt {
                what: Fault::Truncated,
                ..
            }))
    );
    assert!(is_good, "{end:?} is in what passed");
}

/// Where records begin and end, and how the stream ended, when it comes in these pieces.
fn verify(pieces: &[&[u8]], profile: &Profile) -> (Vec<u64>, Result<Summary, Refused>) {
    let mut verifier = Verifier::new(profile.clone());
    let mut edges = Vec::new();
    for mut input in pieces.iter().copied() {
        while !input.is_empty() {
            match verifier.step(input) {
                Ok((step, used)) => {
                    assert!((1..=input.len()).contains(&used), "a step goes on");
                    if matches!(step, Step::Record(_)) {
                        let behind = u64::try_from(RECORD_SIZE).unwrap() + verifier.reader().payload_left();
                        edges.extend([verifier.reader().start(), verifier.reader().start() + behind]);
                    }
                    input = &input[used..];
                }
                Err(refused) => {
                    assert_eq!(verifier.step(input), Err(refused.clone()), "a refusal is said again");
                    assert_eq!(verifier.finish(), Err(refused.clone()), "and at the end");
                    return (edges, Err(refused));
                }
            }
        }
    }
    (edges, verifier.finish())
}

/// What a ward hands on, and how the stream ended, when it comes in these pieces.
fn pass(pieces: &[&[u8]], profile: &Profile) -> (Vec<u8>, Result<Summary, Refused>) {
    let mut ward = Ward::new(profile.clone());
    let mut passed = Vec::new();
    for mut input in pieces.iter().copied() {
        while !input.is_empty() {
            match ward.step(input) {
                Ok((proved, used)) => {
                    assert!(used > 0 || !proved.is_empty(), "a step goes on");
                    passed.extend_from_slice(proved);
                    input = &input[used..];
                }
                Err(refused) => {
                    assert_eq!(ward.step(input), Err(refused.clone()), "a refusal is said again");
                    return (passed, Err(refused));
                }
            }
        }
    }
    (passed, ward.finish())
}

fn profile(choice: u8) -> Profile {
    match choice % 16 {
        0 => Profile::of(Release::V2_0),
        1 => Profile::of(Release::V2_1),
        2 => Profile::of(Release::V2_2),
        3 => Profile::of(Release::V2_4),
        4 => Profile::any().raw_only(),
        5 => Profile::any().between(Some(3), 5),
        6 => Profile::any().between(None, 5),
        7 => Profile::any().features(Features::LARGE_BLOCKS.with(Features::COMPRESSED)),
        8 => Profile::any().block_limit(512),
        _ => Profile::any(),
    }
}
