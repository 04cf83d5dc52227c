//! I try resume tokens as an enemy would write them.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

/// A token as `pack` makes it from any list: with a right checksum, whatever it holds.
fn token_of(packed: &[u8], size: usize) -> String {
    let compressed = compress_to_vec_zlib(packed, LEVEL);
    format!("1-{:x}-{size:x}-{}", checksum(&compressed), hex(&compressed))
}

fn point() -> ResumePoint {
    ResumePoint {
        object: 1,
        offset: 128 << 10,
        bytes: 5_000_000,
        to_guid: 0xa602_2149_8db5_b662,
        to_name: "tank/home@monday".to_owned(),
        from_guid: Some(7),
        compress_ok: true,
        raw_ok: true,
        ..ResumePoint::default()
    }
}

fn refusal(text: &str) -> TokenError {
    text.parse::<ResumeToken>().expect_err("a bad token was accepted")
}

#[test]
fn a_token_says_where_to_go_on() {
    let token = point().encode().unwrap();
    assert!(token.text().starts_with("1-") && token.text().contains("-789c"), "{token}");
    let read: ResumeToken = token.to_string().parse().unwrap();
    assert_eq!(read.point(), &point());
    assert_eq!(read.text(), token.text());
    assert_eq!(read.text().to_uppercase().parse::<ResumeToken>().unwrap().point(), &point());
}

#[test]
fn a_token_fits_its_own_step_only() {
    const TO: u64 = 0xa602_2149_8db5_b662;
    let full = ResumePoint {
        from_guid: None,
        ..point()
    };
    let base = |interrupted, wanted| Err(Misfit::Base { interrupted, wanted });
    assert_eq!(point().fits(TO, Some(7)), Ok(()));
    assert_eq!(full.fits(TO, None), Ok(()));
    assert_eq!(point().fits(TO, Some(8)), base(Some(7), Some(8)));
    assert_eq!(point().fits(TO, None), base(Some(7), None));
    assert_eq!(full.fits(TO, Some(7)), base(None, Some(7)));
    // Of another snapshot the base is not asked for.
    let other = Err(Misfit::Snapshot {
        interrupted: TO,
        wanted: 1,
    });
    assert_eq!([point().fits(1, Some(7)), point().fits(1, None)], [other, other]);

    let said = |fits: Result<(), Misfit>| fits.unwrap_err().to_string();
    assert_eq!(
        said(point().fits(TO, Some(8))),
        "the interrupted stream starts from GUID 7, and one from GUID 8 is wanted"
    );
    assert_eq!(
        said(point().fits(TO, None)),
        "the interrupted stream starts from GUID 7, and a full one is wanted"
    );
    assert_eq!(
        said(full.fits(TO, Some(7))),
        "the interrupted stream is a full one, and one from GUID 7 is wanted"
    );
}

#[test]
fn a_from_guid_of_zero_is_a_full_stream() {
    let packed = point().to_list().with("fromguid", 0u64).encode_native().unwrap();
    let token: ResumeToken = token_of(&packed, packed.len()).parse().unwrap();
    assert_eq!(token.point().from_guid, None);
}

#[test]
fn unknown_keys_are_kept() {
    let mut newer = point();
    newer.other.insert("from_the_future", 5u64);
    let read: ResumeToken = newer.encode().unwrap().text().parse().unwrap();
    assert_eq!(read.point().other.get::<u64>("from_the_future"), Ok(5));
    assert_eq!(read.point().other.len(), 1);
}

#[test]
fn of_a_name_that_comes_twice_the_last_counts_and_is_written() {
    let list = point().to_list().with("objecX", 9_u64);
    let mut packed = list.encode_native().unwrap();
    // Names need not be unique in this list; then the second one becomes equal to the first.
    packed[8..12].fill(0);
    let at = packed.windows(6).position(|name| name == b"objecX").unwrap();
    packed[at + 5] = b't';
    let read: ResumeToken = token_of(&packed, packed.len()).parse().unwrap();
    assert_eq!(read.point(), &ResumePoint { object: 9, ..point() });
    let again: ResumeToken = read.point().encode().unwrap().text().parse().unwrap();
    assert_eq!(again.point(), read.point());
}

#[test]
fn what_could_not_be_read_is_not_written() {
    let with = |count: u64| ResumePoint {
        redact_snaps: Some((0..count).collect()),
        ..point()
    };
    assert!(with(8000).encode().unwrap().text().parse::<ResumeToken>().is_ok());
    assert_eq!(with(8192).encode().unwrap_err().what, EncodeFault::TooLarge);
}

/// The checksum, the size and the payload of a good token.
fn parts() -> [String; 3] {
    let good = point().encode().unwrap();
    let parts: Vec<&str> = good.text().split('-').collect();
    [parts[1], parts[2], parts[3]].map(str::to_owned)
}

