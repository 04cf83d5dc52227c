//! I make streams that keep every rule, break one at a time, and see that each is refused by its name and place.

mod attributes;
mod found;
mod refusals;
mod streams;
mod volumes;

use proptest::prelude::*;

use self::streams::{Piece, forge, package, plain, raw, redacted, resuming};
use super::*;
use crate::release::Release;
use crate::stream::{ByteOrder, Features, ObjsetType};

const ORDERS: [ByteOrder; 2] = [ByteOrder::Little, ByteOrder::Big];

fn verify(stream: &[u8], profile: Profile) -> Result<Summary, Refused> {
    let mut verifier = Verifier::new(profile);
    let mut rest = stream;
    while !rest.is_empty() {
        let (_, used) = verifier.step(rest)?;
        rest = &rest[used..];
    }
    verifier.finish()
}

/// What a ward lets through of a stream that comes in pieces of these lengths, then whole.
fn pass(stream: &[u8], cuts: &[usize]) -> (Vec<u8>, Result<Summary, Refused>) {
    let mut ward = Ward::new(Profile::any());
    let mut passed = Vec::new();
    let mut rest = stream;
    for cut in cuts.iter().chain([&usize::MAX]) {
        let (mut input, later) = rest.split_at(rest.len().min(*cut));
        rest = later;
        while !input.is_empty() {
            match ward.step(input) {
                Ok((proved, used)) => {
                    passed.extend_from_slice(proved);
                    input = &input[used..];
                }
                Err(refused) => return (passed, Err(refused)),
            }
        }
    }
    let end = ward.finish();
    (passed, end)
}

#[test]
fn streams_that_keep_every_rule_pass_as_they_are() {
    // I14
    for order in ORDERS {
        for pieces in [plain(), raw(), resuming(), redacted(), package()] {
            let stream = forge(order, &pieces);
            let summary = verify(&stream, Profile::any()).unwrap();
            assert_eq!(summary.records, u64::try_from(pieces.len()).unwrap());
            let (passed, end) = pass(&stream, &[]);
            assert_eq!((passed, end), (stream, Ok(summary)));
        }
    }
}

#[test]
fn a_profile_says_what_the_receiver_takes() {
    let rule = |pieces: &[Piece], profile| verify(&forge(ByteOrder::HOST, pieces), profile).map_err(|refused| refused.rule());
    let of = Profile::of;
    assert!(rule(&plain(), of(Release::V2_0)).is_ok());
    assert_eq!(rule(&package(), of(Release::V2_4)), Err(Some(Rule::GatePackage)));
    assert_eq!(rule(&plain(), of(Release::V2_4).raw_only()), Err(Some(Rule::GateRaw)));
    assert!(rule(&raw(), of(Release::V2_4).raw_only()).is_ok());
    assert!(rule(&plain(), Profile::any().between(Some(3), 5)).is_ok());
    assert_eq!(rule(&plain(), Profile::any().between(Some(4), 5)), Err(Some(Rule::GateBase)));
    assert_eq!(rule(&plain(), Profile::any().between(None, 5)), Err(Some(Rule::GateBase)));
    assert_eq!(rule(&plain(), Profile::any().between(Some(3), 6)), Err(Some(Rule::GateTarget)));
    assert_eq!(rule(&package(), Profile::any().between(Some(3), 5)), Err(Some(Rule::GatePackage)));
    assert_eq!(rule(&plain(), Profile::any().objset(ObjsetType::Volume)), Err(Some(Rule::GateType)));
    assert!(rule(&package(), Profile::any().objset(ObjsetType::Filesystem)).is_ok());
    assert_eq!(
        rule(&package(), Profile::any().objset(ObjsetType::Volume)),
        Err(Some(Rule::GateType))
    );
    assert_eq!(
        rule(&plain(), Profile::any().features(Features::RAW)),
        Err(Some(Rule::BeginFeatures))
    );
    assert_eq!(rule(&plain(), Profile::any().block_limit(512)), Err(Some(Rule::BlockSize)));

    let mut long_names = plain();
    streams::begin(&mut long_names).features = Features::LONG_NAMES.with(streams::PLAIN_FEATURES);
    assert_eq!(rule(&long_names, of(Release::V2_2)), Err(Some(Rule::BeginFeatures)));
    assert!(rule(&long_names, of(Release::V2_3)).is_ok());

    let mut microzap = plain();
    streams::begin(&mut microzap).features = Features::LARGE_MICROZAP.with(streams::PLAIN_FEATURES);
    assert_eq!(rule(&microzap, of(Release::V2_3)), Err(Some(Rule::BeginMicrozap)));
    assert!(rule(&microzap, of(Release::V2_4)).is_ok());
    streams::begin(&mut microzap).from_guid = None;
    assert!(rule(&microzap, of(Release::V2_3)).is_ok());

    let mut blake3 = plain();
    streams::object(&mut blake3).checksum_type = 14;
    assert_eq!(rule(&blake3, of(Release::V2_1)), Err(Some(Rule::Checksum)));
    assert!(rule(&blake3, of(Release::V2_2)).is_ok());
}

/// An archive keeps what another machine sent, which no kernel of this one takes.
#[test]
fn a_kernel_takes_raw_bytes_of_its_own_order() {
    for turned in 1..5 {
        let mut foreign = raw();
        match &mut foreign[turned].0 {
            Record::ObjectRange(range) => range.flags |= 2,
            Record::Object(object) => object.flags |= 2,
            Record::Write(write) => write.flags |= 2,
            Record::Spill(spill) => spill.flags |= 2,
            other => panic!("{other:?}"),
        }
        let rule = |profile| {
            verify(&forge(ByteOrder::HOST, &foreign), profile)
                .err()
                .and_then(|refused| refused.rule())
        };
        assert_eq!(rule(Profile::of(Release::V2_4)), Some(Rule::RawOrder));
        assert_eq!(rule(Profile::any()), None);
    }
}

/// Files end at 2^63, volumes do not.
#[test]
fn a_volume_has_data_where_no_file_has() {
    let mut pieces = resuming();
    streams::write(&mut pieces).offset = 1 << 63;
    assert_eq!(
        verify(&forge(ByteOrder::HOST, &pieces), Profile::any()).unwrap_err().rule(),
        Some(Rule::Extent)
    );
    streams::begin(&mut pieces).objset = ObjsetType::Volume;
    assert!(verify(&forge(ByteOrder::HOST, &pieces), Profile::any()).is_ok());
}

#[test]
fn what_had_been_saved_has_a_guid_of_its_own_and_no_end() {
    let mut pieces = plain();
    for (record, _) in &mut pieces[1..] {
        streams::rename(record, 6);
    }
    let whole = verify(&forge(ByteOrder::HOST, &pieces), Profile::any()).unwrap_err();
    assert_eq!(whole.to_string(), "record 9: END: GUID 6 is not 5");
    streams::rename(&mut pieces[9].0, 5);
    let joined = verify(&forge(ByteOrder::HOST, &pieces), Profile::any()).unwrap_err();
    assert_eq!(joined.to_string(), "record 9: END: GUID 5 is not 6");
    pieces.pop();
    let saved = verify(&forge(ByteOrder::HOST, &pieces), Profile::any()).unwrap_err();
    assert!(
        matches!(&saved, Refused::Corrupt(corrupt) if corrupt.what == Fault::Truncated),
        "{saved}"
    );
}

#[test]
fn a_refusal_is_said_again_and_again() {
    let mut pieces = plain();
    streams::object(&mut pieces).object = 0;
    let stream = forge(ByteOrder::HOST, &pieces);
    let mut ward = Ward::new(Profile::any());
    // What is proved before the refusal is given first.
    let (proved, used) = ward.step(&stream).unwrap();
    assert_eq!(proved.len(), 2 * 312);
    let refused = ward.step(&stream[used..]).unwrap_err();
    assert_eq!(refused.to_string(), "record 2: OBJECT: object 0 is below 1");
    assert_eq!(ward.step(&[0]).unwrap_err(), refused);
    assert_eq!(ward.finish(), Err(refused));
}

#[test]
fn rules_have_names_of_their_own() {
    for rule in Rule::ALL {
        assert_eq!(rule.name().parse(), Ok(*rule));
        assert!(rule.requires().ends_with('.') && !rule.reason().is_empty(), "{rule}");
    }
    assert!("no-rule".parse::<Rule>().is_err());
}

proptest! {
    #[test]
    fn cuts_do_not_change_what_passes(
        which in 0_usize..5,
        big in any::<bool>(),
        cuts in prop::collection::vec(0_usize..700, 0..12),
        damage in prop::option::of((any::<prop::sample::Index>(), 0_u32..8)),
    ) {
        let pieces = [plain, raw, resuming, redacted, package][which]();
        let mut stream = forge(if big { ByteOrder::Big } else { ByteOrder::Little }, &pieces);
        let original = stream.clone();
        let at = damage.map(|(place, bit)| {
            let at = place.index(stream.len());
            stream[at] ^= 1 << bit;
            at
        });
        let (passed, end) = pass(&stream, &cuts);
        prop_assert!(original.starts_with(&passed));
        prop_assert_eq!(end.is_ok(), at.is_none());
        prop_assert_eq!(passed.len() == stream.len(), at.is_none());
        if let Some(at) = at {
            prop_assert!(passed.len() <= at, "{} bytes passed, damage at {}", passed.len(), at);
            // A piece more or less is no reason to decide otherwise.
            prop_assert_eq!(end, pass(&stream, &[]).1);
        }
    }
}