#[test]
fn a_text_of_another_form_is_refused() {
    let [sum, size, payload] = parts();
    assert_eq!(refusal(""), TokenError::Shape { parts: 1 });
    assert_eq!(
        refusal(&format!("2-{sum}-{size}-{payload}")),
        TokenError::Version { found: "2".into() }
    );
    assert_eq!(refusal(&format!("1-x-{size}-{payload}")), TokenError::Hex { part: "checksum" });
    assert_eq!(refusal(&format!("1-{sum}-+1-{payload}")), TokenError::Hex { part: "size" });
    assert_eq!(refusal(&format!("1-{sum}-{size}-{payload}0")), TokenError::Hex { part: "payload" });
    assert_eq!(refusal(&format!("1-{sum}-{size}-zz{payload}")), TokenError::Hex { part: "payload" });
    assert!(matches!(refusal(&"1".repeat(MAX_TEXT + 1)), TokenError::TooLong { .. }));
}

#[test]
fn parts_that_do_not_match_are_refused() {
    let [sum, size, payload] = parts();
    assert!(matches!(
        refusal(&format!("1-1{sum}-{size}-{payload}")),
        TokenError::Checksum { .. }
    ));
    assert!(matches!(
        refusal(&format!("1-{sum}-{size}-{payload}789c789c")),
        TokenError::Checksum { .. }
    ));
    assert!(matches!(refusal(&format!("1-{sum}-1{size}-{payload}")), TokenError::Size { .. }));
    assert!(matches!(
        refusal(&format!("1-{sum}-1-{payload}")),
        TokenError::Size { expected: 1, .. }
    ));
    assert_eq!(
        refusal(&format!("1-{sum}-ffffffffffffffff-{payload}")),
        TokenError::TooLarge { limit: MAX_PACKED }
    );
    assert_eq!(refusal("1-0-10-"), TokenError::Compression);
    assert!(matches!(refusal(&token_of(b"not a list", 10)), TokenError::List(_)));
}

#[test]
fn a_token_without_a_place_is_refused_by_name() {
    let packed = NvList::new().with("toguid", 5u64).with("toname", "a@b").encode_native().unwrap();
    let error = refusal(&token_of(&packed, packed.len()));
    assert_eq!(
        error.to_string(),
        "the resume token cannot be used: the nvlist has no \"object\" (u64 wanted)"
    );
    let packed = point().to_list().with("offset", "far").encode_native().unwrap();
    assert!(matches!(refusal(&token_of(&packed, packed.len())), TokenError::Content(_)));
}

// I15
#[test]
fn a_bomb_does_not_go_off() {
    let bomb = vec![0u8; 64 << 20];
    assert!(matches!(refusal(&token_of(&bomb, bomb.len())), TokenError::TooLarge { .. }));
    let TokenError::Size { found, .. } = refusal(&token_of(&bomb, 300)) else {
        panic!("not a matter of size")
    };
    assert_eq!(found, 301);
}

prop_compose! {
    fn any_point()(
        numbers in any::<[u64; 4]>(),
        flags in any::<[bool; 4]>(),
        to_name in "[a-z]{1,9}(/[a-z0-9]{1,9}){0,3}@[a-zé]{1,20}",
        from_guid in option::of(1u64..),
        redact_snaps in option::of(vec(any::<u64>(), 0..40)),
        book_redact_snaps in option::of(vec(any::<u64>(), 0..40)),
    ) -> ResumePoint {
        let [object, offset, bytes, to_guid] = numbers;
        let [large_block_ok, embed_ok, compress_ok, raw_ok] = flags;
        ResumePoint {
            object, offset, bytes, to_guid, to_name, from_guid, large_block_ok, embed_ok, compress_ok, raw_ok,
            redact_snaps, book_redact_snaps, other: NvList::new(),
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(point in any_point()) {
        let token = point.encode().unwrap();
        let read = token.text().parse::<ResumeToken>();
        prop_assert_eq!(read, Ok(token));
    }

    #[test]
    fn a_cut_token_is_refused(point in any_point(), cut in any::<prop::sample::Index>()) {
        let token = point.encode().unwrap();
        prop_assert!(token.text()[..cut.index(token.text().len())].parse::<ResumeToken>().is_err());
    }

    #[test]
    fn a_changed_digit_is_refused(point in any_point(), at in any::<prop::sample::Index>(), to in "[0-9a-f]") {
        let token = point.encode().unwrap();
        let at = at.index(token.text().len());
        let mut changed = token.text().to_owned();
        changed.replace_range(at..=at, &to);
        let read = changed.parse::<ResumeToken>();
        // The sum does not cover one to three bytes at the end (openzfs issue 10517): there zlib's own sum does.
        prop_assert!(read.is_err() || changed == token.text());
    }

    #[test]
    fn noise_never_panics(text in ".{0,80}", payload in "[0-9a-f]{0,80}", size in 0u64..1000) {
        prop_assert!(text.parse::<ResumeToken>().is_err());
        let bytes = unhex(&payload).unwrap_or_default();
        let summed = format!("1-{:x}-{size:x}-{}", checksum(&bytes), hex(&bytes));
        prop_assert!(summed.parse::<ResumeToken>().is_err());
    }

    #[test]
    fn any_list_in_a_right_frame_never_panics(packed in vec(prop_oneof![Just(0u8), 0u8..32, any::<u8>()], 0..300)) {
        let framed = [&[0u8, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0][..], &packed].concat();
        prop_assert!(token_of(&framed, framed.len()).parse::<ResumeToken>().is_err());
    }
}
